//! A troubleshoot support bundle. Source: replicatedhq/troubleshoot pkg/collect/cluster_resources.go, pkg/constants/constants.go,
//! pkg/collect/logs.go, pkg/collect/node_metrics.go, pkg/collect/host_journald.go, host_run.go.
//!
//! It holds the namespaces that it was asked for, and then `namespaces.json` names only those. Before v0.9 its files were bare arrays, and
//! the one of a single namespace a bare object; for what it does not name here (network policies, ServiceAccounts, leases … of old ones) it
//! has no file.

use super::{Part, data_stem, top_before};
use crate::place::Place;

/// Folders and files under `cluster-resources`, and the resources that they hold; what is not here has its own plural's name.
const RESOURCES: [(&str, &str); 27] = [
    ("deployments", "deployments.apps"),
    ("replicasets", "replicasets.apps"),
    ("statefulsets", "statefulsets.apps"),
    ("daemonsets", "daemonsets.apps"),
    ("jobs", "jobs.batch"),
    ("cronjobs", "cronjobs.batch"),
    ("endpointslices", "endpointslices.discovery.k8s.io"),
    ("ingress", "ingresses.networking.k8s.io"),
    ("ingress-classes", "ingressclasses.networking.k8s.io"),
    ("ingressclasses", "ingressclasses.networking.k8s.io"),
    ("network-policy", "networkpolicies.networking.k8s.io"),
    ("resource-quota", "resourcequotas"),
    ("limitranges", "limitranges"),
    ("pvcs", "persistentvolumeclaims"),
    ("pvs", "persistentvolumes"),
    ("pod-disruption-budgets", "poddisruptionbudgets.policy"),
    ("storage-classes", "storageclasses.storage.k8s.io"),
    // Its errors only: `storage-errors.json`.
    ("storage", "storageclasses.storage.k8s.io"),
    ("volumeattachments", "volumeattachments.storage.k8s.io"),
    ("custom-resource-definitions", "customresourcedefinitions.apiextensions.k8s.io"),
    ("priorityclasses", "priorityclasses.scheduling.k8s.io"),
    ("priority-classes", "priorityclasses.scheduling.k8s.io"),
    ("leases", "leases.coordination.k8s.io"),
    ("horizontal-pod-autoscalers", "horizontalpodautoscalers.autoscaling"),
    ("hpa", "horizontalpodautoscalers.autoscaling"),
    ("mutatingwebhookconfigurations", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
    ("validatingwebhookconfigurations", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
];

/// Resources whose plural is their folder's name.
const PLAIN: [&str; 9] = [
    "pods",
    "events",
    "services",
    "endpoints",
    "configmaps",
    "serviceaccounts",
    "nodes",
    "namespaces",
    "secrets",
];

pub(super) fn top(paths: &[String]) -> Option<String> {
    top_before(paths, "cluster-resources/")
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    match parts {
        ["cluster-info", "cluster_version.json"] => Place::Version,
        ["cluster-resources", "pods", "logs", namespace, pod, file] => log(namespace, pod, file),
        ["cluster-resources", file] if file.ends_with("-errors.json") => {
            file.strip_suffix("-errors.json").and_then(resource).map_or(Place::Unknown, Place::ResourceError)
        }
        ["cluster-resources", file] => {
            let found = data_stem(file).and_then(resource);
            found.map_or(Place::Unknown, |resource| Place::Objects(resource, Part::All))
        }
        // Not errors, though it says so: newer ones write ReplicaSets to
        // `statefulsets-errors.json/<namespace>.json`. Source: pkg/collect/cluster_resources.go, below `// replicasets`.
        ["cluster-resources", "statefulsets-errors.json", file] => data_stem(file)
            .map_or(Place::Unknown, |ns| Place::Objects("replicasets.apps", Part::Namespace(ns))),
        ["cluster-resources", folder, file] => {
            let namespace = data_stem(file).filter(|stem| !stem.ends_with("-errors"));
            let found = resource(folder).zip(namespace);
            found.map_or(Place::Unknown, |(resource, ns)| Place::Objects(resource, Part::Namespace(ns)))
        }
        ["node-metrics", file] => {
            data_stem(file).map_or(Place::Unknown, |node| Place::Node(node, "stats-summary.json"))
        }
        ["host-collectors", "journald" | "run-host", file] => {
            host(file).map_or(Place::Unknown, |name| Place::Machine("", name))
        }
        ["host-collectors", "journald" | "run-host", node, file] => {
            host(file).map_or(Place::Unknown, |name| Place::Machine(node, name))
        }
        _ => Place::Unknown,
    }
}

fn resource(name: &str) -> Option<&'static str> {
    let known = RESOURCES.iter().find(|(folder, _)| *folder == name).map(|(_, resource)| *resource);
    known.or_else(|| PLAIN.into_iter().find(|plain| *plain == name))
}

fn log<'a>(namespace: &'a str, pod: &'a str, file: &'a str) -> Place<'a> {
    let Some(stem) = file.strip_suffix(".log") else { return Place::Unknown };
    match stem.strip_suffix("-previous") {
        Some(container) => Place::ContainerLog(namespace, pod, container, true),
        None => Place::ContainerLog(namespace, pod, stem.strip_suffix("-logs-errors").unwrap_or(stem), false),
    }
}

/// What the output of a command on a host is, which whoever wrote the bundle's description gave a name: as far as that tells.
fn host(file: &str) -> Option<&'static str> {
    let name = file.strip_suffix(".txt")?;
    let known = [
        ("kubelet", "kubelet.log"),
        ("containerd", "containerd.log"),
        ("crio", "containerd.log"),
        ("docker", "dockerd.log"),
        ("dmesg", "kernel.log"),
    ];
    known.iter().find(|(word, _)| name.contains(word)).map(|(_, log)| *log)
}
