//! The screen: what is shown, and what keys do to it. It is drawn from its state alone, so that tests can look at it.

mod ansi;
mod draw;
mod keys;

pub use keys::Action;

use crate::board::{Board, Entry, State, Update};
use crate::words::Words;
use jiff::{SignedDuration, Timestamp};
use kubecause_live::Feed;
use kubecause_model::{Diagnosis, Lang};

/// So long what was seen when looking closer is shown.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// How the screen is to look.
#[derive(Debug, Clone)]
pub struct Look {
    /// The language.
    pub lang: Lang,
    /// Whether to colour it.
    pub color: bool,
    /// What a person calls the cluster.
    pub name: String,
}

/// A page that fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The chosen incident, whole.
    Incident,
    /// Its evidence.
    Evidence,
    /// Its fixes.
    Fixes,
    /// What was not seen, of the whole cluster.
    Gaps,
    /// Notes and what has no known cause.
    Notes,
    /// What keys do.
    Help,
}

impl Page {
    /// Whether it is about the chosen incident.
    fn of_incident(self) -> bool {
        matches!(self, Self::Incident | Self::Evidence | Self::Fixes)
    }
}

/// What came of looking closer at an incident.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The incident's id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The diagnosis with what was seen.
    pub diagnosis: Diagnosis,
    /// What was asked, what it cost and what it settled.
    pub explained: String,
}

/// Everything that is shown.
#[derive(Debug)]
pub struct Screen {
    look: Look,
    words: Words,
    board: Board,
    feeds: Vec<Feed>,
    now: Timestamp,
    /// Id of the chosen incident.
    chosen: Option<String>,
    page: Option<Page>,
    scroll: usize,
    /// Only incidents whose line holds this.
    filter: String,
    /// Whether the filter is being typed.
    typing: bool,
    /// The incident that is being looked at closer.
    looking: Option<String>,
    looked: Option<Looked>,
}

impl Screen {
    /// A screen on which nothing is known yet.
    pub fn new(look: Look, now: Timestamp) -> Self {
        let words = Words(look.lang);
        Self {
            look,
            words,
            board: Board::default(),
            feeds: Vec::new(),
            now,
            chosen: None,
            page: None,
            scroll: 0,
            filter: String::new(),
            typing: false,
            looking: None,
            looked: None,
        }
    }

    /// All incidents.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Time goes on.
    pub fn tick(&mut self, now: Timestamp, feeds: Vec<Feed>) {
        (self.now, self.feeds) = (now, feeds);
    }

    /// Takes what is wrong now. The chosen incident stays chosen as long as it is shown.
    pub fn update(&mut self, update: Update) {
        let place = self.place();
        (self.now, self.feeds) = (update.at, update.feeds.clone());
        self.board.take(update);
        if self.place().is_none() {
            let shown = self.shown();
            let near = place.unwrap_or(0).min(shown.len().saturating_sub(1));
            self.chosen = shown.get(near).map(|e| e.incident.id.clone());
        }
        if self.chosen.is_none() && self.page.is_some_and(Page::of_incident) {
            self.page = None;
        }
    }

    /// Takes what came of looking closer.
    pub fn looked(&mut self, looked: Looked) {
        self.looking = None;
        self.looked = Some(looked);
    }

    /// The incidents that pass the filter.
    fn shown(&self) -> Vec<&Entry> {
        let wanted = self.filter.to_lowercase();
        let fits = |e: &&Entry| {
            let i = &e.incident;
            let text = format!("{} {} {}", self.words.title(i), i.root.mode, i.root.subject.slash());
            wanted.is_empty() || text.to_lowercase().contains(&wanted)
        };
        self.board.entries().iter().filter(fits).collect()
    }

    /// Where the chosen incident stands among those that are shown.
    fn place(&self) -> Option<usize> {
        let chosen = self.chosen.as_deref()?;
        self.shown().iter().position(|e| e.incident.id == chosen)
    }

    /// The chosen incident.
    fn entry(&self) -> Option<&Entry> {
        self.board.get(self.chosen.as_deref()?)
    }

    /// What was seen of the chosen incident when it was looked at closer, unless that is long ago or it is over.
    fn closer(&self) -> Option<&Looked> {
        let over = self.entry().is_some_and(|e| matches!(e.state, State::Cleared(_)));
        let fits =
            |l: &&Looked| Some(&l.id) == self.chosen.as_ref() && self.now.duration_since(l.at) <= HOLDS;
        self.looked.as_ref().filter(fits).filter(|_| !over)
    }
}
