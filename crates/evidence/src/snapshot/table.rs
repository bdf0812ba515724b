//! Objects of one kind, found by name.

use super::index::{key_of, sort_large};
use crate::kube::*;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub struct Table<T> {
    pub(super) items: Vec<T>,
    /// Where the first of each name stands, by the hash of namespace and name.
    places: FxHashMap<u64, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T: HasMeta> Table<T> {
    /// Sorts and removes duplicates. Of two objects of one name, one that is not being deleted comes first.
    pub(super) fn seal(&mut self) {
        sort_large(&mut self.items, |a, b| {
            let (x, y) = (a.meta(), b.meta());
            let rest = |m: &Meta| (m.deletion_timestamp, m.uid);
            (&x.namespace, &x.name).cmp(&(&y.namespace, &y.name)).then_with(|| rest(x).cmp(&rest(y)))
        });
        self.items.dedup_by(|b, a| {
            let (x, y) = (a.meta(), b.meta());
            x.namespace == y.namespace
                && x.name == y.name
                && (x.uid == y.uid || x.uid.is_none() || y.uid.is_none())
        });
        self.items.shrink_to_fit();
        self.places = FxHashMap::with_capacity_and_hasher(self.items.len(), FxBuildHasher);
        for (place, item) in (0..).zip(&self.items) {
            let meta = item.meta();
            self.places.entry(key_of(&(&*meta.namespace, &*meta.name))).or_insert(place);
        }
    }

    /// The object of that namespace (empty for cluster-wide kinds) and name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.items.get(self.find(namespace, name)?)
    }

    /// The place of the object of that namespace and name.
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<usize> {
        let is = |at: &usize| {
            self.items.get(*at).is_some_and(|o| o.meta().namespace == namespace && o.meta().name == name)
        };
        let place = *self.places.get(&key_of(&(namespace, name)))?;
        Some(place as usize).filter(is).or_else(|| {
            // Two names of one hash.
            let key = |o: &T| (o.meta().namespace.as_str(), o.meta().name.as_str()) < (namespace, name);
            Some(self.items.partition_point(key)).filter(is)
        })
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

    /// The fields by which two inputs are compared, and their values.
    fn shown(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Takes over what the row of a table, which is newer, shows of the object. Of most kinds that is no state, and nothing is.
    fn take_row(&mut self, _row: &Self) {}
}

/// Implements [`HasMeta`] for types whose field is called `metadata`; those that inputs are compared by stand in `compare`.
macro_rules! has_meta {
    ($($ty:ty),* $(,)?) => { $(impl HasMeta for $ty {
        fn meta(&self) -> &Meta { &self.metadata }
        fn meta_mut(&mut self) -> &mut Meta { &mut self.metadata }
    })* };
}
has_meta!(
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
