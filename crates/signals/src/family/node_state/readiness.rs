//! The Ready condition, what its message says, the lease and the taints that speak of the machine.

use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::{Condition, Node};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};
use std::collections::BTreeMap;

/// A node that joined less than this many seconds ago is still starting.
const JOINING_SECONDS: i64 = 120;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let flaps = not_ready_events(snapshot);
    for node in snapshot.nodes.all() {
        let subject = node.metadata.subject(Kind::Node);
        taints(node, &subject, sink);
        let Some(ready) = node.condition("Ready") else { continue };
        match ready.status.as_str() {
            "Unknown" => sink.add(condition("node.ready-unknown", &subject, ready)),
            // The row of a table says NotReady of both: a kubelet that does not answer has not said so.
            "False" if ready.reason.is_empty() && is_silent(snapshot, &subject) => {
                sink.add(condition("node.ready-unknown", &subject, ready));
            }
            "False" if !is_joining(snapshot, node) => not_ready(ready, &subject, sink),
            "True" => {
                // The row of a table has no times: it says that the node was Ready when it was printed.
                let shown = node.metadata.is_partial && ready.last_heartbeat_time.is_none();
                if shown || reports(snapshot, ready, &subject) {
                    sink.add(condition("node.reports-ready", &subject, ready));
                }
                if let Some(seen) = flaps.get(&subject).filter(|seen| seen.count >= 3) {
                    sink.add(flapping(&subject, seen));
                }
            }
            _ => {}
        }
    }
    leases(snapshot, sink);
}

fn is_silent(snapshot: &Snapshot, node: &Subject) -> bool {
    let facts = snapshot.node_facts.get(node.name.as_ref());
    facts.and_then(|f| f.healthz.as_deref()).is_some_and(|answer| answer.contains("connection refused"))
}

fn is_joining(snapshot: &Snapshot, node: &Node) -> bool {
    snapshot.age(node.metadata.creation_timestamp).is_some_and(|age| age < JOINING_SECONDS)
}

/// Whether kubelet was heard within the last minute: by its lease, or by the condition itself where that is fresher.
fn reports(snapshot: &Snapshot, ready: &Condition, subject: &Subject) -> bool {
    let lease = snapshot.leases.get("kube-node-lease", &subject.name).and_then(|l| l.spec.renew_time);
    // A kubelet whose state does not change posts its status every five minutes, and renews its lease every ten seconds.
    let limit = if lease.is_some() { 60 } else { 360 };
    snapshot.age(lease.max(ready.last_heartbeat_time)).is_some_and(|age| age <= limit)
}

fn condition(id: &'static str, subject: &Subject, c: &Condition) -> Finding {
    let text = format!("{}={} {}: {}", c.kind, c.status, c.reason, c.message);
    Finding::new(id, subject.clone())
        .since(c.last_transition_time)
        .cite(Source::Condition, c.last_transition_time, format!("nodes/{}", subject.name), text)
        .param("reason", &c.reason)
}

fn not_ready(ready: &Condition, subject: &Subject, sink: &mut Sink) {
    let said = &*ready.message;
    let found = |id| condition(id, subject, ready);
    sink.add(found("node.ready-false").param("message", said));
    if said.contains("container runtime is down") {
        sink.add(found("node.runtime-reported-down"));
    }
    if let Some((_, rest)) = said.split_once("pleg was last seen active ") {
        let active = rest.split_whitespace().next().unwrap_or_default();
        sink.add(found("node.pleg-reported").param("active", active));
    }
    const NO_NETWORK: [&str; 4] = [
        "cni plugin not initialized",
        "cni config uninitialized",
        "NetworkReady=false",
        "No CNI configuration file",
    ];
    if let Some(problem) = NO_NETWORK.iter().find(|words| said.contains(**words)) {
        sink.add(found("node.network-reported-not-ready").param("problem", problem));
    }
    if said.contains("node is shutting down") {
        sink.add(found("node.shutting-down"));
    }
}

fn taints(node: &Node, subject: &Subject, sink: &mut Sink) {
    const OFF: [&str; 2] = ["node.cloudprovider.kubernetes.io/shutdown", "node.kubernetes.io/out-of-service"];
    for taint in node.spec.taints.iter().filter(|t| OFF.contains(&t.key.as_str())) {
        sink.add(
            Finding::new("node.shutdown-taint", subject.clone())
                .since(taint.time_added)
                .cite(
                    Source::Field,
                    taint.time_added,
                    format!("nodes/{}", subject.name),
                    format!("spec.taints: {}", taint.key),
                )
                .param("taint", &taint.key),
        );
    }
}

/// How often a node was reported not ready within the last hour.
#[derive(Default)]
struct Flaps {
    count: u32,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    reference: String,
}

