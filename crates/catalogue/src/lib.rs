//! The failure modes: data under `catalogue/` at the top of the repository, embedded at build. Each mode is a folder with
//! its rules (`mode.toml`), its page in two languages (`en.md`, `zh.md`) and its cases.
//!
//! Knows nothing about how a signal is detected, nor about how modes become incidents.

mod find;
mod lint;
mod mode;
mod page;

pub use lint::lint;
pub use mode::{
    AnyOf, Entry, Explains, FixSpec, LookSpec, Mode, ModeKind, ParseError, Requirement, Severity, StepSpec,
    SubjectClass, When, fill, fill_prose,
};
pub use page::{HEADINGS_EN, HEADINGS_ZH, headings};

use kubecause_model::Lang;
use std::collections::BTreeMap;

/// A mode's files as the build embedded them.
#[derive(Debug, Clone, Copy)]
struct Embedded {
    area: &'static str,
    id: &'static str,
    toml: &'static str,
    en: &'static str,
    zh: &'static str,
}

const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All modes, by id.
#[derive(Debug, Default)]
pub struct Catalogue {
    modes: BTreeMap<String, Mode>,
}

impl Catalogue {
    /// The modes that ship with kubecause.
    ///
    /// # Errors
    /// A mode that does not parse; a test keeps the shipped ones free of it.
    pub fn builtin() -> Result<Self, ParseError> {
        let mut modes = BTreeMap::new();
        for e in EMBEDDED {
            let mode = Mode::parse(e.area, e.id, e.toml, e.en, e.zh)?;
            modes.insert(mode.id.clone(), mode);
        }
        Ok(Self { modes })
    }

    /// All modes, in order of id.
    pub fn all(&self) -> impl Iterator<Item = &Mode> {
        self.modes.values()
    }

    /// The mode of that id.
    pub fn get(&self, id: &str) -> Option<&Mode> {
        self.modes.get(id)
    }

    /// Adds a mode, or replaces the one of the same id.
    pub fn insert(&mut self, mode: Mode) {
        self.modes.insert(mode.id.clone(), mode);
    }

    /// The page of a mode in that language.
    pub fn page(&self, id: &str, lang: Lang) -> Option<&str> {
        let mode = self.get(id)?;
        Some(match lang {
            Lang::En => &mode.en,
            Lang::Zh => &mode.zh,
        })
    }
}
