//! The objects of a transcript, each put together from all places that show it.

use crate::kinds;
use kubecause_evidence::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::Hasher;

/// How much of an object a printer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Columns of a table.
    Row,
    /// `describe`.
    Description,
    /// The object itself, as YAML or JSON.
    Whole,
}

/// Kind, namespace and name.
pub type Key = (Kind, String, String);

#[derive(Debug)]
struct Entry {
    value: Value,
    depth: Depth,
    /// Where the newest status of it stands.
    place: usize,
}

/// Objects by kind, namespace and name.
#[derive(Debug, Default)]
pub struct Seen {
    objects: BTreeMap<Key, Entry>,
    events: BTreeMap<String, Value>,
}

/// The text at a path of fields, or nothing.
pub fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn key(value: &Value) -> Option<Key> {
    let kind = Kind::from_name(text(value, "/kind"));
    let name = text(value, "/metadata/name");
    let namespace = if kinds::is_namespaced(&kind) { text(value, "/metadata/namespace") } else { "" };
    (!name.is_empty()).then(|| (kind, namespace.to_owned(), name.to_owned()))
}

impl Seen {
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.events.is_empty()
    }

    /// Adds what one place shows of an object; `place` grows along the transcript.
    pub fn add(&mut self, value: Value, depth: Depth, place: usize) {
        if text(&value, "/kind") == "Event" {
            return self.event(value);
        }
        let Some(key) = key(&value) else { return };
        let is_pod = key.0 == Kind::Pod;
        match self.objects.get_mut(&key) {
            None => {
                self.objects.insert(key, Entry { value, depth, place });
            }
            Some(entry) => entry.join(value, depth, place, is_pod),
        }
    }

    /// Events of several tables and descriptions are one where object, reason and message are.
    fn event(&mut self, mut new: Value) {
        let parts = [
            "/involvedObject/kind",
            "/involvedObject/namespace",
            "/involvedObject/name",
            "/reason",
            "/message",
        ];
        let key = parts.map(|p| text(&new, p)).join("\u{1}");
        let name = text(&new, "/metadata/name");
        if name.is_empty() {
            let made = format!("{}.{:016x}", text(&new, "/involvedObject/name"), hash(&key));
            new["metadata"]["name"] = json!(made);
        }
        if text(&new, "/metadata/namespace").is_empty() {
            let namespace = text(&new, "/involvedObject/namespace");
            new["metadata"]["namespace"] = json!(if namespace.is_empty() { "default" } else { namespace });
        }
        match self.events.get_mut(&key) {
            None => {
                self.events.insert(key, new);
            }
            Some(old) => join_events(old, new),
        }
    }

    /// The objects of that kind.
    pub fn of(&self, kind: &Kind) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects.iter().filter(move |(k, _)| k.0 == *kind).map(|(k, e)| (k, &e.value))
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key).map(|e| &e.value)
    }

    /// Every object but events, to complete it.
    pub fn each(&mut self, mut change: impl FnMut(&Key, &mut Value)) {
        self.objects.iter_mut().for_each(|(key, entry)| change(key, &mut entry.value));
    }

    /// All events.
    pub fn events(&self) -> impl Iterator<Item = &Value> {
        self.events.values()
    }

    /// Everything, in order.
    pub fn into_values(self) -> Vec<Value> {
        self.objects.into_values().map(|e| e.value).chain(self.events.into_values()).collect()
    }
}