fn not_ready_events(snapshot: &Snapshot) -> BTreeMap<Subject, Flaps> {
    let mut seen: BTreeMap<Subject, Flaps> = BTreeMap::new();
    let recent = |at| snapshot.age(at).is_some_and(|age| age <= 3600);
    for event in snapshot
        .events
        .iter()
        .filter(|e| e.reason == "NodeNotReady" && e.regarding.kind == "Node" && recent(e.last))
    {
        let flaps = seen.entry(event.regarding.subject()).or_default();
        // Kubelet and the node controller both report it; the larger count is the number of times.
        flaps.count =
            flaps.count.max(event.count).max(if event.last > flaps.last { flaps.count + 1 } else { 0 });
        flaps.first = flaps.first.or(event.first);
        flaps.last = flaps.last.max(event.last);
        flaps.reference = event.reference();
    }
    seen
}

fn flapping(subject: &Subject, seen: &Flaps) -> Finding {
    let text = format!("NodeNotReady {} times within the hour", seen.count);
    Finding::new("node.flapping", subject.clone())
        .span(Span { first: seen.first, last: seen.last, ongoing: true })
        .cite(Source::Event, seen.last, &seen.reference, text)
        .param("times", seen.count)
}

fn leases(snapshot: &Snapshot, sink: &mut Sink) {
    let of_nodes = snapshot.leases.in_namespace("kube-node-lease");
    let Some(newest) = of_nodes.iter().filter_map(|l| l.spec.renew_time).max() else { return };
    // The lease of a node that was removed stays until the garbage collector comes by.
    let exists = |name: &str| !snapshot.has(&Kind::Node) || snapshot.nodes.get("", name).is_some();
    for lease in of_nodes.iter().filter(|l| exists(&l.metadata.name)) {
        let Some(renewed) = lease.spec.renew_time else { continue };
        let behind = newest.as_second() - renewed.as_second();
        let age = snapshot.age(Some(renewed)).unwrap_or(behind);
        let limit = 2 * lease.spec.lease_duration_seconds.unwrap_or(40);
        // With a single node there is nobody to compare with; the capture's own time decides.
        if age > limit && (behind > limit || of_nodes.len() == 1) {
            sink.add(
                Finding::new("node.lease-stale", Subject::node(&lease.metadata.name))
                    .since(Some(renewed))
                    .cite(
                        Source::Field,
                        Some(renewed),
                        format!("leases/kube-node-lease/{}", lease.metadata.name),
                        format!("spec.renewTime: {renewed} (+{age} s)"),
                    )
                    .param("seconds", age),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

    fn see(nodes: &[&str], leases: &[&str]) -> Vec<(&'static str, String)> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:00:00Z".parse().ok());
        b.access(Kind::Node, Access::Listed);
        for (kind, list) in [("Node", nodes), ("Lease", leases)] {
            for json in list {
                if let Ok(object) = Ingest::parse(kind, json) {
                    b.push(object);
                }
            }
        }
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| (f.signal, f.subject.name.to_string())).collect()
    }

    fn node(status: &str, message: &str, created: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"a","creationTimestamp":"{created}"}},"status":{{"conditions":[
            {{"type":"Ready","status":"{status}","reason":"r","message":"{message}","lastTransitionTime":"2026-11-22T17:50:00Z"}}]}}}}"#
        )
    }

    #[test]
    fn the_message_says_what_kubelet_misses() {
        let old = "2026-11-01T00:00:00Z";
        let down = node(
            "False",
            "[container runtime is down, PLEG is not healthy: pleg was last seen active 4m8s ago; threshold is 3m0s]",
            old,
        );
        let ids: Vec<_> = see(&[&down], &[]).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["node.pleg-reported", "node.ready-false", "node.runtime-reported-down"]);
        let starting = node("False", "PLEG is not healthy: pleg has yet to be successful", old);
        assert_eq!(see(&[&starting], &[]).len(), 1);
    }

    #[test]
    fn a_node_that_joins_is_not_a_fault() {
        let text = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized";
        assert!(see(&[&node("False", text, "2026-11-22T17:59:00Z")], &[]).is_empty());
        assert_eq!(see(&[&node("False", text, "2026-11-22T17:00:00Z")], &[]).len(), 2);
        assert!(
            see(&[&node("True", "kubelet is posting ready status", "2026-11-22T17:00:00Z")], &[]).is_empty()
        );
    }

    #[test]
    fn a_lease_is_stale_only_beside_fresh_ones() {
        let lease = |name: &str, at: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"kube-node-lease"}},"spec":{{"leaseDurationSeconds":40,"renewTime":"{at}"}}}}"#
            )
        };
        let (fresh, stale) = (lease("a", "2026-11-22T17:59:55.5Z"), lease("b", "2026-11-22T17:40:00Z"));
        let nodes =
            [r#"{"metadata":{"name":"a"}}"#, r#"{"metadata":{"name":"b"}}"#, r#"{"metadata":{"name":"c"}}"#];
        assert_eq!(see(&nodes, &[&fresh, &stale]), [("node.lease-stale", "b".to_owned())]);
        assert!(see(&nodes, &[&stale, &lease("c", "2026-11-22T17:40:05Z")]).is_empty());
        assert!(see(&[r#"{"metadata":{"name":"a"}}"#], &[&fresh, &stale]).is_empty(), "its node was removed");
    }
}
