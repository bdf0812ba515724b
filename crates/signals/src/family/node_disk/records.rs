//! Pods that a kubelet evicted or refused, from their own records and from events.

use super::words::{self, Why};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Str, Subject};
use kubecause_model::{Citation, Source};
use std::collections::BTreeMap;

/// One pod that was evicted or refused.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// The pod.
    pub(super) pod: Subject,
    /// The workload that a person would name; the pod itself where nothing owns it.
    pub(super) owner: Subject,
    /// Where it happened.
    pub(super) node: Option<Str>,
    /// When it happened.
    pub(super) at: Option<Timestamp>,
    /// The pod's reason: `Evicted`, `OutOfcpu`, `NodeAffinity` …
    pub(super) reason: String,
    /// The message in full.
    pub(super) message: String,
    /// What the message says.
    pub(super) why: Why,
    /// The record that says so.
    pub(super) citation: Citation,
    /// Whether the pod's own failed record is still there.
    pub(super) left_behind: bool,
}

/// Reasons with which a kubelet refuses a pod at admission, next to those that begin with `OutOf`.
/// Source: `pkg/kubelet/lifecycle`, `pkg/kubelet/sysctl`, `pkg/kubelet/cm`, `pkg/scheduler/framework/plugins/names`.
const REFUSALS: [&str; 11] = [
    "UnexpectedAdmissionError",
    "NodeAffinity",
    "MatchNodeSelector",
    "NodePorts",
    "PodFitsHostPorts",
    "TopologyAffinityError",
    "PodOSSelectorNodeLabelDoesNotMatch",
    "PodOSNotSupported",
    "InvalidNodeInfo",
    "SysctlForbidden",
    "AppArmor",
];

impl Record {
    /// Whether the kubelet refused the pod when it came, for a reason other than a condition of the node.
    pub(super) fn is_refusal(&self) -> bool {
        self.reason.starts_with("OutOf") || REFUSALS.contains(&self.reason.as_str())
    }
}

/// All records, each pod and message once, in order of pod and message.
pub(super) fn records(snapshot: &Snapshot) -> Vec<Record> {
    let mut found: BTreeMap<(Subject, String), Record> = BTreeMap::new();
    for event in snapshot.events.iter().filter(|e| e.reason == "Evicted" && e.regarding.kind == "Pod") {
        let pod = event.regarding.subject().object();
        let text = format!("{} {}", event.reason, event.message);
        let record = Record {
            owner: snapshot.top_owner(&pod),
            node: (!event.host.is_empty()).then(|| event.host.arc()).or_else(|| node_of(snapshot, &pod)),
            at: event.last,
            reason: "Evicted".into(),
            message: event.message.to_string(),
            why: words::why(&event.message),
            citation: Citation::new(Source::Event, event.last, event.reference(), text),
            left_behind: false,
            pod: pod.clone(),
        };
        found.insert((pod, event.message.trim().to_owned()), record);
    }
    for pod in
        snapshot.pods.all().iter().filter(|p| p.status.phase == "Failed" && !p.status.reason.is_empty())
    {
        let record = of_pod(snapshot, pod);
        let key = (record.pod.clone(), record.message.trim().to_owned());
        match found.get_mut(&key) {
            Some(known) => {
                known.left_behind = true;
                known.node = record.node.or(known.node.take());
            }
            None => {
                found.insert(key, record);
            }
        }
    }
    found.into_values().collect()
}

fn node_of(snapshot: &Snapshot, pod: &Subject) -> Option<Str> {
    snapshot.node_of(pod).map(|n| n.name)
}

fn of_pod(snapshot: &Snapshot, pod: &Pod) -> Record {
    let subject = pod.metadata.subject(Kind::Pod);
    let at = failed_at(pod);
    let text = format!("{}: {}", pod.status.reason, pod.status.message);
    Record {
        owner: snapshot.top_owner(&subject),
        node: (!pod.spec.node_name.is_empty()).then(|| pod.spec.node_name.arc()),
        at,
        reason: pod.status.reason.to_string(),
        message: pod.status.message.to_string(),
        why: words::why(&pod.status.message),
        citation: Citation::new(Source::Field, at, format!("pods/{subject} status"), text),
        left_behind: true,
        pod: subject,
    }
}

/// When a pod failed: the newest of what its status says. A refused pod never had conditions: then its start.
fn failed_at(pod: &Pod) -> Option<Timestamp> {
    let disruption = pod.condition("DisruptionTarget").and_then(|c| c.last_transition_time);
    let ready = pod.condition("Ready").and_then(|c| c.last_transition_time);
    let ended = pod.statuses().filter_map(|(_, s)| s.state.terminated.as_ref()?.finished_at).max();
    disruption.or(ready.max(ended)).or(pod.status.start_time).or(pod.metadata.creation_timestamp)
}
