//! Services whose pods exist and do not serve, whose workload has no replicas, or that refuse some of their callers.

use super::calls::naming_client;
use super::view::{View, nodes_with_endpoints, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::{Pod, Service, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Sym};
use kubecause_model::Source;

/// Pods match and none is Ready.
pub(super) const BACKENDS_NOT_READY: Signal = Signal::fact(
    "service.backends-not-ready",
    "A Service selects pods and none of them was Ready for the last minute, so it has no endpoint that serves.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// The workload behind wants pods and has none.
pub(super) const BACKENDS_NOT_CREATED: Signal = Signal::fact(
    "service.backends-not-created",
    "The workload that a Service selects wants pods and has none.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod), Needs::Kind(Kind::Deployment)],
);

/// Nobody serves because somebody said zero, and somebody calls.
pub(super) const SCALED_TO_ZERO: Signal = Signal::fact(
    "service.scaled-to-zero-called",
    "All workloads behind a Service want 0 replicas, and an Ingress, a webhook, an aggregated API or a failing pod \
     leads to it.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod), Needs::Kind(Kind::Deployment)],
);

/// A Local policy drops what arrives on a node without endpoints.
pub(super) const LOCAL_POLICY_REFUSES: Signal = Signal::fact(
    "service.local-policy-refuses",
    "A Service keeps traffic on the node (internalTrafficPolicy Local), has ready endpoints only elsewhere, and a pod on \
     a node without one fails to call it.",
    &[Needs::ContainerLog],
);

/// A Service that is not load-balanced.
pub(super) const HEADLESS: Signal = Signal::fact(
    "service.headless",
    "A Service with clusterIP None and several pods, which is not the governing Service of a StatefulSet: names resolve \
     to all pods, nothing balances between them.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::StatefulSet)],
);

/// None Ready for this long is no rollout's moment.
const NOT_READY_SECONDS: i64 = 60;
/// A first start pulls images and warms up.
const FIRST_START_SECONDS: i64 = 180;

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for service in view.selecting().filter(|s| view.snapshot.sees_pods_of(&s.metadata.namespace)) {
        let pods = view.live_pods(service);
        let found = if pods.is_empty() {
            not_created(view, service).or_else(|| scaled_to_zero(view, service))
        } else {
            not_ready(view, service, &pods)
        };
        found.into_iter().for_each(|f| sink.add(f));
        local_policy(view, service, &pods).into_iter().for_each(|f| sink.add(f));
        headless(view, service, &pods).into_iter().for_each(|f| sink.add(f));
    }
}

/// Since when a pod is not Ready: the condition's last change, or its creation.
fn not_ready_since(pod: &Pod) -> Option<Timestamp> {
    let changed = pod.condition("Ready").and_then(|c| c.last_transition_time);
    changed.or(pod.metadata.creation_timestamp)
}

fn not_ready(view: &View<'_>, service: &Service, pods: &[&Pod]) -> Option<Finding> {
    if service.spec.publish_not_ready_addresses || pods.iter().any(|p| p.is_ready()) {
        return None;
    }
    let lasting = |pod: &&Pod| {
        let restarted = pod.statuses().any(|(_, s)| s.restart_count > 0 || s.last_state.terminated.is_some());
        let patience = if restarted { NOT_READY_SECONDS } else { FIRST_START_SECONDS };
        view.older_than(not_ready_since(pod), NOT_READY_SECONDS)
            && view.older_than(pod.metadata.creation_timestamp, patience)
    };
    if !pods.iter().all(lasting) {
        return None;
    }
    let meta = &service.metadata;
    let last = pods.iter().filter_map(|p| not_ready_since(p)).max();
    let mut finding = Finding::new(BACKENDS_NOT_READY.id, meta.subject(Kind::Service))
        .param("selector", &service.spec.selector)
        .param("pods", pods.len())
        .since(last);
    for pod in pods.iter().take(3) {
        let why = pod.condition("Ready").map(|c| format!("Ready={} {} {}", c.status, c.reason, c.message));
        let said = why.unwrap_or_else(|| format!("phase {}, no Ready condition", pod.status.phase));
        finding = finding.cite(Source::Condition, not_ready_since(pod), place("pods", &pod.metadata), said);
    }
    Some(finding)
}

/// Workloads that could put pods behind the Service, of the kinds with a number of replicas.
fn scalable<'a>(view: &View<'a>, service: &Service) -> Vec<&'a Workload> {
    view.workloads_behind(service).into_iter().filter(|w| w.kind != WorkloadKind::DaemonSet).collect()
}

