//! A Service's target ports against what its pods declare, probe and answer. A container's `ports` are information only:
//! a port that is not declared may still listen, so a number alone never proves a mismatch.

use super::calls::{Call, Failure, naming_client, service_ports};
use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;
use kubecause_evidence::kube::{Container, ContainerPort, Pod, Port, Service, ServicePort};
use kubecause_model::Source;

/// A name that no selected pod declares.
pub(super) const NAME_MISSING: Signal = Signal::fact(
    "service.target-port-name-missing",
    "A Service's targetPort is a name that no container of any selected pod declares: the endpoint controller leaves the \
     port out (FindPort in pkg/api/v1/pod/util.go).",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// A number that none of the declared ports has, while a probe shows another one listening.
pub(super) const UNDECLARED: Signal = Signal::fact(
    "service.target-port-undeclared",
    "A Service's only port leads to a number that no container declares, although all containers declare ports and the \
     pods are Ready by a probe on another one.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// Callers are refused although the pods are Ready.
pub(super) const REFUSED: Signal = Signal::fact(
    "service.target-port-refused",
    "A caller's log says that the connection was refused although the Service has ready pods, and their probes pass on \
     another port than targetPort.",
    &[Needs::ContainerLog],
);

/// The name exists for the other protocol.
pub(super) const NAMED_OTHER_PROTOCOL: Signal = Signal::fact(
    "service.named-port-other-protocol",
    "A Service's targetPort is a name that the pods declare with another protocol: FindPort compares both.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// The number exists for the other protocol.
pub(super) const OTHER_PROTOCOL: Signal = Signal::fact(
    "service.port-other-protocol",
    "A Service's targetPort is declared by its pods with the other protocol only.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for service in view.selecting() {
        let pods = view.live_pods(service);
        if pods.is_empty() {
            continue;
        }
        for port in service.spec.ports.iter() {
            let found = match port.target() {
                Port::Name(name) => named(service, port, &name, &pods),
                Port::Number(number) => other_protocol(view, service, port, number, &pods)
                    .or_else(|| undeclared(view, service, number, &pods)),
            };
            found.into_iter().for_each(|f| sink.add(f));
        }
        refused(view, service, &pods).into_iter().for_each(|f| sink.add(f));
    }
}

fn protocol(text: &str) -> &str {
    if text.is_empty() { "TCP" } else { text }
}

/// Main containers and native sidecars.
fn serving(pod: &Pod) -> impl Iterator<Item = &Container> {
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    pod.spec.containers.iter().chain(sidecars)
}

fn declared<'a>(pods: &[&'a Pod]) -> Vec<&'a ContainerPort> {
    pods.iter().flat_map(|p| serving(p)).flat_map(|c| c.ports.iter()).collect()
}

/// `8080/TCP, metrics 9090/TCP`: what the pods declare, each once.
fn listing(ports: &[&ContainerPort]) -> String {
    let mut all: Vec<String> = ports
        .iter()
        .map(|p| format!("{} {}/{}", p.name, p.container_port, protocol(&p.protocol)).trim().to_owned())
        .collect();
    all.sort();
    all.dedup();
    all.join(", ")
}

fn found(signal: &'static str, service: &Service, port: &ServicePort, pods: &[&Pod]) -> Finding {
    let meta = &service.metadata;
    let ports = listing(&declared(pods));
    let said = format!("port {}/{} → targetPort {}", port.port, protocol(&port.protocol), port.target());
    let declares =
        if ports.is_empty() { "declares no ports".to_owned() } else { format!("declares {ports}") };
    let pod = pods.first().map(|p| place("pods", &p.metadata)).unwrap_or_default();
    Finding::new(signal, meta.subject(Kind::Service))
        .cite(Source::Field, None, place("services", meta), said)
        .cite(Source::Field, None, pod, declares)
        .param("port", port.port)
        .param("target_port", port.target())
        .param("protocol", protocol(&port.protocol))
        .param("declared", ports)
}

