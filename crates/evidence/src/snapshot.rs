//! Everything that was seen at one moment, with its indexes.

use crate::ingest::Ingest;
use crate::kube::*;
use crate::log::LogFile;
use crate::node::NodeFacts;
use crate::{Gap, Kind, Str, Subject, Uid, Why};
use jiff::{Timestamp, ToSpan};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Whether a kind of object was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It was listed; what is not in the list does not exist.
    Listed,
    /// It was not or not fully seen, for that reason; what is not here may exist.
    Missing(Why),
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

/// Objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub struct Table<T> {
    items: Vec<T>,
    by_name: FxHashMap<(Str, Str), u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_name: FxHashMap::default() }
    }
}

impl<T: HasMeta> Table<T> {
    fn seal(&mut self) {
        self.items.sort_by(|a, b| {
            let key = |o: &T| {
                let m = o.meta();
                (m.namespace.clone(), m.name.clone(), m.deletion_timestamp, m.uid)
            };
            key(a).cmp(&key(b))
        });
        self.items.dedup_by(|b, a| {
            let (x, y) = (a.meta(), b.meta());
            x.namespace == y.namespace && x.name == y.name && (x.uid == y.uid || x.uid.is_none() || y.uid.is_none())
        });
        let pairs = self.items.iter().enumerate();
        self.by_name = pairs
            .map(|(i, o)| ((o.meta().namespace.arc(), o.meta().name.arc()), u32::try_from(i).unwrap_or(u32::MAX)))
            .collect();
    }

    fn index(&self, namespace: &Str, name: &Str) -> Option<usize> {
        self.by_name.get(&(namespace.clone(), name.clone())).map(|i| *i as usize)
    }

    /// The object of that namespace (empty for cluster-wide kinds) and name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.items.get(self.index(&namespace.into(), &name.into())?)
    }

    /// All objects.
    pub fn all(&self) -> &[T] {
        &self.items
    }

    /// All objects of a namespace.
    pub fn in_namespace(&self, namespace: &str) -> &[T] {
        let start = self.items.partition_point(|o| o.meta().namespace.as_str() < namespace);
        let rest = self.items.get(start..).unwrap_or_default();
        let len = rest.partition_point(|o| o.meta().namespace.as_str() == namespace);
        rest.get(..len).unwrap_or_default()
    }
}

/// Objects that carry metadata.
pub trait HasMeta {
    /// The object's metadata.
    fn meta(&self) -> &Meta;
    /// The object's metadata, to trim it.
    fn meta_mut(&mut self) -> &mut Meta;
}

/// Implements [`HasMeta`] for types whose field is called `metadata`.
macro_rules! has_meta {
    ($($ty:ty),* $(,)?) => { $(impl HasMeta for $ty {
        fn meta(&self) -> &Meta { &self.metadata }
        fn meta_mut(&mut self) -> &mut Meta { &mut self.metadata }
    })* };
}
has_meta!(
    Pod, Node, Workload, CronJob, ControllerRevision, Service, Endpoints, EndpointSlice, Ingress, IngressClass,
    NetworkPolicy, Claim, PersistentVolume, StorageClass, VolumeAttachment, CsiNode, CsiDriver, ConfigMap, SecretName,
    ServiceAccount, ResourceQuota, LimitRange, PriorityClass, Bare, Hpa, DisruptionBudget, WebhookConfiguration,
    ApiService, Crd, Namespace, Lease,
);

/// Everything that was seen of a cluster at one moment. Made by [`SnapshotBuilder::finish`], never changed after.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "tables are named after their kind")]
pub struct Snapshot {
    /// The time that the evidence stands for. Signals measure ages against it.
    pub taken_at: Option<Timestamp>,
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
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    access: FxHashMap<Kind, Access>,
    pods_by_node: FxHashMap<Str, Vec<u32>>,
    pods_by_owner: FxHashMap<Uid, Vec<u32>>,
    pods_by_label: FxHashMap<(Str, Str, Str), Vec<u32>>,
    events_by_subject: FxHashMap<Subject, Vec<u32>>,
    pub(crate) links: crate::relation::Links,
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

