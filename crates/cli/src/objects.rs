//! `pod/cart-1`, `deploy/cart`, `node worker-1`: which objects of a Snapshot are meant.

use crate::Failure;
use anyhow::anyhow;
use kubecause_evidence::{Kind, Snapshot, Subject, word_to_kind};

/// The objects that the words name: `TYPE/NAME …`, or `TYPE NAME …` as kubectl takes it.
pub fn find(
    snapshot: &Snapshot,
    words: &[String],
    namespace: Option<&str>,
    of: &str,
) -> Result<Vec<Subject>, Failure> {
    let mut named: Vec<(Kind, &str)> = Vec::new();
    let slashed = words.iter().any(|w| w.contains('/'));
    if let ([kind, names @ ..], false) = (words, slashed) {
        if names.is_empty() {
            return Err(Failure::usage(anyhow!("{kind:?} names a type but no object; write {kind}/NAME")));
        }
        let kind = kind_of(kind).map_err(Failure::usage)?;
        named.extend(names.iter().map(|n| (kind.clone(), n.as_str())));
    }
    for word in words.iter().filter(|_| slashed) {
        let Some((kind, name)) = word.split_once('/') else {
            return Err(Failure::usage(anyhow!("{word:?} is not of the form TYPE/NAME")));
        };
        named.push((kind_of(kind).map_err(Failure::usage)?, name));
    }
    let mut found = Vec::new();
    for (kind, name) in named {
        let matching = existing(snapshot, &kind, name, namespace);
        if matching.is_empty() {
            return Err(Failure::usage(not_there(snapshot, &kind, name, namespace, of)));
        }
        found.extend(matching);
    }
    Ok(found)
}

/// Fails for a namespace that is not in the capture or cluster: no answer about nothing.
pub fn check_namespace(snapshot: &Snapshot, namespace: &str, of: &str) -> Result<(), Failure> {
    let listed = snapshot.namespaces.get("", namespace).is_some();
    let used = [Kind::Pod, Kind::Service, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job];
    if listed || used.iter().flat_map(|kind| snapshot.names_of(kind)).any(|s| s.ns() == namespace) {
        return Ok(());
    }
    Err(Failure::usage(anyhow!("namespace {namespace:?} is not in this {of}")))
}

fn kind_of(word: &str) -> anyhow::Result<Kind> {
    // `deployments.apps` too.
    let name = word.split('.').next().unwrap_or(word);
    word_to_kind(name).ok_or_else(|| anyhow!("{word:?} is no type that kubecause knows"))
}

fn existing(snapshot: &Snapshot, kind: &Kind, name: &str, namespace: Option<&str>) -> Vec<Subject> {
    let all = snapshot.names_of(kind).into_iter();
    all.filter(|s| *s.name == *name && (namespace.is_none_or(|ns| s.ns() == ns) || s.namespace.is_none()))
        .collect()
}

/// Says that the object is not in the capture or cluster, and which name is near.
fn not_there(
    snapshot: &Snapshot,
    kind: &Kind,
    name: &str,
    namespace: Option<&str>,
    of: &str,
) -> anyhow::Error {
    if !snapshot.has(kind) {
        return anyhow!(
            "whether {kind} {name:?} is there is not known: objects of that kind could not be seen"
        );
    }
    let place = namespace.map(|ns| format!(" in namespace {ns}")).unwrap_or_default();
    let near = snapshot.names_of(kind).into_iter().find(|s| s.name.contains(name) || name.contains(&*s.name));
    let hint = near.map(|s| format!("; did you mean {}/{}?", s.kind.as_str().to_lowercase(), s.name));
    anyhow!("{kind} {name:?} is not in this {of}{place}{}", hint.unwrap_or_default())
}
