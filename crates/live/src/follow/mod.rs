//! A live cluster, followed: each kind is listed once and then kept up to date by a watch, so that the whole state is at
//! hand at any moment and nothing is asked for twice.
//!
//! **What is promised.** A watch goes on from the version of its list, or of the last thing it said (bookmarks included), so
//! nothing is missed. Where the server has forgotten that version (410, as a status or as an event), the kind is listed
//! anew. A watch that fails is opened again, later and later, each kind at a moment of its own. From the failure until
//! the watch runs again the kind is *behind*: what was last seen of it stays, it is a gap, and nobody calls a cluster
//! healthy of which a kind is behind. Leases alone are left out while they are behind: an old lease is a lie.
//!
//! **What is not known.** A connection that swallows everything looks like one on which nothing happens, until
//! [`Pace::quiet`] is over. Kinds are of slightly different moments, as lists are.
//!
//! Knows nothing about causes, nor how anything is shown.

mod feed;
mod pace;
mod store;
mod stream;

pub use pace::Pace;

use crate::api::{Api, Ask};
use crate::closer::Looked;
use crate::discover::Groups;
use crate::list::Lister;
use crate::miss::Miss;
use crate::page::Page;
use crate::progress::Progress;
use crate::resource::Resource;
use crate::session::{Session, readiness};
use crate::sink::{Place, Sink};
use feed::{Feeder, follow};
use jiff::Timestamp;
use kubecause_evidence::Snapshot;
use kubecause_model::{Diagnosis, Gap, Why};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::Store;

/// A watch has no end of its own.
const FOREVER: Duration = Duration::from_hours(20 * 365 * 24);

/// A cluster that is followed. It ends with this value.
pub struct Follower {
    session: Session,
    store: Arc<Store>,
    given: Mutex<Given>,
}

/// How one kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// As captures name it: `pods`, `deployments.apps`.
    pub name: String,
    /// How many objects of it are known.
    pub objects: usize,
    /// Whether that is up to date.
    pub state: FeedState,
}

/// Whether a kind is up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedState {
    /// Its first list is under way.
    Waiting,
    /// What is known is what is there.
    Live,
    /// Something broke; it is tried again.
    Behind {
        /// Until when it was up to date; `None` where it never was.
        since: Option<Timestamp>,
        /// The kind of reason.
        why: Why,
        /// The server's or the client's words.
        says: String,
    },
    /// It may not be listed, or is not served; it is seldom tried again.
    Refused {
        /// The kind of reason.
        why: Why,
        /// The server's words.
        says: String,
    },
}

impl Feed {
    /// Whether what is known is what is there.
    pub fn is_live(&self) -> bool {
        self.state == FeedState::Live
    }

    /// Whether it was or will be up to date, and is not now.
    pub fn is_behind(&self) -> bool {
        matches!(self.state, FeedState::Behind { .. } | FeedState::Waiting)
    }
}

/// The cluster at one moment.
#[derive(Debug)]
pub struct Moment {
    /// All evidence.
    pub snapshot: Snapshot,
    /// How each kind was.
    pub feeds: Vec<Feed>,
}

impl Moment {
    /// Whether some kind was not up to date.
    pub fn is_behind(&self) -> bool {
        self.feeds.iter().any(Feed::is_behind)
    }
}

/// When the last moment was given away, and how long it was worked on.
#[derive(Debug, Default)]
struct Given {
    at: Option<Instant>,
    took: Duration,
}

impl Session {
    /// Follows the cluster from now on.
    pub fn follow(self, pace: Pace) -> Follower {
        let api = Arc::new(self.api.renewed(FOREVER));
        let (asked, left_out): (Vec<_>, Vec<_>) = self.kinds();
        let gaps = self.narrow().into_iter().collect();
        let store = Arc::new(Store::new(Arc::clone(&api), pace.clone(), &left_out, gaps));
        for resource in left_out {
            store.refused(resource, &Miss::absent(Self::MISLEADS));
        }
        let lister = Lister {
            api: Arc::clone(&api),
            sink: Arc::clone(&store) as Arc<dyn Sink>,
            groups: Groups::default(),
            namespace: self.only_namespace().map(ToOwned::to_owned),
            page: self.page(),
            progress: Arc::new(Progress::new(false)),
        };
        let feeder = Arc::new(Feeder { lister, store: Arc::clone(&store), pace });
        let runtime = self.runtime();
        runtime.spawn(pulse(api, Arc::clone(&store)));
        asked.into_iter().for_each(|resource: &'static Resource| {
            runtime.spawn(follow(Arc::clone(&feeder), resource));
        });
        Follower { session: self, store, given: Mutex::default() }
    }
}

