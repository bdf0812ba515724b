//! Everything that makes pods, in one shape.

use super::meta::{Condition, Meta, Selector};
use super::pod::PodTemplate;
use crate::de::{self, Labels, List, Sym};
use jiff::Timestamp;
use kubecause_model::{Kind, Subject};
use serde::Deserialize;

/// A Deployment, `ReplicaSet`, `StatefulSet`, `DaemonSet`, Job or `ReplicationController`. The fields are the union of
/// theirs; those that a kind does not have stay at their default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Workload {
    #[serde(skip)]
    pub kind: WorkloadKind,
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: WorkloadSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WorkloadKind {
    #[default]
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    ReplicationController,
}

impl WorkloadKind {
    pub fn kind(self) -> Kind {
        match self {
            Self::Deployment => Kind::Deployment,
            Self::ReplicaSet => Kind::ReplicaSet,
            Self::StatefulSet => Kind::StatefulSet,
            Self::DaemonSet => Kind::DaemonSet,
            Self::Job => Kind::Job,
            Self::ReplicationController => Kind::ReplicationController,
        }
    }
}

impl Workload {
    pub fn subject(&self) -> Subject {
        self.metadata.subject(self.kind.kind())
    }

    /// How many pods are wanted. One where a kind that has the field leaves it out.
    pub fn wanted(&self) -> i64 {
        match self.kind {
            WorkloadKind::DaemonSet => self.status.desired_number_scheduled,
            WorkloadKind::Job => self.spec.parallelism.or(self.spec.completions).unwrap_or(1),
            _ => self.spec.replicas.unwrap_or(1),
        }
    }

    /// How many pods serve now. Where only the number of those that run was seen, no more than these can.
    pub fn available(&self) -> i64 {
        let status = &self.status;
        match self.kind {
            WorkloadKind::DaemonSet => status.number_ready.unwrap_or(status.number_available),
            WorkloadKind::StatefulSet => status.ready_replicas.or(status.running_pods).unwrap_or_default(),
            _ => status.available_replicas.or(status.running_pods).unwrap_or_default().max(0),
        }
    }

    /// The labels that select its pods. A `ReplicationController` has a bare map, read into `match_labels`.
    pub fn selector(&self) -> &Selector {
        &self.spec.selector.0
    }

    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        super::meta::condition(&self.status.conditions, kind)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadSpec {
    pub replicas: Option<i64>,
    pub selector: AnySelector,
    #[serde(deserialize_with = "de::nullable")]
    pub template: PodTemplate,
    pub paused: bool,
    pub suspend: bool,
    pub service_name: Sym,
    pub pod_management_policy: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub update_strategy: UpdateStrategy,
    pub progress_deadline_seconds: Option<i64>,
    pub parallelism: Option<i64>,
    pub completions: Option<i64>,
    pub backoff_limit: Option<i64>,
    pub active_deadline_seconds: Option<i64>,
    pub volume_claim_templates: List<ClaimTemplate>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimTemplate {
    pub metadata: Meta,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateStrategy {
    #[serde(rename = "type")]
    pub kind: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub rolling_update: RollingUpdate,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdate {
    pub partition: Option<i64>,
}

/// A label selector, or the bare map of a `ReplicationController`.
#[derive(Debug, Clone, Default)]
pub struct AnySelector(pub Selector);

impl<'de> Deserialize<'de> for AnySelector {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Full(FullSelector),
            Bare(Labels),
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct FullSelector {
            #[serde(default)]
            match_labels: Labels,
            #[serde(default)]
            match_expressions: List<super::meta::Requirement>,
        }
        Ok(Self(match Option::<Form>::deserialize(deserializer)? {
            Some(Form::Full(f)) => {
                Selector { match_labels: f.match_labels, match_expressions: f.match_expressions }
            }
            Some(Form::Bare(match_labels)) => Selector { match_labels, ..Selector::default() },
            None => Selector::default(),
        }))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadStatus {
    pub observed_generation: Option<i64>,
    pub replicas: i64,
    pub ready_replicas: Option<i64>,
    pub available_replicas: Option<i64>,
    pub updated_replicas: i64,
    pub unavailable_replicas: i64,
    pub current_revision: Sym,
    pub update_revision: Sym,
    pub desired_number_scheduled: i64,
    pub current_number_scheduled: i64,
    pub number_ready: Option<i64>,
    pub number_available: i64,
    pub number_unavailable: i64,
    pub updated_number_scheduled: i64,
    /// Not of the API: `kubectl describe` counts the pods that run where it does not say how many are ready.
    pub running_pods: Option<i64>,
    pub active: i64,
    pub succeeded: i64,
    pub failed: i64,
    #[serde(deserialize_with = "de::time")]
    pub start_time: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    pub completion_time: Option<Timestamp>,
    pub conditions: List<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CronJob {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: CronJobSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: CronJobStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CronJobSpec {
    pub schedule: Sym,
    pub time_zone: Sym,
    pub suspend: bool,
    pub concurrency_policy: Sym,
    pub starting_deadline_seconds: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CronJobStatus {
    #[serde(deserialize_with = "de::time")]
    pub last_schedule_time: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    pub last_successful_time: Option<Timestamp>,
    pub active: List<super::meta::ObjectRef>,
}

/// A stored revision of a `StatefulSet` or `DaemonSet`; only its order and age are read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ControllerRevision {
    pub metadata: Meta,
    pub revision: i64,
    #[serde(deserialize_with = "de::nullable")]
    pub data: RevisionData,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RevisionData {
    #[serde(deserialize_with = "de::nullable")]
    pub spec: RevisionSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RevisionSpec {
    #[serde(deserialize_with = "de::nullable")]
    pub template: PodTemplate,
}

/// A revision of a workload: its number, when it was made, and its template.
pub type Revision<'a> = (i64, Option<Timestamp>, &'a PodTemplate);

/// Evidence that knows the revisions of workloads, oldest first.
pub trait HasRevisions {
    /// The `ReplicaSet`s of a Deployment.
    fn replica_set_revisions(&self, deployment: &Subject) -> Vec<Revision<'_>>;
    /// The stored revisions of a `StatefulSet` or `DaemonSet`.
    fn controller_revisions_of(&self, workload: &Subject) -> Vec<Revision<'_>>;
}

impl HasRevisions for crate::Snapshot {
    fn replica_set_revisions(&self, deployment: &Subject) -> Vec<Revision<'_>> {
        let owned = self.replica_sets.in_namespace(deployment.ns()).iter().filter(|rs| {
            rs.metadata.controller().is_some_and(|o| *o.name == *deployment.name && o.kind == "Deployment")
        });
        let number = |rs: &Workload| {
            rs.metadata.annotations.get("deployment.kubernetes.io/revision").and_then(|r| r.parse().ok())
        };
        let mut all: Vec<Revision<'_>> = owned
            .filter_map(|rs| Some((number(rs)?, rs.metadata.creation_timestamp, &rs.spec.template)))
            .collect();
        all.sort_by_key(|r| r.0);
        all
    }

    fn controller_revisions_of(&self, workload: &Subject) -> Vec<Revision<'_>> {
        let owned = self.controller_revisions.in_namespace(workload.ns()).iter().filter(|r| {
            r.metadata
                .controller()
                .is_some_and(|o| *o.name == *workload.name && o.kind == workload.kind.as_str())
        });
        let mut all: Vec<Revision<'_>> =
            owned.map(|r| (r.revision, r.metadata.creation_timestamp, &r.data.spec.template)).collect();
        all.sort_by_key(|r| r.0);
        all
    }
}
