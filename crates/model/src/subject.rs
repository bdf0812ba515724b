//! What a finding or an incident is about.

use std::fmt;
use std::sync::Arc;

/// A shared immutable string: names are held once and cloned by reference.
pub type Str = Arc<str>;

/// The kind of a subject. Kinds that kubecause reads have a variant, all others are [`Kind::Other`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the Kubernetes kind of that name")]
pub enum Kind {
    Cluster,
    Component,
    Node,
    Namespace,
    Pod,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    ReplicationController,
    ControllerRevision,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
    IngressClass,
    NetworkPolicy,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    VolumeAttachment,
    CSINode,
    CSIDriver,
    ConfigMap,
    Secret,
    ServiceAccount,
    ResourceQuota,
    LimitRange,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    APIService,
    CustomResourceDefinition,
    Lease,
    PriorityClass,
    RuntimeClass,
    Event,
    Registry,
    Image,
    /// A kind that kubecause knows only by name.
    Other(Str),
}

impl Kind {
    /// All kinds that have a variant.
    pub const KNOWN: [Self; 42] = [
        Self::Cluster,
        Self::Component,
        Self::Node,
        Self::Namespace,
        Self::Pod,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::CronJob,
        Self::ReplicationController,
        Self::ControllerRevision,
        Self::Service,
        Self::Endpoints,
        Self::EndpointSlice,
        Self::Ingress,
        Self::IngressClass,
        Self::NetworkPolicy,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::StorageClass,
        Self::VolumeAttachment,
        Self::CSINode,
        Self::CSIDriver,
        Self::ConfigMap,
        Self::Secret,
        Self::ServiceAccount,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::ValidatingWebhookConfiguration,
        Self::MutatingWebhookConfiguration,
        Self::APIService,
        Self::CustomResourceDefinition,
        Self::Lease,
        Self::PriorityClass,
        Self::RuntimeClass,
        Self::Event,
        Self::Registry,
        Self::Image,
    ];

