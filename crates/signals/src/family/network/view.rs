//! What the files of this family share: which Services route by selector, their live pods and endpoints, and who
//! is seen to call them.

use super::calls::{self, Call};
use jiff::Timestamp;
use kubecause_evidence::kube::{EndpointSlice, HasBackends, Pod, Service, Workload};
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use rustc_hash::{FxHashMap, FxHashSet};

/// A Snapshot with indexes over its Services.
pub(super) struct View<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Calls of Services that fail, as the logs of the callers tell.
    pub(super) calls: Vec<Call>,
    /// Lookups that the DNS server left without an answer.
    pub(super) lookups: Vec<Call>,
    slices: FxHashMap<(Sym, Sym), Vec<&'a EndpointSlice>>,
    /// Services to which an Ingress, a webhook or an aggregated API leads, with the first that does.
    callers: FxHashMap<(Sym, Sym), Subject>,
    calls_by_service: FxHashMap<(Sym, Sym), Vec<usize>>,
}

/// The label that ties a slice to its Service (`discovery.k8s.io/v1`, `LabelServiceName`).
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

impl<'a> View<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut slices: FxHashMap<(Sym, Sym), Vec<&EndpointSlice>> = FxHashMap::default();
        for slice in snapshot.endpoint_slices.all() {
            if let Some(service) = slice.metadata.labels.get(SERVICE_NAME_LABEL) {
                slices.entry((slice.metadata.namespace.clone(), service.into())).or_default().push(slice);
            }
        }
        let callers = callers(snapshot);
        let seen = calls::read(snapshot);
        let mut calls_by_service: FxHashMap<(Sym, Sym), Vec<usize>> = FxHashMap::default();
        for (i, call) in seen.calls.iter().enumerate() {
            calls_by_service.entry((call.namespace.clone(), call.service.clone())).or_default().push(i);
        }
        Self { snapshot, calls: seen.calls, lookups: seen.lookups, slices, callers, calls_by_service }
    }

    /// The Services that kube-proxy fills by selector: not `ExternalName`, not filled by hand, not going away.
    pub(super) fn selecting(&self) -> impl Iterator<Item = &'a Service> + use<'a> {
        self.snapshot.services.all().iter().filter(|s| {
            !s.spec.selector.is_empty() && s.spec.kind != "ExternalName" && !s.metadata.is_deleting()
        })
    }

    /// The pods that a Service selects and that can serve: neither finished nor deleted, nor of a Job.
    pub(super) fn live_pods(&self, service: &'a Service) -> Vec<&'a Pod> {
        let pods = self.snapshot.pods_labelled(&service.metadata.namespace, &service.spec.selector);
        let of_job = |p: &&Pod| p.metadata.controller().is_some_and(|o| o.kind == "Job");
        pods.filter(|p| !p.is_finished() && !p.metadata.is_deleting() && !of_job(p)).collect()
    }

    /// Whether a pod has the Service's labels, whatever its phase.
    pub(super) fn selects_any_pod(&self, service: &Service) -> bool {
        self.snapshot.pods_labelled(&service.metadata.namespace, &service.spec.selector).next().is_some()
    }

    /// The workloads that keep pods for ever and whose template the Service selects.
    pub(super) fn workloads_behind(&self, service: &Service) -> Vec<&'a Workload> {
        let all = standing_workloads(self.snapshot, &service.metadata.namespace);
        all.filter(|w| service.spec.selector.all_in(&w.spec.template.metadata.labels)).collect()
    }

    /// The slices of a Service.
    pub(super) fn slices_of(&self, service: &Service) -> &[&'a EndpointSlice] {
        let key = (service.metadata.namespace.clone(), service.metadata.name.clone());
        self.slices.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is behind the Service by its slices or its Endpoints, ready or not.
    pub(super) fn has_addresses(&self, service: &Service) -> bool {
        let (ns, name) = (&service.metadata.namespace, &service.metadata.name);
        let in_slices = self.slices_of(service).iter().any(|s| !s.endpoints.is_empty());
        let filled = |e: &kubecause_evidence::kube::Endpoints| {
            e.subsets.iter().any(|s| !s.addresses.is_empty() || !s.not_ready_addresses.is_empty())
        };
        in_slices || self.snapshot.endpoints.get(ns, name).is_some_and(filled)
    }

    /// The first Ingress, webhook or aggregated API that leads to the Service.
    pub(super) fn caller_of(&self, service: &Service) -> Option<&Subject> {
        self.callers.get(&(service.metadata.namespace.clone(), service.metadata.name.clone()))
    }

    /// The failing calls of a Service.
    pub(super) fn calls_of(&self, service: &Service) -> impl Iterator<Item = &Call> {
        let key = (service.metadata.namespace.clone(), service.metadata.name.clone());
        let found = self.calls_by_service.get(&key).into_iter().flatten();
        found.filter_map(|i| self.calls.get(*i))
    }

    /// Whether `then` is at least so many seconds before the capture; an unknown time counts as long ago.
    pub(super) fn older_than(&self, then: Option<Timestamp>, seconds: i64) -> bool {
        self.snapshot.age(then).is_none_or(|age| age >= seconds)
    }
}

