//! Pods without the sidecar that their namespace asks for.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Namespace, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

const SIDECARS: [&str; 2] = ["istio-proxy", "linkerd-proxy"];

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for ns in snapshot.namespaces.all().iter().filter(|n| asks(n)) {
        let pods = snapshot.pods.in_namespace(&ns.metadata.name);
        let oldest =
            pods.iter().filter(|p| has_sidecar(p)).filter_map(|p| p.metadata.creation_timestamp).min();
        for pod in pods.iter().filter(|p| !has_sidecar(p) && wants(p)) {
            let made = pod.metadata.creation_timestamp;
            if oldest.is_some() && made > oldest {
                sink.add(report(snapshot, "workload.sidecar-missing", pod));
            } else if oldest.is_none()
                && let Some(injector) = dead_injector(snapshot)
            {
                sink.add(report(snapshot, "workload.sidecar-missing-injector-down", pod).naming(injector));
            }
        }
    }
}

/// Source: istio.io, "Installing the Sidecar": the labels of a namespace.
fn asks(ns: &Namespace) -> bool {
    let labels = &ns.metadata.labels;
    let off = labels.get("istio-injection") == Some("disabled")
        || labels.get("istio.io/dataplane-mode") == Some("ambient");
    !off && (labels.get("istio-injection") == Some("enabled") || labels.get("istio.io/rev").is_some())
}

fn has_sidecar(pod: &Pod) -> bool {
    pod.spec.all_containers().any(|c| SIDECARS.contains(&c.name.as_str()))
}

/// Whether the injector would take that pod: it runs, has its own network, and did not decline.
fn wants(pod: &Pod) -> bool {
    let meta = &pod.metadata;
    let said = |l: &kubecause_evidence::Labels| l.get("sidecar.istio.io/inject") == Some("false");
    !pod.spec.containers.is_empty()
        && !pod.spec.host_network
        && !pod.is_finished()
        && !meta.is_deleting()
        && !said(&meta.labels)
        && !said(&meta.annotations)
}

/// The injector's Service, where none of its pods is Ready.
fn dead_injector(snapshot: &Snapshot) -> Option<Subject> {
    let hooks = snapshot.webhooks.all().iter().filter(|c| c.mutating).flat_map(|c| c.webhooks.iter());
    let service = hooks
        .filter(|w| w.name.contains("sidecar-injector"))
        .find_map(|w| w.client_config.service.as_ref())?;
    let found = snapshot.services.get(&service.namespace, &service.name)?;
    let ready = snapshot.pods_labelled(&service.namespace, &found.spec.selector).any(Pod::is_ready);
    (!found.spec.selector.is_empty() && !ready).then(|| found.metadata.subject(Kind::Service))
}

fn report(snapshot: &Snapshot, signal: &'static str, pod: &Pod) -> Finding {
    let subject = pod.metadata.subject(Kind::Pod);
    let names: Vec<&str> = pod.spec.containers.iter().map(|c| c.name.as_str()).collect();
    let text = format!("containers {}: no sidecar", names.join(", "));
    Finding::new(signal, snapshot.top_owner(&subject))
        .since(pod.metadata.creation_timestamp)
        .param("pod", &pod.metadata.name)
        .cite(Source::Field, pod.metadata.creation_timestamp, format!("pods/{subject}"), text)
}
