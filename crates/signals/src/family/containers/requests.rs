//! What proxies and clients say of the workloads that they call: requests repeated, requests dropped at a stop.

use super::dependency::{Callee, Directory, endpoint_in};
use crate::finding::{Finding, Findings, Sink};
use crate::freshness::is_recent;
use jiff::Timestamp;
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};
use kubecause_model::{Citation, Source, Span};
use std::collections::BTreeMap;

/// A stop counts for so many seconds after kubelet announced it: the default grace period and a little.
const STOPPING_SECONDS: i64 = 35;
/// Dropped requests count as present for so long.
const DROPS_COUNT: i64 = 3600;

/// Looks at both.
pub fn correlate(snapshot: &Snapshot, findings: &Findings, directory: &Directory<'_>, sink: &mut Sink) {
    for retries in findings.of("log.app-retrying").filter(|f| f.span.ongoing) {
        if let Some(found) = storm(snapshot, findings, directory, retries) {
            sink.add(found);
        }
    }
    let cut: Vec<&Finding> = findings.of("log.app-upstream-cut-off").collect();
    if cut.is_empty() {
        return;
    }
    let stops = stops(snapshot);
    for finding in cut {
        drops(snapshot, finding, &stops, sink);
    }
}

/// Retries against a Service of this cluster of whose pods some do not serve because they are too slow or too busy.
fn storm(
    snapshot: &Snapshot,
    findings: &Findings,
    directory: &Directory<'_>,
    retries: &Finding,
) -> Option<Finding> {
    let line = retries.evidence.iter().find_map(|c| endpoint_in(&c.text).map(|e| (c, e)))?;
    let Callee::Service(service) = directory.callee(retries.subject.ns(), &line.1.host) else { return None };
    let pods = snapshot.reach(Relation::ServicePods, &service);
    let failing: Vec<Subject> = pods
        .into_iter()
        .filter(|p| snapshot.pod(p).is_some_and(|p| !p.is_ready() && !p.is_finished()))
        .collect();
    let busy = |pod: &&Subject| {
        findings
            .on(pod)
            .any(|f| matches!(f.signal, "probe.times-out" | "log.app-overloaded") && f.span.ongoing)
    };
    let first = failing.iter().find(busy)?;
    let mut found = Finding::new("workload.retried-against", snapshot.top_owner(first).object())
        .param("service", &service)
        .param("client", retries.subject.object())
        .param("retries", retries.count)
        .naming(service);
    found.evidence.clone_from(&retries.evidence);
    found.span = retries.span;
    Some(found)
}

/// When kubelet announced that it stops a container of a pod (not because of a probe).
fn stops(snapshot: &Snapshot) -> BTreeMap<i64, Vec<Subject>> {
    let mut stops: BTreeMap<i64, Vec<Subject>> = BTreeMap::new();
    let by_probe = |text: &str| text.contains(" probe") || text.contains("is unhealthy, it will be killed");
    let killing = snapshot.events.iter().filter(|e| e.reason == "Killing" && !by_probe(&e.message));
    for event in killing.filter(|e| e.regarding.kind == "Pod") {
        if let Some(at) = event.last {
            stops.entry(at.as_second()).or_default().push(event.regarding.subject().object());
        }
    }
    stops
}

fn drops(snapshot: &Snapshot, cut: &Finding, stops: &BTreeMap<i64, Vec<Subject>>, sink: &mut Sink) {
    let mut by_workload: BTreeMap<Subject, Vec<&Citation>> = BTreeMap::new();
    for line in &cut.evidence {
        let Some(at) = line.at.map(Timestamp::as_second) else { continue };
        let near = stops.range(at - STOPPING_SECONDS..=at + 5).flat_map(|(_, pods)| pods);
        let mut workloads: Vec<Subject> = near.filter_map(|pod| maker_of(snapshot, pod)).collect();
        workloads.sort();
        workloads.dedup();
        // Several workloads stopped at that moment: the line proves nothing about any of them.
        if let [only] = workloads.as_slice() {
            by_workload.entry(only.clone()).or_default().push(line);
        }
    }
    for (workload, lines) in by_workload {
        if lines.len() < 2.min(cut.evidence.len()) || has_pre_stop(snapshot, &workload) {
            continue;
        }
        let last = lines.iter().filter_map(|c| c.at).max();
        let recent = snapshot.age(last).is_some_and(|age| age <= DROPS_COUNT) || is_recent(snapshot, last);
        let first = lines.iter().filter_map(|c| c.at).min();
        let mut found = Finding::new("workload.drops-requests-at-stop", workload)
            .span(Span { first, last, ongoing: recent })
            .param("proxy", cut.subject.object())
            .naming(cut.subject.object());
        for line in lines {
            found = found.cite(Source::Log, line.at, line.reference.clone(), &line.text);
        }
        sink.add(found);
    }
}

/// The workload that made a pod, which may be gone: then the ReplicaSet of its name is asked.
fn maker_of(snapshot: &Snapshot, pod: &Subject) -> Option<Subject> {
    if snapshot.pod(pod).is_some() {
        return Some(snapshot.top_owner(pod).object());
    }
    let (set, _) = pod.name.rsplit_once('-')?;
    let set = Subject::new(Kind::ReplicaSet, pod.ns(), set);
    snapshot.workload(&set).map(|_| snapshot.top_owner(&set).object())
}

fn has_pre_stop(snapshot: &Snapshot, workload: &Subject) -> bool {
    let template = snapshot.workload(workload).map(|w| &w.spec.template.spec);
    template.is_none_or(|spec| spec.containers.iter().any(|c| c.lifecycle.pre_stop.is_some()))
}
