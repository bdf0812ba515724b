//! Kept roots become incidents: folded onto workloads and shared causes, told with chain, proof and fixes.

use crate::choose::Choice;
use crate::graph::Graph;
use crate::instance::Instance;
use crate::{Context, alternatives, changes, severity, words};
use kubecause_catalogue::{Mode, ModeKind};
use kubecause_evidence::{Kind, Subject};
use kubecause_model::{CauseRef, Citation, Confidence, Incident, Link, Params, Root, Span};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// An incident with what the verdict still needs to know of it.
pub(crate) struct Told {
    pub(crate) incident: Incident,
    /// The instances that it consists of.
    pub(crate) instances: FxHashSet<usize>,
    /// The findings that it explains or rests on.
    pub(crate) findings: FxHashSet<u32>,
}

/// All incidents, the worst first.
pub(crate) fn tell(context: &Context<'_>, graph: &Graph<'_>, choice: &Choice) -> Vec<Told> {
    let mut folded: BTreeMap<FoldKey, Vec<usize>> = BTreeMap::new();
    for root in &choice.kept {
        if let Some(x) = graph.instances.get(*root) {
            folded.entry(fold_key(context, x)).or_default().push(*root);
        }
    }
    let folded: Vec<Vec<usize>> = folded.into_values().collect();
    let mut all: Vec<Told> =
        folded.par_iter().filter_map(|roots| tell_one(context, graph, choice, roots)).collect();
    all.sort_by(|a, b| {
        let rank = |t: &Told| (Reverse(t.incident.severity), Reverse(t.incident.affected.len()));
        rank(a).cmp(&rank(b)).then_with(|| {
            (&a.incident.root.mode, &a.incident.root.subject)
                .cmp(&(&b.incident.root.mode, &b.incident.root.subject))
        })
    });
    make_ids_unique(&mut all);
    all
}

/// The subject, and the objects that the proof names.
fn concerned(context: &Context<'_>, subject: &Subject, members: &[&Instance<'_>]) -> Vec<Subject> {
    let findings = members.iter().flat_map(|x| &x.findings).filter_map(|i| context.findings.at(*i));
    let named = findings.flat_map(|f| &f.names).map(Subject::object);
    let mut all = vec![subject.object()];
    for object in named {
        if !all.contains(&object) && all.len() < MOST_CONCERNED {
            all.push(object);
        }
    }
    all
}

/// The changes of more objects than this are not looked for.
const MOST_CONCERNED: usize = 8;
/// For how many of the subjects that fold into one incident it is told what was ruled out.
const FOLDED_RIVALS: usize = 8;

/// Roots with the same key are one incident.
type FoldKey = (String, Option<Subject>, Option<String>);

fn fold_key(context: &Context<'_>, x: &Instance<'_>) -> FoldKey {
    let shared = x.mode.fold_by.as_ref().and_then(|param| x.params.get(param));
    match shared {
        Some(value) => (x.mode.id.clone(), None, Some(value.clone())),
        None => (x.mode.id.clone(), Some(folded_subject(context, &x.subject)), None),
    }
}

/// A pod's or container's workload; everything else stays itself.
fn folded_subject(context: &Context<'_>, subject: &Subject) -> Subject {
    if subject.kind != Kind::Pod {
        return subject.clone();
    }
    if context.snapshot.pod(subject).is_some() {
        return context.snapshot.top_owner(subject);
    }
    // A pod that was not collected: its events alone tell of it.
    match kubecause_signals::workload_of_pod(context.snapshot, subject) {
        same if same.kind == Kind::Pod => subject.clone(),
        workload => Subject { container: subject.container.clone(), ..workload },
    }
}

