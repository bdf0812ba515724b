//! One claim against one volume, field by field. Source of the rules: kubernetes
//! `staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go` (FindMatchingVolume).

use kubecause_evidence::kube::{Claim, PersistentVolume};

/// A field in which a volume does not serve a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Access,
    Capacity,
    Selector,
    Mode,
    Taken,
}

/// The fields in which the volume does not serve the claim, none where it fits.
pub(super) fn faults(claim: &Claim, volume: &PersistentVolume) -> Vec<Fault> {
    let mut found = Vec::new();
    let modes = &volume.spec.access_modes;
    if !claim.spec.access_modes.iter().all(|m| modes.contains(m)) {
        found.push(Fault::Access);
    }
    let wanted = claim.spec.resources.requests.value("storage").unwrap_or(0.0);
    if volume.spec.capacity.value("storage").is_some_and(|has| has < wanted) {
        found.push(Fault::Capacity);
    }
    if claim.spec.selector.as_ref().is_some_and(|s| !s.matches(&volume.metadata.labels)) {
        found.push(Fault::Selector);
    }
    let is_block = |mode: &str| mode == "Block";
    if is_block(&claim.spec.volume_mode) != is_block(&volume.spec.volume_mode) {
        found.push(Fault::Mode);
    }
    if is_taken(claim, volume) {
        found.push(Fault::Taken);
    }
    found
}

/// Whether the volume belongs to another claim, or to a deleted claim of the same name.
pub(super) fn is_taken(claim: &Claim, volume: &PersistentVolume) -> bool {
    let holder = &volume.spec.claim_ref;
    if holder.name.is_empty() {
        return matches!(volume.status.phase.as_str(), "Bound" | "Released" | "Failed");
    }
    let same = holder.name == claim.metadata.name && holder.namespace == claim.metadata.namespace;
    let none = kubecause_evidence::Uid::default();
    let other_uid = holder.uid != none && claim.metadata.uid != none && holder.uid != claim.metadata.uid;
    !same || other_uid || volume.status.phase == "Released"
}

/// Who holds the volume: `shop/data`.
pub(super) fn holder(volume: &PersistentVolume) -> String {
    let holder = &volume.spec.claim_ref;
    if holder.name.is_empty() { String::new() } else { format!("{}/{}", holder.namespace, holder.name) }
}
