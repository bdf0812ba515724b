//! One object's JSON → one lean object. A kind that kubecause does not know keeps its metadata.

use crate::kube::*;
use kubecause_model::Kind;
use serde::Deserialize;

/// One object that was read.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each variant holds the lean type of that kind")]
#[allow(clippy::large_enum_variant, reason = "it is moved once, into its table")]
pub enum Ingest {
    Pod(Pod),
    Node(Node),
    Event(Event),
    Workload(Workload),
    CronJob(CronJob),
    ControllerRevision(ControllerRevision),
    Service(Service),
    Endpoints(Endpoints),
    EndpointSlice(EndpointSlice),
    Ingress(Ingress),
    IngressClass(IngressClass),
    NetworkPolicy(NetworkPolicy),
    Claim(Claim),
    Volume(PersistentVolume),
    StorageClass(StorageClass),
    VolumeAttachment(VolumeAttachment),
    CsiNode(CsiNode),
    CsiDriver(CsiDriver),
    ConfigMap(ConfigMap),
    Secret(SecretName),
    ServiceAccount(ServiceAccount),
    ResourceQuota(ResourceQuota),
    LimitRange(LimitRange),
    PriorityClass(PriorityClass),
    RuntimeClass(Bare),
    Hpa(Hpa),
    DisruptionBudget(DisruptionBudget),
    Webhook(WebhookConfiguration),
    ApiService(ApiService),
    Crd(Crd),
    Namespace(Namespace),
    Lease(Lease),
    /// A kind that no signal knows: name, namespace, deletion and finalizers.
    Other(Kind, Bare),
}

impl Ingest {
    /// Reads one object. `kind` is its own `kind` field, or what its list or file says.
    ///
    /// # Errors
    /// The parser's own error where a field that is read has another type than the API gives it.
    pub fn parse(kind: &str, json: &str) -> Result<Self, serde_json::Error> {
        fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
            serde_json::from_str(json)
        }
        let workload = |kind| -> Result<Self, serde_json::Error> {
            let mut w: Workload = read(json)?;
            w.kind = kind;
            Ok(Self::Workload(w))
        };
        let webhook = |mutating| -> Result<Self, serde_json::Error> {
            let mut w: WebhookConfiguration = read(json)?;
            w.mutating = mutating;
            Ok(Self::Webhook(w))
        };
        Ok(match Kind::from_name(kind) {
            Kind::Pod => Self::Pod(read(json)?),
            Kind::Node => Self::Node(read(json)?),
            Kind::Event => Self::Event(read(json)?),
            Kind::Deployment => workload(WorkloadKind::Deployment)?,
            Kind::ReplicaSet => workload(WorkloadKind::ReplicaSet)?,
            Kind::StatefulSet => workload(WorkloadKind::StatefulSet)?,
            Kind::DaemonSet => workload(WorkloadKind::DaemonSet)?,
            Kind::Job => workload(WorkloadKind::Job)?,
            Kind::ReplicationController => workload(WorkloadKind::ReplicationController)?,
            Kind::CronJob => Self::CronJob(read(json)?),
            Kind::ControllerRevision => Self::ControllerRevision(read(json)?),
            Kind::Service => Self::Service(read(json)?),
            Kind::Endpoints => Self::Endpoints(read(json)?),
            Kind::EndpointSlice => Self::EndpointSlice(read(json)?),
            Kind::Ingress => Self::Ingress(read(json)?),
            Kind::IngressClass => Self::IngressClass(read(json)?),
            Kind::NetworkPolicy => Self::NetworkPolicy(read(json)?),
            Kind::PersistentVolumeClaim => Self::Claim(read(json)?),
            Kind::PersistentVolume => Self::Volume(read(json)?),
            Kind::StorageClass => Self::StorageClass(read(json)?),
            Kind::VolumeAttachment => Self::VolumeAttachment(read(json)?),
            Kind::CSINode => Self::CsiNode(read(json)?),
            Kind::CSIDriver => Self::CsiDriver(read(json)?),
            Kind::ConfigMap => {
                let mut map: ConfigMap = read(json)?;
                if !map.keeps_values() {
                    map.data.0.iter_mut().for_each(|(_, value)| *value = Box::default());
                }
                Self::ConfigMap(map)
            }
            Kind::Secret => Self::Secret(read(json)?),
            Kind::ServiceAccount => Self::ServiceAccount(read(json)?),
            Kind::ResourceQuota => Self::ResourceQuota(read(json)?),
            Kind::LimitRange => Self::LimitRange(read(json)?),
            Kind::PriorityClass => Self::PriorityClass(read(json)?),
            Kind::RuntimeClass => Self::RuntimeClass(read(json)?),
            Kind::HorizontalPodAutoscaler => Self::Hpa(read(json)?),
            Kind::PodDisruptionBudget => Self::DisruptionBudget(read(json)?),
            Kind::ValidatingWebhookConfiguration => webhook(false)?,
            Kind::MutatingWebhookConfiguration => webhook(true)?,
            Kind::APIService => Self::ApiService(read(json)?),
            Kind::CustomResourceDefinition => Self::Crd(read(json)?),
            Kind::Namespace => Self::Namespace(read(json)?),
            Kind::Lease => Self::Lease(read(json)?),
            other => Self::Other(other, read(json)?),
        })
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        let meta = match self {
            Self::Event(o) => return &o.name,
            Self::Other(_, o) | Self::RuntimeClass(o) => &o.metadata,
            Self::Pod(o) => &o.metadata,
            Self::Node(o) => &o.metadata,
            Self::Workload(o) => &o.metadata,
            Self::CronJob(o) => &o.metadata,
            Self::ControllerRevision(o) => &o.metadata,
            Self::Service(o) => &o.metadata,
            Self::Endpoints(o) => &o.metadata,
            Self::EndpointSlice(o) => &o.metadata,
            Self::Ingress(o) => &o.metadata,
            Self::IngressClass(o) => &o.metadata,
            Self::NetworkPolicy(o) => &o.metadata,
            Self::Claim(o) => &o.metadata,
            Self::Volume(o) => &o.metadata,
            Self::StorageClass(o) => &o.metadata,
            Self::VolumeAttachment(o) => &o.metadata,
            Self::CsiNode(o) => &o.metadata,
            Self::CsiDriver(o) => &o.metadata,
            Self::ConfigMap(o) => &o.metadata,
            Self::Secret(o) => &o.metadata,
            Self::ServiceAccount(o) => &o.metadata,
            Self::ResourceQuota(o) => &o.metadata,
            Self::LimitRange(o) => &o.metadata,
            Self::PriorityClass(o) => &o.metadata,
            Self::Hpa(o) => &o.metadata,
            Self::DisruptionBudget(o) => &o.metadata,
            Self::Webhook(o) => &o.metadata,
            Self::ApiService(o) => &o.metadata,
            Self::Crd(o) => &o.metadata,
            Self::Namespace(o) => &o.metadata,
            Self::Lease(o) => &o.metadata,
        };
        &meta.name
    }
}
