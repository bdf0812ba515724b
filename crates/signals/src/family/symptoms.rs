//! Symptoms: what a user notices first. Each wants a cause; one that no cause explains is printed as unexplained.

use crate::finding::{Finding, Sink};
use crate::signal::{Family, Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::{Pod, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Relation, Snapshot};
use kubecause_model::{Source, Span};

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const SIGNALS: &[Signal] = &[
    Signal::symptom(
        "pod.not-ready",
        "A pod that should run has a node and is not Ready for more than a minute (status.conditions).",
        &[Needs::Kind(Kind::Pod)],
        &[Relation::Same, Relation::PodWorkload, Relation::PodClaims],
    ),
    Signal::symptom(
        "pod.unschedulable",
        "A pod has no node for more than half a minute (spec.nodeName is empty).",
        &[Needs::Kind(Kind::Pod)],
        &[Relation::Same, Relation::PodWorkload, Relation::PodClaims],
    ),
    Signal::symptom(
        "workload.unavailable",
        "A workload has fewer available replicas than it wants, for more than a minute.",
        &[],
        &[Relation::Same, Relation::WorkloadPods],
    ),
];

/// Starting takes a while; what is younger than this many seconds is no symptom.
const GRACE_SECONDS: i64 = crate::patience::CONTAINER_START.seconds;
/// The scheduler answers within seconds.
const SCHEDULING_GRACE_SECONDS: i64 = 30;

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        if let Some(finding) = pod_symptom(snapshot, pod) {
            sink.add(finding);
        }
    }
    for workload in snapshot.workloads() {
        if let Some(finding) = workload_symptom(snapshot, workload) {
            sink.add(finding);
        }
    }
}

fn pod_symptom(snapshot: &Snapshot, pod: &Pod) -> Option<Finding> {
    if pod.is_finished() || pod.metadata.is_deleting() || pod.is_ready() {
        return None;
    }
    let subject = pod.metadata.subject(Kind::Pod);
    let reference = format!("pods/{subject}");
    let created = pod.metadata.creation_timestamp;
    if !pod.is_scheduled() {
        let waits = snapshot.age(created).is_none_or(|age| age > SCHEDULING_GRACE_SECONDS);
        let found = Finding::new("pod.unschedulable", subject).since(created);
        return waits.then(|| found.cite(Source::Field, created, reference, "spec.nodeName: \"\""));
    }
    let condition = pod.condition("Ready");
    let since = condition.and_then(|c| c.last_transition_time).or(created);
    if snapshot.age(since).is_some_and(|age| age <= GRACE_SECONDS) && !has_restarted(pod) {
        return None;
    }
    let text = condition.map_or_else(
        || "no Ready condition".to_owned(),
        |c| format!("Ready={} {}: {}", c.status, c.reason, c.message),
    );
    Some(Finding::new("pod.not-ready", subject).since(since).cite(Source::Condition, since, reference, text))
}

fn has_restarted(pod: &Pod) -> bool {
    pod.statuses().any(|(_, s)| s.restart_count > 0)
}

fn workload_symptom(snapshot: &Snapshot, workload: &Workload) -> Option<Finding> {
    let serves = match workload.kind {
        WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => true,
        WorkloadKind::ReplicationController => true,
        // A ReplicaSet counts for itself only when no Deployment stands behind it.
        WorkloadKind::ReplicaSet => workload.metadata.controller().is_none(),
        WorkloadKind::Job => false,
    };
    let (wanted, available) = (workload.wanted(), workload.available());
    if !serves || wanted <= available || workload.metadata.is_deleting() {
        return None;
    }
    let since = unavailable_since(snapshot, workload);
    if snapshot.age(since).is_some_and(|age| age <= GRACE_SECONDS) {
        return None;
    }
    let subject = workload.subject();
    let reference = format!("{}/{subject}", subject.kind.as_str().to_lowercase());
    let text = format!("{available} of {wanted} replicas are available");
    let finding = Finding::new("workload.unavailable", subject).span(Span::since(since));
    Some(
        finding
            .cite(Source::Field, since, reference, text)
            .param("wanted", wanted)
            .param("available", available),
    )
}

/// The Available condition tells it where it is False. It stays True while only some replicas lack: then their pods
/// tell it, as long as there is one for each wanted replica.
fn unavailable_since(snapshot: &Snapshot, workload: &Workload) -> Option<Timestamp> {
    let available = workload.condition("Available").filter(|c| !c.is_true());
    let said = available.and_then(|c| c.last_transition_time);
    said.or_else(|| starting_since(snapshot, workload)).or(workload.metadata.creation_timestamp)
}

