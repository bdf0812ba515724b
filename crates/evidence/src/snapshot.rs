//! Everything that was seen at one moment, with its indexes.

mod builder;
mod compare;
mod index;
mod join;
mod table;
mod tally;

pub use builder::{SnapshotBuilder, shift};
pub use compare::Disagreement;
pub use join::Inputs;
pub use table::{HasMeta, Table};

use crate::kube::*;
use crate::log::LogFile;
use crate::node::NodeFacts;
use crate::remark::{Asked, Remark};
use crate::{Gap, Kind, Str, Subject, Uid, Why};
use index::{Index, key_of};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a kind of object was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It was listed; what is not in the list does not exist.
    Listed,
    /// It was not or not fully seen, for that reason; what is not here may exist.
    Missing(Why),
}

/// How the time that the evidence stands for was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenFrom {
    /// The capture, or the tool that wrote it, says it.
    Said,
    /// It is the newest that its records support.
    Records,
}

/// Which container's log, of which run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerLogKey {
    /// Namespace of the pod.
    pub namespace: Str,
    /// Name of the pod.
    pub pod: Str,
    /// Name of the container.
    pub container: Str,
    /// Whether it is the log of the run before the current one.
    pub previous: bool,
}

/// Everything that was seen of a cluster at one moment. Made by [`SnapshotBuilder::finish`], never changed after.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "tables are named after their kind")]
pub struct Snapshot {
    /// The time that the evidence stands for. Signals measure ages against it.
    pub taken_at: Option<Timestamp>,
    /// How that was found.
    pub taken_from: Option<TakenFrom>,
    /// Version of the API server, such as `v1.36.2`.
    pub version: Option<String>,
    /// What `/readyz?verbose` answered.
    pub readyz: Option<String>,
    pub pods: Table<Pod>,
    pub nodes: Table<Node>,
    pub deployments: Table<Workload>,
    pub replica_sets: Table<Workload>,
    pub stateful_sets: Table<Workload>,
    pub daemon_sets: Table<Workload>,
    pub jobs: Table<Workload>,
    pub replication_controllers: Table<Workload>,
    pub cron_jobs: Table<CronJob>,
    pub controller_revisions: Table<ControllerRevision>,
    pub services: Table<Service>,
    pub endpoints: Table<Endpoints>,
    pub endpoint_slices: Table<EndpointSlice>,
    pub ingresses: Table<Ingress>,
    pub ingress_classes: Table<IngressClass>,
    pub network_policies: Table<NetworkPolicy>,
    pub claims: Table<Claim>,
    pub volumes: Table<PersistentVolume>,
    pub storage_classes: Table<StorageClass>,
    pub volume_attachments: Table<VolumeAttachment>,
    pub csi_nodes: Table<CsiNode>,
    pub csi_drivers: Table<CsiDriver>,
    pub config_maps: Table<ConfigMap>,
    pub secrets: Table<SecretName>,
    pub service_accounts: Table<ServiceAccount>,
    pub quotas: Table<ResourceQuota>,
    pub limit_ranges: Table<LimitRange>,
    pub priority_classes: Table<PriorityClass>,
    pub runtime_classes: Table<Bare>,
    pub hpas: Table<Hpa>,
    pub budgets: Table<DisruptionBudget>,
    pub webhooks: Table<WebhookConfiguration>,
    pub api_services: Table<ApiService>,
    pub crds: Table<Crd>,
    pub namespaces: Table<Namespace>,
    pub leases: Table<Lease>,
    /// Objects of kinds that no signal knows.
    pub others: Vec<(Kind, Bare)>,
    /// In order of namespace, name and time.
    pub events: Vec<Event>,
    /// What was read on each node.
    pub node_facts: BTreeMap<Str, NodeFacts>,
    /// Logs of containers.
    pub container_logs: BTreeMap<ContainerLogKey, LogFile>,
    /// Logs of control plane components by name, such as `kube-scheduler`.
    pub component_logs: BTreeMap<Str, LogFile>,
    /// What rules from outside said about whole objects, in order.
    pub remarks: Vec<Remark>,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// What the inputs that this was joined from say differently.
    pub disagreements: Vec<Disagreement>,
    asked: BTreeMap<Str, Asked>,
    access: FxHashMap<Kind, Access>,
    /// Namespaces in which a kind was listed that was not listed everywhere.
    listed_in: FxHashMap<Kind, BTreeSet<Str>>,
    pods_by: PodIndexes,
    /// By kind, namespace and name of what they are about.
    events_by_subject: Index,
    pub(crate) links: crate::relation::Links,
}

