//! History is not a fault: whether what was seen still counts.

use jiff::Timestamp;
use kubecause_evidence::kube::Event;
use kubecause_evidence::{Kind, Snapshot, Subject};
use serde::Deserialize;

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

/// What shows that something reported is over, though nobody reports that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EndedBy {
    /// Measured after the report, the file system of images is less full than the kubelet's configuration in force says
    /// where collection begins: the next run, minutes later, has nothing to do, and nothing to fail at. Without both the
    /// measurement and the configuration nothing is known.
    /// Source: kubernetes pkg/kubelet/images/image_gc_manager.go, `GarbageCollect`.
    ImagesBelowThreshold,
}

impl EndedBy {
    /// Whether it is seen, of that node, after that moment.
    pub(crate) fn is_seen(self, snapshot: &Snapshot, node: &Subject, at: Option<Timestamp>) -> bool {
        match self {
            Self::ImagesBelowThreshold => below_threshold(snapshot, node, at).unwrap_or(false),
        }
    }
}

fn below_threshold(snapshot: &Snapshot, node: &Subject, at: Option<Timestamp>) -> Option<bool> {
    let facts = snapshot.node_facts.get(&node.name)?;
    let high = facts.configz.as_ref()?.image_gc_high_threshold_percent?;
    let images = facts.stats.as_ref()?.node.runtime.image_fs.as_ref()?;
    let later = images.time? > at?;
    // As the kubelet reckons it: a begun percent counts whole.
    let used = (images.used_share()? * 100.0).ceil();
    Some(later && used < f64::from(i32::try_from(high).ok()?))
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

    fn measured(available: u32, time: &str, config: Option<&str>) -> bool {
        let mut b = SnapshotBuilder::default();
        let stats = format!(
            r#"{{"node":{{"runtime":{{"imageFs":{{"time":"{time}","availableBytes":{available},"capacityBytes":1000}}}}}}}}"#
        );
        b.node("a").read("nodes/a/stats-summary.json", "stats-summary.json", &stats);
        if let Some(high) = config {
            let config = format!(r#"{{"kubeletconfig":{{"imageGCHighThresholdPercent":{high}}}}}"#);
            b.node("a").read("nodes/a/configz.json", "configz.json", &config);
        }
        let at = "2026-11-22T11:55:00Z".parse().ok();
        EndedBy::ImagesBelowThreshold.is_seen(&b.finish(), &Subject::node("a"), at)
    }

    #[test]
    fn image_collection_is_over_it_where_a_later_measurement_shows_that() {
        let (before, after) = ("2026-11-22T11:54:00Z", "2026-11-22T11:56:00Z");
        assert!(measured(400, after, Some("85")));
        assert!(!measured(400, before, Some("85")), "measured before");
        assert!(!measured(400, after, None), "no configuration was seen");
        assert!(!measured(400, after, Some("20")), "60 of 20 percent");
        assert!(!measured(155, after, Some("85")), "84.5 is 85 to the kubelet");
    }
}
