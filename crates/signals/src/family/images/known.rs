//! The images that the nodes hold: what shows that a repository exists, and which name was probably meant.

use super::reference::Reference;
use crate::family::config_refs::near;
use kubecause_evidence::Snapshot;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Tags by repository, of all images that any node reports.
#[derive(Debug, Default)]
pub(super) struct Known {
    tags: FxHashMap<(String, String), BTreeSet<String>>,
}

impl Known {
    /// Reads the images of all nodes. Kubelet reports the fifty largest only, so what is absent here may exist.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for node in snapshot.nodes.all() {
            names.extend(node.status.images.iter().flat_map(|i| i.names.iter()).map(|n| n.as_str()));
        }
        let mut known = Self::default();
        for name in names.into_iter().filter(|n| !n.contains("@sha256:") && !n.contains("<none>")) {
            let r = Reference::parse(name);
            known.tags.entry((r.registry, r.repository)).or_default().insert(r.tag);
        }
        known
    }

    /// Whether some node holds an image of that repository, under any tag.
    pub(super) fn has_repository(&self, image: &Reference) -> bool {
        self.tags.contains_key(&(image.registry.clone(), image.repository.clone()))
    }

    /// An image that exists and was probably meant: another tag of the repository, or a repository of the same
    /// registry whose name is a slip away.
    pub(super) fn near(&self, image: &Reference) -> Option<String> {
        let key = (image.registry.clone(), image.repository.clone());
        if let Some(tags) = self.tags.get(&key) {
            let tag = near(&image.tag, tags.iter().map(String::as_str))
                .or_else(|| tags.last().map(String::as_str))?;
            return Some(format!("{}/{}:{tag}", image.registry, image.repository));
        }
        let same = self.tags.keys().filter(|(registry, _)| *registry == image.registry);
        let found = near(&image.repository, same.map(|(_, repository)| repository.as_str()))?;
        let tags = self.tags.get(&(image.registry.clone(), found.to_owned()))?;
        let tag = tags.get(&image.tag).or_else(|| tags.last())?;
        Some(format!("{}/{found}:{tag}", image.registry))
    }
}