    /// How long ago `then` was when the evidence was taken, in seconds; negative for the future.
    pub fn age(&self, then: Option<Timestamp>) -> Option<i64> {
        Some(self.taken_at?.as_second() - then?.as_second())
    }

    /// The pods that run on that node, or ran there last.
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.pick(self.pods_by_node.get(node))
    }

    /// The pods that have that owner.
    pub fn pods_owned_by(&self, owner: Uid) -> impl Iterator<Item = &Pod> {
        self.pick(self.pods_by_owner.get(&owner))
    }

    /// The pods of a namespace whose labels hold all of `labels`, which must not be empty.
    pub fn pods_labelled<'a>(&'a self, namespace: &str, labels: &'a crate::Labels) -> impl Iterator<Item = &'a Pod> {
        let ns: Str = namespace.into();
        let rarest = labels
            .iter()
            .map(|(k, v)| self.pods_by_label.get(&(ns.clone(), k.arc(), v.arc())))
            .min_by_key(|found| found.map_or(0, Vec::len))
            .flatten();
        self.pick(rarest).filter(|pod| labels.all_in(&pod.metadata.labels))
    }

    /// The events about that object, whatever container they name, oldest first.
    pub fn events_about<'a>(&'a self, subject: &Subject) -> impl Iterator<Item = &'a Event> + use<'a> {
        let found = self.events_by_subject.get(&subject.object());
        found.into_iter().flatten().filter_map(|i| self.events.get(*i as usize))
    }

    fn pick<'a>(&'a self, indexes: Option<&'a Vec<u32>>) -> impl Iterator<Item = &'a Pod> + use<'a> {
        indexes.into_iter().flatten().filter_map(|i| self.pods.items.get(*i as usize))
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
            && !self.has(&Kind::ReplicaSet)
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

/// Collects evidence in any order and makes a [`Snapshot`] of it.
#[derive(Debug, Default)]
pub struct SnapshotBuilder {
    snapshot: Snapshot,
    said_taken_at: Option<Timestamp>,
}

impl SnapshotBuilder {
    /// Adds an object, and with it says nothing about whether its kind was fully listed.
    pub fn push(&mut self, object: Ingest) {
        fn put<T: HasMeta>(table: &mut Table<T>, mut object: T) {
            object.meta_mut().trim();
            table.items.push(object);
        }
        let s = &mut self.snapshot;
        match object {
            Ingest::Pod(o) => put(&mut s.pods, o),
            Ingest::Node(o) => put(&mut s.nodes, o),
            Ingest::Event(o) => s.events.push(o),
            Ingest::Workload(o) => {
                let table = match o.kind {
                    WorkloadKind::Deployment => &mut s.deployments,
                    WorkloadKind::ReplicaSet => &mut s.replica_sets,
                    WorkloadKind::StatefulSet => &mut s.stateful_sets,
                    WorkloadKind::DaemonSet => &mut s.daemon_sets,
                    WorkloadKind::Job => &mut s.jobs,
                    WorkloadKind::ReplicationController => &mut s.replication_controllers,
                };
                put(table, o);
            }
            Ingest::CronJob(o) => put(&mut s.cron_jobs, o),
            Ingest::ControllerRevision(o) => put(&mut s.controller_revisions, o),
            Ingest::Service(o) => put(&mut s.services, o),
            Ingest::Endpoints(o) => put(&mut s.endpoints, o),
            Ingest::EndpointSlice(o) => put(&mut s.endpoint_slices, o),
            Ingest::Ingress(o) => put(&mut s.ingresses, o),
            Ingest::IngressClass(o) => put(&mut s.ingress_classes, o),
            Ingest::NetworkPolicy(o) => put(&mut s.network_policies, o),
            Ingest::Claim(o) => put(&mut s.claims, o),
            Ingest::Volume(o) => put(&mut s.volumes, o),
            Ingest::StorageClass(o) => put(&mut s.storage_classes, o),
            Ingest::VolumeAttachment(o) => put(&mut s.volume_attachments, o),
            Ingest::CsiNode(o) => put(&mut s.csi_nodes, o),
            Ingest::CsiDriver(o) => put(&mut s.csi_drivers, o),
            Ingest::ConfigMap(o) => put(&mut s.config_maps, o),
            Ingest::Secret(o) => put(&mut s.secrets, o),
            Ingest::ServiceAccount(o) => put(&mut s.service_accounts, o),
            Ingest::ResourceQuota(o) => put(&mut s.quotas, o),
            Ingest::LimitRange(o) => put(&mut s.limit_ranges, o),
            Ingest::PriorityClass(o) => put(&mut s.priority_classes, o),
            Ingest::RuntimeClass(o) => put(&mut s.runtime_classes, o),
            Ingest::Hpa(o) => put(&mut s.hpas, o),
            Ingest::DisruptionBudget(o) => put(&mut s.budgets, o),
            Ingest::Webhook(o) => put(&mut s.webhooks, o),
            Ingest::ApiService(o) => put(&mut s.api_services, o),
            Ingest::Crd(o) => put(&mut s.crds, o),
            Ingest::Namespace(o) => put(&mut s.namespaces, o),
            Ingest::Lease(o) => put(&mut s.leases, o),
            Ingest::Other(kind, mut o) => {
                o.metadata.trim();
                s.others.push((kind, o));
            }
        }
    }

