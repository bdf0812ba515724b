//! Nodes that are kept from pods by a cordon or a taint while pods wait that no other node may take.

use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::{Node, Pod, Taint};
use kubecause_evidence::{Kind, Snapshot, Str, Subject};
use kubecause_model::Source;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// What keeps a pod from a node.
enum Block<'a> {
    Cordon,
    Taint(&'a Taint),
    /// A condition or a role of the node: told elsewhere, or meant to be so.
    System {
        role: bool,
    },
}

/// What pods wait for on one node.
#[derive(Default)]
struct Waits {
    pods: Vec<Subject>,
    since: Option<Timestamp>,
    taint: Option<(String, String)>,
}

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let kept = |n: &&Node| n.spec.unschedulable || !n.spec.taints.is_empty();
    if snapshot.nodes.all().iter().find(kept).is_none() {
        return;
    }
    let mut owners = FxHashSet::default();
    let mut waits: BTreeMap<Str, Waits> = BTreeMap::new();
    for pod in snapshot.pods.all().iter().filter(|p| is_waiting(p)) {
        // The pods of one workload ask for the same: one of them is enough.
        let owner = pod.metadata.controller().map_or(pod.metadata.uid, |o| o.uid);
        if !owners.insert((
            owner,
            pod.metadata.namespace.arc(),
            pod.metadata.controller().map(|o| o.name.arc()),
        )) {
            continue;
        }
        for (node, taint) in kept_from(snapshot, pod) {
            let entry = waits.entry(node.metadata.name.arc()).or_default();
            entry.pods.push(pod.metadata.subject(Kind::Pod));
            entry.since = entry.since.or(since(node, taint));
            if let Some(t) = taint {
                entry.taint = Some((format!("{}={}:{}", t.key, t.value, t.effect), t.key.to_string()));
            }
        }
    }
    let all: Vec<&Pod> = snapshot.pods.all().iter().filter(|p| is_waiting(p)).collect();
    for (name, found) in waits {
        let siblings = siblings(snapshot, &all, &found.pods);
        let finding = finding(snapshot, &name, found);
        sink.add(siblings.into_iter().fold(finding, Finding::naming));
    }
}

/// The other waiting pods of the same makers, where those were not collected and nothing else ties them together.
fn siblings(snapshot: &Snapshot, waiting: &[&Pod], pods: &[Subject]) -> Vec<Subject> {
    let makers: FxHashSet<Subject> = pods
        .iter()
        .map(|p| snapshot.top_owner(p))
        .filter(|o| o.kind.is_workload() && snapshot.workload(o).is_none())
        .collect();
    let own = waiting.iter().map(|p| p.metadata.subject(Kind::Pod));
    own.filter(|p| makers.contains(&snapshot.top_owner(p))).take(SIBLINGS_MAX).collect()
}

/// How many of them are named at most.
const SIBLINGS_MAX: usize = 50;

fn is_waiting(pod: &Pod) -> bool {
    let gated = || pod.condition("PodScheduled").is_some_and(|c| c.reason == "SchedulingGated");
    pod.status.phase == "Pending" && !pod.is_scheduled() && !pod.metadata.is_deleting() && !gated()
}

fn since(node: &Node, taint: Option<&Taint>) -> Option<Timestamp> {
    let cordon = || node.spec.taints.iter().find(|t| t.key == "node.kubernetes.io/unschedulable");
    taint.or_else(cordon).and_then(|t| t.time_added)
}

/// The nodes that the pod could go to, were it not for their cordon or taint; empty where any node is open to it,
/// or where the node is kept from it by what it is.
fn kept_from<'a>(snapshot: &'a Snapshot, pod: &Pod) -> Vec<(&'a Node, Option<&'a Taint>)> {
    let mut cordoned = Vec::new();
    let mut tainted = Vec::new();
    let mut sick = false;
    for node in snapshot.nodes.all().iter().filter(|n| wants(pod, n)) {
        match block(pod, node) {
            None => return Vec::new(),
            Some(Block::Cordon) => cordoned.push((node, None)),
            Some(Block::Taint(taint)) => tainted.push((node, Some(taint))),
            Some(Block::System { role }) => sick |= !role,
        }
    }
    if !cordoned.is_empty() {
        return cordoned;
    }
    // A pod that asks for tainted nodes by name is meant for them: its own toleration is missing.
    let chosen = !pod.spec.node_selector.is_empty()
        || !pod.spec.affinity.node_affinity.required.node_selector_terms.is_empty();
    if sick || chosen { Vec::new() } else { tainted }
}

fn wants(pod: &Pod, node: &Node) -> bool {
    let terms = &pod.spec.affinity.node_affinity.required.node_selector_terms;
    let fits = |term: &kubecause_evidence::kube::NodeSelectorTerm| {
        term.match_expressions.iter().all(|r| r.matches(&node.metadata.labels))
            && term.match_fields.iter().all(|r| r.values.iter().any(|v| *v == *node.metadata.name))
    };
    pod.spec.node_selector.all_in(&node.metadata.labels) && (terms.is_empty() || terms.iter().any(fits))
}

