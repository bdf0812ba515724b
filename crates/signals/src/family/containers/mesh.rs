//! Connections that a mesh's sidecar cuts when they were idle for long.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};

/// Containers that a mesh injects.
const SIDECARS: [&str; 4] = ["istio-proxy", "linkerd-proxy", "envoy-sidecar", "consul-dataplane"];
/// Envoy's idle timeout for TCP is one hour; clocks and sampling differ by minutes.
const IDLE_SECONDS: i64 = 3600;

/// Finds connections that break again and again, each time after about the idle timeout or a multiple of it, only in pods with a
/// sidecar.
pub fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    for reset in findings.of("log.app-connection-reset") {
        let Some(pod) = snapshot.pod(&reset.subject) else { continue };
        let Some(sidecar) = sidecar_of(pod, &reset.subject) else { continue };
        let (Some(first), Some(last)) = (reset.span.first, reset.span.last) else { continue };
        let between = i64::try_from(reset.count.saturating_sub(1)).unwrap_or(i64::MAX);
        let interval = (last.as_second() - first.as_second()) / between.max(1);
        let fresh = snapshot.age(Some(last)).is_some_and(|age| age <= 2 * IDLE_SECONDS);
        if reset.count < 2
            || interval < IDLE_SECONDS - 120
            || !fresh
            || fails_without(snapshot, findings, pod)
        {
            continue;
        }
        let mut found = Finding::new("app.idle-connection-cut", reset.subject.clone())
            .param("sidecar", sidecar)
            .param("minutes_between", interval / 60)
            .param("times", reset.count);
        found.span = reset.span;
        found.span.ongoing = true;
        found.evidence.clone_from(&reset.evidence);
        sink.add(found);
    }
}

fn sidecar_of(pod: &Pod, subject: &Subject) -> Option<String> {
    let own = subject.container.as_deref().unwrap_or_default();
    let mut names = pod.spec.all_containers().map(|c| c.name.as_str());
    names.find(|n| SIDECARS.contains(n) && *n != own).map(str::to_owned)
}

/// Whether a pod of the namespace without a sidecar breaks in the same way: then the sidecar is not it.
fn fails_without(snapshot: &Snapshot, findings: &Findings, pod: &Pod) -> bool {
    let of_namespace =
        findings.of("log.app-connection-reset").filter(|f| f.subject.ns() == &*pod.metadata.namespace);
    of_namespace.filter_map(|f| Some((f, snapshot.pod(&f.subject)?))).any(|(f, other)| {
        f.subject.kind == Kind::Pod
            && sidecar_of(other, &f.subject).is_none()
            && !SIDECARS.contains(&f.subject.container.as_deref().unwrap_or_default())
    })
}
