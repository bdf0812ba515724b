//! What a run works with: the signals and modes that ship, those of users' catalogues, their rules over whole objects and
//! their silences; and the cases that show that a catalogue does what it says.
//!
//! A user's catalogue is a folder of the form of the shipped one: `AREA/ID/mode.toml` with its pages and cases, besides
//! `signals/*.toml` and `silences.toml`. What is wrong with it is told with file and line.

#![allow(clippy::disallowed_methods, reason = "this crate reads users' catalogues")]

mod cases;
mod check;
mod expect;
mod folder;

pub use cases::{Case, cases};
pub use check::{check, lint};
pub use expect::{Expect, Want};
pub use kubecause_engine::unseen;

use anyhow::Context as _;
use kubecause_bundle::{Bundle, Input, Limits, ReadError};
use kubecause_catalogue::Catalogue;
use kubecause_evidence::{Snapshot, Watcher};
use kubecause_model::{Diagnosis, Scope};
use kubecause_rules::Rules;
use kubecause_signals::Signals;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Signals, modes, rules and silences, loaded once for many diagnoses.
#[derive(Debug)]
pub struct Kit {
    /// The signals.
    pub signals: Signals,
    /// The modes, and what is silenced.
    pub catalogue: Catalogue,
    /// Rules over whole objects; what ships has none.
    rules: Option<Arc<Rules>>,
}

/// Something that is wrong with a user's catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file or folder.
    pub file: PathBuf,
    /// Which line of it, where that is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// Whether the catalogue cannot be used with it.
    pub breaks: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.what)
    }
}

/// A user's catalogue that cannot be used: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub Vec<Problem>);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Unusable {}

impl Kit {
    /// What ships.
    ///
    /// # Errors
    /// A shipped file that does not parse; tests keep the shipped ones free of it.
    pub fn builtin() -> anyhow::Result<Self> {
        Ok(Self { signals: Signals::builtin()?, catalogue: Catalogue::builtin()?, rules: None })
    }

    /// What ships, the catalogues in these folders, and the silences in these files.
    ///
    /// # Errors
    /// Everything without which it cannot work, with file and line.
    pub fn load(folders: &[PathBuf], silences: &[PathBuf]) -> anyhow::Result<Self> {
        if folders.is_empty() && silences.is_empty() {
            return Self::builtin();
        }
        let (kit, mut problems) = check(folders, silences)?;
        problems.retain(|p| p.breaks);
        match kit {
            Some(kit) if problems.is_empty() => Ok(kit),
            _ => Err(Unusable(problems).into()),
        }
    }

    /// Who must be asked about objects while they are read; `None` where nobody wants to be.
    pub fn watcher(&self) -> Option<Arc<dyn Watcher>> {
        self.rules.clone().map(|rules| rules as Arc<dyn Watcher>)
    }

    /// Reads inputs as this kit needs them.
    ///
    /// # Errors
    /// Where an input cannot be read at all.
    pub fn read(&self, inputs: &[Input]) -> Result<Bundle, ReadError> {
        kubecause_bundle::read_watched(inputs, &Limits::default(), self.watcher(), Some(self.signals.sieve()))
    }

    /// Diagnoses a snapshot.
    pub fn conclude(&self, snapshot: &Snapshot, scope: &Scope) -> Diagnosis {
        kubecause_engine::diagnose(snapshot, &self.signals, &self.catalogue, scope)
    }

    /// Diagnoses what lies at that path.
    ///
    /// # Errors
    /// Where it cannot be read at all.
    pub fn diagnose(&self, path: &Path) -> anyhow::Result<Diagnosis> {
        let bundle = self.read(&[Input::Path(path.to_owned())]).context(path.display().to_string())?;
        Ok(self.conclude(&bundle.snapshot, &Scope::default()))
    }
}
