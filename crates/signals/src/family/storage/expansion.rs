//! Claims that were enlarged and do not grow: the storage refuses, or the file system waits for its pod.

use super::users::Users;
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Claim, Event, condition};
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::{Source, one_line};

/// Reasons of the resizer (external-resizer `pkg/util/events.go`) and of kubelet (`pkg/kubelet/events/event.go`).
const REASONS: [&str; 3] = ["VolumeResizeFailed", "FileSystemResizeFailed", "VolumeModifyFailed"];
/// Conditions of 1.31 and later (`PersistentVolumeClaimControllerResizeError` and its kin).
const ERRORS: [&str; 2] = ["ControllerResizeError", "NodeResizeError"];
/// Kubelet enlarges a mounted file system within minutes; a large one takes longer.
const PATIENCE_SECONDS: i64 = 900;

pub(super) fn look(snapshot: &Snapshot, users: &Users<'_>, sink: &mut Sink) {
    for claim in snapshot.claims.all().iter().filter(|c| c.status.phase == "Bound") {
        let wanted = claim.spec.resources.requests.value("storage");
        let has = claim.status.capacity.value("storage");
        let grows = matches!((wanted, has), (Some(wanted), Some(has)) if wanted > has);
        if grows && !claim.metadata.is_deleting() {
            failing(snapshot, users, claim)
                .or_else(|| waiting(snapshot, users, claim))
                .into_iter()
                .for_each(|f| sink.add(f));
        }
    }
}

fn finding(signal: &'static str, claim: &Claim) -> Finding {
    let subject = claim.metadata.subject(Kind::PersistentVolumeClaim);
    let of = |r: &kubecause_evidence::kube::Resources| r.text("storage").unwrap_or_default().to_owned();
    let (wanted, has) = (of(&claim.spec.resources.requests), of(&claim.status.capacity));
    Finding::new(signal, subject.clone())
        .cite(
            Source::Field,
            None,
            format!("persistentvolumeclaims/{}", subject.object()),
            format!("spec.resources.requests.storage {wanted}, status.capacity.storage {has}"),
        )
        .param("wanted", wanted)
        .param("capacity", has)
        .param("volume", &claim.spec.volume_name)
}

fn failing(snapshot: &Snapshot, users: &Users<'_>, claim: &Claim) -> Option<Finding> {
    if let Some(c) =
        ERRORS.iter().find_map(|t| condition(&claim.status.conditions, t).filter(|c| c.is_true()))
    {
        let at = c.last_transition_time;
        let text = format!("{}=True {}: {}", c.kind, c.reason, c.message);
        let found = finding("claim.expansion-failing", claim).since(at);
        return Some(
            found
                .cite(Source::Condition, at, "status.conditions", &text)
                .param("error", one_line(&c.message, 160)),
        );
    }
    let event = said(snapshot, users, claim)?;
    let text = format!("{} {}", event.reason, event.message);
    let error = event.message.split_once(" failed: ").map_or(event.message.as_str(), |(_, error)| error);
    Some(
        finding("claim.expansion-failing", claim)
            .since(event.first)
            .cite(Source::Event, event.last, event.reference(), text)
            .param("error", one_line(error, 160)),
    )
}

/// The last failure that the resizer reported on the claim, or kubelet on a pod that mounts it.
fn said<'a>(snapshot: &'a Snapshot, users: &Users<'a>, claim: &Claim) -> Option<&'a Event> {
    let meta = &claim.metadata;
    let own = snapshot.events_about(&meta.subject(Kind::PersistentVolumeClaim));
    let pods = users.pods(&meta.namespace, &meta.name).iter();
    let of_pods = pods
        .flat_map(|p| snapshot.events_about(&p.metadata.subject(Kind::Pod)))
        .filter(|e| e.message.contains(claim.spec.volume_name.as_str()));
    own.chain(of_pods)
        .filter(|e| REASONS.contains(&e.reason.as_str()))
        .filter(|e| is_recent(snapshot, e.last) || is_recurring(snapshot, e))
        .max_by_key(|e| e.last)
}

/// The disk has grown and its file system has not, although a pod has it mounted.
fn waiting(snapshot: &Snapshot, users: &Users<'_>, claim: &Claim) -> Option<Finding> {
    let pending = condition(&claim.status.conditions, "FileSystemResizePending").filter(|c| c.is_true())?;
    let at = pending.last_transition_time;
    let pods = users.pods(&claim.metadata.namespace, &claim.metadata.name);
    let mounted = pods.iter().find(|p| p.is_ready())?;
    if snapshot.age(at).is_none_or(|age| age < PATIENCE_SECONDS) {
        return None;
    }
    let text = format!("FileSystemResizePending=True {}", pending.message);
    Some(
        finding("claim.expansion-waits-for-pod", claim)
            .since(at)
            .cite(Source::Condition, at, "status.conditions", text)
            .param("error", "the file system waits for its pod to be started anew")
            .param("user", &mounted.metadata.name),
    )
}
