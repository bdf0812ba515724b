//! `capture.json`: when a capture was taken, and which resources were asked for with what result.

use crate::intake::why_of;
use jiff::Timestamp;
use kubecause_evidence::{Access, Gap, Why};
use std::collections::BTreeMap;

/// What `capture.json` says.
#[derive(Debug, Default)]
pub struct Manifest {
    /// When the capture was taken.
    pub taken_at: Option<Timestamp>,
    /// What was asked for, by resource such as `deployments.apps`, and how that ended.
    pub kinds: BTreeMap<String, Said>,
    /// What could not be seen and is no kind.
    pub gaps: Vec<Gap>,
}

/// How the request for a resource ended: `ok`, `empty`, `forbidden`, `error`, or the client's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Whether objects were found.
    pub fn is_ok(&self) -> bool {
        self.0 == "ok"
    }

    /// Why the request failed, where it did.
    pub fn failed(&self) -> Option<Why> {
        (!matches!(self.0.as_str(), "ok" | "empty")).then(|| why_of(&self.0))
    }

    /// What it means that there is no file of that resource.
    pub fn without_file(&self) -> Access {
        match self.0.as_str() {
            "empty" => Access::Listed,
            "ok" => Access::Missing(Why::NotCollected),
            words => Access::Missing(why_of(words)),
        }
    }

    /// What the manifest says.
    pub fn words(&self) -> &str {
        &self.0
    }
}

impl Manifest {
    /// Reads `capture.json`; `None` where it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        let object = value.as_object()?;
        let taken_at =
            object.get("takenAt").and_then(|v| v.as_str()).and_then(kubecause_evidence::de::parse_time);
        let kinds = object.get("kinds").and_then(|v| v.as_object());
        let said = |value: &serde_json::Value| {
            let text = value.as_str().or_else(|| value.get("result")?.as_str()).unwrap_or("error");
            Said(kubecause_model::one_line(text, 200))
        };
        let kinds =
            kinds.into_iter().flatten().map(|(resource, value)| (resource.clone(), said(value))).collect();
        let gaps =
            object.get("gaps").and_then(|v| v.as_array()).into_iter().flatten().filter_map(gap).collect();
        Some(Self { taken_at, kinds, gaps })
    }
}

/// A gap as `capture.json` has it: `{"what": …, "why": …, "says": …}`.
fn gap(value: &serde_json::Value) -> Option<Gap> {
    const ALL: [Why; 8] = [
        Why::NotCollected,
        Why::Forbidden,
        Why::TimedOut,
        Why::Unparsable,
        Why::Truncated,
        Why::Redacted,
        Why::Failed,
        Why::TooLarge,
    ];
    let text = |key: &str| value.get(key).and_then(|v| v.as_str());
    let why = ALL.into_iter().find(|w| Some(w.as_str()) == text("why")).unwrap_or(Why::Failed);
    let says = kubecause_model::one_line(text("says").unwrap_or_default(), 300);
    Some(Gap::new(kubecause_model::one_line(text("what")?, 200), why, says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_a_meaning() {
        let text = r#"{"takenAt":"2026-11-22T17:40:14Z","kinds":{"a":"ok","b":"empty","c":"forbidden","d":"error","e":7}}"#;
        let manifest = Manifest::parse(text).unwrap_or_default();
        assert!(manifest.taken_at.is_some());
        let access: Vec<_> = manifest.kinds.values().map(Said::without_file).collect();
        assert_eq!(
            access,
            [
                Access::Missing(Why::NotCollected),
                Access::Listed,
                Access::Missing(Why::Forbidden),
                Access::Missing(Why::Failed),
                Access::Missing(Why::Failed),
            ]
        );
        let text = r#"{"gaps":[{"what":"nodes/proxy","why":"forbidden","says":"no"},{"why":"failed"},7]}"#;
        let gaps = Manifest::parse(text).unwrap_or_default().gaps;
        assert_eq!(gaps, [Gap::new("nodes/proxy", Why::Forbidden, "no")]);
        assert!(Manifest::parse("[]").is_none() && Manifest::parse("{").is_none());
    }
}
