//! Pods whose volume is where none of their nodes is: a zone, or one machine for a local volume.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Node, NodeSelectorTerm, NodeSelectorTerms, PersistentVolume, Pod};
use kubecause_evidence::{Kind, Labels, Snapshot};
use kubecause_model::Source;

/// The scheduler's words, up to 1.32 and after. Source: kubernetes `pkg/scheduler/framework/plugins/volumebinding`.
const WORDS: [&str; 3] =
    ["had volume node affinity conflict", "didn't match PersistentVolume's node affinity", "had no available volume zone"];

pub(super) fn look(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        if pod.is_scheduled() || pod.is_finished() || pod.metadata.is_deleting() {
            continue;
        }
        let Some(condition) = pod.condition("PodScheduled").filter(|c| c.is_false()) else { continue };
        if !WORDS.iter().any(|w| condition.message.contains(w)) {
            continue;
        }
        let cite = |signal| {
            let at = condition.last_transition_time;
            let subject = pod.metadata.subject(Kind::Pod);
            let reference = format!("pods/{subject}/status");
            let text = format!("{}: {}", condition.reason, condition.message);
            Finding::new(signal, subject).since(at).cite(Source::Condition, at, reference, text)
        };
        sink.add(place(snapshot, pod, cite("volume.affinity-conflict")));
        if rejects_all(&condition.message) {
            sink.add(place(snapshot, pod, cite("volume.affinity-conflict-everywhere")));
        }
        if let Some(volume) = volumes(snapshot, pod).find(|v| !fits_somewhere(snapshot, pod, v)) {
            sink.add(with_volume(cite("volume.no-node-fits"), volume));
        }
    }
}

/// Whether the message counts as many conflicts as there are nodes: `0/2 nodes are available: 2 node(s) had …`.
pub(super) fn rejects_all(message: &str) -> bool {
    let total = message.split_once('/').and_then(|(_, rest)| rest.split_whitespace().next());
    let Some((before, _)) = WORDS.iter().find_map(|w| message.split_once(w)) else { return false };
    let count = before.trim_end().strip_suffix("node(s)").and_then(|b| b.split_whitespace().next_back());
    total.is_some() && total == count
}

/// The bound volumes of the pod's claims that are tied to a place.
fn volumes<'a>(snapshot: &'a Snapshot, pod: &'a Pod) -> impl Iterator<Item = &'a PersistentVolume> {
    let names = pod.claim_names().into_iter();
    let claims = names.filter_map(|n| snapshot.claims.get(&pod.metadata.namespace, &n));
    let volumes = claims.filter_map(|c| snapshot.volumes.get("", &c.spec.volume_name));
    volumes.filter(|v| !v.spec.node_affinity.required.node_selector_terms.is_empty())
}

fn place(snapshot: &Snapshot, pod: &Pod, finding: Finding) -> Finding {
    match volumes(snapshot, pod).next() {
        Some(volume) => with_volume(finding, volume),
        None => finding,
    }
}

fn with_volume(finding: Finding, volume: &PersistentVolume) -> Finding {
    let terms = &volume.spec.node_affinity.required.node_selector_terms;
    let first = terms.first().and_then(|t| t.match_expressions.iter().chain(&t.match_fields).next());
    let values = first.map(|r| r.values.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "));
    finding
        .param("volume", &volume.metadata.name)
        .param("topology", first.map_or("", |r| &r.key))
        .param("zone", values.unwrap_or_default())
        .naming(volume.metadata.subject(Kind::PersistentVolume))
}

/// Whether some node is where the volume is and where the pod itself may go, readiness and room aside. Where nodes
/// were not listed, one may exist.
fn fits_somewhere(snapshot: &Snapshot, pod: &Pod, volume: &PersistentVolume) -> bool {
    let wanted = |n: &Node| {
        pod.spec.node_selector.all_in(&n.metadata.labels) && admits(&pod.spec.affinity.node_affinity.required, n)
    };
    let nodes = snapshot.nodes.all();
    // A pod that no node admits at all waits for that, not for its volume.
    if !snapshot.has(&Kind::Node) || !nodes.iter().any(wanted) {
        return true;
    }
    nodes.iter().any(|n| wanted(n) && admits(&volume.spec.node_affinity.required, n))
}

fn admits(terms: &NodeSelectorTerms, node: &Node) -> bool {
    let name: Labels = [("metadata.name", node.metadata.name.as_str())].into_iter().collect();
    let fits = |t: &NodeSelectorTerm| {
        t.match_expressions.iter().all(|r| r.matches(&node.metadata.labels))
            && t.match_fields.iter().all(|r| r.matches(&name))
    };
    terms.node_selector_terms.is_empty() || terms.node_selector_terms.iter().any(fits)
}
