//! Sandboxes of many workloads' pods that end on one node: something on the node ends them.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Snapshot, Subject};
use kubecause_model::Span;
use std::collections::{BTreeMap, BTreeSet};

/// So close together sandboxes end when they are ended by the same thing.
const TOGETHER_SECONDS: i64 = 600;
/// A pod with one of these has a reason of its own for another sandbox: each one fails, or its cgroup was killed for memory
/// or by its own end.
const OWN: [&str; 4] =
    ["event.sandbox-failed", "log.sandbox-failed", "container.oom-killed", "container.app-exit"];

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let own: BTreeSet<Subject> = OWN
        .iter()
        .flat_map(|id| findings.of(id))
        .filter(|f| f.span.ongoing)
        .map(|f| f.subject.object())
        .collect();
    let mut by_node: BTreeMap<Subject, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.of("event.sandbox-changed").filter(|f| f.span.ongoing) {
        if let Some(node) = snapshot.node_of(&finding.subject) {
            by_node.entry(node).or_default().push(finding);
        }
    }
    // Where others have the same trouble, it is not this node's.
    let others = snapshot.nodes.all().iter().any(|n| {
        !by_node.contains_key(&Subject::node(n.metadata.name.clone()))
            && n.is_ready()
            && snapshot.pods_on(&n.metadata.name).next().is_some()
    });
    if by_node.len() != 1 || !others {
        return;
    }
    for (node, mut seen) in by_node {
        seen.retain(|f| !own.contains(&f.subject.object()));
        sink_one(snapshot, node, &together(seen), sink);
    }
}

/// Those that were last seen shortly before the last.
fn together(seen: Vec<&Finding>) -> Vec<&Finding> {
    let last = seen.iter().filter_map(|f| f.span.last).max();
    let near = |f: &&Finding| match (f.span.last, last) {
        (Some(at), Some(last)) => last.as_second() - at.as_second() <= TOGETHER_SECONDS,
        _ => false,
    };
    seen.into_iter().filter(near).collect()
}

fn sink_one(snapshot: &Snapshot, node: Subject, seen: &[&Finding], sink: &mut Sink) {
    let owners: BTreeSet<Subject> = seen.iter().map(|f| snapshot.top_owner(&f.subject.object())).collect();
    if owners.len() < 2 {
        return;
    }
    let span = seen.iter().fold(Span::default(), |span, f| span.join(f.span));
    let mut finding = Finding::new("shared.node-sandboxes-end", node)
        .span(span)
        .param("workloads", owners.len())
        .param("pods", seen.len());
    for f in seen {
        if finding.evidence.len() < 4 {
            finding.evidence.extend(f.evidence.last().cloned());
        }
        finding.names.push(f.subject.object());
        finding.members.push(f.subject.object());
    }
    sink.add(finding);
}

#[cfg(test)]
mod tests {
    use kubecause_evidence::{Access, Ingest, Kind, SnapshotBuilder};

    /// Pods called after their workload, the node they are on, and whether their sandbox changes.
    fn see(pods: &[(&str, &str, bool)]) -> Vec<String> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:00:00Z".parse().ok());
        for kind in [Kind::Node, Kind::Pod, Kind::Event] {
            b.access(kind, Access::Listed);
        }
        let mut objects = vec![];
        for node in ["a", "b"] {
            objects.push(("Node", format!(r#"{{"metadata":{{"name":"{node}"}},"status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#)));
        }
        for (i, (app, node, changes)) in pods.iter().enumerate() {
            objects.push(("Pod", format!(
                r#"{{"metadata":{{"name":"{app}-{i}","namespace":"shop","ownerReferences":[{{"kind":"ReplicaSet","name":"{app}-5d8f9","controller":true}}]}},
                "spec":{{"nodeName":"{node}"}},"status":{{"phase":"Pending"}}}}"#
            )));
            if *changes {
                objects.push(("Event", format!(
                    r#"{{"metadata":{{"name":"e{i}","namespace":"shop"}},"reason":"SandboxChanged","message":"Pod sandbox changed, it will be killed and re-created.",
                    "involvedObject":{{"kind":"Pod","namespace":"shop","name":"{app}-{i}"}},"count":3,"firstTimestamp":"2026-11-22T17:55:00Z","lastTimestamp":"2026-11-22T17:59:00Z"}}"#
                )));
            }
        }
        for (kind, json) in objects {
            if let Ok(object) = Ingest::parse(kind, &json) {
                b.push(object);
            }
        }
        let snapshot = b.finish();
        let found = super::super::tests::observe(&snapshot);
        found.of("shared.node-sandboxes-end").map(|f| f.subject.name.to_string()).collect()
    }

    #[test]
    fn several_workloads_on_one_node_and_on_no_other() {
        let quiet = ("db", "b", false);
        assert_eq!(see(&[("cart", "a", true), ("web", "a", true), quiet]), ["a"]);
        assert!(see(&[("cart", "a", true), ("cart", "a", true), quiet]).is_empty(), "one workload");
        assert!(see(&[("cart", "a", true), ("web", "a", true), ("db", "b", true)]).is_empty(), "two nodes");
        assert!(see(&[("cart", "a", true), ("web", "a", true)]).is_empty(), "nothing to compare with");
    }
}