/// Pods by what they have in common with others.
#[derive(Debug, Default)]
struct PodIndexes {
    node: Index,
    owner: Index,
    /// By namespace, key and value.
    label: Index,
}

impl Snapshot {
    /// Whether objects of that kind were listed.
    pub fn access(&self, kind: &Kind) -> Access {
        self.access.get(kind).copied().unwrap_or(Access::Missing(Why::NotCollected))
    }

    /// Whether objects of that kind were listed, so that one that is not here does not exist.
    pub fn has(&self, kind: &Kind) -> bool {
        self.access(kind) == Access::Listed
    }

    /// Whether objects of that kind were listed in that namespace, so that one that is not here does not exist there.
    pub fn has_in(&self, kind: &Kind, namespace: &str) -> bool {
        self.has(kind) || self.listed_in.get(kind).is_some_and(|names| names.contains(namespace))
    }

    /// Whether all pods of that namespace were seen, each with all of its fields: one with other labels is not there.
    pub fn sees_pods_of(&self, namespace: &str) -> bool {
        self.has_in(&Kind::Pod, namespace)
            && !self
                .pods
                .in_namespace(namespace)
                .iter()
                .any(|p| p.metadata.is_partial && p.metadata.labels.is_empty())
    }

    /// The namespaces in which a kind was listed that was not listed everywhere.
    pub fn listed_in(&self, kind: &Kind) -> impl Iterator<Item = &Str> {
        self.listed_in.get(kind).into_iter().flatten()
    }

    /// Whether that rule was asked about every object that it wants, so that what it did not remark is not there.
    pub fn was_asked(&self, rule: &str) -> bool {
        self.asked.get(rule).is_some_and(|asked| asked.failed == 0)
    }

    /// How long ago `then` was when the evidence was taken, in seconds; negative for the future.
    pub fn age(&self, then: Option<Timestamp>) -> Option<i64> {
        Some(self.taken_at?.as_second() - then?.as_second())
    }

