//! What a path of a plain capture means: which resource, log or node it belongs to.

use crate::foreign::Part;
use crate::objects::is_native;
use kubecause_evidence::{Kind, plural_to_kind};

/// How the name of a file ends that says why another is not there.
const ERROR: [&str; 2] = [".error", ".err"];

/// What a file of a plain capture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// `capture.json`.
    Manifest,
    /// `cluster/version.json`.
    Version,
    /// `cluster/readyz.txt`.
    Readyz,
    /// `cluster/<resource>.json|yaml`.
    Resource(&'a str),
    /// A part of a resource, in a capture by another tool.
    Objects(&'a str, Part<'a>),
    /// `cluster/<resource>.error`: why it is not there.
    ResourceError(&'a str),
    /// `logs/<namespace>/<pod>/<container>.log`, and whether it is the previous one's.
    ContainerLog(&'a str, &'a str, &'a str, bool),
    /// The logs of all containers of a pod, each under a heading.
    PodLogs(&'a str, &'a str),
    /// The log of one run of a container: namespace, pod, container, and the number of the run, the last being the highest.
    ContainerRun(&'a str, &'a str, &'a str, u32),
    /// What `kubectl get <resource> -A -o wide` printed.
    Printed(&'a str),
    /// What `kubectl describe <resource>` printed, in that namespace or, without one, everywhere.
    Described(&'a str, &'a str),
    /// A file of a machine that its folder does not name for certain: the folder, and the file's name in a plain capture.
    Machine(&'a str, &'a str),
    /// The name of that folder's machine.
    Hostname(&'a str),
    /// When the capture was taken, and of which cluster, in the words of the tool that wrote it.
    About,
    /// The mark of a tool that collected all that it does, not only what somebody asked it for.
    Gathered,
    /// A log whose lines name the node that they come from; its name as a node's file.
    HostLog(&'a str),
    /// `logs/…/<container>.log.error`, `control-plane/<component>.error`: why a log is not there; which one.
    LogError(&'a str),
    /// `nodes/<node>/<file>`.
    Node(&'a str, &'a str),
    /// `control-plane/<component>.log`.
    Component(&'a str),
    /// `operator/*.txt`.
    Transcript,
    /// Nothing that is read.
    Unknown,
}

impl<'a> Place<'a> {
    /// What the file at that path of a capture is; `/` separates folders.
    pub fn of(path: &'a str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["capture.json"] => Self::Manifest,
            ["cluster", "version.json" | "version.yaml"] => Self::Version,
            ["cluster", "readyz" | "readyz.txt"] => Self::Readyz,
            ["cluster", file] => cluster(file),
            ["logs", _, _, _] | ["control-plane", _] if strip_any(path, &ERROR).is_some() => {
                Self::LogError(strip_any(path, &ERROR).unwrap_or(path))
            }
            ["logs", namespace, pod, file] => container(namespace, pod, file),
            ["nodes", node, file] => Self::Node(node, file),
            ["control-plane", file] if !file.starts_with('.') => {
                Self::Component(strip_any(file, &[".log", ".txt"]).unwrap_or(file))
            }
            ["operator", _] => Self::Transcript,
            _ => Self::Unknown,
        }
    }

    /// Whether a path that means this shows that its top is a capture.
    pub fn marks_a_capture(self) -> bool {
        !matches!(self, Self::Unknown | Self::Transcript)
    }
}

fn cluster(file: &str) -> Place<'_> {
    const DATA: [&str; 3] = [".json", ".yaml", ".yml"];
    if file.starts_with('.') {
        return Place::Unknown;
    }
    if let Some(stem) = strip_any(file, &ERROR) {
        return Place::ResourceError(strip_any(stem, &DATA).unwrap_or(stem));
    }
    match strip_any(file, &DATA) {
        Some(stem) => Place::Resource(stem),
        None if strip_any(file, &[".txt", ".md", ".log"]).is_some() => Place::Unknown,
        None => Place::Resource(file),
    }
}

fn container<'a>(namespace: &'a str, pod: &'a str, file: &'a str) -> Place<'a> {
    let stem = strip_any(file, &[".log", ".txt"]).unwrap_or(file);
    let previous = strip_any(stem, &[".previous", "-previous"]);
    let container = previous.unwrap_or(stem);
    if container.is_empty() || container.starts_with('.') {
        return Place::Unknown;
    }
    Place::ContainerLog(namespace, pod, container, previous.is_some())
}

fn strip_any<'a>(text: &'a str, ends: &[&str]) -> Option<&'a str> {
    ends.iter().find_map(|end| text.strip_suffix(end)).filter(|rest| !rest.is_empty())
}

/// The kind that a resource such as `pods` or `deployments.apps` holds. One of a foreign group is another kind, even
/// where it has the same name (`nodes.metrics.k8s.io`).
pub fn kind_of(resource: &str) -> Kind {
    let group = resource.split_once('.').map_or("", |(_, group)| group);
    let known = is_native(group).then(|| plural_to_kind(resource)).flatten();
    known.unwrap_or_else(|| Kind::Other(resource.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_a_meaning() {
        for (path, place) in [
            ("capture.json", Place::Manifest),
            ("cluster/pods.json", Place::Resource("pods")),
            ("cluster/pods", Place::Resource("pods")),
            ("cluster/deployments.apps.yaml", Place::Resource("deployments.apps")),
            ("cluster/pods.error", Place::ResourceError("pods")),
            ("cluster/jobs.batch.json.error", Place::ResourceError("jobs.batch")),
            ("cluster/readyz.txt", Place::Readyz),
            ("cluster/notes.txt", Place::Unknown),
            ("logs/shop/cart-1/app.log", Place::ContainerLog("shop", "cart-1", "app", false)),
            ("logs/shop/cart-1/app.previous.log", Place::ContainerLog("shop", "cart-1", "app", true)),
            ("logs/shop/cart-1/app", Place::ContainerLog("shop", "cart-1", "app", false)),
            ("logs/shop/cart-1/app.log.error", Place::LogError("logs/shop/cart-1/app.log")),
            ("control-plane/etcd.error", Place::LogError("control-plane/etcd")),
            ("nodes/worker-1/df.txt", Place::Node("worker-1", "df.txt")),
            ("control-plane/etcd.log", Place::Component("etcd")),
            ("operator/get.txt", Place::Transcript),
            ("cluster/a/b.json", Place::Unknown),
            ("README.md", Place::Unknown),
        ] {
            assert_eq!(Place::of(path), place, "{path}");
        }
    }

    #[test]
    fn a_foreign_group_is_another_kind() {
        assert_eq!(kind_of("nodes"), Kind::Node);
        assert_eq!(kind_of("events.events.k8s.io"), Kind::Event);
        assert_eq!(kind_of("nodes.metrics.k8s.io"), Kind::Other("nodes.metrics.k8s.io".into()));
    }
}
