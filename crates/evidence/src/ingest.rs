//! One object's JSON → one lean object. A kind that kubecause does not know keeps its metadata.

mod told;

use crate::json::Reader;
use crate::kube::*;
use kubecause_model::Kind;
use serde::{Deserialize, Deserializer};
use told::Telling;

pub use told::Told;

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

/// The first object of a text.
#[derive(Debug)]
pub struct First<'a> {
    /// The object.
    pub object: Ingest,
    /// What it says that it is.
    pub told: Told<'a>,
    /// How long its text is.
    pub length: usize,
}

impl Ingest {
    /// Reads one object. `kind` is its own `kind` field, or what its list or file says.
    ///
    /// # Errors
    /// The parser's own error where a field that is read has another type than the API gives it.
    pub fn parse(kind: &str, json: &str) -> Result<Self, serde_json::Error> {
        let kind = Kind::from_name(kind);
        let mut reader = Reader::new(json);
        if let Ok(object) = Self::read(&kind, &mut reader)
            && reader.end().is_ok()
        {
            return Ok(object);
        }
        // It knows better why not.
        let mut de = serde_json::Deserializer::from_str(json);
        let object = Self::read(&kind, &mut de)?;
        de.end()?;
        Ok(object)
    }

    /// Reads the object that a text begins with as one of that kind; whether it is one, it says itself. `None` where it is none.
    pub fn first<'a>(kind: &Kind, text: &'a str) -> Option<First<'a>> {
        let mut told = Told::default();
        let mut reader = Reader::new(text);
        let object = Self::read(kind, Telling { from: &mut reader, told: &mut told }).ok()?;
        Some(First { object, told, length: reader.offset() })
    }

    fn read<'a, D: Deserializer<'a>>(kind: &Kind, from: D) -> Result<Self, D::Error> {
        fn read<'a, T: Deserialize<'a>, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
            T::deserialize(from)
        }
        let workload = |kind, from| -> Result<Self, D::Error> {
            let mut w: Workload = read(from)?;
            w.kind = kind;
            Ok(Self::Workload(w))
        };
        let webhook = |mutating, from| -> Result<Self, D::Error> {
            let mut w: WebhookConfiguration = read(from)?;
            w.mutating = mutating;
            Ok(Self::Webhook(w))
        };
        Ok(match kind {
            Kind::Pod => Self::Pod(read(from)?),
            Kind::Node => Self::Node(read(from)?),
            Kind::Event => Self::Event(read(from)?),
            Kind::Deployment => workload(WorkloadKind::Deployment, from)?,
            Kind::ReplicaSet => workload(WorkloadKind::ReplicaSet, from)?,
            Kind::StatefulSet => workload(WorkloadKind::StatefulSet, from)?,
            Kind::DaemonSet => workload(WorkloadKind::DaemonSet, from)?,
            Kind::Job => workload(WorkloadKind::Job, from)?,
            Kind::ReplicationController => workload(WorkloadKind::ReplicationController, from)?,
            Kind::CronJob => Self::CronJob(read(from)?),
            Kind::ControllerRevision => Self::ControllerRevision(read(from)?),
            Kind::Service => Self::Service(read(from)?),
            Kind::Endpoints => Self::Endpoints(read(from)?),
            Kind::EndpointSlice => Self::EndpointSlice(read(from)?),
            Kind::Ingress => Self::Ingress(read(from)?),
            Kind::IngressClass => Self::IngressClass(read(from)?),
            Kind::NetworkPolicy => Self::NetworkPolicy(read(from)?),
            Kind::PersistentVolumeClaim => Self::Claim(read(from)?),
            Kind::PersistentVolume => Self::Volume(read(from)?),
            Kind::StorageClass => Self::StorageClass(read(from)?),
            Kind::VolumeAttachment => Self::VolumeAttachment(read(from)?),
            Kind::CSINode => Self::CsiNode(read(from)?),
            Kind::CSIDriver => Self::CsiDriver(read(from)?),
            Kind::ConfigMap => {
                let mut map: ConfigMap = read(from)?;
                if !map.keeps_values() {
                    map.data.0.iter_mut().for_each(|(_, value)| *value = Box::default());
                }
                Self::ConfigMap(map)
            }
            Kind::Secret => Self::Secret(read(from)?),
            Kind::ServiceAccount => Self::ServiceAccount(read(from)?),
            Kind::ResourceQuota => Self::ResourceQuota(read(from)?),
            Kind::LimitRange => Self::LimitRange(read(from)?),
            Kind::PriorityClass => Self::PriorityClass(read(from)?),
            Kind::RuntimeClass => Self::RuntimeClass(read(from)?),
            Kind::HorizontalPodAutoscaler => Self::Hpa(read(from)?),
            Kind::PodDisruptionBudget => Self::DisruptionBudget(read(from)?),
            Kind::ValidatingWebhookConfiguration => webhook(false, from)?,
            Kind::MutatingWebhookConfiguration => webhook(true, from)?,
            Kind::APIService => Self::ApiService(read(from)?),
            Kind::CustomResourceDefinition => Self::Crd(read(from)?),
            Kind::Namespace => Self::Namespace(read(from)?),
            Kind::Lease => Self::Lease(read(from)?),
            other => Self::Other(other.clone(), read(from)?),
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
