//! An OpenShift must-gather. Source: openshift/must-gather collection-scripts, openshift/oc pkg/cli/admin/inspect (the paths that it
//! writes), pkg/cli/admin/mustgather.

use super::{Part, data_stem, top_before};
use crate::place::Place;

pub(super) fn top(paths: &[String]) -> Option<String> {
    let namespaces = top_before(paths, "namespaces/").filter(|top| is_inspected(paths, top));
    namespaces.or_else(|| top_before(paths, "cluster-scoped-resources/"))
}

/// Below `namespaces/<ns>/` stand groups or pods: `core/pods.yaml`, `pods/<pod>/<pod>.yaml`.
fn is_inspected(paths: &[String], top: &str) -> bool {
    paths.iter().filter_map(|p| p.strip_prefix(top)?.strip_prefix("namespaces/")).any(|rest| {
        let parts: Vec<&str> = rest.split('/').collect();
        matches!(parts.as_slice(), [_, "core" | "apps" | "batch", file] if data_stem(file).is_some())
            || matches!(parts.as_slice(), [_, "pods", pod, file] if data_stem(file) == Some(pod))
    })
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    match parts {
        ["cluster-scoped-resources", group, file] => objects(group, file, Part::All),
        ["cluster-scoped-resources", group, plural, _] => one(group, plural, None),
        ["namespaces", namespace, file] if data_stem(file) == Some(namespace) => {
            Place::Objects("namespaces", Part::One(None))
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
        ["namespaces", namespace, group, plural, _] => one(group, plural, Some(namespace)),
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
fn one<'a>(group: &str, plural: &'a str, namespace: Option<&'a str>) -> Place<'a> {
    if crate::objects::is_native(bare(group)) {
        Place::Objects(plural, Part::One(namespace))
    } else {
        Place::Unknown
    }
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
