//! Pods that a controller is not allowed to make: `FailedCreate` events and `ReplicaFailure` conditions.

use super::super::makers;
use super::words::{Refusal, read};
use super::{at, lacks_pods, newest};
use crate::finding::{Finding, Sink};
use crate::freshness::is_recurring;
use jiff::Timestamp;
use kubecause_evidence::kube::{Event, Workload};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Citation, Source, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Controllers back off to at most 16 min 40 s between two attempts (`client-go` workqueue, `maxDelay` 1000 s).
const BACK_OFF_SECONDS: i64 = 1020;
/// A service account follows its namespace within seconds; so long is no excuse.
const SETTLED_SECONDS: i64 = crate::patience::SERVICE_ACCOUNT.seconds;

/// All that was said about one workload and one refusal.
#[derive(Default)]
struct Told {
    refusal: Option<Refusal>,
    citations: Vec<Citation>,
    first: Option<Timestamp>,
    count: u64,
    /// A condition says it, or an event that is young enough.
    present: bool,
    /// Whether the controller still lacks pods; `None` where it was not collected.
    lacks: Option<bool>,
}

type All = BTreeMap<(&'static str, Subject), Told>;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let mut all = All::new();
    let mut wordless = BTreeSet::new();
    for w in snapshot.workloads() {
        if let Some(c) = w.condition("ReplicaFailure").filter(|c| c.is_true() && c.reason != "FailedDelete") {
            let subject = w.subject();
            if c.message.is_empty() {
                // A description does not print why: it says only that what events tell goes on.
                wordless.insert(makers::of_replica_set(snapshot, &subject));
                continue;
            }
            let text = format!("ReplicaFailure=True {}: {}", c.reason, c.message);
            let citation = Citation::new(Source::Condition, c.last_transition_time, at(&subject), text);
            let told = tell(snapshot, &mut all, &subject, &c.message, citation);
            told.present = true;
            told.note(c.last_transition_time, 1, Some(lacks_pods(w)));
        }
    }
    for event in snapshot.events.iter().filter(|e| e.reason == "FailedCreate") {
        by_event(snapshot, &mut all, event);
    }
    for ((signal, owner), mut told) in all {
        told.present |= wordless.contains(&owner);
        sink.add(told.into_finding(snapshot, signal, owner));
    }
}

fn tell<'a>(
    snapshot: &Snapshot,
    all: &'a mut All,
    made: &Subject,
    message: &str,
    citation: Citation,
) -> &'a mut Told {
    let refusal = read(snapshot, made.ns(), message);
    let told = all.entry((refusal.signal, makers::of_replica_set(snapshot, made))).or_default();
    told.refusal.get_or_insert(refusal);
    told.citations.push(citation);
    told
}

fn by_event(snapshot: &Snapshot, all: &mut All, event: &Event) {
    let subject = event.regarding.subject().object();
    if !subject.kind.is_workload() || event.message.is_empty() {
        return;
    }
    let direct = snapshot.workload(&subject);
    let gone = direct.is_none() && snapshot.has_in(&subject.kind, subject.ns());
    let young =
        snapshot.age(event.last).is_some_and(|age| age <= BACK_OFF_SECONDS) || is_recurring(snapshot, event);
    let citation = Citation::new(
        Source::Event,
        event.last,
        event.reference(),
        format!("FailedCreate {}", event.message),
    );
    let told = tell(snapshot, all, &subject, &event.message, citation);
    told.present |= young && !gone;
    // A ReplicaSet that was not collected lacks what its Deployment lacks.
    let seen = direct.or_else(|| snapshot.workload(&makers::of_replica_set(snapshot, &subject)));
    // A table shows neither a first time nor a count: what was made long before it was refused was refused again and again.
    let made = if direct.is_none() && event.first.is_none() { scaled_up(snapshot, &subject) } else { None };
    if made
        .is_some_and(|m| event.last.is_some_and(|last| last.as_second() - m.as_second() >= SETTLED_SECONDS))
    {
        told.note(made, 1, None);
    }
    told.note(event.first, u64::from(event.count), if gone { Some(false) } else { seen.map(lacks_pods) });
}

/// When the Deployment made that `ReplicaSet`, by its event: `Scaled up replica set web-5f4d to 1`.
fn scaled_up(snapshot: &Snapshot, set: &Subject) -> Option<Timestamp> {
    let names = |text: &str| text.split_whitespace().any(|w| *w == *set.name);
    let about = |e: &&Event| {
        e.reason == "ScalingReplicaSet"
            && e.regarding.subject().ns() == set.ns()
            && e.message.starts_with("Scaled up")
            && names(&e.message)
    };
    snapshot.events.iter().filter(about).filter_map(|e| e.first.or(e.last)).min()
}

impl Told {
    fn note(&mut self, first: Option<Timestamp>, count: u64, lacks: Option<bool>) {
        self.first = match (self.first, first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.count += count;
        self.lacks = match (self.lacks, lacks) {
            (Some(a), Some(b)) => Some(a || b),
            (a, b) => a.or(b),
        };
    }

    fn into_finding(mut self, snapshot: &Snapshot, signal: &'static str, owner: Subject) -> Finding {
        let last = newest(&self.citations);
        // Where the controller was not collected, one refusal may be the last: it takes two, some time apart.
        let unseen = || self.count >= 2 && self.lasted(last) >= SETTLED_SECONDS;
        let mut ongoing = self.present && self.lacks.unwrap_or_else(unseen);
        if signal == "workload.denied-no-serviceaccount" {
            ongoing = ongoing && !self.account_exists(snapshot) && self.settled(snapshot);
        }
        // What nobody knows the words of may be a moment's: a token that follows, a conflict.
        if signal == "workload.create-refused" {
            ongoing = ongoing && self.settled(snapshot);
        }
        let span = Span { first: self.first, last, ongoing };
        let mut finding = Finding::new(signal, owner).span(span);
        finding.count = self.count;
        self.citations.sort_by(|a, b| (b.at, &b.reference).cmp(&(a.at, &a.reference)));
        self.citations.truncate(3);
        finding.evidence = self.citations;
        match self.refusal {
            Some(refusal) => refusal.dress(finding),
            None => finding,
        }
    }

    fn lasted(&self, last: Option<Timestamp>) -> i64 {
        match (self.first, last) {
            (Some(a), Some(b)) => b.as_second() - a.as_second(),
            _ => 0,
        }
    }

    fn settled(&self, snapshot: &Snapshot) -> bool {
        snapshot.age(self.first).is_none_or(|age| age >= SETTLED_SECONDS)
    }

    fn account_exists(&self, snapshot: &Snapshot) -> bool {
        let names = self.refusal.iter().flat_map(|r| r.names.iter());
        let accounts = names.filter(|n| n.kind == Kind::ServiceAccount);
        accounts.into_iter().any(|n| snapshot.service_accounts.get(n.ns(), &n.name).is_some())
    }
}

/// Whether a workload is old enough to have its pods.
pub(super) fn settled(snapshot: &Snapshot, w: &Workload) -> bool {
    snapshot.age(w.metadata.creation_timestamp).is_none_or(|age| age >= SETTLED_SECONDS)
}