/// Deployments, StatefulSets, DaemonSets and ReplicationControllers of a namespace, and ReplicaSets of nobody.
pub(super) fn standing_workloads<'a>(
    snapshot: &'a Snapshot,
    namespace: &str,
) -> impl Iterator<Item = &'a Workload> {
    let tables = [
        &snapshot.deployments,
        &snapshot.stateful_sets,
        &snapshot.daemon_sets,
        &snapshot.replication_controllers,
        &snapshot.replica_sets,
    ];
    let all: Vec<&[Workload]> = tables.into_iter().map(|t| t.in_namespace(namespace)).collect();
    all.into_iter().flatten().filter(|w| {
        w.subject().kind != Kind::ReplicaSet || w.metadata.controller().is_none_or(|o| o.kind != "Deployment")
    })
}

fn callers(snapshot: &Snapshot) -> FxHashMap<(Sym, Sym), Subject> {
    let mut found: FxHashMap<(Sym, Sym), Subject> = FxHashMap::default();
    for ingress in snapshot.ingresses.all().iter().filter(|i| !i.metadata.is_deleting()) {
        for (name, _) in ingress.backends() {
            let key = (ingress.metadata.namespace.clone(), name);
            found.entry(key).or_insert_with(|| ingress.metadata.subject(Kind::Ingress));
        }
    }
    for api in snapshot.api_services.all() {
        if let Some(service) = &api.spec.service {
            let key = (service.namespace.clone(), service.name.clone());
            found.entry(key).or_insert_with(|| api.metadata.subject(Kind::APIService));
        }
    }
    for hook in snapshot.webhooks.all() {
        let kind = if hook.mutating {
            Kind::MutatingWebhookConfiguration
        } else {
            Kind::ValidatingWebhookConfiguration
        };
        // One that is ignored when it does not answer is missed by nobody.
        let needed = hook.webhooks.iter().filter(|w| w.failure_policy != "Ignore");
        for service in needed.filter_map(|w| w.client_config.service.as_ref()) {
            let key = (service.namespace.clone(), service.name.clone());
            found.entry(key).or_insert_with(|| hook.metadata.subject(kind.clone()));
        }
    }
    found
}

/// The nodes on which a Service has ready endpoints.
pub(super) fn nodes_with_endpoints(pods: &[&Pod]) -> FxHashSet<Sym> {
    pods.iter().filter(|p| p.is_ready()).map(|p| p.spec.node_name.clone()).collect()
}

/// How a citation names an object.
pub(super) fn place(kind: &str, meta: &kubecause_evidence::kube::Meta) -> String {
    if meta.namespace.is_empty() {
        format!("{kind}/{}", meta.name)
    } else {
        format!("{kind}/{}/{}", meta.namespace, meta.name)
    }
}
