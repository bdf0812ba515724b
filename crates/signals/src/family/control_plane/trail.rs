//! The end of a component's log: what it says now, apart from what it said while it started.
//!
//! Components start before what they need: the first minute of a log is full of refusals that mean nothing.

use jiff::Timestamp;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{Kind, Snapshot, Subject};
use regex::Regex;

/// Lines of one meaning at the end of a log.
#[derive(Debug)]
pub(super) struct Trail {
    pub(super) count: usize,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) reference: String,
    pub(super) text: String,
}

/// The first this many seconds of a log are its start.
const START_SECONDS: i64 = 60;
/// What stands in the last this many seconds of a log is said now.
const END_SECONDS: i64 = 120;
/// How many of a log's last lines are read.
const TAIL_LINES: usize = 3000;

/// The lines that match at the end of the log, at least `least` of them; `None` where they belong to its start or where
/// the log went on without them.
pub(super) fn trail(log: &LogFile, regex: &Regex, least: usize) -> Option<Trail> {
    let (began, ended) = (log.first_time()?, log.last_time()?);
    let present = |line: &str| {
        log.time_of(line).filter(|at| {
            at.as_second() - began.as_second() > START_SECONDS
                && ended.as_second() - at.as_second() <= END_SECONDS
        })
    };
    let hits: Vec<(usize, &str, Timestamp)> = log
        .tail(TAIL_LINES)
        .into_iter()
        .filter(|(_, line)| regex.is_match(line))
        .filter_map(|(number, line)| Some((number, line, present(line)?)))
        .collect();
    let (number, line, last) = hits.last().copied()?;
    // A log that goes on for half of the window without the words has got over it.
    if hits.len() < least || ended.as_second() - last.as_second() > END_SECONDS / 2 {
        return None;
    }
    Some(Trail {
        count: hits.len(),
        first: hits.first().map(|h| h.2),
        last: Some(last),
        reference: log.reference(number),
        text: line.trim().to_owned(),
    })
}

/// The logs of a control plane component: its own file, and those of its containers in kube-system.
pub(super) fn logs_of<'a>(snapshot: &'a Snapshot, component: &str) -> Vec<&'a LogFile> {
    let own = snapshot.component_logs.get(component);
    let containers = snapshot.container_logs.iter().filter(|(key, log)| {
        *key.namespace == *"kube-system"
            && *key.container == *component
            && !key.previous
            && log.unavailable.is_none()
    });
    own.into_iter().chain(containers.map(|(_, log)| log)).collect()
}

/// Whether somebody wrote to the API within the last minute: a lease was renewed.
pub(super) fn api_takes_writes(snapshot: &Snapshot) -> bool {
    let fresh = |renewed| snapshot.age(renewed).is_some_and(|age| age <= 60);
    snapshot.leases.all().iter().any(|l| fresh(l.spec.renew_time))
}

/// The pods of a component in kube-system by its usual labels.
pub(super) fn pods_of<'a>(
    snapshot: &'a Snapshot,
    component: &'a str,
) -> impl Iterator<Item = &'a kubecause_evidence::kube::Pod> {
    snapshot.pods.in_namespace("kube-system").iter().filter(move |pod| {
        let labels = &pod.metadata.labels;
        let keys = ["component", "k8s-app", "app", "app.kubernetes.io/name"];
        keys.iter().any(|key| labels.get(key) == Some(component))
    })
}

/// How long a component's pods have not been Ready, where it has pods and none is.
pub(super) fn pods_failing(snapshot: &Snapshot, component: &str, seconds: i64) -> Option<(Subject, String)> {
    let pods: Vec<_> = pods_of(snapshot, component).filter(|p| !p.is_finished()).collect();
    let lasting = |p: &&kubecause_evidence::kube::Pod| {
        let since =
            p.condition("Ready").and_then(|c| c.last_transition_time).or(p.metadata.creation_timestamp);
        !p.is_ready() && snapshot.age(since).is_some_and(|age| age >= seconds)
    };
    let first = pods.first()?;
    if !pods.iter().all(lasting) {
        return None;
    }
    let state = first
        .statuses()
        .find_map(|(_, s)| s.state.waiting.as_ref().map(|w| format!("{} {}", w.reason, w.message)));
    let said = format!("not Ready, {}", state.unwrap_or_else(|| format!("phase {}", first.status.phase)));
    Some((first.metadata.subject(Kind::Pod), said))
}
