//! What a snapshot holds, counted: for people who want to know what they have before they ask what is wrong.

use super::{Access, Snapshot};
use crate::Kind;
use std::collections::BTreeMap;

/// Calls a macro with each table of a snapshot and the kind of its objects; the two kinds of webhook configurations share a
/// table, and are not among them.
macro_rules! tables {
    ($with:ident) => {
        $with! {
            pods: Pod, nodes: Node, deployments: Deployment, replica_sets: ReplicaSet, stateful_sets: StatefulSet,
            daemon_sets: DaemonSet, jobs: Job, replication_controllers: ReplicationController, cron_jobs: CronJob,
            controller_revisions: ControllerRevision, services: Service, endpoints: Endpoints,
            endpoint_slices: EndpointSlice, ingresses: Ingress, ingress_classes: IngressClass,
            network_policies: NetworkPolicy, claims: PersistentVolumeClaim, volumes: PersistentVolume,
            storage_classes: StorageClass, volume_attachments: VolumeAttachment, csi_nodes: CSINode,
            csi_drivers: CSIDriver, config_maps: ConfigMap, secrets: Secret, service_accounts: ServiceAccount,
            quotas: ResourceQuota, limit_ranges: LimitRange, priority_classes: PriorityClass,
            runtime_classes: RuntimeClass, hpas: HorizontalPodAutoscaler, budgets: PodDisruptionBudget,
            api_services: APIService, crds: CustomResourceDefinition, namespaces: Namespace, leases: Lease,
        }
    };
}
pub(super) use tables;

impl Snapshot {
    /// How many objects of each kind there are; kinds without any are not in it.
    pub fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        macro_rules! count {
            ($($field:ident: $kind:ident),* $(,)?) => {
                $(counts.insert(Kind::$kind, self.$field.items.len());)*
            };
        }
        tables!(count);
        let mutating = self.webhooks.items.iter().filter(|w| w.mutating).count();
        counts.insert(Kind::MutatingWebhookConfiguration, mutating);
        counts.insert(Kind::ValidatingWebhookConfiguration, self.webhooks.items.len() - mutating);
        counts.insert(Kind::Event, self.events.len());
        for (kind, _) in &self.others {
            *counts.entry(kind.clone()).or_default() += 1;
        }
        counts.retain(|_, count| *count > 0);
        counts
    }

    /// The kinds of which it is said whether they were listed, in order.
    pub fn kinds(&self) -> BTreeMap<Kind, Access> {
        self.access.iter().map(|(kind, access)| (kind.clone(), *access)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Access, Ingest, Kind, SnapshotBuilder, Why};

    #[test]
    fn objects_are_counted_by_kind() {
        let mut b = SnapshotBuilder::default();
        for (kind, json) in [
            ("Pod", r#"{"metadata":{"name":"a","namespace":"s"}}"#),
            ("Pod", r#"{"metadata":{"name":"b","namespace":"s"}}"#),
            ("MutatingWebhookConfiguration", r#"{"metadata":{"name":"m"}}"#),
            ("Rollout", r#"{"metadata":{"name":"r","namespace":"s"}}"#),
        ] {
            b.push(Ingest::parse(kind, json).unwrap());
        }
        b.access(Kind::Pod, Access::Listed);
        b.access(Kind::Node, Access::Missing(Why::Forbidden));
        let s = b.finish();
        let counts: Vec<(String, usize)> =
            s.counts().into_iter().map(|(k, n)| (k.as_str().to_owned(), n)).collect();
        let expected = [("Pod", 2), ("MutatingWebhookConfiguration", 1), ("Rollout", 1)];
        assert_eq!(counts, expected.map(|(k, n)| (k.to_owned(), n)));
        assert_eq!(s.kinds().len(), 2);
    }
}
