//! Puts users' catalogues on top of what ships, and tells what is wrong with them.

use crate::cases::cases;
use crate::expect::Expect;
use crate::folder::{File, Folder, read};
use crate::{Kit, Problem};
use kubecause_catalogue::{Catalogue, Languages, Mode, Silence, line_of, problems};
use kubecause_rules::Rules;
use kubecause_signals::{PatternError, Signals};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The kit with these catalogues and files of silences, and everything that is wrong with them, also what only reads
/// badly. There is no kit where the signals or rules cannot be used.
///
/// # Errors
/// Where what ships does not load.
pub fn check(folders: &[PathBuf], silences: &[PathBuf]) -> anyhow::Result<(Option<Kit>, Vec<Problem>)> {
    let mut all = Folder::default();
    for folder in folders {
        let read = Folder::read(folder);
        all.modes.extend(read.modes);
        all.signals.extend(read.signals);
        all.silences.extend(read.silences);
        all.problems.extend(read.problems);
    }
    for file in silences {
        all.silences.extend(read(file).map_err(|p| all.problems.push(p)));
    }
    let catalogue = adopt(&mut all)?;
    let Some((signals, rules)) = observe(&mut all) else {
        return Ok((None, sorted(all.problems)));
    };
    let mut kit = Kit { signals, catalogue, rules };
    let ids: BTreeSet<&str> = kit.signals.all().map(|s| s.id).collect();
    for (path, mode) in &all.modes {
        let found = problems(&kit.catalogue, &ids, mode, Languages::Any);
        all.problems.extend(found.into_iter().map(|p| {
            let file = path.join(p.file);
            let line = read(&file).ok().and_then(|file| line_of(&file.text, &p.what));
            Problem { file, line, what: p.what, breaks: p.breaks }
        }));
    }
    let silences = quiet(&kit.catalogue, &all.silences, &mut all.problems);
    kit.catalogue.silence(silences);
    Ok((Some(kit), sorted(all.problems)))
}

/// Everything that is wrong with the catalogue in that folder: what [`check`] finds, modes that no case shows or sets
/// apart, cases that cannot be read, and signals that no mode reads.
///
/// # Errors
/// Where what ships does not load.
pub fn lint(folder: &Path) -> anyhow::Result<Vec<Problem>> {
    let (kit, mut wrong) = check(&[folder.to_owned()], &[])?;
    let Some(kit) = kit else { return Ok(wrong) };
    let own = Folder::read(folder);
    let cases = cases(folder);
    let mut say = |file: PathBuf, line, what: &str| {
        wrong.push(Problem { file, line, what: what.to_owned(), breaks: false });
    };
    for (path, mode) in &own.modes {
        let has = |kind: &str| cases.iter().any(|c| c.mode == mode.id && c.name.starts_with(kind));
        for (kind, what) in [
            ("positive", "no case shows it: write cases/positive…"),
            ("near", "no case looks like it and is not: write cases/near…"),
        ] {
            if !has(kind) {
                say(path.clone(), None, what);
            }
        }
    }
    for case in &cases {
        if let Err(error) = Expect::read(&case.folder) {
            say(case.folder.join("expect.json"), None, &format!("{error:#}"));
        }
    }
    let read: BTreeSet<&str> =
        kit.catalogue.all().flat_map(Mode::entries).map(|e| e.signal.as_str()).collect();
    let files = pairs(&own.signals);
    let ids = Signals::with(&borrowed(&files)).map(|s| s.all().map(|s| s.id).collect::<Vec<_>>());
    for id in ids.unwrap_or_default().into_iter().filter(|id| !read.contains(id)) {
        let place = PatternError::new(id, "").located(&borrowed(&files));
        if let Some(file) = place.file {
            say(file.into(), place.line, &format!("signal {id}: no mode reads it"));
        }
    }
    Ok(sorted(wrong))
}

/// The shipped modes and the users'.
fn adopt(all: &mut Folder) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::builtin()?;
    let mut own: Vec<Mode> = Vec::new();
    for (path, mode) in &all.modes {
        let ships = catalogue.get(&mode.id).is_some();
        let what = if own.iter().any(|m| m.id == mode.id) {
            Some(format!("there is another mode {:?}", mode.id))
        } else if ships && !mode.replaces {
            Some(format!(
                "a mode {:?} ships; choose another id, or write `replaces = true` to take its place",
                mode.id
            ))
        } else if mode.replaces && !ships {
            Some(format!("replaces = true, but no mode {:?} ships", mode.id))
        } else {
            None
        };
        own.push(mode.clone());
        let file = path.join("mode.toml");
        all.problems.extend(what.map(|what| Problem { file, line: None, what, breaks: true }));
    }
    catalogue.adopt(own);
    Ok(catalogue)
}

type Observing = (Signals, Option<Arc<Rules>>);

/// The shipped signals and the users', and their rules; `None` where they cannot be used.
fn observe(all: &mut Folder) -> Option<Observing> {
    let files = pairs(&all.signals);
    let files = borrowed(&files);
    let problem = |e: PatternError| {
        let what = if e.what.is_empty() { e.why } else { format!("signal {}: {}", e.what, e.why) };
        Problem { file: e.file.unwrap_or_default().into(), line: e.line, what, breaks: true }
    };
    let signals = match Signals::with(&files) {
        Ok(signals) => signals,
        Err(wrong) => {
            all.problems.extend(wrong.into_iter().map(problem));
            return None;
        }
    };
    match Rules::compile(signals.patterns().object_rules()) {
        Ok(rules) => Some((signals, (!rules.is_empty()).then(|| Arc::new(rules)))),
        Err(wrong) => {
            let located = wrong.into_iter().map(|e| PatternError::new(e.rule, e.why).located(&files));
            all.problems.extend(located.map(problem));
            None
        }
    }
}

fn quiet(catalogue: &Catalogue, files: &[File], problems: &mut Vec<Problem>) -> Vec<Silence> {
    let mut silences = Vec::new();
    for file in files {
        match Silence::parse(&file.text, |id| catalogue.get(id).is_some()) {
            Ok(found) => silences.extend(found),
            Err(wrong) => problems.extend(wrong.into_iter().map(|e| Problem {
                file: file.path.clone(),
                line: e.line,
                what: e.why,
                breaks: true,
            })),
        }
    }
    silences
}

fn pairs(files: &[File]) -> Vec<(String, &str)> {
    files.iter().map(|f| (f.path.display().to_string(), f.text.as_str())).collect()
}

fn borrowed<'a>(files: &'a [(String, &'a str)]) -> Vec<(&'a str, &'a str)> {
    files.iter().map(|(name, text)| (name.as_str(), *text)).collect()
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}
