//! An OpenShift must-gather, or what `oc adm inspect` alone writes. Source: openshift/must-gather collection-scripts (gather,
//! gather_service_logs_util, gather_ppc), openshift/oc pkg/cli/admin/inspect (namespace.go, pod.go, util.go: the paths that it writes),
//! pkg/cli/admin/mustgather (a folder for each image, `timestamp`).
//!
//! It holds the namespaces that it was asked for, and not those of the workload; of kinds without a namespace a must-gather collects all of
//! [`WHOLE`], and of others what an operator names. Audit logs, metrics and `event-filter.html` are not read.

use super::{Part, data_stem};
use crate::place::Place;

/// Kinds without a namespace of which a must-gather collects all.
const WHOLE: [&str; 8] = [
    "nodes",
    "storageclasses",
    "persistentvolumes",
    "volumeattachments",
    "csidrivers",
    "csinodes",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
];

/// The folders that images wrote into, sorted; empty where it is no must-gather.
pub(super) fn tops(paths: &[String]) -> Vec<String> {
    let mut tops: Vec<String> = paths.iter().filter_map(|path| top_of(path)).collect();
    tops.dedup();
    tops.sort();
    tops.dedup();
    tops
}

/// What stands before the first of the two folders in a path that means something below it.
fn top_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let at = parts.iter().position(|p| matches!(*p, "namespaces" | "cluster-scoped-resources"))?;
    let says_so = match parts.get(at..)? {
        ["cluster-scoped-resources", _, file] => data_stem(file).is_some(),
        ["cluster-scoped-resources", _, _, file] => data_stem(file).is_some(),
        ["namespaces", _, "core" | "apps" | "batch", file] => data_stem(file).is_some(),
        ["namespaces", _, "pods", pod, file] => data_stem(file) == Some(pod),
        _ => false,
    };
    let length: usize = parts.get(..at)?.iter().map(|p| p.len() + 1).sum();
    says_so.then(|| path.get(..length).map(str::to_owned)).flatten()
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    match parts {
        ["version"] => Place::Gathered,
        ["timestamp"] => Place::About,
        ["cluster-scoped-resources", group, file] => objects(group, file, Part::All),
        ["cluster-scoped-resources", group, plural, _] => {
            one(group, plural, if WHOLE.contains(plural) { Part::One(None) } else { Part::Single })
        }
        ["namespaces", namespace, file] if data_stem(file) == Some(namespace) => {
            Place::Objects("namespaces", Part::Single)
        }
        ["namespaces", namespace, "pods", pod, file] if data_stem(file) == Some(pod) => {
            Place::Objects("pods", Part::One(Some(namespace)))
        }
        ["namespaces", namespace, "pods", pod, container, .., "logs", file] => match *file {
            "current.log" => Place::ContainerLog(namespace, pod, container, false),
            "previous.log" => Place::ContainerLog(namespace, pod, container, true),
            _ => Place::Unknown,
        },
        ["namespaces", namespace, group, file] => objects(group, file, Part::Namespace(namespace)),
        ["namespaces", _, group, plural, _] => one(group, plural, Part::Single),
        ["host_service_logs", _, file] => service(file).map_or(Place::Unknown, Place::HostLog),
        ["nodes", node, file] => node_file(node, file),
        _ => Place::Unknown,
    }
}

/// `<plural>.yaml`: a list of that group's resource.
fn objects<'a>(group: &str, file: &'a str, part: Part<'a>) -> Place<'a> {
    let resource = data_stem(file).filter(|plural| !plural.is_empty());
    resource
        .filter(|_| crate::objects::is_native(bare(group)))
        .map_or(Place::Unknown, |plural| Place::Objects(plural, part))
}

/// `<plural>/<name>.yaml`: one object of it.
fn one<'a>(group: &str, plural: &'a str, part: Part<'a>) -> Place<'a> {
    if crate::objects::is_native(bare(group)) { Place::Objects(plural, part) } else { Place::Unknown }
}

/// must-gather calls the group without a name `core`.
fn bare(group: &str) -> &str {
    if group == "core" { "" } else { group }
}

fn service(file: &str) -> Option<&'static str> {
    let name = file.split('.').next()?.strip_suffix("_service")?;
    match name {
        "kubelet" => Some("kubelet.log"),
        "crio" | "containerd" => Some("containerd.log"),
        _ => None,
    }
}

/// `<node>_logs_kubelet.gz`, `dmesg`, as the newer collection scripts name them.
fn node_file<'a>(node: &'a str, file: &'a str) -> Place<'a> {
    let name = file.strip_suffix(".gz").unwrap_or(file);
    let known = match name {
        _ if name.ends_with("_logs_kubelet") => "kubelet.log",
        _ if name.ends_with("_logs_crio") => "crio.log",
        "dmesg" => "dmesg.log",
        "df" => "df.txt",
        "ps" => "ps.txt",
        _ => return Place::Unknown,
    };
    Place::Node(node, known)
}
