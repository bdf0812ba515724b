//! Who made what: the names of pods in a table tell it, where the maker is shown or the name can come from no one else.

use crate::seen::{Key, Seen, text};
use kubecause_evidence::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The letters of generated names. Source: k8s.io/apimachinery `pkg/util/rand` (`SafeEncodeString`).
const GENERATED: &str = "bcdfghjklmnpqrstvwxz2456789";
/// Length of what is generated behind a name.
const SUFFIX: usize = 5;

/// States the owners of rows, and gives owners and owned one uid where none is shown.
pub fn link(seen: &mut Seen) {
    let made: BTreeMap<Key, Key> = {
        let known = |kind: Kind, key: &Key, name: &str| {
            seen.get(&(kind.clone(), key.1.clone(), name.to_owned())).is_some()
        };
        let pods = seen.of(&Kind::Pod).filter(|(_, v)| is_row(v));
        let sets = seen.of(&Kind::ReplicaSet).filter(|(_, v)| is_row(v));
        let of_pod = |key: &Key| maker_of_pod(key, &known);
        let of_set = |key: &Key| {
            let (name, _) = key.2.rsplit_once('-')?;
            known(Kind::Deployment, key, name).then(|| (Kind::Deployment, key.1.clone(), name.to_owned()))
        };
        // A CronJob names its Jobs by the minute (`pkg/controller/cronjob/utils.go` `getJobName`).
        let jobs = seen.of(&Kind::Job).filter(|(_, v)| is_row(v));
        let of_job = |key: &Key| {
            let (name, minute) = key.2.rsplit_once('-')?;
            let timed = minute.len() >= 8 && minute.bytes().all(|b| b.is_ascii_digit());
            (timed && known(Kind::CronJob, key, name))
                .then(|| (Kind::CronJob, key.1.clone(), name.to_owned()))
        };
        pods.filter_map(|(k, _)| Some((k.clone(), of_pod(k)?)))
            .chain(sets.filter_map(|(k, _)| Some((k.clone(), of_set(k)?))))
            .chain(jobs.filter_map(|(k, _)| Some((k.clone(), of_job(k)?))))
            .collect()
    };
    seen.each(|key, value| {
        if let Some(owner) = made.get(key)
            && value.pointer("/metadata/ownerReferences").is_none()
        {
            value["metadata"]["ownerReferences"] =
                json!([{ "kind": owner.0.as_str(), "name": owner.2, "controller": true }]);
            if owner.0 == Kind::ReplicaSet
                && let Some((_, hash)) = owner.2.rsplit_once('-')
                && value.pointer("/metadata/labels/pod-template-hash").is_none()
            {
                value["metadata"]["labels"]["pod-template-hash"] = json!(hash);
            }
        }
    });
    uids(seen);
    container_names(seen);
    seen.each(|key, value| {
        if key.0 == Kind::Pod
            && is_row(value)
            && text(value, "/status/phase") == "Failed"
            && is_kept_running(value)
        {
            forget_ends(value);
        }
    });
}

/// Whether the containers of a pod are always started again: those of everything but Jobs and bare pods.
fn is_kept_running(pod: &Value) -> bool {
    let owner = pod.pointer("/metadata/ownerReferences/0").map_or("", |o| text(o, "/kind"));
    matches!(owner, "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController")
}

/// Such a pod fails only where it was evicted or refused: the `Error` of its row is how that ended its containers.
fn forget_ends(pod: &mut Value) {
    let statuses = pod.pointer_mut("/status/containerStatuses").and_then(Value::as_array_mut);
    for status in statuses.into_iter().flatten().filter_map(Value::as_object_mut) {
        status.remove("state");
    }
}

fn is_row(value: &Value) -> bool {
    value.pointer("/metadata/kubecausePartial").is_some()
}

fn is_generated(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.chars().all(|c| GENERATED.contains(c) || c.is_ascii_digit())
}

