//! Finds findings from a mode's subject, along a relation; and says whether a place was open.

use kubecause_catalogue::{Entry, SubjectClass};
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};
use kubecause_signals::{Finding, Findings, Signal, Signals, is_open};
use rustc_hash::FxHashMap;

/// Indexes over the findings of one Snapshot.
pub(crate) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    findings: &'a Findings,
    signals: FxHashMap<&'static str, &'a Signal>,
    /// Findings on a workload and on all of its pods.
    by_workload: FxHashMap<Subject, Vec<u32>>,
    /// Findings that name an object.
    by_name: FxHashMap<Subject, Vec<u32>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, signals: &'a Signals, findings: &'a Findings) -> Self {
        let mut by_workload: FxHashMap<Subject, Vec<u32>> = FxHashMap::default();
        let mut by_name: FxHashMap<Subject, Vec<u32>> = FxHashMap::default();
        for (i, f) in (0_u32..).zip(findings.all()) {
            if f.subject.kind == Kind::Pod || f.subject.kind.is_workload() {
                by_workload.entry(snapshot.top_owner(&f.subject).object()).or_default().push(i);
            }
            for name in &f.names {
                by_name.entry(name.object()).or_default().push(i);
            }
        }
        let signals = signals.all().map(|s| (s.id, s)).collect();
        Self { snapshot, findings, signals, by_workload, by_name }
    }

    /// The definition of a signal.
    pub(crate) fn signal(&self, id: &str) -> Option<&'a Signal> {
        self.signals.get(id).copied()
    }

    /// The subject of a mode of that class for a finding; `None` where the finding cannot be about such a thing.
    pub(crate) fn canonical(&self, class: SubjectClass, finding: &Finding) -> Option<Subject> {
        let subject = &finding.subject;
        match class {
            SubjectClass::Container => (subject.kind == Kind::Pod).then(|| subject.clone()),
            SubjectClass::Pod => (subject.kind == Kind::Pod).then(|| subject.object()),
            SubjectClass::Workload => {
                let fits = subject.kind == Kind::Pod || subject.kind.is_workload();
                fits.then(|| self.snapshot.top_owner(subject).object())
            }
            SubjectClass::Node => (subject.kind == Kind::Node).then(|| subject.object()),
            SubjectClass::Object => Some(subject.object()),
            SubjectClass::Cluster => Some(Subject::cluster()),
        }
    }

    /// The findings that an entry asks for, seen from a subject of that class; empty where fewer distinct subjects
    /// show it than asked for.
    pub(crate) fn seen(&self, class: SubjectClass, subject: &Subject, entry: &Entry) -> Vec<u32> {
        if self.findings.of(&entry.signal).next().is_none() {
            return Vec::new();
        }
        let mut found = self.along(class, subject, entry);
        if entry.ongoing {
            found.retain(|i| self.findings.at(*i).is_some_and(|f| f.span.ongoing));
        }
        found.sort_unstable();
        found.dedup();
        if entry.distinct > 1 {
            let mut subjects: Vec<_> =
                found.iter().filter_map(|i| self.findings.at(*i)).map(|f| f.subject.object()).collect();
            subjects.sort();
            subjects.dedup();
            if subjects.len() < entry.distinct {
                return Vec::new();
            }
        }
        found
    }

    fn along(&self, class: SubjectClass, subject: &Subject, entry: &Entry) -> Vec<u32> {
        let is = |f: &Finding| f.signal == entry.signal;
        match entry.via {
            Relation::Same if class == SubjectClass::Cluster => self.positions(|_| true, &entry.signal),
            Relation::Same if class == SubjectClass::Workload => {
                self.pick(self.by_workload.get(&subject.object()), is)
            }
            Relation::Same => self.on(subject, &entry.signal),
            Relation::ClusterAll => self.positions(|_| true, &entry.signal),
            Relation::AllCluster => {
                self.positions(|f| matches!(f.subject.kind, Kind::Cluster | Kind::Component), &entry.signal)
            }
            Relation::NamespaceObjects => self.positions(|f| f.subject.ns() == &*subject.name, &entry.signal),
            Relation::NamedBy => self.pick(self.by_name.get(&subject.object()), is),
            Relation::Names => {
                let named = self.findings.on(&subject.object()).flat_map(|f| f.names.iter());
                named.flat_map(|target| self.on(&target.object(), &entry.signal)).collect()
            }
            relation => {
                let targets = self.snapshot.reach(relation, subject);
                targets.iter().flat_map(|target| self.on(target, &entry.signal)).collect()
            }
        }
    }

    /// Findings of the signal on that object; where both name a container, on that container.
    fn on(&self, subject: &Subject, signal: &str) -> Vec<u32> {
        let fits = |f: &Finding| {
            f.subject.object() == subject.object()
                && (f.subject.container.is_none()
                    || subject.container.is_none()
                    || f.subject.container == subject.container)
        };
        self.positions_on(subject, signal, fits)
    }

    fn positions_on(&self, subject: &Subject, signal: &str, fits: impl Fn(&Finding) -> bool) -> Vec<u32> {
        let indexes = self.findings.indexes_on(&subject.object());
        indexes
            .iter()
            .copied()
            .filter(|i| self.findings.at(*i).is_some_and(|f| f.signal == signal && fits(f)))
            .collect()
    }

    fn positions(&self, fits: impl Fn(&Finding) -> bool, signal: &str) -> Vec<u32> {
        let indexes = self.findings.indexes_of(signal);
        indexes.iter().copied().filter(|i| self.findings.at(*i).is_some_and(&fits)).collect()
    }

    fn pick(&self, indexes: Option<&Vec<u32>>, fits: impl Fn(&Finding) -> bool) -> Vec<u32> {
        let all = indexes.into_iter().flatten().copied();
        all.filter(|i| self.findings.at(*i).is_some_and(&fits)).collect()
    }

    /// Whether the places that the entry's signal needs could all be looked at.
    pub(crate) fn open(&self, subject: &Subject, entry: &Entry) -> bool {
        self.signal(&entry.signal).is_some_and(|signal| is_open(signal, self.snapshot, subject))
    }
}
