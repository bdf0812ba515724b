//! Pods that no scheduler looks at: gates, a scheduler that does not exist, the default one down.

use super::waits;
use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};
use kubecause_model::{Source, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A gate is meant to hold for a while.
const GATE_SECONDS: i64 = crate::patience::SCHEDULING_GATE.seconds;
/// The default scheduler looks at a new pod within a second or two.
const UNSEEN_SECONDS: i64 = 15;
/// Another scheduler may first have to be started.
const UNKNOWN_SECONDS: i64 = crate::patience::SCHEDULER_NAME.seconds;
/// A leader that does not renew for 15 s loses its lease (`leaseDuration` of kube-scheduler).
const LEASE_SECONDS: i64 = 60;
/// A scheduler that ends in order gives its lease up; another that waits takes it within two seconds.
const RELEASED_SECONDS: i64 = 10;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    gated(snapshot, sink);
    let unseen: Vec<&Pod> = snapshot.pods.all().iter().filter(|p| never_seen(snapshot, p)).collect();
    unknown_scheduler(snapshot, &unseen, sink);
    let older = |p: &&&Pod| is_default(p) && at_least(snapshot, p, UNSEEN_SECONDS);
    let waiting: Vec<&Pod> = unseen.iter().filter(older).copied().collect();
    let Some(since) = waiting.iter().filter_map(|p| p.metadata.creation_timestamp).min() else { return };
    let silent = [log_ended(snapshot, since), lease_stale(snapshot)];
    // A scheduler that serves others is alive, unless its own traces end: then the others are older than they look.
    if default_scheduler_acted_after(snapshot, since) && silent.iter().all(Option::is_none) {
        return;
    }
    let signs: Vec<Finding> = silent.into_iter().flatten().chain(pod_not_ready(snapshot)).collect();
    if signs.is_empty() && may_be_anothers(snapshot, &waiting) {
        return;
    }
    sink.add(never_considered(snapshot, &waiting, since));
    signs.into_iter().for_each(|f| sink.add(f));
}

fn at_least(snapshot: &Snapshot, pod: &Pod, seconds: i64) -> bool {
    snapshot.age(pod.metadata.creation_timestamp).is_some_and(|age| age >= seconds)
}

fn is_default(pod: &Pod) -> bool {
    pod.spec.scheduler_name.is_empty() || pod.spec.scheduler_name == "default-scheduler"
}

/// Whether the pods may be another scheduler's: of one workload, and only described. The API always has a scheduler's name, a
/// description leaves it out.
fn may_be_anothers(snapshot: &Snapshot, waiting: &[&Pod]) -> bool {
    let owners: BTreeSet<Subject> =
        waiting.iter().map(|p| snapshot.top_owner(&p.metadata.subject(Kind::Pod))).collect();
    owners.len() == 1 && waiting.iter().all(|p| p.spec.scheduler_name.is_empty())
}

/// A pod, seen in full, that waits without a word from any scheduler.
fn never_seen(snapshot: &Snapshot, pod: &Pod) -> bool {
    waits(pod)
        && !pod.metadata.is_partial
        && !pod.spec.containers.is_empty()
        && pod.condition("PodScheduled").is_none()
        && !snapshot
            .events_about(&pod.metadata.subject(Kind::Pod))
            .any(|e| e.reason == "FailedScheduling" || e.reason == "Scheduled")
}

fn gated(snapshot: &Snapshot, sink: &mut Sink) {
    let gated = snapshot.pods.all().iter().filter(|p| {
        !p.spec.scheduling_gates.is_empty()
            && !p.is_scheduled()
            && !p.is_finished()
            && !p.metadata.is_deleting()
    });
    for pod in gated.filter(|p| at_least(snapshot, p, GATE_SECONDS)) {
        let subject = pod.metadata.subject(Kind::Pod);
        let names: Vec<&str> = pod.spec.scheduling_gates.iter().map(|g| g.name.as_str()).collect();
        let gates = names.join(", ");
        let found = Finding::new("sched.gated", snapshot.top_owner(&subject))
            .since(pod.metadata.creation_timestamp)
            .param("gates", &gates)
            .cite(Source::Field, None, format!("pods/{subject}"), format!("schedulingGates {gates}"));
        sink.add(found);
    }
}

fn unknown_scheduler(snapshot: &Snapshot, unseen: &[&Pod], sink: &mut Sink) {
    let served = |name: &str| {
        let has_work = |p: &Pod| {
            p.spec.scheduler_name == *name && (p.is_scheduled() || p.condition("PodScheduled").is_some())
        };
        snapshot.pods.all().iter().any(has_work) || snapshot.events.iter().any(|e| e.reporter == *name)
    };
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for pod in unseen.iter().filter(|p| !is_default(p) && at_least(snapshot, p, UNKNOWN_SECONDS)) {
        let name = pod.spec.scheduler_name.as_str();
        if *known.entry(name).or_insert_with(|| served(name)) {
            continue;
        }
        let subject = pod.metadata.subject(Kind::Pod);
        let found = Finding::new("sched.scheduler-unknown", snapshot.top_owner(&subject))
            .since(pod.metadata.creation_timestamp)
            .param("scheduler", name)
            .cite(
                Source::Field,
                None,
                format!("pods/{subject}"),
                format!("schedulerName {name}, no PodScheduled condition"),
            );
        sink.add(found);
    }
}

