//! How objects lead to each other. The set is closed: a mode names one of these, and nothing else.

use crate::kube::HasBackends;
use crate::{Kind, Labels, Snapshot, Str, Subject};
use rustc_hash::FxHashMap;

/// A relation from one subject to others. Each has its inverse in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The subject itself; a pod and its containers count as the same unless both name a container.
    Same,
    /// A node and the pods on it.
    NodePods,
    /// A pod and the node that it is on.
    PodNode,
    /// A workload and its pods.
    WorkloadPods,
    /// A pod and the workloads that made it.
    PodWorkload,
    /// A pod and the Services that select it.
    PodServices,
    /// A Service and the pods that it selects.
    ServicePods,
    /// A workload and the Services that select its template.
    WorkloadServices,
    /// A Service and the workloads whose template it selects.
    ServiceWorkloads,
    /// A Service and the Ingresses that lead to it.
    ServiceIngresses,
    /// An Ingress and the Services that it leads to.
    IngressServices,
    /// A claim and the pods that mount it.
    ClaimPods,
    /// A pod and the claims that it mounts.
    PodClaims,
    /// A claim and the workloads whose pods mount it.
    ClaimWorkloads,
    /// A workload and the claims that its pods mount.
    WorkloadClaims,
    /// A claim and the Services that select the pods that mount it.
    ClaimServices,
    /// A Service and the claims that the pods behind it mount.
    ServiceClaims,
    /// A node and the Services that select pods on it.
    NodeServices,
    /// A Service and the nodes of the pods behind it.
    ServiceNodes,
    /// A namespace and what is in it.
    NamespaceObjects,
    /// An object and its namespace.
    ObjectNamespace,
    /// The cluster or a component of the control plane, and everything.
    ClusterAll,
    /// Anything, and the cluster with the components of its control plane.
    AllCluster,
    /// A subject and the objects that its finding names.
    Names,
    /// An object and the subjects whose findings name it.
    NamedBy,
}

impl Relation {
    /// All relations with their names in `mode.toml`.
    pub const ALL: [(Self, &'static str); 25] = [
        (Self::Same, "same"),
        (Self::NodePods, "node-pods"),
        (Self::PodNode, "pod-node"),
        (Self::WorkloadPods, "workload-pods"),
        (Self::PodWorkload, "pod-workload"),
        (Self::PodServices, "pod-services"),
        (Self::ServicePods, "service-pods"),
        (Self::WorkloadServices, "workload-services"),
        (Self::ServiceWorkloads, "service-workloads"),
        (Self::ServiceIngresses, "service-ingresses"),
        (Self::IngressServices, "ingress-services"),
        (Self::ClaimPods, "claim-pods"),
        (Self::PodClaims, "pod-claims"),
        (Self::ClaimWorkloads, "claim-workloads"),
        (Self::WorkloadClaims, "workload-claims"),
        (Self::ClaimServices, "claim-services"),
        (Self::ServiceClaims, "service-claims"),
        (Self::NodeServices, "node-services"),
        (Self::ServiceNodes, "service-nodes"),
        (Self::NamespaceObjects, "namespace-objects"),
        (Self::ObjectNamespace, "object-namespace"),
        (Self::ClusterAll, "cluster-all"),
        (Self::AllCluster, "all-cluster"),
        (Self::Names, "names"),
        (Self::NamedBy, "named-by"),
    ];

    /// The relation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(r, _)| *r)
    }

    /// The same relation, read backwards.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::Same => Self::Same,
            Self::NodePods => Self::PodNode,
            Self::PodNode => Self::NodePods,
            Self::WorkloadPods => Self::PodWorkload,
            Self::PodWorkload => Self::WorkloadPods,
            Self::PodServices => Self::ServicePods,
            Self::ServicePods => Self::PodServices,
            Self::WorkloadServices => Self::ServiceWorkloads,
            Self::ServiceWorkloads => Self::WorkloadServices,
            Self::ServiceIngresses => Self::IngressServices,
            Self::IngressServices => Self::ServiceIngresses,
            Self::ClaimPods => Self::PodClaims,
            Self::PodClaims => Self::ClaimPods,
            Self::ClaimWorkloads => Self::WorkloadClaims,
            Self::WorkloadClaims => Self::ClaimWorkloads,
            Self::ClaimServices => Self::ServiceClaims,
            Self::ServiceClaims => Self::ClaimServices,
            Self::NodeServices => Self::ServiceNodes,
            Self::ServiceNodes => Self::NodeServices,
            Self::NamespaceObjects => Self::ObjectNamespace,
            Self::ObjectNamespace => Self::NamespaceObjects,
            Self::ClusterAll => Self::AllCluster,
            Self::AllCluster => Self::ClusterAll,
            Self::Names => Self::NamedBy,
            Self::NamedBy => Self::Names,
        }
    }
}

