//! The failure modes: data under `catalogue/` at the top of the repository, embedded at build. Each mode is a folder with
//! its rules (`mode.toml`), its page in two languages (`en.md`, `zh.md`) and its cases.
//!
//! Knows nothing about how a signal is detected, nor about how modes become incidents.

mod find;
mod lint;
mod mode;
mod page;
mod scaffold;
mod silence;

pub use lint::{Languages, Problem, lint, problems};
pub use mode::{
    AnyOf, Entry, Explains, FixSpec, LookSpec, Mode, ModeKind, ParseError, Requirement, Severity, StepSpec,
    SubjectClass, When, fill, fill_prose, line_of,
};
pub use page::{HEADINGS_EN, HEADINGS_ZH, headings};
pub use scaffold::scaffold;
pub use silence::{Silence, SilenceError};

use kubecause_model::Lang;
use std::collections::BTreeMap;

/// A mode's files as the build embedded them.
#[derive(Debug, Clone, Copy)]
struct Embedded {
    area: &'static str,
    id: &'static str,
    /// `mode.toml` as JSON.
    json: &'static str,
    en: &'static str,
    zh: &'static str,
}

const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All modes, by id.
#[derive(Debug, Default)]
pub struct Catalogue {
    modes: BTreeMap<String, Mode>,
    silences: Vec<Silence>,
}

impl Catalogue {
    /// The modes that ship with kubecause.
    ///
    /// # Errors
    /// A mode that does not parse; a test keeps the shipped ones free of it.
    pub fn builtin() -> Result<Self, ParseError> {
        let mut modes = BTreeMap::new();
        for e in EMBEDDED {
            modes.insert(e.id.to_owned(), Mode::embedded(e)?);
        }
        Ok(Self { modes, silences: Vec::new() })
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

    /// Adds modes, or replaces those of the same ids, and tells the modes that they are explained by.
    pub fn adopt(&mut self, modes: Vec<Mode>) {
        let mut causes = Vec::new();
        for mode in modes {
            for by in &mode.explained_by {
                let effect = Explains { what: mode.id.clone(), via: by.via.inverse(), within: by.within };
                causes.push((by.what.clone(), effect));
            }
            self.insert(mode);
        }
        for (cause, effect) in causes {
            if let Some(mode) = self.modes.get_mut(&cause) {
                mode.explains.push(effect);
            }
        }
    }

    /// Adds silences.
    pub fn silence(&mut self, silences: Vec<Silence>) {
        self.silences.extend(silences);
    }

    /// What somebody does not want to be woken for.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// The page of a mode in that language, in the other one where it has none.
    pub fn page(&self, id: &str, lang: Lang) -> Option<&str> {
        let mode = self.get(id)?;
        let (first, second) = match lang {
            Lang::En => (&mode.en, &mode.zh),
            Lang::Zh => (&mode.zh, &mode.en),
        };
        Some(if first.is_empty() { second } else { first })
    }
}
