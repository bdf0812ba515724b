//! Pods that had to give way to others of higher priority.

use super::super::makers;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use kubecause_evidence::kube::{Event, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject, Uid};
use kubecause_model::{Source, Span};
use rustc_hash::FxHashMap;

/// A preemption counts only while the workload that lost the pod lacks replicas.
pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let events: Vec<&Event> = snapshot.events.iter().filter(|e| e.reason == "Preempted").collect();
    let pods = || snapshot.pods.all().iter().filter(|p| !p.metadata.uid.is_none());
    let by_uid: FxHashMap<Uid, &Pod> =
        if events.is_empty() { FxHashMap::default() } else { pods().map(|p| (p.metadata.uid, p)).collect() };
    for event in events {
        by_event(snapshot, &by_uid, event, sink);
    }
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() || p.is_finished()) {
        let Some(c) =
            pod.condition("DisruptionTarget").filter(|c| c.is_true() && c.reason == "PreemptionByScheduler")
        else {
            continue;
        };
        let subject = pod.metadata.subject(Kind::Pod);
        let owner = snapshot.top_owner(&subject);
        let span = Span {
            first: c.last_transition_time,
            last: c.last_transition_time,
            ongoing: lacks(snapshot, &owner),
        };
        let text = format!("DisruptionTarget {}: {}", c.reason, c.message);
        let found = Finding::new("sched.preempted", owner).span(span);
        sink.add(found.param("pod", &subject.name).cite(
            Source::Condition,
            span.first,
            format!("pods/{subject}"),
            text,
        ));
    }
}

fn by_event(snapshot: &Snapshot, by_uid: &FxHashMap<Uid, &Pod>, event: &Event, sink: &mut Sink) {
    let subject = event.regarding.subject().object();
    // The pod is gone by now; its name still tells who made it.
    let owner = makers::of_pod(snapshot, &subject);
    let ongoing = is_recent(snapshot, event.last) && lacks(snapshot, &owner);
    let span = Span { first: event.first, last: event.last, ongoing };
    let mut found = Finding::new("sched.preempted", owner).span(span).param("pod", &subject.name);
    let (by, node) = victor(&event.message);
    found = found.param("by", by).param("node", node);
    if let Some(winner) = pod_named(snapshot, by_uid, by) {
        found = found.naming(winner.metadata.subject(Kind::Pod));
        found = found.param("priority", winner.spec.priority.map(|p| p.to_string()).unwrap_or_default());
        found = found.param("by", winner.metadata.subject(Kind::Pod));
        found = found.param("priority_class", &winner.spec.priority_class_name);
    }
    sink.add(found.cite(
        Source::Event,
        event.last,
        event.reference(),
        format!("Preempted {}", event.message),
    ));
}

fn lacks(snapshot: &Snapshot, owner: &Subject) -> bool {
    snapshot.workload(owner).is_some_and(|w| w.available() < w.wanted())
}

/// `Preempted by shop/batch-1 on node worker-1`; since 1.28 `Preempted by pod <uid> on node worker-1`.
/// Source: kubernetes pkg/scheduler/framework/preemption.
fn victor(message: &str) -> (&str, &str) {
    let rest = message.split_once("by ").map_or("", |(_, rest)| rest);
    let (by, node) = rest.split_once(" on node ").unwrap_or((rest, ""));
    (by.trim().strip_prefix("pod ").unwrap_or(by.trim()), node.trim().trim_end_matches('.'))
}

fn pod_named<'a>(snapshot: &'a Snapshot, by_uid: &FxHashMap<Uid, &'a Pod>, by: &str) -> Option<&'a Pod> {
    match by.split_once('/') {
        Some((ns, name)) => snapshot.pods.get(ns, name),
        None => by_uid.get(&Uid::parse(by)).copied(),
    }
}
