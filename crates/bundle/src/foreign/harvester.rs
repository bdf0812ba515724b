//! A support bundle of Harvester or of Longhorn: objects as YAML in `yamls/`, logs of containers in `logs/`, one zip for each node in
//! `nodes/`. It holds a few namespaces only (`default`, `kube-system`, `cattle-system`, and those that it was asked for), each by
//! everything that the API server offers; what could not be listed is told in `bundleGenerationError.log`. Source:
//! rancher/support-bundle-kit pkg/manager/collectors, pkg/manager/client/discovery.go, pkg/manager/cluster.go,
//! hack/collector-harvester; before its collectors it wrote `yamls/namespaced/<ns>/kubernetes/<plural>.yaml`.

use super::{Part, data_stem, node_logs, top_before};
use crate::place::Place;
use std::borrow::Cow;

pub(super) fn top(paths: &[String]) -> Option<String> {
    top_before(paths, "yamls/cluster/").or_else(|| top_before(paths, "yamls/namespaced/"))
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    match parts {
        ["metadata.yaml"] => Place::About,
        ["bundleGenerationError.log"] => Place::LogError("bundleGenerationError.log"),
        ["yamls", "cluster", version @ .., file] => objects(version, file, Part::All),
        ["yamls", "namespaced", namespace, version @ .., file] => {
            objects(version, file, Part::Namespace(namespace))
        }
        ["logs", namespace, pod, file] => file
            .strip_suffix(".log")
            .map_or(Place::Unknown, |container| Place::ContainerLog(namespace, pod, container, false)),
        ["nodes", node, .., "logs", file] => {
            node_logs::known("logs", file).map_or(Place::Unknown, |name| Place::Node(node, name))
        }
        _ => Place::Unknown,
    }
}

/// `v1/pods.yaml`, `apps/v1/deployments.yaml`, and of old `kubernetes/pods.yaml`.
fn objects<'a>(version: &[&str], file: &'a str, part: Part<'a>) -> Place<'a> {
    let group = match version {
        ["v1" | "kubernetes"] => "",
        [group, _] => group,
        _ => return Place::Unknown,
    };
    let plural = data_stem(file).filter(|_| crate::objects::is_native(group));
    plural.map_or(Place::Unknown, |plural| Place::Objects(plural, part))
}

/// The collector writes `"null"` in place of each empty string and of each null, so that it cannot be told from a value.
pub(super) fn mend(text: &str) -> Cow<'_, str> {
    if text.contains("\"null\"") {
        Cow::Owned(text.replace(": \"null\"", ": null"))
    } else {
        Cow::Borrowed(text)
    }
}
