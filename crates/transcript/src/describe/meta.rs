//! What all descriptions say of an object: name, labels, annotations, owner, times.

use super::json::Obj;
use super::time::{absolute, before};
use super::tree::{Block, Entry, shown};
use jiff::Timestamp;

/// From this length on the printer cuts a line of an annotation.
const CUT: usize = 130;

/// Fills `metadata` and `kind`.
pub(super) fn meta(root: Block<'_>, kind: &str, taken_at: Timestamp) -> Obj {
    let mut out = Obj::new();
    out.set("apiVersion", api_version(kind));
    out.set("kind", kind);
    out.put("metadata.name", root.value("Name"));
    out.put("metadata.namespace", root.value("Namespace"));
    let created = root.value("CreationTimestamp").or_else(|| root.value("Created on"));
    out.put("metadata.creationTimestamp", created.and_then(absolute).map(|t| t.to_string()));
    out.map("metadata.labels", labels(root));
    out.map("metadata.annotations", annotations(root));
    if let Some(owner) = owner(root) {
        out.list("metadata.ownerReferences", [owner]);
    }
    out.list("metadata.finalizers", bracketed(root.value("Finalizers").unwrap_or_default()));
    deletion(root, taken_at, &mut out);
    out
}

/// Only the shape matters to what reads these objects; the newest version of each group is named.
fn api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ControllerRevision" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "Ingress" | "IngressClass" | "NetworkPolicy" => "networking.k8s.io/v1",
        "StorageClass" | "CSINode" | "CSIDriver" | "VolumeAttachment" => "storage.k8s.io/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        "PriorityClass" => "scheduling.k8s.io/v1",
        "EndpointSlice" => "discovery.k8s.io/v1",
        "Lease" => "coordination.k8s.io/v1",
        _ => "v1",
    }
}

/// `key=value` lines.
pub(super) fn pairs(entry: Option<Entry<'_>>) -> impl Iterator<Item = (&str, &str)> {
    let items: Vec<&str> = entry.iter().flat_map(Entry::items).collect();
    items.into_iter().filter_map(|item| item.split_once('=')).filter(|(key, _)| is_name(key))
}

/// The labels of an object or of a pod template.
pub(super) fn labels(block: Block<'_>) -> Vec<(String, String)> {
    let Some(entry) = block.get("Labels") else { return Vec::new() };
    // Old versions put all of them on one line.
    let single = entry.body.is_empty() && entry.value().contains(',');
    let pairs: Vec<(&str, &str)> = if single { listed(entry.value()) } else { pairs(Some(entry)).collect() };
    pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// `a=1,b=2`, where values may hold commas: a pair begins where a name and an equals sign follow.
pub(super) fn listed(text: &str) -> Vec<(&str, &str)> {
    let mut out: Vec<(&str, &str)> = Vec::new();
    let mut start = 0;
    let mut pieces = text.split(',').peekable();
    while let Some(piece) = pieces.next() {
        let end = start + piece.len();
        let more = pieces.peek().is_some_and(|p| !p.split_once('=').is_some_and(|(key, _)| is_name(key)));
        if !more {
            break_pair(text.get(start..end), &mut out);
            start = end + 1;
            continue;
        }
        // The value goes on: take pieces until a pair begins.
        let mut end = end;
        while let Some(next) = pieces.next_if(|p| !p.split_once('=').is_some_and(|(key, _)| is_name(key))) {
            end += 1 + next.len();
        }
        break_pair(text.get(start..end), &mut out);
        start = end + 1;
    }
    out
}

fn break_pair<'t>(text: Option<&'t str>, out: &mut Vec<(&'t str, &'t str)>) {
    out.extend(text.and_then(|t| t.trim().split_once('=')).filter(|(key, _)| is_name(key)));
}

/// Whether a text can name a label or an annotation.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 317
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
}

