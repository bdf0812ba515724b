//! Volumes that cannot be attached to a node or mounted into a pod. What kubelet and the attach controller report is
//! sorted by its words; missing ConfigMaps, Secrets and claims are other families' matter.

use super::users::Users;
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Event, Pod, VolumeAttachment};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A failure that was reported once may pass within this many seconds.
const PATIENCE_SECONDS: i64 = 60;

/// Drivers register within a minute or two after a node starts.
const DRIVER_PATIENCE_SECONDS: i64 = 120;

static DRIVER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"driver name (\S+) not found in the list of registered CSI drivers|CSINode \S+ does not contain driver (\S+)|no volume plugin matched(?: name: (\S+))?|[Ff]lex[Vv]olume.* driver:? ?"?([\w.~/-]+)"? (?:not found|is not registered)"#,
    )
    .ok()
});
static VOLUME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"for volume "([^"]+)""#).ok());
static USERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"already used by pod\(s\) (.+)$").ok());
static UNMOUNTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"unmounted volumes=\[([^\]]*)\]").ok());

/// Words of failures that belong to other families, or that pass by themselves.
const NOT_OURS: [&str; 6] = [
    "not registered",
    "references non-existent",
    "configmap cache",
    "secret cache",
    "\" not found",
    "serviceaccount token",
];

pub(super) fn look(snapshot: &Snapshot, users: &Users<'_>, sink: &mut Sink) {
    for pod in snapshot.pods.all().iter().filter(|p| waits_for_volumes(p)) {
        let subject = pod.metadata.subject(Kind::Pod);
        for event in snapshot.events_about(&subject) {
            let ours =
                ["FailedMount", "FailedAttachVolume", "FailedMapVolume"].contains(&event.reason.as_str());
            if ours
                && (is_recent(snapshot, event.last)
                    || is_recurring(snapshot, event)
                    || stands(snapshot, pod, event))
                && let Some(finding) = sort(snapshot, pod, event)
            {
                sink.add(finding);
            }
        }
    }
    attachments(snapshot, users, sink);
}

/// Whether an event counts for as long as the pod waits: that a volume is held elsewhere is said once.
///
/// Source: kubernetes `pkg/controller/volume/attachdetach/reconciler/reconciler.go` `reportMultiAttachError`, which marks
/// what it reported.
fn stands(snapshot: &Snapshot, pod: &Pod, event: &Event) -> bool {
    let subject = pod.metadata.subject(Kind::Pod);
    let attached = |e: &Event| e.reason == "SuccessfulAttachVolume" && e.last >= event.last;
    event.message.contains("Multi-Attach error")
        && event.last.is_some()
        && event.last >= pod.metadata.creation_timestamp
        && !snapshot.events_about(&subject).any(attached)
}

/// Whether the pod is on a node and its containers wait to be made.
fn waits_for_volumes(pod: &Pod) -> bool {
    let creating = |r: &str| r == "ContainerCreating" || r == "PodInitializing";
    let mut waiting = pod.statuses().filter_map(|(_, s)| s.state.waiting.as_ref());
    let untouched = pod.statuses().next().is_none() || waiting.any(|w| creating(&w.reason));
    pod.is_scheduled() && !pod.is_ready() && !pod.is_finished() && !pod.metadata.is_deleting() && untouched
}

fn lasts(snapshot: &Snapshot, event: &Event, times: u32, seconds: i64) -> bool {
    event.count >= times || snapshot.age(event.first).is_none_or(|age| age >= seconds)
}

