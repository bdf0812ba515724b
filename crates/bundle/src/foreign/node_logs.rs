//! Logs and measurements of nodes: whatever holds `kubelet.log`, `containerd*`, `dmesg*`, `messages`, `journal*` for one node, or one folder
//! for each node. Sources: awslabs/amazon-eks-ami log-collector-script (kubelet/, containerd/, kernel/, storage/, system/, networking/),
//! kubernetes-sigs/kind `export logs` (`<node>/{kubelet,containerd,journal,kubernetes-version}`), harvester support bundle
//! (`nodes/<node>.zip` with `logs/`), sosreport (`sos_commands/<plugin>/<command>`).

use super::data_stem;
use crate::parts::is_read;
use crate::place::Place;

/// Folders in which collectors put the files of one node. What stands before them is the node.
const GROUPS: [&str; 16] = [
    "kubelet",
    "containerd",
    "docker",
    "kernel",
    "storage",
    "system",
    "networking",
    "var_log",
    "sos_commands",
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
    if paths.iter().any(|path| path.rsplit('/').next().and_then(data_stem).is_some_and(is_read)) {
        return None;
    }
    // `logs/nodes/<node>/…`, `nodes/<node>/…`: what stands after `nodes/` is the node.
    let nodes = marked.find("nodes/").filter(|at| *at == 0 || marked.as_bytes().get(at - 1) == Some(&b'/'));
    Some(nodes.and_then(|at| marked.get(..at + "nodes/".len())).unwrap_or_default().to_owned())
}

fn is_mark(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let is_text = !name.ends_with(".json") && !name.ends_with(".yaml") && !name.ends_with(".service");
    (is_text && MARKS.contains(&stem) && name.contains('.')) || path.contains("sos_commands/")
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    let Some((file, folders)) = parts.split_last() else { return Place::Unknown };
    let node = folders.iter().take_while(|f| !GROUPS.contains(f)).last().copied().unwrap_or_default();
    // kind keeps the logs of pods: `<node>/pods/<namespace>_<pod>_<uid>/<container>/<n>.log`.
    // Rotated ones have a date behind that.
    if let [.., "pods", pod, container, log] = parts {
        if !log.ends_with(".log") {
            return Place::Unknown;
        }
        let mut words = pod.split('_');
        if let (Some(namespace), Some(name), Some(_)) = (words.next(), words.next(), words.next()) {
            return Place::ContainerLog(namespace, name, container, false);
        }
    }
    let group = folders.last().copied().unwrap_or_default();
    known(group, file).map_or(Place::Unknown, |name| Place::Node(node, name))
}

/// The name that the file has in a plain capture.
fn known(group: &str, file: &str) -> Option<&'static str> {
    let stem = file.strip_suffix(".gz").unwrap_or(file).split('.').next().unwrap_or(file);
    Some(match (group, stem) {
        (_, "kubelet" | "kubelet_service" | "kubelet-log")
            if !file.ends_with(".service") && !file.ends_with(".json") =>
        {
            "kubelet.log"
        }
        (_, "containerd" | "containerd-log" | "crio" | "cri-o") if !file.ends_with(".toml") => {
            "containerd.log"
        }
        (_, "docker" | "dockerd" | "docker-log") if !file.ends_with(".json") => "dockerd.log",
        (_, "dmesg" | "kern" | "kernel") => "kernel.log",
        (_, "messages" | "syslog") => "messages",
        (_, "journal" | "journalctl_--no-pager" | "journalctl_--no-pager_--boot") => "journal.log",
        ("storage" | "filesys" | "system", "mounts" | "df_-al_-x_autofs" | "df_-aliT_-x_autofs" | "df")
            if stem != "df_-aliT_-x_autofs" =>
        {
            "df.txt"
        }
        ("storage" | "filesys", "inodes" | "df_-aliT_-x_autofs") => "df-inodes.txt",
        ("system" | "process", "ps" | "ps_auxwwwm" | "ps_auxfwww") => "ps.txt",
        (_, "meminfo") => "meminfo.txt",
        (_, "loadavg") => "loadavg.txt",
        ("networking", "conntrack") => "conntrack.txt",
        _ => return None,
    })
}
