//! Drains that a disruption budget can never let finish.

use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use kubecause_evidence::kube::{DisruptionBudget, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use kubecause_model::Source;
use rustc_hash::FxHashSet;

/// A budget that allows nothing although all its pods are healthy will never allow anything. It matters only while
/// a node is to be emptied of them.
pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let emptied = emptied(snapshot);
    for budget in snapshot.budgets.all() {
        let s = &budget.status;
        if s.disruptions_allowed > 0 || s.expected_pods == 0 || s.current_healthy < s.expected_pods {
            continue;
        }
        let labels = &budget.spec.selector.match_labels;
        let counts = |p: &&Pod| p.is_scheduled() && selected(budget, p) && !p.is_finished();
        let covered: Vec<&Pod> = if labels.is_empty() {
            snapshot.pods.in_namespace(&budget.metadata.namespace).iter().filter(counts).collect()
        } else {
            snapshot.pods_labelled(&budget.metadata.namespace, labels).filter(counts).collect()
        };
        let on: Vec<&&Pod> = covered.iter().filter(|p| emptied.contains(&p.spec.node_name)).collect();
        let refused = covered.iter().find_map(|p| refusal(snapshot, p));
        if on.is_empty() && refused.is_none() {
            continue;
        }
        sink.add(report(snapshot, budget, &on, refused));
    }
}

/// Nodes that somebody empties: they are cordoned, and no pod is left there that could go. One that is only closed for
/// new pods still holds those that no budget protects.
fn emptied(snapshot: &Snapshot) -> FxHashSet<&Sym> {
    let cordoned = snapshot.nodes.all().iter().filter(|n| n.spec.unschedulable);
    let mut emptied: FxHashSet<&Sym> = cordoned.map(|n| &n.metadata.name).collect();
    if emptied.is_empty() {
        return emptied;
    }
    let budgets = snapshot.budgets.all();
    for pod in snapshot.pods.all().iter().filter(|p| p.is_scheduled()) {
        let stays = |kind: &str| kind == "DaemonSet" || kind == "Node";
        let made = pod.metadata.controller().is_some_and(|o| !stays(&o.kind));
        let leaves = pod.is_finished() || pod.metadata.is_deleting();
        let protected = || {
            let mut own = budgets.iter().filter(|b| b.metadata.namespace == pod.metadata.namespace);
            own.any(|b| selected(b, pod))
        };
        if made && !leaves && emptied.contains(&pod.spec.node_name) && !protected() {
            emptied.remove(&pod.spec.node_name);
        }
    }
    emptied
}

/// Before policy/v1 an empty selector selected nothing; since then it selects all.
pub(super) fn selected(budget: &DisruptionBudget, pod: &Pod) -> bool {
    !budget.spec.selector.is_empty() && budget.spec.selector.matches(&pod.metadata.labels)
}

/// Source: kubernetes pkg/registry/core/pod/storage/eviction.go; karpenter's words for the same.
fn refusal<'a>(snapshot: &'a Snapshot, pod: &Pod) -> Option<&'a kubecause_evidence::kube::Event> {
    let words = ["would violate the pod's disruption budget", "prevents pod evictions"];
    let subject = pod.metadata.subject(Kind::Pod);
    let about = snapshot.events_about(&subject);
    about.filter(|e| is_recent(snapshot, e.last)).find(|e| words.iter().any(|w| e.message.contains(w)))
}

fn report(
    snapshot: &Snapshot,
    budget: &DisruptionBudget,
    on: &[&&Pod],
    refused: Option<&kubecause_evidence::kube::Event>,
) -> Finding {
    let (meta, spec, status) = (&budget.metadata, &budget.spec, &budget.status);
    let rule = if spec.max_unavailable.is_empty() {
        format!("minAvailable {}", spec.min_available)
    } else {
        format!("maxUnavailable {}", spec.max_unavailable)
    };
    let text = format!(
        "{rule}, {} of {} pods healthy, disruptionsAllowed 0",
        status.current_healthy, status.expected_pods
    );
    let subject = meta.subject(Kind::PodDisruptionBudget);
    let mut found = Finding::new("pdb.blocks-drain", subject.clone())
        .since(None)
        .param("rule", &rule)
        .param("pods", status.expected_pods)
        .cite(Source::Field, None, format!("poddisruptionbudgets/{subject}"), text);
    for pod in on {
        let node = Subject::node(&pod.spec.node_name);
        let pod_subject = pod.metadata.subject(Kind::Pod);
        if !found.names.contains(&node) {
            found = found.param("drained", &node.name);
            let text = format!("spec.nodeName: {node}; nodes/{node} spec.unschedulable: true");
            found = found.naming(node).cite(Source::Field, None, format!("pods/{pod_subject}"), text);
        }
        let owner = snapshot.top_owner(&pod_subject);
        found = found.param("workload_name", &owner.name);
        found.members.push(pod_subject);
    }
    match refused {
        Some(e) => found.cite(Source::Event, e.last, e.reference(), format!("{} {}", e.reason, e.message)),
        None => found,
    }
}
