//! Nodes and their leases.

use super::meta::{Condition, Meta, Resources};
use crate::de::{self, List, Sym};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Node {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: NodeSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: NodeStatus,
}

impl Node {
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        super::meta::condition(&self.status.conditions, kind)
    }

    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::is_true)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSpec {
    #[serde(rename = "podCIDR")]
    pub pod_cidr: Sym,
    #[serde(rename = "providerID")]
    pub provider_id: Sym,
    pub unschedulable: bool,
    pub taints: List<Taint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Taint {
    pub key: Sym,
    pub value: Sym,
    pub effect: Sym,
    #[serde(deserialize_with = "de::time")]
    pub time_added: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStatus {
    pub capacity: Resources,
    pub allocatable: Resources,
    pub conditions: List<Condition>,
    pub addresses: List<NodeAddress>,
    #[serde(deserialize_with = "de::nullable")]
    pub node_info: NodeInfo,
    pub images: List<NodeImage>,
    pub volumes_attached: List<super::pod::Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAddress {
    #[serde(rename = "type")]
    pub kind: Sym,
    pub address: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo {
    pub architecture: Sym,
    #[serde(rename = "bootID")]
    pub boot_id: Sym,
    pub container_runtime_version: Sym,
    pub kernel_version: Sym,
    pub kubelet_version: Sym,
    pub os_image: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeImage {
    pub names: List<Sym>,
    pub size_bytes: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Lease {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: LeaseSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LeaseSpec {
    pub holder_identity: Sym,
    pub lease_duration_seconds: Option<i64>,
    #[serde(deserialize_with = "de::time")]
    pub renew_time: Option<Timestamp>,
}
