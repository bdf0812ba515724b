//! Whether sandbox trouble that a log tells of is over, and which nodes' pods are cut off.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Signals on a node that mean nothing once each of its pods has a sandbox.
const ON_NODE: [&str; 8] = [
    "log.cni-no-addresses",
    "log.cni-plugin-missing",
    "event.cni-plugin-missing",
    "event.cni-agent-unreachable",
    "event.cni-agent-unauthorized",
    "log.sandbox-image-unavailable",
    "kubelet.sandbox-deadline",
    "event.cni-no-addresses",
];

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    for finding in findings.of("log.sandbox-failed").chain(findings.of("event.sandbox-failed")) {
        if let Some(pod) = snapshot.pod(&finding.subject).filter(|p| has_sandbox(p)) {
            let at = pod.condition("Ready").and_then(|c| c.last_transition_time);
            let text = format!("phase {}, address {}", pod.status.phase, pod.status.pod_ip);
            let subject = finding.subject.object();
            sink.add(Finding::new("sandbox.pod-runs-since", subject.clone()).cite(
                Source::Field,
                at,
                format!("pods/{subject}"),
                text,
            ));
        }
    }
    if snapshot.has(&Kind::Pod) {
        let nodes: BTreeSet<Subject> =
            ON_NODE.iter().flat_map(|id| findings.of(id)).map(|f| f.subject.clone()).collect();
        for node in nodes.into_iter().filter(|n| n.kind == Kind::Node) {
            let mut pods = snapshot
                .pods_on(&node.name)
                .filter(|p| !p.is_finished() && !p.metadata.is_deleting())
                .peekable();
            if pods.peek().is_some() && pods.all(has_sandbox) {
                let at = format!("pods on {}", node.name);
                sink.add(Finding::new("node.no-pod-waits-for-sandbox", node.clone()).cite(
                    Source::Field,
                    None,
                    at,
                    "every pod has an address",
                ));
            }
        }
    }
    cut_off(snapshot, findings, sink);
}

fn has_sandbox(pod: &Pod) -> bool {
    pod.is_finished() || !pod.status.pod_ip.is_empty() || pod.is_ready()
}

fn cut_off(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let mut by_node: BTreeMap<Subject, (BTreeSet<Subject>, Vec<&Finding>)> = BTreeMap::new();
    for finding in findings.of("container.in-cluster-timeout").filter(|f| f.span.ongoing) {
        if let Some(node) = snapshot.node_of(&finding.subject) {
            let entry = by_node.entry(node).or_default();
            entry.0.insert(snapshot.top_owner(&finding.subject.object()));
            entry.1.push(finding);
        }
    }
    let busy =
        snapshot.nodes.all().iter().filter(|n| snapshot.pods_on(&n.metadata.name).next().is_some()).count();
    if by_node.len() != 1 || busy < 2 {
        return;
    }
    for (node, (owners, seen)) in by_node {
        let ready = snapshot.nodes.get("", &node.name).is_some_and(kubecause_evidence::kube::Node::is_ready);
        if owners.len() < 2 || !ready {
            continue;
        }
        let mut finding = Finding::new("shared.node-pods-cut-off", node).param("workloads", owners.len());
        for f in seen.iter().take(3) {
            finding.evidence.extend(f.evidence.first().cloned());
            finding.names.push(f.subject.object());
            finding.span = f.span;
        }
        let target = seen.iter().find_map(|f| f.params.get("target"));
        sink.add(finding.param("target", target.map_or("", String::as_str)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

    fn see(ip: &str) -> Vec<&'static str> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:02:53Z".parse().ok());
        b.access(Kind::Pod, Access::Listed);
        let json = format!(
            r#"{{"metadata":{{"name":"cart","namespace":"shop"}},"spec":{{"nodeName":"a"}},"status":{{"phase":"Pending","podIP":"{ip}"}}}}"#
        );
        if let Ok(pod) = Ingest::parse("Pod", &json) {
            b.push(pod);
        }
        let line = "E1122 18:01:48.929039 1 kuberuntime_sandbox.go:70] \"Failed to create sandbox for pod\" err=\"no IP addresses available in range set: 10.244.9.1-10.244.9.6\" pod=\"shop/cart\"";
        b.node("a").read("nodes/a/kubelet.log", "kubelet.log", line);
        let snapshot = b.finish();
        let found = super::super::tests::observe(&snapshot);
        let wanted = [
            "log.cni-no-addresses",
            "log.sandbox-failed",
            "node.no-pod-waits-for-sandbox",
            "sandbox.pod-runs-since",
        ];
        found.all().iter().map(|f| f.signal).filter(|s| wanted.contains(s)).collect()
    }

    #[test]
    fn what_is_over_is_said_to_be_over() {
        assert_eq!(see(""), ["log.cni-no-addresses", "log.sandbox-failed"]);
        assert_eq!(see("10.244.9.2").len(), 4);
    }
}