/// Annotations as `key: value` or, before 1.10, `key=value`. Long ones stand on lines of their own; cut ones are left out.
pub(super) fn annotations(block: Block<'_>) -> Vec<(String, String)> {
    let Some(entry) = block.get("Annotations") else { return Vec::new() };
    let column = entry.column();
    let mut out: Vec<(String, String)> = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    let first = shown(entry.value()).map(|value| (column, value));
    for (indent, item) in first.into_iter().chain(entry.body.flat().map(|l| (l.indent, l.text))) {
        let named = annotation(item).filter(|_| indent <= column || open.is_none());
        let Some((key, value)) = named else {
            if let Some((_, lines)) = &mut open {
                lines.push(item);
            }
            continue;
        };
        out.extend(open.take().and_then(close));
        if value.is_empty() {
            open = Some((key.to_owned(), Vec::new()));
        } else {
            out.push((key.to_owned(), value.to_owned()));
        }
    }
    // A long annotation that is cut off before its value is not an empty one.
    out.extend(open.filter(|(_, lines)| !lines.is_empty()).and_then(close));
    out
}

fn annotation(item: &str) -> Option<(&str, &str)> {
    let at = item.find([':', '='])?;
    let (key, rest) = (item.get(..at)?, item.get(at + 1..)?);
    let colon = item.get(at..=at) == Some(":");
    let ends = !colon || rest.is_empty() || rest.starts_with(char::is_whitespace);
    (ends && is_name(key)).then(|| (key, rest.trim()))
}

fn close((key, lines): (String, Vec<&str>)) -> Option<(String, String)> {
    let cut = lines.iter().any(|l| l.ends_with("...") && l.len() >= CUT);
    (!cut).then(|| (key, lines.join("\n")))
}

/// `Controlled By:  ReplicaSet/web-1`
fn owner(root: Block<'_>) -> Option<Obj> {
    let said = ["Controlled By", "Created By", "Controllers"].iter().find_map(|key| root.value(key))?;
    let (kind, name) = said.split_once('/')?;
    if !kind.chars().all(char::is_alphanumeric) || name.contains(char::is_whitespace) {
        return None;
    }
    let mut owner = Obj::new();
    owner.set("kind", kind);
    owner.set("name", name);
    owner.set("controller", true);
    Some(owner)
}

/// `[a b]`, Go's form of a list.
pub(super) fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.trim().strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or_default();
    inner.split_whitespace()
}

/// `Terminating (lasts 5m)`, before 1.11 `Terminating (expires Sun, …)`.
fn deletion(root: Block<'_>, taken_at: Timestamp, out: &mut Obj) {
    let Some(rest) = root.value("Status").and_then(|s| s.strip_prefix("Terminating")) else { return };
    let inner = rest.trim().trim_matches(['(', ')']);
    let due = if let Some(lasts) = inner.strip_prefix("lasts ") {
        // `<invalid>`: it is still ahead, or the clocks differ.
        Some(before(taken_at, lasts.trim()).unwrap_or(taken_at))
    } else {
        inner.strip_prefix("expires ").and_then(absolute)
    };
    out.put("metadata.deletionTimestamp", due.map(|t| t.to_string()));
    let grace = root.value("Termination Grace Period").and_then(super::time::age);
    out.put("metadata.deletionGracePeriodSeconds", grace);
}

/// What `Status:` says, unless it says that the object is going.
pub(super) fn phase(root: Block<'_>) -> Option<&str> {
    root.value("Status").and_then(shown).filter(|s| !s.starts_with("Terminating (") && !s.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};
    use serde_json::Value;

    #[test]
    fn annotations_of_all_ages() {
        let text = "Annotations:  a.io/x: 1\n              b: \n              long:\n                line one\n                key=two\n              old=style=x\n";
        let tree = Tree::new(lines(text));
        let found = annotations(tree.root());
        let want = [("a.io/x", "1"), ("b", ""), ("long", "line one\nkey=two"), ("old", "style=x")];
        assert_eq!(found, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn lists_whose_values_hold_commas() {
        assert_eq!(listed("a=1,b={\"x\":1,\"y\":2},c="), [("a", "1"), ("b", "{\"x\":1,\"y\":2}"), ("c", "")]);
        assert!(listed("<none>").is_empty());
    }

    #[test]
    fn an_object_that_is_going() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().expect("time");
        let tree = Tree::new(lines(
            "Name: a\nStatus: Terminating (lasts 5m)\nTermination Grace Period: 30s\nControlled By: ReplicaSet/web-1\n",
        ));
        let out = Value::from(meta(tree.root(), "Pod", now));
        assert_eq!(out["metadata"]["deletionTimestamp"], "2026-01-01T00:05:00Z");
        assert_eq!(out["metadata"]["deletionGracePeriodSeconds"], 30);
        assert_eq!(out["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet");
        assert_eq!(phase(tree.root()), None);
    }
}
