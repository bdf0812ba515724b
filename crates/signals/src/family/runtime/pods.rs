//! Pods that should be gone, and init containers that ran a second time.

use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// How long after its end a pod may still be listed: kubelet needs some rounds to clean up.
const LATE_SECONDS: i64 = 120;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        if pod.metadata.is_deleting() {
            terminating(snapshot, pod, sink);
        } else if pod.status.phase == "Running" {
            init_ran_again(snapshot, pod, sink);
        }
    }
}

fn terminating(snapshot: &Snapshot, pod: &Pod, sink: &mut Sink) {
    // The deletion timestamp already holds the grace period: it is the time at which the pod was to be gone.
    let due = pod.metadata.deletion_timestamp;
    let Some(late) = snapshot.age(due).filter(|late| *late > LATE_SECONDS) else { return };
    let subject = pod.metadata.subject(Kind::Pod);
    let at = format!("pods/{subject}");
    let found = |id| {
        Finding::new(id, subject.clone()).since(due).param("late", late).param("node", &pod.spec.node_name)
    };
    let due_text = due.map(|d| d.to_string()).unwrap_or_default();
    sink.add(found("pod.terminating-too-long").cite(
        Source::Field,
        due,
        &at,
        format!("metadata.deletionTimestamp: {due_text} (+{late} s)"),
    ));
    let mut statuses = pod.status.container_statuses.iter().peekable();
    let all_ended = statuses.peek().is_some() && statuses.all(|s| s.state.terminated.is_some());
    let node_is_ready =
        snapshot.nodes.get("", &pod.spec.node_name).is_some_and(kubecause_evidence::kube::Node::is_ready);
    // A description shows no finalizers, and no uid either, which every object of the API has.
    let is_whole = !pod.metadata.uid.is_none();
    if all_ended && is_whole && pod.metadata.finalizers.is_empty() && node_is_ready {
        let text = format!(
            "all containers terminated, no finalizers, still there {late} s after its deletion was due"
        );
        sink.add(
            found("pod.exited-but-terminating")
                .cite(Source::Field, due, &at, text)
                .naming(Subject::node(&pod.spec.node_name)),
        );
    }
}

fn init_ran_again(snapshot: &Snapshot, pod: &Pod, sink: &mut Sink) {
    let old = snapshot
        .nodes
        .get("", &pod.spec.node_name)
        .is_some_and(|n| before_1_29(&n.status.node_info.kubelet_version));
    if !old {
        return;
    }
    let running =
        |s: &kubecause_evidence::kube::ContainerStatus| s.state.running.as_ref().and_then(|r| r.started_at);
    let Some(mains_since): Option<Timestamp> = pod.status.container_statuses.iter().filter_map(running).min()
    else {
        return;
    };
    for status in &*pod.status.init_container_statuses {
        let sidecar =
            pod.spec.init_containers.iter().any(|c| c.name == *status.name && c.restart_policy == "Always");
        // One that waits for its next start tells of the last.
        let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
        let started = running(status).or_else(|| ended.and_then(|t| t.started_at));
        if sidecar || started.is_none_or(|at| at <= mains_since) {
            continue;
        }
        let subject = pod.metadata.subject(Kind::Pod);
        let text = format!(
            "init container {} started again at {}, while a main container runs since {mains_since}",
            status.name,
            started.map(|s| s.to_string()).unwrap_or_default(),
        );
        sink.add(
            Finding::new("pod.init-ran-again", subject.clone())
                .since(started)
                .cite(Source::Field, started, format!("pods/{subject}"), text)
                .param("init", &status.name)
                .naming(Subject::node(&pod.spec.node_name)),
        );
    }
}

/// Whether `v1.28.4` is older than 1.29, the first kubelet that bears the loss of exited init containers.
fn before_1_29(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map(|p| p.parse::<u32>().unwrap_or_default());
    matches!((parts.next(), parts.next()), (Some(1), Some(minor)) if minor < 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(kubelet: &str, meta: &str, status: &str) -> Vec<&'static str> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:00:00Z".parse().ok());
        let node = format!(
            r#"{{"metadata":{{"name":"a"}},"status":{{"nodeInfo":{{"kubeletVersion":"{kubelet}"}},"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        );
        let pod = format!(
            r#"{{"metadata":{{"name":"p","namespace":"s","uid":"u"{meta}}},"spec":{{"nodeName":"a","initContainers":[{{"name":"i"}}],"containers":[{{"name":"c"}}]}},"status":{{"phase":"Running",{status}}}}}"#
        );
        for (kind, json) in [("Node", &node), ("Pod", &pod)] {
            if let Ok(object) = Ingest::parse(kind, json) {
                b.push(object);
            }
        }
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| f.signal).collect()
    }

    const ENDED: &str = r#""containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]"#;

    #[test]
    fn a_pod_that_ended_and_stays() {
        let due = r#","deletionTimestamp":"2026-11-22T17:50:00Z""#;
        assert_eq!(see("v1.18.6", due, ENDED), ["pod.exited-but-terminating", "pod.terminating-too-long"]);
        let held = r#","deletionTimestamp":"2026-11-22T17:50:00Z","finalizers":["x/y"]"#;
        assert_eq!(see("v1.18.6", held, ENDED), ["pod.terminating-too-long"]);
        assert!(see("v1.18.6", r#","deletionTimestamp":"2026-11-22T17:59:30Z""#, ENDED).is_empty());
    }

    #[test]
    fn an_init_container_that_ran_again() {
        let status = |init: &str| {
            format!(
                r#""initContainerStatuses":[{{"name":"i","restartCount":1,"state":{{"terminated":{{"exitCode":0,"startedAt":"{init}"}}}}}}],
                "containerStatuses":[{{"name":"c","ready":true,"state":{{"running":{{"startedAt":"2026-11-22T10:00:00Z"}}}}}}]"#
            )
        };
        assert_eq!(see("v1.20.4", "", &status("2026-11-22T17:00:00Z")), ["pod.init-ran-again"]);
        assert!(see("v1.20.4", "", &status("2026-11-22T09:59:00Z")).is_empty());
        assert!(see("v1.29.0", "", &status("2026-11-22T17:00:00Z")).is_empty());
    }
}
