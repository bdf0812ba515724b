//! Services and what leads to them.

use super::meta::{Condition, Meta, ObjectRef, Port, Selector};
use crate::de::{self, Labels, List, Sym};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: ServiceSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: ServiceStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec {
    #[serde(rename = "type")]
    pub kind: Sym,
    pub selector: Labels,
    pub ports: List<ServicePort>,
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Sym,
    pub external_name: Sym,
    #[serde(rename = "externalIPs")]
    pub external_ips: List<Sym>,
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Sym,
    pub load_balancer_class: Sym,
    pub external_traffic_policy: Sym,
    pub internal_traffic_policy: Sym,
    pub publish_not_ready_addresses: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServicePort {
    pub name: Sym,
    pub protocol: Sym,
    pub port: i32,
    #[serde(deserialize_with = "de::nullable")]
    pub target_port: Option<Port>,
    pub node_port: i32,
    pub app_protocol: Sym,
}

impl ServicePort {
    /// The port on the pod: `targetPort`, or `port` where it is left out.
    pub fn target(&self) -> Port {
        match &self.target_port {
            Some(Port::Number(0)) | None => Port::Number(self.port),
            Some(port) => port.clone(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceStatus {
    #[serde(deserialize_with = "de::nullable")]
    pub load_balancer: LoadBalancer,
    pub conditions: List<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadBalancer {
    pub ingress: List<LoadBalancerIngress>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadBalancerIngress {
    pub ip: Sym,
    pub hostname: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoints {
    pub metadata: Meta,
    pub subsets: List<Subset>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subset {
    pub addresses: List<Address>,
    pub not_ready_addresses: List<Address>,
    pub ports: List<EndpointPort>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Address {
    pub ip: Sym,
    pub node_name: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub target_ref: ObjectRef,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointPort {
    pub name: Sym,
    pub port: i32,
    pub protocol: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointSlice {
    pub metadata: Meta,
    pub address_type: Sym,
    pub endpoints: List<Endpoint>,
    pub ports: List<EndpointPort>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoint {
    pub addresses: List<Sym>,
    #[serde(deserialize_with = "de::nullable")]
    pub conditions: EndpointConditions,
    pub node_name: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub target_ref: ObjectRef,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointConditions {
    pub ready: Option<bool>,
    pub serving: Option<bool>,
    pub terminating: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: IngressSpec,
    #[serde(deserialize_with = "de::nullable")]
    pub status: ServiceStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSpec {
    pub ingress_class_name: Sym,
    pub default_backend: Option<IngressBackend>,
    pub rules: List<IngressRule>,
    pub tls: List<IngressTls>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressTls {
    pub secret_name: Sym,
    pub hosts: List<Sym>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressRule {
    pub host: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub http: HttpRule,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpRule {
    pub paths: List<HttpPath>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpPath {
    pub path: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub backend: IngressBackend,
}

/// The backend of networking.k8s.io/v1 (`service`), and of the older betas (`service_name`, `service_port`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressBackend {
    pub service: Option<ServiceBackend>,
    pub service_name: Sym,
    pub service_port: Option<Port>,
}

impl IngressBackend {
    /// The Service's name and port, where the backend is a Service.
    pub fn target(&self) -> Option<(Sym, Option<Port>)> {
        if let Some(service) = &self.service {
            let port = &service.port;
            let port = if port.name.is_empty() {
                (port.number != 0).then_some(Port::Number(port.number))
            } else {
                Some(Port::Name(port.name.clone()))
            };
            return Some((service.name.clone(), port));
        }
        (!self.service_name.is_empty()).then(|| (self.service_name.clone(), self.service_port.clone()))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceBackend {
    pub name: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub port: BackendPort,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackendPort {
    pub name: Sym,
    pub number: i32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressClass {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: IngressClassSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressClassSpec {
    pub controller: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicy {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: NetworkPolicySpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicySpec {
    #[serde(deserialize_with = "de::nullable")]
    pub pod_selector: Selector,
    pub policy_types: List<Sym>,
    /// `None` and the empty list both admit nothing, where the type applies.
    pub ingress: List<PolicyRule>,
    pub egress: List<PolicyRule>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyRule {
    pub from: List<PolicyPeer>,
    pub to: List<PolicyPeer>,
    pub ports: List<PolicyPort>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyPeer {
    pub pod_selector: Option<Selector>,
    pub namespace_selector: Option<Selector>,
    pub ip_block: Option<IpBlock>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IpBlock {
    pub cidr: Sym,
    pub except: List<Sym>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyPort {
    pub protocol: Sym,
    pub port: Option<Port>,
    pub end_port: Option<i32>,
}

/// Objects that lead to Services by name.
pub trait HasBackends {
    /// The Services' names and ports.
    fn backends(&self) -> Vec<(Sym, Option<Port>)>;
}

impl HasBackends for Ingress {
    fn backends(&self) -> Vec<(Sym, Option<Port>)> {
        let rules = self.spec.rules.iter().flat_map(|r| r.http.paths.iter().map(|p| &p.backend));
        rules.chain(&self.spec.default_backend).filter_map(IngressBackend::target).collect()
    }
}
