//! Kinds that have no printer of their own: the object itself with titles for names, `API Version:` for `apiVersion`.
//!
//! The form leaves two things open. A list of objects is printed as their fields one after the other: since the fields of each
//! are sorted, a new one begins where the order goes back. A list of one cannot be told from the object alone, except by its name.
//! A number cannot be told from the text of one; it is taken for a number.

use super::json::Obj;
use super::tree::{Block, Entry, shown, split_key};
use serde_json::{Map, Value};

/// Fields that hold lists of objects wherever they occur.
const LISTS: [&str; 14] = [
    "conditions",
    "webhooks",
    "ownerReferences",
    "rules",
    "versions",
    "containers",
    "initContainers",
    "volumes",
    "ports",
    "env",
    "tolerations",
    "endpoints",
    "subjects",
    "drivers",
];
/// Fields that hold one object wherever they occur.
const OBJECTS: [&str; 12] = [
    "matchLabels",
    "labels",
    "annotations",
    "metadata",
    "spec",
    "status",
    "clientConfig",
    "service",
    "namespaceSelector",
    "objectSelector",
    "template",
    "names",
];
/// Deeper than any object of the API is; the text may be anything.
const DEPTH: usize = 32;

/// Fills an object from all that is said of it.
pub(super) fn generic(root: Block<'_>, out: &mut Obj) {
    for entry in root.entries() {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        if matches!(key, "Name" | "Namespace" | "Labels" | "Annotations") {
            continue;
        }
        let name = camel(key);
        if name == "metadata" {
            for entry in entry.body.entries() {
                if let Some((name, value)) = field(&entry, 1).filter(|(n, _)| !n.contains('.')) {
                    let text = matches!(name.as_str(), "resourceVersion" | "uid" | "generateName");
                    let value = if text { entry.value().into() } else { value };
                    out.set(&format!("metadata.{name}"), value);
                }
            }
        } else if !name.contains('.') && (!entry.body.is_empty() || shown(value).is_some()) {
            out.put(&name, field(&entry, 0).map(|(_, value)| value));
        }
    }
}

/// `Creation Timestamp` → `creationTimestamp`, `API Version` → `apiVersion`, `Pod CIDR` → `podCIDR`.
fn camel(title: &str) -> String {
    let mut words = title.split(' ');
    let first = words.next().unwrap_or_default();
    let acronym = first.len() > 1 && first.bytes().all(|b| b.is_ascii_uppercase());
    let mut out = if acronym { first.to_ascii_lowercase() } else { lower_first(first) };
    out.extend(words);
    out
}

fn lower_first(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| c.to_ascii_lowercase().to_string() + chars.as_str())
}

fn field(entry: &Entry<'_>, depth: usize) -> Option<(String, Value)> {
    let (key, value) = split_key(entry.line.text)?;
    let name = camel(key);
    let value = if entry.body.is_empty() {
        text(&name, depth, scalar(shown(value)?))?
    } else if value.is_empty() {
        nested(&name, entry.body, depth + 1)?
    } else {
        // A text of several lines.
        text(
            &name,
            depth,
            match scalar(value) {
                Value::String(_) => entry.text().into(),
                plain => plain,
            },
        )?
    };
    Some((name, value))
}

/// A value that is no object, where the field can hold one: text that lost its shape has them anywhere.
fn text(name: &str, depth: usize, value: Value) -> Option<Value> {
    let object =
        if matches!(name, "metadata" | "spec" | "status") { depth == 0 } else { OBJECTS.contains(&name) };
    (!object && !LISTS.contains(&name)).then_some(value)
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ => text.parse::<i64>().map_or_else(|_| text.into(), Into::into),
    }
}

fn nested(name: &str, block: Block<'_>, depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    if block.entries().all(|e| e.key().is_none()) {
        if LISTS.contains(&name) || OBJECTS.contains(&name) {
            return None;
        }
        return Some(block.entries().map(|e| Value::from(e.line.text)).collect());
    }
    let list = LISTS.contains(&name);
    let mut items: Vec<Map<String, Value>> = vec![Map::new()];
    let mut last = String::new();
    for entry in block.entries() {
        let Some((key, value)) = field(&entry, depth).or_else(|| Some((camel(entry.key()?), Value::Null)))
        else {
            continue;
        };
        if key <= last {
            items.push(Map::new());
        }
        last.clone_from(&key);
        if let Some(item) = items.last_mut().filter(|_| !value.is_null()) {
            item.insert(key, value);
        }
    }
    if list || (items.len() > 1 && !OBJECTS.contains(&name)) {
        return Some(items.into_iter().map(Value::Object).collect());
    }
    // In text that lost its shape, fields may repeat where there can be only one object.
    items.into_iter().next().map(Value::Object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    #[test]
    fn a_webhook_configuration() {
        let text = "Name:         guard
Namespace:
Labels:       <none>
API Version:  admissionregistration.k8s.io/v1
Kind:         ValidatingWebhookConfiguration
Metadata:
  Creation Timestamp:  2026-11-22T18:51:56Z
  Generation:          1
Webhooks:
  Admission Review Versions:
    v1
  Client Config:
    Ca Bundle:  abc
    Service:
      Name:        guard
      Namespace:   guard-system
      Port:        443
  Failure Policy:  Fail
  Name:            a.guard.io
  Namespace Selector:
  Timeout Seconds:  10
  Admission Review Versions:
    v1
  Client Config:
    URL:           https://x
  Failure Policy:  Ignore
  Name:            b.guard.io
Events:            <none>
";
        let tree = Tree::new(lines(text));
        let mut out = Obj::new();
        generic(tree.root(), &mut out);
        let out = Value::from(out);
        assert_eq!(out["apiVersion"], "admissionregistration.k8s.io/v1");
        assert_eq!(out["metadata"]["generation"], 1);
        let hooks = out["webhooks"].as_array().expect("webhooks");
        assert_eq!(hooks.len(), 2);
        assert_eq!(hooks[0]["clientConfig"]["service"]["port"], 443);
        assert_eq!(hooks[0]["timeoutSeconds"], 10);
        assert_eq!(hooks[1]["clientConfig"]["url"], "https://x");
    }

    #[test]
    fn titles_become_names() {
        for (title, want) in [
            ("API Version", "apiVersion"),
            ("UID", "uid"),
            ("Pod CIDR", "podCIDR"),
            ("Last Transition Time", "lastTransitionTime"),
        ] {
            assert_eq!(camel(title), want);
        }
    }
}