fn tell_one(context: &Context<'_>, graph: &Graph<'_>, choice: &Choice, roots: &[usize]) -> Option<Told> {
    let members: Vec<&Instance<'_>> = roots.iter().filter_map(|i| graph.instances.get(*i)).collect();
    let best = *members.iter().max_by_key(|x| (x.confidence(), x.findings.len(), Reverse(&x.subject)))?;
    let subject = shared_subject(context, &members, best);
    let mut params = Params::new();
    members.iter().for_each(|x| params.extend(x.params.clone()));
    params.extend(best.params.clone());

    let mut instances: Vec<usize> = Vec::new();
    let mut seen = FxHashSet::default();
    for root in roots {
        instances.extend(graph.following(*root).into_iter().filter(|i| seen.insert(*i)));
    }
    let mut span = members.iter().fold(Span::default(), |span, x| span.join(x.span));
    let follows = || instances.iter().filter_map(|i| graph.instances.get(*i));
    span.ongoing |= follows().any(|x| x.span.ongoing);
    // Proof without a time (a measurement): the first effect says since when at the latest.
    span.first = span.first.or_else(|| follows().filter_map(|x| x.span.first).min());
    let symptoms: Vec<u32> =
        instances.iter().filter_map(|i| graph.symptoms.get(*i)).flatten().copied().collect();
    let affected = affected(context, &subject, follows(), &symptoms);
    let evidence = evidence(context, &members, follows());
    let pods: Vec<Subject> = members.iter().map(|x| x.subject.object()).collect();
    let values = words::values(context, &subject, &pods, &params);
    let mut rivals = roots.iter().map(|r| alternatives::of(context, graph, choice, *r)).take(FOLDED_RIVALS);
    let others = rivals.next().unwrap_or_default().with_refuted_of(rivals);
    let unsure = best.confidence() != Some(Confidence::Confirmed) || best.mode.kind == ModeKind::Link;
    let last_seen = span.last.into_iter().chain(evidence.iter().filter_map(|c| c.at)).max();
    let mut findings: FxHashSet<u32> = symptoms.into_iter().collect();
    findings.extend(follows().flat_map(|x| x.findings.iter().copied()));
    let severity = severity::of(context, &subject, &affected, span.ongoing);
    let incident = Incident {
        id: id(&subject, best.mode),
        severity,
        since: span.first,
        last_seen,
        ongoing: span.ongoing,
        changes: changes::before(context, &concerned(context, &subject, &members), span.first),
        root: Root {
            mode: best.mode.id.clone(),
            refines: best.mode.refines.clone(),
            confidence: best.confidence().unwrap_or(Confidence::Possible),
            title: words::text(&best.mode.title, &values),
            params,
            subject,
        },
        alternatives: others.alternatives,
        refuted: others.refuted,
        chain: chain(context, graph, &instances, roots),
        affected,
        evidence,
        fixes: best.mode.fixes.iter().filter_map(|f| words::fix(f, &values)).collect(),
        looks: if unsure {
            best.mode.looks.iter().filter_map(|l| words::look(l, &values)).collect()
        } else {
            Vec::new()
        },
    };
    Some(Told { incident, instances: instances.into_iter().collect(), findings })
}

/// What an incident is about when several instances became one: their workload where they have one in common, else
/// the subject of the best of them.
fn shared_subject(context: &Context<'_>, members: &[&Instance<'_>], best: &Instance<'_>) -> Subject {
    let folded = folded_subject(context, &best.subject);
    let same_container = members.iter().all(|x| x.subject.container == best.subject.container);
    if same_container { folded } else { folded.object() }
}

/// Objects that suffer now: nodes first, then workloads, Services, the rest.
fn affected<'g>(
    context: &Context<'_>,
    root: &Subject,
    follows: impl Iterator<Item = &'g Instance<'g>>,
    symptoms: &[u32],
) -> Vec<Subject> {
    let effects = follows.filter(|x| x.span.ongoing).map(|x| x.subject.object());
    let found = symptoms.iter().filter_map(|i| context.findings.at(*i)).filter(|f| f.span.ongoing);
    let mut all: Vec<Subject> = effects.chain(found.map(|f| f.subject.object())).collect();
    let workloads: Vec<Subject> =
        all.iter().filter(|s| s.kind == Kind::Pod).map(|s| context.snapshot.top_owner(s)).collect();
    all.extend(workloads);
    let rank = |s: &Subject| match &s.kind {
        Kind::Node => 0,
        kind if kind.is_workload() => 1,
        Kind::Service => 2,
        Kind::Ingress => 3,
        Kind::Pod => 5,
        _ => 4,
    };
    all.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
    all.dedup();
    all.retain(|s| *s != root.object() || s.kind.is_workload() || s.kind == Kind::Pod);
    all.retain(|s| s.kind != Kind::Cluster);
    all
}

