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

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_model::{Confidence, Kind, Link, Params, Root, Severity, Text};

    fn title(text: &str) -> Text {
        Text { en: text.to_owned(), zh: String::new() }
    }

    /// An incident on node `n` of mode `root`; each link is effect, its pod, its cause, the cause's pod (empty: the node).
    fn incident(links: &[(&str, &str, &str, &str)]) -> Incident {
        let subject = |name: &str| match name {
            "" => Subject::node("n"),
            pod => Subject::new(Kind::Pod, "ns", pod),
        };
        let chain = links.iter().map(|(mode, pod, by, by_pod)| Link {
            mode: (*mode).to_owned(),
            subject: subject(pod),
            title: title(&format!("{pod}: {mode} happens")),
            explained_by: CauseRef { mode: (*by).to_owned(), subject: subject(by_pod) },
        });
        Incident {
            id: String::new(),
            severity: Severity::Error,
            since: None,
            last_seen: None,
            ongoing: true,
            root: Root {
                mode: "root".to_owned(),
                refines: None,
                confidence: Confidence::Confirmed,
                subject: subject(""),
                params: Params::new(),
                title: title("n: root happens"),
            },
            alternatives: Vec::new(),
            refuted: Vec::new(),
            chain: chain.collect(),
            affected: Vec::new(),
            evidence: Vec::new(),
            changes: Vec::new(),
            fixes: Vec::new(),
            looks: Vec::new(),
        }
    }

    fn paths(i: &Incident) -> Vec<Vec<String>> {
        let graph = Graph::new(i, Lang::En);
        graph.paths().iter().map(|p| p.iter().map(|at| graph.steps[*at].label()).collect()).collect()
    }

    #[test]
    fn the_same_mode_on_many_is_one_step() {
        let links: Vec<String> = (0..17).map(|n| format!("p{n}")).collect();
        let links: Vec<(&str, &str, &str, &str)> =
            links.iter().map(|p| ("evicted", p.as_str(), "root", "")).collect();
        assert_eq!(paths(&incident(&links)), [["evicted happens ×17"]]);
    }

    #[test]
    fn a_branch_begins_where_it_leaves() {
        let i = incident(&[
            ("a", "", "root", ""),
            ("b", "x", "a", ""),
            ("c", "x", "a", ""),
            ("d", "x", "root", ""),
        ]);
        let want = [vec!["a", "x: b happens"], vec!["a", "x: c happens"], vec!["x: d happens"]];
        assert_eq!(paths(&i)[0][1..], want[0][1..]);
        assert_eq!(paths(&i)[1][1..], want[1][1..]);
        assert_eq!(paths(&i)[2], want[2]);
    }

    #[test]
    fn loops_and_strays_end_below_the_root() {
        let i = incident(&[
            ("a", "x", "b", "y"),
            ("b", "y", "a", "x"),
            ("c", "z", "gone", ""),
            ("root", "x", "a", "x"),
        ]);
        let graph = Graph::new(&i, Lang::En);
        assert!(graph.edges.iter().all(|(_, to)| *to != 0));
        let passed: BTreeSet<usize> = graph.paths().into_iter().flatten().collect();
        assert_eq!(passed.len(), graph.steps.len() - 1);
        assert!(graph.depths().iter().all(|d| *d < graph.steps.len()));
    }

    #[test]
    fn a_root_without_effects_has_no_paths() {
        assert!(paths(&incident(&[])).is_empty());
    }
}
