//! Which instance explains which.

use crate::Context;
use crate::instance::Instance;
use kubecause_catalogue::{Catalogue, Mode, ModeKind};
use kubecause_evidence::{Kind, Relation, Subject};
use kubecause_model::{Confidence, Span};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// All instances with their causes and effects, by index.
pub(crate) struct Graph<'a> {
    pub(crate) instances: Vec<Instance<'a>>,
    /// For each instance, those that explain it.
    pub(crate) causes: Vec<Vec<usize>>,
    /// For each instance, those that it explains.
    pub(crate) effects: Vec<Vec<usize>>,
    /// For each instance, the symptom findings that it explains.
    pub(crate) symptoms: Vec<Vec<u32>>,
    /// Instances that nothing outside of their own loop explains.
    pub(crate) roots: Vec<usize>,
    index: Index,
}

/// Where instances stand.
#[derive(Default)]
struct Index {
    by_object: FxHashMap<Subject, Vec<usize>>,
    /// Instances on a workload or on one of its pods.
    by_workload: FxHashMap<Subject, Vec<usize>>,
    by_namespace: FxHashMap<Subject, Vec<usize>>,
    by_name: FxHashMap<Subject, Vec<usize>>,
    of_cluster: Vec<usize>,
}

/// What is explained by whatever stands at the far end of a relation has begun at most so many seconds after that was over:
/// a kill of yesterday does not empty a Service today.
const ANY_WITHIN_SECONDS: i64 = 3600;

/// A cause that began this many seconds after its effect was last seen cannot be its cause. Clocks and sampling differ.
const SLACK_SECONDS: i64 = 120;

impl<'a> Graph<'a> {
    pub(crate) fn new(context: &Context<'a>, instances: Vec<Instance<'a>>) -> Self {
        let index = Index::new(context, &instances);
        let count = instances.len();
        let mut graph = Self {
            instances,
            causes: vec![Vec::new(); count],
            effects: vec![Vec::new(); count],
            symptoms: vec![Vec::new(); count],
            roots: Vec::new(),
            index,
        };
        let causes: Vec<Vec<usize>> =
            (0..count).into_par_iter().map(|effect| graph.causes_of(context, effect)).collect();
        for (effect, causes) in causes.into_iter().enumerate() {
            for cause in &causes {
                if let Some(list) = graph.effects.get_mut(*cause) {
                    list.push(effect);
                }
            }
            if let Some(slot) = graph.causes.get_mut(effect) {
                *slot = causes;
            }
        }
        graph.explain_symptoms(context);
        graph.roots = graph.find_roots();
        graph
    }

    /// Whether the instance holds and is no mere note.
    fn counts(&self, i: usize) -> bool {
        self.instances.get(i).is_some_and(|x| {
            x.mode.kind != ModeKind::Note && x.confidence().is_some_and(|c| c >= Confidence::Probable)
        })
    }

    fn causes_of(&self, context: &Context<'_>, effect: usize) -> Vec<usize> {
        let Some(e) = self.instances.get(effect).filter(|_| self.counts(effect)) else { return Vec::new() };
        let mut found = FxHashSet::default();
        for (mode, via, within) in context.explainers.get(e.mode.id.as_str()).into_iter().flatten() {
            let near = self.at_far_end(context, via.inverse(), &e.subject, &e.names);
            let of_mode =
                near.into_iter().filter(|i| self.instances.get(*i).is_some_and(|c| c.mode.id == mode.id));
            found.extend(of_mode.filter(|c| self.in_time(*c, e.span, *within)));
        }
        for via in &e.mode.explained_by_any {
            let near = self.at_far_end(context, *via, &e.subject, &e.names);
            found.extend(near.into_iter().filter(|c| self.in_time(*c, e.span, ANY_WITHIN_SECONDS)));
        }
        found.remove(&effect);
        let mut causes: Vec<usize> = found.into_iter().filter(|i| self.counts(*i)).collect();
        causes.sort_unstable();
        causes
    }

