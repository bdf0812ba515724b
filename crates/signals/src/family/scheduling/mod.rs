//! Pods that no node takes, and pods that no scheduler looks at.
//!
//! For each pod that waits the demand is reckoned against every node and held against the scheduler's message; either
//! alone suffices. Pods with the same demand are reckoned once.

mod demand;
mod place;
mod preempted;
mod report;
mod room;
mod said;
mod scheduler;
#[cfg(test)]
mod tests;
mod verdict;

use crate::finding::Sink;
use crate::freshness::{is_recent, is_recurring};
use crate::signal::{Family, Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::{Condition, Event, Node, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Citation, Source};
use report::Group;
use room::Rooms;
use rustc_hash::FxHashMap;
use said::Said;
use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use verdict::{Cause, Verdict, judge};

const PODS: &[Needs] = &[Needs::Kind(Kind::Pod)];

/// The signals of this family.
const SIGNALS: &[Signal] = &[
    Signal::fact(
        "sched.selector-matches-no-node",
        "The pod's node selector names labels that no node has.",
        PODS,
    ),
    Signal::fact("sched.affinity-matches-no-node", "No node fits the pod's required node affinity.", PODS),
    Signal::fact(
        "sched.pod-rule-leaves-no-node",
        "Required pod affinity or anti-affinity closes every node.",
        PODS,
    ),
    Signal::fact("sched.spread-leaves-no-node", "A topology spread constraint closes every node.", PODS),
    Signal::fact("sched.nodes-full", "Every node has less of a resource left than the pod requests.", PODS),
    Signal::fact(
        "sched.larger-than-any-node",
        "The pod requests more of a resource than any node has.",
        PODS,
    ),
    Signal::fact(
        "sched.resource-not-offered",
        "The pod requests a resource of which no node has any: a device, huge pages.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Node)],
    ),
    Signal::fact("sched.host-port-taken", "A host port that the pod wants is taken on every node.", PODS),
    Signal::fact(
        "sched.taint-not-tolerated",
        "The nodes that would take the pod carry taints that it does not bear.",
        PODS,
    ),
    Signal::fact(
        "sched.unbound-claims",
        "The scheduler waits for the pod's claims, or its volumes are elsewhere.",
        PODS,
    ),
    Signal::fact("sched.gated", "The pod has scheduling gates that nobody removed for five minutes.", PODS),
    Signal::fact(
        "sched.scheduler-unknown",
        "Nobody ever looked at a pod that names its own scheduler.",
        PODS,
    ),
    Signal::fact(
        "sched.never-considered",
        "Pods for the default scheduler wait, and it never looked at them.",
        PODS,
    ),
    Signal::fact(
        "sched.scheduler-log-ended",
        "The scheduler's log ends before the waiting pods were made, while other components write on.",
        &[Needs::ComponentLog("kube-scheduler")],
    ),
    Signal::fact(
        "sched.scheduler-lease-stale",
        "The scheduler's leader lease was not renewed for a minute.",
        &[Needs::Kind(Kind::Lease)],
    ),
    Signal::fact("sched.scheduler-pod-not-ready", "A kube-scheduler pod is not Ready, and none is.", PODS),
    Signal::fact(
        "sched.preempted",
        "Pods of the workload gave way to others, and it lacks replicas since.",
        PODS,
    ),
];

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

/// A pod that waits for less than this may only be on its way.
const PATIENCE_SECONDS: i64 = crate::patience::SCHEDULING.seconds;
/// A pod whose deletion is overdue by this many seconds makes no room soon.
const OVERDUE_SECONDS: i64 = 30;
/// A node that is younger than this is still being set up: labels, taints and addresses follow.
const NODE_YOUNG_SECONDS: i64 = 120;

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    unplaced(snapshot, sink);
    unseen_pods(snapshot, sink);
    scheduler::observe(snapshot, sink);
    preempted::observe(snapshot, sink);
}

/// What a scheduler said last about a pod.
struct Word<'a> {
    text: &'a str,
    at: Option<Timestamp>,
    citation: Citation,
}

/// Whether the pod waits for a node, without a gate.
fn waits(pod: &Pod) -> bool {
    !pod.is_scheduled()
        && !pod.is_finished()
        && !pod.metadata.is_deleting()
        && pod.spec.scheduling_gates.is_empty()
        && (pod.status.phase == "Pending" || pod.status.phase.is_empty())
}

/// The condition's message, or the last event's where the condition has none.
fn word<'a>(snapshot: &'a Snapshot, pod: &'a Pod) -> Option<Word<'a>> {
    let subject = pod.metadata.subject(Kind::Pod);
    let refused = |c: &&Condition| c.is_false() && c.reason != "SchedulingGated";
    let condition = pod.condition("PodScheduled").filter(refused);
    if let Some(c) = condition.filter(|c| !c.message.is_empty()) {
        let text = format!("PodScheduled=False {}: {}", c.reason, c.message);
        let at = c.last_transition_time;
        let citation = Citation::new(Source::Condition, at, format!("pods/{subject}"), text);
        return Some(Word { text: &c.message, at, citation });
    }
    let failed =
        |e: &&Event| e.reason == "FailedScheduling" && !e.message.starts_with("skip schedule deleting pod");
    if let Some(e) = snapshot.events_about(&subject).filter(failed).last() {
        let text = format!("{} {}", e.reason, e.message);
        let citation = Citation::new(Source::Event, e.last, e.reference(), text);
        return Some(Word { text: &e.message, at: e.first, citation });
    }
    let c = condition?;
    let at = c.last_transition_time;
    let citation = Citation::new(Source::Condition, at, format!("pods/{subject}"), "PodScheduled=False");
    Some(Word { text: "", at, citation })
}