/// A hash that is the same everywhere.
fn hash(text: &str) -> u64 {
    // FNV-1a.
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for b in bytes {
                self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut state = Fnv(0xcbf2_9ce4_8422_2325);
    state.write(text.as_bytes());
    state.finish()
}

/// The wider span and the higher count of two records of one event.
fn join_events(old: &mut Value, new: Value) {
    let number = |v: &Value| v.get("count").and_then(Value::as_i64);
    if number(&new) > number(old) {
        old["count"] = new["count"].clone();
    }
    for (field, earlier) in [("firstTimestamp", true), ("lastTimestamp", false)] {
        let (a, b) = (text(old, &format!("/{field}")), text(&new, &format!("/{field}")));
        // Both are RFC 3339 in UTC, which sorts as text.
        if a.is_empty() || (!b.is_empty() && (b < a) == earlier && a != b) {
            old[field] = new[field].clone();
        }
    }
    fill(old, new);
}

/// Adds what `more` has and `base` lacks. Lists are taken whole.
fn fill(base: &mut Value, more: Value) {
    let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) else { return };
    for (name, value) in more {
        match base.get_mut(&name) {
            None => {
                base.insert(name, value);
            }
            Some(old) if is_nothing(old) => *old = value,
            Some(old) if old.is_object() => fill(old, value),
            Some(_) => {}
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => o.is_empty(),
        _ => false,
    }
}

impl Entry {
    fn join(&mut self, new: Value, depth: Depth, place: usize, is_pod: bool) {
        let newer = place >= self.place;
        if depth == self.depth {
            // Of equals the newer counts, with what only the older shows.
            let mut new = new;
            if newer {
                std::mem::swap(&mut self.value, &mut new);
                self.place = place;
            }
            return fill_object(&mut self.value, new, is_pod, true);
        }
        let mut row = new;
        let mut row_is_newer = newer;
        if depth > self.depth {
            std::mem::swap(&mut self.value, &mut row);
            self.depth = depth;
            row_is_newer = !newer;
        }
        if let Some(meta) = row.pointer_mut("/metadata").and_then(Value::as_object_mut) {
            meta.remove("kubecausePartial");
            if !row_is_newer {
                meta.remove("deletionTimestamp");
            }
        }
        if is_pod && row_is_newer && contradicts(&self.value, &row) {
            self.value["status"] = row["status"].clone();
        }
        self.place = self.place.max(place);
        fill_object(&mut self.value, row, is_pod, false);
    }
}

/// Fills an object from another place. Of a row of a pod, whose containers have no names, only what is not about containers.
fn fill_object(base: &mut Value, mut more: Value, is_pod: bool, whole: bool) {
    if is_pod && !whole {
        reasons(base, &more);
        for (part, kept) in [("spec", &["nodeName", "schedulingGates"][..]), ("status", &["podIP", "phase"])]
        {
            if let Some(fields) = more.get_mut(part).and_then(Value::as_object_mut) {
                fields.retain(|name, _| kept.contains(&name.as_str()));
            }
        }
    }
    fill(base, more);
}

/// Completes conditions by those of the same type and status: a description shows neither reason nor message of them.
fn reasons(base: &mut Value, more: &Value) {
    let all =
        |v: &Value| v.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default();
    let other = all(more);
    let own = base.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in own.into_iter().flatten() {
        let same = |c: &&Value| ["/type", "/status"].iter().all(|p| text(c, p) == text(condition, p));
        if let Some(other) = other.iter().find(same).cloned() {
            fill(condition, other);
        }
    }
}

/// Whether a row says otherwise than a fuller record whether the pod is Ready or in which phase it is.
fn contradicts(full: &Value, row: &Value) -> bool {
    let ready = |v: &Value| {
        let conditions = v.pointer("/status/conditions").and_then(Value::as_array)?;
        conditions.iter().find(|c| text(c, "/type") == "Ready").map(|c| text(c, "/status") == "True")
    };
    let (a, b) = (ready(full), ready(row));
    (a.is_some() && b.is_some() && a != b) || text(full, "/status/phase") != text(row, "/status/phase")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: Value, meta: Value) -> Value {
        let mut meta = meta;
        meta["name"] = json!("a");
        meta["namespace"] = json!("n");
        json!({ "kind": "Pod", "metadata": meta, "status": status })
    }

    fn one(seen: Seen) -> Value {
        seen.into_values().remove(0)
    }

    #[test]
    fn a_description_is_completed_by_a_row() {
        let ready = |s: &str| json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": s }] });
        let row = || {
            pod(
                ready("True"),
                json!({ "creationTimestamp": "2026-11-22T18:51:53Z", "kubecausePartial": true }),
            )
        };
        let full = || pod(ready("True"), json!({ "labels": { "app": "a" } }));
        for flip in [false, true] {
            let mut seen = Seen::default();
            let (first, second) = if flip {
                ((full(), Depth::Description), (row(), Depth::Row))
            } else {
                ((row(), Depth::Row), (full(), Depth::Description))
            };
            seen.add(first.0, first.1, 1);
            seen.add(second.0, second.1, 2);
            let found = one(seen);
            assert_eq!(text(&found, "/metadata/creationTimestamp"), "2026-11-22T18:51:53Z");
            assert_eq!(text(&found, "/metadata/labels/app"), "a");
            assert!(found.pointer("/metadata/kubecausePartial").is_none());
        }
        // A later row that shows the pod well again counts.
        let mut seen = Seen::default();
        seen.add(pod(ready("False"), json!({})), Depth::Description, 1);
        seen.add(pod(ready("True"), json!({})), Depth::Row, 2);
        assert_eq!(one(seen)["status"], ready("True"));
    }

    #[test]
    fn one_event_of_two_places() {
        let event = |count: Value, first: Value| {
            json!({ "kind": "Event", "reason": "BackOff", "message": "m", "involvedObject": { "kind": "Pod", "name": "a", "namespace": "n" },
                    "count": count, "firstTimestamp": first, "lastTimestamp": "2026-11-22T18:54:00Z" })
        };
        let mut seen = Seen::default();
        seen.add(event(json!(null), json!(null)), Depth::Row, 1);
        seen.add(event(json!(5), json!("2026-11-22T18:50:00Z")), Depth::Description, 2);
        let all = seen.into_values();
        assert_eq!(
            (all.len(), &all[0]["count"], text(&all[0], "/firstTimestamp")),
            (1, &json!(5), "2026-11-22T18:50:00Z")
        );
    }
}