fn not_created(view: &View<'_>, service: &Service) -> Option<Finding> {
    let wanting: Vec<&Workload> = scalable(view, service).into_iter().filter(|w| w.wanted() > 0).collect();
    let owner =
        wanting.first().filter(|w| view.older_than(w.metadata.creation_timestamp, FIRST_START_SECONDS))?;
    if wanting.iter().any(|w| w.status.ready_replicas.is_some_and(|n| n > 0) || w.available() > 0) {
        return None;
    }
    let meta = &service.metadata;
    let said = format!(
        "wants {} replicas, status.replicas {}, no pod exists",
        owner.wanted(),
        owner.status.replicas
    );
    Some(
        Finding::new(BACKENDS_NOT_CREATED.id, meta.subject(Kind::Service))
            .cite(
                Source::Field,
                None,
                place(&owner.kind.kind().as_str().to_lowercase(), &owner.metadata),
                said,
            )
            .param("selector", &service.spec.selector)
            .param("pods", 0),
    )
}

fn scaled_to_zero(view: &View<'_>, service: &Service) -> Option<Finding> {
    let behind = view.workloads_behind(service);
    let owner = behind.first()?;
    let at_zero = |w: &&Workload| w.kind != WorkloadKind::DaemonSet && w.spec.replicas == Some(0);
    if !behind.iter().all(at_zero) || sleeps_on_purpose(view, owner) || view.has_addresses(service) {
        return None;
    }
    let meta = &service.metadata;
    let mut finding = Finding::new(SCALED_TO_ZERO.id, meta.subject(Kind::Service))
        .cite(
            Source::Field,
            None,
            place(&owner.kind.kind().as_str().to_lowercase(), &owner.metadata),
            "spec.replicas: 0",
        )
        .param("workload", owner.subject().slash());
    let mut callers = 0;
    if let Some(caller) = view.caller_of(service) {
        callers += 1;
        let text = format!("leads to Service {}", meta.name);
        finding = finding.cite(Source::Field, None, caller.slash(), text).param("caller", caller.slash());
        finding = finding.naming(caller.clone());
    }
    for call in view.calls_of(service).take(2) {
        callers += 1;
        finding = finding.cite(Source::Log, call.at, call.reference.clone(), &call.text);
        finding =
            naming_client(view.snapshot, finding, call).param("caller", format!("pod/{}", call.client.name));
    }
    (callers > 0).then_some(finding)
}

/// An autoscaler that may go down to zero has put it to sleep: the next request wakes it.
fn sleeps_on_purpose(view: &View<'_>, owner: &Workload) -> bool {
    let hpas = view.snapshot.hpas.in_namespace(&owner.metadata.namespace).iter();
    hpas.filter(|h| h.spec.min_replicas == Some(0))
        .any(|h| *h.spec.scale_target_ref.name == *owner.metadata.name)
}

fn local_policy(view: &View<'_>, service: &Service, pods: &[&Pod]) -> Option<Finding> {
    if service.spec.internal_traffic_policy != "Local" {
        return None;
    }
    let nodes = nodes_with_endpoints(pods);
    let missed = view.calls_of(service).find(|call| {
        let node = view.snapshot.node_of(&call.client.object());
        node.is_some_and(|n| !nodes.contains(&Sym::new(&n.name)))
    })?;
    if nodes.is_empty() {
        return None;
    }
    let node = view.snapshot.node_of(&missed.client.object()).map(|n| n.name.to_string()).unwrap_or_default();
    let meta = &service.metadata;
    let mut on: Vec<&str> = nodes.iter().map(|n| n.as_str()).collect();
    on.sort_unstable();
    let finding = Finding::new(LOCAL_POLICY_REFUSES.id, meta.subject(Kind::Service))
        .cite(Source::Field, None, place("services", meta), "spec.internalTrafficPolicy: Local")
        .cite(Source::Log, missed.at, missed.reference.clone(), &missed.text)
        .param("policy", "internalTrafficPolicy")
        .param("node", node)
        .param("endpoints_on", on.join(", "))
        .param("client", &missed.client.name);
    Some(naming_client(view.snapshot, finding, missed))
}

fn headless(view: &View<'_>, service: &Service, pods: &[&Pod]) -> Option<Finding> {
    let meta = &service.metadata;
    let sets = view.snapshot.stateful_sets.in_namespace(&meta.namespace);
    let governs = sets.iter().any(|s| {
        s.spec.service_name == *meta.name || service.spec.selector.all_in(&s.spec.template.metadata.labels)
    });
    let several = pods.iter().filter(|p| p.is_ready()).count() > 1;
    if service.spec.cluster_ip != "None" || governs || !several || view.caller_of(service).is_none() {
        return None;
    }
    let said = format!("spec.clusterIP: None, {} pods", pods.len());
    Some(
        Finding::new(HEADLESS.id, meta.subject(Kind::Service))
            .cite(Source::Field, None, place("services", meta), said)
            .param("pods", pods.len()),
    )
}
