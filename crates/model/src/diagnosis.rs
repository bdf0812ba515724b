//! What a run returns. These are inner types: their printed forms belong to the report.

use crate::{Citation, Confidence, Gap, Params, Severity, Subject};
use jiff::Timestamp;

/// A language of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Text {
    /// The text in that language; the other one where it is empty.
    pub fn get(&self, lang: Lang) -> &str {
        let (first, second) = match lang {
            Lang::En => (&self.en, &self.zh),
            Lang::Zh => (&self.zh, &self.en),
        };
        if first.is_empty() { second } else { first }
    }
}

/// What a step of a fix can do to a running system. Ordered from harmless to dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Risk {
    /// Changes nothing.
    ReadOnly,
    /// Can be undone, interrupts nothing.
    Reversible,
    /// Interrupts something that works.
    Disruptive,
    /// May lose data.
    DataLoss,
}

impl Risk {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::DataLoss => "data-loss",
        }
    }
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// All that the scope needs was looked at, and nothing was found that is not silenced.
    Healthy,
    /// There is at least one incident that is not silenced.
    Faults,
    /// Nothing was found, but something that could hide an incident was not looked at or is unexplained.
    Unknown,
}

impl Verdict {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Faults => "faults",
            Self::Unknown => "unknown",
        }
    }
}

/// A root cause on a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Id of the failure mode.
    pub mode: String,
    /// Id of the more general mode that it is a form of.
    pub refines: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it is about.
    pub subject: Subject,
    /// The facts that a script wants.
    pub params: Params,
    /// The title with its placeholders filled.
    pub title: Text,
}

impl Root {
    /// The id by which machines know it: that of the general mode, where it is a form of one.
    pub fn public_mode(&self) -> &str {
        self.refines.as_deref().unwrap_or(&self.mode)
    }

    /// Whether that id names it, or the general mode that it is a form of.
    pub fn is(&self, mode: &str) -> bool {
        self.mode == mode || self.public_mode() == mode
    }
}

/// A cause named by mode and subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseRef {
    /// Id of the failure mode.
    pub mode: String,
    /// What it is about.
    pub subject: Subject,
}

/// A step between the root and what is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The effect.
    pub mode: String,
    /// What the effect is about.
    pub subject: Subject,
    /// Its title with the placeholders filled.
    pub title: Text,
    /// The cause next to it.
    pub explained_by: CauseRef,
}

/// What to fetch or run to settle a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The command, placeholders filled.
    pub run: String,
    /// What each outcome would mean.
    pub why: Text,
}

/// A cause that would explain the same and was neither proven nor refuted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Id of the failure mode.
    pub mode: String,
    /// What it would be about.
    pub subject: Subject,
    /// How sure it is.
    pub confidence: Confidence,
    /// Its title with the placeholders filled.
    pub title: Text,
    /// What separates it from the root.
    pub look: Option<Look>,
}

/// One step of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixStep {
    /// The command, placeholders filled.
    pub run: String,
    /// Why it is done.
    pub why: Text,
    /// What must be true before it is done.
    pub guard: Option<Text>,
    /// How to see that it worked.
    pub verify: Option<String>,
    /// How to take it back.
    pub undo: Option<String>,
}

/// One way to mend an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does.
    pub title: Text,
    /// The worst that its steps can do.
    pub risk: Risk,
    /// What to do, in order.
    pub steps: Vec<FixStep>,
}

/// A change that was made shortly before an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it was made.
    pub at: Option<Timestamp>,
    /// What was changed.
    pub object: Subject,
    /// Which field.
    pub field: String,
    /// The value before.
    pub from: String,
    /// The value since.
    pub to: String,
    /// The workload's revision that made it.
    pub revision: Option<i64>,
    /// Who made it, as the API server recorded the writer.
    pub by: Option<String>,
}

/// One fault: its root, what followed, the proof, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Stable over time and over wordings of the cause: a hash of subject and first root.
    pub id: String,
    /// How bad it is now.
    pub severity: Severity,
    /// Since when, where known.
    pub since: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
    /// Whether it goes on.
    pub ongoing: bool,
    /// What broke first.
    pub root: Root,
    /// What else would explain it.
    pub alternatives: Vec<Alternative>,
    /// Causes that were looked for and refuted: mode and the record that speaks against it.
    pub refuted: Vec<(CauseRef, String)>,
    /// What followed, each with its cause, causes before effects.
    pub chain: Vec<Link>,
    /// Objects that suffer now.
    pub affected: Vec<Subject>,
    /// The records that prove it, the strongest first.
    pub evidence: Vec<Citation>,
    /// What was changed shortly before.
    pub changes: Vec<Change>,
    /// How to mend it, least damage first.
    pub fixes: Vec<Fix>,
    /// What to look at to become surer.
    pub looks: Vec<Look>,
}

/// Something worth saying that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Id of the failure mode.
    pub mode: String,
    /// What it is about.
    pub subject: Subject,
    /// What to say.
    pub text: Text,
}

/// A symptom that no cause explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained {
    /// Id of the signal.
    pub signal: String,
    /// What it is about.
    pub subject: Subject,
    /// The records that show it.
    pub evidence: Vec<Citation>,
}

/// An incident that somebody knows of and silenced. It does not count, and it is always told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// The incident's id.
    pub id: String,
    /// Id of its root's mode.
    pub mode: String,
    /// What it is about.
    pub subject: Subject,
    /// Its title with the placeholders filled.
    pub title: Text,
    /// How bad it is.
    pub severity: Severity,
    /// Until when it is silenced.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

/// A silence that silenced nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleSilence {
    /// The mode that it names, or `*`.
    pub mode: String,
    /// The subject that it names, as a pattern.
    pub subject: String,
    /// Until when it holds.
    pub until: Timestamp,
    /// Why it was made.
    pub why: String,
    /// Why it did nothing.
    pub state: Idle,
}

/// Why a silence did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Idle {
    /// It was over when the evidence was taken.
    Expired,
    /// When the evidence was taken is not known, so that nothing can be said to be before its end.
    Undated,
    /// There is no incident that it names.
    Unmatched,
}

impl Idle {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Undated => "undated",
            Self::Unmatched => "unmatched",
        }
    }
}

/// What was looked at, for the header line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Version of the API server, where known.
    pub version: Option<String>,
    /// Count of nodes.
    pub nodes: usize,
    /// Count of pods.
    pub pods: usize,
    /// Count of events.
    pub events: usize,
    /// Count of all objects.
    pub objects: usize,
    /// Count of logs and node files.
    pub files: usize,
}

/// Which part of the cluster was asked about. Empty means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only these objects.
    pub objects: Vec<Subject>,
}

/// The answer of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The time that the evidence stands for.
    pub taken_at: Option<Timestamp>,
    /// The answer in one word.
    pub verdict: Verdict,
    /// Faults, the worst first.
    pub incidents: Vec<Incident>,
    /// Faults that somebody silenced.
    pub silenced: Vec<Silenced>,
    /// Silences that silenced nothing.
    pub idle_silences: Vec<IdleSilence>,
    /// Worth saying, no fault.
    pub notes: Vec<Note>,
    /// Symptoms without a known cause.
    pub unexplained: Vec<Unexplained>,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// What was looked at.
    pub stats: Stats,
}
