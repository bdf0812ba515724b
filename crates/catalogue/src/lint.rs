//! What every mode must hold: known signals and modes, both languages, all headings, params that exist.

use crate::Catalogue;
use crate::mode::{Entry, Mode, ModeKind, Requirement, placeholders};
use crate::page::{expected, headings};
use kubecause_model::{Lang, Text};
use std::collections::BTreeSet;

/// Placeholders that every mode may use: they describe the subject.
pub const SUBJECT_PLACEHOLDERS: [&str; 9] =
    ["name", "who", "namespace", "container", "kind", "node", "pod", "workload", "resource_path"];

impl Mode {
    /// All entries of `required`, those inside of `any` included.
    pub fn required_entries(&self) -> impl Iterator<Item = &Entry> {
        self.when.required.iter().flat_map(|r| match r {
            Requirement::One(entry) => std::slice::from_ref(entry),
            Requirement::Any(any) => any.of.as_slice(),
        })
    }

    /// All entries of `when`.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let when = &self.when;
        when.proof.iter().chain(self.required_entries()).chain(&when.supports).chain(&when.refutes)
    }
}

/// Which languages a mode must be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Languages {
    /// Both, as all that ships.
    Both,
    /// One is enough.
    Any,
}

/// Something that is wrong with a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the mode.
    pub mode: String,
    /// The file of its folder.
    pub file: &'static str,
    /// What is wrong with it.
    pub what: String,
    /// Whether the mode cannot work with it; otherwise it only reads badly.
    pub breaks: bool,
}

/// Everything that is wrong with the catalogue, one sentence each, empty when it is sound. `signals` are the ids that
/// exist.
pub fn lint(catalogue: &Catalogue, signals: &BTreeSet<&str>) -> Vec<String> {
    let of = |mode| problems(catalogue, signals, mode, Languages::Both);
    catalogue.all().flat_map(of).map(|p| format!("{}: {}", p.mode, p.what)).collect()
}

/// Everything that is wrong with one mode of a catalogue.
pub fn problems(
    catalogue: &Catalogue,
    signals: &BTreeSet<&str>,
    mode: &Mode,
    languages: Languages,
) -> Vec<Problem> {
    let mut wrong = Vec::new();
    let problem = |file, what, breaks| Problem { mode: mode.id.clone(), file, what, breaks };
    rules(catalogue, signals, mode, &mut |what| wrong.push(problem("mode.toml", what, true)));
    pages(mode, languages, &mut |file, what| wrong.push(problem(file, what, false)));
    let mut say = |what: String| wrong.push(problem("mode.toml", what, false));
    texts(mode, languages, &mut say);
    commands(mode, languages, &mut say);
    if mode.kind == ModeKind::Root && mode.fixes.is_empty() {
        say("a root needs a fix".into());
    }
    wrong
}

/// What a mode cannot work without.
fn rules(catalogue: &Catalogue, signals: &BTreeSet<&str>, mode: &Mode, say: &mut impl FnMut(String)) {
    if !mode.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        say("an id is lower-case words joined by hyphens".into());
    }
    for entry in mode.entries().filter(|e| !signals.contains(e.signal.as_str())) {
        say(format!("signal {:?} does not exist", entry.signal));
    }
    if mode.when.proof.is_empty() && mode.when.required.is_empty() {
        say("neither proof nor required".into());
    }
    for effect in &mode.explains {
        if catalogue.get(&effect.what).is_none() && !signals.contains(effect.what.as_str()) {
            say(format!("explains {:?}, which is neither a mode nor a signal", effect.what));
        }
    }
    if let Some(general) = &mode.refines {
        match catalogue.get(general) {
            None => say(format!("refines {general:?}, which is no mode")),
            Some(m) if m.refines.is_some() => {
                say(format!("refines {general:?}, which refines another itself"));
            }
            Some(_) => {}
        }
    }
    for cause in mode.explained_by.iter().filter(|cause| catalogue.get(&cause.what).is_none()) {
        say(format!("is explained by {:?}, which is no mode", cause.what));
    }
}

fn pages(mode: &Mode, languages: Languages, say: &mut impl FnMut(&'static str, String)) {
    let one = !mode.en.is_empty() || !mode.zh.is_empty();
    if !one && languages == Languages::Any {
        say("en.md", "there is no page: write en.md or zh.md".into());
    }
    for (lang, file, page) in [(Lang::En, "en.md", &mode.en), (Lang::Zh, "zh.md", &mode.zh)] {
        if page.is_empty() && languages == Languages::Any {
            continue;
        }
        let found = headings(page);
        if found != expected(lang) {
            say(file, format!("{lang:?} page has headings {found:?}, not {:?}", expected(lang)));
        }
        let empty =
            page.split("\n## ").skip(1).filter(|part| part.lines().skip(1).all(|l| l.trim().is_empty()));
        if empty.count() > 0 {
            say(file, format!("{lang:?} page has an empty section"));
        }
    }
}

fn texts(mode: &Mode, languages: Languages, say: &mut impl FnMut(String)) {
    let mut texts: Vec<&str> = Vec::new();
    let lacks = |t: &Text| match languages {
        Languages::Both => t.en.is_empty() || t.zh.is_empty(),
        Languages::Any => t.en.is_empty() && t.zh.is_empty(),
    };
    let mut missing = lacks(&mode.title);
    for fix in &mode.fixes {
        missing |= lacks(&fix.title) || fix.steps.iter().any(|s| lacks(&s.why));
    }
    missing |= mode.looks.iter().any(|l| lacks(&l.why));
    if missing {
        say(match languages {
            Languages::Both => "a text is missing in one language".into(),
            Languages::Any => "a text is missing: a title, or why something is done".into(),
        });
    }
    texts.extend([mode.title.en.as_str(), mode.title.zh.as_str()]);
    texts.extend(mode.looks.iter().map(|l| l.run.as_str()));
    texts.extend(mode.looks.iter().flat_map(|l| [l.why.en.as_str(), l.why.zh.as_str()]));
    for step in mode.fixes.iter().flat_map(|f| &f.steps) {
        let prose = step.guard.iter().chain([&step.why]).flat_map(|t| [t.en.as_str(), t.zh.as_str()]);
        texts.extend(
            prose.chain(step.verify.as_deref()).chain(step.undo.as_deref()).chain([step.run.as_str()]),
        );
    }
    for text in texts {
        for name in
            placeholders(text).filter(|n| !mode.params.contains_key(*n) && !SUBJECT_PLACEHOLDERS.contains(n))
        {
            say(format!("placeholder {{{name}}} is not among its params"));
        }
    }
}

/// What a person reads stands in both languages; what a person pastes into a shell holds none.
fn commands(mode: &Mode, languages: Languages, say: &mut impl FnMut(String)) {
    for step in mode.fixes.iter().flat_map(|f| &f.steps) {
        let same = |g: &&Text| languages == Languages::Both && g.en == g.zh && g.en.contains(' ');
        if let Some(guard) = step.guard.as_ref().filter(same) {
            say(format!("the guard {:?} is in one language only", guard.en));
        }
        for command in step.verify.iter().chain(&step.undo).filter(|c| c.chars().any(is_cjk)) {
            say(format!("{command:?} is prose: verify and undo are commands"));
        }
    }
}

/// Ideographs and the full-width punctuation that goes with them.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}
