//! Objects of one kind, found by name.

use crate::Str;
use crate::kube::*;
use rustc_hash::FxHashMap;

/// Objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub struct Table<T> {
    pub(super) items: Vec<T>,
    by_name: FxHashMap<(Str, Str), u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_name: FxHashMap::default() }
    }
}

impl<T: HasMeta> Table<T> {
    pub(super) fn seal(&mut self) {
        self.items.sort_by(|a, b| {
            let key = |o: &T| {
                let m = o.meta();
                (m.namespace.clone(), m.name.clone(), m.deletion_timestamp, m.uid)
            };
            key(a).cmp(&key(b))
        });
        self.items.dedup_by(|b, a| {
            let (x, y) = (a.meta(), b.meta());
            x.namespace == y.namespace
                && x.name == y.name
                && (x.uid == y.uid || x.uid.is_none() || y.uid.is_none())
        });
        let pairs = self.items.iter().enumerate();
        self.by_name = pairs
            .map(|(i, o)| {
                ((o.meta().namespace.arc(), o.meta().name.arc()), u32::try_from(i).unwrap_or(u32::MAX))
            })
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
    Pod,
    Node,
    Workload,
    CronJob,
    ControllerRevision,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
    IngressClass,
    NetworkPolicy,
    Claim,
    PersistentVolume,
    StorageClass,
    VolumeAttachment,
    CsiNode,
    CsiDriver,
    ConfigMap,
    SecretName,
    ServiceAccount,
    ResourceQuota,
    LimitRange,
    PriorityClass,
    Bare,
    Hpa,
    DisruptionBudget,
    WebhookConfiguration,
    ApiService,
    Crd,
    Namespace,
    Lease,
);
