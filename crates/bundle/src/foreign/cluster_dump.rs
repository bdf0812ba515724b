//! `kubectl cluster-info dump --output-directory=D`: `nodes.json` and a folder for each namespace, with seven resources and a file of logs
//! for each pod. Without `--all-namespaces` it holds the current namespace and `kube-system` only. Source: kubectl
//! pkg/cmd/clusterinfo/clusterinfo_dump.go.

use super::{Part, data_stem};
use crate::place::Place;

/// The files of a namespace, and the resources that they hold.
const RESOURCES: [(&str, &str); 7] = [
    ("events", "events"),
    ("replication-controllers", "replicationcontrollers"),
    ("services", "services"),
    ("daemonsets", "daemonsets.apps"),
    ("deployments", "deployments.apps"),
    ("replicasets", "replicasets.apps"),
    ("pods", "pods"),
];

/// `nodes.json` beside a folder that holds `pods.json` and `replication-controllers.json`.
pub(super) fn top(paths: &[String]) -> Option<String> {
    let is_nodes = |p: &&String| p.rsplit('/').next().and_then(data_stem) == Some("nodes");
    let tops = paths.iter().filter(is_nodes).filter_map(|p| p.get(..p.rfind('/').map_or(0, |at| at + 1)));
    tops.into_iter().find(|top| paths.iter().any(|p| is_namespace_file(p, top))).map(str::to_owned)
}

fn is_namespace_file(path: &str, top: &str) -> bool {
    let parts: Vec<&str> = path.strip_prefix(top).unwrap_or_default().split('/').collect();
    matches!(parts.as_slice(), [namespace, file]
        if matches!(data_stem(file), Some("pods" | "replication-controllers")) && *namespace != "cluster")
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    match parts {
        [file] if data_stem(file) == Some("nodes") => Place::Objects("nodes", Part::All),
        [namespace, file] => {
            let resource = RESOURCES.iter().find(|(name, _)| data_stem(file) == Some(name));
            resource
                .map_or(Place::Unknown, |(_, resource)| Place::Objects(resource, Part::Namespace(namespace)))
        }
        [namespace, pod, "logs.txt"] => Place::PodLogs(namespace, pod),
        _ => Place::Unknown,
    }
}
