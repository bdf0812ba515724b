//! An API server that serves a capture: lists in pages, watches, kubelets behind `proxy/`, logs. The objects can be changed
//! while it runs, and it can be told to misbehave.
//!
//! It is a loop over a socket and no HTTP library, because it must be able to break off in the middle of an answer.

mod answer;
mod request;
mod watch;
mod world;

pub use request::Seen;

use crate::Capture;
use answer::Server;
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use world::World;

/// How an answer goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status, with these words.
    Status(u16, String),
    /// The same, with `Retry-After` in seconds.
    Later(u16, u64),
    /// The body ends after so many bytes, and the connection with it.
    Truncate(usize),
    /// A whole answer whose JSON ends after so many bytes.
    CutJson(usize),
    /// No answer: the connection is closed.
    Drop,
    /// The answer comes that much later.
    Delay(Duration),
    /// What only a watch can do.
    Watch(WatchFault),
}

/// How a watch goes wrong, after it was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchFault {
    /// Nothing ever comes, and it stays open.
    Silent,
    /// So many events come, then it ends as a server ends it whose time is over.
    EndAfter(usize),
    /// So many events come, then the connection breaks.
    CutAfter(usize),
    /// So many events come, then half of one, and the connection breaks.
    HalfAfter(usize),
    /// So many events come, then an event that says that there was an error of that status.
    ErrorAfter(usize, u16),
    /// So many events come, then a line that is no event.
    NoiseAfter(usize),
}

/// Says how the answer to a request goes wrong, if it does.
pub type Faults = Box<dyn Fn(&Seen) -> Option<Fault> + Send + Sync>;

/// A running server. It ends with the process.
#[derive(Debug)]
pub struct FakeApi {
    /// Where it listens: `http://127.0.0.1:12345`.
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    world: Arc<World>,
}

impl FakeApi {
    /// Serves a capture.
    pub fn serve(capture: Capture, faults: Faults) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let taken = capture.taken_at().context("when the capture was taken")?;
        let world = Arc::new(World::new(capture, taken));
        let server = Arc::new(Server { world: Arc::clone(&world), faults, seen: Arc::clone(&seen) });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                std::thread::spawn(move || server.connection(stream));
            }
        });
        Ok(Self { url, seen, world })
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts an object of that resource (`pods`, `deployments.apps`) there, or another in its place.
    pub fn put(&self, resource: &str, object: Value) {
        self.world.put(resource, object);
    }

    /// Takes an object away; namespace is empty for those that have none.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) {
        self.world.delete(resource, namespace, name);
    }

    /// The objects of that resource.
    pub fn objects(&self, resource: &str) -> Vec<Value> {
        self.world.objects(resource)
    }

    /// Becomes the cluster of another capture, object by object, at its time.
    pub fn become_like(&self, capture: Capture) -> Result<()> {
        let taken = capture.taken_at().context("when the capture was taken")?;
        self.world.become_like(capture, taken);
        Ok(())
    }

    /// Forgets all changes so far: a watch that would go on from before them must begin anew.
    pub fn forget(&self) {
        self.world.forget();
    }

    /// Breaks all watches that are open.
    pub fn cut_watches(&self) {
        self.world.cut();
    }

    /// The time that the server says from now on; it stands still unless it is set anew.
    pub fn set_time(&self, now: Timestamp) {
        self.world.set_time(now);
    }

    /// A kubeconfig whose only context is this server.
    pub fn kubeconfig(&self, namespace: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\nclusters:\n- name: fake\n  cluster:\n    server: {}\n\
             contexts:\n- name: fake\n  context:\n    cluster: fake\n    user: fake\n    namespace: {namespace}\n\
             users:\n- name: fake\n  user:\n    token: t\n",
            self.url
        )
    }
}