/// Pods that a scheduler refused, one finding per workload and cause.
fn unplaced(snapshot: &Snapshot, sink: &mut Sink) {
    let mut rooms: Option<Option<Rooms<'_>>> = None;
    let motion = LazyCell::new(|| Motion::of(snapshot));
    let mut known: FxHashMap<String, Option<Rc<Verdict>>> = FxHashMap::default();
    let mut groups: BTreeMap<(&'static str, Subject), Group<'_>> = BTreeMap::new();
    for pod in snapshot.pods.all().iter().filter(|p| waits(p)) {
        let Some(word) = word(snapshot, pod) else { continue };
        let said = Said::parse(word.text);
        let rooms = rooms.get_or_insert_with(|| Rooms::measure(snapshot)).as_ref();
        // A pod of a table holds no demand to reckon with.
        let rooms = rooms.filter(|_| !pod.spec.containers.is_empty());
        let key = format!("{}|{:?}", demand::fingerprint(pod), said);
        let verdict =
            known.entry(key).or_insert_with(|| judge(snapshot, rooms, pod, &said).map(Rc::new)).clone();
        let Some(verdict) = verdict else { continue };
        let young = snapshot.age(pod.metadata.creation_timestamp).is_some_and(|age| age < PATIENCE_SECONDS);
        if young && motion.may_end(&verdict.cause) || is_being_served(snapshot, pod) {
            continue;
        }
        let owner = snapshot.top_owner(&pod.metadata.subject(Kind::Pod));
        let signal = report::signal_of(&verdict.cause);
        let group = groups.entry((signal, owner)).or_insert_with(|| Group::new(pod));
        group.add(pod, &verdict, word);
    }
    for ((signal, owner), group) in groups {
        sink.add(group.into_finding(snapshot, signal, owner));
    }
}

/// Whether an autoscaler has ordered a node for the pod, and has not taken that back: the node takes minutes to come.
/// Sources: kubernetes/autoscaler cluster-autoscaler/processors/status/eventing_scale_up_processor.go; karpenter
/// pkg/controllers/provisioning/scheduling/events.go.
fn is_being_served(snapshot: &Snapshot, pod: &Pod) -> bool {
    let answers = ["TriggeredScaleUp", "Nominated", "NotTriggerScaleUp", "FailedScaleUp"];
    let subject = pod.metadata.subject(Kind::Pod);
    let about = snapshot.events_about(&subject).filter(|e| answers.contains(&e.reason.as_str()));
    let last = about.max_by_key(|e| e.last);
    last.is_some_and(|e| {
        matches!(e.reason.as_str(), "TriggeredScaleUp" | "Nominated") && is_recent(snapshot, e.last)
    })
}

/// What is moving in the cluster, so that a pod may find its place in a moment.
struct Motion {
    /// A pod is being deleted and will make room.
    leaving: bool,
    /// A node is being set up.
    booting: bool,
}

impl Motion {
    fn of(snapshot: &Snapshot) -> Self {
        let young = |n: &Node| {
            snapshot.age(n.metadata.creation_timestamp).is_some_and(|age| age < NODE_YOUNG_SECONDS)
        };
        // The time of deletion is that by which it should be over.
        let leaves = |p: &Pod| {
            let due = p.metadata.deletion_timestamp;
            p.metadata.is_deleting() && snapshot.age(due).is_none_or(|age| age < OVERDUE_SECONDS)
        };
        Self {
            leaving: snapshot.pods.all().iter().any(leaves),
            booting: snapshot.nodes.all().iter().any(young),
        }
    }

    /// Whether what keeps a pod out may go away by itself. A label that no node has stays missing.
    fn may_end(&self, cause: &Cause) -> bool {
        match cause {
            Cause::Claims => true,
            Cause::Port(..) | Cause::Short(_) | Cause::ShortOf(_) | Cause::Place(_) => {
                self.leaving || self.booting
            }
            _ => self.booting,
        }
    }
}

/// Events about pods that were not collected: the message is all there is.
fn unseen_pods(snapshot: &Snapshot, sink: &mut Sink) {
    let mut blank = Pod::default();
    blank.metadata.is_partial = true;
    for event in snapshot.events.iter().filter(|e| e.reason == "FailedScheduling") {
        let subject = event.regarding.subject().object();
        let present = is_recent(snapshot, event.last) || is_recurring(snapshot, event);
        let placed = snapshot.events_about(&subject).any(|e| e.reason == "Scheduled" && e.last >= event.last);
        let deleted = event.message.starts_with("skip schedule deleting pod");
        // Where all pods of the namespace were listed, one that is not there is gone.
        let gone = snapshot.has_in(&Kind::Pod, subject.ns());
        if !present || placed || deleted || gone || snapshot.pod(&subject).is_some() {
            continue;
        }
        let Some(verdict) = judge(snapshot, None, &blank, &Said::parse(&event.message)) else { continue };
        let signal = report::signal_of(&verdict.cause);
        let citation = Citation::new(
            Source::Event,
            event.last,
            event.reference(),
            format!("FailedScheduling {}", event.message),
        );
        let word = Word { text: &event.message, at: event.first, citation };
        let mut group = Group::new(&blank);
        group.add(&blank, &Rc::new(verdict), word);
        sink.add(group.into_finding(snapshot, signal, super::makers::of_pod(snapshot, &subject)));
    }
}
