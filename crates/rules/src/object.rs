//! One object as rules see it.

use crate::value;
use cel::common::value::Val;
use kubecause_evidence::{Kind, Subject};
use serde_json::{Map, Value};

/// So much work may a rule's loops do on one object.
const WORK_MAX: u64 = 4_000_000;

/// What a rule sees of a Secret: nothing of it holds what is secret.
const SEEN_OF_SECRET: [&str; 4] = ["apiVersion", "kind", "type", "immutable"];
const SEEN_OF_SECRET_META: [&str; 7] =
    ["name", "namespace", "uid", "labels", "creationTimestamp", "deletionTimestamp", "ownerReferences"];

/// An object that rules are asked about.
pub(crate) struct Object {
    json: Value,
    value: Box<dyn Val>,
    /// The length of its longest list or map.
    longest: usize,
}

impl Object {
    pub(crate) fn new(kind: &Kind, mut json: Value) -> Self {
        let named_secret = json.get("kind").and_then(Value::as_str) == Some("Secret");
        if *kind == Kind::Secret || named_secret {
            json = without_secrets(&json);
        }
        let value = value::of_json(&json);
        Self { longest: longest(&json), json, value }
    }

    pub(crate) fn json(&self) -> &Value {
        &self.json
    }

    pub(crate) fn value(&self) -> Box<dyn Val> {
        self.value.clone_as_boxed()
    }

    pub(crate) fn subject(&self, kind: &Kind) -> Subject {
        let meta = |key: &str| self.json.pointer(&format!("/metadata/{key}")).and_then(Value::as_str);
        Subject::new(kind.clone(), meta("namespace").unwrap_or_default(), meta("name").unwrap_or_default())
    }

    /// Fails where loops that nest so deep could take too long over it.
    pub(crate) fn is_small_enough_for(&self, nesting: u32) -> Result<(), String> {
        let work = (self.longest as u64).checked_pow(nesting);
        if work.is_some_and(|work| work <= WORK_MAX) {
            return Ok(());
        }
        Err(format!("the object is too large for {nesting} nested loops"))
    }
}

fn without_secrets(json: &Value) -> Value {
    let kept = |from: Option<&Value>, keys: &[&str]| -> Map<String, Value> {
        let fields = from.and_then(Value::as_object).into_iter().flatten();
        fields.filter(|(k, _)| keys.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let mut out = kept(Some(json), &SEEN_OF_SECRET);
    out.insert("metadata".to_owned(), kept(json.get("metadata"), &SEEN_OF_SECRET_META).into());
    out.into()
}

fn longest(json: &Value) -> usize {
    match json {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len()),
        Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0).max(fields.len()),
        _ => 1,
    }
}
