//! Which pods mount which claims, in one pass over the pods.

use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Snapshot, Str};
use rustc_hash::FxHashMap;

/// Pods by the claims that they mount. Pods that have ended do not count.
#[derive(Debug, Default)]
pub(super) struct Users<'a> {
    by_claim: FxHashMap<(Str, String), Vec<&'a Pod>>,
}

impl<'a> Users<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut users = Self::default();
        for pod in snapshot.pods.all().iter().filter(|p| !p.is_finished() && !p.spec.volumes.is_empty()) {
            for claim in pod.claim_names() {
                users.by_claim.entry((pod.metadata.namespace.arc(), claim)).or_default().push(pod);
            }
        }
        users
    }

    /// The pods that mount that claim.
    pub(super) fn pods(&self, namespace: &str, claim: &str) -> &[&'a Pod] {
        self.by_claim.get(&(namespace.into(), claim.to_owned())).map_or(&[], Vec::as_slice)
    }
}
