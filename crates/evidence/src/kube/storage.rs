//! Claims, volumes, classes, drivers.

use super::container::ResourceNeeds;
use super::meta::{Condition, Meta, ObjectRef, Resources, Selector};
use super::pod::NodeSelectorTerms;
use crate::de::{self, List, Sym};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Claim {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: ClaimSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: ClaimStatus,
}

impl Claim {
    /// The class asked for: `None` where the default applies, `Some("")` where no class is wanted.
    pub fn class(&self) -> Option<&str> {
        self.spec
            .storage_class_name
            .as_deref()
            .or_else(|| self.metadata.annotations.get("volume.beta.kubernetes.io/storage-class"))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimSpec {
    pub storage_class_name: Option<Sym>,
    pub volume_name: Sym,
    pub volume_mode: Sym,
    pub access_modes: List<Sym>,
    #[serde(deserialize_with = "de::nullable")]
    pub resources: ResourceNeeds,
    pub selector: Option<Selector>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimStatus {
    pub phase: Sym,
    pub capacity: Resources,
    pub conditions: List<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PersistentVolume {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: VolumeSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: VolumeStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeSpec {
    pub storage_class_name: Sym,
    pub capacity: Resources,
    pub access_modes: List<Sym>,
    pub volume_mode: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub claim_ref: ObjectRef,
    #[serde(deserialize_with = "de::nullable")]
    pub node_affinity: VolumeAffinity,
    pub csi: Option<super::pod::CsiSource>,
    pub aws_elastic_block_store: Option<AwsSource>,
    pub persistent_volume_reclaim_policy: Sym,
}

/// A disk of EC2 in the form from before CSI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AwsSource {
    /// `aws://us-east-1b/vol-0a1b2c3d4e5f60718`, or its last part alone.
    #[serde(rename = "volumeID")]
    pub volume_id: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeAffinity {
    #[serde(deserialize_with = "de::nullable")]
    pub required: NodeSelectorTerms,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeStatus {
    pub phase: Sym,
    pub reason: Sym,
    pub message: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StorageClass {
    pub metadata: Meta,
    pub provisioner: Sym,
    pub volume_binding_mode: Sym,
    pub allow_volume_expansion: bool,
}

impl StorageClass {
    pub fn is_default(&self) -> bool {
        let annotations = &self.metadata.annotations;
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
            .iter()
            .any(|key| annotations.get(key) == Some("true"))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeAttachment {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: AttachmentSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: AttachmentStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentSpec {
    pub attacher: Sym,
    pub node_name: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub source: AttachmentSource,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentSource {
    pub persistent_volume_name: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentStatus {
    pub attached: bool,
    pub attach_error: Option<AttachmentError>,
    pub detach_error: Option<AttachmentError>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentError {
    pub message: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiNode {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: CsiNodeSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiNodeSpec {
    pub drivers: List<super::pod::Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiDriver {
    pub metadata: Meta,
}
