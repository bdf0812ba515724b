//! A workload that brings down each node it comes to.

use crate::finding::{Finding, Findings, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};
use std::collections::{BTreeMap, BTreeSet};

/// How long before a node's failure the workload must have come.
const BEFORE_SECONDS: i64 = 1800;
/// A workload that has run so long on a node that is well does not bring nodes down.
const PROVEN_SECONDS: i64 = 3600;

type Arrival = (Subject, Timestamp);

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let failed: BTreeMap<Subject, Timestamp> = findings
        .of("node.ready-false")
        .chain(findings.of("node.ready-unknown"))
        .filter_map(|f| Some((f.subject.clone(), f.span.first?)))
        .collect();
    if failed.len() < 2 || 2 * failed.len() > snapshot.nodes.all().len() + 2 {
        return;
    }
    let arrivals = arrivals(snapshot, &failed);
    let harmless = proven_harmless(snapshot, &failed);
    let mut suspects =
        arrivals.iter().filter(|(owner, nodes)| !harmless.contains(owner) && follows(nodes, &failed));
    // Several candidates mean a mass start or an eviction: no single one can be named.
    if let (Some((owner, nodes)), None) = (suspects.next(), suspects.next()) {
        sink.add(finding(owner, nodes, &failed));
    }
}

/// For each workload that is no DaemonSet: when it came to which failed node, at most [`BEFORE_SECONDS`] before the
/// node failed. Events tell of pods that are gone.
fn arrivals(
    snapshot: &Snapshot,
    failed: &BTreeMap<Subject, Timestamp>,
) -> BTreeMap<Subject, BTreeMap<Subject, Timestamp>> {
    let mut found: BTreeMap<Subject, BTreeMap<Subject, Timestamp>> = BTreeMap::new();
    let mut came = |owner: Subject, (node, at): Arrival| {
        let before = failed.get(&node).map(|f| f.as_second() - at.as_second());
        if owner.kind != Kind::DaemonSet && before.is_some_and(|s| (1..=BEFORE_SECONDS).contains(&s)) {
            let first = found.entry(owner).or_default().entry(node).or_insert(at);
            *first = (*first).min(at);
        }
    };
    let names: BTreeSet<&str> = failed.keys().map(|node| &*node.name).collect();
    let came_to = |p: &&Pod| names.contains(&*p.spec.node_name) && p.is_scheduled() && !p.is_static();
    for pod in snapshot.pods.all().iter().filter(came_to) {
        // A table tells a pod's age and not when the kubelet first saw it.
        if let Some(at) = pod.status.start_time.or(pod.metadata.creation_timestamp) {
            let owner = snapshot.top_owner(&pod.metadata.subject(Kind::Pod));
            came(owner, (Subject::node(&pod.spec.node_name), at));
        }
    }
    for event in snapshot.events.iter().filter(|e| e.reason == "Scheduled" && e.regarding.kind == "Pod") {
        let node = event.message.rsplit(' ').next().unwrap_or_default();
        if let Some(at) = event.last.filter(|_| names.contains(node)) {
            came(owner_by_name(snapshot, &event.regarding.subject()), (Subject::node(node), at));
        }
    }
    found
}

/// The workload of a pod that may be gone: by its name where the pod is not in the evidence.
fn owner_by_name(snapshot: &Snapshot, pod: &Subject) -> Subject {
    if snapshot.pod(pod).is_some() {
        return snapshot.top_owner(pod);
    }
    let set = pod.name.rsplit_once('-').map(|(set, _)| set).unwrap_or(&pod.name);
    for kind in [Kind::ReplicaSet, Kind::StatefulSet, Kind::Job] {
        let subject = Subject::new(kind, pod.ns(), set);
        if snapshot.workload(&subject).is_some() {
            return snapshot.top_owner(&subject);
        }
    }
    pod.clone()
}