    /// Whether the cause began before the effect was over and did not end too long before it began.
    fn in_time(&self, cause: usize, effect: Span, within: i64) -> bool {
        let Some(cause) = self.instances.get(cause).map(|c| c.span) else { return false };
        let seconds = |t: Option<jiff::Timestamp>| t.map(jiff::Timestamp::as_second);
        if let (Some(began), Some(over), false) = (seconds(cause.first), seconds(effect.last), effect.ongoing)
            && began > over.saturating_add(SLACK_SECONDS)
        {
            return false;
        }
        match (seconds(cause.last), seconds(effect.first), cause.ongoing) {
            (Some(ended), Some(began), false) => {
                began <= ended.saturating_add(within).saturating_add(SLACK_SECONDS)
            }
            _ => true,
        }
    }

    /// The instances on the objects that `via` leads to from a subject whose findings name `names`.
    fn at_far_end(
        &self,
        context: &Context<'_>,
        via: Relation,
        from: &Subject,
        names: &[Subject],
    ) -> Vec<usize> {
        let index = &self.index;
        let on = |object: &Subject| index.by_object.get(object).into_iter().flatten().copied();
        match via {
            Relation::Same => self.on_the_same(context, from),
            Relation::AllCluster => index.of_cluster.clone(),
            Relation::ClusterAll => (0..self.instances.len()).collect(),
            Relation::NamespaceObjects => index.by_namespace.get(&from.object()).cloned().unwrap_or_default(),
            Relation::Names => names.iter().flat_map(|n| on(&n.object())).collect(),
            Relation::NamedBy => index.by_name.get(&from.object()).cloned().unwrap_or_default(),
            Relation::WorkloadPods => {
                let mut all = index.by_workload.get(&from.object()).cloned().unwrap_or_default();
                all.retain(|i| self.instances.get(*i).is_some_and(|x| x.subject.kind == Kind::Pod));
                all
            }
            Relation::PodWorkload => context.snapshot.owners_of(from).iter().flat_map(on).collect(),
            relation => context.snapshot.reach(relation, &from.object()).iter().flat_map(on).collect(),
        }
    }

    /// The instances on the same pod and container, and between a workload and its pods.
    fn on_the_same(&self, context: &Context<'_>, from: &Subject) -> Vec<usize> {
        let index = &self.index;
        let mut all: Vec<usize> = index.by_object.get(&from.object()).cloned().unwrap_or_default();
        if from.kind.is_workload() {
            all.extend(index.by_workload.get(&from.object()).into_iter().flatten());
        } else if from.kind == Kind::Pod {
            let top = context.snapshot.top_owner(from).object();
            all.extend(index.by_object.get(&top).into_iter().flatten());
        }
        all.retain(|i| {
            self.instances.get(*i).is_some_and(|x| {
                x.subject.container.is_none()
                    || from.container.is_none()
                    || x.subject.container == from.container
            })
        });
        all.sort_unstable();
        all.dedup();
        all
    }

    /// A symptom is explained by what its signal and the modes say, and by what explains a symptom next to it: a workload
    /// lacks replicas because of whatever keeps its pods from being ready.
    fn explain_symptoms(&mut self, context: &Context<'_>) {
        let mut explained: FxHashMap<u32, FxHashSet<usize>> = FxHashMap::default();
        let symptoms = || {
            let all = (0_u32..).zip(context.findings.all());
            all.filter_map(|(i, f)| {
                Some((i, f, context.lookup.signal(f.signal)?.symptom.unwrap_or_default()))
            })
        };
        for (position, finding, relations) in symptoms() {
            let mut causes = FxHashSet::default();
            for via in relations {
                causes.extend(self.at_far_end(context, *via, &finding.subject, &finding.names));
            }
            for (mode, via, _) in context.explainers.get(finding.signal).into_iter().flatten() {
                let near = self.at_far_end(context, via.inverse(), &finding.subject, &finding.names);
                let of_mode = |i: &usize| self.instances.get(*i).is_some_and(|c| c.mode.id == mode.id);
                causes.extend(near.into_iter().filter(of_mode));
            }
            causes.retain(|c| self.counts(*c));
            explained.insert(position, causes);
        }
        for (position, finding, relations) in symptoms() {
            let near = relations.iter().flat_map(|via| context.snapshot.reach(*via, &finding.subject));
            let next_to: Vec<u32> = near.flat_map(|o| context.findings.indexes_on(&o).to_vec()).collect();
            let inherited: FxHashSet<usize> = next_to
                .iter()
                .filter(|i| **i != position)
                .filter_map(|i| explained.get(i))
                .flatten()
                .copied()
                .collect();
            explained.entry(position).or_default().extend(inherited);
        }
        let mut pairs: Vec<(usize, u32)> = explained
            .into_iter()
            .flat_map(|(finding, causes)| causes.into_iter().map(move |c| (c, finding)))
            .collect();
        pairs.sort_unstable();
        for (cause, finding) in pairs {
            if let Some(list) = self.symptoms.get_mut(cause) {
                list.push(finding);
            }
        }
    }

