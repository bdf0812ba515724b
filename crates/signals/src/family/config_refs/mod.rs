//! ConfigMaps, Secrets and keys that a pod asks for and that do not exist. Only for pods that wait because of it: a
//! dangling reference of a pod that runs is no fault. Reads what kubelet says, and compares the references of
//! containers that cannot start with the lists.

mod near;
mod refs;
mod words;

pub(crate) use near::near;

use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use crate::signal::{Family, Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use words::{Missing, missing};

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "config.map-missing",
        "A container cannot start because a ConfigMap that it asks for does not exist.",
        &[Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "config.secret-missing",
        "A container cannot start because a Secret that it asks for does not exist.",
        &[Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "config.key-missing",
        "A container cannot start because a ConfigMap or Secret lacks a key that it asks for.",
        &[Needs::Kind(Kind::Pod)],
    ),
];

/// Made by the controller manager in each namespace: where it is missing, nobody forgot to create it, and the family
/// of the control plane looks at it.
const ROOT_CA: &str = "kube-root-ca.crt";

/// A pod that waits for its volumes for fewer seconds than this may still be on its way.
const PATIENCE_SECONDS: i64 = 30;

/// What was said about a pod, and where.
struct Said {
    container: Option<String>,
    at: Option<Timestamp>,
    since: Option<Timestamp>,
    source: Source,
    reference: String,
    text: String,
}

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        if pod.is_finished() || pod.metadata.is_deleting() || pod.is_ready() || !waits(pod) {
            continue;
        }
        for said in all_said(snapshot, pod) {
            for what in missing(&said.text) {
                report(snapshot, pod, &said, what, sink);
            }
        }
        if mounting(pod)
            && snapshot.age(pod.metadata.creation_timestamp).is_none_or(|a| a >= PATIENCE_SECONDS)
        {
            refs::compare(snapshot, pod, sink);
        }
    }
}

/// Whether a container waits to be made.
fn waits(pod: &Pod) -> bool {
    let reasons = ["CreateContainerConfigError", "ContainerCreating", "PodInitializing"];
    pod.statuses().filter_map(|(_, s)| s.state.waiting.as_ref()).any(|w| reasons.contains(&w.reason.as_str()))
}

/// Whether the pod is on a node and none of its containers has ever run: its volumes may be what it waits for.
fn mounting(pod: &Pod) -> bool {
    let untouched = |s: &kubecause_evidence::kube::ContainerStatus| {
        s.state.waiting.is_some() && s.last_state.terminated.is_none() && s.restart_count == 0
    };
    pod.is_scheduled() && pod.statuses().all(|(_, s)| untouched(s))
}

fn all_said(snapshot: &Snapshot, pod: &Pod) -> Vec<Said> {
    let subject = pod.metadata.subject(Kind::Pod);
    let ready = pod.condition("Ready").and_then(|c| c.last_transition_time);
    let waiting = pod.statuses().filter_map(|(_, s)| Some((s, s.state.waiting.as_ref()?)));
    let mut said: Vec<Said> = waiting
        .filter(|(_, w)| w.reason == "CreateContainerConfigError")
        .map(|(s, w)| Said {
            container: Some(s.name.to_string()),
            at: None,
            since: ready,
            source: Source::Field,
            reference: format!("{subject}/status"),
            text: w.message.to_string(),
        })
        .collect();
    let mounts =
        snapshot.events_about(&subject).filter(|e| e.reason == "FailedMount" || e.reason == "Failed");
    let present = mounts.filter(|e| is_recent(snapshot, e.last) || is_recurring(snapshot, e));
    said.extend(present.map(|e| Said {
        container: e.regarding.container().map(str::to_owned),
        at: e.last,
        since: e.first,
        source: Source::Event,
        reference: e.reference(),
        text: e.message.to_string(),
    }));
    said
}

