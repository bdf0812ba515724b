//! What two inputs may say differently of one object, and how the row of a table completes what an older input shows in full.

use super::table::HasMeta;
use crate::kube::*;
use crate::{Str, Subject};

/// What two inputs say differently.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    /// The object; the cluster, where the inputs are of different ones.
    pub subject: Subject,
    /// What is different: the name of a field, `uid` where the object was made anew.
    pub field: &'static str,
    /// What the newer input says, and what that input is called.
    pub newer: (String, Str),
    /// What the older says.
    pub older: (String, Str),
}

fn word(yes: bool) -> String {
    if yes { "True" } else { "False" }.to_owned()
}

impl HasMeta for Pod {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.metadata
    }

    fn shown(&self) -> Vec<(&'static str, String)> {
        vec![
            ("phase", self.status.phase.to_string()),
            ("Ready", word(self.is_ready())),
            ("nodeName", self.spec.node_name.to_string()),
        ]
    }

    /// A row's containers have no names, so that its status counts only where the fuller one is not true any more.
    fn take_row(&mut self, row: &Self) {
        let ready = |p: &Self| condition(&p.status.conditions, "Ready").map(Condition::is_true);
        let says = !row.status.phase.is_empty();
        let waits = |p: &Self, reason: &str| {
            p.statuses().any(|(_, s)| s.state.waiting.as_ref().is_some_and(|w| w.reason == *reason))
        };
        let shown = |(_, s): (bool, &ContainerStatus)| s.state.waiting.as_ref().map(|w| w.reason.clone());
        let differs = row.status.phase != self.status.phase
            || ready(row).is_some_and(|r| ready(self).is_some_and(|s| s != r))
            || row.statuses().filter_map(shown).any(|reason| !reason.is_empty() && !waits(self, &reason));
        if says && differs {
            self.status = row.status.clone();
        }
        if !row.spec.node_name.is_empty() {
            self.spec.node_name = row.spec.node_name.clone();
        }
        self.metadata.deletion_timestamp =
            row.metadata.deletion_timestamp.or(self.metadata.deletion_timestamp);
    }
}

impl HasMeta for Node {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.metadata
    }

    fn shown(&self) -> Vec<(&'static str, String)> {
        let status = self.condition("Ready").map(|c| c.status.to_string()).unwrap_or_default();
        vec![("Ready", status), ("unschedulable", self.spec.unschedulable.to_string())]
    }

    fn take_row(&mut self, row: &Self) {
        let Some(ready) = row.condition("Ready") else { return };
        self.spec.unschedulable = row.spec.unschedulable;
        // A row does not tell False from Unknown, nor since when.
        if self.is_ready() != ready.is_true() {
            let others = self.status.conditions.iter().filter(|c| c.kind != ready.kind).cloned();
            self.status.conditions = others.chain([ready.clone()]).collect::<Vec<_>>().into();
        }
    }
}

impl HasMeta for Workload {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.metadata
    }

    fn shown(&self) -> Vec<(&'static str, String)> {
        vec![("replicas", self.wanted().to_string()), ("available", self.available().to_string())]
    }

    fn take_row(&mut self, row: &Self) {
        if row.wanted() != self.wanted() || row.available() != self.available() {
            self.status = row.status.clone();
            self.spec.replicas = row.spec.replicas.or(self.spec.replicas);
            self.spec.completions = row.spec.completions.or(self.spec.completions);
        }
    }
}
