//! What followed from a root, folded: one step per mode, with the subjects counted. Text shows its paths, HTML draws it.

use crate::clean::clean;
use crate::fold;
use crate::words::Words;
use kubecause_model::{CauseRef, Incident, Lang, Subject};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// A folded step. The first of a graph is the root.
#[derive(Debug)]
pub(crate) struct Step {
    /// Id of the mode.
    pub mode: String,
    /// What to call it, with its subject where that is one and not the root's; without the count.
    pub title: String,
    /// The same without the subject.
    pub bare: String,
    /// Whom it befell: `5 pods of shop/frontend`.
    pub who: String,
    /// How many it befell.
    pub subjects: usize,
}

impl Step {
    /// The title, with the count where it befell several.
    pub(crate) fn label(&self) -> String {
        if self.subjects > 1 {
            format!("{} ×{}", self.title, crate::words::number(self.subjects))
        } else {
            self.title.clone()
        }
    }
}

/// A folded chain. Edges lead from causes to effects by index, without loops; every step is reached from the root.
#[derive(Debug)]
pub(crate) struct Graph {
    pub steps: Vec<Step>,
    pub edges: Vec<(usize, usize)>,
}

impl Graph {
    /// Folds the chain of an incident.
    pub(crate) fn new(incident: &Incident, lang: Lang) -> Self {
        let root = &incident.root;
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut members: Vec<Vec<(&Subject, &str)>> = vec![vec![(&root.subject, root.title.get(lang))]];
        let mut seen: HashSet<(&str, &Subject)> = HashSet::new();
        for link in incident.chain.iter().filter(|l| seen.insert((&l.mode, &l.subject))) {
            let at = *index.entry(&link.mode).or_insert(members.len());
            if at == members.len() {
                members.push(Vec::new());
            }
            if let Some(group) = members.get_mut(at) {
                group.push((&link.subject, link.title.get(lang)));
            }
        }
        let is_root = |c: &CauseRef| c.mode == root.mode && c.subject == root.subject;
        let place =
            |c: &CauseRef| if is_root(c) { 0 } else { index.get(c.mode.as_str()).copied().unwrap_or(0) };
        let edges: BTreeSet<(usize, usize)> = incident
            .chain
            .iter()
            .filter_map(|l| index.get(l.mode.as_str()).map(|to| (place(&l.explained_by), *to)))
            .filter(|(from, to)| from != to)
            .collect();
        let mut modes = vec![root.mode.as_str(); members.len()];
        for (mode, at) in &index {
            if let Some(slot) = modes.get_mut(*at) {
                *slot = mode;
            }
        }
        let steps: Vec<Step> = modes
            .iter()
            .zip(&members)
            .map(|(mode, group)| step(mode, group, &root.subject, Words(lang)))
            .collect();
        let edges = reached(without_loops(&edges, steps.len()), steps.len());
        Self { steps, edges }
    }

    /// The effects of each step.
    pub(crate) fn effects(&self) -> Vec<Vec<usize>> {
        let mut out = vec![Vec::new(); self.steps.len()];
        for (from, to) in &self.edges {
            if let Some(list) = out.get_mut(*from) {
                list.push(*to);
            }
        }
        out
    }

    /// The longest way from the root to each step.
    pub(crate) fn depths(&self) -> Vec<usize> {
        let mut depth = vec![0; self.steps.len()];
        for _ in 0..self.steps.len() {
            let mut moved = false;
            for (from, to) in &self.edges {
                let least = depth.get(*from).copied().unwrap_or(0) + 1;
                if let Some(d) = depth.get_mut(*to).filter(|d| **d < least) {
                    *d = least;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        depth
    }

    /// Ways from the root that together pass every step once. The first begins below the root; each other begins at
    /// the step that it branches off from, unless that is the root.
    pub(crate) fn paths(&self) -> Vec<Vec<usize>> {
        let effects = self.effects();
        let mut seen = vec![false; self.steps.len()];
        let mut stack: Vec<(usize, usize)> =
            effects.first().into_iter().flatten().rev().map(|to| (0, *to)).collect();
        let mut out: Vec<Vec<usize>> = Vec::new();
        while let Some((from, to)) = stack.pop() {
            if seen.get(to).copied().unwrap_or(true) {
                continue;
            }
            if let Some(flag) = seen.get_mut(to) {
                *flag = true;
            }
            match out.last_mut() {
                Some(path) if path.last() == Some(&from) => path.push(to),
                _ if from == 0 => out.push(vec![to]),
                _ => out.push(vec![from, to]),
            }
            stack.extend(effects.get(to).into_iter().flatten().rev().map(|next| (to, *next)));
        }
        out
    }
}

/// One folded step. Titles begin with their subject, which is left out where it says nothing new.
fn step(mode: &str, group: &[(&Subject, &str)], root: &Subject, words: Words) -> Step {
    let common: BTreeSet<&str> = group.iter().map(|(s, t)| without_subject(t, s)).collect();
    let bare = if common.len() == 1 { common.first().copied().unwrap_or_default() } else { "" };
    let bare = if bare.is_empty() { mode } else { bare };
    let title = match group {
        [(subject, title)] if *subject != root && !title.is_empty() => title,
        _ => bare,
    };
    let subjects: Vec<Subject> = group.iter().map(|(s, _)| (*s).clone()).collect();
    let who = fold::affected(&subjects, words, 2).join(words.semicolon());
    let clean = |text| clean(text).into_owned();
    Step {
        mode: clean(mode),
        title: clean(title),
        bare: clean(bare),
        who: clean(&who),
        subjects: group.len(),
    }
}

/// `worker-1: the runtime hangs` → `the runtime hangs`.
pub(crate) fn without_subject<'t>(title: &'t str, subject: &Subject) -> &'t str {
    let cuts = [title.split_once(": "), title.split_once('：')];
    cuts.into_iter()
        .flatten()
        .find(|(head, tail)| !subject.name.is_empty() && head.contains(&*subject.name) && !tail.is_empty())
        .map_or(title, |(_, tail)| tail)
}

/// Drops the edges that would close a loop, in their order.
fn without_loops(edges: &BTreeSet<(usize, usize)>, steps: usize) -> Vec<(usize, usize)> {
    let mut kept: Vec<(usize, usize)> = Vec::new();
    for (from, to) in edges {
        if *to != 0 && !leads(&kept, *to, *from, steps) {
            kept.push((*from, *to));
        }
    }
    kept
}

fn leads(edges: &[(usize, usize)], from: usize, to: usize, steps: usize) -> bool {
    let mut seen = vec![false; steps];
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            return true;
        }
        if seen.get(at).copied().unwrap_or(true) {
            continue;
        }
        if let Some(flag) = seen.get_mut(at) {
            *flag = true;
        }
        queue.extend(edges.iter().filter(|(f, _)| *f == at).map(|(_, t)| *t));
    }
    false
}

/// Hangs steps that no edge leads to below the root.
fn reached(mut edges: Vec<(usize, usize)>, steps: usize) -> Vec<(usize, usize)> {
    for step in 1..steps {
        if !edges.iter().any(|(_, to)| *to == step) {
            edges.push((0, step));
        }
    }
    edges.sort_unstable();
    edges
}
