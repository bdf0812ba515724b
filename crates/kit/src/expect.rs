//! What a case must give.

use anyhow::{Context, Result};
use kubecause_model::{Diagnosis, Root};
use serde::Deserialize;
use std::path::Path;

/// `expect.json` of a case.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Expect {
    /// The roots, which must come first. None: the case is healthy, and any incident is a false alarm.
    pub roots: Vec<Want>,
    /// Ids that may stand beside the roots.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Ids that must occur in a chain or among the notes.
    #[serde(default)]
    pub also: Vec<String>,
    /// The fault in words.
    #[serde(default)]
    pub says: String,
    /// Where the evidence comes from.
    #[serde(default)]
    pub source: String,
}

/// A root that must be found.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Want {
    /// Any of these ids.
    pub mode: Vec<String>,
    /// What the subject's name begins with.
    #[serde(default)]
    pub name: String,
    /// The subject's namespace.
    #[serde(default)]
    pub namespace: Option<String>,
}

impl Want {
    fn fits(&self, root: &Root) -> bool {
        self.mode.iter().any(|m| root.is(m))
            && root.subject.name.starts_with(&self.name)
            && self.namespace.as_deref().is_none_or(|ns| root.subject.ns() == ns)
    }
}

impl Expect {
    /// Reads it from a case's folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("expect.json");
        let text = std::fs::read(&path).context(path.display().to_string())?;
        Self::parse(&text)
    }

    /// Reads it from its text.
    pub fn parse(text: &[u8]) -> Result<Self> {
        Ok(serde_json::from_slice(text)?)
    }

    /// What is wrong with an answer, `None` when it holds: every root found, and first; nothing else but what is allowed.
    pub fn judge(&self, diagnosis: &Diagnosis) -> Option<String> {
        self.compare(diagnosis, self.roots.len())
    }

    /// The same without a say in the order: which of two clusters' faults comes first means nothing.
    pub fn judge_in_any_order(&self, diagnosis: &Diagnosis) -> Option<String> {
        self.compare(diagnosis, usize::MAX)
    }

    fn compare(&self, diagnosis: &Diagnosis, among: usize) -> Option<String> {
        let roots: Vec<&Root> = diagnosis.incidents.iter().map(|i| &i.root).collect();
        let wanted = |r: &&Root| self.wants(r);
        let ranked: Vec<&Root> =
            roots.iter().copied().filter(|r| wanted(r) || !self.allowed.iter().any(|m| r.is(m))).collect();
        let first = ranked.get(..among.min(ranked.len())).unwrap_or_default();
        let missed = self.roots.iter().filter(|w| !first.iter().any(|r| w.fits(r)));
        let extra = ranked.iter().filter(|r| !wanted(r));
        let said = |mode: &String| {
            roots.iter().any(|r| r.is(mode))
                || diagnosis.notes.iter().any(|n| n.mode == *mode)
                || diagnosis.incidents.iter().any(|i| i.chain.iter().any(|l| l.mode == *mode))
        };
        let unsaid = self.also.iter().filter(|m| !said(m));
        let mut wrong: Vec<String> = missed.map(|w| format!("missed {:?} {:?}", w.mode, w.name)).collect();
        wrong.extend(extra.map(|r| format!("extra {}@{}", r.mode, r.subject)));
        wrong.extend(unsaid.map(|m| format!("unsaid {m}")));
        if wrong.is_empty() {
            return None;
        }
        let got: Vec<String> = roots.iter().map(|r| format!("{}@{}", r.mode, r.subject)).collect();
        Some(format!("{}; got {got:?}", wrong.join(", ")))
    }

    fn wants(&self, root: &Root) -> bool {
        self.roots.iter().any(|w| w.fits(root))
    }
}

impl Expect {
    /// Both expectations: a capture that holds both faults.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.roots.extend(other.roots);
        self.allowed.extend(other.allowed);
        self.also.extend(other.also);
        self
    }
}
