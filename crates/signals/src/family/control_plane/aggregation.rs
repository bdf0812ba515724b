//! Aggregated APIs that do not answer, and what they hold up: autoscalers without metrics, namespaces that cannot go.

use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::condition;
use kubecause_evidence::kube::{ApiService, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// Available is False.
pub(super) const UNAVAILABLE: Signal = Signal::fact(
    "apiservice.unavailable",
    "An APIService that leads to a Service has Available=False for more than a minute \
     (kube-aggregator, pkg/controllers/status).",
    &[Needs::Kind(Kind::APIService)],
);

/// A server that starts takes less.
const PATIENCE_SECONDS: i64 = crate::patience::AGGREGATED_API.seconds;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for api in snapshot.api_services.all().iter().filter(|a| !a.metadata.is_deleting()) {
        unavailable(snapshot, api).into_iter().for_each(|f| sink.add(f));
    }
}

/// Where it is not stated since when it is down: whether its server only just starts, told by pods of its name.
fn is_starting(snapshot: &Snapshot, namespace: &str, service: &str) -> bool {
    let of_name = |p: &&Pod| p.metadata.name.strip_prefix(service).is_some_and(|r| r.starts_with('-'));
    let mut pods = snapshot.pods.in_namespace(namespace).iter().filter(of_name).peekable();
    let fresh =
        |p: &Pod| snapshot.age(p.metadata.creation_timestamp).is_some_and(|age| age < PATIENCE_SECONDS);
    let starts = |p: &Pod| fresh(p) && p.statuses().all(|(_, s)| s.restart_count == 0);
    pods.peek().is_some() && pods.all(|p| starts(p) || p.is_finished() || p.metadata.is_deleting())
}

fn unavailable(snapshot: &Snapshot, api: &ApiService) -> Option<Finding> {
    let service = api.spec.service.as_ref()?;
    let found =
        condition(&api.status.conditions, "Available").filter(|c| !c.is_true() && c.reason != "Local")?;
    let since = found.last_transition_time;
    if snapshot.age(since).is_some_and(|age| age < PATIENCE_SECONDS) {
        return None;
    }
    if since.is_none() && is_starting(snapshot, &service.namespace, &service.name) {
        return None;
    }
    let subject = api.metadata.subject(Kind::APIService);
    let target = Subject::new(Kind::Service, &service.namespace, &service.name);
    let text = format!("Available={} {}: {}", found.status, found.reason, found.message);
    let finding = Finding::new(UNAVAILABLE.id, subject)
        .cite(Source::Condition, since, format!("apiservices/{}", api.metadata.name), text)
        .param("reason", &found.reason)
        .param("service", &target)
        .param("group", &api.spec.group)
        .since(since)
        .naming(target);
    Some(held_up(snapshot, api).into_iter().fold(finding, Finding::naming))
}

/// Autoscalers that lack metrics of that API, and namespaces whose deletion waits for discovery.
fn held_up(snapshot: &Snapshot, api: &ApiService) -> Vec<Subject> {
    let metrics = ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"]
        .contains(&api.spec.group.as_str());
    let starving = snapshot.hpas.all().iter().filter(|h| {
        metrics
            && condition(&h.status.conditions, "ScalingActive")
                .is_some_and(|c| c.is_false() && c.reason.starts_with("FailedGet"))
    });
    let waiting = snapshot.namespaces.all().iter().filter(|n| {
        condition(&n.status.conditions, "NamespaceDeletionDiscoveryFailure").is_some_and(|c| c.is_true())
    });
    let starving = starving.map(|h| h.metadata.subject(Kind::HorizontalPodAutoscaler));
    starving.chain(waiting.map(|n| n.metadata.subject(Kind::Namespace))).collect()
}