fn block<'a>(pod: &Pod, node: &'a Node) -> Option<Block<'a>> {
    let hard = |t: &&Taint| t.effect == "NoSchedule" || t.effect == "NoExecute";
    let foreign =
        || node.spec.taints.iter().filter(hard).filter(|t| !tolerates(pod, &t.key, &t.value, &t.effect));
    let role = |t: &&Taint| t.key.starts_with("node-role.kubernetes.io/");
    let system = |t: &&Taint| {
        t.key.starts_with("node.kubernetes.io/") || t.key.starts_with("node.cloudprovider.kubernetes.io/")
    };
    if foreign().any(|t| role(&t)) || may_hide_its_taint(node) {
        return Some(Block::System { role: true });
    }
    if foreign().any(|t| system(&t) && t.key != "node.kubernetes.io/unschedulable") || !node.is_ready() {
        return Some(Block::System { role: false });
    }
    if let Some(taint) = foreign().find(|t| !system(t)) {
        return Some(Block::Taint(taint));
    }
    let cordoned = node.spec.unschedulable || foreign().next().is_some();
    let borne = tolerates(pod, "node.kubernetes.io/unschedulable", "", "NoSchedule");
    (cordoned && !borne).then_some(Block::Cordon)
}

/// A table does not print taints: a node of the control plane has one wherever nobody took it away.
fn may_hide_its_taint(node: &Node) -> bool {
    let roles = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];
    node.metadata.is_partial
        && node.spec.taints.is_empty()
        && roles.iter().any(|r| node.metadata.labels.get(r).is_some())
}

fn tolerates(pod: &Pod, key: &str, value: &str, effect: &str) -> bool {
    pod.spec.tolerations.iter().any(|t| {
        let key_fits = if t.key.is_empty() { t.operator == "Exists" } else { t.key == *key };
        let value_fits = t.operator == "Exists" || t.value == *value;
        key_fits && value_fits && (t.effect.is_empty() || t.effect == *effect)
    })
}

fn finding(snapshot: &Snapshot, name: &Str, found: Waits) -> Finding {
    let (id, text) = match &found.taint {
        Some((whole, _)) => ("node.tainted-with-waiting-pods", format!("taint {whole}")),
        None => ("node.cordoned-with-waiting-pods", "unschedulable: true".to_owned()),
    };
    let mut finding = Finding::new(id, Subject::node(name.clone())).since(found.since).cite(
        Source::Field,
        found.since,
        format!("nodes/{name}"),
        text,
    );
    if let Some((whole, key)) = found.taint {
        finding = finding.param("taint", whole).param("key", key);
    } else {
        finding = finding.param("state", "unschedulable");
    }
    for pod in found.pods.iter().take(20) {
        let said = snapshot.pod(pod).and_then(|p| p.condition("PodScheduled"));
        if let Some(c) = said.filter(|c| c.is_false()) {
            finding =
                finding.cite(Source::Condition, c.last_transition_time, format!("pods/{pod}"), &*c.message);
        }
        finding = finding.naming(pod.clone());
        let owner = snapshot.top_owner(pod);
        if owner != *pod {
            finding = finding.naming(owner);
        }
    }
    finding.param("workloads", found.pods.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(nodes: &[(&str, &str)], pod_spec: &str) -> Vec<(&'static str, String)> {
        let mut b = SnapshotBuilder::default();
        for (name, spec) in nodes {
            let json = format!(
                r#"{{"metadata":{{"name":"{name}","labels":{{"zone":"{name}"}}}},"spec":{{{spec}}},"status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
            );
            if let Ok(node) = Ingest::parse("Node", &json) {
                b.push(node);
            }
        }
        let json = format!(
            r#"{{"metadata":{{"name":"p","namespace":"s"}},"spec":{{{pod_spec}}},"status":{{"phase":"Pending"}}}}"#
        );
        if let Ok(pod) = Ingest::parse("Pod", &json) {
            b.push(pod);
        }
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| (f.signal, f.subject.name.to_string())).collect()
    }

    const CORDONED: &str =
        r#""unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]"#;
    const MASTER: &str =
        r#""taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}]"#;
    const OWN: &str = r#""taints":[{"key":"team","value":"a","effect":"NoSchedule"}]"#;

    #[test]
    fn a_cordon_counts_where_nothing_else_is_open() {
        assert_eq!(
            see(&[("m", MASTER), ("w", CORDONED)], ""),
            [("node.cordoned-with-waiting-pods", "w".to_owned())]
        );
        assert!(see(&[("m", ""), ("w", CORDONED)], "").is_empty());
        let only_w = r#""nodeSelector":{"zone":"w"}"#;
        assert_eq!(see(&[("m", ""), ("w", CORDONED)], only_w).len(), 1);
        assert!(see(&[("w", CORDONED)], r#""nodeName":"w""#).is_empty());
    }

    #[test]
    fn a_taint_counts_unless_the_pod_asks_for_the_node() {
        assert_eq!(
            see(&[("m", MASTER), ("w", OWN)], ""),
            [("node.tainted-with-waiting-pods", "w".to_owned())]
        );
        assert!(see(&[("w", OWN)], r#""nodeSelector":{"zone":"w"}"#).is_empty());
        let tolerant =
            r#""tolerations":[{"key":"team","operator":"Equal","value":"a","effect":"NoSchedule"}]"#;
        assert!(see(&[("w", OWN)], tolerant).is_empty());
        let sick = r#""taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]"#;
        assert!(see(&[("w", OWN), ("x", sick)], "").is_empty());
        assert!(see(&[("m", MASTER)], "").is_empty());
    }
}
