//! The incidents as they come and go. An incident is known by its id, which stays while the wording of its cause sharpens.
//!
//! Knows nothing about how anything is shown, and asks no clock.

use jiff::{SignedDuration, Timestamp};
use kubecause_live::Feed;
use kubecause_model::{Diagnosis, Incident, Verdict};

/// So long an incident counts as new.
const NEW: SignedDuration = SignedDuration::from_secs(120);
/// So long an incident that is over is still shown.
const CLEARED: SignedDuration = SignedDuration::from_mins(10);
/// So many incidents that are over are shown at most.
const CLEARED_MOST: usize = 20;

/// What is wrong at one moment.
#[derive(Debug, Clone)]
pub struct Update {
    /// What is wrong.
    pub diagnosis: Diagnosis,
    /// How up to date each kind was.
    pub feeds: Vec<Feed>,
    /// When that was.
    pub at: Timestamp,
}

impl Update {
    /// Whether some kind was not up to date.
    pub fn is_behind(&self) -> bool {
        self.feeds.iter().any(Feed::is_behind)
    }

    /// The same, never calling healthy what is not all up to date.
    #[must_use]
    pub fn careful(mut self) -> Self {
        if self.is_behind() && self.diagnosis.verdict == Verdict::Healthy {
            self.diagnosis.verdict = Verdict::Unknown;
        }
        self
    }
}

/// An incident and what became of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The incident as it was last seen.
    pub incident: Incident,
    /// What became of it.
    pub state: State,
}

/// What became of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was there when the watch began.
    Open,
    /// It began at that time.
    Opened(Timestamp),
    /// It is not found any more, but not everything is up to date: it may still be there.
    OutOfSight(Timestamp),
    /// It is over since then.
    Cleared(Timestamp),
}

/// One thing that changed.
#[derive(Debug, Clone)]
pub enum Change {
    /// An incident is there that was not.
    Opened(Incident),
    /// An incident is another than before.
    Updated(Incident),
    /// An incident is over.
    Cleared(Incident),
    /// The answer in one word is another one, or the first.
    Verdict,
    /// Kinds fell behind, or are up to date again.
    Connection,
}

/// All incidents.
#[derive(Debug, Default)]
pub struct Board {
    entries: Vec<Entry>,
    last: Option<Update>,
}

impl Board {
    /// The incidents: those that are there, the worst first, then those that are over, the newest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The incident of that id.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.incident.id == id)
    }

    /// What was said last.
    pub fn last(&self) -> Option<&Update> {
        self.last.as_ref()
    }

    /// Takes what is wrong now, and tells what changed, in such an order that who reads line by line never finds something cleared
    /// or healthy while a kind counts as behind: that all are up to date comes first, that one is behind comes last.
    pub fn take(&mut self, update: Update) -> Vec<Change> {
        let (at, first, behind) = (update.at, self.last.is_none(), update.is_behind());
        let turned = self.turned(&update);
        let mut changes: Vec<Change> = turned.iter().filter(|_| !behind).cloned().collect();
        let mut before = std::mem::take(&mut self.entries);
        for incident in &update.diagnosis.incidents {
            let known = before.iter().position(|e| e.incident.id == incident.id).map(|n| before.remove(n));
            let state = match known {
                Some(Entry { state: State::Cleared(_), .. }) | None => {
                    changes.push(Change::Opened(incident.clone()));
                    if first { State::Open } else { State::Opened(at) }
                }
                Some(entry) => {
                    if differs(&entry.incident, incident) {
                        changes.push(Change::Updated(incident.clone()));
                    }
                    stays(entry.state, at)
                }
            };
            self.entries.push(Entry { incident: incident.clone(), state });
        }
        for entry in before {
            let state = match entry.state {
                State::Cleared(since) => State::Cleared(since),
                State::OutOfSight(since) if behind => State::OutOfSight(since),
                _ if behind => State::OutOfSight(at),
                _ => {
                    changes.push(Change::Cleared(entry.incident.clone()));
                    State::Cleared(at)
                }
            };
            self.entries.push(Entry { state, ..entry });
        }
        self.tidy(at);
        if self.last.as_ref().is_none_or(|last| last.diagnosis.verdict != update.diagnosis.verdict) {
            changes.push(Change::Verdict);
        }
        changes.extend(turned.filter(|_| behind));
        self.last = Some(update);
        changes
    }

    /// The connection, where it is not what it was.
    fn turned(&self, update: &Update) -> Option<Change> {
        let names = |u: &Update| u.feeds.iter().filter(|f| f.is_behind()).map(|f| f.name.clone()).collect();
        let (was, is): (Vec<String>, Vec<String>) =
            (self.last.as_ref().map(names).unwrap_or_default(), names(update));
        (was != is).then_some(Change::Connection)
    }

    /// Puts what is over last, and forgets it after a while.
    fn tidy(&mut self, at: Timestamp) {
        self.entries
            .retain(|e| !matches!(e.state, State::Cleared(since) if at.duration_since(since) > CLEARED));
        self.entries.sort_by_key(|e| match e.state {
            State::Open | State::Opened(_) => (0, 0),
            State::OutOfSight(_) => (1, 0),
            State::Cleared(since) => (2, -since.as_second()),
        });
        let over = self.entries.iter().position(|e| matches!(e.state, State::Cleared(_)));
        if let Some(over) = over {
            self.entries.truncate(over + CLEARED_MOST);
        }
    }
}

/// What becomes of an incident that is still there.
fn stays(state: State, at: Timestamp) -> State {
    match state {
        State::Opened(since) if at.duration_since(since) <= NEW => state,
        _ => State::Open,
    }
}

/// Whether a person would call it another state of affairs. Records and times change all the time.
fn differs(a: &Incident, b: &Incident) -> bool {
    let told =
        |i: &Incident| (i.severity, i.ongoing, i.root.mode.clone(), i.root.confidence, i.root.title.clone());
    told(a) != told(b) || a.affected != b.affected
}
