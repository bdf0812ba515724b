//! What all objects share.

use super::edits::Edits;
use crate::de::{self, Labels, List, Sym, Uid};
use crate::shared::{Shared, share};
use jiff::Timestamp;
use kubecause_model::{Kind, Subject};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    #[serde(deserialize_with = "de::own")]
    pub name: Sym,
    pub namespace: Sym,
    pub uid: Uid,
    pub generation: Option<i64>,
    #[serde(deserialize_with = "de::time")]
    pub creation_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    pub deletion_timestamp: Option<Timestamp>,
    pub deletion_grace_period_seconds: Option<i64>,
    pub finalizers: List<Sym>,
    pub labels: Shared<Labels>,
    /// Only those that some signal reads.
    #[serde(deserialize_with = "kept_annotations")]
    pub annotations: Labels,
    pub owner_references: Shared<List<Owner>>,
    /// What people and their tools changed after the object was made.
    #[serde(rename = "managedFields")]
    pub edits: Edits,
    /// Only some columns of the object were seen, as a table prints them: what is absent here may be there. No field of
    /// the API; readers of tables set it.
    #[serde(rename = "kubecausePartial")]
    pub is_partial: bool,
}

/// Annotations that are kept; the rest may hold anything, also what must not be stored.
const KEPT_ANNOTATIONS: &[&str] = &[
    "deployment.kubernetes.io/revision",
    "kubernetes.io/ingress.class",
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
    "volume.beta.kubernetes.io/storage-class",
    "kubernetes.io/config.mirror",
    "ingressclass.kubernetes.io/is-default-class",
    "sidecar.istio.io/inject",
    "control-plane.alpha.kubernetes.io/leader",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "volume.kubernetes.io/selected-node",
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "service.kubernetes.io/topology-mode",
    "cni.projectcalico.org/podIP",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-id",
    "service.beta.kubernetes.io/alicloud-loadbalancer-id",
    "service.kubernetes.io/tke-existed-lbid",
    "kubernetes.io/elb.id",
    "loadbalancer.openstack.org/load-balancer-id",
];

share!(Labels, List<Owner>, Resources);

fn kept_annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    Labels::of_keys(deserializer, |key| KEPT_ANNOTATIONS.contains(&key))
}

impl Meta {
    /// Drops the writes that made the object.
    pub fn trim(&mut self) {
        self.edits.after(self.creation_timestamp);
    }

    pub fn subject(&self, kind: Kind) -> Subject {
        Subject::new(kind, &self.namespace, &self.name)
    }

    /// The owner that controls this object.
    pub fn controller(&self) -> Option<&Owner> {
        self.owner_references.iter().find(|o| o.controller).or_else(|| self.owner_references.first())
    }

    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Owner {
    pub kind: Sym,
    pub name: Sym,
    pub uid: Uid,
    pub controller: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Sym,
    pub status: Sym,
    pub reason: Sym,
    pub message: Sym,
    #[serde(deserialize_with = "de::time")]
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    pub last_heartbeat_time: Option<Timestamp>,
}

impl Condition {
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    pub fn is_false(&self) -> bool {
        self.status == "False"
    }
}

/// The condition of that type.
pub fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.kind == kind)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    pub match_labels: Labels,
    pub match_expressions: List<Requirement>,
}

impl Selector {
    /// Whether the labels are selected. An empty selector selects everything.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.all_in(labels) && self.match_expressions.iter().all(|r| r.matches(labels))
    }

    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

/// A requirement of a label selector or of a node selector term.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Requirement {
    pub key: Sym,
    pub operator: Sym,
    pub values: List<Sym>,
}

impl Requirement {
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let number = |text: &str| text.parse::<i64>().ok();
        match self.operator.as_str() {
            "In" => value.is_some_and(|v| self.values.iter().any(|w| *w == *v)),
            "NotIn" => value.is_none_or(|v| !self.values.iter().any(|w| *w == *v)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => value.and_then(number) > self.values.first().and_then(|w| number(w)),
            "Lt" => {
                value.and_then(number).is_some_and(|v| self.values.first().and_then(|w| number(w)) > Some(v))
            }
            _ => false,
        }
    }
}

/// A reference to an object, as events and other objects hold it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectRef {
    pub kind: Sym,
    pub namespace: Sym,
    pub name: Sym,
    pub uid: Uid,
    pub field_path: Sym,
}

impl ObjectRef {
    /// The object, with the container that an event's field path names (`spec.containers{app}`).
    pub fn subject(&self) -> Subject {
        let subject = Subject::new(Kind::from_name(&self.kind), &self.namespace, &self.name);
        match self.container() {
            Some(container) => subject.with_container(container),
            None => subject,
        }
    }

    /// The container that the field path names.
    pub fn container(&self) -> Option<&str> {
        self.field_path.split_once('{')?.1.strip_suffix('}')
    }
}

/// A port by number or by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Port {
    Number(i32),
    Name(Sym),
}

impl Default for Port {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Name(n) => f.write_str(n),
        }
    }
}

/// Resource quantities by resource name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Resources(#[serde(deserialize_with = "de::nullable")] pub Labels);

impl Resources {
    /// The quantity of that resource in whole units.
    pub fn value(&self, resource: &str) -> Option<f64> {
        self.0.get(resource).and_then(crate::quantity::parse)
    }

    /// The quantity as it was written.
    pub fn text(&self, resource: &str) -> Option<&str> {
        self.0.get(resource)
    }
}
