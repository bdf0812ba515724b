//! Autoscaling, disruption, admission, aggregation, namespaces.

use super::meta::{Condition, Meta, Selector};
use crate::de::{self, List, Sym};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hpa {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: HpaSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: HpaStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HpaSpec {
    #[serde(deserialize_with = "de::nullable")]
    pub scale_target_ref: TargetRef,
    pub min_replicas: Option<i64>,
    pub max_replicas: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetRef {
    pub kind: Sym,
    pub name: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HpaStatus {
    pub current_replicas: i64,
    pub desired_replicas: i64,
    pub conditions: List<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DisruptionBudget {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: DisruptionBudgetSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: DisruptionBudgetStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DisruptionBudgetSpec {
    #[serde(deserialize_with = "de::nullable")]
    pub selector: Selector,
    pub min_available: Sym,
    pub max_unavailable: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DisruptionBudgetStatus {
    pub disruptions_allowed: i64,
    pub current_healthy: i64,
    pub desired_healthy: i64,
    pub expected_pods: i64,
    pub conditions: List<Condition>,
}

/// A validating or mutating webhook configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WebhookConfiguration {
    #[serde(skip)]
    pub mutating: bool,
    pub metadata: Meta,
    pub webhooks: List<Webhook>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Webhook {
    pub name: Sym,
    /// `Fail` where it is left out (v1).
    pub failure_policy: Sym,
    pub timeout_seconds: Option<i64>,
    #[serde(deserialize_with = "de::nullable")]
    pub client_config: ClientConfig,
    #[serde(deserialize_with = "de::nullable")]
    pub namespace_selector: Selector,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientConfig {
    pub service: Option<ServiceRef>,
    pub url: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceRef {
    pub namespace: Sym,
    pub name: Sym,
    pub port: Option<i32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiService {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: ApiServiceSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: Conditions,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiServiceSpec {
    pub service: Option<ServiceRef>,
    pub group: Sym,
    pub version: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Conditions {
    pub conditions: List<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Crd {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub status: Conditions,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Namespace {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: NamespaceSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: NamespaceStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NamespaceSpec {
    pub finalizers: List<Sym>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NamespaceStatus {
    pub phase: Sym,
    pub conditions: List<Condition>,
}