fn report(snapshot: &Snapshot, pod: &Pod, said: &Said, what: Missing, sink: &mut Sink) {
    let ns = &pod.metadata.namespace;
    match what {
        Missing::Map(name) if name == ROOT_CA => {}
        Missing::Map(name) => {
            if let Some(finding) = map_missing(snapshot, pod, &name) {
                sink.add(cite(finding, pod, said));
            }
        }
        Missing::Secret(name) => {
            if let Some(finding) = secret_missing(snapshot, pod, &name) {
                sink.add(cite(finding, pod, said));
            }
        }
        Missing::Key { key, secret, object } => {
            let user =
                object.map(|o| (secret.unwrap_or(false), o)).or_else(|| refs::user_of_key(pod, &key, secret));
            let (secret, object) = user.unwrap_or((secret.unwrap_or(false), String::new()));
            let map = (!secret).then(|| snapshot.config_maps.get(ns, &object)).flatten();
            if map.is_some_and(|m| m.has_key(&key)) {
                return;
            }
            let finding = key_missing(pod, &key, secret, &object, map);
            sink.add(cite(finding, pod, said));
        }
    }
}

fn subject_of(pod: &Pod, container: Option<&String>) -> Subject {
    let subject = pod.metadata.subject(Kind::Pod);
    match container {
        Some(container) => subject.with_container(container.as_str()),
        None => subject,
    }
}

fn cite(mut finding: Finding, pod: &Pod, said: &Said) -> Finding {
    finding.subject = subject_of(pod, said.container.as_ref());
    finding.since(said.since).cite(said.source, said.at, said.reference.clone(), &said.text)
}

/// The finding that a ConfigMap is missing; `None` where it is listed by now: kubelet tries again within a minute.
fn map_missing(snapshot: &Snapshot, pod: &Pod, name: &str) -> Option<Finding> {
    let ns = &pod.metadata.namespace;
    if snapshot.config_maps.get(ns, name).is_some() {
        return None;
    }
    let here = snapshot.config_maps.in_namespace(ns).iter().map(|m| m.metadata.name.as_str());
    let elsewhere = snapshot.config_maps.all().iter().find(|m| m.metadata.name == *name);
    Some(
        Finding::new("config.map-missing", pod.metadata.subject(Kind::Pod))
            .param("configmap", name)
            .param("missing", format!("{ns}/{name}"))
            .param("near", near(name, here.filter(|n| *n != ROOT_CA)).unwrap_or_default())
            .param("elsewhere", elsewhere.map_or("", |m| &m.metadata.namespace))
            .naming(Subject::new(Kind::ConfigMap, ns, name)),
    )
}

fn secret_missing(snapshot: &Snapshot, pod: &Pod, name: &str) -> Option<Finding> {
    let ns = &pod.metadata.namespace;
    if snapshot.secrets.get(ns, name).is_some() {
        return None;
    }
    let here = snapshot.secrets.in_namespace(ns).iter().map(|m| m.metadata.name.as_str());
    let elsewhere = snapshot.secrets.all().iter().find(|m| m.metadata.name == *name);
    Some(
        Finding::new("config.secret-missing", pod.metadata.subject(Kind::Pod))
            .param("secret", name)
            .param("missing", format!("{ns}/{name}"))
            .param("near", near(name, here).unwrap_or_default())
            .param("elsewhere", elsewhere.map_or("", |m| &m.metadata.namespace))
            .naming(Subject::new(Kind::Secret, ns, name)),
    )
}

fn key_missing(
    pod: &Pod,
    key: &str,
    secret: bool,
    object: &str,
    map: Option<&kubecause_evidence::kube::ConfigMap>,
) -> Finding {
    let kind = if secret { Kind::Secret } else { Kind::ConfigMap };
    let keys = map.into_iter().flat_map(|m| m.keys()).map(|k| k.as_str());
    let finding = Finding::new("config.key-missing", pod.metadata.subject(Kind::Pod))
        .param("key", key)
        .param("holder", kind.as_str().to_lowercase())
        .param("object", object)
        .param("near", near(key, keys).unwrap_or_default());
    if object.is_empty() {
        finding
    } else {
        finding.naming(Subject::new(kind, &pod.metadata.namespace, object))
    }
}

#[cfg(test)]
mod tests;
