//! Signals that are data: a pattern over the events, conditions or log lines of the evidence. Each stands in a file of
//! `patterns/` with the source of the words, lines that match and lines that must not.

mod condition;
mod event;
mod lazy;
mod log;
mod object;
mod required;
mod sift;

pub use object::ObjectRule;

use crate::finding::Sink;
use crate::signal::Signal;
use kubecause_evidence::Snapshot;
use kubecause_evidence::log::{LogSource, Sieve};
use kubecause_model::Params;
use lazy::LazyRegex;
use serde::Deserialize;
use std::ops::Range;

/// A pattern file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Which file, where that is known.
    pub file: Option<String>,
    /// Which line of it, where that is known.
    pub line: Option<usize>,
    /// Which pattern; empty where the file itself is wrong.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl PatternError {
    /// An error whose place is not known yet.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { file: None, line: None, what: what.into(), why: why.into() }
    }

    /// The same with the place where one of the files, given as name and text, defines the pattern.
    #[must_use]
    pub fn located(mut self, files: &[(&str, &str)]) -> Self {
        let defines = |line: &str| {
            let value = line.trim().strip_prefix("id").map(str::trim_start).and_then(|l| l.strip_prefix('='));
            value.is_some_and(|v| v.trim().trim_matches(['"', '\'']) == self.what)
        };
        let places = || {
            files
                .iter()
                .flat_map(|(name, text)| text.lines().enumerate().map(move |(n, line)| (*name, n + 1, line)))
        };
        if self.file.is_none()
            && !self.what.is_empty()
            && let Some((name, line, _)) = places().filter(|(_, _, line)| defines(line)).last()
        {
            (self.file, self.line) = (Some(name.to_owned()), Some(line));
        }
        self
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if self.file.is_some() {
            write!(f, " ")?;
        }
        if !self.what.is_empty() {
            write!(f, "signal {}: ", self.what)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for PatternError {}

/// The shipped pattern files, by name, as JSON.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PatternFile {
    event: Vec<event::EventSpec>,
    condition: Vec<condition::ConditionSpec>,
    log: Vec<log::LogSpec>,
    object: Vec<object::ObjectSpec>,
}

/// What every pattern says about itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct About {
    id: String,
    doc: String,
    /// Where the words come from: a file of a public repository, or documentation.
    source: String,
    /// Texts that it must match.
    #[serde(default)]
    matches: Vec<String>,
    /// Texts that look alike and must not match.
    #[serde(default)]
    rejects: Vec<String>,
}

/// All patterns, compiled.
#[derive(Debug)]
pub struct Patterns {
    events: event::EventPatterns,
    conditions: condition::ConditionPatterns,
    logs: log::LogPatterns,
    objects: object::ObjectPatterns,
    signals: Vec<Signal>,
}

impl Patterns {
    /// The patterns that ship with kubecause.
    pub(crate) fn builtin() -> Result<Self, PatternError> {
        Self::compile(shipped()?, Vec::new(), Prove::No).map_err(first)
    }

    /// The patterns that ship with kubecause and those of these files, which are tried on their own examples.
    pub(crate) fn with(files: &[(&str, &str)]) -> Result<Self, Vec<PatternError>> {
        Self::parse(files)?;
        let (own, wrong) = written(files);
        let mut all = shipped().map_err(|e| vec![e])?;
        all.extend(own);
        Self::compile(all, wrong, Prove::No).map_err(|wrong| located(wrong, files))
    }

    /// Compiles pattern files, given as name and text, and tries them on their own examples.
    ///
    /// # Errors
    /// All that is wrong: a file that is no TOML of this form, an expression that does not compile or does not hold its
    /// examples, an id that occurs twice.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Vec<PatternError>> {
        let (own, wrong) = written(files);
        Self::compile(own, wrong, Prove::Yes).map_err(|wrong| located(wrong, files))
    }

    fn compile(
        all: PatternFile,
        mut wrong: Vec<PatternError>,
        prove: Prove,
    ) -> Result<Self, Vec<PatternError>> {
        let mut signals = Vec::new();
        let events = event::EventPatterns::compile(all.event, &mut signals, prove, &mut wrong);
        let conditions =
            condition::ConditionPatterns::compile(all.condition, &mut signals, prove, &mut wrong);
        let logs = log::LogPatterns::compile(all.log, &mut signals, prove, &mut wrong);
        let objects = object::ObjectPatterns::compile(all.object, &mut signals, &mut wrong);
        let mut ids: Vec<&str> = signals.iter().map(|s| s.id).collect();
        ids.sort_unstable();
        for pair in ids.windows(2).filter(|p| p.first() == p.get(1)) {
            let what = pair.first().copied().unwrap_or_default();
            wrong.push(PatternError::new(what, "another signal has this id"));
        }
        if wrong.is_empty() {
            return Ok(Self { events, conditions, logs, objects, signals });
        }
        Err(wrong)
    }

    /// The rules over whole objects.
    pub fn object_rules(&self) -> &[ObjectRule] {
        &self.objects.rules
    }

    /// The signals that the patterns define.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The ids of the patterns that a text would match as an event's message, a condition's message or a log line:
    /// how a pasted message finds its page.
    pub fn matching(&self, text: &str) -> Vec<&'static str> {
        let mut found = self.events.matching(text);
        found.extend(self.conditions.matching(text));
        found.extend(self.logs.matching(text));
        found
    }

    /// The ids of the event patterns that read that reason.
    pub fn with_reason(&self, reason: &str) -> Vec<&'static str> {
        self.events.with_reason(reason)
    }

    pub(crate) fn observe(&self, snapshot: &Snapshot, sink: &mut Sink) {
        self.events.observe(snapshot, sink);
        self.conditions.observe(snapshot, sink);
        self.logs.observe(snapshot, sink);
        self.objects.observe(snapshot, sink);
    }
}

