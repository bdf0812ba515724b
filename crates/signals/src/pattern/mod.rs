//! Signals that are data: a pattern over the events, conditions or log lines of the evidence. Each stands in a file of
//! `patterns/` with the source of the words, lines that match and lines that must not.

mod condition;
mod event;
mod lazy;
mod log;

use crate::finding::Sink;
use crate::signal::Signal;
use kubecause_evidence::Snapshot;
use kubecause_model::Params;
use lazy::LazyRegex;
use serde::Deserialize;

/// A pattern file that cannot be used.
#[derive(Debug)]
pub struct PatternError {
    /// Which file or pattern.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pattern {}: {}", self.what, self.why)
    }
}

impl std::error::Error for PatternError {}

/// The text of the shipped pattern files.
const BUILTIN: &[(&str, &str)] = &[
    ("node-events", include_str!("../../patterns/node-events.toml")),
    ("node-logs", include_str!("../../patterns/node-logs.toml")),
    ("pod-events", include_str!("../../patterns/pod-events.toml")),
    ("start-events", include_str!("../../patterns/start-events.toml")),
    ("scheduling", include_str!("../../patterns/scheduling.toml")),
    ("workload-events", include_str!("../../patterns/workload-events.toml")),
    ("cluster", include_str!("../../patterns/cluster.toml")),
    ("app-ends", include_str!("../../patterns/app-ends.toml")),
    ("app-logs", include_str!("../../patterns/app-logs.toml")),
    ("network", include_str!("../../patterns/network.toml")),
    ("storage", include_str!("../../patterns/storage.toml")),
    ("node-limits", include_str!("../../patterns/node-limits.toml")),
    ("control-plane", include_str!("../../patterns/control-plane.toml")),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PatternFile {
    event: Vec<event::EventSpec>,
    condition: Vec<condition::ConditionSpec>,
    log: Vec<log::LogSpec>,
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
    signals: Vec<Signal>,
}

impl Patterns {
    /// The patterns that ship with kubecause.
    pub(crate) fn builtin() -> Result<Self, PatternError> {
        Self::compile(BUILTIN, Prove::No)
    }

    /// Compiles pattern files, given as name and text.
    ///
    /// # Errors
    /// A file that is no TOML of this form, an expression that does not compile, or an id that occurs twice.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PatternError> {
        Self::compile(files, Prove::Yes)
    }

    fn compile(files: &[(&str, &str)], prove: Prove) -> Result<Self, PatternError> {
        let mut all = PatternFile::default();
        for (name, text) in files {
            let file: PatternFile = toml::from_str(text)
                .map_err(|e| PatternError { what: (*name).to_owned(), why: e.to_string() })?;
            all.event.extend(file.event);
            all.condition.extend(file.condition);
            all.log.extend(file.log);
        }
        let mut signals = Vec::new();
        let events = event::EventPatterns::compile(all.event, &mut signals, prove)?;
        let conditions = condition::ConditionPatterns::compile(all.condition, &mut signals, prove)?;
        let logs = log::LogPatterns::compile(all.log, &mut signals, prove)?;
        let mut ids: Vec<&str> = signals.iter().map(|s| s.id).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|p| p.first() == p.get(1)) {
            let what = pair.first().copied().unwrap_or_default().to_owned();
            return Err(PatternError { what, why: "the id occurs twice".into() });
        }
        Ok(Self { events, conditions, logs, signals })
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
    }
}

/// Whether patterns are tried on their own examples. Those that ship were, by a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prove {
    Yes,
    No,
}

/// One expression, proven on its own examples where that is asked for.
fn compile(about: &About, pattern: &str, prove: Prove) -> Result<LazyRegex, PatternError> {
    let fail = |why: String| PatternError { what: about.id.clone(), why };
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
        let patterns = Patterns::parse(BUILTIN);
        assert!(patterns.is_ok(), "{}", patterns.err().map(|e| e.to_string()).unwrap_or_default());
    }

    #[test]
    fn an_example_that_does_not_match_is_an_error() {
        let text = "[[log]]\nid='x.y'\ndoc='d'\nsource='s'\nfrom=['kubelet']\npattern='abc'\nmatches=['abd']";
        assert!(Patterns::parse(&[("t", text)]).is_err_and(|e| e.why.contains("own example")));
    }
}