/// How many records an incident quotes at most.
const EVIDENCE_MAX: usize = 80;

/// The records of the roots, the strongest first, then one of each effect.
fn evidence<'g>(
    context: &Context<'_>,
    members: &[&Instance<'_>],
    follows: impl Iterator<Item = &'g Instance<'g>>,
) -> Vec<Citation> {
    let mut all: Vec<Citation> = Vec::new();
    let mut seen = FxHashSet::default();
    let mut add = |citation: &Citation| {
        if seen.insert((citation.reference.clone(), citation.text.clone())) {
            all.push(citation.clone());
        }
    };
    // One record of each finding first, so that the first lines show every side of the proof.
    let findings: Vec<_> =
        members.iter().flat_map(|x| &x.findings).filter_map(|i| context.findings.at(*i)).collect();
    findings.iter().filter_map(|f| f.evidence.last()).for_each(&mut add);
    findings.iter().flat_map(|f| &f.evidence).for_each(&mut add);
    for x in follows {
        x.findings.iter().filter_map(|i| context.findings.at(*i)?.evidence.last()).for_each(&mut add);
    }
    // What says the same of another pod or at another time comes after all that says something else.
    let mut said = FxHashSet::default();
    let (mut fresh, again): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| said.insert(gist(&c.text)));
    fresh.extend(again);
    fresh.truncate(EVIDENCE_MAX);
    fresh
}

/// A text without what tells one occurrence from another: words that hold digits or quotes.
fn gist(text: &str) -> String {
    let plain = |word: &&str| !word.chars().any(|c| c.is_ascii_digit() || c == '"' || c == '/');
    text.split_whitespace().filter(plain).collect::<Vec<_>>().join(" ")
}

/// Each effect with the cause next to it, in the order in which they follow from the root.
fn chain(context: &Context<'_>, graph: &Graph<'_>, instances: &[usize], roots: &[usize]) -> Vec<Link> {
    let place: BTreeMap<usize, usize> = instances.iter().enumerate().map(|(p, i)| (*i, p)).collect();
    let mut links = Vec::new();
    let roots: FxHashSet<usize> = roots.iter().copied().collect();
    for i in instances.iter().filter(|i| !roots.contains(i)) {
        let Some(x) = graph.instances.get(*i) else { continue };
        let causes = graph.causes.get(*i).into_iter().flatten();
        let nearest = causes.filter(|c| place.contains_key(c) && *c != i).max_by_key(|c| {
            let link = graph.instances.get(**c).is_some_and(|c| c.mode.kind == ModeKind::Link);
            (link, Reverse(place.get(c).copied()))
        });
        let Some(cause) = nearest.and_then(|c| graph.instances.get(*c)) else { continue };
        let values = words::values(context, &x.subject, &[], &x.params);
        links.push(Link {
            mode: x.mode.id.clone(),
            subject: x.subject.clone(),
            title: words::text(&x.mode.title, &values),
            explained_by: CauseRef { mode: cause.mode.id.clone(), subject: cause.subject.clone() },
        });
    }
    links
}

/// FNV-1a, 64 bits: over the subject and the area of the first root, so that it stays when the cause's wording sharpens.
fn id(subject: &Subject, mode: &Mode) -> String {
    let text = format!("{}/{}/{}/{}", mode.area, subject.kind, subject.ns(), subject.name);
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Two incidents of one area on one subject get a number each.
fn make_ids_unique(all: &mut [Told]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for told in all {
        let count = seen.entry(told.incident.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            told.incident.id = format!("{}-{count}", told.incident.id);
        }
    }
}