impl Sieve for Patterns {
    fn next(&self, source: &LogSource, text: &[u8], from: usize) -> Option<Range<usize>> {
        self.logs.next(source, text, from)
    }
}

impl PatternFile {
    fn extend(&mut self, other: Self) {
        self.event.extend(other.event);
        self.condition.extend(other.condition);
        self.log.extend(other.log);
        self.object.extend(other.object);
    }
}

/// The shipped patterns.
fn shipped() -> Result<PatternFile, PatternError> {
    let mut all = PatternFile::default();
    for (name, json) in BUILTIN {
        let file = serde_json::from_str(json).map_err(|e| PatternError::new(*name, e.to_string()))?;
        all.extend(file);
    }
    Ok(all)
}

/// The patterns of files as people write them, and which of the files are none.
fn written(files: &[(&str, &str)]) -> (PatternFile, Vec<PatternError>) {
    let (mut all, mut wrong) = (PatternFile::default(), Vec::new());
    for (name, text) in files {
        match toml::from_str(text) {
            Ok(file) => all.extend(file),
            Err(error) => wrong.push(no_toml(name, text, &error)),
        }
    }
    (all, wrong)
}

/// Errors with their places in these files.
fn located(wrong: Vec<PatternError>, files: &[(&str, &str)]) -> Vec<PatternError> {
    wrong.into_iter().map(|e| e.located(files)).collect()
}

/// A file that is no TOML of this form, with the line where it stops being one.
fn no_toml(name: &str, text: &str, error: &toml::de::Error) -> PatternError {
    let before = error.span().and_then(|span| text.get(..span.start));
    PatternError {
        file: Some(name.to_owned()),
        line: before.map(|b| b.matches('\n').count() + 1),
        what: String::new(),
        why: error.message().trim().to_owned(),
    }
}

/// What is said of several errors where only one can be.
fn first(wrong: Vec<PatternError>) -> PatternError {
    wrong.into_iter().next().unwrap_or_else(|| PatternError::new("", "the patterns cannot be used"))
}

/// Whether patterns are tried on their own examples. Those that ship were, by a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prove {
    Yes,
    No,
}

/// One expression, proven on its own examples where that is asked for.
fn compile(about: &About, pattern: &str, prove: Prove) -> Result<LazyRegex, PatternError> {
    let fail = |why: String| PatternError::new(&*about.id, why);
    let regex = LazyRegex::new(pattern);
    if prove == Prove::No {
        return Ok(regex);
    }
    regex::Regex::new(pattern).map_err(|e| fail(e.to_string()))?;
    if let Some(missed) = about.matches.iter().find(|t| !regex.is_match(t)) {
        return Err(fail(format!("does not match its own example {missed:?}")));
    }
    if let Some(hit) = about.rejects.iter().find(|t| regex.is_match(t)) {
        return Err(fail(format!("matches what it must reject: {hit:?}")));
    }
    if about.doc.is_empty() || about.source.is_empty() {
        return Err(fail("doc and source must be given".into()));
    }
    Ok(regex)
}

/// Ids and docs of patterns live as long as the program: they are read once.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Whether texts that mean nothing do not match: only then does a match say something about a pasted text.
fn is_telling(regex: &LazyRegex) -> bool {
    !["zq 7", "Zq: zq zq 7", "0/7 zq: 7 zq"].iter().any(|text| regex.is_match(text))
}

/// The named groups that took part in a match.
fn params(regex: &LazyRegex, text: &str) -> Params {
    let Some(regex) = regex.get() else { return Params::new() };
    let Some(captures) = regex.captures(text) else { return Params::new() };
    let names = regex.capture_names().flatten();
    names.filter_map(|n| Some((n.to_owned(), captures.name(n)?.as_str().to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_patterns_hold_their_own_examples() {
        let patterns = Patterns::compile(shipped().expect("of this form"), Vec::new(), Prove::Yes);
        assert!(patterns.is_ok(), "{:?}", patterns.err());
    }

    #[test]
    fn an_example_that_does_not_match_is_an_error() {
        let text = "[[log]]\nid='x.y'\ndoc='d'\nsource='s'\nfrom=['kubelet']\npattern='abc'\nmatches=['abd']";
        let wrong = Patterns::parse(&[("t.toml", text)]).expect_err("an error");
        assert!(wrong.iter().all(|e| e.why.contains("own example")), "{wrong:?}");
        assert_eq!(wrong.iter().map(|e| e.line).collect::<Vec<_>>(), [Some(2)]);
    }

    #[test]
    fn every_error_is_told_with_its_place() {
        let log = |id: &str, pattern: &str| {
            format!(
                "[[log]]\nid = '{id}'\ndoc='d'\nsource='s'\nfrom=['kubelet']\npattern='{pattern}'\nmatches=['abc']\n"
            )
        };
        let two = format!("{}{}", log("x.open", "("), log("x.other", "z"));
        let wrong =
            Patterns::parse(&[("a.toml", &two), ("b.toml", "[[log]]\nid = 3\n")]).expect_err("errors");
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        for begin in ["b.toml:2: ", "a.toml:2: signal x.open: ", "a.toml:9: signal x.other: does not match"] {
            assert!(told.iter().any(|t| t.starts_with(begin)), "{begin} in {told:?}");
        }
        let again = log("node.not-ready-x", "abc");
        let wrong = Patterns::parse(&[("a.toml", &again), ("b.toml", &again)]).expect_err("twice");
        assert!(
            wrong
                .iter()
                .any(|e| e.to_string() == "b.toml:2: signal node.not-ready-x: another signal has this id"),
            "{wrong:?}"
        );
    }
}
