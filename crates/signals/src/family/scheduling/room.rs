//! What is left on each node: allocatable minus the requests of its pods, and the host ports in use.

use super::demand::{HostPort, Requests, host_ports, requests};
use kubecause_evidence::kube::Node;
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use rustc_hash::FxHashMap;

/// A node with what its pods hold of it.
#[derive(Debug)]
pub(super) struct Room<'a> {
    pub(super) node: &'a Node,
    held: Requests,
    pods: usize,
    ports: Vec<(HostPort, Subject)>,
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Rooms<'a> {
    all: Vec<Room<'a>>,
    by_name: FxHashMap<Sym, usize>,
    /// Whether the pods were listed: without them nobody knows what is free.
    pub(super) pods_known: bool,
}

/// A resource of which a node has too little.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Short {
    pub(super) resource: Sym,
    pub(super) asked: f64,
    pub(super) free: f64,
    pub(super) allocatable: f64,
}

impl<'a> Rooms<'a> {
    /// One pass over all pods. `None` where the nodes were not listed.
    pub(super) fn measure(snapshot: &'a Snapshot) -> Option<Self> {
        if !snapshot.has(&Kind::Node) || snapshot.nodes.all().is_empty() {
            return None;
        }
        let room = |node| Room { node, held: Requests::new(), pods: 0, ports: Vec::new() };
        let mut all: Vec<Room<'a>> = snapshot.nodes.all().iter().map(room).collect();
        let names = all.iter().enumerate().map(|(i, r)| (r.node.metadata.name.clone(), i));
        let by_name: FxHashMap<Sym, usize> = names.collect();
        for pod in snapshot.pods.all().iter().filter(|p| p.is_scheduled() && !p.is_finished()) {
            let Some(room) = by_name.get(&pod.spec.node_name).and_then(|i| all.get_mut(*i)) else { continue };
            room.pods += 1;
            for (resource, value) in requests(&pod.spec) {
                *room.held.entry(resource).or_default() += value;
            }
            let holder = || pod.metadata.subject(Kind::Pod);
            room.ports.extend(host_ports(&pod.spec).into_iter().map(|p| (p, holder())));
        }
        Some(Self { all, by_name, pods_known: snapshot.has(&Kind::Pod) })
    }

    pub(super) fn all(&self) -> &[Room<'a>] {
        &self.all
    }

    pub(super) fn get(&self, name: &str) -> Option<&Room<'a>> {
        self.by_name.get(&Sym::new(name)).and_then(|i| self.all.get(*i))
    }
}

impl Room<'_> {
    /// The resources of which the node has less left than asked. A resource that a node does not have at all counts
    /// as none of it; a node whose status is empty was not seen.
    pub(super) fn short_of(&self, asked: &Requests) -> Vec<Short> {
        let allocatable = &self.node.status.allocatable;
        if allocatable.0.is_empty() {
            return Vec::new();
        }
        let mut short = Vec::new();
        let one_pod = (Sym::new("pods"), 1.0);
        for (resource, asked) in asked.iter().map(|(r, v)| (r.clone(), *v)).chain([one_pod]) {
            let held = if resource == "pods" {
                self.pods as f64
            } else {
                self.held.get(&resource).copied().unwrap_or(0.0)
            };
            let Some(has) = allocatable.value(&resource).or((resource != "pods").then_some(0.0)) else {
                continue;
            };
            // Sums of fractions of a core are not exact.
            if asked > has - held + 1e-6 * asked.max(1.0) {
                short.push(Short { resource, asked, free: (has - held).max(0.0), allocatable: has });
            }
        }
        short
    }

    /// The first of these ports that a pod of the node holds, and that pod.
    pub(super) fn taken(&self, wanted: &[HostPort]) -> Option<(i32, &Subject)> {
        let mut pairs = wanted.iter().flat_map(|w| self.ports.iter().map(move |held| (w, held)));
        pairs.find(|(w, (held, _))| w.conflicts(held)).map(|(w, (_, holder))| (w.port, holder))
    }
}

/// An amount for people: cores as Kubernetes writes them, bytes in binary units, all else as a number.
pub(super) fn amount(resource: &str, value: f64) -> String {
    match resource {
        "cpu" if value.fract().abs() > 1e-9 => format!("{:.0}m", value * 1000.0),
        "memory" | "ephemeral-storage" => kubecause_evidence::quantity::bytes(value),
        name if name.starts_with("hugepages-") => kubecause_evidence::quantity::bytes(value),
        _ => format!("{value:.0}"),
    }
}
