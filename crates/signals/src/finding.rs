//! Findings and how they are collected.

use jiff::Timestamp;
use kubecause_evidence::Subject;
use kubecause_model::{Citation, Params, Source, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// A signal seen on a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Id of the signal.
    pub signal: &'static str,
    /// What it was seen on.
    pub subject: Subject,
    /// The records that show it.
    pub evidence: Vec<Citation>,
    /// Facts that modes and reports may use.
    pub params: Params,
    /// When it was seen, and whether it goes on.
    pub span: Span,
    /// How often it was seen.
    pub count: u64,
    /// Other objects that the record names: the quota, the missing claim, the webhook.
    pub names: Vec<Subject>,
    /// The subjects that a correlation joined.
    pub members: Vec<Subject>,
}

impl Finding {
    /// A finding that goes on since an unknown time.
    pub fn new(signal: &'static str, subject: Subject) -> Self {
        Self {
            signal,
            subject,
            evidence: Vec::new(),
            params: Params::new(),
            span: Span::since(None),
            count: 1,
            names: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Adds a record.
    #[must_use]
    pub fn cite(
        mut self,
        source: Source,
        at: Option<Timestamp>,
        reference: impl Into<String>,
        text: impl AsRef<str>,
    ) -> Self {
        self.evidence.push(Citation::new(source, at, reference, text));
        self
    }

    /// Adds a fact; an empty value is not added.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        if !value.is_empty() {
            self.params.insert(name.to_owned(), value);
        }
        self
    }

    /// Goes on since then.
    #[must_use]
    pub fn since(mut self, first: Option<Timestamp>) -> Self {
        self.span = Span { first, last: self.span.last, ongoing: true };
        self
    }

    /// Says when it was seen and whether it goes on.
    #[must_use]
    pub fn span(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Says that the records name that object.
    #[must_use]
    pub fn naming(mut self, subject: Subject) -> Self {
        self.names.push(subject);
        self
    }

    /// How many records are kept where the same was seen often.
    const EVIDENCE_MAX: usize = 4;

    /// Joins a finding of the same signal and subject: spans and counts add up, of the records the first and
    /// the last few stay.
    fn join(&mut self, other: Self) {
        self.span = self.span.join(other.span);
        self.count += other.count;
        self.params.extend(other.params);
        let known: FxHashSet<&Subject> = self.names.iter().collect();
        let fresh: Vec<Subject> = other.names.into_iter().filter(|n| !known.contains(n)).collect();
        self.names.extend(fresh);
        self.members.extend(other.members);
        self.evidence.extend(other.evidence);
        self.evidence.sort_by(|a, b| (a.at, &a.reference, &a.text).cmp(&(b.at, &b.reference, &b.text)));
        self.evidence.dedup();
        if self.evidence.len() > Self::EVIDENCE_MAX {
            let tail = self.evidence.split_off(self.evidence.len() - Self::EVIDENCE_MAX / 2);
            self.evidence.truncate(Self::EVIDENCE_MAX / 2);
            self.evidence.extend(tail);
        }
    }
}

/// Takes findings from families.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Finding>,
}

impl Sink {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Adds what another took.
    pub(crate) fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Joins findings of the same signal and subject, and sorts.
    pub fn finish(self) -> Findings {
        let mut findings = Findings::default();
        findings.extend(self);
        findings
    }
}

/// All findings of a Snapshot, sorted, with indexes.
#[derive(Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    by_signal: FxHashMap<&'static str, Vec<u32>>,
    by_object: FxHashMap<Subject, Vec<u32>>,
}

impl Findings {
    /// Adds what a correlator found.
    pub fn extend(&mut self, sink: Sink) {
        if sink.found.is_empty() {
            return;
        }
        let key = |a: &Finding, b: &Finding| (a.signal, &a.subject).cmp(&(b.signal, &b.subject));
        // What was found before comes first among its like; it is in order already, so that this costs little more than a pass.
        self.all.reserve_exact(sink.found.len());
        let mut found = sink.found;
        found.sort_by(|a, b| {
            key(a, b).then_with(|| (a.span.first, &a.evidence).cmp(&(b.span.first, &b.evidence)))
        });
        self.all.append(&mut found);
        self.all.sort_by(key);
        self.all.dedup_by(|next, known| {
            let same = key(known, next).is_eq();
            if same {
                known.join(std::mem::replace(next, Finding::new(next.signal, Subject::cluster())));
            }
            same
        });
        self.by_signal.clear();
        self.by_object.clear();
        for (i, f) in self.all.iter().enumerate() {
            let i = u32::try_from(i).unwrap_or(u32::MAX);
            self.by_signal.entry(f.signal).or_default().push(i);
            self.by_object.entry(f.subject.object()).or_default().push(i);
        }
    }

    /// All findings, in order of signal and subject.
    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    /// The finding at that place of [`Self::all`].
    pub fn at(&self, index: u32) -> Option<&Finding> {
        self.all.get(index as usize)
    }

    /// The places in [`Self::all`] of the findings of that signal.
    pub fn indexes_of(&self, signal: &str) -> &[u32] {
        self.by_signal.get(signal).map(Vec::as_slice).unwrap_or_default()
    }

    /// The places in [`Self::all`] of the findings on that object, whatever container they name.
    pub fn indexes_on(&self, object: &Subject) -> &[u32] {
        self.by_object.get(object).map(Vec::as_slice).unwrap_or_default()
    }

    /// The findings of that signal.
    pub fn of<'a>(&'a self, signal: &str) -> impl Iterator<Item = &'a Finding> + use<'a> {
        self.by_signal.get(signal).into_iter().flatten().filter_map(|i| self.at(*i))
    }

    /// The findings on that object, whatever container they name.
    pub fn on<'a>(&'a self, object: &Subject) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let found = self.by_object.get(&object.object());
        found.into_iter().flatten().filter_map(|i| self.at(*i))
    }

    /// The finding of that signal on that object, whatever container it names.
    pub fn get(&self, signal: &str, object: &Subject) -> Option<&Finding> {
        self.on(object).find(|f| f.signal == signal)
    }
}
