//! Everything that is known, as it is now: filled by lists, kept by watches. Knows which kinds are up to date.

use super::feed::not_yet;
use super::pace::Pace;
use super::stream::Head;
use super::{Feed, FeedState};
use crate::api::Api;
use crate::miss::Miss;
use crate::page::Page;
use crate::resource::{RESOURCES, Resource};
use crate::sink::{Evidence, GAPS_PER_KIND, Place, Sink, parse};
use jiff::{SignedDuration, Timestamp};
use kubecause_evidence::{Gap, Ingest, Snapshot, Why};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Namespace and name.
type Key = (Box<str>, Box<str>);
/// An object, or why it could not be read.
type Kept = Result<Ingest, String>;

/// Everything that is known.
pub struct Store {
    pub(super) api: Arc<Api>,
    pub(super) pace: Pace,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

pub(super) struct State {
    kinds: Vec<OneKind>,
    /// Version and readiness, or why they are not known.
    texts: Vec<(Place, String)>,
    text_gaps: Vec<Gap>,
    /// What cannot be seen in any case.
    gaps: Vec<Gap>,
    pub(super) due: Due,
    pub(super) ended: bool,
}

/// When an answer is due.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The first and the last change since the last answer.
    pub changed: Option<(Instant, Instant)>,
    /// Whether leases were renewed since.
    pub renewed: bool,
}

struct OneKind {
    resource: &'static Resource,
    /// What the list that is under way brought so far, and its version.
    coming: BTreeMap<Key, Kept>,
    coming_version: String,
    version: String,
    kept: BTreeMap<Key, Kept>,
    state: FeedState,
    /// When it was last known to be up to date.
    synced: Option<Timestamp>,
    begun: bool,
}