/// What answers "who leads to this?" without a walk over everything.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// `ReplicaSet`s of a Deployment, Jobs of a `CronJob`.
    children: FxHashMap<Subject, Vec<Subject>>,
    /// Services by namespace and one pair of their selector.
    services_by_label: FxHashMap<(Str, Str, Str), Vec<Subject>>,
    /// Workloads by namespace and each pair of their template's labels.
    workloads_by_label: FxHashMap<(Str, Str, Str), Vec<Subject>>,
    ingresses_by_service: FxHashMap<Subject, Vec<Subject>>,
    pods_by_claim: FxHashMap<Subject, Vec<Subject>>,
}

impl Links {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut links = Self::default();
        for child in snapshot.replica_sets.all().iter().chain(snapshot.jobs.all()) {
            if let Some(owner) = child.metadata.controller() {
                let owner =
                    Subject::new(Kind::from_name(&owner.kind), &child.metadata.namespace, &owner.name);
                links.children.entry(owner).or_default().push(child.subject());
            }
        }
        for service in snapshot.services.all() {
            if let Some((k, v)) = service.spec.selector.iter().next() {
                let key = (service.metadata.namespace.arc(), k.arc(), v.arc());
                links.services_by_label.entry(key).or_default().push(service.metadata.subject(Kind::Service));
            }
        }
        let tables = [
            &snapshot.deployments,
            &snapshot.stateful_sets,
            &snapshot.daemon_sets,
            &snapshot.replication_controllers,
        ];
        for workload in tables.into_iter().flat_map(|t| t.all()) {
            for (k, v) in workload.spec.template.metadata.labels.iter() {
                let key = (workload.metadata.namespace.arc(), k.arc(), v.arc());
                links.workloads_by_label.entry(key).or_default().push(workload.subject());
            }
        }
        for ingress in snapshot.ingresses.all() {
            for (name, _) in ingress.backends() {
                let service = Subject::new(Kind::Service, &ingress.metadata.namespace, &name);
                links
                    .ingresses_by_service
                    .entry(service)
                    .or_default()
                    .push(ingress.metadata.subject(Kind::Ingress));
            }
        }
        for pod in snapshot.pods.all() {
            for claim in pod.claim_names() {
                let claim = Subject::new(Kind::PersistentVolumeClaim, &pod.metadata.namespace, claim);
                links.pods_by_claim.entry(claim).or_default().push(pod.metadata.subject(Kind::Pod));
            }
        }
        links
    }
}

impl Snapshot {
    /// The objects that `relation` leads to from `subject`, without containers. Relations whose far side can be
    /// the whole cluster ([`Relation::NamespaceObjects`], [`Relation::ClusterAll`]) and those that live in findings
    /// ([`Relation::Names`]) give nothing here: the engine walks them from the other side.
    pub fn reach(&self, relation: Relation, subject: &Subject) -> Vec<Subject> {
        let mut found = match relation {
            Relation::Same => vec![subject.object()],
            Relation::NodePods if subject.kind == Kind::Node => {
                self.pods_on(&subject.name).map(|p| p.metadata.subject(Kind::Pod)).collect()
            }
            Relation::PodNode => self.node_of(subject).into_iter().collect(),
            Relation::WorkloadPods => self.pods_of(subject),
            Relation::PodWorkload => self.pod(subject).map(|p| self.owners(&p.metadata)).unwrap_or_default(),
            Relation::ServicePods if subject.kind == Kind::Service => self.backends(subject),
            Relation::PodServices => self.services_selecting(subject),
            Relation::WorkloadServices => self.services_of_template(subject),
            Relation::ServiceWorkloads if subject.kind == Kind::Service => self.workloads_behind(subject),
            Relation::IngressServices if subject.kind == Kind::Ingress => self.services_behind(subject),
            Relation::ServiceIngresses if subject.kind == Kind::Service => self.ingresses_to(subject),
            Relation::PodClaims => self.claims_of(subject),
            Relation::ClaimPods if subject.kind == Kind::PersistentVolumeClaim => self.pods_mounting(subject),
            Relation::ClaimWorkloads => self.through(subject, Relation::ClaimPods, Relation::PodWorkload),
            Relation::WorkloadClaims => self.through(subject, Relation::WorkloadPods, Relation::PodClaims),
            Relation::ClaimServices => self.through(subject, Relation::ClaimPods, Relation::PodServices),
            Relation::ServiceClaims => self.through(subject, Relation::ServicePods, Relation::PodClaims),
            Relation::NodeServices => self.through(subject, Relation::NodePods, Relation::PodServices),
            Relation::ServiceNodes => self.through(subject, Relation::ServicePods, Relation::PodNode),
            Relation::ObjectNamespace => subject
                .namespace
                .iter()
                .map(|ns| Subject::cluster_wide(Kind::Namespace, ns.clone()))
                .collect(),
            _ => Vec::new(),
        };
        found.sort();
        found.dedup();
        found
    }

