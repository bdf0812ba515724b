//! Who killed a container: whether kubelet did, because a probe failed.

use kubecause_evidence::Snapshot;
use kubecause_evidence::kube::{Container, ContainerStatus, Event, Pod, Terminated};
use kubecause_evidence::{Kind, Subject};

/// The probe that made kubelet kill the run that ended: `liveness` or `startup`.
///
/// Kubelet says "Container x failed liveness probe, will be restarted" (Killing, since 1.14), before that
/// "Killing container with id docker://x:Container failed liveness probe.. Container will be killed and recreated.",
/// up to 1.9 "…:pod "x_ns(uid)" container "x" is unhealthy, it will be killed and re-created."
/// It stops repeating an event that comes too often, so half as many as restarts are enough.
pub fn probe_that_killed(
    snapshot: &Snapshot,
    pod: &Pod,
    spec: &Container,
    status: &ContainerStatus,
    end: &Terminated,
) -> Option<&'static str> {
    let by_signal = matches!(end.exit_code, 137 | 143);
    if by_signal && !snapshot.has_in(&Kind::Event, &pod.metadata.namespace) {
        return stanza(spec);
    }
    let subject = pod.metadata.subject(Kind::Pod);
    ["liveness", "startup"].into_iter().find(|probe| {
        let kills: u64 = about(snapshot, &subject, status)
            .filter(|e| e.reason == "Killing" && is_kill_by(&e.message, probe))
            .map(|e| u64::from(e.count))
            .sum();
        let wanted = u64::try_from(status.restart_count).unwrap_or(0).max(1);
        let failed = || about(snapshot, &subject, status).any(|e| failed_before(e, probe, end));
        kills > 0 && (by_signal || kills * 2 >= wanted) || (by_signal || end.exit_code == 0) && failed()
    })
}

/// Whether kubelet stopped that run because the pod was to go: `Stopping container x`, which it says of no probe.
///
/// A description does not show that a pod is being deleted once it has failed. Source: kubernetes
/// `pkg/kubelet/kuberuntime/kuberuntime_container.go` `killContainer`.
pub fn is_stopped(snapshot: &Snapshot, pod: &Pod, status: &ContainerStatus, end: &Terminated) -> bool {
    let near = |e: &Event| match (e.last, end.finished_at) {
        (Some(said), Some(ended)) => (-5..=STOP_SECONDS).contains(&(ended.as_second() - said.as_second())),
        _ => false,
    };
    let words = format!("Stopping container {}", status.name);
    let subject = pod.metadata.subject(Kind::Pod);
    matches!(end.exit_code, 137 | 143)
        && about(snapshot, &subject, status).any(|e| e.reason == "Killing" && *e.message == *words && near(e))
}

/// Within so long of kubelet's word a container ends: the usual grace period, and what ages are rounded by.
const STOP_SECONDS: i64 = 60;

fn about<'a>(
    snapshot: &'a Snapshot,
    pod: &Subject,
    status: &'a ContainerStatus,
) -> impl Iterator<Item = &'a Event> {
    let fits = |e: &&Event| e.regarding.container().is_none_or(|c| *c == *status.name);
    snapshot.events_about(pod).filter(fits)
}

/// Whether the message says that kubelet kills because of that probe.
fn is_kill_by(message: &str, probe: &str) -> bool {
    let unhealthy = message.contains("is unhealthy, it will be killed and re-created");
    unhealthy && probe == "liveness"
        || message
            .split_once("failed ")
            .is_some_and(|(_, rest)| rest.strip_prefix(probe).is_some_and(|rest| rest.starts_with(" probe")))
}

#[cfg(test)]
#[test]
fn kills_of_all_versions_name_their_probe() {
    let old = "Killing container with id docker://x:pod \"x_ns(uid)\" container \"x\" is unhealthy, it will be killed and re-created.";
    assert!(is_kill_by(old, "liveness") && !is_kill_by(old, "startup"));
    assert!(is_kill_by("Container x failed startup probe, will be restarted", "startup"));
    assert!(!is_kill_by("Stopping container x", "liveness"));
}

/// Whether that probe failed in the minutes before the end, so that the kill is its work.
fn failed_before(event: &Event, probe: &str, end: &Terminated) -> bool {
    let says = event.reason == "Unhealthy"
        && event.message.get(..probe.len()).is_some_and(|start| start.eq_ignore_ascii_case(probe));
    let near = match (event.last, end.finished_at) {
        (Some(last), Some(finished)) => last.as_second() + 120 >= finished.as_second(),
        _ => true,
    };
    says && near
}

/// The probe of the stanza that could have killed: one that is patient for longer than nothing.
fn stanza(spec: &Container) -> Option<&'static str> {
    if spec.liveness_probe.is_some() {
        return Some("liveness");
    }
    spec.startup_probe.as_ref().map(|_| "startup")
}
