//! The cases beside the modes: captures, each with what must come of it.

use crate::folder::{inside, name};
use std::path::{Path, PathBuf};

/// A case of a mode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Id of the mode beside which it stands.
    pub mode: String,
    /// The case's name.
    pub name: String,
    /// Its folder, which holds a capture and `expect.json`.
    pub folder: PathBuf,
}

/// The cases of a catalogue, `AREA/ID/cases/NAME`, in order.
pub fn cases(catalogue: &Path) -> Vec<Case> {
    let mut found = Vec::new();
    for area in folders(catalogue) {
        for mode in folders(&area) {
            for case in folders(&mode.join("cases")) {
                found.push(Case { mode: name(&mode), name: name(&case), folder: case });
            }
        }
    }
    found
}

fn folders(path: &Path) -> Vec<PathBuf> {
    inside(path).into_iter().filter(|p| p.is_dir() && !name(p).starts_with('.')).collect()
}
