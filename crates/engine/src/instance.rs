//! A mode on a subject: how sure it is, what shows it, or what refutes it.

use crate::Context;
use kubecause_catalogue::{Entry, Mode, Requirement};
use kubecause_evidence::{Kind, Subject};
use kubecause_model::{Confidence, Params, Span};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// A mode that was looked for on a subject.
#[derive(Debug, Clone)]
pub(crate) struct Instance<'a> {
    pub(crate) mode: &'a Mode,
    pub(crate) subject: Subject,
    pub(crate) state: State,
    /// Findings that show it, the strongest first; for a refuted one, those that speak against it.
    pub(crate) findings: Vec<u32>,
    pub(crate) params: Params,
    pub(crate) span: Span,
    /// Objects that its findings name.
    pub(crate) names: Vec<Subject>,
    /// Entries whose places could not be looked at.
    pub(crate) closed: Vec<&'a Entry>,
    /// Only a part of what it requires was seen. Such an instance must explain something to count.
    pub(crate) partial: bool,
}

/// What came of looking for a mode on a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It holds.
    Holds(Confidence),
    /// Nothing of it was seen, but a place to look was closed.
    Open,
    /// A finding speaks against it.
    Refuted,
    /// All places were looked at, and something that it needs is not there.
    Absent,
}

impl Instance<'_> {
    pub(crate) fn confidence(&self) -> Option<Confidence> {
        match self.state {
            State::Holds(confidence) => Some(confidence),
            _ => None,
        }
    }
}

/// Every mode on every subject that shows at least one thing that it needs.
pub(crate) fn instantiate<'a>(context: &Context<'a>) -> Vec<Instance<'a>> {
    let modes: Vec<&Mode> = context.catalogue.all().collect();
    let of_mode = |mode: &&'a Mode| {
        let subjects: Vec<Subject> = candidates(context, mode).into_iter().collect();
        let all = subjects.into_par_iter().map(|subject| evaluate(context, mode, &subject));
        all.filter(|x| matches!(x.state, State::Holds(_) | State::Refuted)).collect::<Vec<_>>()
    };
    modes.par_iter().flat_map_iter(of_mode).collect()
}

/// The subjects on which the mode could hold: those of the findings that it needs. A pod without a container is
/// left out where a container of it is there.
fn candidates(context: &Context<'_>, mode: &Mode) -> BTreeSet<Subject> {
    let anchors = mode.when.proof.iter().chain(mode.required_entries());
    let mut subjects = BTreeSet::new();
    for entry in anchors {
        for finding in context.findings.of(&entry.signal) {
            if entry.via == kubecause_evidence::Relation::Same {
                subjects.extend(context.lookup.canonical(mode.subject, finding));
            } else {
                let back = context.reach_back(entry.via, finding);
                let fits = |s: &Subject| context.fits(mode.subject, s);
                subjects.extend(back.into_iter().filter(fits));
            }
        }
    }
    let with_container: BTreeSet<Subject> =
        subjects.iter().filter(|s| s.container.is_some()).map(Subject::object).collect();
    subjects.retain(|s| s.container.is_some() || !with_container.contains(s));
    subjects
}

/// Looks for a mode on a subject.
pub(crate) fn evaluate<'a>(context: &Context<'a>, mode: &'a Mode, subject: &Subject) -> Instance<'a> {
    let class = mode.subject;
    let look = |entry: &Entry| context.lookup.seen(class, subject, entry);
    let many = |entries: &[Entry]| entries.iter().flat_map(look).collect::<Vec<u32>>();

    let refuting = many(&mode.when.refutes);
    let proof = many(&mode.when.proof);
    let mut required = Vec::new();
    let mut closed: Vec<&Entry> = Vec::new();
    let (mut met, mut unmet_open, mut known_by) = (0_usize, false, false);
    for (place, requirement) in mode.when.required.iter().enumerate() {
        match check(context, requirement, subject, &look) {
            Met::Yes(found) => {
                met += 1;
                known_by |= place == 0;
                required.extend(found);
            }
            Met::No { closed: places, found } => {
                required.extend(found);
                unmet_open |= places.is_empty();
                closed.extend(places);
            }
        }
    }
    if mode.when.proof.is_empty() || proof.is_empty() {
        let unlooked = mode.when.proof.iter().filter(|e| !context.lookup.open(subject, e));
        closed.extend(unlooked);
    }
    let total = mode.when.required.len();
    let state = if !refuting.is_empty() {
        State::Refuted
    } else if !proof.is_empty() {
        State::Holds(Confidence::Confirmed)
    } else if total > 0 && met == total {
        State::Holds(if mode.when.at_most_probable { Confidence::Probable } else { Confidence::Confirmed })
    } else if !unmet_open && known_by {
        State::Holds(Confidence::Probable)
    } else if !unmet_open && !closed.is_empty() {
        State::Open
    } else {
        State::Absent
    };
    let mut instance = Instance {
        mode,
        subject: subject.clone(),
        state,
        findings: Vec::new(),
        params: Params::new(),
        span: Span::default(),
        names: Vec::new(),
        closed,
        partial: proof.is_empty() && met < total,
    };
    let supports = many(&mode.when.supports);
    if state == State::Refuted {
        instance.take(context, &refuting, false);
    } else {
        instance.take(context, &supports, false);
        instance.take(context, &required, true);
        instance.take(context, &proof, true);
        instance.findings = unique([proof, required, supports].concat());
    }
    instance
}

