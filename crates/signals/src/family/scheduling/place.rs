//! Where other pods let a pod go: pod affinity, pod anti-affinity, topology spread.
//! Source: kubernetes pkg/scheduler/framework/plugins/interpodaffinity and podtopologyspread.

use super::demand::{affine, selects};
use super::room::Rooms;
use kubecause_evidence::kube::{Node, Pod, PodAffinityTerm, TopologySpread};
use kubecause_evidence::{Snapshot, Sym};
use rustc_hash::{FxHashMap, FxHashSet};

/// Which rule keeps a pod off a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Affinity(Sym),
    AntiAffinity(Sym),
    Spread(Sym),
}

/// The rules of one pod, each with the places that it leaves or closes.
#[derive(Debug, Default)]
pub(super) struct Places {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    refusal: Refusal,
    key: Sym,
    values: FxHashSet<Sym>,
    /// Whether only those values are allowed, or all but those.
    only: bool,
}

impl Places {
    /// Works out every rule of the pod once; a rule whose namespaces cannot be told is left out.
    pub(super) fn of(snapshot: &Snapshot, rooms: &Rooms<'_>, pod: &Pod) -> Self {
        let mut places = Self::default();
        if !rooms.pods_known {
            return places;
        }
        let affinity = &pod.spec.affinity;
        for term in affinity.pod_affinity.required.iter().filter(|t| t.namespace_selector.is_none()) {
            places.rules.extend(attract(snapshot, rooms, pod, term));
        }
        for term in affinity.pod_anti_affinity.required.iter().filter(|t| t.namespace_selector.is_none()) {
            let values = values_with_pods(snapshot, rooms, pod, term);
            let key = term.topology_key.clone();
            places.rules.push(Rule { refusal: Refusal::AntiAffinity(key.clone()), key, values, only: false });
        }
        let spreads = pod.spec.topology_spread_constraints.iter();
        places.rules.extend(
            spreads
                .filter(|s| s.when_unsatisfiable == "DoNotSchedule")
                .map(|s| spread(snapshot, rooms, pod, s)),
        );
        places
    }

    /// The first rule that keeps the pod off that node.
    pub(super) fn refuse(&self, node: &Node) -> Option<&Refusal> {
        let refuses = |rule: &&Rule| {
            let value = node.metadata.labels.get(&rule.key);
            match (value, rule.only) {
                (None, only) => only,
                (Some(v), only) => rule.values.contains(&Sym::new(v)) != only,
            }
        };
        self.rules.iter().find(refuses).map(|r| &r.refusal)
    }
}

/// The pods that a term means.
fn meant<'a>(
    snapshot: &'a Snapshot,
    pod: &'a Pod,
    term: &'a PodAffinityTerm,
) -> impl Iterator<Item = &'a Pod> {
    let own = std::iter::once(&pod.metadata.namespace).filter(|_| term.namespaces.is_empty());
    let namespaces = term.namespaces.iter().chain(own);
    let pods = namespaces.flat_map(|ns| snapshot.pods.in_namespace(ns));
    pods.filter(|p| p.is_scheduled() && !p.is_finished() && term.label_selector.matches(&p.metadata.labels))
}

fn values_with_pods(
    snapshot: &Snapshot,
    rooms: &Rooms<'_>,
    pod: &Pod,
    term: &PodAffinityTerm,
) -> FxHashSet<Sym> {
    let nodes = meant(snapshot, pod, term).filter_map(|p| rooms.get(&p.spec.node_name));
    nodes.filter_map(|r| r.node.metadata.labels.get(&term.topology_key)).map(Sym::new).collect()
}

/// The first pod of a group that wants its own company may go anywhere.
fn attract(snapshot: &Snapshot, rooms: &Rooms<'_>, pod: &Pod, term: &PodAffinityTerm) -> Option<Rule> {
    let values = values_with_pods(snapshot, rooms, pod, term);
    let itself = term.namespaces.is_empty() && term.label_selector.matches(&pod.metadata.labels);
    let key = term.topology_key.clone();
    (!(values.is_empty() && itself)).then(|| Rule {
        refusal: Refusal::Affinity(key.clone()),
        key,
        values,
        only: true,
    })
}

fn spread(snapshot: &Snapshot, rooms: &Rooms<'_>, pod: &Pod, rule: &TopologySpread) -> Rule {
    let key = rule.topology_key.clone();
    let mut counts: FxHashMap<Sym, i64> = FxHashMap::default();
    let eligible = rooms.all().iter().filter(|r| selects(pod, r.node) && affine(pod, r.node));
    for value in eligible.filter_map(|r| r.node.metadata.labels.get(&key)) {
        counts.entry(Sym::new(value)).or_default();
    }
    for other in snapshot.pods.in_namespace(&pod.metadata.namespace) {
        let counts_for = other.is_scheduled()
            && !other.is_finished()
            && !other.metadata.is_deleting()
            && !rule.label_selector.is_empty()
            && rule.label_selector.matches(&other.metadata.labels);
        let value = rooms.get(&other.spec.node_name).and_then(|r| r.node.metadata.labels.get(&key));
        if let Some(slot) = value.filter(|_| counts_for).and_then(|v| counts.get_mut(&Sym::new(v))) {
            *slot += 1;
        }
    }
    let least = counts.values().copied().min().unwrap_or(0);
    let itself = i64::from(rule.label_selector.matches(&pod.metadata.labels));
    let full = counts.into_iter().filter(|(_, n)| n + itself - least <= rule.max_skew.max(1));
    Rule { refusal: Refusal::Spread(key.clone()), key, values: full.map(|(v, _)| v).collect(), only: true }
}
