//! For tests: captures that can be taken apart, renamed, shuffled and merged.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod beside;
mod capture;
mod fake_api;
pub mod hostile;
mod synth;

pub use capture::Capture;
pub use fake_api::{FakeApi, Fault, Faults, Seen, WatchFault};
pub use kubecause_kit::{Expect, Want};
pub use synth::{Injected, Synth};

use anyhow::{Context, Result};
use kubecause_model::Diagnosis;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// What ships with kubecause, loaded once for many diagnoses.
#[derive(Debug)]
pub struct Kit(kubecause_kit::Kit);

impl Deref for Kit {
    type Target = kubecause_kit::Kit;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Kit {
    /// Loads what ships.
    pub fn new() -> Result<Self> {
        Ok(Self(kubecause_kit::Kit::builtin()?))
    }

    /// Diagnoses a capture that was taken apart.
    pub fn diagnose_capture(&self, capture: &Capture) -> Result<Diagnosis> {
        let dir = tempfile::tempdir()?;
        capture.write_to(dir.path())?;
        self.diagnose(dir.path())
    }
}

/// Expectations under other names.
pub trait Rename {
    /// The same for a capture that was [renamed](Capture::renamed) with that tag.
    #[must_use]
    fn renamed(self, tag: &str) -> Self;
    /// The same for a capture that was put [beside](Capture::beside) another with that tag.
    #[must_use]
    fn beside(self, tag: &str) -> Self;
}

impl Rename for Expect {
    fn renamed(mut self, tag: &str) -> Self {
        for want in &mut self.roots {
            if !want.name.starts_with("kube-") {
                want.name = capture::renamed(&want.name, tag);
            }
            want.namespace = want.namespace.as_deref().map(|ns| capture::renamed(ns, tag));
        }
        self
    }

    fn beside(mut self, tag: &str) -> Self {
        for want in &mut self.roots {
            if let Some(namespace) = want.namespace.as_mut().filter(|ns| *ns != "kube-system") {
                namespace.push_str(tag);
            }
        }
        self
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
    let cases = kubecause_kit::cases(&repository().join("catalogue"));
    anyhow::ensure!(!cases.is_empty(), "the catalogue has no cases");
    Ok(cases.into_iter().map(|c| (c.mode, c.name, c.folder)).collect())
}
