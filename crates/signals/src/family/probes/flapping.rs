//! Replicas that swing between Ready and not, long after they started.

use super::outcome::{self, Which};
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Event, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use std::collections::BTreeMap;

/// A container that runs for so many seconds is past its start.
const PAST_START: i64 = 600;

struct Swing<'a> {
    pod: &'a Pod,
    event: &'a Event,
    ready: bool,
}

/// Finds workloads whose replicas swing: at least one that is Ready again, and at least two in all, or the only one.
pub fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let mut by_workload: BTreeMap<Subject, Vec<Swing<'_>>> = BTreeMap::new();
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        if let Some(swing) = swings(snapshot, pod) {
            let workload = snapshot.top_owner(&pod.metadata.subject(Kind::Pod)).object();
            by_workload.entry(workload).or_default().push(swing);
        }
    }
    for (workload, swings) in by_workload {
        let wanted = snapshot.workload(&workload).map_or(1, kubecause_evidence::kube::Workload::wanted);
        let enough = swings.len() >= 2 || wanted <= 1;
        if !enough || !swings.iter().any(|s| s.ready) {
            continue;
        }
        let first = swings.iter().filter_map(|s| s.event.first).min();
        let mut finding = Finding::new("workload.readiness-flaps", workload)
            .since(first)
            .param("swinging", swings.len())
            .param("replicas", wanted);
        for s in &swings {
            let event = s.event;
            let text = format!("{} {} (x{})", event.reason, event.message, event.count);
            finding = finding
                .cite(Source::Event, event.last, event.reference(), text)
                .naming(s.pod.metadata.subject(Kind::Pod));
        }
        sink.add(finding);
    }
}

fn swings<'a>(snapshot: &'a Snapshot, pod: &'a Pod) -> Option<Swing<'a>> {
    let changed = pod.condition("Ready")?.last_transition_time;
    let runs = pod.status.container_statuses.iter().filter_map(|s| s.state.running.as_ref());
    let started = runs.filter_map(|r| r.started_at).max()?;
    let long_after = changed.is_some_and(|at| at.as_second() - started.as_second() >= PAST_START);
    if !is_recent(snapshot, changed) || !long_after {
        return None;
    }
    let subject = pod.metadata.subject(Kind::Pod);
    let failures = snapshot.events_about(&subject).filter(|e| e.reason == "Unhealthy" && e.count >= 3);
    let readiness = failures.filter(|e| matches!(outcome::parse(&e.message), Some((Which::Readiness, _))));
    let event = readiness.max_by_key(|e| e.last)?;
    let again = is_recent(snapshot, event.last) && is_recurring(snapshot, event);
    again.then(|| Swing { pod, event, ready: pod.is_ready() })
}
