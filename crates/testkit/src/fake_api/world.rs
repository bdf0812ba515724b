//! The objects that are served, and what became of them: a change has a number, and watches go on from one.

use crate::Capture;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Namespace and name.
type Key = (String, String);

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub version: u64,
    pub what: &'static str,
    pub object: Value,
}

#[derive(Debug)]
struct State {
    capture: Capture,
    now: Timestamp,
    /// Number of the last change.
    version: u64,
    /// Changes up to this one are forgotten.
    forgotten: u64,
    objects: BTreeMap<String, BTreeMap<Key, Value>>,
    changes: BTreeMap<String, Vec<Change>>,
    /// Watches that were opened in another age are broken.
    age: u64,
}

/// The cluster behind the server.
#[derive(Debug)]
pub(super) struct World {
    state: Mutex<State>,
    changed: Condvar,
}

/// What a watch is to do next.
pub(super) enum Next {
    /// Send these; the last one has that number.
    Send(Vec<Change>, u64),
    /// Nothing has changed: say up to where.
    Bookmark(u64),
    /// The changes that it would go on from are forgotten.
    Gone,
    /// The connection breaks.
    Break,
}

impl World {
    pub fn new(capture: Capture, now: Timestamp) -> Self {
        let (objects, changes) = (BTreeMap::new(), BTreeMap::new());
        let state = State { capture, now, version: 1, forgotten: 0, objects, changes, age: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn date(&self) -> String {
        self.state().now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    pub fn set_time(&self, now: Timestamp) {
        self.state().now = now;
    }

    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.state().capture.file(name).map(<[u8]>::to_vec)
    }

    pub fn age(&self) -> u64 {
        self.state().age
    }

    /// All objects of a resource, and the number of the last change.
    pub fn list(&self, resource: &str) -> (Vec<Value>, u64) {
        let mut state = self.state();
        let items = state.of(resource).values().cloned().collect();
        (items, state.version)
    }

    pub fn objects(&self, resource: &str) -> Vec<Value> {
        self.list(resource).0
    }

    pub fn put(&self, resource: &str, object: Value) {
        self.state().put(resource, object);
        self.changed.notify_all();
    }

    pub fn delete(&self, resource: &str, namespace: &str, name: &str) {
        self.state().delete(resource, &(namespace.to_owned(), name.to_owned()));
        self.changed.notify_all();
    }

    pub fn become_like(&self, capture: Capture, now: Timestamp) {
        let mut state = self.state();
        let names: Vec<String> = state.capture.names().chain(capture.names()).filter_map(resource).collect();
        for resource in names {
            let wanted = read(&capture, &resource);
            let present: Vec<Key> = state.of(&resource).keys().cloned().collect();
            for gone in present.iter().filter(|key| !wanted.contains_key(*key)) {
                state.delete(&resource, gone);
            }
            for (key, object) in wanted {
                if state.of(&resource).get(&key).is_none_or(|known| !same(known, &object)) {
                    state.put(&resource, object);
                }
            }
        }
        state.capture = capture;
        state.now = now;
        drop(state);
        self.changed.notify_all();
    }

    pub fn forget(&self) {
        let mut state = self.state();
        // One more, so that even a watch that saw everything must begin anew.
        state.version += 1;
        state.forgotten = state.version;
        state.changes.clear();
        drop(state);
        self.changed.notify_all();
    }

    pub fn cut(&self) {
        self.state().age += 1;
        self.changed.notify_all();
    }

    /// What became of a resource after that change; waits a while for something to happen.
    pub fn next(&self, resource: &str, after: u64, age: u64, patience: Duration) -> Next {
        let mut state = self.state();
        for waited in [false, true] {
            if state.age != age {
                return Next::Break;
            }
            if after < state.forgotten {
                return Next::Gone;
            }
            let changes = state.changes.get(resource).map(Vec::as_slice).unwrap_or_default();
            let new: Vec<Change> = changes.iter().filter(|c| c.version > after).cloned().collect();
            if let Some(last) = new.last().map(|c| c.version) {
                return Next::Send(new, last);
            }
            if waited {
                break;
            }
            let wait = self.changed.wait_timeout(state, patience);
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        Next::Bookmark(state.version)
    }
}

impl State {
    /// The objects of a resource; read from the capture when they are first asked for.
    fn of(&mut self, resource: &str) -> &mut BTreeMap<Key, Value> {
        let capture = &self.capture;
        self.objects.entry(resource.to_owned()).or_insert_with(|| read(capture, resource))
    }

    fn put(&mut self, resource: &str, mut object: Value) {
        self.version += 1;
        let version = self.version;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), json!(version.to_string()));
        }
        let before = self.of(resource).insert(key(&object), object.clone());
        let what = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.changes.entry(resource.to_owned()).or_default().push(Change { version, what, object });
    }

    fn delete(&mut self, resource: &str, key: &Key) {
        let Some(mut object) = self.of(resource).remove(key) else { return };
        self.version += 1;
        let version = self.version;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), json!(version.to_string()));
        }
        let change = Change { version, what: "DELETED", object };
        self.changes.entry(resource.to_owned()).or_default().push(change);
    }
}

fn read(capture: &Capture, resource: &str) -> BTreeMap<Key, Value> {
    let file = capture.file(&format!("cluster/{resource}.json")).unwrap_or(b"{}");
    let mut whole: Value = serde_json::from_slice(file).unwrap_or_default();
    let items = whole.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    items.into_iter().map(|object| (key(&object), object)).collect()
}

fn key(object: &Value) -> Key {
    let text = |at| object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}

/// Whether two objects differ in no more than their version.
fn same(a: &Value, b: &Value) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        object
    };
    a == b || bare(a) == bare(b)
}

/// The resource whose list a file of a capture is.
fn resource(file: &str) -> Option<String> {
    let name = file.strip_prefix("cluster/")?.strip_suffix(".json")?;
    kubecause_evidence::plural_to_kind(name).map(|_| name.to_owned())
}
