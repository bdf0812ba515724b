//! One user's catalogue as files.

use crate::Problem;
use kubecause_catalogue::Mode;
use std::fs;
use std::path::{Path, PathBuf};

/// No file of a catalogue is longer.
const FILE_MAX: u64 = 1 << 20;
/// The folder of signals, which is no area.
const SIGNALS: &str = "signals";
/// The file of silences.
pub(crate) const SILENCES: &str = "silences.toml";

/// A file with its text.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Modes with their folders.
    pub(crate) modes: Vec<(PathBuf, Mode)>,
    pub(crate) signals: Vec<File>,
    pub(crate) silences: Vec<File>,
    pub(crate) problems: Vec<Problem>,
}

impl Folder {
    /// Reads a folder; what is wrong with it is among its problems.
    pub(crate) fn read(root: &Path) -> Self {
        let mut folder = Self::default();
        if !root.is_dir() {
            folder.wrong(root, None, "is no folder".to_owned());
            return folder;
        }
        for path in inside(root) {
            match name(&path).as_str() {
                hidden if hidden.starts_with('.') => {}
                SIGNALS => inside(&path).iter().for_each(|file| folder.signals_of(file)),
                SILENCES => folder.silences.extend(read(&path).map_err(|p| folder.problems.push(p))),
                _ if path.is_dir() => inside(&path).iter().for_each(|mode| folder.mode(&path, mode)),
                _ => {}
            }
        }
        if folder.modes.is_empty()
            && folder.signals.is_empty()
            && folder.silences.is_empty()
            && folder.problems.is_empty()
        {
            let form = "holds no catalogue: neither AREA/ID/mode.toml nor signals/*.toml nor silences.toml";
            folder.wrong(root, None, form.to_owned());
        }
        folder
    }

    pub(crate) fn wrong(&mut self, file: &Path, line: Option<usize>, what: String) {
        self.problems.push(Problem { file: file.to_owned(), line, what, breaks: true });
    }

    fn signals_of(&mut self, file: &Path) {
        if file.extension().is_some_and(|e| e == "toml") {
            self.signals.extend(read(file).map_err(|p| self.problems.push(p)));
        }
    }

    fn mode(&mut self, area: &Path, path: &Path) {
        let toml = path.join("mode.toml");
        if !toml.is_file() {
            return;
        }
        let toml = match read(&toml) {
            Ok(file) => file,
            Err(problem) => return self.problems.push(problem),
        };
        let mut page = |file: &str| {
            let path = path.join(file);
            let text = path.exists().then(|| read(&path).map_err(|p| self.problems.push(p)));
            text.and_then(Result::ok).map(|file| file.text).unwrap_or_default()
        };
        let (en, zh) = (page("en.md"), page("zh.md"));
        match Mode::parse(&name(area), &name(path), &toml.text, &en, &zh) {
            Ok(mode) => self.modes.push((path.to_owned(), mode)),
            Err(error) => self.wrong(&toml.path, error.line, error.why),
        }
    }
}

/// The last part of a path.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What lies in a folder, in order of name; nothing where it cannot be looked into.
pub(crate) fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    paths.sort();
    paths
}

/// A file's text.
pub(crate) fn read(path: &Path) -> Result<File, Problem> {
    let fail = |what: String| Problem { file: path.to_owned(), line: None, what, breaks: true };
    let length = fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if length > FILE_MAX {
        return Err(fail(format!("is longer than {} KiB", FILE_MAX >> 10)));
    }
    let text = fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    Ok(File { path: path.to_owned(), text })
}
