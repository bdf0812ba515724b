//! Services that no selector fills: an `ExternalName` whose target does not resolve, and a Service without a selector for
//! which nobody wrote endpoints. Both count only where somebody calls them: many such objects are left over.

use super::calls::{Call, Failure, naming_client, unanswered};
use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;
use kubecause_evidence::kube::Service;
use kubecause_model::Source;

/// The name behind an `ExternalName` is unknown.
pub(super) const EXTERNAL_NAME: Signal = Signal::fact(
    "service.external-name-unresolved",
    "A pod calls a Service of type ExternalName, and DNS answers that the name behind it does not exist.",
    &[Needs::Kind(Kind::Service), Needs::ContainerLog],
);

/// Nobody filled it.
pub(super) const NOT_FILLED: Signal = Signal::fact(
    "service.endpoints-not-written",
    "A Service without a selector has no endpoints, and a pod, an Ingress, a webhook or an aggregated API calls it.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::EndpointSlice)],
);

/// What writes endpoints does so within this many seconds.
const SETTLED_SECONDS: i64 = 120;

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for service in view.snapshot.services.all().iter().filter(|s| !s.metadata.is_deleting()) {
        if service.spec.kind == "ExternalName" {
            external_name(view, service).into_iter().for_each(|f| sink.add(f));
        } else if service.spec.selector.is_empty() {
            not_filled(view, service).into_iter().for_each(|f| sink.add(f));
        }
    }
}

fn external_name(view: &View<'_>, service: &Service) -> Option<Finding> {
    let unknown = |c: &&Call| c.failure == Failure::NotResolved && !unanswered(&c.text);
    let calls: Vec<&Call> = view.calls_of(service).filter(unknown).collect();
    let call = calls.first()?;
    let target = &service.spec.external_name;
    let finding = Finding::new(EXTERNAL_NAME.id, service.metadata.subject(Kind::Service))
        .cite(Source::Field, None, place("services", &service.metadata), format!("externalName: {target}"))
        .cite(Source::Log, call.at, call.reference.clone(), &call.text)
        .param("target", target)
        .param("client", &call.client.name)
        .since(call.at);
    Some(calls.iter().fold(finding, |f, c| naming_client(view.snapshot, f, c)))
}

fn not_filled(view: &View<'_>, service: &Service) -> Option<Finding> {
    let snapshot = view.snapshot;
    let looked = snapshot.has(&Kind::EndpointSlice) || snapshot.has(&Kind::Endpoints);
    let own = service.metadata.namespace == "default" && service.metadata.name == "kubernetes";
    if own
        || !looked
        || view.has_addresses(service)
        || !view.older_than(service.metadata.creation_timestamp, SETTLED_SECONDS)
    {
        return None;
    }
    let calls: Vec<&Call> = view.calls_of(service).filter(|c| c.failure != Failure::NotResolved).collect();
    let caller = view.caller_of(service);
    let who = calls.first().map(|c| c.client.object()).or_else(|| caller.cloned())?;
    let mut finding = Finding::new(NOT_FILLED.id, service.metadata.subject(Kind::Service))
        .cite(
            Source::Field,
            None,
            place("services", &service.metadata),
            "spec.selector is empty, and no EndpointSlice or Endpoints of it holds an address",
        )
        .param("client", &who.name)
        .since(service.metadata.creation_timestamp);
    if let Some(caller) = caller {
        finding = finding.naming(caller.clone());
    }
    for call in calls.iter().take(4) {
        finding = finding.cite(Source::Log, call.at, call.reference.clone(), &call.text);
    }
    Some(calls.iter().fold(finding, |f, c| naming_client(snapshot, f, c)))
}
