//! What Rancher's logs collector takes of one node of RKE, RKE2, K3s or kubeadm: the machine in `systeminfo/`, its logs in `journald/` and
//! `systemlogs/`, and, of a server, tables of kubectl in `<distro>/kubectl/`. Source: rancherlabs/support-tools
//! collection/rancher/v2.x/logs-collector (rancher2_logs_collector.sh, Rancher_Logs_Collector_Directory_Structure.md).
//!
//! The logs of pods in `<distro>/podlogs/<namespace>-<pod>` do not say where the namespace ends nor which container a line is of, and are
//! not read.

use super::{Part, node_logs, top_before};
use crate::place::Place;

const DISTROS: [&str; 5] = ["k3s", "rke2", "rke", "k8s", "kubeadm"];

/// A node's own folder, or that above several.
pub(super) fn top(paths: &[String]) -> Option<String> {
    let of = |name: &str| paths.iter().find(|p| format!("/{p}").contains(name));
    of("/systeminfo/hostname")?;
    DISTROS.iter().any(|d| of(&format!("/{d}/")).is_some()).then_some(())?;
    let first = top_before(paths, "systeminfo/")?;
    // What stands above the node's folder is the same for several of them.
    Some(
        first
            .trim_end_matches('/')
            .rsplit_once('/')
            .map(|(above, _)| format!("{above}/"))
            .unwrap_or_default(),
    )
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    let known = |p: &&str| {
        DISTROS.contains(p) || matches!(*p, "systeminfo" | "journald" | "systemlogs" | "networking")
    };
    let Some(at) = parts.iter().position(known) else { return Place::Unknown };
    let machine = at.checked_sub(1).and_then(|i| parts.get(i)).copied().unwrap_or_default();
    match parts.get(at..).unwrap_or_default() {
        ["systeminfo", "hostname"] => Place::Hostname(machine),
        ["systeminfo", "date"] => Place::About,
        ["systeminfo", file] => system(file).map_or(Place::Unknown, |name| Place::Machine(machine, name)),
        ["journald", unit] => journal(unit).map_or(Place::Unknown, |name| Place::Machine(machine, name)),
        ["systemlogs", file] => {
            node_logs::known("log", file).map_or(Place::Unknown, |name| Place::Machine(machine, name))
        }
        [_, "agent-logs", "kubelet.log"] | ["k8s", "containerlogs", "kubelet"] => {
            Place::Machine(machine, "kubelet.log")
        }
        [_, "containerd.log"] | [_, "agent-logs", "containerd.log"] => {
            Place::Machine(machine, "containerd.log")
        }
        ["k8s", "containerlogs", component] if component.starts_with("kube-") || *component == "etcd" => {
            Place::Component(component)
        }
        [_, "crictl", "psa"] => Place::Machine(machine, "containers.txt"),
        [_, "kubectl", "nodes.json"] => Place::Objects("nodes", Part::All),
        [_, "kubectl", "nodesdescribe"] => Place::Described("nodes", ""),
        [_, "kubectl", "poddescribe", namespace] => Place::Described("pods", namespace),
        [_, "kubectl", "version" | "api-resources" | "apps" | "cluster-info_dump"] => Place::Unknown,
        [_, "kubectl", resource] if !resource.contains('.') => Place::Printed(resource),
        [_, "podlogs", pod, container, file] => node_logs::run(pod, container, file),
        _ => Place::Unknown,
    }
}

fn system(file: &str) -> Option<&'static str> {
    Some(match file {
        "dmesg" => "kernel.log",
        "dfh" => "df.txt",
        "dfi" => "df-inodes.txt",
        "ps" => "ps.txt",
        "sysctla" => "sysctl.txt",
        "uname" => "uname.txt",
        "systemd-units" => "units.txt",
        _ => return None,
    })
}

/// K3s runs kubelet and containerd within itself, so that its journal is theirs.
fn journal(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "kubelet" | "k3s" | "k3s-agent" => "kubelet.log",
        "containerd" => "containerd.log",
        "docker" => "dockerd.log",
        "rke2-server" | "rke2-agent" | "rancher-system-agent" => "journal.log",
        _ => return None,
    })
}