    /// Two relations, one after the other.
    fn through(&self, subject: &Subject, first: Relation, then: Relation) -> Vec<Subject> {
        self.reach(first, subject).iter().flat_map(|middle| self.reach(then, middle)).collect()
    }

    /// The node that a pod is on, or that its events were reported from.
    pub fn node_of(&self, pod: &Subject) -> Option<Subject> {
        if pod.kind != Kind::Pod {
            return None;
        }
        if let Some(found) = self.pod(pod) {
            let node = &found.spec.node_name;
            return (!node.is_empty()).then(|| Subject::node(node));
        }
        let hosts = self.events_about(pod).filter(|e| e.reporter == "kubelet");
        hosts.map(|e| &e.host).find(|host| !host.is_empty()).map(Subject::node)
    }

    fn pods_of(&self, workload: &Subject) -> Vec<Subject> {
        let direct = |w: &Subject| -> Vec<Subject> {
            let uid = self.workload(w).map(|w| w.metadata.uid);
            let pods = uid.into_iter().flat_map(|uid| self.pods_owned_by(uid));
            pods.map(|p| p.metadata.subject(Kind::Pod)).collect()
        };
        let children = self.links.children.get(&workload.object()).into_iter().flatten();
        children.map(direct).fold(direct(workload), |mut all, more| {
            all.extend(more);
            all
        })
    }

    fn backends(&self, service: &Subject) -> Vec<Subject> {
        let Some(found) = self.services.get(service.ns(), &service.name) else { return Vec::new() };
        if found.spec.selector.is_empty() {
            return Vec::new();
        }
        let pods = self.pods_labelled(service.ns(), &found.spec.selector);
        pods.map(|p| p.metadata.subject(Kind::Pod)).collect()
    }

    fn services_selecting(&self, pod: &Subject) -> Vec<Subject> {
        self.pod(pod).map(|p| self.services_for(pod.ns(), &p.metadata.labels)).unwrap_or_default()
    }

    fn services_of_template(&self, workload: &Subject) -> Vec<Subject> {
        let found = self.workload(workload);
        found.map(|w| self.services_for(workload.ns(), &w.spec.template.metadata.labels)).unwrap_or_default()
    }

    /// The Services of a namespace that select these labels.
    fn services_for(&self, namespace: &str, labels: &Labels) -> Vec<Subject> {
        let ns: Str = namespace.into();
        let candidates = labels
            .iter()
            .filter_map(|(k, v)| self.links.services_by_label.get(&(ns.clone(), k.arc(), v.arc())));
        let selects = |s: &&Subject| {
            self.services.get(namespace, &s.name).is_some_and(|found| found.spec.selector.all_in(labels))
        };
        candidates.flatten().filter(selects).cloned().collect()
    }

    fn workloads_behind(&self, service: &Subject) -> Vec<Subject> {
        let Some(found) = self.services.get(service.ns(), &service.name) else { return Vec::new() };
        let selector = &found.spec.selector;
        let ns: Str = service.ns().into();
        let candidates =
            selector.iter().map(|(k, v)| self.links.workloads_by_label.get(&(ns.clone(), k.arc(), v.arc())));
        let rarest = candidates.min_by_key(|c| c.map_or(0, Vec::len)).flatten();
        let selected = |w: &&Subject| {
            self.workload(w).is_some_and(|w| selector.all_in(&w.spec.template.metadata.labels))
        };
        rarest.into_iter().flatten().filter(selected).cloned().collect()
    }

    fn services_behind(&self, ingress: &Subject) -> Vec<Subject> {
        let found = self.ingresses.get(ingress.ns(), &ingress.name);
        let names = found.into_iter().flat_map(HasBackends::backends);
        names.map(|(name, _)| Subject::new(Kind::Service, ingress.ns(), &name)).collect()
    }

    fn ingresses_to(&self, service: &Subject) -> Vec<Subject> {
        self.links.ingresses_by_service.get(service).cloned().unwrap_or_default()
    }

    fn claims_of(&self, pod: &Subject) -> Vec<Subject> {
        let Some(found) = self.pod(pod) else { return Vec::new() };
        let names = found.claim_names();
        names.into_iter().map(|n| Subject::new(Kind::PersistentVolumeClaim, pod.ns(), n)).collect()
    }

    fn pods_mounting(&self, claim: &Subject) -> Vec<Subject> {
        self.links.pods_by_claim.get(claim).cloned().unwrap_or_default()
    }
}

impl Relation {
    /// The relation's name in `mode.toml`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(r, _)| *r == self).map_or("same", |(_, name)| name)
    }
}
