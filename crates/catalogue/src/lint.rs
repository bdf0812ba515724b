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

/// Everything that is wrong with the catalogue, one sentence each, empty when it is sound. `signals` are the ids that
/// exist.
pub fn lint(catalogue: &Catalogue, signals: &BTreeSet<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    for mode in catalogue.all() {
        let mut say = |what: String| wrong.push(format!("{}: {what}", mode.id));
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
        pages(mode, &mut say);
        texts(mode, &mut say);
        commands(mode, &mut say);
        if mode.kind == ModeKind::Root && mode.fixes.is_empty() {
            say("a root needs a fix".into());
        }
    }
    wrong
}

fn pages(mode: &Mode, say: &mut impl FnMut(String)) {
    for (lang, page) in [(Lang::En, &mode.en), (Lang::Zh, &mode.zh)] {
        let found = headings(page);
        if found != expected(lang) {
            say(format!("{lang:?} page has headings {found:?}"));
        }
        let empty =
            page.split("\n## ").skip(1).filter(|part| part.lines().skip(1).all(|l| l.trim().is_empty()));
        if empty.count() > 0 {
            say(format!("{lang:?} page has an empty section"));
        }
    }
}

fn texts(mode: &Mode, say: &mut impl FnMut(String)) {
    let mut texts: Vec<&str> = Vec::new();
    let half = |t: &Text| t.en.is_empty() || t.zh.is_empty();
    let mut one_language = half(&mode.title);
    for fix in &mode.fixes {
        one_language |= half(&fix.title) || fix.steps.iter().any(|s| half(&s.why));
    }
    one_language |= mode.looks.iter().any(|l| half(&l.why));
    if one_language {
        say("a text is missing in one language".into());
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
fn commands(mode: &Mode, say: &mut impl FnMut(String)) {
    for step in mode.fixes.iter().flat_map(|f| &f.steps) {
        if let Some(guard) = step.guard.as_ref().filter(|g| g.en == g.zh && g.en.contains(' ')) {
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
