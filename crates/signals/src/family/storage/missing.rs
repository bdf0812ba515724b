//! Pods that mount a claim which does not exist.

use crate::family::config_refs::near;
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use regex::Regex;
use std::sync::LazyLock;

/// A claim that its controller makes together with the pod may be late by this many seconds.
const PATIENCE_SECONDS: i64 = 30;

/// Lists of pods and of claims are taken this many seconds apart at most.
const LISTS_SECONDS: i64 = 5;

static NOT_FOUND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"persistentvolumeclaims? "([^"]+)" not found"#).ok());

pub(super) fn look(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        let waits = pod.status.phase == "Pending" || pod.status.phase.is_empty();
        if !waits || pod.metadata.is_deleting() || pod.spec.volumes.is_empty() {
            continue;
        }
        let younger = |than| snapshot.age(pod.metadata.creation_timestamp).is_some_and(|age| age < than);
        for volume in &pod.spec.volumes {
            let Some(source) = &volume.persistent_volume_claim else { continue };
            let name = &source.claim_name;
            if snapshot.claims.get(&pod.metadata.namespace, name).is_some() {
                continue;
            }
            let said = said(snapshot, pod, name);
            // What the scheduler did not find and a list does not hold is missing, young as the pod may be.
            let listed = snapshot.has_in(&Kind::PersistentVolumeClaim, &pod.metadata.namespace);
            if younger(if said.is_some() && listed { LISTS_SECONDS } else { PATIENCE_SECONDS }) {
                continue;
            }
            if said.is_none() && !listed {
                continue;
            }
            sink.add(finding(snapshot, pod, name, said));
        }
    }
}

fn finding(snapshot: &Snapshot, pod: &Pod, name: &str, said: Option<(String, String)>) -> Finding {
    let ns = &pod.metadata.namespace;
    let claims = snapshot.claims.in_namespace(ns).iter().map(|c| c.metadata.name.as_str());
    let finding = Finding::new("claim.missing", pod.metadata.subject(Kind::Pod))
        .since(pod.metadata.creation_timestamp)
        .cite(
            Source::Field,
            None,
            format!("pods/{ns}/{}/spec/volumes", pod.metadata.name),
            format!("claimName: {name}"),
        )
        .param("claim", name)
        .param("near", near(name, claims).unwrap_or_default())
        .naming(Subject::new(Kind::PersistentVolumeClaim, ns, name));
    match said {
        Some((reference, text)) => finding.cite(Source::Condition, None, reference, text),
        None => finding,
    }
}

/// Where the scheduler or kubelet says that the claim is not found.
fn said(snapshot: &Snapshot, pod: &Pod, claim: &str) -> Option<(String, String)> {
    let names = |text: &str| {
        let found = NOT_FOUND.as_ref().and_then(|r| r.captures(text)).and_then(|c| c.get(1));
        found.is_some_and(|m| m.as_str() == claim)
    };
    let subject = pod.metadata.subject(Kind::Pod);
    let condition = pod.condition("PodScheduled").filter(|c| names(&c.message));
    if let Some(c) = condition {
        return Some((format!("pods/{subject}/status"), format!("{}: {}", c.reason, c.message)));
    }
    let events =
        snapshot.events_about(&subject).filter(|e| is_recent(snapshot, e.last) || is_recurring(snapshot, e));
    let event = events.filter(|e| names(&e.message)).max_by_key(|e| e.last)?;
    Some((event.reference(), format!("{} {}", event.reason, event.message)))
}
