//! Ingresses that lead nowhere: to a Service or port that does not exist, or with a class that nobody serves.

use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::{HasBackends, Ingress, Port, Service};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// The route's end is missing.
pub(super) const BACKEND_MISSING: Signal = Signal::fact(
    "ingress.backend-missing",
    "An Ingress routes to a Service that does not exist in its namespace, or to a port that the Service does not have.",
    &[Needs::Kind(Kind::Ingress), Needs::Kind(Kind::Service)],
);

/// The class is missing.
pub(super) const CLASS_MISSING: Signal = Signal::fact(
    "ingress.class-missing",
    "An Ingress names a class that is no IngressClass of the cluster, and no controller has given it an address.",
    &[Needs::Kind(Kind::Ingress), Needs::Kind(Kind::IngressClass)],
);

/// What is applied together may arrive in any order.
const SETTLED_SECONDS: i64 = crate::patience::INGRESS_SERVICE.seconds;
/// The AWS controller's port name for actions that are annotations, not Services.
const ANNOTATION_PORT: &str = "use-annotation";

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let snapshot = view.snapshot;
    for ingress in snapshot.ingresses.all().iter().filter(|i| !i.metadata.is_deleting()) {
        if !view.older_than(ingress.metadata.creation_timestamp, SETTLED_SECONDS) {
            continue;
        }
        if snapshot.has_in(&Kind::Service, &ingress.metadata.namespace) {
            backends(snapshot, ingress, sink);
        }
        class(snapshot, ingress).into_iter().for_each(|f| sink.add(f));
    }
}

fn backends(snapshot: &Snapshot, ingress: &Ingress, sink: &mut Sink) {
    let meta = &ingress.metadata;
    let mut targets = ingress.backends();
    targets.sort_by(|a, b| {
        (&a.0, a.1.as_ref().map(ToString::to_string)).cmp(&(&b.0, b.1.as_ref().map(ToString::to_string)))
    });
    targets.dedup();
    for (name, port) in targets {
        if matches!(&port, Some(Port::Name(n)) if *n == *ANNOTATION_PORT) {
            continue;
        }
        let service = snapshot.services.get(&meta.namespace, &name);
        let target = Subject::new(Kind::Service, &meta.namespace, &name);
        let finding = Finding::new(BACKEND_MISSING.id, meta.subject(Kind::Ingress))
            .param("service", &name)
            .since(meta.creation_timestamp);
        let asked = port.as_ref().map_or_else(String::new, |p| format!(", port {p}"));
        let found = match service {
            None => {
                let near = near_service(snapshot, &meta.namespace, &name);
                let said = format!("routes to Service {name}{asked}, which does not exist");
                let finding = finding.param("missing", "service").param("near", near.unwrap_or_default());
                finding.cite(Source::Field, None, place("ingresses", meta), said)
            }
            Some(service) if !has_port(service, port.as_ref()) => {
                let ports = ports(service);
                let said = format!("routes to Service {name}{asked}; its ports: {ports}");
                let finding = finding.param("missing", "port").param("near", ports).naming(target);
                finding.cite(Source::Field, None, place("ingresses", meta), said)
            }
            Some(_) => continue,
        };
        sink.add(found.param("port", port.map(|p| p.to_string()).unwrap_or_default()));
    }
}

fn has_port(service: &Service, port: Option<&Port>) -> bool {
    // A table does not show the names of ports.
    let unnamed = service.metadata.is_partial && matches!(port, Some(Port::Name(_)));
    let free = unnamed || service.spec.kind == "ExternalName" || service.spec.ports.is_empty();
    let is = |wanted: &Port| {
        service.spec.ports.iter().any(|p| match wanted {
            Port::Number(n) => p.port == *n,
            Port::Name(name) => p.name == *name || name.parse() == Ok(p.port),
        })
    };
    free || port.is_none_or(is)
}

fn ports(service: &Service) -> String {
    let all: Vec<String> =
        service.spec.ports.iter().map(|p| format!("{} {}", p.name, p.port).trim().to_owned()).collect();
    all.join(", ")
}

/// A Service whose name holds the missing one, or the reverse.
fn near_service(snapshot: &Snapshot, namespace: &str, name: &str) -> Option<String> {
    let all = snapshot.services.in_namespace(namespace).iter().map(|s| &s.metadata.name);
    let near = |n: &&kubecause_evidence::Sym| {
        let (a, b) = (n.replace(['-', '_'], ""), name.replace(['-', '_'], ""));
        a.contains(&b) || b.contains(&a)
    };
    all.into_iter().find(near).map(ToString::to_string)
}

/// Classes that controllers serve without an IngressClass object.
const BUILT_IN: [&str; 4] = ["gce", "gce-internal", "gce-multi-cluster", "istio"];

fn class(snapshot: &Snapshot, ingress: &Ingress) -> Option<Finding> {
    let meta = &ingress.metadata;
    let field = &ingress.spec.ingress_class_name;
    let annotation = meta.annotations.get("kubernetes.io/ingress.class").unwrap_or_default();
    let class = if field.is_empty() { annotation } else { field.as_str() };
    let listed = snapshot.has(&Kind::IngressClass);
    let taken = !ingress.status.load_balancer.ingress.is_empty();
    if class.is_empty() || !listed || taken || snapshot.ingress_classes.get("", class).is_some() {
        return None;
    }
    // The annotation is older than IngressClass: a controller may serve it by a flag of its own.
    if field.is_empty()
        && (BUILT_IN.contains(&class) || !snapshot.has(&Kind::Pod) || any_controller(snapshot))
    {
        return None;
    }
    let classes: Vec<&str> =
        snapshot.ingress_classes.all().iter().map(|c| c.metadata.name.as_str()).collect();
    let from =
        if field.is_empty() { "annotation kubernetes.io/ingress.class" } else { "spec.ingressClassName" };
    let existing = if classes.is_empty() { "none".to_owned() } else { classes.join(", ") };
    Some(
        Finding::new(CLASS_MISSING.id, meta.subject(Kind::Ingress))
            .cite(
                Source::Field,
                None,
                place("ingresses", meta),
                format!("{from}: {class}; status.loadBalancer: {{}}"),
            )
            .cite(Source::Field, None, "ingressclasses", format!("classes that exist: {existing}"))
            .param("class", class)
            .param("classes", existing)
            .since(meta.creation_timestamp),
    )
}

fn any_controller(snapshot: &Snapshot) -> bool {
    let words = [
        "ingress",
        "traefik",
        "haproxy",
        "kong",
        "contour",
        "apisix",
        "envoy",
        "emissary",
        "load-balancer-controller",
    ];
    let is = |text: &str| words.iter().any(|w| text.contains(w));
    snapshot.pods.all().iter().any(|p| {
        p.spec.containers.iter().any(|c| is(&c.image) || c.args.iter().any(|a| a.contains("--ingress-class")))
    })
}
