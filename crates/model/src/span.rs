//! Spans of time between two observations.

use jiff::Timestamp;

/// When something was first and last seen, and whether it still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First seen, where known.
    pub first: Option<Timestamp>,
    /// Last seen, where known.
    pub last: Option<Timestamp>,
    /// Whether it was still going on when the evidence was taken.
    pub ongoing: bool,
}

impl Span {
    /// Goes on since `first`.
    pub fn since(first: Option<Timestamp>) -> Self {
        Self { first, last: None, ongoing: true }
    }

    /// Happened once at `at`, and is over.
    pub fn past(first: Option<Timestamp>, last: Option<Timestamp>) -> Self {
        Self { first, last, ongoing: false }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            first: match (self.first, other.first) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            last: self.last.max(other.last),
            ongoing: self.ongoing || other.ongoing,
        }
    }
}