    /// The kind's name as Kubernetes spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cluster => "Cluster",
            Self::Component => "Component",
            Self::Node => "Node",
            Self::Namespace => "Namespace",
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::ReplicationController => "ReplicationController",
            Self::ControllerRevision => "ControllerRevision",
            Self::Service => "Service",
            Self::Endpoints => "Endpoints",
            Self::EndpointSlice => "EndpointSlice",
            Self::Ingress => "Ingress",
            Self::IngressClass => "IngressClass",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::PersistentVolume => "PersistentVolume",
            Self::StorageClass => "StorageClass",
            Self::VolumeAttachment => "VolumeAttachment",
            Self::CSINode => "CSINode",
            Self::CSIDriver => "CSIDriver",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::ServiceAccount => "ServiceAccount",
            Self::ResourceQuota => "ResourceQuota",
            Self::LimitRange => "LimitRange",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::ValidatingWebhookConfiguration => "ValidatingWebhookConfiguration",
            Self::MutatingWebhookConfiguration => "MutatingWebhookConfiguration",
            Self::APIService => "APIService",
            Self::CustomResourceDefinition => "CustomResourceDefinition",
            Self::Lease => "Lease",
            Self::PriorityClass => "PriorityClass",
            Self::RuntimeClass => "RuntimeClass",
            Self::Event => "Event",
            Self::Registry => "Registry",
            Self::Image => "Image",
            Self::Other(name) => name,
        }
    }

    /// The kind of that exact name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "Cluster" => Self::Cluster,
            "Component" => Self::Component,
            "Node" => Self::Node,
            "Namespace" => Self::Namespace,
            "Pod" => Self::Pod,
            "Deployment" => Self::Deployment,
            "ReplicaSet" => Self::ReplicaSet,
            "StatefulSet" => Self::StatefulSet,
            "DaemonSet" => Self::DaemonSet,
            "Job" => Self::Job,
            "CronJob" => Self::CronJob,
            "ReplicationController" => Self::ReplicationController,
            "ControllerRevision" => Self::ControllerRevision,
            "Service" => Self::Service,
            "Endpoints" => Self::Endpoints,
            "EndpointSlice" => Self::EndpointSlice,
            "Ingress" => Self::Ingress,
            "IngressClass" => Self::IngressClass,
            "NetworkPolicy" => Self::NetworkPolicy,
            "PersistentVolumeClaim" => Self::PersistentVolumeClaim,
            "PersistentVolume" => Self::PersistentVolume,
            "StorageClass" => Self::StorageClass,
            "VolumeAttachment" => Self::VolumeAttachment,
            "CSINode" => Self::CSINode,
            "CSIDriver" => Self::CSIDriver,
            "ConfigMap" => Self::ConfigMap,
            "Secret" => Self::Secret,
            "ServiceAccount" => Self::ServiceAccount,
            "ResourceQuota" => Self::ResourceQuota,
            "LimitRange" => Self::LimitRange,
            "HorizontalPodAutoscaler" => Self::HorizontalPodAutoscaler,
            "PodDisruptionBudget" => Self::PodDisruptionBudget,
            "ValidatingWebhookConfiguration" => Self::ValidatingWebhookConfiguration,
            "MutatingWebhookConfiguration" => Self::MutatingWebhookConfiguration,
            "APIService" => Self::APIService,
            "CustomResourceDefinition" => Self::CustomResourceDefinition,
            "Lease" => Self::Lease,
            "PriorityClass" => Self::PriorityClass,
            "RuntimeClass" => Self::RuntimeClass,
            "Event" => Self::Event,
            "Registry" => Self::Registry,
            "Image" => Self::Image,
            _ => Self::Other(name.into()),
        }
    }

    /// Whether objects of this kind make pods.
    pub fn is_workload(&self) -> bool {
        matches!(
            self,
            Self::Deployment
                | Self::ReplicaSet
                | Self::StatefulSet
                | Self::DaemonSet
                | Self::Job
                | Self::CronJob
                | Self::ReplicationController
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What something is about: an object of the cluster, or a container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The object's kind.
    pub kind: Kind,
    /// The object's namespace, where it has one.
    pub namespace: Option<Str>,
    /// The object's name.
    pub name: Str,
    /// The container meant, for pods and workloads.
    pub container: Option<Str>,
}

impl Subject {
    /// An object without a namespace.
    pub fn cluster_wide(kind: Kind, name: impl Into<Str>) -> Self {
        Self { kind, namespace: None, name: name.into(), container: None }
    }

    /// An object in a namespace. An empty namespace means none.
    pub fn new(kind: Kind, namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        let namespace = namespace.into();
        let namespace = if namespace.is_empty() { None } else { Some(namespace) };
        Self { kind, namespace, name: name.into(), container: None }
    }

    /// The cluster as a whole.
    pub fn cluster() -> Self {
        Self::cluster_wide(Kind::Cluster, "cluster")
    }

    /// A node.
    pub fn node(name: impl Into<Str>) -> Self {
        Self::cluster_wide(Kind::Node, name)
    }

    /// A component of the control plane, such as `kube-scheduler`.
    pub fn component(name: impl Into<Str>) -> Self {
        Self::cluster_wide(Kind::Component, name)
    }

    /// The same object, with that container.
    #[must_use]
    pub fn with_container(mut self, container: impl Into<Str>) -> Self {
        self.container = Some(container.into());
        self
    }

    /// The same object without a container.
    #[must_use]
    pub fn object(&self) -> Self {
        Self { container: None, ..self.clone() }
    }

    /// The namespace, or the empty string.
    pub fn ns(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// `deployment/cart`, `node/worker-1`: how kubectl names it.
    pub fn slash(&self) -> String {
        format!("{}/{}", self.kind.as_str().to_lowercase(), self.name)
    }
}

impl fmt::Display for Subject {
    /// `shop/cart` or `worker-1`, without the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ns) = &self.namespace {
            write!(f, "{ns}/")?;
        }
        f.write_str(&self.name)?;
        match &self.container {
            Some(c) if **c != *self.name => write!(f, "[{c}]"),
            _ => Ok(()),
        }
    }
}
