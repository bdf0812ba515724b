//! Pods and their containers.

use super::container::{Container, ContainerStatus};
use super::meta::{Condition, Meta, Resources, Selector};
use crate::de::{self, Labels, List, Sym};
use crate::shared::{Shared, share};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Pod {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: PodSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: PodStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodTemplate {
    #[serde(deserialize_with = "de::nullable")]
    pub metadata: TemplateMeta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: PodSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TemplateMeta {
    pub labels: Shared<Labels>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    pub node_name: Sym,
    pub service_account_name: Sym,
    pub scheduler_name: Sym,
    pub priority: Option<i64>,
    pub priority_class_name: Sym,
    pub runtime_class_name: Sym,
    pub restart_policy: Sym,
    pub host_network: bool,
    pub dns_policy: Sym,
    pub dns_config: Shared<DnsConfig>,
    pub node_selector: Shared<Labels>,
    pub affinity: Shared<Affinity>,
    pub tolerations: Shared<List<Toleration>>,
    pub topology_spread_constraints: Shared<List<TopologySpread>>,
    pub scheduling_gates: Shared<List<Named>>,
    /// What the runtime class adds to the requests.
    pub overhead: Shared<Resources>,
    pub volumes: Shared<List<Volume>>,
    pub containers: Shared<List<Container>>,
    pub init_containers: Shared<List<Container>>,
    pub image_pull_secrets: Shared<List<Named>>,
    pub termination_grace_period_seconds: Option<i64>,
    pub security_context: Shared<SecurityContext>,
}

share!(
    Affinity,
    SecurityContext,
    DnsConfig,
    List<Toleration>,
    List<TopologySpread>,
    List<Named>,
    List<Volume>,
    List<Container>,
);

impl PodSpec {
    /// Init containers, then main containers.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container> {
        self.init_containers.iter().chain(&*self.containers)
    }

    /// The container of that name, main or init.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.all_containers().find(|c| c.name == *name)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DnsConfig {
    pub nameservers: List<Sym>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Named {
    pub name: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affinity {
    #[serde(deserialize_with = "de::nullable")]
    pub node_affinity: NodeAffinity,
    #[serde(deserialize_with = "de::nullable")]
    pub pod_affinity: PodAffinity,
    #[serde(deserialize_with = "de::nullable")]
    pub pod_anti_affinity: PodAffinity,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution", deserialize_with = "de::nullable")]
    pub required: NodeSelectorTerms,
}

/// Terms are alternatives; no term means no demand.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSelectorTerms {
    pub node_selector_terms: List<NodeSelectorTerm>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSelectorTerm {
    pub match_expressions: List<super::meta::Requirement>,
    pub match_fields: List<super::meta::Requirement>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: List<PodAffinityTerm>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodAffinityTerm {
    #[serde(deserialize_with = "de::nullable")]
    pub label_selector: Selector,
    pub topology_key: Sym,
    pub namespaces: List<Sym>,
    pub namespace_selector: Option<Selector>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TopologySpread {
    pub max_skew: i64,
    pub topology_key: Sym,
    pub when_unsatisfiable: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub label_selector: Selector,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Toleration {
    pub key: Sym,
    pub operator: Sym,
    pub value: Sym,
    pub effect: Sym,
    pub toleration_seconds: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityContext {
    pub run_as_non_root: Option<bool>,
    pub run_as_user: Option<i64>,
    pub fs_group: Option<i64>,
    pub read_only_root_filesystem: Option<bool>,
    pub privileged: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume {
    pub name: Sym,
    pub persistent_volume_claim: Option<ClaimSource>,
    pub config_map: Option<ObjectSource>,
    pub secret: Option<SecretSource>,
    pub host_path: Option<HostPath>,
    pub empty_dir: Option<EmptyDir>,
    pub projected: Option<Projected>,
    pub csi: Option<CsiSource>,
    /// Present for a generic ephemeral volume; its claim is named `<pod>-<volume>`.
    pub ephemeral: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimSource {
    pub claim_name: Sym,
    pub read_only: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectSource {
    pub name: Sym,
    pub optional: bool,
    pub items: List<KeyPath>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretSource {
    pub secret_name: Sym,
    pub optional: bool,
    pub items: List<KeyPath>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeyPath {
    pub key: Sym,
    pub path: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HostPath {
    pub path: Sym,
    #[serde(rename = "type")]
    pub kind: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EmptyDir {
    pub medium: Sym,
    pub size_limit: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Projected {
    pub sources: List<ProjectedSource>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProjectedSource {
    pub config_map: Option<ObjectSource>,
    pub secret: Option<ObjectSource>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiSource {
    pub driver: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    pub phase: Sym,
    pub reason: Sym,
    pub message: Sym,
    pub conditions: List<Condition>,
    #[serde(rename = "podIP", deserialize_with = "de::own")]
    pub pod_ip: Sym,
    #[serde(rename = "hostIP")]
    pub host_ip: Sym,
    #[serde(deserialize_with = "de::time")]
    pub start_time: Option<Timestamp>,
    pub nominated_node_name: Sym,
    pub qos_class: Sym,
    pub container_statuses: List<ContainerStatus>,
    pub init_container_statuses: List<ContainerStatus>,
}

impl Pod {
    /// Whether the pod has ended, well or not.
    pub fn is_finished(&self) -> bool {
        self.status.phase == "Succeeded" || self.status.phase == "Failed"
    }

    pub fn is_ready(&self) -> bool {
        super::meta::condition(&self.status.conditions, "Ready").is_some_and(Condition::is_true)
    }

    /// Whether it has a node; a table may show that it runs, and not where.
    pub fn is_scheduled(&self) -> bool {
        let status = &self.status;
        let made = || !status.container_statuses.is_empty() || !status.init_container_statuses.is_empty();
        let runs = || status.phase != "Pending" || made();
        !self.spec.node_name.is_empty() || self.metadata.is_partial && runs()
    }

    /// Whether kubelet made this pod from a file; its API object is only a mirror.
    pub fn is_static(&self) -> bool {
        self.metadata.annotations.get("kubernetes.io/config.mirror").is_some()
    }

    /// The statuses of init containers, then of main containers; `true` marks init containers.
    pub fn statuses(&self) -> impl Iterator<Item = (bool, &ContainerStatus)> {
        let init = self.status.init_container_statuses.iter().map(|s| (true, s));
        init.chain(self.status.container_statuses.iter().map(|s| (false, s)))
    }

    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        super::meta::condition(&self.status.conditions, kind)
    }
}

impl Pod {
    /// The names of the claims that the pod mounts, those of generic ephemeral volumes included.
    pub fn claim_names(&self) -> Vec<String> {
        let name = |v: &Volume| match (&v.persistent_volume_claim, &v.ephemeral) {
            (Some(claim), _) => Some(claim.claim_name.to_string()),
            (None, Some(_)) => Some(format!("{}-{}", self.metadata.name, v.name)),
            (None, None) => None,
        };
        self.spec.volumes.iter().filter_map(name).collect()
    }
}
