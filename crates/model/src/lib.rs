//! The words that every other crate speaks: subjects, citations, confidence, severity, gaps, and the
//! [`Diagnosis`] that a run returns.
//!
//! Knows nothing about Kubernetes types, about how evidence was read, or about how a diagnosis is printed.

mod diagnosis;
mod gap;
mod span;
mod subject;

pub use diagnosis::{
    Alternative, CauseRef, Change, Diagnosis, Fix, FixStep, Idle, IdleSilence, Incident, Lang, Link, Look,
    Note, Risk, Root, Scope, Silenced, Stats, Text, Unexplained, Verdict,
};
pub use gap::{Gap, Why};
pub use span::Span;
pub use subject::{Kind, Str, Subject};

use std::collections::BTreeMap;

/// Facts of a finding or an incident by name, such as `resource → pods`. Sorted, so that output is stable.
pub type Params = BTreeMap<String, String>;

/// How sure a cause is. Ordered from weakest to strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It would explain what is seen, but the place to look was closed.
    Possible,
    /// Part of what it needs was seen, nothing speaks against it, and its consequences are there.
    Probable,
    /// All that it needs was seen, or one record proves it directly.
    Confirmed,
}

impl Confidence {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Confirmed => "confirmed",
        }
    }
}

/// How bad an incident is now. Computed from what is affected, never declared. Ordered from mild to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Info,
    /// Something is degraded or at risk, and still serves.
    Warning,
    /// Something does not work.
    Error,
    /// A node, the control plane, or all of a service is lost.
    Critical,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// What kind of record a [`Citation`] quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A Kubernetes Event.
    Event,
    /// A condition in an object's status.
    Condition,
    /// Any other field of an object.
    Field,
    /// A line of a log.
    Log,
    /// A measured number.
    Metric,
    /// A file of a capture that is none of the above.
    File,
}

impl Source {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Condition => "condition",
            Self::Field => "field",
            Self::Log => "log",
            Self::Metric => "metric",
            Self::File => "file",
        }
    }
}

/// One quoted record: where it stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Citation {
    /// What kind of record it is.
    pub source: Source,
    /// When the record says that it happened.
    pub at: Option<jiff::Timestamp>,
    /// Where it stands: `nodes/worker-1/kubelet.log:812`, `pods/shop/cart-1`, `events/shop/cart-1`.
    pub reference: String,
    /// What it says, one line, shortened where it is long.
    pub text: String,
}

impl Citation {
    /// The longest text that is quoted, in characters.
    pub const TEXT_MAX: usize = 400;

    /// A citation whose text is folded to one line of at most [`Self::TEXT_MAX`] characters.
    pub fn new(
        source: Source,
        at: Option<jiff::Timestamp>,
        reference: impl Into<String>,
        text: impl AsRef<str>,
    ) -> Self {
        Self { source, at, reference: reference.into(), text: one_line(text.as_ref(), Self::TEXT_MAX) }
    }
}

/// `text` with each run of white space made one blank, cut after `max` characters with an ellipsis.
pub fn one_line(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    for (i, word) in text.split_whitespace().enumerate() {
        if i > 0 {
            out.push(' ');
            count += 1;
        }
        for c in word.chars().filter(|c| !c.is_control()) {
            if count >= max {
                out.push('…');
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn text_is_folded_and_cut() {
        assert_eq!(one_line("a\n  b\tc", 99), "a b c");
        assert_eq!(one_line("一二三四", 3), "一二三…");
        assert_eq!(one_line("\u{1b}[31mred", 99), "[31mred");
    }
}
