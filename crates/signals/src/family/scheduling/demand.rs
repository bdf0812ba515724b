//! What a pod asks of a node. Source: kubernetes pkg/api/v1/resource/helpers.go (effective requests of a pod).

use kubecause_evidence::kube::{Container, Node};
use kubecause_evidence::kube::{NodeSelectorTerm, NodeSelectorTerms, Pod, PodSpec, Taint, Toleration};
use kubecause_evidence::{Str, Sym};
use std::collections::BTreeMap;

/// Requests in whole units by resource.
pub(super) type Requests = BTreeMap<Sym, f64>;

/// The requests that count for scheduling: the sum over main containers and native sidecars, or what a single init
/// container needs beside the sidecars before it, whichever is more; and the overhead.
pub(super) fn requests(spec: &PodSpec) -> Requests {
    if spec.init_containers.is_empty() && spec.overhead.0.is_empty() {
        let mut sum = Requests::new();
        spec.containers.iter().for_each(|c| add(&mut sum, c));
        sum.retain(|_, v| *v > 0.0);
        return sum;
    }
    let mut running = Requests::new();
    let mut peak = Requests::new();
    for c in &spec.init_containers {
        if c.restart_policy == "Always" {
            add(&mut running, c);
        } else {
            let mut need = running.clone();
            add(&mut need, c);
            raise(&mut peak, &need);
        }
    }
    spec.containers.iter().for_each(|c| add(&mut running, c));
    raise(&mut peak, &running);
    for (name, text) in spec.overhead.0.iter() {
        *peak.entry(name.clone()).or_default() +=
            kubecause_evidence::quantity::parse(text).unwrap_or_default();
    }
    peak.retain(|_, v| *v > 0.0);
    peak
}

fn add(sum: &mut Requests, container: &Container) {
    let needs = &container.resources;
    let implied = needs.limits.0.iter().filter(|(name, _)| needs.requests.text(name).is_none());
    for (name, text) in needs.requests.0.iter().chain(implied) {
        let value = kubecause_evidence::quantity::parse(text).unwrap_or_default();
        match sum.get_mut(name) {
            Some(known) => *known += value,
            None => drop(sum.insert(name.clone(), value)),
        }
    }
}

fn raise(peak: &mut Requests, need: &Requests) {
    for (name, value) in need {
        let slot = peak.entry(name.clone()).or_default();
        *slot = slot.max(*value);
    }
}

/// A port of the node that a pod wants for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    ip: Str,
    protocol: Str,
    pub(super) port: i32,
}

impl HostPort {
    /// Source: kubernetes pkg/scheduler/framework/types.go, `HostPortInfo.CheckConflict`.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        let any = |ip: &str| ip.is_empty() || ip == "0.0.0.0" || ip == "::";
        self.port == other.port
            && self.protocol == other.protocol
            && (any(&self.ip) || any(&other.ip) || self.ip == other.ip)
    }
}

/// The host ports of a pod.
pub(super) fn host_ports(spec: &PodSpec) -> Vec<HostPort> {
    let ports = spec.containers.iter().flat_map(|c| c.ports.iter());
    let held = ports.filter_map(|p| {
        let port = if p.host_port == 0 && spec.host_network { p.container_port } else { p.host_port };
        let protocol: Str = if p.protocol.is_empty() { "TCP".into() } else { p.protocol.arc() };
        (port > 0).then(|| HostPort { ip: p.host_ip.arc(), protocol, port })
    });
    held.collect()
}

/// Whether a toleration of the pod bears the taint. Source: k8s.io/api/core/v1/toleration.go.
pub(super) fn tolerates(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|t| {
        let effect = t.effect.is_empty() || t.effect == taint.effect;
        let key = if t.key.is_empty() { t.operator == "Exists" } else { t.key == taint.key };
        let value = match t.operator.as_str() {
            "" | "Equal" => t.value == taint.value,
            _ => true,
        };
        effect && key && value
    })
}

/// Whether the node's labels hold the pod's node selector.
pub(super) fn selects(pod: &Pod, node: &Node) -> bool {
    pod.spec.node_selector.all_in(&node.metadata.labels)
}

/// Whether the node fits the pod's required node affinity.
pub(super) fn affine(pod: &Pod, node: &Node) -> bool {
    fits_terms(&pod.spec.affinity.node_affinity.required, node)
}

/// Terms are alternatives, an empty term fits nothing.
pub(super) fn fits_terms(required: &NodeSelectorTerms, node: &Node) -> bool {
    let terms = &required.node_selector_terms;
    let fits = |t: &NodeSelectorTerm| {
        let named = |r: &kubecause_evidence::kube::Requirement| match r.operator.as_str() {
            "In" => r.values.contains(&node.metadata.name),
            "NotIn" => !r.values.contains(&node.metadata.name),
            _ => false,
        };
        !(t.match_expressions.is_empty() && t.match_fields.is_empty())
            && t.match_expressions.iter().all(|r| r.matches(&node.metadata.labels))
            && t.match_fields.iter().all(named)
    };
    terms.is_empty() || terms.iter().any(fits)
}

/// The one node that the pod is meant for, where its affinity names it as a DaemonSet's pods do.
pub(super) fn pinned(pod: &Pod) -> Option<&Sym> {
    let [term] = &*pod.spec.affinity.node_affinity.required.node_selector_terms else { return None };
    let field = term.match_fields.iter().find(|r| r.key == "metadata.name" && r.operator == "In")?;
    match &*field.values {
        [only] => Some(only),
        _ => None,
    }
}

/// Pods with equal demands get equal answers: what the answer depends on, as one text.
pub(super) fn fingerprint(pod: &Pod) -> String {
    let s = &pod.spec;
    let affinity = &s.affinity;
    let plain = affinity.pod_affinity.required.is_empty()
        && affinity.pod_anti_affinity.required.is_empty()
        && s.topology_spread_constraints.is_empty();
    let place =
        if plain { String::new() } else { format!("{} {}", pod.metadata.namespace, pod.metadata.labels) };
    let claims = if s.volumes.is_empty() {
        String::new()
    } else {
        format!("{}/{}", pod.metadata.namespace, pod.claim_names().join(","))
    };
    format!(
        "{:?}|{}|{:?}|{:?}|{:?}|{:?}|{place}|{claims}",
        requests(s),
        s.node_selector,
        affinity,
        s.tolerations,
        host_ports(s),
        s.topology_spread_constraints,
    )
}
