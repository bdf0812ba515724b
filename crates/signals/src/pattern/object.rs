//! Rules over whole objects: the form of `[[object]]`, and the findings that come of what the rules remarked. A rule is
//! an expression; who evaluates it gets it as text and answers with the Snapshot's remarks.

use super::{PatternError, leak};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[[object]]` of a pattern file: an expression in CEL over one object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectSpec {
    id: String,
    doc: String,
    /// Kinds as Kubernetes spells them; one of a foreign API group carries the group: `Rollout.argoproj.io`.
    kinds: Vec<String>,
    /// Holds where the finding is there. `object` is the object.
    when: String,
    /// Expressions whose values become params.
    #[serde(default)]
    params: BTreeMap<String, String>,
    /// What the finding is on: `object` (default) or `owner` (the top workload).
    #[serde(default)]
    on: On,
    /// Objects for which it must hold, as YAML or JSON.
    #[serde(default)]
    matches: Vec<String>,
    /// Objects that look alike and for which it must not hold.
    #[serde(default)]
    rejects: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum On {
    #[default]
    Object,
    Owner,
}

/// A rule over one object, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRule {
    /// Id of the signal.
    pub id: &'static str,
    /// The kinds of objects that it is asked about.
    pub kinds: Vec<Kind>,
    /// The predicate.
    pub when: String,
    /// The expressions whose values become params.
    pub params: BTreeMap<String, String>,
    /// Objects for which it must hold, as YAML or JSON.
    pub matches: Vec<String>,
    /// Objects for which it must not hold.
    pub rejects: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct ObjectPatterns {
    pub(super) rules: Vec<ObjectRule>,
    on_owner: Vec<&'static str>,
}

impl ObjectPatterns {
    pub(super) fn compile(
        specs: Vec<ObjectSpec>,
        signals: &mut Vec<Signal>,
        wrong: &mut Vec<PatternError>,
    ) -> Self {
        let mut out = Self::default();
        for s in specs {
            if s.doc.is_empty() || s.kinds.is_empty() {
                wrong.push(PatternError::new(s.id, "doc and kinds must be given"));
                continue;
            }
            let kinds: Vec<Kind> = s.kinds.iter().map(|k| Kind::from_name(k)).collect();
            let id = leak(s.id);
            let needs: Vec<Needs> = kinds.iter().cloned().map(Needs::Kind).chain([Needs::Rule(id)]).collect();
            signals.push(Signal::fact(id, leak(s.doc), Box::leak(needs.into_boxed_slice())));
            if s.on == On::Owner {
                out.on_owner.push(id);
            }
            out.rules.push(ObjectRule {
                id,
                kinds,
                when: s.when,
                params: s.params,
                matches: s.matches,
                rejects: s.rejects,
            });
        }
        out
    }

    pub(super) fn observe(&self, snapshot: &Snapshot, sink: &mut Sink) {
        for remark in &snapshot.remarks {
            let Some(rule) = self.rules.iter().find(|r| *r.id == *remark.rule) else { continue };
            let kind = remark.subject.kind.as_str().to_lowercase();
            let reference = format!("{kind}/{}", remark.subject);
            let on_owner = self.on_owner.contains(&rule.id);
            let subject = if on_owner { snapshot.top_owner(&remark.subject) } else { remark.subject.clone() };
            let mut finding = Finding::new(rule.id, subject.clone());
            finding = finding.cite(Source::Field, None, reference, &remark.text);
            finding.params = remark.params.clone();
            if subject != remark.subject {
                finding.names.push(remark.subject.clone());
            }
            sink.add(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::builder;
    use crate::{Signals, is_open};
    use kubecause_evidence::{Kind, Remark, Remarks, Subject};
    use kubecause_model::Params;

    const RULES: &str = "[[object]]\nid = 'x.pod'\ndoc = 'd'\nkinds = ['Pod']\nwhen = 'true'\n\
                         [[object]]\nid = 'x.owner'\ndoc = 'd'\nkinds = ['Pod']\nwhen = 'true'\non = 'owner'\n";
    const POD: &str = r#"{"metadata":{"name":"db-0","namespace":"n",
        "ownerReferences":[{"kind":"StatefulSet","name":"db","uid":"u","controller":true}]}}"#;

    fn remark(rule: &str, pod: &Subject) -> Remark {
        let params = Params::from([("a".to_owned(), "1".to_owned())]);
        Remark { rule: rule.into(), subject: pod.clone(), params, text: "spec.a: 1".into() }
    }

    #[test]
    fn remarks_become_findings_on_the_object_or_its_owner() {
        let signals = Signals::with(&[("x.toml", RULES)]).expect("they are sound");
        let pod = Subject::new(Kind::Pod, "n", "db-0");
        let mut b = builder("2026-03-10T10:00:00Z", &[Kind::Pod], &[("Pod", POD)]);
        let hold = ["x.pod", "x.owner", "x.unknown"].map(|rule| remark(rule, &pod)).to_vec();
        b.remarks(Remarks { hold, failed: vec![] });
        let findings = signals.observe(&b.finish());
        let seen = |id: &str| findings.of(id).map(|f| f.subject.clone()).collect::<Vec<_>>();
        assert_eq!(seen("x.pod"), std::slice::from_ref(&pod));
        assert_eq!(seen("x.owner"), [Subject::new(Kind::StatefulSet, "n", "db")]);
        assert!(findings.of("x.owner").all(|f| f.names == [pod.clone()] && f.params.contains_key("a")));
        let quoted: Vec<_> = findings.of("x.pod").flat_map(|f| &f.evidence).collect();
        assert!(matches!(quoted.as_slice(), [c] if c.reference == "pod/n/db-0" && c.text == "spec.a: 1"));
    }

    #[test]
    fn a_rule_that_was_not_asked_leaves_its_place_closed() {
        let signals = Signals::with(&[("x.toml", RULES)]).expect("they are sound");
        let signal = signals.all().find(|s| s.id == "x.pod").expect("it is there");
        let pod = Subject::new(Kind::Pod, "n", "db-0");
        let snapshot = |asked: bool| {
            let mut b = builder("2026-03-10T10:00:00Z", &[Kind::Pod], &[("Pod", POD)]);
            b.asked(asked.then(|| "x.pod".into()));
            b.finish()
        };
        assert!(is_open(signal, &snapshot(true), &pod) && !is_open(signal, &snapshot(false), &pod));
    }

    #[test]
    fn an_id_of_a_shipped_signal_is_taken() {
        for id in ["pod.not-ready", "event.back-off-restarting"] {
            let text = RULES.replace("x.pod", id);
            let wrong = Signals::with(&[("x.toml", &text)]).expect_err("it is taken");
            assert!(
                wrong.iter().any(|e| e.file.as_deref() == Some("x.toml") && e.line == Some(2)),
                "{wrong:?}"
            );
        }
    }
}