fn named(service: &Service, port: &ServicePort, name: &str, pods: &[&Pod]) -> Option<Finding> {
    let all = declared(pods);
    let mut same_name = all.iter().filter(|p| p.name == *name).peekable();
    if same_name.peek().is_none() {
        return Some(found(NAME_MISSING.id, service, port, pods));
    }
    let fits = same_name.any(|p| protocol(&p.protocol) == protocol(&port.protocol));
    (!fits).then(|| found(NAMED_OTHER_PROTOCOL.id, service, port, pods))
}

/// The Service has that number for one protocol only, and the pods declare it for the other only.
fn other_protocol(
    view: &View<'_>,
    service: &Service,
    port: &ServicePort,
    number: i32,
    pods: &[&Pod],
) -> Option<Finding> {
    let twin = service
        .spec
        .ports
        .iter()
        .any(|p| p.port == port.port && protocol(&p.protocol) != protocol(&port.protocol));
    let all = declared(pods);
    let mut same = all.iter().filter(|p| p.container_port == number).peekable();
    let declares_all = pods.iter().flat_map(|p| serving(p)).all(|c| !c.ports.is_empty());
    if twin || same.peek().is_none() || !declares_all {
        return None;
    }
    let fits = same.any(|p| protocol(&p.protocol) == protocol(&port.protocol));
    (!fits && !has_twin(view, service, pods)).then(|| found(OTHER_PROTOCOL.id, service, port, pods))
}

/// The ports that the probes of Ready pods ask, as numbers.
fn probed(pods: &[&Pod]) -> Vec<i32> {
    let number = |c: &Container, port: Port| match port {
        Port::Number(n) => Some(n),
        Port::Name(name) => c.ports.iter().find(|p| p.name == name).map(|p| p.container_port),
    };
    let of = |c: &Container| -> Vec<i32> {
        let probes = [&c.readiness_probe, &c.startup_probe, &c.liveness_probe].into_iter().flatten();
        probes.filter_map(|p| number(c, p.port()?)).collect()
    };
    pods.iter().filter(|p| p.is_ready()).flat_map(|p| serving(p).flat_map(of).collect::<Vec<_>>()).collect()
}

/// Whether another Service leads to the same pods: then this one may be for a second listener that nobody declared.
fn has_twin(view: &View<'_>, service: &Service, pods: &[&Pod]) -> bool {
    view.snapshot.services.in_namespace(&service.metadata.namespace).iter().any(|other| {
        other.metadata.name != service.metadata.name
            && !other.spec.selector.is_empty()
            && pods.iter().any(|p| other.spec.selector.all_in(&p.metadata.labels))
    })
}

fn undeclared(view: &View<'_>, service: &Service, number: i32, pods: &[&Pod]) -> Option<Finding> {
    let [port] = &*service.spec.ports else { return None };
    let all = declared(pods);
    let declares_all = pods.iter().flat_map(|p| serving(p)).all(|c| !c.ports.is_empty());
    let probed = probed(pods);
    let listens_elsewhere = all.iter().any(|p| probed.contains(&p.container_port));
    let hits = all.iter().any(|p| p.container_port == number) || probed.contains(&number);
    if !declares_all || !listens_elsewhere || hits {
        return None;
    }
    (!has_twin(view, service, pods)).then(|| found(UNDECLARED.id, service, port, pods))
}

fn refused(view: &View<'_>, service: &Service, pods: &[&Pod]) -> Option<Finding> {
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    let call: &Call = view.calls_of(service).find(|c| c.failure == Failure::Refused)?;
    let probed = probed(pods);
    let ports = service_ports(service, call);
    let port = ports.into_iter().find(|p| matches!(p.target(), Port::Number(n) if !probed.contains(&n)))?;
    // Without endpoints kube-proxy refuses as well: what was refused before the pods were Ready says nothing.
    let since = |p: &&Pod| p.condition("Ready").and_then(|c| c.last_transition_time);
    let was_ready = pods.iter().filter(|p| p.is_ready()).any(|p| call.at.is_none() || since(p) < call.at);
    if ready == 0 || !was_ready || probed.is_empty() {
        return None;
    }
    let finding =
        found(REFUSED.id, service, port, pods).cite(Source::Log, call.at, call.reference.clone(), &call.text);
    Some(naming_client(view.snapshot, finding, call))
}