fn proven_harmless(snapshot: &Snapshot, failed: &BTreeMap<Subject, Timestamp>) -> BTreeSet<Subject> {
    let well = |node: &str| {
        let subject = Subject::node(node);
        !failed.contains_key(&subject)
            && snapshot.nodes.get("", node).is_some_and(kubecause_evidence::kube::Node::is_ready)
    };
    let long = |at| snapshot.age(at).is_some_and(|age| age > PROVEN_SECONDS);
    let pods = snapshot.pods.all().iter().filter(|p| well(&p.spec.node_name) && long(p.status.start_time));
    pods.map(|p| snapshot.top_owner(&p.metadata.subject(Kind::Pod))).collect()
}

/// Two nodes or more, and each later one failed only after the workload had come there.
fn follows(nodes: &BTreeMap<Subject, Timestamp>, failed: &BTreeMap<Subject, Timestamp>) -> bool {
    let mut pairs: Vec<_> = nodes.iter().filter_map(|(n, came)| Some((*failed.get(n)?, *came))).collect();
    pairs.sort();
    let distinct =
        pairs.windows(2).all(|w| matches!(w, [(a, _), (b, _)] if b.as_second() - a.as_second() >= 60));
    pairs.len() >= 2 && distinct
}

fn finding(
    owner: &Subject,
    nodes: &BTreeMap<Subject, Timestamp>,
    failed: &BTreeMap<Subject, Timestamp>,
) -> Finding {
    let first = nodes.values().min().copied();
    let mut finding = Finding::new("shared.workload-precedes-failures", owner.clone())
        .span(Span { first, last: None, ongoing: true })
        .param("nodes", nodes.len());
    for (node, came) in nodes {
        let text = format!(
            "came at {came}, the node failed at {}",
            failed.get(node).map(ToString::to_string).unwrap_or_default()
        );
        finding = finding
            .cite(Source::Field, Some(*came), format!("nodes/{}", node.name), text)
            .naming(node.clone());
        finding.members.push(node.clone());
    }
    finding
}

#[cfg(test)]
mod tests {
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(pods: &[(&str, &str, &str)]) -> Vec<String> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:00:00Z".parse().ok());
        for (name, status, since) in
            [("a", "False", "17:00"), ("b", "False", "17:20"), ("c", "True", "09:00"), ("d", "True", "09:00")]
        {
            let json = format!(
                r#"{{"metadata":{{"name":"{name}"}},"status":{{"conditions":[{{"type":"Ready","status":"{status}","lastTransitionTime":"2026-11-22T{since}:00Z"}}]}}}}"#
            );
            if let Ok(node) = Ingest::parse("Node", &json) {
                b.push(node);
            }
        }
        for (i, (set, node, start)) in pods.iter().enumerate() {
            let json = format!(
                r#"{{"metadata":{{"name":"{set}-{i}","namespace":"s","ownerReferences":[{{"kind":"StatefulSet","name":"{set}","controller":true}}]}},
                "spec":{{"nodeName":"{node}"}},"status":{{"phase":"Running","startTime":"2026-11-22T{start}:00Z"}}}}"#
            );
            if let Ok(pod) = Ingest::parse("Pod", &json) {
                b.push(pod);
            }
        }
        let snapshot = b.finish();
        let found = super::super::tests::observe(&snapshot);
        found.of("shared.workload-precedes-failures").map(|f| f.subject.name.to_string()).collect()
    }

    #[test]
    fn one_workload_before_each_failure() {
        assert_eq!(see(&[("bad", "a", "16:50"), ("bad", "b", "17:10"), ("web", "a", "09:00")]), ["bad"]);
    }

    #[test]
    fn neither_a_proven_one_nor_one_of_many() {
        let proven = [("bad", "a", "16:50"), ("bad", "b", "17:10"), ("bad", "c", "10:00")];
        assert!(see(&proven).is_empty());
        let many = [("x", "a", "16:50"), ("x", "b", "17:10"), ("y", "a", "16:50"), ("y", "b", "17:10")];
        assert!(see(&many).is_empty());
        assert!(see(&[("bad", "a", "16:50"), ("bad", "b", "17:30")]).is_empty());
    }
}
