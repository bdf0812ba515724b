//! What could not be looked at.

/// Why a place could not be looked at. The words are those of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// The kind or file is not part of the capture.
    NotCollected,
    /// The API refused (403).
    Forbidden,
    /// The API or the node did not answer in time.
    TimedOut,
    /// What was read is not what it should be.
    Unparsable,
    /// What was read ends too early.
    Truncated,
    /// What was read was redacted on purpose.
    Redacted,
    /// The client that made the capture reported an error instead.
    Failed,
    /// A limit of kubecause was reached.
    TooLarge,
}

impl Why {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCollected => "not-collected",
            Self::Forbidden => "forbidden",
            Self::TimedOut => "timed-out",
            Self::Unparsable => "unparsable",
            Self::Truncated => "truncated",
            Self::Redacted => "redacted",
            Self::Failed => "failed",
            Self::TooLarge => "too-large",
        }
    }
}

/// A place that could not be looked at. It can only lower certainty, and it is always printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gap {
    /// What was not seen: `events`, `nodes/worker-1/kubelet.log`, `cluster/pods.json item 7`.
    pub what: String,
    /// Why it was not seen.
    pub why: Why,
    /// What it may hide, or the client's own words. May be empty.
    pub matters: String,
}

impl Gap {
    /// A gap; `matters` may be empty.
    pub fn new(what: impl Into<String>, why: Why, matters: impl Into<String>) -> Self {
        Self { what: what.into(), why, matters: matters.into() }
    }
}