/// Whether the default scheduler placed or refused another pod after that moment.
fn default_scheduler_acted_after(snapshot: &Snapshot, since: Timestamp) -> bool {
    let acted = |p: &&Pod| {
        is_default(p)
            && !p.is_static()
            && p.metadata.creation_timestamp > Some(since)
            && p.condition("PodScheduled").is_some_and(|c| c.last_transition_time > Some(since))
    };
    let by_event = snapshot.events.iter().any(|e| {
        (e.reason == "Scheduled" || e.reason == "FailedScheduling")
            && e.reporter == "default-scheduler"
            && e.last.is_some_and(|at| at.as_second() > since.as_second() + UNSEEN_SECONDS)
    });
    by_event || snapshot.pods.all().iter().any(|p| acted(&p))
}

fn scheduler() -> Subject {
    Subject::component("kube-scheduler")
}

fn never_considered(snapshot: &Snapshot, waiting: &[&Pod], since: Timestamp) -> Finding {
    let span = Span { first: Some(since), last: snapshot.taken_at, ongoing: true };
    let mut found =
        Finding::new("sched.never-considered", scheduler()).span(span).param("pods", waiting.len());
    found.count = waiting.len() as u64;
    for pod in waiting {
        let subject = pod.metadata.subject(Kind::Pod);
        if found.evidence.len() < 3 {
            let text = "Pending, no node, no PodScheduled condition, no scheduling event";
            found =
                found.cite(Source::Field, pod.metadata.creation_timestamp, format!("pods/{subject}"), text);
        }
        let owner = snapshot.top_owner(&subject);
        found.members.push(subject.clone());
        found.names.push(subject);
        if !found.names.contains(&owner) {
            found.names.extend(snapshot.reach(Relation::WorkloadServices, &owner));
            found.names.push(owner);
        }
    }
    found
}

/// The scheduler's log ends before the pods were made, while that of another component goes on well after.
fn log_ended(snapshot: &Snapshot, since: Timestamp) -> Option<Finding> {
    let log = snapshot.component_logs.get("kube-scheduler").filter(|l| l.unavailable.is_none())?;
    let last = log.last_time()?;
    let others = snapshot.component_logs.iter().filter(|(name, _)| &***name != "kube-scheduler");
    let alive: Option<(Timestamp, &LogFile)> =
        others.filter_map(|(_, l)| Some((l.last_time()?, l))).max_by_key(|(t, _)| *t);
    let (other, other_log) = alive?;
    if last >= since || other.as_second() < since.as_second() + UNSEEN_SECONDS {
        return None;
    }
    let mut found =
        Finding::new("sched.scheduler-log-ended", scheduler()).since(Some(last)).param("last", last);
    for (of, at) in [(log, last), (other_log, other)] {
        if let Some((number, line)) = of.tail(1).pop() {
            found = found.cite(Source::Log, Some(at), of.reference(number), line);
        }
    }
    Some(found)
}

fn lease_stale(snapshot: &Snapshot) -> Option<Finding> {
    let lease = snapshot.leases.get("kube-system", "kube-scheduler")?;
    let renewed = lease.spec.renew_time;
    let newest = snapshot.leases.all().iter().filter_map(|l| l.spec.renew_time).max();
    let released = lease.spec.holder_identity.is_empty();
    let limit = if released { RELEASED_SECONDS } else { LEASE_SECONDS };
    let stale = newest?.as_second() - renewed?.as_second() > limit;
    let held = if released { ", held by nobody" } else { "" };
    let text = format!("renewTime {}{held}", renewed?);
    stale.then(|| {
        Finding::new("sched.scheduler-lease-stale", scheduler()).since(renewed).cite(
            Source::Field,
            renewed,
            "leases/kube-system/kube-scheduler",
            text,
        )
    })
}

/// Static pods are named `kube-scheduler-<node>`; other installers keep the label or the prefix.
fn pod_not_ready(snapshot: &Snapshot) -> Option<Finding> {
    let ours = |p: &&Pod| {
        p.metadata.labels.get("component") == Some("kube-scheduler")
            || p.metadata.name.starts_with("kube-scheduler")
    };
    let pods: Vec<&Pod> = snapshot.pods.in_namespace("kube-system").iter().filter(ours).collect();
    let first = pods.first()?;
    if pods.iter().any(|p| p.is_ready()) {
        return None;
    }
    let subject = first.metadata.subject(Kind::Pod);
    let text = format!("phase {}, not Ready", first.status.phase);
    let found = Finding::new("sched.scheduler-pod-not-ready", scheduler()).naming(subject.clone());
    Some(found.cite(Source::Field, None, format!("pods/{subject}"), text))
}
