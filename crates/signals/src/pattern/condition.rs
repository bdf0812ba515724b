//! Patterns over the conditions of objects.

use super::lazy::LazyRegex;
use super::{About, PatternError, Prove, compile, is_telling, leak, params};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::Condition;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// `[[condition]]` of a pattern file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionSpec {
    id: String,
    doc: String,
    source: String,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    rejects: Vec<String>,
    /// The kind of the object.
    kind: String,
    /// The condition's type.
    #[serde(rename = "type")]
    condition: String,
    /// The condition's status is one of these.
    status: Vec<String>,
    /// What `reason: message` must say; named groups become params.
    #[serde(default = "anything")]
    says: String,
}

fn anything() -> String {
    ".".into()
}

#[derive(Debug)]
struct ConditionPattern {
    id: &'static str,
    kind: Kind,
    condition: String,
    status: Vec<String>,
    says: LazyRegex,
}

#[derive(Debug)]
pub(super) struct ConditionPatterns {
    all: Vec<ConditionPattern>,
}

impl ConditionPatterns {
    pub(super) fn compile(
        specs: Vec<ConditionSpec>,
        signals: &mut Vec<Signal>,
        prove: Prove,
        wrong: &mut Vec<PatternError>,
    ) -> Self {
        let mut all = Vec::new();
        for s in specs {
            let about =
                About { id: s.id, doc: s.doc, source: s.source, matches: s.matches, rejects: s.rejects };
            let says = match compile(&about, &s.says, prove) {
                Ok(says) => says,
                Err(error) => {
                    wrong.push(error);
                    continue;
                }
            };
            let kind = Kind::from_name(&s.kind);
            if matches!(kind, Kind::Other(_)) {
                let why =
                    format!("conditions of kind {} are not read; an [[object]] rule can read them", s.kind);
                wrong.push(PatternError::new(about.id, why));
                continue;
            }
            let needs: &'static [Needs] = Box::leak(Box::new([Needs::Kind(kind.clone())]));
            let id = leak(about.id);
            signals.push(Signal::fact(id, leak(about.doc), needs));
            all.push(ConditionPattern { id, kind, condition: s.condition, status: s.status, says });
        }
        Self { all }
    }

    pub(super) fn matching(&self, text: &str) -> Vec<&'static str> {
        self.all.iter().filter(|p| is_telling(&p.says) && p.says.is_match(text)).map(|p| p.id).collect()
    }

    pub(super) fn observe(&self, snapshot: &Snapshot, sink: &mut Sink) {
        let mut of: FxHashMap<&Kind, Vec<&ConditionPattern>> = FxHashMap::default();
        self.all.iter().for_each(|p| of.entry(&p.kind).or_default().push(p));
        let mut see = |kind: Kind, subject: &dyn Fn() -> Subject, conditions: &[Condition]| {
            for p in of.get(&kind).into_iter().flatten() {
                for c in conditions
                    .iter()
                    .filter(|c| p.condition == *c.kind && p.status.iter().any(|s| *s == *c.status))
                {
                    let said = format!("{}: {}", c.reason, c.message);
                    if p.says.is_match(&said) {
                        sink.add(found(p, subject(), c, &said));
                    }
                }
            }
        };
        for o in snapshot.nodes.all() {
            see(Kind::Node, &|| o.metadata.subject(Kind::Node), &o.status.conditions);
        }
        for o in snapshot.pods.all() {
            see(Kind::Pod, &|| o.metadata.subject(Kind::Pod), &o.status.conditions);
        }
        for o in snapshot.workloads() {
            see(o.kind.kind(), &|| snapshot.top_owner(&o.subject()), &o.status.conditions);
        }
        for o in snapshot.hpas.all() {
            see(
                Kind::HorizontalPodAutoscaler,
                &|| o.metadata.subject(Kind::HorizontalPodAutoscaler),
                &o.status.conditions,
            );
        }
        for o in snapshot.namespaces.all() {
            see(Kind::Namespace, &|| o.metadata.subject(Kind::Namespace), &o.status.conditions);
        }
        for o in snapshot.api_services.all() {
            see(Kind::APIService, &|| o.metadata.subject(Kind::APIService), &o.status.conditions);
        }
        for o in snapshot.crds.all() {
            see(
                Kind::CustomResourceDefinition,
                &|| o.metadata.subject(Kind::CustomResourceDefinition),
                &o.status.conditions,
            );
        }
        for o in snapshot.claims.all() {
            see(
                Kind::PersistentVolumeClaim,
                &|| o.metadata.subject(Kind::PersistentVolumeClaim),
                &o.status.conditions,
            );
        }
        for o in snapshot.budgets.all() {
            see(
                Kind::PodDisruptionBudget,
                &|| o.metadata.subject(Kind::PodDisruptionBudget),
                &o.status.conditions,
            );
        }
    }
}

fn found(pattern: &ConditionPattern, subject: Subject, condition: &Condition, said: &str) -> Finding {
    let at = condition.last_transition_time;
    let reference = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.object());
    let text = format!("{}={} {}", condition.kind, condition.status, said);
    let mut finding = Finding::new(pattern.id, subject).span(Span { first: at, last: None, ongoing: true });
    finding = finding.cite(Source::Condition, at, reference, text);
    finding.params = params(&pattern.says, said);
    finding
}
