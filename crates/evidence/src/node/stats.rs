//! Kubelet's `/stats/summary`. Source of the fields: `k8s.io/kubelet/pkg/apis/stats/v1alpha1`.
#![allow(
    missing_docs,
    reason = "fields carry the names and the meaning of the stats/v1alpha1 API; bytes and counts"
)]

use crate::{Sym, de};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatsSummary {
    pub node: NodeStats,
    pub pods: Vec<PodStats>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStats {
    pub node_name: Sym,
    /// When the machine started.
    #[serde(deserialize_with = "de::time")]
    pub start_time: Option<Timestamp>,
    pub io: Option<IoStats>,
    pub fs: Option<FsStats>,
    pub runtime: RuntimeStats,
    pub memory: MemoryStats,
    pub rlimit: Option<Rlimit>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct IoStats {
    pub psi: Option<PsiStats>,
}

/// Pressure stall information (from kubelet 1.33): the share of time in which tasks waited.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PsiStats {
    pub full: PsiData,
    pub some: PsiData,
}

/// Shares in percent, over 10, 60 and 300 seconds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PsiData {
    pub avg10: f64,
    pub avg60: f64,
    pub avg300: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RuntimeStats {
    pub image_fs: Option<FsStats>,
    pub container_fs: Option<FsStats>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rlimit {
    pub maxpid: Option<i64>,
    pub curproc: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryStats {
    pub available_bytes: Option<f64>,
    pub working_set_bytes: Option<f64>,
    pub usage_bytes: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FsStats {
    /// When it was measured.
    #[serde(deserialize_with = "de::time")]
    pub time: Option<Timestamp>,
    pub available_bytes: Option<f64>,
    pub capacity_bytes: Option<f64>,
    pub used_bytes: Option<f64>,
    pub inodes_free: Option<f64>,
    pub inodes: Option<f64>,
    pub inodes_used: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStats {
    pub pod_ref: PodRef,
    pub containers: Vec<ContainerStats>,
    #[serde(rename = "volume")]
    pub volumes: Vec<VolumeStats>,
    #[serde(rename = "ephemeral-storage")]
    pub ephemeral_storage: Option<FsStats>,
    pub memory: MemoryStats,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodRef {
    pub name: Sym,
    pub namespace: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStats {
    pub name: Sym,
    pub memory: MemoryStats,
    pub rootfs: Option<FsStats>,
    pub logs: Option<FsStats>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeStats {
    pub name: Sym,
    #[serde(flatten)]
    pub fs: FsStats,
    pub pvc_ref: Option<PodRef>,
}

impl FsStats {
    /// Used bytes over capacity, 0 to 1.
    pub fn used_share(&self) -> Option<f64> {
        let capacity = self.capacity_bytes.filter(|c| *c > 0.0)?;
        self.available_bytes.map(|a| 1.0 - a / capacity)
    }
}

impl StatsSummary {
    /// The bytes of ephemeral storage that the node's pods use together: writable layers, logs, emptyDirs.
    pub fn pods_ephemeral_bytes(&self) -> f64 {
        self.pods.iter().filter_map(|p| p.ephemeral_storage.as_ref()?.used_bytes).sum()
    }
}