fn sort(snapshot: &Snapshot, pod: &Pod, event: &Event) -> Option<Finding> {
    let text = event.message.as_str();
    let group = |regex: &LazyLock<Option<Regex>>| {
        let captures = regex.as_ref()?.captures(text)?;
        let first = captures.iter().skip(1).flatten().next();
        Some(first.map_or(String::new(), |m| m.as_str().trim_end_matches(['"', '.', ',']).to_owned()))
    };
    let make = |signal| found(signal, pod, event).param("volume", group(&VOLUME).unwrap_or_default());
    if text.contains("Multi-Attach error") {
        let holders = group(&USERS).unwrap_or_default();
        let finding = make("volume.multi-attach").param("users", &holders);
        return Some(holder_nodes(snapshot, pod, &holders, finding));
    }
    if let Some(driver) = group(&DRIVER) {
        let lasting = lasts(snapshot, event, 5, DRIVER_PATIENCE_SECONDS);
        return lasting.then(|| make("volume.driver-missing").param("driver", driver));
    }
    if NOT_OURS.iter().any(|w| text.contains(w)) || !lasts(snapshot, event, 2, PATIENCE_SECONDS) {
        return None;
    }
    let error = text.split_once(" : ").map_or(text, |(_, error)| error);
    if event.reason == "FailedAttachVolume" {
        return Some(make("volume.attach-failed").param("error", short(error)));
    }
    // Before 1.13: `timeout expired waiting for volumes to attach or mount for pod`.
    let waited = ["timed out", "deadline exceeded", "timeout expired"].iter().any(|w| text.contains(w));
    let gave_up = text.starts_with("Unable to") && waited;
    if gave_up {
        return Some(
            found("volume.wait-timed-out", pod, event).param("volume", group(&UNMOUNTED).unwrap_or_default()),
        );
    }
    Some(make("volume.mount-failed").param("error", short(error)))
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(160).collect()
}

fn found(signal: &'static str, pod: &Pod, event: &Event) -> Finding {
    let mut finding = Finding::new(signal, pod.metadata.subject(Kind::Pod))
        .since(event.first)
        .cite(Source::Event, event.last, event.reference(), format!("{} {}", event.reason, event.message))
        .param("node", &pod.spec.node_name);
    finding.count = u64::from(event.count);
    finding
}

/// Names the nodes where the pods run that hold the volume: a dead node explains that it is still held.
fn holder_nodes(snapshot: &Snapshot, pod: &Pod, holders: &str, mut finding: Finding) -> Finding {
    for name in holders.split([',', ' ']).filter(|n| !n.is_empty()) {
        let holder = snapshot.pods.get(&pod.metadata.namespace, name);
        if let Some(holder) = holder.filter(|h| h.is_scheduled() && h.spec.node_name != pod.spec.node_name) {
            finding =
                finding.naming(Subject::node(&holder.spec.node_name)).param("holder", &holder.spec.node_name);
        }
    }
    finding
}

/// What the VolumeAttachments say, for pods whose events are gone.
fn attachments(snapshot: &Snapshot, users: &Users<'_>, sink: &mut Sink) {
    let mut by_volume: FxHashMap<&str, Vec<&VolumeAttachment>> = FxHashMap::default();
    for a in snapshot.volume_attachments.all() {
        by_volume.entry(&a.spec.source.persistent_volume_name).or_default().push(a);
    }
    for (volume, attached) in by_volume {
        let Some(pv) = snapshot.volumes.get("", volume) else { continue };
        let claim = &pv.spec.claim_ref;
        let shared = pv.spec.access_modes.iter().any(|m| m == "ReadWriteMany" || m == "ReadOnlyMany");
        for pod in users.pods(&claim.namespace, &claim.name).iter().filter(|p| waits_for_volumes(p)) {
            let here = attached.iter().find(|a| a.spec.node_name == pod.spec.node_name);
            let there = attached.iter().find(|a| a.status.attached && a.spec.node_name != pod.spec.node_name);
            let waited = snapshot.age(pod.condition("PodScheduled").and_then(|c| c.last_transition_time));
            let error =
                here.filter(|a| !a.status.attached).and_then(|a| Some((a, a.status.attach_error.as_ref()?)));
            let base = |signal, a: &VolumeAttachment, text: String| {
                Finding::new(signal, pod.metadata.subject(Kind::Pod))
                    .since(pod.condition("PodScheduled").and_then(|c| c.last_transition_time))
                    .cite(Source::Field, None, format!("volumeattachments/{}", a.metadata.name), text)
                    .param("volume", volume)
                    .param("node", &pod.spec.node_name)
            };
            if let Some((a, error)) = error {
                let finding = base("volume.attach-failed", a, error.message.to_string());
                sink.add(finding.param("error", short(&error.message)));
            } else if let Some(a) = there.filter(|_| !shared && here.is_none_or(|h| !h.status.attached))
                && waited.is_some_and(|w| w >= PATIENCE_SECONDS)
            {
                let holder = &a.spec.node_name;
                let finding = base("volume.multi-attach", a, format!("{volume} is attached to {holder}"));
                sink.add(finding.param("holder", holder).naming(Subject::node(holder)));
            }
        }
    }
}