fn maker_of_pod(key: &Key, known: &impl Fn(Kind, &Key, &str) -> bool) -> Option<Key> {
    let (head, tail) = key.2.rsplit_once('-')?;
    let owner = |kind: Kind, name: &str| Some((kind, key.1.clone(), name.to_owned()));
    if tail.bytes().all(|b| b.is_ascii_digit()) && known(Kind::StatefulSet, key, head) {
        return owner(Kind::StatefulSet, head);
    }
    if tail.len() != SUFFIX {
        return None;
    }
    for kind in [Kind::ReplicaSet, Kind::DaemonSet, Kind::Job, Kind::ReplicationController] {
        if known(kind.clone(), key, head) {
            return owner(kind, head);
        }
    }
    let (deployment, hash) = head.rsplit_once('-')?;
    let shaped = is_generated(tail, SUFFIX..=SUFFIX) && is_generated(hash, 8..=10);
    let shown = known(Kind::Deployment, key, deployment) && is_generated(hash, 3..=10);
    (shaped || shown).then(|| owner(Kind::ReplicaSet, head)).flatten()
}

/// References by name alone are references by uid everywhere else: what has none gets one that its name makes.
fn uids(seen: &mut Seen) {
    let mut known: BTreeMap<Key, String> = BTreeMap::new();
    let mut wanted: Vec<Key> = Vec::new();
    seen.each(|key, value| {
        let uid = text(value, "/metadata/uid");
        if !uid.is_empty() {
            known.insert(key.clone(), uid.to_owned());
        }
        for owner in
            value.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten()
        {
            wanted.push((
                Kind::from_name(text(owner, "/kind")),
                key.1.clone(),
                text(owner, "/name").to_owned(),
            ));
        }
    });
    for key in wanted {
        let made = format!("{}/{}/{}", key.0.as_str(), key.1, key.2);
        known.entry(key).or_insert(made);
    }
    seen.each(|key, value| {
        if let Some(uid) = known.get(key)
            && value["metadata"].is_object()
        {
            value["metadata"]["uid"] = json!(uid);
        }
        let namespace = key.1.clone();
        for owner in
            value.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut).into_iter().flatten()
        {
            let of =
                (Kind::from_name(text(owner, "/kind")), namespace.clone(), text(owner, "/name").to_owned());
            if let Some(uid) = known.get(&of)
                && text(owner, "/uid").is_empty()
            {
                owner["uid"] = json!(uid);
            }
        }
    });
}

/// A row of a pod does not name its containers; the template of its maker does.
fn container_names(seen: &mut Seen) {
    let mut templates: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for kind in [Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::Deployment] {
        for (key, value) in seen.of(&kind) {
            let containers = value.pointer("/spec/template/spec/containers").and_then(Value::as_array);
            let names: Vec<String> =
                containers.into_iter().flatten().map(|c| text(c, "/name").to_owned()).collect();
            if !names.is_empty() {
                templates.insert(key.clone(), names);
            }
        }
    }
    seen.each(|key, value| {
        if key.0 != Kind::Pod || !is_row(value) {
            return;
        }
        let owner = value.pointer("/metadata/ownerReferences/0");
        let Some(owner) = owner.map(|o| (text(o, "/kind").to_owned(), text(o, "/name").to_owned())) else {
            return;
        };
        let direct = (Kind::from_name(&owner.0), key.1.clone(), owner.1.clone());
        let above =
            owner.1.rsplit_once('-').map(|(name, _)| (Kind::Deployment, key.1.clone(), name.to_owned()));
        let Some(names) = templates.get(&direct).or_else(|| templates.get(&above?)) else { return };
        for path in ["/spec/containers", "/status/containerStatuses"] {
            let list = value.pointer_mut(path).and_then(Value::as_array_mut);
            if let Some(list) =
                list.filter(|l| l.len() == names.len() && (l.len() == 1 || path.starts_with("/spec")))
            {
                list.iter_mut().zip(names).for_each(|(c, name)| c["name"] = json!(name));
            }
        }
    });
}