impl Follower {
    /// Which cluster it is, and whether only one namespace of it can be seen.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How each kind is.
    pub fn feeds(&self) -> Vec<Feed> {
        self.store.feeds()
    }

    /// The server's time.
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// Requests sent and bytes read so far.
    pub fn cost(&self) -> (u64, u64) {
        self.store.api.cost()
    }

    /// Waits until something has changed, or so much time went by that its passing tells something. The first time it waits
    /// until everything is listed. `None` after [`Follower::stop`].
    ///
    /// Whoever works long on a moment gets the next one later.
    pub fn next(&self) -> Option<Moment> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.took = given.at.map(|at| at.elapsed()).unwrap_or_default();
        self.wait(&given)?;
        let moment = self.moment();
        given.at = Some(Instant::now());
        Some(moment)
    }

    /// The cluster as it is now.
    pub fn moment(&self) -> Moment {
        let (snapshot, feeds) = self.store.snapshot();
        Moment { snapshot, feeds }
    }

    /// Ends all waiting.
    pub fn stop(&self) {
        self.store.state().ended = true;
        self.store.changed.notify_all();
    }

    /// Looks closer where a question is open, as [`Session::look`] does, within a budget of its own.
    pub fn look(&self, budget: Duration, diagnose: &mut dyn FnMut(&Snapshot) -> Diagnosis) -> Looked {
        self.session.renewed(budget).look(self.moment().snapshot, diagnose)
    }

    /// Waits until the next moment is due.
    fn wait(&self, given: &Given) -> Option<()> {
        let begun = Instant::now();
        let mut state = self.store.state();
        loop {
            if state.ended {
                return None;
            }
            let pause = match given.at {
                None => {
                    let left = self.store.pace.first.saturating_sub(begun.elapsed());
                    if state.is_waiting() { left } else { Duration::ZERO }
                }
                Some(at) => self.due_in(&state.due, at, given.took),
            };
            if pause.is_zero() {
                state.due = store::Due::default();
                return Some(());
            }
            // Never for long: kinds become up to date without anybody being told.
            let waited = self.store.changed.wait_timeout(state, pause.min(Duration::from_millis(500)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How long until the next moment is due, as things are.
    fn due_in(&self, due: &store::Due, given: Instant, took: Duration) -> Duration {
        let pace = &self.store.pace;
        let tick = if due.renewed { pace.tick_lease } else { pace.tick };
        let by_clock = tick.saturating_sub(given.elapsed());
        let Some((first, last)) = due.changed else { return by_clock };
        let still = pace.still.saturating_sub(last.elapsed()).min(pace.least.saturating_sub(first.elapsed()));
        let apart = pace.least.max(took * 2).saturating_sub(given.elapsed());
        still.max(apart).min(by_clock.max(apart))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Asks now and then for what cannot be watched: whether the server is ready, and its version.
async fn pulse(api: Arc<Api>, store: Arc<Store>) {
    loop {
        let read = Texts::default();
        match api.get(&Ask { tries: 2, ..Ask::new("/version") }).await {
            Ok(answer) => read.text(&Place::Version, String::from_utf8_lossy(&answer.body).into_owned()),
            Err(miss) => read.gap(miss.gap("version")),
        }
        readiness(&api, &read).await;
        let (texts, gaps) = read.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        store.texts(texts, gaps);
        tokio::time::sleep(pace::jittered(store.pace.pulse)).await;
    }
}

/// Keeps texts and gaps.
#[derive(Debug, Default)]
struct Texts(Mutex<Said>);

/// What was answered where, and what was not.
type Said = (Vec<(Place, String)>, Vec<Gap>);

impl Sink for Texts {
    fn page(&self, _: &Resource, _: &Page<'_>) {}

    fn end(&self, _: &Resource, _: Result<(), &Miss>) {}

    fn text(&self, place: &Place, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.push((place.clone(), text));
    }

    fn gap(&self, gap: Gap) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.push(gap);
    }
}
