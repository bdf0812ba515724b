//! The kinds that are listed, and where the API serves them: the preferred version first, then those of older servers.
//!
//! Knows nothing about how they are fetched. The roles under `deploy/rbac/` are generated from this table.

use kubecause_model::Kind;

/// One kind and its place in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The kind's name as Kubernetes spells it.
    pub kind: &'static str,
    /// The API group; empty for the core.
    pub group: &'static str,
    /// Versions in which kubecause can read it, the preferred one first.
    pub versions: &'static [&'static str],
    /// The plural in URLs.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// How many objects one page holds: less where one object may be large.
    pub page: u32,
    /// What of an object is asked for.
    pub form: Form,
    /// Listed only where this other kind is not served.
    pub instead_of: Option<&'static str>,
}

/// What of an object is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All of it.
    Whole,
    /// Its metadata alone: the server leaves the rest out, so that it never travels.
    Metadata,
}

/// Objects of a page, of usual kinds.
const PAGE: u32 = 500;
/// Objects of a page, of kinds whose objects may hold a megabyte.
const SMALL_PAGE: u32 = 100;

const fn core(kind: &'static str, plural: &'static str, namespaced: bool) -> Resource {
    of("", &["v1"], kind, plural, namespaced)
}

const fn of(
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> Resource {
    Resource { kind, group, versions, plural, namespaced, page: PAGE, form: Form::Whole, instead_of: None }
}

const APPS: &[&str] = &["v1"];
const NETWORKING: &str = "networking.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// What is listed. What shows most comes first: where the time is short, the end of the table is what is missing.
pub const RESOURCES: &[Resource] = &[
    core("Node", "nodes", false),
    core("Pod", "pods", true),
    core("Event", "events", true),
    of("apps", APPS, "Deployment", "deployments", true),
    of("apps", APPS, "ReplicaSet", "replicasets", true),
    of("apps", APPS, "StatefulSet", "statefulsets", true),
    of("apps", APPS, "DaemonSet", "daemonsets", true),
    core("PersistentVolumeClaim", "persistentvolumeclaims", true),
    core("Service", "services", true),
    of("discovery.k8s.io", &["v1", "v1beta1"], "EndpointSlice", "endpointslices", true),
    Resource { instead_of: Some("EndpointSlice"), ..core("Endpoints", "endpoints", true) },
    of("batch", &["v1"], "Job", "jobs", true),
    of("batch", &["v1", "v1beta1"], "CronJob", "cronjobs", true),
    core("ReplicationController", "replicationcontrollers", true),
    core("Namespace", "namespaces", false),
    of("coordination.k8s.io", &["v1", "v1beta1"], "Lease", "leases", true),
    core("PersistentVolume", "persistentvolumes", false),
    of(STORAGE, &["v1", "v1beta1"], "StorageClass", "storageclasses", false),
    of(STORAGE, &["v1", "v1beta1"], "VolumeAttachment", "volumeattachments", false),
    of(STORAGE, &["v1", "v1beta1"], "CSINode", "csinodes", false),
    of(STORAGE, &["v1", "v1beta1"], "CSIDriver", "csidrivers", false),
    of(NETWORKING, &["v1", "v1beta1"], "Ingress", "ingresses", true),
    of(NETWORKING, &["v1", "v1beta1"], "IngressClass", "ingressclasses", false),
    of(NETWORKING, &["v1"], "NetworkPolicy", "networkpolicies", true),
    core("ServiceAccount", "serviceaccounts", true),
    core("ResourceQuota", "resourcequotas", true),
    core("LimitRange", "limitranges", true),
    of("autoscaling", &["v2", "v2beta2", "v1"], "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    of("policy", &["v1", "v1beta1"], "PodDisruptionBudget", "poddisruptionbudgets", true),
    of(
        ADMISSION,
        &["v1", "v1beta1"],
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        false,
    ),
    of(ADMISSION, &["v1", "v1beta1"], "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false),
    of("apiregistration.k8s.io", &["v1", "v1beta1"], "APIService", "apiservices", false),
    of("scheduling.k8s.io", &["v1", "v1beta1"], "PriorityClass", "priorityclasses", false),
    of("node.k8s.io", &["v1", "v1beta1"], "RuntimeClass", "runtimeclasses", false),
    Resource { page: SMALL_PAGE, ..core("ConfigMap", "configmaps", true) },
    Resource {
        page: SMALL_PAGE,
        ..of(
            "apiextensions.k8s.io",
            &["v1", "v1beta1"],
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        )
    },
    Resource { form: Form::Metadata, ..core("Secret", "secrets", true) },
];

impl Resource {
    /// The kind.
    pub fn kind(&self) -> Kind {
        Kind::from_name(self.kind)
    }

    /// How captures name it: `pods`, `deployments.apps`.
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of its list in that version, of one namespace or of all.
    pub fn path(&self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{}/{version}", self.group)
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_is_listed_once_and_is_one_that_evidence_knows() {
        let kinds: BTreeSet<&str> = RESOURCES.iter().map(|r| r.kind).collect();
        assert_eq!(kinds.len(), RESOURCES.len());
        for resource in RESOURCES {
            assert!(!matches!(resource.kind(), Kind::Other(_)), "{}", resource.kind);
            assert_eq!(kubecause_evidence::plural_to_kind(&resource.name()), Some(resource.kind()));
        }
    }

    #[test]
    fn paths_are_those_of_the_api() {
        let find = |kind| RESOURCES.iter().find(|r| r.kind == kind).copied().expect(kind);
        assert_eq!(find("Pod").path("v1", None), "/api/v1/pods");
        assert_eq!(find("Job").path("v1", Some("shop")), "/apis/batch/v1/namespaces/shop/jobs");
        assert_eq!(find("Node").path("v1", Some("shop")), "/api/v1/nodes");
        assert_eq!(find("Lease").name(), "leases.coordination.k8s.io");
    }
}
