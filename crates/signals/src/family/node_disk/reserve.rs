//! What a node keeps back from pods, and whether its clock is right.

use super::records::Record;
use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::{Node, Pod};
use kubecause_evidence::{Kind, Snapshot, Str, Subject, quantity};
use kubecause_model::Source;

/// From this share of the capacity on a reservation is worth a word.
const LARGE_SHARE: f64 = 0.15;

/// `node.reservation-large`, and what shows that it grew: running pods ask for more than is allocatable, or the kubelet
/// refused pods that the scheduler had placed.
pub(super) fn reservation(snapshot: &Snapshot, node: &Node, records: &[&Record], sink: &mut Sink) {
    let name = node.metadata.name.arc();
    let subject = Subject::node(name.clone());
    let mut large = Finding::new("node.reservation-large", subject.clone());
    let mut is_large = false;
    for resource in ["memory", "cpu"] {
        let (Some(capacity), Some(left)) =
            (node.status.capacity.value(resource), node.status.allocatable.value(resource))
        else {
            continue;
        };
        let show = |v: f64| if resource == "memory" { quantity::bytes(v) } else { format!("{v:.2}") };
        if capacity > 0.0 && (capacity - left) / capacity >= LARGE_SHARE {
            is_large = true;
            large = large
                .param("resource", resource)
                .param("reserved", show(capacity - left))
                .param("capacity", show(capacity))
                .param("allocatable", show(left))
                .cite(
                    Source::Field,
                    None,
                    format!("nodes/{name} status"),
                    format!("{resource}: capacity {}, allocatable {}", show(capacity), show(left)),
                );
        }
    }
    if !is_large {
        return;
    }
    for resource in ["memory", "cpu"] {
        if let Some(left) = node.status.allocatable.value(resource) {
            exceeded(snapshot, &name, resource, left, sink);
        }
    }
    sink.add(large.param("kubelet", &node.status.node_info.kubelet_version));
    let refused: Vec<&&Record> =
        records.iter().filter(|r| r.reason == "OutOfmemory" || r.reason == "OutOfcpu").collect();
    if let Some(last) = refused.last() {
        let mut finding = Finding::new("node.placed-pods-refused", subject).param("pods", refused.len());
        finding.evidence.push(last.citation.clone());
        finding.names.extend(refused.iter().map(|r| r.owner.clone()));
        sink.add(finding);
    }
}

/// `node.requests-exceed-allocatable`: the scheduler never places so much, thus there was more when it did.
fn exceeded(snapshot: &Snapshot, name: &Str, resource: &str, allocatable: f64, sink: &mut Sink) {
    let pods = || snapshot.pods_on(name).filter(|p| !p.is_finished());
    if pods().any(|p| p.condition("PodResizePending").is_some()) {
        return;
    }
    let asked: f64 = pods().map(|p| request(p, resource)).sum();
    if asked > allocatable * 1.01 {
        let show = |v: f64| if resource == "memory" { quantity::bytes(v) } else { format!("{v:.2}") };
        let text =
            format!("{resource}: running pods ask for {}, allocatable is {}", show(asked), show(allocatable));
        let finding = Finding::new("node.requests-exceed-allocatable", Subject::node(name.clone()));
        sink.add(finding.param("asked", show(asked)).cite(
            Source::Field,
            None,
            format!("nodes/{name} status"),
            text,
        ));
    }
}

/// What the main containers and the sidecars of a pod ask for.
fn request(pod: &Pod, resource: &str) -> f64 {
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    pod.spec.containers.iter().chain(sidecars).filter_map(|c| c.resources.requests.value(resource)).sum()
}

/// A clock that is off by less than this many seconds is not worth a word.
const SKEW_SECONDS: i64 = 60;

/// `node.clock-ahead`: the node's lease and its heartbeat both lie in the future, and not those of every node: then it
/// would be the observer's clock.
pub(super) fn clocks(snapshot: &Snapshot, sink: &mut Sink) {
    let Some(now) = snapshot.taken_at else { return };
    let mut ahead: Vec<(Str, i64, Timestamp)> = Vec::new();
    let (mut seen, mut right) = (0_usize, 0_usize);
    for node in snapshot.nodes.all() {
        let name = node.metadata.name.arc();
        let beat = node.status.conditions.iter().filter_map(|c| c.last_heartbeat_time).max();
        let lease = snapshot.leases.get("kube-node-lease", &name).and_then(|l| l.spec.renew_time);
        let (Some(beat), Some(lease)) = (beat, lease) else { continue };
        seen += 1;
        let off = |t: Timestamp| t.as_second() - now.as_second();
        if off(beat) > SKEW_SECONDS && off(lease) > SKEW_SECONDS {
            ahead.push((name, off(lease), lease));
        } else {
            right += 1;
        }
    }
    if ahead.is_empty() || right == 0 || seen < 2 || !snapshot.has(&Kind::Node) {
        return;
    }
    for (name, seconds, lease) in ahead {
        sink.add(
            Finding::new("node.clock-ahead", Subject::node(name.clone()))
                .param("seconds", seconds)
                .cite(
                    Source::Field,
                    None,
                    format!("leases/kube-node-lease/{name}"),
                    format!("renewTime {lease}"),
                )
                .cite(
                    Source::Field,
                    None,
                    format!("nodes/{name}"),
                    format!("heartbeats lie {seconds} s after {now}"),
                ),
        );
    }
}
