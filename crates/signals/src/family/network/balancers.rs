//! Services of type LoadBalancer: without an address, and with an address that they share by a port.

use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::{Service, ServicePort};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use std::collections::BTreeMap;

/// No address was given.
pub(super) const PENDING: Signal = Signal::fact(
    "service.load-balancer-pending",
    "A Service of type LoadBalancer is older than two minutes and status.loadBalancer.ingress is empty.",
    &[Needs::Kind(Kind::Service)],
);

/// Nothing here gives addresses.
pub(super) const NO_CONTROLLER: Signal = Signal::fact(
    "service.no-balancer-controller",
    "A LoadBalancer Service waits, and in the cluster there is no cloud controller, no known balancer controller, no \
     node with a providerID and no event of a service controller about it.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod), Needs::Kind(Kind::Node), Needs::Kind(Kind::Event)],
);

/// Two Services, one balancer, one port.
pub(super) const PORT_SHARED: Signal = Signal::fact(
    "service.load-balancer-port-shared",
    "Two Services have the same balancer (its id, loadBalancerIP, or address in the status) and a port and protocol in \
     common.",
    &[Needs::Kind(Kind::Service)],
);

const PATIENCE_SECONDS: i64 = crate::patience::LOAD_BALANCER.seconds;

/// Images and names of what hands out balancer addresses.
const CONTROLLERS: [&str; 10] = [
    "cloud-controller-manager",
    "cloud-provider",
    "metallb",
    "kube-vip",
    "klipper-lb",
    "svclb-",
    "load-balancer-controller",
    "openelb",
    "cloud-provider-kind",
    "loxilb",
];

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let balanced = || view.snapshot.services.all().iter().filter(|s| s.spec.kind == "LoadBalancer");
    let mut controlled: Option<bool> = None;
    for service in balanced().filter(|s| !s.metadata.is_deleting()) {
        if !service.status.load_balancer.ingress.is_empty()
            || !view.older_than(service.metadata.creation_timestamp, PATIENCE_SECONDS)
        {
            continue;
        }
        sink.add(pending(service));
        let has_controller = *controlled.get_or_insert_with(|| has_controller(view.snapshot));
        if !has_controller && service.spec.load_balancer_class.is_empty() && !handled(view.snapshot, service)
        {
            let said = "no pod of a cloud or balancer controller, no node with a providerID, no event about the Service";
            let subject = service.metadata.subject(Kind::Service);
            sink.add(Finding::new(NO_CONTROLLER.id, subject).cite(
                Source::Field,
                None,
                "pods, nodes, events",
                said,
            ));
        }
    }
    shared(balanced().filter(|s| !s.metadata.is_deleting()), sink);
}

fn pending(service: &Service) -> Finding {
    let meta = &service.metadata;
    let ports: Vec<String> = service.spec.ports.iter().map(|p| p.port.to_string()).collect();
    Finding::new(PENDING.id, meta.subject(Kind::Service))
        .cite(
            Source::Field,
            meta.creation_timestamp,
            place("services", meta),
            "type LoadBalancer, status.loadBalancer: {}",
        )
        .param("ports", ports.join(", "))
        .param("class", &service.spec.load_balancer_class)
        .since(meta.creation_timestamp)
}

fn has_controller(snapshot: &Snapshot) -> bool {
    let complete = [Kind::Pod, Kind::Node, Kind::Event].iter().all(|k| snapshot.has(k));
    let cloud = snapshot.nodes.all().iter().any(|n| !n.spec.provider_id.is_empty());
    let known = |text: &str| CONTROLLERS.iter().any(|c| text.contains(c));
    let pods = snapshot.pods.all().iter();
    let runs = pods
        .into_iter()
        .any(|p| known(&p.metadata.name) || p.spec.containers.iter().any(|c| known(&c.image)));
    let leases = snapshot.leases.all().iter().any(|l| known(&l.metadata.name));
    !complete || cloud || runs || leases
}

/// Whether a controller ever said something about the Service.
fn handled(snapshot: &Snapshot, service: &Service) -> bool {
    let about: Subject = service.metadata.subject(Kind::Service);
    let mut events = snapshot.events_about(&about);
    events.any(|e| {
        e.reason.contains("LoadBalancer")
            || e.reason.contains("Allocat")
            || e.reporter == "service-controller"
    })
}

/// Annotations that put several Services on one balancer of a cloud.
const BALANCER_IDS: [&str; 5] = [
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-id",
    "service.beta.kubernetes.io/alicloud-loadbalancer-id",
    "service.kubernetes.io/tke-existed-lbid",
    "kubernetes.io/elb.id",
    "loadbalancer.openstack.org/load-balancer-id",
];

/// The balancers that a Service is on.
fn balancers(service: &Service) -> Vec<String> {
    let ids = BALANCER_IDS.iter().filter_map(|key| service.metadata.annotations.get(key)).map(str::to_owned);
    let asked = [service.spec.load_balancer_ip.to_string()];
    let given =
        service.status.load_balancer.ingress.iter().flat_map(|i| [i.ip.to_string(), i.hostname.to_string()]);
    let mut all: Vec<String> = ids.chain(asked).chain(given).filter(|b| !b.is_empty()).collect();
    all.sort();
    all.dedup();
    all
}

fn shared<'a>(services: impl Iterator<Item = &'a Service>, sink: &mut Sink) {
    let mut taken: BTreeMap<(String, i32, String), Vec<&Service>> = BTreeMap::new();
    for service in services {
        for balancer in balancers(service) {
            for port in service.spec.ports.iter() {
                taken.entry((balancer.clone(), port.port, protocol(port))).or_default().push(service);
            }
        }
    }
    for ((balancer, port, protocol), mut holders) in taken {
        holders.sort_by(|a, b| {
            let key = |s: &Service| {
                (s.metadata.creation_timestamp, s.metadata.namespace.clone(), s.metadata.name.clone())
            };
            key(a).cmp(&key(b))
        });
        let Some((first, later)) = holders.split_first() else { continue };
        for service in later {
            let meta = &service.metadata;
            let said = format!("port {port}/{protocol} on balancer {balancer}");
            let other = first.metadata.subject(Kind::Service);
            sink.add(
                Finding::new(PORT_SHARED.id, meta.subject(Kind::Service))
                    .cite(Source::Field, meta.creation_timestamp, place("services", meta), &said)
                    .cite(
                        Source::Field,
                        first.metadata.creation_timestamp,
                        place("services", &first.metadata),
                        &said,
                    )
                    .param("port", port)
                    .param("balancer", &balancer)
                    .param("other", &other)
                    .since(meta.creation_timestamp)
                    .naming(other),
            );
        }
    }
}

fn protocol(port: &ServicePort) -> String {
    if port.protocol.is_empty() { "TCP".to_owned() } else { port.protocol.to_string() }
}