    /// Says whether a kind was listed. A kind once missing stays missing: part of it was not seen.
    pub fn access(&mut self, kind: Kind, access: Access) {
        let slot = self.snapshot.access.entry(kind).or_insert(access);
        if access != Access::Listed {
            *slot = access;
        }
    }

    /// Adds a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.snapshot.gaps.push(gap);
    }

    /// What is known of that node from its own files.
    pub fn node(&mut self, name: &str) -> &mut NodeFacts {
        self.snapshot.node_facts.entry(name.into()).or_default()
    }

    /// Adds a container's log.
    pub fn container_log(&mut self, key: ContainerLogKey, log: LogFile) {
        self.snapshot.container_logs.insert(key, log);
    }

    /// Adds the log of a control plane component.
    pub fn component_log(&mut self, component: &str, log: LogFile) {
        self.snapshot.component_logs.insert(component.into(), log);
    }

    /// Says the version of the API server.
    pub fn version(&mut self, version: impl Into<String>) {
        self.snapshot.version = Some(version.into());
    }

    /// Says what `/readyz?verbose` answered.
    pub fn readyz(&mut self, answer: impl Into<String>) {
        self.snapshot.readyz = Some(answer.into());
    }

    /// Says when the evidence was taken.
    pub fn taken_at(&mut self, at: Option<Timestamp>) {
        self.said_taken_at = at.or(self.said_taken_at);
    }

    /// Sorts, removes duplicates, builds the indexes.
    pub fn finish(self) -> Snapshot {
        let mut s = self.snapshot;
        seal_all(&mut s);
        s.events.sort_by(|a, b| {
            (&a.namespace, a.first, &a.name, &a.message).cmp(&(&b.namespace, b.first, &b.name, &b.message))
        });
        s.events.dedup_by(|b, a| a.name == b.name && a.namespace == b.namespace && !a.name.is_empty());
        s.others.sort_by(|a, b| {
            (&a.0, &a.1.metadata.namespace, &a.1.metadata.name).cmp(&(
                &b.0,
                &b.1.metadata.namespace,
                &b.1.metadata.name,
            ))
        });
        s.gaps.sort();
        s.gaps.dedup();
        s.taken_at = self.said_taken_at.or_else(|| supported_time(&s));
        index(&mut s);
        s.links = crate::relation::Links::new(&s);
        let taken_at = s.taken_at;
        for facts in s.node_facts.values_mut() {
            let booted_at = facts.booted_at(taken_at);
            for log in &mut facts.logs {
                log.anchor(taken_at);
                log.anchor_boot(booted_at);
            }
        }
        s.component_logs.values_mut().chain(s.container_logs.values_mut()).for_each(|l| l.anchor(taken_at));
        s
    }
}