    /// The pods that run on that node, or ran there last.
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Pod> + use<'a> {
        let pods = || self.pick(self.pods_by.node.get(key_of(&node)));
        let node = pods().map(|p| &p.spec.node_name).find(|name| **name == *node);
        pods().filter(move |p| Some(&p.spec.node_name) == node)
    }

    /// The pods that have that owner.
    pub fn pods_owned_by(&self, owner: Uid) -> impl Iterator<Item = &Pod> {
        let of = move |pod: &&Pod| pod.metadata.controller().is_some_and(|o| o.uid == owner);
        self.pick(self.pods_by.owner.get(key_of(&owner))).filter(of)
    }

    /// The pods of a namespace whose labels hold all of `labels`, which must not be empty.
    pub fn pods_labelled<'a>(
        &'a self,
        namespace: &str,
        labels: &'a crate::Labels,
    ) -> impl Iterator<Item = &'a Pod> {
        let keys = labels.iter().map(|(k, v)| key_of(&(namespace, &**k, &**v)));
        let rarest = keys.min_by_key(|key| self.pods_by.label.count(*key));
        let pods = rarest.into_iter().flat_map(|key| self.pick(self.pods_by.label.get(key)));
        pods.filter(move |pod| pod.metadata.namespace == *namespace && labels.all_in(&pod.metadata.labels))
    }

    /// The events about that object, whatever container they name, oldest first.
    pub fn events_about<'a>(&'a self, subject: &Subject) -> impl Iterator<Item = &'a Event> + use<'a> {
        let key = key_of(&(subject.kind.as_str(), subject.ns(), &*subject.name));
        let events = || self.events_by_subject.get(key).filter_map(|i| self.events.get(i as usize));
        let is = |o: &&ObjectRef| {
            o.name == *subject.name && o.namespace == *subject.ns() && o.kind == *subject.kind.as_str()
        };
        let about = events().map(|e| &e.regarding).find(is);
        let same =
            |a: &ObjectRef, b: &ObjectRef| a.name == b.name && a.namespace == b.namespace && a.kind == b.kind;
        events().filter(move |e| about.is_some_and(|about| same(about, &e.regarding)))
    }

    fn pick(&self, places: impl Iterator<Item = u32>) -> impl Iterator<Item = &Pod> {
        places.filter_map(|i| self.pods.items.get(i as usize))
    }

    /// All workloads but cron jobs, `ReplicaSet`s of Deployments included.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        let tables = [
            &self.deployments,
            &self.replica_sets,
            &self.stateful_sets,
            &self.daemon_sets,
            &self.jobs,
            &self.replication_controllers,
        ];
        tables.into_iter().flat_map(|t| t.items.iter())
    }

    /// The workload of that kind, namespace and name.
    pub fn workload(&self, subject: &Subject) -> Option<&Workload> {
        let table = match subject.kind {
            Kind::Deployment => &self.deployments,
            Kind::ReplicaSet => &self.replica_sets,
            Kind::StatefulSet => &self.stateful_sets,
            Kind::DaemonSet => &self.daemon_sets,
            Kind::Job => &self.jobs,
            Kind::ReplicationController => &self.replication_controllers,
            _ => return None,
        };
        table.get(subject.ns(), &subject.name)
    }

    /// The pod of that namespace and name.
    pub fn pod(&self, subject: &Subject) -> Option<&Pod> {
        (subject.kind == Kind::Pod).then(|| self.pods.get(subject.ns(), &subject.name)).flatten()
    }

    /// The objects that made this one, nearest first: `ReplicaSet`, Deployment. At most four steps. An owner that is
    /// not in the evidence still counts: its name stands in the reference.
    pub fn owners(&self, meta: &Meta) -> Vec<Subject> {
        let mut chain = Vec::new();
        let mut owner = meta.controller();
        while let Some(found) = owner {
            let kind = Kind::from_name(&found.kind);
            if !kind.is_workload() || chain.len() >= 4 {
                break;
            }
            let subject = Subject::new(kind, &meta.namespace, &found.name);
            owner = self.workload(&subject).and_then(|w| w.metadata.controller());
            chain.push(subject);
        }
        if let [Subject { kind: Kind::ReplicaSet, name, .. }] = chain.as_slice()
            && !self.has_in(&Kind::ReplicaSet, &meta.namespace)
            && let Some(hash) = meta.labels.get("pod-template-hash")
            && let Some(deployment) = name.strip_suffix(hash).and_then(|n| n.strip_suffix('-'))
        {
            chain.push(Subject::new(Kind::Deployment, &meta.namespace, deployment));
        }
        chain
    }

    /// The workload that a person would name: the last of [`Self::owners`], or the object itself.
    pub fn top_owner(&self, subject: &Subject) -> Subject {
        let meta = match &subject.kind {
            Kind::Pod => self.pod(subject).map(|p| &p.metadata),
            _ => self.workload(subject).map(|w| &w.metadata),
        };
        let top = meta.and_then(|m| self.owners(m).pop()).unwrap_or_else(|| subject.object());
        Subject { container: subject.container.clone(), ..top }
    }

    /// A container's log; `None` where it was not collected or could not be retrieved.
    pub fn container_log(&self, pod: &Subject, container: &str, previous: bool) -> Option<&LogFile> {
        let key = ContainerLogKey {
            namespace: pod.ns().into(),
            pod: pod.name.clone(),
            container: container.into(),
            previous,
        };
        self.container_logs.get(&key).filter(|log| log.unavailable.is_none())
    }

    /// How many objects were read, events included.
    pub fn object_count(&self) -> usize {
        self.pods.items.len()
            + self.nodes.items.len()
            + self.workloads().count()
            + self.services.items.len()
            + self.config_maps.items.len()
            + self.claims.items.len()
            + self.events.len()
            + self.others.len()
    }
}

