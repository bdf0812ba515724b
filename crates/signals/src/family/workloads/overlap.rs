//! Pods that more than one disruption budget covers: the eviction API refuses all of them, whatever the budgets allow.

use super::budget::selected;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use kubecause_evidence::kube::{DisruptionBudget, Event, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use kubecause_model::Source;
use rustc_hash::FxHashMap;

/// Source: kubernetes pkg/registry/core/pod/storage/eviction.go.
const REFUSED: &str = "more than one PodDisruptionBudget";

/// It matters only while a node is to be emptied of such a pod, or an eviction was refused for it.
pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let mut by_namespace: FxHashMap<&Sym, Vec<&DisruptionBudget>> = FxHashMap::default();
    for budget in snapshot.budgets.all() {
        by_namespace.entry(&budget.metadata.namespace).or_default().push(budget);
    }
    let mut crowded: Vec<_> = by_namespace.into_iter().filter(|(_, budgets)| budgets.len() > 1).collect();
    crowded.sort_by_key(|(namespace, _)| *namespace);
    for (namespace, budgets) in crowded {
        let pods = snapshot.pods.in_namespace(namespace).iter();
        for pod in pods.filter(|p| p.is_scheduled() && !p.is_finished() && !p.metadata.is_deleting()) {
            let over: Vec<&&DisruptionBudget> = budgets.iter().filter(|b| selected(b, pod)).collect();
            if let [first, second, ..] = over.as_slice()
                && let Some(found) = report(snapshot, pod, first, second)
            {
                sink.add(found);
            }
        }
    }
}

fn report(
    snapshot: &Snapshot,
    pod: &Pod,
    first: &DisruptionBudget,
    second: &DisruptionBudget,
) -> Option<Finding> {
    let subject = pod.metadata.subject(Kind::Pod);
    let node = snapshot.nodes.get("", &pod.spec.node_name).filter(|n| n.spec.unschedulable);
    let refused = refusal(snapshot, &subject, &pod.spec.node_name);
    if node.is_none() && refused.is_none() {
        return None;
    }
    let (one, two) = (&first.metadata.name, &second.metadata.name);
    let owner = snapshot.top_owner(&subject);
    let mut found = Finding::new("pdb.overlap", owner)
        .since(refused.and_then(|e| e.first))
        .param("budgets", format!("{one}, {two}"))
        .param("drained", &pod.spec.node_name)
        .naming(first.metadata.subject(Kind::PodDisruptionBudget))
        .naming(second.metadata.subject(Kind::PodDisruptionBudget));
    for budget in [first, second] {
        let reference =
            format!("poddisruptionbudgets/{}/{}", budget.metadata.namespace, budget.metadata.name);
        let text = format!("selects {} of {}", pod.metadata.name, budget.spec.selector.match_labels);
        found = found.cite(Source::Field, None, reference, text);
    }
    if let Some(node) = node {
        let text = format!("on {}, which is cordoned", node.metadata.name);
        found = found.naming(Subject::node(&node.metadata.name)).cite(
            Source::Field,
            None,
            format!("pods/{subject}"),
            text,
        );
    }
    if let Some(e) = refused {
        found = found.cite(Source::Event, e.last, e.reference(), format!("{} {}", e.reason, e.message));
    }
    found.members.push(subject);
    Some(found)
}

/// What drained the pod's node, or would evict the pod, and was refused lately.
fn refusal<'a>(snapshot: &'a Snapshot, pod: &Subject, node: &str) -> Option<&'a Event> {
    let node = Subject::node(node);
    let about = snapshot.events_about(pod).chain(snapshot.events_about(&node));
    about.filter(|e| is_recent(snapshot, e.last)).find(|e| e.message.contains(REFUSED))
}
