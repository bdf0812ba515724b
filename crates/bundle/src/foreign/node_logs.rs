//! Logs and measurements of nodes: whatever holds `kubelet.log`, `containerd*`, `dmesg*`, `messages`, `journal*` for one node, or one folder
//! for each node. Sources: awslabs/amazon-eks-ami log-collector-script/linux/eks-log-collector.sh (kubelet/, containerd/, kernel/, storage/,
//! system/, sysctls/), kubernetes-sigs/kind pkg/cluster/internal/providers/common/logs.go and pkg/cmd/kind/export/logs
//! (`<node>/{kubelet,containerd,journal}.log`, `<node>/pods/…`).
//!
//! It holds no objects at all.

use super::data_stem;
use crate::parts::is_read;
use crate::place::Place;

/// Folders in which collectors put the files of one node. What stands before them is the collection, and only the node's name where
/// nothing in the files tells it.
const GROUPS: [&str; 16] = [
    "kubelet",
    "containerd",
    "docker",
    "kernel",
    "storage",
    "system",
    "networking",
    "var_log",
    "sysctls",
    "var",
    "logs",
    "proc",
    "log",
    "systemd",
    "cni",
    "etc",
];

/// File names (without their end) that make a set of files a node's logs.
const MARKS: [&str; 6] = ["kubelet", "journal", "containerd", "dmesg", "containerd-log", "dockerd"];

/// The folder above the nodes' folders, or the node's own.
pub(super) fn top(paths: &[String]) -> Option<String> {
    let marked = paths.iter().find(|path| is_mark(path))?;
    if paths.iter().any(|path| holds_objects(path)) {
        return None;
    }
    // `logs/nodes/<node>/…`, `nodes/<node>/…`: what stands after `nodes/` is the node.
    let nodes = marked.find("nodes/").filter(|at| *at == 0 || marked.as_bytes().get(at - 1) == Some(&b'/'));
    Some(nodes.and_then(|at| marked.get(..at + "nodes/".len())).unwrap_or_default().to_owned())
}

/// The EKS collector asks the network plugin for `ipamd/pods.json`, which is no list of pods.
fn holds_objects(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().and_then(data_stem);
    name.is_some_and(is_read) && parts.next() != Some("ipamd")
}

fn is_mark(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let is_text = !name.ends_with(".json") && !name.ends_with(".yaml") && !name.ends_with(".service");
    is_text && MARKS.contains(&stem) && name.contains('.')
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    let Some((file, folders)) = parts.split_last() else { return Place::Unknown };
    if let [.., "pods", pod, container, file] = parts {
        return run(pod, container, file);
    }
    let above = folders.iter().rfind(|f| !GROUPS.contains(f)).copied().unwrap_or_default();
    let group = folders.last().copied().unwrap_or_default();
    let Some(name) = known(group, file) else { return Place::Unknown };
    if above.is_empty() || (GROUPS.contains(&group) && group != "logs") {
        Place::Machine(above, name)
    } else {
        Place::Node(above, name)
    }
}

/// `<namespace>_<pod>_<uid>/<container>/<n>.log`, as kubelet keeps the runs of a container: the highest number is the last one. Rotated
/// ones have a date behind that. Source: kubernetes pkg/kubelet/kuberuntime/helpers.go, `BuildPodLogsDirectory`.
pub(super) fn run<'a>(pod: &'a str, container: &'a str, file: &str) -> Place<'a> {
    let mut words = pod.split('_');
    let number = file.strip_suffix(".log").and_then(|n| n.parse().ok());
    match (words.next(), words.next(), words.next(), number) {
        (Some(namespace), Some(name), Some(_), Some(number)) => {
            Place::ContainerRun(namespace, name, container, number)
        }
        _ => Place::Unknown,
    }
}

/// The name that a file of that folder has in a plain capture.
pub(super) fn known(group: &str, file: &str) -> Option<&'static str> {
    let (stem, end) = file.split_once('.').unwrap_or((file, ""));
    // `kernel.log.1`, `messages.2`: another boot, or what was rotated away.
    if end.rsplit('.').next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    // containerd's dump of its own stacks is no log.
    let is_data = matches!(end, "json" | "service" | "toml" | "yaml") || end.ends_with("stacks.log");
    Some(match (group, stem) {
        _ if is_data => return None,
        (_, "kubelet" | "kubelet-log") => "kubelet.log",
        (_, "containerd" | "containerd-log" | "crio" | "cri-o") => "containerd.log",
        (_, "docker" | "dockerd" | "docker-log") => "dockerd.log",
        (_, "dmesg" | "kern") => "kernel.log",
        (_, "kernel") if end == "log" => "kernel.log",
        (_, "messages" | "syslog") => "messages",
        (_, "journal" | "rke2-server" | "rke2-agent") => "journal.log",
        (_, "k3s" | "k3s-agent") => "kubelet.log",
        ("storage" | "system", "mounts" | "df") => "df.txt",
        ("storage", "inodes") => "df-inodes.txt",
        ("system" | "process", "ps") => "ps.txt",
        ("system", "services") => "units.txt",
        ("kernel", "uname") => "uname.txt",
        ("containerd", "containerd-containers") => "containers.txt",
        (_, "meminfo") => "meminfo.txt",
        (_, "loadavg") => "loadavg.txt",
        (_, "sysctl_all") => "sysctl.txt",
        _ => return None,
    })
}
