//! The numbers and the form of a probe's stanza.

use super::outcome::Which;
use crate::family::containers::lifecycle::run_seconds;
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Pod, Probe, Terminated};
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};
use kubecause_model::Source;
use std::collections::BTreeSet;

/// The stanza in one line: `livenessProbe: http / on port 8080, delay 3s, period 3s, timeout 1s, 2 failures`.
pub fn text(which: Which, probe: &Probe) -> String {
    let t = probe.timing();
    let asks = if let Some(http) = &probe.http_get {
        format!("{} {} on port {}", scheme(probe), http.path, http.port)
    } else if let Some(tcp) = &probe.tcp_socket {
        format!("tcp on port {}", tcp.port)
    } else if let Some(grpc) = &probe.grpc {
        format!("grpc on port {}", grpc.port)
    } else {
        "exec".to_owned()
    };
    format!(
        "{}Probe: {asks}, delay {}s, period {}s, timeout {}s, {} failures",
        which.as_str(),
        t.initial_delay,
        t.period,
        t.timeout,
        t.failures
    )
}

fn scheme(probe: &Probe) -> &'static str {
    if asks_tls(probe) { "https" } else { "http" }
}

/// Whether the probe speaks TLS.
pub fn asks_tls(probe: &Probe) -> bool {
    probe.http_get.as_ref().is_some_and(|h| h.scheme.eq_ignore_ascii_case("HTTPS"))
}

/// Adds what was asked and what answers.
pub fn protocol(finding: Finding, probe: &Probe) -> Finding {
    let (asked, answers) = match (&probe.http_get, asks_tls(probe)) {
        (Some(_), true) => ("HTTPS", "HTTP"),
        (Some(_), false) => ("HTTP", "HTTPS"),
        (None, _) => ("gRPC", "another protocol"),
    };
    finding.param("asked", asked).param("answers", answers)
}

/// Whether a run ended when the probe's patience ran out: between the last failure that it takes and that plus the grace
/// period, with a period of slack, as kubelet begins at a random moment within the first.
pub fn ended_at_patience(pod: &Pod, probe: &Probe, end: &Terminated) -> bool {
    let t = probe.timing();
    let grace = pod.spec.termination_grace_period_seconds.unwrap_or(30);
    let least = t.initial_delay + t.period * (t.failures - 1) - 2;
    let most = t.patience() + t.period + t.timeout * t.failures + grace + 5;
    run_seconds(end).is_some_and(|run| (least..=most).contains(&run))
}

/// Adds the numbers of a startup probe that gives the container ten times its last run, five minutes at least.
pub fn suggestion(finding: Finding, probe: &Probe, end: &Terminated) -> Finding {
    let period = probe.timing().period.clamp(5, 10);
    let wanted = (run_seconds(end).unwrap_or(30) * 10).clamp(300, 1800);
    let failures = wanted / period;
    finding
        .param("suggested_period", period)
        .param("suggested_failures", failures)
        .param("suggested_seconds", failures * period)
}

/// A rollout matters for so many seconds.
const ROLLOUT: i64 = 3600;

/// Workloads behind Services that were rolled out within the hour and whose containers have no readiness probe.
pub fn missing(snapshot: &Snapshot, sink: &mut Sink) {
    let mut seen: BTreeSet<Subject> = BTreeSet::new();
    let services = snapshot.services.all().iter().filter(|s| s.metadata.namespace != "kube-system");
    for service in services {
        let subject = service.metadata.subject(Kind::Service);
        for pod in snapshot.reach(Relation::ServicePods, &subject).iter().filter_map(|p| snapshot.pod(p)) {
            let young = snapshot.age(pod.status.start_time).is_some_and(|age| age <= ROLLOUT);
            let bare =
                pod.spec.containers.iter().find(|c| !c.ports.is_empty() && c.readiness_probe.is_none());
            let (true, Some(container)) = (young && !pod.metadata.is_deleting(), bare) else { continue };
            let workload = snapshot.top_owner(&pod.metadata.subject(Kind::Pod)).object();
            if !workload.kind.is_workload() || !seen.insert(workload.clone()) {
                continue;
            }
            let reference = format!("{}s/{}", workload.kind.as_str().to_lowercase(), workload);
            sink.add(
                Finding::new("workload.readiness-probe-missing", workload)
                    .param("container", &container.name)
                    .param("service", &service.metadata.name)
                    .cite(
                        Source::Field,
                        None,
                        reference,
                        format!("spec.containers[{}].readinessProbe: ∅", container.name),
                    )
                    .naming(subject.clone()),
            );
        }
    }
}