enum Met<'a> {
    Yes(Vec<u32>),
    No { closed: Vec<&'a Entry>, found: Vec<u32> },
}

fn check<'a>(
    context: &Context<'_>,
    requirement: &'a Requirement,
    subject: &Subject,
    look: &impl Fn(&Entry) -> Vec<u32>,
) -> Met<'a> {
    let (entries, at_least) = match requirement {
        Requirement::One(entry) => (std::slice::from_ref(entry), 1),
        Requirement::Any(any) => (any.of.as_slice(), any.at_least),
    };
    let (mut seen, mut found, mut closed) = (0, Vec::new(), Vec::new());
    for entry in entries {
        let hits = look(entry);
        if !hits.is_empty() {
            seen += 1;
            found.extend(hits);
        } else if !context.lookup.open(subject, entry) {
            closed.push(entry);
        }
    }
    if seen >= at_least {
        return Met::Yes(found);
    }
    if seen + closed.len() < at_least {
        closed.clear();
    }
    Met::No { closed, found }
}

impl Instance<'_> {
    /// Takes over params, names and, where it decides, the time of these findings. Later calls overrule earlier ones.
    fn take(&mut self, context: &Context<'_>, indexes: &[u32], decides: bool) {
        self.findings.extend(indexes);
        for finding in indexes.iter().filter_map(|i| context.findings.at(*i)) {
            self.params.extend(finding.params.clone());
            for name in &finding.names {
                if !self.names.contains(name) {
                    self.names.push(name.clone());
                }
            }
            if decides {
                self.span = self.span.join(finding.span);
            }
        }
    }
}

fn unique(indexes: Vec<u32>) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    indexes.into_iter().filter(|i| seen.insert(*i)).collect()
}

impl Context<'_> {
    /// Whether a subject is of that class.
    pub(crate) fn fits(&self, class: kubecause_catalogue::SubjectClass, subject: &Subject) -> bool {
        use kubecause_catalogue::SubjectClass as C;
        match class {
            C::Container | C::Pod => subject.kind == Kind::Pod,
            C::Workload => {
                subject.kind == Kind::Pod && self.snapshot.top_owner(subject) == *subject
                    || subject.kind.is_workload()
            }
            C::Node => subject.kind == Kind::Node,
            C::Object => true,
            C::Cluster => subject.kind == Kind::Cluster,
        }
    }

    /// The subjects from which `via` leads to that finding.
    fn reach_back(
        &self,
        via: kubecause_evidence::Relation,
        finding: &kubecause_signals::Finding,
    ) -> Vec<Subject> {
        use kubecause_evidence::Relation as R;
        match via {
            R::NamedBy => finding.names.iter().map(Subject::object).collect(),
            // Nothing is anchored on what it merely names, nor on the whole cluster.
            R::Names | R::AllCluster => Vec::new(),
            R::ClusterAll => vec![Subject::cluster()],
            R::NamespaceObjects => finding
                .subject
                .namespace
                .iter()
                .map(|ns| Subject::cluster_wide(Kind::Namespace, ns.clone()))
                .collect(),
            relation => self.snapshot.reach(relation.inverse(), &finding.subject.object()),
        }
    }
}