/// Since when the first of its pods is on its way to Ready, where all of them exist and none of them ever failed.
fn starting_since(snapshot: &Snapshot, workload: &Workload) -> Option<Timestamp> {
    let own = snapshot.pods_owned_by(workload.metadata.uid);
    let sets = snapshot.replica_sets.in_namespace(&workload.metadata.namespace).iter();
    let sets = sets.filter(|r| r.metadata.owner_references.iter().any(|o| o.uid == workload.metadata.uid));
    let of_sets = sets.flat_map(|r| snapshot.pods_owned_by(r.metadata.uid));
    // A pod that is being deleted holds the place of the one that comes after it.
    let pods = own.chain(of_sets).chain(by_name(snapshot, workload));
    let pods: Vec<&Pod> = pods.filter(|p| !p.is_finished()).collect();
    let not_ready: Vec<&&Pod> = pods.iter().filter(|p| !p.is_ready() || p.metadata.is_deleting()).collect();
    if workload.wanted() > pods.len() as i64
        || not_ready.iter().any(|p| !p.metadata.is_deleting() && has_restarted(p))
    {
        return None;
    }
    let turned =
        |p: &Pod| p.condition("Ready").and_then(|c| c.last_transition_time).or(p.metadata.creation_timestamp);
    let since = |p: &&&Pod| p.metadata.deletion_timestamp.or_else(|| turned(p));
    not_ready.iter().filter_map(since).min()
}

/// The pods of a table whose makers it does not show, by the name of the workload that they begin with.
fn by_name<'a>(snapshot: &'a Snapshot, workload: &'a Workload) -> impl Iterator<Item = &'a Pod> {
    let own = |p: &&Pod| {
        let rest = p.metadata.name.strip_prefix(&*workload.metadata.name);
        p.metadata.owner_references.is_empty() && rest.is_some_and(|r| r.starts_with('-'))
    };
    let pods = workload.metadata.is_partial.then(|| snapshot.pods.in_namespace(&workload.metadata.namespace));
    pods.unwrap_or_default().iter().filter(|p| p.metadata.is_partial).filter(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

    fn seen(objects: &[(&str, &str)]) -> Vec<&'static str> {
        let mut builder = SnapshotBuilder::default();
        for (kind, json) in objects {
            match Ingest::parse(kind, json) {
                Ok(object) => builder.push(object),
                Err(why) => panic!("{kind}: {why}"),
            }
        }
        builder.access(Kind::Pod, Access::Listed);
        builder.taken_at("2026-11-22T12:00:00Z".parse().ok());
        let mut sink = Sink::default();
        observe(&builder.finish(), &mut sink);
        sink.finish().all().iter().map(|f| f.signal).collect()
    }

    #[test]
    fn a_pod_that_just_started_is_no_symptom() {
        let pod = |created: &str, node: &str| {
            format!(
                r#"{{"metadata":{{"name":"a","namespace":"n","creationTimestamp":"{created}"}},"spec":{{"nodeName":"{node}"}}}}"#
            )
        };
        assert_eq!(seen(&[("Pod", &pod("2026-11-22T11:00:00Z", "w"))]), ["pod.not-ready"]);
        assert_eq!(seen(&[("Pod", &pod("2026-11-22T11:00:00Z", ""))]), ["pod.unschedulable"]);
        assert!(seen(&[("Pod", &pod("2026-11-22T11:59:50Z", "w"))]).is_empty());
        assert!(seen(&[("Pod", &pod("2026-11-22T11:59:50Z", ""))]).is_empty());
    }

    #[test]
    fn finished_pods_are_no_symptom() {
        let pod = r#"{"metadata":{"name":"a","namespace":"n"},"spec":{"nodeName":"w"},"status":{"phase":"Succeeded"}}"#;
        assert!(seen(&[("Pod", pod)]).is_empty());
    }

    #[test]
    fn a_workload_without_all_of_its_replicas() {
        let w = |ready| {
            format!(
                r#"{{"metadata":{{"name":"a","namespace":"n","creationTimestamp":"2026-11-22T11:00:00Z"}},"spec":{{"replicas":2}},"status":{{"availableReplicas":{ready}}}}}"#
            )
        };
        assert_eq!(seen(&[("Deployment", &w(1))]), ["workload.unavailable"]);
        assert!(seen(&[("Deployment", &w(2))]).is_empty());
    }

    #[test]
    fn a_replica_that_just_started_is_no_lack() {
        let set = r#"{"metadata":{"name":"a","namespace":"n","uid":"3d1219c7-c4c5-404a-aa1f-6d2a48adfda4","creationTimestamp":"2026-10-22T11:00:00Z"},"spec":{"replicas":1},"status":{"availableReplicas":0}}"#;
        let pod = |at: &str, restarts: u8| {
            format!(
                r#"{{"metadata":{{"name":"a-0","namespace":"n","creationTimestamp":"{at}","ownerReferences":[{{"kind":"StatefulSet","name":"a","controller":true,"uid":"3d1219c7-c4c5-404a-aa1f-6d2a48adfda4"}}]}},"spec":{{"nodeName":"w"}},"status":{{"phase":"Running","containerStatuses":[{{"name":"c","restartCount":{restarts}}}]}}}}"#
            )
        };
        let young = |restarts| pod("2026-11-22T11:59:50Z", restarts);
        assert!(seen(&[("StatefulSet", set), ("Pod", &young(0))]).is_empty());
        assert!(seen(&[("StatefulSet", set), ("Pod", &young(2))]).contains(&"workload.unavailable"));
        let stuck = pod("2026-11-22T11:50:00Z", 0);
        assert_eq!(seen(&[("StatefulSet", set), ("Pod", &stuck)]), ["pod.not-ready", "workload.unavailable"]);
        assert_eq!(seen(&[("StatefulSet", set)]), ["workload.unavailable"]);
    }
}