fn seal_all(s: &mut Snapshot) {
    s.pods.seal();
    s.nodes.seal();
    for table in [
        &mut s.deployments,
        &mut s.replica_sets,
        &mut s.stateful_sets,
        &mut s.daemon_sets,
        &mut s.jobs,
        &mut s.replication_controllers,
    ] {
        table.seal();
    }
    s.cron_jobs.seal();
    s.controller_revisions.seal();
    s.services.seal();
    s.endpoints.seal();
    s.endpoint_slices.seal();
    s.ingresses.seal();
    s.ingress_classes.seal();
    s.network_policies.seal();
    s.claims.seal();
    s.volumes.seal();
    s.storage_classes.seal();
    s.volume_attachments.seal();
    s.csi_nodes.seal();
    s.csi_drivers.seal();
    s.config_maps.seal();
    s.secrets.seal();
    s.service_accounts.seal();
    s.quotas.seal();
    s.limit_ranges.seal();
    s.priority_classes.seal();
    s.runtime_classes.seal();
    s.hpas.seal();
    s.budgets.seal();
    s.webhooks.seal();
    s.api_services.seal();
    s.crds.seal();
    s.namespaces.seal();
    s.leases.seal();
}

fn index(s: &mut Snapshot) {
    for (i, pod) in s.pods.items.iter().enumerate() {
        let i = u32::try_from(i).unwrap_or(u32::MAX);
        let meta = &pod.metadata;
        if pod.is_scheduled() {
            s.pods_by_node.entry(pod.spec.node_name.arc()).or_default().push(i);
        }
        if let Some(owner) = meta.controller() {
            s.pods_by_owner.entry(owner.uid).or_default().push(i);
        }
        for (k, v) in meta.labels.iter() {
            s.pods_by_label.entry((meta.namespace.arc(), k.arc(), v.arc())).or_default().push(i);
        }
    }
    for (i, event) in s.events.iter().enumerate() {
        let subject = event.regarding.subject().object();
        s.events_by_subject.entry(subject).or_default().push(u32::try_from(i).unwrap_or(u32::MAX));
    }
}

/// The newest time that two independent kinds of record support, within ten minutes of each other; the newest of
/// all where there is only one kind. One skewed clock does not decide.
fn supported_time(s: &Snapshot) -> Option<Timestamp> {
    let conditions = |pod: &Pod| pod.status.conditions.iter().filter_map(|c| c.last_transition_time).max();
    let heartbeats = |node: &Node| node.status.conditions.iter().filter_map(|c| c.last_heartbeat_time).max();
    let mut newest: Vec<Timestamp> = [
        s.events.iter().filter_map(|e| e.last).max(),
        s.leases.items.iter().filter_map(|l| l.spec.renew_time).max(),
        s.nodes.items.iter().filter_map(heartbeats).max(),
        s.pods.items.iter().filter_map(conditions).max(),
        s.pods.items.iter().filter_map(|p| p.metadata.creation_timestamp).max(),
    ]
    .into_iter()
    .flatten()
    .collect();
    newest.sort_by(|a, b| b.cmp(a));
    let near = |pair: &&[Timestamp]| matches!(pair, [a, b] if a.duration_since(*b).as_secs() <= 600);
    newest.windows(2).find(near).and_then(<[_]>::first).or(newest.first()).copied()
}

/// `time` moved by that many seconds; itself where that leaves the calendar.
pub fn shift(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(seconds.seconds()).unwrap_or(time)
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
