//! For tests: captures that can be taken apart, renamed, shuffled and merged, and [`Expect`], what a case must give.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod beside;
mod capture;
mod expect;

pub use capture::Capture;
pub use expect::{Expect, Want};

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_catalogue::Catalogue;
use kubecause_model::{Diagnosis, Scope};
use kubecause_signals::Signals;
use std::path::{Path, PathBuf};

/// What ships with kubecause, loaded once for many diagnoses.
#[derive(Debug)]
pub struct Kit {
    /// The signals.
    pub signals: Signals,
    /// The modes.
    pub catalogue: Catalogue,
}

impl Kit {
    /// Loads what ships.
    pub fn new() -> Result<Self> {
        Ok(Self { signals: Signals::builtin()?, catalogue: Catalogue::builtin()? })
    }

    /// Diagnoses what lies at that path.
    pub fn diagnose(&self, path: &Path) -> Result<Diagnosis> {
        let bundle =
            kubecause_bundle::read(&[Input::Path(path.to_owned())]).context(path.display().to_string())?;
        Ok(kubecause_engine::diagnose(&bundle.snapshot, &self.signals, &self.catalogue, &Scope::default()))
    }

    /// Diagnoses a capture that was taken apart.
    pub fn diagnose_capture(&self, capture: &Capture) -> Result<Diagnosis> {
        let dir = tempfile::tempdir()?;
        capture.write_to(dir.path())?;
        self.diagnose(dir.path())
    }
}

/// The top of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The captures of a real cluster that ship in `fixtures/cases`, in order of name.
pub fn fixtures() -> Result<Vec<(String, PathBuf)>> {
    archives("fixtures/cases")
}

/// The captures of healthy clusters full of noise that ship in `fixtures/healthy`, in order of name.
pub fn healthy_fixtures() -> Result<Vec<(String, PathBuf)>> {
    archives("fixtures/healthy")
}

/// The pasted terminals that ship in `fixtures/transcripts`, in order of name.
pub fn transcript_fixtures() -> Result<Vec<(String, PathBuf)>> {
    archives("fixtures/transcripts")
}

fn archives(folder: &'static str) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join(folder)).context(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".tar.zst") {
            found.push((name.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

/// The cases that stand beside the modes: the mode's id, the case's name, its folder.
pub fn catalogue_cases() -> Result<Vec<(String, String, PathBuf)>> {
    let mut found = Vec::new();
    for area in folders(&repository().join("catalogue"))? {
        for mode in folders(&area)? {
            let cases = mode.join("cases");
            for case in if cases.exists() { folders(&cases)? } else { Vec::new() } {
                let name = |p: &Path| p.file_name().unwrap_or_default().to_string_lossy().into_owned();
                found.push((name(&mode), name(&case), case));
            }
        }
    }
    Ok(found)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).context(path.display().to_string())?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    Ok(found)
}
