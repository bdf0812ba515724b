//! New templates that do not reach the pods.

use super::at;
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Pod, Workload};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// A pod that is younger is still starting.
const STARTING_SECONDS: i64 = 60;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for w in snapshot.deployments.all() {
        deadline(w, sink);
        paused(w, sink);
    }
    for w in snapshot.stateful_sets.all() {
        ordered(snapshot, w, sink);
    }
    for w in snapshot.replication_controllers.all() {
        old_template(snapshot, w, sink);
    }
}

fn deadline(w: &Workload, sink: &mut Sink) {
    let Some(c) = w.condition("Progressing") else { return };
    let whole = w.status.updated_replicas >= w.wanted() && w.available() >= w.wanted();
    if !c.is_false() || c.reason != "ProgressDeadlineExceeded" || whole {
        return;
    }
    let text = format!("Progressing=False {}: {}", c.reason, c.message);
    let found = Finding::new("workload.rollout-deadline-passed", w.subject())
        .since(c.last_transition_time)
        .param("updated", w.status.updated_replicas)
        .param("available", w.available())
        .param("wanted", w.wanted());
    sink.add(found.cite(Source::Condition, c.last_transition_time, at(&w.subject()), text));
}

/// A pause is meant; that a change waits behind it is easily forgotten.
fn paused(w: &Workload, sink: &mut Sink) {
    let waits = w.status.updated_replicas < w.status.replicas;
    if !w.spec.paused || !waits || w.metadata.is_deleting() {
        return;
    }
    let since = w.condition("Progressing").and_then(|c| c.last_transition_time);
    let text = format!(
        "paused true; {} of {} pods of the newest template",
        w.status.updated_replicas, w.status.replicas
    );
    let found = Finding::new("workload.rollout-paused", w.subject())
        .since(since)
        .param("updated", w.status.updated_replicas)
        .param("replicas", w.status.replicas);
    sink.add(found.cite(Source::Field, since, at(&w.subject()), text));
}

/// The controller replaces pods from the highest ordinal down, and goes on only when the last one is Ready.
/// `podManagementPolicy: Parallel` changes scaling only.
fn ordered(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    let (now, next) = (&w.status.current_revision, &w.status.update_revision);
    let rolling = w.spec.update_strategy.kind != "OnDelete";
    let due = w.wanted() - w.spec.update_strategy.rolling_update.partition.unwrap_or(0);
    if now.is_empty() || next.is_empty() || now == next || !rolling || w.status.updated_replicas >= due.max(0)
    {
        return;
    }
    let starting =
        |p: &Pod| snapshot.age(p.metadata.creation_timestamp).is_some_and(|age| age < STARTING_SECONDS);
    let blocks = |p: &&Pod| !p.is_ready() && !starting(p);
    let ordinal = |p: &Pod| p.metadata.name.rsplit_once('-').and_then(|(_, n)| n.parse::<u32>().ok());
    let Some(pod) = snapshot.pods_owned_by(w.metadata.uid).filter(blocks).max_by_key(|p| ordinal(p)) else {
        return;
    };
    let revision = pod.metadata.labels.get("controller-revision-hash").unwrap_or_default();
    let text = format!("{} of {} updated to {next}", w.status.updated_replicas, w.wanted());
    let subject = pod.metadata.subject(Kind::Pod);
    let mut found = Finding::new("workload.ordered-update-waits", w.subject())
        .since(pod.condition("Ready").and_then(|c| c.last_transition_time))
        .param("pod", &pod.metadata.name)
        .param("revision", next)
        .naming(subject.clone())
        .cite(Source::Field, None, at(&w.subject()), text)
        .cite(Source::Condition, None, format!("pods/{subject}"), format!("not Ready, revision {revision}"));
    if !revision.is_empty() && *next != *revision {
        found = found.param("pod_revision", revision);
    }
    sink.add(found);
}

/// A ReplicationController never replaces a pod because its template changed. Where a webhook may write images anew,
/// only another tag of the same image counts.
fn old_template(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    let rewritten = !snapshot.has(&Kind::MutatingWebhookConfiguration)
        || snapshot.webhooks.all().iter().any(|c| c.mutating);
    let differs = |p: &&Pod| {
        let live = !p.is_finished() && !p.metadata.is_deleting();
        live && w.spec.template.spec.containers.iter().any(|c| {
            let image = p.spec.container(&c.name).map(|found| &found.image);
            image.is_some_and(|i| *i != c.image && (!rewritten || repository(i) == repository(&c.image)))
        })
    };
    let old: Vec<&Pod> = snapshot.pods_owned_by(w.metadata.uid).filter(differs).collect();
    let Some(first) = old.first() else { return };
    let images = |spec: &kubecause_evidence::kube::PodSpec| {
        let all: Vec<&str> = spec.containers.iter().map(|c| c.image.as_str()).collect();
        all.join(", ")
    };
    let (from, to) = (images(&first.spec), images(&w.spec.template.spec));
    let subject: Subject = first.metadata.subject(Kind::Pod);
    let found = Finding::new("workload.pods-of-older-template", w.subject())
        .since(None)
        .param("pods", old.len())
        .param("image", &from)
        .param("template_image", &to)
        .cite(Source::Field, None, at(&w.subject()), format!("template image {to}"))
        .cite(Source::Field, None, format!("pods/{subject}"), format!("image {from}"));
    sink.add(found);
}

fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}
