//! History is not a fault: whether what was seen still counts.

use jiff::Timestamp;
use kubecause_evidence::kube::Event;
use kubecause_evidence::{Kind, Snapshot, Subject};

/// What was seen within this many seconds before the capture counts as present.
pub const RECENT_SECONDS: i64 = 600;

/// A record of a later time than this many seconds after the capture has a clock that says nothing. Zones differ by less.
const FUTURE_SECONDS: i64 = 86_400;

/// Whether that moment lies within the last ten minutes. An unknown time does not.
pub fn is_recent(snapshot: &Snapshot, at: Option<Timestamp>) -> bool {
    snapshot.age(at).is_some_and(|age| (-FUTURE_SECONDS..=RECENT_SECONDS).contains(&age))
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
                // `kubectl describe` prints no times of a pod's conditions: its containers run since then at most.
                let runs = pod.status.container_statuses.iter();
                let started = runs.filter_map(|s| s.state.running.as_ref()?.started_at).max();
                let since = pod.condition("Ready").and_then(|c| c.last_transition_time).or(started);
                last.is_some() && since.is_some() && last > since && is_recent(snapshot, last)
            }
            Some(_) => true,
            None => !snapshot.has_in(&Kind::Pod, subject.ns()),
        },
        kind if kind.is_workload() => match snapshot.workload(subject) {
            Some(w) if w.kind == kubecause_evidence::kube::WorkloadKind::Job => {
                w.status.completion_time.is_none()
            }
            Some(w) => w.status.replicas < w.wanted() || w.available() < w.wanted(),
            None => !snapshot.has_in(kind, subject.ns()) || *kind == Kind::CronJob,
        },
        Kind::PersistentVolumeClaim => match snapshot.claims.get(subject.ns(), &subject.name) {
            Some(claim) => claim.status.phase != "Bound",
            None => !snapshot.has_in(&Kind::PersistentVolumeClaim, subject.ns()),
        },
        // A node that is gone was removed, and what was on it with it: an autoscaler does so every day.
        Kind::Node => !snapshot.has(&Kind::Node) || snapshot.nodes.get("", &subject.name).is_some(),
        _ => true,
    }
}

/// Whether the node became Ready after that moment and is so now: what its kubelet complained of before is over.
pub fn became_ready_after(snapshot: &Snapshot, node: &Subject, at: Option<Timestamp>) -> bool {
    let ready = snapshot.nodes.get("", &node.name).and_then(|n| n.condition("Ready")).filter(|c| c.is_true());
    let since = ready.and_then(|c| c.last_transition_time);
    at.is_some() && since.is_some_and(|since| Some(since) >= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

    fn snapshot(ready_since: &str) -> Snapshot {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T12:00:00Z".parse().ok());
        b.access(Kind::Node, Access::Listed);
        let node = format!(
            r#"{{"metadata":{{"name":"a"}},"status":{{"conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"{ready_since}"}}]}}}}"#
        );
        if let Ok(node) = Ingest::parse("Node", &node) {
            b.push(node);
        }
        b.finish()
    }

    #[test]
    fn what_is_dated_after_the_capture_is_not_recent() {
        let s = snapshot("2026-11-22T11:00:00Z");
        assert!(is_recent(&s, "2026-11-22T11:55:00Z".parse().ok()));
        assert!(is_recent(&s, "2026-11-22T20:00:00Z".parse().ok()), "a log in another zone");
        assert!(!is_recent(&s, "2026-11-25T12:00:00Z".parse().ok()));
        assert!(!is_recent(&s, None));
    }

    #[test]
    fn a_node_that_was_removed_or_became_ready_is_over_it() {
        let (at, node) = ("2026-11-22T11:55:00Z".parse().ok(), Subject::node("a"));
        assert!(became_ready_after(&snapshot("2026-11-22T11:56:00Z"), &node, at));
        assert!(!became_ready_after(&snapshot("2026-11-22T11:00:00Z"), &node, at));
        assert!(!became_ready_after(&snapshot("2026-11-22T11:56:00Z"), &node, None));
        assert!(still_failing(&snapshot("2026-11-22T11:00:00Z"), &node, at));
        assert!(!still_failing(&snapshot("2026-11-22T11:00:00Z"), &Subject::node("b"), at));
    }
}