impl Store {
    /// Nothing is known yet, and these kinds are not asked for.
    pub fn new(api: Arc<Api>, pace: Pace, left_out: &[&'static Resource], gaps: Vec<Gap>) -> Self {
        let one = |resource: &'static Resource| OneKind {
            resource,
            coming: BTreeMap::new(),
            coming_version: String::new(),
            version: String::new(),
            kept: BTreeMap::new(),
            state: FeedState::Waiting,
            synced: None,
            begun: resource.instead_of.is_none() && !left_out.contains(&resource),
        };
        let kinds = RESOURCES.iter().map(one).collect();
        let (texts, text_gaps, due) = (Vec::new(), Vec::new(), Due::default());
        let state = State { kinds, texts, text_gaps, gaps, due, ended: false };
        Self { api, pace, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time; this machine's where the server does not say it.
    pub fn now(&self) -> Timestamp {
        let Some((said, ago)) = self.api.said() else { return Timestamp::now() };
        let ago = SignedDuration::try_from(ago).unwrap_or_default();
        if self.pace.clock_runs { said.checked_add(ago).unwrap_or(said) } else { said }
    }

    /// Changes one kind. A change that matters makes an answer due.
    fn change<T>(
        &self,
        resource: &Resource,
        matters: bool,
        change: impl FnOnce(&mut OneKind) -> T,
    ) -> Option<T> {
        let mut state = self.state();
        let kind = state.kinds.iter_mut().find(|k| k.resource.kind == resource.kind)?;
        let changed = change(kind);
        if matters {
            state.due.now();
        }
        drop(state);
        if matters {
            self.changed.notify_all();
        }
        Some(changed)
    }

    /// The first sign of a kind that stands in for another; false where it has begun already.
    pub fn begins(&self, resource: &Resource) -> bool {
        self.change(resource, false, |kind| !std::mem::replace(&mut kind.begun, true)).unwrap_or(false)
    }

    /// The version of the last list.
    pub fn version(&self, resource: &Resource) -> Option<String> {
        self.change(resource, false, |kind| kind.version.clone()).filter(|v| !v.is_empty())
    }

    /// How many objects of that kind there are.
    pub fn count(&self, resource: &Resource) -> usize {
        self.change(resource, false, |kind| kind.kept.len()).unwrap_or(0)
    }

    /// Whether that kind is not up to date.
    pub fn is_behind(&self, resource: &Resource) -> bool {
        self.change(resource, false, |kind| kind.state != FeedState::Live).unwrap_or(false)
    }

    /// An object is there, like this.
    pub fn put(&self, resource: &'static Resource, head: &Head, json: &str) {
        let (key, object) = (key(head), parse(resource, json));
        self.moved(resource, |kind| {
            kind.kept.insert(key, object);
        });
    }

    /// An object is gone.
    pub fn delete(&self, resource: &'static Resource, head: &Head) {
        let key = key(head);
        self.moved(resource, |kind| {
            kind.kept.remove(&key);
        });
    }

    /// A watch said something. That leases are renewed is no news.
    fn moved(&self, resource: &'static Resource, change: impl FnOnce(&mut OneKind)) {
        let (now, lease) = (self.now(), resource.kind == "Lease");
        self.change(resource, !lease, |kind| {
            change(kind);
            kind.synced = Some(now);
        });
        if lease {
            self.state().due.renewed = true;
        }
    }

    /// That kind is up to date.
    pub fn live(&self, resource: &Resource) {
        let news = self.is_behind(resource);
        let now = self.now();
        self.change(resource, news, |kind| {
            kind.state = FeedState::Live;
            kind.synced = Some(now);
        });
    }

    /// That kind is not up to date any more. The reason may change; that is no news.
    pub fn behind(&self, resource: &Resource, miss: &Miss) {
        let news = self.change(resource, false, |kind| {
            let news = !matches!(kind.state, FeedState::Behind { .. } | FeedState::Refused { .. });
            let (why, says) = (miss.why, miss.says.clone());
            kind.state = if kind.synced.is_none() && super::pace::is_refused(miss) {
                FeedState::Refused { why, says }
            } else {
                FeedState::Behind { since: kind.synced, why, says }
            };
            news
        });
        if news == Some(true) {
            self.change(resource, true, |_| ());
        }
    }

    /// That kind is not asked for.
    pub fn refused(&self, resource: &Resource, miss: &Miss) {
        let (why, says) = (miss.why, miss.says.clone());
        self.change(resource, true, |kind| kind.state = FeedState::Refused { why, says });
    }

    /// What was read besides objects.
    pub fn texts(&self, texts: Vec<(Place, String)>, gaps: Vec<Gap>) {
        let mut state = self.state();
        if state.texts == texts && state.text_gaps == gaps {
            return;
        }
        (state.texts, state.text_gaps) = (texts, gaps);
        state.due.now();
        drop(state);
        self.changed.notify_all();
    }

    /// How each kind is.
    pub fn feeds(&self) -> Vec<Feed> {
        self.state().feeds()
    }

    /// Everything as it is now.
    pub fn snapshot(&self) -> (Snapshot, Vec<Feed>) {
        let now = self.now();
        let state = self.state();
        let evidence = Evidence::default();
        state.texts.iter().for_each(|(place, text)| evidence.text(place, text.clone()));
        state.text_gaps.iter().chain(&state.gaps).for_each(|gap| evidence.gap(gap.clone()));
        state.shown().for_each(|kind| kind.tell(&evidence));
        let feeds = state.feeds();
        let taken_at = state.last_sync().filter(|_| feeds.iter().all(|f| !f.is_live())).unwrap_or(now);
        drop(state);
        (evidence.finish(Some(taken_at)), feeds)
    }
}

impl Sink for Store {
    fn page(&self, resource: &Resource, page: &Page<'_>) {
        let one = |item: &&serde_json::value::RawValue| {
            let head = Head::of(item.get()).unwrap_or_default();
            (key(&head), parse(resource, item.get()))
        };
        let objects: Vec<(Key, Kept)> = page.items.par_iter().with_min_len(64).map(one).collect();
        self.change(resource, false, |kind| {
            if kind.coming.is_empty() {
                page.version().clone_into(&mut kind.coming_version);
            }
            kind.coming.extend(objects);
        });
    }

    fn restart(&self, resource: &Resource) {
        self.change(resource, false, |kind| kind.coming.clear());
    }

    fn end(&self, resource: &Resource, result: Result<(), &Miss>) {
        let now = self.now();
        let matters = result.is_ok();
        self.change(resource, matters, |kind| {
            let coming = std::mem::take(&mut kind.coming);
            if result.is_ok() {
                kind.kept = coming;
                kind.version = std::mem::take(&mut kind.coming_version);
                kind.state = FeedState::Live;
                kind.synced = Some(now);
            } else if kind.kept.is_empty() {
                kind.kept = coming;
            }
        });
        if let Err(miss) = result {
            self.behind(resource, miss);
        }
    }

    fn text(&self, _: &Place, _: String) {}

    fn gap(&self, _: Gap) {}
}

impl Due {
    fn now(&mut self) {
        let now = Instant::now();
        self.changed = Some((self.changed.map_or(now, |(first, _)| first), now));
    }
}

impl State {
    /// Kinds that count: what stands in for another one only where that one is not there.
    fn shown(&self) -> impl Iterator<Item = &OneKind> {
        let is_refused = move |name: &str| {
            self.kinds.iter().any(|k| k.resource.kind == name && matches!(k.state, FeedState::Refused { .. }))
        };
        self.kinds
            .iter()
            .filter(move |k| k.resource.instead_of.is_none_or(|other| k.begun && is_refused(other)))
    }

    pub(super) fn feeds(&self) -> Vec<Feed> {
        let feed =
            |k: &OneKind| Feed { name: k.resource.name(), objects: k.kept.len(), state: k.state.clone() };
        self.shown().map(feed).collect()
    }

    /// Whether something was not asked for even once.
    pub(super) fn is_waiting(&self) -> bool {
        let texts = self.texts.is_empty() && self.text_gaps.is_empty();
        texts || self.shown().any(|k| k.state == FeedState::Waiting)
    }

    /// When the newest of what is known was up to date.
    fn last_sync(&self) -> Option<Timestamp> {
        self.kinds.iter().filter_map(|k| k.synced).max()
    }
}

impl OneKind {
    /// Brings what is known of the kind into the evidence.
    fn tell(&self, evidence: &Evidence) {
        // Old leases would make nodes and controllers look dead.
        let lost = self.resource.kind == "Lease" && matches!(self.state, FeedState::Behind { .. });
        if !lost {
            self.kept.values().flatten().for_each(|object| evidence.object(object.clone()));
        }
        let bad: Vec<(&Key, &String)> =
            self.kept.iter().filter_map(|(key, kept)| kept.as_ref().err().map(|says| (key, says))).collect();
        for ((namespace, name), says) in bad.iter().take(GAPS_PER_KIND) {
            let what = format!("{} {namespace}/{name}", self.resource.name());
            evidence.gap(Gap::new(what, Why::Unparsable, says.as_str()));
        }
        let result = match &self.state {
            FeedState::Live => Ok(()),
            FeedState::Waiting => Err(not_yet()),
            FeedState::Refused { why, says } => Err(Miss { why: *why, ..Miss::failed(says.as_str()) }),
            FeedState::Behind { since, why, says } => {
                let since = since.map(|at| format!("not up to date since {}: ", at.strftime("%H:%M:%S")));
                Err(Miss { why: *why, ..Miss::failed(format!("{}{says}", since.unwrap_or_default())) })
            }
        };
        evidence.told(self.resource, result.as_ref().map(|&()| ()), bad.len());
    }
}

fn key(head: &Head) -> Key {
    (head.namespace.as_str().into(), head.name.as_str().into())
}
