//! The fewest roots that explain the most.

use crate::graph::Graph;
use kubecause_model::Confidence;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Which roots became incidents.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Roots that stand for themselves, best first.
    pub(crate) kept: Vec<usize>,
    /// For a kept root, roots that would explain the same and are less sure.
    pub(crate) alternatives: BTreeMap<usize, Vec<usize>>,
    /// Roots that are over and of which nothing goes on.
    pub(crate) history: Vec<usize>,
    /// All instances that a kept root explains, itself included.
    pub(crate) explained: FxHashSet<usize>,
}

/// What a root explains: instances and symptom findings.
struct Reach {
    root: usize,
    instances: Vec<usize>,
    symptoms: Vec<u32>,
}

/// Confirmed roots always stay: what has direct proof is never absorbed. A root that is only probable stays when it
/// explains something that no surer or broader one does; otherwise it is an alternative. One of which only a part was
/// seen is left out when nothing follows from it.
pub(crate) fn choose(graph: &Graph<'_>) -> Choice {
    let mut choice = Choice::default();
    let mut candidates: Vec<Reach> = Vec::new();
    for root in &graph.roots {
        let reach = reach(graph, *root);
        if goes_on(graph, &reach) {
            candidates.push(reach);
        } else {
            choice.history.push(*root);
        }
    }
    candidates.sort_by_key(|r| {
        let x = graph.instances.get(r.root);
        (
            x.is_some_and(|x| x.partial),
            Reverse(x.and_then(crate::instance::Instance::confidence)),
            Reverse(r.instances.len() + r.symptoms.len()),
            x.map(|x| (Reverse(x.findings.len()), x.closed.len())),
            r.root,
        )
    });
    let mut owner_of: FxHashMap<usize, usize> = FxHashMap::default();
    let mut owner_of_symptom: FxHashMap<u32, usize> = FxHashMap::default();
    for r in candidates {
        let confirmed = graph.instances.get(r.root).and_then(crate::instance::Instance::confidence)
            == Some(Confidence::Confirmed);
        let effects: Vec<usize> = r.instances.iter().copied().filter(|i| *i != r.root).collect();
        let new = effects.iter().any(|i| !owner_of.contains_key(i))
            || r.symptoms.iter().any(|s| !owner_of_symptom.contains_key(s));
        let rival = effects
            .iter()
            .find_map(|i| owner_of.get(i))
            .or_else(|| r.symptoms.iter().find_map(|s| owner_of_symptom.get(s)));
        if let (Some(rival), false, false) = (rival.copied(), confirmed, new) {
            choice.alternatives.entry(rival).or_default().push(r.root);
            continue;
        }
        let partial = graph.instances.get(r.root).is_some_and(|x| x.partial);
        if partial && effects.is_empty() && r.symptoms.is_empty() {
            continue;
        }
        for i in &r.instances {
            owner_of.entry(*i).or_insert(r.root);
        }
        for s in &r.symptoms {
            owner_of_symptom.entry(*s).or_insert(r.root);
        }
        choice.explained.extend(&r.instances);
        choice.kept.push(r.root);
    }
    choice
}

fn reach(graph: &Graph<'_>, root: usize) -> Reach {
    let instances = graph.following(root);
    let mut symptoms: Vec<u32> =
        instances.iter().filter_map(|i| graph.symptoms.get(*i)).flatten().copied().collect();
    symptoms.sort_unstable();
    symptoms.dedup();
    Reach { root, instances, symptoms }
}

/// Whether the root or something that follows from it goes on. A symptom alone does not keep a root that is over:
/// another cause may have taken its place.
fn goes_on(graph: &Graph<'_>, reach: &Reach) -> bool {
    reach.instances.iter().filter_map(|i| graph.instances.get(*i)).any(|x| x.span.ongoing)
}