impl Snapshot {
    /// A pod's or workload's owners, nearest first, and the subject itself where it is a workload.
    pub fn owners_of(&self, subject: &Subject) -> Vec<Subject> {
        let meta = match &subject.kind {
            Kind::Pod => self.pod(subject).map(|p| &p.metadata),
            _ => self.workload(subject).map(|w| &w.metadata),
        };
        let own = subject.kind.is_workload().then(|| subject.object());
        own.into_iter().chain(meta.map(|m| self.owners(m)).unwrap_or_default()).collect()
    }
}

impl Snapshot {
    /// What people and their tools changed on that object after it was made. Empty for kinds whose changes break nothing, and
    /// where `managedFields` were not collected.
    pub fn edits(&self, subject: &Subject) -> &[Edit] {
        fn of<'s, T: HasMeta>(table: &'s Table<T>, subject: &Subject) -> &'s [Edit] {
            table.get(subject.ns(), &subject.name).map_or(&[], |o| &o.meta().edits.0)
        }
        match &subject.kind {
            Kind::Node => of(&self.nodes, subject),
            Kind::Deployment => of(&self.deployments, subject),
            Kind::StatefulSet => of(&self.stateful_sets, subject),
            Kind::DaemonSet => of(&self.daemon_sets, subject),
            Kind::CronJob => of(&self.cron_jobs, subject),
            Kind::ReplicationController => of(&self.replication_controllers, subject),
            Kind::Service => of(&self.services, subject),
            Kind::Ingress => of(&self.ingresses, subject),
            Kind::NetworkPolicy => of(&self.network_policies, subject),
            Kind::ConfigMap => of(&self.config_maps, subject),
            Kind::ResourceQuota => of(&self.quotas, subject),
            Kind::LimitRange => of(&self.limit_ranges, subject),
            Kind::HorizontalPodAutoscaler => of(&self.hpas, subject),
            Kind::PodDisruptionBudget => of(&self.budgets, subject),
            Kind::APIService => of(&self.api_services, subject),
            _ => &[],
        }
    }
}

impl Snapshot {
    /// All objects of that kind, as subjects. Empty for kinds that have no table.
    pub fn names_of(&self, kind: &Kind) -> Vec<Subject> {
        fn all<T: HasMeta>(table: &Table<T>, kind: &Kind) -> Vec<Subject> {
            table.items.iter().map(|o| o.meta().subject(kind.clone())).collect()
        }
        match kind {
            Kind::Pod => all(&self.pods, kind),
            Kind::Node => all(&self.nodes, kind),
            Kind::Namespace => all(&self.namespaces, kind),
            Kind::Deployment => all(&self.deployments, kind),
            Kind::ReplicaSet => all(&self.replica_sets, kind),
            Kind::StatefulSet => all(&self.stateful_sets, kind),
            Kind::DaemonSet => all(&self.daemon_sets, kind),
            Kind::Job => all(&self.jobs, kind),
            Kind::CronJob => all(&self.cron_jobs, kind),
            Kind::ReplicationController => all(&self.replication_controllers, kind),
            Kind::Service => all(&self.services, kind),
            Kind::Ingress => all(&self.ingresses, kind),
            Kind::PersistentVolumeClaim => all(&self.claims, kind),
            Kind::PersistentVolume => all(&self.volumes, kind),
            Kind::HorizontalPodAutoscaler => all(&self.hpas, kind),
            Kind::PodDisruptionBudget => all(&self.budgets, kind),
            Kind::APIService => all(&self.api_services, kind),
            Kind::ConfigMap => all(&self.config_maps, kind),
            Kind::ServiceAccount => all(&self.service_accounts, kind),
            Kind::ResourceQuota => all(&self.quotas, kind),
            _ => Vec::new(),
        }
    }
}
