//! NetworkPolicies that keep away traffic which is seen to be missed. A policy alone is no fault: only a caller that
//! fails, and whose connection the policies do not admit, makes one.

use super::calls::{Call, Failure, naming_client, service_ports};
use super::dns;
use super::policy_rules::{Direction, Flow, admitted, restricting};
use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;
use kubecause_evidence::kube::{NetworkPolicy, Pod, Port, Service, ServicePort};
use kubecause_model::Source;

/// A connection that is missed and not admitted.
pub(super) const BLOCKS: Signal = Signal::fact(
    "network-policy.blocks-failing-call",
    "A pod fails to call a Service whose pods are Ready, or to resolve names, and the NetworkPolicies that select one of \
     the two ends admit no such traffic.",
    &[Needs::Kind(Kind::NetworkPolicy), Needs::ContainerLog],
);

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    if view.snapshot.network_policies.all().is_empty() {
        return;
    }
    for call in view.calls.iter().chain(&view.lookups) {
        let found =
            if call.failure == Failure::NotResolved { lookup(view, call) } else { connection(view, call) };
        found.into_iter().for_each(|f| sink.add(f));
    }
}

fn number(port: &ServicePort, pod: &Pod) -> Option<i32> {
    match port.target() {
        Port::Number(n) => Some(n),
        Port::Name(name) => {
            let mut ports = pod.spec.all_containers().flat_map(|c| c.ports.iter());
            ports.find(|p| p.name == name).map(|p| p.container_port)
        }
    }
}

fn protocol(port: &ServicePort) -> &str {
    if port.protocol.is_empty() { "TCP" } else { port.protocol.as_str() }
}

/// The policies in the way of the connection, and the direction that they restrict.
fn in_the_way<'a>(
    view: &View<'a>,
    from: &Pod,
    to: &Pod,
    port: &ServicePort,
) -> Option<(Vec<&'a NetworkPolicy>, Direction)> {
    let flow = Flow { from, to, port: number(port, to)?, protocol: protocol(port) };
    [(Direction::Ingress, to), (Direction::Egress, from)].into_iter().find_map(|(direction, pod)| {
        let policies = restricting(view.snapshot, pod, direction);
        let outside = pod.spec.host_network || (direction == Direction::Ingress && from.spec.host_network);
        let blocked =
            !outside && !policies.is_empty() && !admitted(view.snapshot, &policies, flow, direction);
        blocked.then_some((policies, direction))
    })
}

/// All ready pods of the Service must be out of reach.
fn blocked<'a>(
    view: &View<'a>,
    from: &Pod,
    service: &'a Service,
    port: &ServicePort,
) -> Option<(Vec<&'a NetworkPolicy>, Direction)> {
    let pods = view.live_pods(service);
    let ready: Vec<&&Pod> = pods.iter().filter(|p| p.is_ready()).collect();
    let mut ways = ready.iter().map(|to| in_the_way(view, from, to, port));
    let first = ways.next()??;
    ways.all(|w| w.is_some()).then_some(first)
}

fn connection(view: &View<'_>, call: &Call) -> Option<Finding> {
    let snapshot = view.snapshot;
    let service = snapshot.services.get(&call.namespace, &call.service)?;
    let from = snapshot.pod(&call.client.object())?;
    if service.spec.selector.is_empty() {
        return None;
    }
    let ports = service_ports(service, call);
    let (port, (policies, direction)) =
        ports.iter().find_map(|p| Some((*p, blocked(view, from, service, p)?)))?;
    let target = service.metadata.subject(Kind::Service);
    let finding =
        found(view, call, &policies, direction)?.param("service", &target.name).param("port", port.target());
    Some(finding.naming(target))
}

/// Names do not resolve, and the client may not ask the DNS servers.
fn lookup(view: &View<'_>, call: &Call) -> Option<Finding> {
    let from = view.snapshot.pod(&call.client.object())?;
    let (service, (policies, direction)) = dns::servers(view).find_map(|service| {
        let port = service.spec.ports.iter().find(|p| p.port == 53 && protocol(p) == "UDP")?;
        Some((service, blocked(view, from, service, port)?))
    })?;
    let target = service.metadata.subject(Kind::Service);
    let finding =
        found(view, call, &policies, direction)?.param("service", &target.name).param("port", "53/UDP");
    Some(finding.naming(target))
}

fn found(view: &View<'_>, call: &Call, policies: &[&NetworkPolicy], direction: Direction) -> Option<Finding> {
    let policy = policies.first()?;
    let all: Vec<&str> = policies.iter().map(|p| p.metadata.name.as_str()).collect();
    let said = format!(
        "podSelector {}, policyTypes {}: no {} rule admits this traffic",
        if policy.spec.pod_selector.is_empty() {
            "{}".to_owned()
        } else {
            policy.spec.pod_selector.match_labels.to_string()
        },
        policy.spec.policy_types.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","),
        direction.word(),
    );
    let finding = Finding::new(BLOCKS.id, policy.metadata.subject(Kind::NetworkPolicy))
        .cite(
            Source::Field,
            policy.metadata.creation_timestamp,
            place("networkpolicies", &policy.metadata),
            said,
        )
        .cite(Source::Log, call.at, call.reference.clone(), &call.text)
        .param("direction", direction.word())
        .param("policies", all.join(", "))
        .param("client", &call.client.name)
        .since(policy.metadata.creation_timestamp);
    Some(naming_client(view.snapshot, finding, call))
}