    /// One instance per loop that nothing outside explains: the earliest, roots before links.
    fn find_roots(&self) -> Vec<usize> {
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = self.instances.iter().map(|_| graph.add_node(())).collect();
        for (effect, causes) in self.causes.iter().enumerate() {
            for cause in causes {
                if let (Some(a), Some(b)) = (nodes.get(*cause), nodes.get(effect)) {
                    graph.add_edge(*a, *b, ());
                }
            }
        }
        let mut roots = Vec::new();
        let loops = tarjan_scc(&graph);
        let mut loop_of = vec![0; self.instances.len()];
        for (number, component) in loops.iter().enumerate() {
            for node in component {
                if let Some(slot) = loop_of.get_mut(node.index()) {
                    *slot = number;
                }
            }
        }
        for (number, component) in loops.iter().enumerate() {
            let members: Vec<usize> = component.iter().map(|n| n.index()).collect();
            let outside = |c: &usize| loop_of.get(*c) != Some(&number);
            let explained =
                members.iter().any(|m| self.causes.get(*m).is_some_and(|c| c.iter().any(outside)));
            if explained {
                continue;
            }
            let first =
                members.iter().copied().filter(|m| self.counts(*m)).min_by_key(|m| self.precedence(*m));
            roots.extend(first);
        }
        roots.sort_unstable();
        roots
    }

    fn precedence(&self, i: usize) -> (bool, bool, Option<jiff::Timestamp>, usize) {
        self.instances.get(i).map_or((true, true, None, i), |x| {
            (x.mode.kind != ModeKind::Root, x.span.first.is_none(), x.span.first, i)
        })
    }

    /// Everything that follows from an instance, itself first, nearest first.
    pub(crate) fn following(&self, root: usize) -> Vec<usize> {
        let mut seen: FxHashSet<usize> = FxHashSet::from_iter([root]);
        let mut order = vec![root];
        let mut next = 0;
        while let Some(&at) = order.get(next) {
            next += 1;
            for effect in self.effects.get(at).into_iter().flatten() {
                if seen.insert(*effect) {
                    order.push(*effect);
                }
            }
        }
        order
    }
}

/// For each mode or signal: the modes that explain it, along which relation, and for how many seconds after they ended.
pub(crate) type Explainers<'a> = FxHashMap<&'a str, Vec<(&'a Mode, Relation, i64)>>;

/// Which modes explain what.
pub(crate) fn explainers(catalogue: &Catalogue) -> Explainers<'_> {
    let mut all: Explainers<'_> = FxHashMap::default();
    for mode in catalogue.all() {
        for e in &mode.explains {
            all.entry(e.what.as_str()).or_default().push((mode, e.via, e.within));
        }
    }
    all
}

impl Index {
    fn new(context: &Context<'_>, instances: &[Instance<'_>]) -> Self {
        let mut index = Self::default();
        for (i, x) in instances.iter().enumerate() {
            let object = x.subject.object();
            if x.confidence().is_none() {
                continue;
            }
            if object.kind == Kind::Pod || object.kind.is_workload() {
                for owner in context.snapshot.owners_of(&object) {
                    index.by_workload.entry(owner).or_default().push(i);
                }
            }
            if let Some(ns) = &object.namespace {
                index
                    .by_namespace
                    .entry(Subject::cluster_wide(Kind::Namespace, ns.clone()))
                    .or_default()
                    .push(i);
            }
            if matches!(object.kind, Kind::Cluster | Kind::Component) {
                index.of_cluster.push(i);
            }
            for name in &x.names {
                index.by_name.entry(name.object()).or_default().push(i);
            }
            index.by_object.entry(object).or_default().push(i);
        }
        index
    }
}
