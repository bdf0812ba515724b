//! Makes a Snapshot: takes evidence in any order, sorts it, removes duplicates, builds the indexes.

use super::index::{Index, key_of, sort_large};
use super::table::{HasMeta, Table};
use super::tally::tables;
use super::{Access, ContainerLogKey, PodIndexes, Snapshot, TakenFrom};
use crate::ingest::Ingest;
use crate::kube::*;
use crate::log::LogFile;
use crate::node::NodeFacts;
use crate::remark::Remarks;
use crate::{Gap, Kind, Str, Why};
use jiff::{SignedDuration, Timestamp};

/// Collects evidence in any order and makes a [`Snapshot`] of it.
#[derive(Debug, Default)]
pub struct SnapshotBuilder {
    snapshot: Snapshot,
    said_taken_at: Option<Timestamp>,
}

impl From<Snapshot> for SnapshotBuilder {
    /// Goes on from what is known, so that later evidence joins it. The indexes are built anew by [`Self::finish`].
    fn from(snapshot: Snapshot) -> Self {
        let said_taken_at = snapshot.taken_at;
        let snapshot = Snapshot {
            pods_by: PodIndexes::default(),
            events_by_subject: Index::default(),
            links: crate::relation::Links::default(),
            ..snapshot
        };
        Self { snapshot, said_taken_at }
    }
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

    /// Adds what another collected: its objects behind the own ones, what rules said about them, and its gaps.
    pub fn absorb(&mut self, other: Self) {
        let (s, o) = (&mut self.snapshot, other.snapshot);
        macro_rules! append {
            ($($field:ident: $kind:ident),* $(,)?) => { $(s.$field.items.extend(o.$field.items);)* };
        }
        tables!(append);
        s.webhooks.items.extend(o.webhooks.items);
        s.events.extend(o.events);
        s.others.extend(o.others);
        s.remarks.extend(o.remarks);
        s.gaps.extend(o.gaps);
        for (rule, asked) in o.asked {
            s.asked.entry(rule).or_default().join(asked);
        }
    }

    /// Says whether a kind was listed. A kind once missing stays missing: part of it was not seen.
    pub fn access(&mut self, kind: Kind, access: Access) {
        let slot = self.snapshot.access.entry(kind).or_insert(access);
        if access != Access::Listed {
            *slot = access;
        }
    }

    /// Says that a kind was listed in one namespace, and with it says nothing about the others.
    pub fn listed_in(&mut self, kind: Kind, namespace: &str) {
        self.snapshot.listed_in.entry(kind).or_default().insert(namespace.into());
    }

    /// The namespaces that were listed so far.
    pub fn names_of_namespaces(&self) -> impl Iterator<Item = String> + use<'_> {
        self.snapshot.namespaces.all().iter().map(|n| n.metadata.name.to_string())
    }

    /// Adds a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.snapshot.gaps.push(gap);
    }

    /// Says that these rules are asked about the objects that are read.
    pub fn asked(&mut self, rules: impl IntoIterator<Item = Str>) {
        for rule in rules {
            self.snapshot.asked.entry(rule).or_default();
        }
    }

    /// Adds what rules said about an object.
    pub fn remarks(&mut self, remarks: Remarks) {
        self.snapshot.remarks.extend(remarks.hold);
        for failure in remarks.failed {
            self.snapshot.asked.entry(failure.rule).or_default().fail(failure.subject, failure.says);
        }
    }

    /// What is known of that node from its own files.
    pub fn node(&mut self, name: &str) -> &mut NodeFacts {
        self.snapshot.node_facts.entry(name.into()).or_default()
    }

    /// The nodes of which something is known from their own files.
    pub fn node_names(&self) -> Vec<String> {
        self.snapshot.node_facts.keys().map(ToString::to_string).collect()
    }

    /// The nodes whose objects are here.
    pub fn names_of_nodes(&self) -> Vec<String> {
        self.snapshot.nodes.all().iter().map(|n| n.metadata.name.to_string()).collect()
    }

    /// The newest time that the objects so far support.
    pub fn newest_time(&self) -> Option<Timestamp> {
        supported_time(&self.snapshot)
    }

    /// Whether that log was added.
    pub fn has_container_log(&self, key: &ContainerLogKey) -> bool {
        self.snapshot.container_logs.contains_key(key)
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

    /// What is known so far, without indexes.
    pub(super) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Sorts, removes duplicates, builds the indexes.
    pub fn finish(self) -> Snapshot {
        let mut s = self.snapshot;
        let failed = failed_rules(&s);
        s.gaps.extend(failed);
        order(&mut s);
        let said = self.said_taken_at.map(|_| s.taken_from.unwrap_or(TakenFrom::Said));
        s.taken_at = self.said_taken_at.or_else(|| supported_time(&s));
        s.taken_from = said.or(s.taken_at.map(|_| TakenFrom::Records));
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

/// Sorts, removes duplicates, and builds the indexes.
pub(super) fn order(s: &mut Snapshot) {
    let mut events = std::mem::take(&mut s.events);
    rayon::join(|| order_events(&mut events), || seal_all(s));
    s.events = events;
    let key = |o: &(Kind, Bare)| (o.0.clone(), o.1.metadata.namespace.clone(), o.1.metadata.name.clone());
    s.others.sort_by_cached_key(key);
    s.remarks.sort();
    s.remarks.dedup();
    s.gaps.sort();
    s.gaps.dedup();
    let (pods, (events, links)) = rayon::join(
        || PodIndexes::of(s.pods.all()),
        || (events_by_subject(&s.events), crate::relation::Links::new(s)),
    );
    (s.pods_by, s.events_by_subject, s.links) = (pods, events, links);
}

fn order_events(events: &mut Vec<Event>) {
    sort_large(events, |a, b| {
        (&a.namespace, a.first, &a.name, &a.message).cmp(&(&b.namespace, b.first, &b.name, &b.message))
    });
    events.dedup_by(|b, a| a.name == b.name && a.namespace == b.namespace && !a.name.is_empty());
    events.shrink_to_fit();
}

/// One gap a rule that could not be evaluated on some object.
fn failed_rules(s: &Snapshot) -> Vec<Gap> {
    let gap = |(rule, asked): (&Str, &crate::remark::Asked)| {
        let (subject, says) = asked.such_as.as_ref()?;
        let more = if asked.failed > 1 { format!(" and {} more", asked.failed - 1) } else { String::new() };
        let what = format!("rule {rule}");
        Some(Gap::new(what, Why::Failed, format!("{} {subject}{more}: {says}", subject.kind)))
    };
    s.asked.iter().filter_map(gap).collect()
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

impl PodIndexes {
    fn of(pods: &[Pod]) -> Self {
        let mut by = Self::default();
        for (place, pod) in (0..).zip(pods) {
            let meta = &pod.metadata;
            if !pod.spec.node_name.is_empty() {
                by.node.add(key_of(&&*pod.spec.node_name), place);
            }
            if let Some(owner) = meta.controller() {
                by.owner.add(key_of(&owner.uid), place);
            }
            for (k, v) in meta.labels.iter() {
                by.label.add(key_of(&(&*meta.namespace, &**k, &**v)), place);
            }
        }
        by
    }
}

fn events_by_subject(events: &[Event]) -> Index {
    let mut index = Index::default();
    for (place, event) in (0..).zip(events) {
        let about = &event.regarding;
        index.add(key_of(&(&*about.kind, &*about.namespace, &*about.name)), place);
    }
    index
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
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}
