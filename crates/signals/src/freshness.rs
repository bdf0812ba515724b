//! History is not a fault: whether what was seen still counts.

use kubecause_evidence::{Kind, Snapshot, Subject};
use jiff::Timestamp;
use kubecause_evidence::kube::Event;

/// What was seen within this many seconds before the capture counts as present.
pub const RECENT_SECONDS: i64 = 600;

/// Whether that moment lies within the last ten minutes. An unknown time does not.
pub fn is_recent(snapshot: &Snapshot, at: Option<Timestamp>) -> bool {
    snapshot.age(at).is_some_and(|age| age <= RECENT_SECONDS)
}

/// Whether the event recurs: three times or more within the hour before the capture, by its mean interval.
pub fn is_recurring(snapshot: &Snapshot, event: &Event) -> bool {
    let (Some(first), Some(last), Some(age)) = (event.first, event.last, snapshot.age(event.last)) else {
        return false;
    };
    let interval = (last.as_second() - first.as_second()) / i64::from(event.count.max(2) - 1);
    event.count >= 3 && age + 2 * interval <= 3600
}

/// Whether the subject still shows a fault that was last reported at `last`: a pod that became Ready or succeeded
/// after it, a workload with all its replicas, a bound claim have got over it; an object that is gone has taken
/// it along.
pub fn still_failing(snapshot: &Snapshot, subject: &Subject, last: Option<Timestamp>) -> bool {
    match &subject.kind {
        Kind::Pod => match snapshot.pod(subject) {
            Some(pod) if pod.status.phase == "Succeeded" => false,
            Some(pod) if pod.is_ready() => {
                let since = pod.condition("Ready").and_then(|c| c.last_transition_time);
                last.is_some() && since.is_some() && last > since && is_recent(snapshot, last)
            }
            Some(_) => true,
            None => !snapshot.has(&Kind::Pod),
        },
        kind if kind.is_workload() => match snapshot.workload(subject) {
            Some(w) if w.kind == kubecause_evidence::kube::WorkloadKind::Job => w.status.completion_time.is_none(),
            Some(w) => w.status.replicas < w.wanted() || w.available() < w.wanted(),
            None => !snapshot.has(kind) || *kind == Kind::CronJob,
        },
        Kind::PersistentVolumeClaim => match snapshot.claims.get(subject.ns(), &subject.name) {
            Some(claim) => claim.status.phase != "Bound",
            None => !snapshot.has(&Kind::PersistentVolumeClaim),
        },
        _ => true,
    }
}

/// Whether the node became Ready after that moment and is so now: what its kubelet complained of before is over.
pub fn became_ready_after(snapshot: &Snapshot, node: &Subject, at: Option<Timestamp>) -> bool {
    let ready = snapshot.nodes.get("", &node.name).and_then(|n| n.condition("Ready")).filter(|c| c.is_true());
    let since = ready.and_then(|c| c.last_transition_time);
    at.is_some() && since.is_some_and(|since| Some(since) >= at)
}
