//! What can be seen in a Snapshot. A *signal* is one kind of observation with an id; a *finding* is a signal seen on a
//! subject, with the records that show it. Families of signals written in Rust stand in [`family`]; signals that
//! are a pattern over events, conditions or log lines are data under `patterns/`.
//!
//! Knows nothing about causes: that one finding leads to another is the catalogue's and the engine's matter.

pub mod family;
mod finding;
mod freshness;
pub mod patience;
mod pattern;
mod signal;
#[cfg(test)]
mod testing;

pub use family::makers::of_pod as workload_of_pod;
pub use finding::{Finding, Findings, Sink};
pub use freshness::{RECENT_SECONDS, is_recent, is_recurring, still_failing};
pub use pattern::{ObjectRule, PatternError, Patterns};
pub use signal::{Family, Needs, Signal, is_open};

use kubecause_evidence::Snapshot;
use kubecause_evidence::log::Sieve;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// All that can be observed: the families in Rust and the patterns.
#[derive(Debug)]
pub struct Signals {
    patterns: Arc<Patterns>,
}

impl Signals {
    /// The signals that ship with kubecause.
    ///
    /// # Errors
    /// A pattern that does not compile; a test keeps the shipped ones free of it.
    pub fn builtin() -> Result<Self, PatternError> {
        Ok(Self { patterns: Arc::new(Patterns::builtin()?) })
    }

    /// The signals that ship with kubecause and those of these pattern files, given as name and text.
    ///
    /// # Errors
    /// All that is wrong with the files, and ids that a shipped signal has.
    pub fn with(files: &[(&str, &str)]) -> Result<Self, Vec<PatternError>> {
        let all = Self { patterns: Arc::new(Patterns::with(files)?) };
        let families: FxHashSet<&str> = Self::in_rust().map(|s| s.id).collect();
        let taken = |s: &&Signal| families.contains(s.id);
        let wrong: Vec<PatternError> = all
            .patterns
            .signals()
            .iter()
            .filter(taken)
            .map(|s| s.id)
            .map(|id| PatternError::new(id, "a signal that ships has this id").located(files))
            .collect();
        if wrong.is_empty() { Ok(all) } else { Err(wrong) }
    }

    /// The signals that stand in Rust.
    fn in_rust() -> impl Iterator<Item = &'static Signal> {
        let families = family::FAMILIES.iter().flat_map(|f| f.signals);
        families.chain(family::CORRELATIONS.iter().flat_map(|c| c.signals))
    }

    /// Every signal with its description.
    pub fn all(&self) -> impl Iterator<Item = &Signal> {
        let of_patterns: std::slice::Iter<'_, Signal> = self.patterns.signals().iter();
        Self::in_rust().map(|s| -> &Signal { s }).chain(of_patterns)
    }

    /// The patterns over events, conditions and logs.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// What says which lines of long logs are worth keeping.
    pub fn sieve(&self) -> Arc<dyn Sieve> {
        Arc::clone(&self.patterns) as Arc<dyn Sieve>
    }

    /// Everything that is seen, sorted by signal and subject.
    pub fn observe(&self, snapshot: &Snapshot) -> Findings {
        // Each looks for itself, side by side; what they find is put together in the same order always.
        let family = |family: &Family| {
            let mut sink = Sink::default();
            (family.observe)(snapshot, &mut sink);
            sink
        };
        let mut sink = Sink::default();
        let ((), families) = rayon::join(
            || self.patterns.observe(snapshot, &mut sink),
            || family::FAMILIES.par_iter().with_max_len(1).map(family).collect::<Vec<_>>(),
        );
        families.into_iter().for_each(|found| sink.append(found));
        let mut findings = sink.finish();
        for correlation in family::CORRELATIONS {
            let mut sink = Sink::default();
            (correlation.correlate)(snapshot, &findings, &mut sink);
            findings.extend(sink);
        }
        findings
    }
}
