//! What else would explain the same: causes that were less sure, that could not be looked for, or that were refuted.

use crate::Context;
use crate::choose::Choice;
use crate::graph::Graph;
use crate::instance::{Instance, State, evaluate};
use crate::words;
use kubecause_catalogue::{Mode, ModeKind, SubjectClass};
use kubecause_evidence::{Relation, Subject};
use kubecause_model::{Alternative, CauseRef, Citation, Confidence};
use std::collections::BTreeSet;

/// The other causes of one incident.
#[derive(Debug, Default)]
pub(crate) struct Others {
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) refuted: Vec<(CauseRef, String)>,
}

impl Others {
    /// With what was refuted on the other subjects of a folded incident, unless it is open on the first.
    #[must_use]
    pub(crate) fn with_refuted_of(mut self, more: impl Iterator<Item = Self>) -> Self {
        self.refuted.extend(more.flat_map(|o| o.refuted));
        let open = &self.alternatives;
        self.refuted.retain(|(cause, _)| !open.iter().any(|a| a.mode == cause.mode));
        self.refuted.sort_by(|a, b| a.0.cmp(&b.0));
        self.refuted.dedup_by(|b, a| a.0.mode == b.0.mode);
        self
    }
}

/// How many alternatives an incident carries at most.
const MAX: usize = 6;

/// Looks at every mode that could explain the root, or one of the links that the root explains.
pub(crate) fn of(context: &Context<'_>, graph: &Graph<'_>, choice: &Choice, root: usize) -> Others {
    let mut others = Others::default();
    let Some(own) = graph.instances.get(root) else { return others };
    let mut known: BTreeSet<(String, Subject)> = BTreeSet::new();
    for i in graph.following(root) {
        if let Some(x) = graph.instances.get(i) {
            known.insert((x.mode.id.clone(), x.subject.object()));
        }
    }
    for rival in choice.alternatives.get(&root).into_iter().flatten() {
        if let Some(x) = graph.instances.get(*rival)
            && known.insert((x.mode.id.clone(), x.subject.object()))
        {
            others.alternatives.push(alternative(context, x, x.confidence().unwrap_or(Confidence::Possible)));
        }
    }
    // A confirmed root that a person can fix leaves nothing open; only what was refuted is told.
    let settled = own.mode.kind == ModeKind::Root && own.confidence() == Some(Confidence::Confirmed);
    let links = graph.following(root).into_iter().filter_map(|i| graph.instances.get(i));
    let links: Vec<&Instance<'_>> = links.filter(|x| x.mode.kind == ModeKind::Link).take(20).collect();
    for link in links {
        for (mode, subject) in could_explain(context, link) {
            if !known.insert((mode.id.clone(), subject.object())) || mode.id == own.mode.id {
                continue;
            }
            let seen = evaluate(context, mode, &subject);
            match seen.state {
                State::Refuted => {
                    let why = seen.findings.iter().filter_map(|i| context.findings.at(*i));
                    let text = why.filter_map(|f| f.evidence.first()).map(said).next();
                    let cause = CauseRef { mode: mode.id.clone(), subject };
                    others.refuted.push((cause, text.unwrap_or_default()));
                }
                State::Open if !settled => {
                    others.alternatives.push(alternative(context, &seen, Confidence::Possible));
                }
                _ => {}
            }
        }
    }
    others.alternatives.sort_by(|a, b| (b.confidence, &a.mode).cmp(&(a.confidence, &b.mode)));
    others.alternatives.dedup_by(|b, a| a.mode == b.mode);
    others.alternatives.truncate(MAX);
    others.refuted.sort_by(|a, b| a.0.cmp(&b.0));
    others.refuted.dedup_by(|b, a| a.0.mode == b.0.mode);
    others
}

/// A record in a few words, with the place that says it: `healthz.txt: ok`.
fn said(citation: &Citation) -> String {
    let place = citation.reference.rsplit('/').next().unwrap_or_default();
    if place.is_empty() { citation.text.clone() } else { format!("{place}: {}", citation.text) }
}

/// The modes that explain a link, with the subject on which each would have to hold.
fn could_explain<'a>(context: &Context<'a>, link: &Instance<'a>) -> Vec<(&'a Mode, Subject)> {
    let mut found = Vec::new();
    for (mode, via, _) in context.explainers.get(link.mode.id.as_str()).into_iter().flatten().copied() {
        if mode.kind == ModeKind::Note {
            continue;
        }
        let subjects = match via.inverse() {
            Relation::Names => link.names.iter().map(Subject::object).collect(),
            Relation::AllCluster if mode.subject == SubjectClass::Cluster => vec![Subject::cluster()],
            Relation::Same => vec![link.subject.clone()],
            relation => context.snapshot.reach(relation, &link.subject.object()),
        };
        let fitting = subjects.into_iter().filter(|s| context.fits(mode.subject, s));
        found.extend(fitting.take(3).map(|s| (mode, s)));
    }
    found
}

fn alternative(context: &Context<'_>, x: &Instance<'_>, confidence: Confidence) -> Alternative {
    let values = words::values(context, &x.subject, &[], &x.params);
    Alternative {
        mode: x.mode.id.clone(),
        subject: x.subject.clone(),
        confidence,
        title: words::text(&x.mode.title, &values),
        look: x.mode.looks.iter().find_map(|l| words::look(l, &values)),
    }
}
