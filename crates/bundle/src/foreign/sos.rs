//! A sos report, of one machine or of several side by side: output of commands in `sos_commands/<plugin>/<command>`, copies of files at
//! their own paths. Of a control plane's machine it holds what kubectl printed. Source: sosreport/sos sos/report/plugins (kubernetes.py,
//! logs.py, crio.py, containerd.py, filesys.py, process.py, kernel.py, host.py), and how it makes a file's name of a command
//! (sos/report/plugins/__init__.py: a blank or a `=` is `_`, a slash is `.`).

use super::{Part, node_logs};
use crate::place::Place;

/// The folders above the reports' own, each once; that of a report which is the top is the top.
pub(super) fn tops(paths: &[String]) -> Vec<String> {
    let mut tops: Vec<String> = paths.iter().filter_map(|path| top_of(path)).collect();
    tops.sort();
    tops.dedup();
    tops
}

fn top_of(path: &str) -> Option<String> {
    let report = match path.find("/sos_commands/") {
        Some(at) => path.get(..at)?,
        None => path.strip_prefix("sos_commands/").map(|_| "")?,
    };
    Some(report.rsplit_once('/').map(|(above, _)| format!("{above}/")).unwrap_or_default())
}

pub(super) fn place<'a>(parts: &[&'a str]) -> Place<'a> {
    let is_own = |p: &&str| matches!(*p, "sos_commands" | "proc" | "var" | "hostname");
    let Some(at) = parts.iter().take(2).position(is_own) else { return Place::Unknown };
    let machine = at.checked_sub(1).and_then(|i| parts.get(i)).copied().unwrap_or_default();
    let known =
        |name: Option<&'static str>| name.map_or(Place::Unknown, |name| Place::Machine(machine, name));
    match parts.get(at..).unwrap_or_default() {
        ["hostname"] | ["sos_commands", "host", "hostname" | "hostname_-f"] => Place::Hostname(machine),
        ["sos_commands", "date", "date" | "date_--utc"] => Place::About,
        ["sos_commands", "kubernetes", folders @ .., file] if file.starts_with("kubectl_") => {
            kubectl(folders.last().copied().unwrap_or_default(), file)
        }
        ["sos_commands", _, .., file] if file.starts_with("journalctl_") => known(journal(file)),
        ["sos_commands", plugin, file] => known(command(plugin, file)),
        ["var", "log", "pods", pod, container, file] => node_logs::run(pod, container, file),
        ["var", "log", file @ ("messages" | "syslog" | "kern.log")] => known(node_logs::known("log", file)),
        ["proc", "loadavg"] => known(Some("loadavg.txt")),
        ["proc", "meminfo"] => known(Some("meminfo.txt")),
        ["proc", "sys", "kernel", "pid_max"] => known(Some("pid_max.txt")),
        _ => Place::Unknown,
    }
}

/// `journalctl_--no-pager_--unit_kubelet`; one without a unit holds all of them. Those of boots before this one are not read.
fn journal(file: &str) -> Option<&'static str> {
    let mut words = file.split('_');
    if words.any(|w| w == "--unit") {
        return match words.next()? {
            "kubelet" | "snap.kubelet.daemon" => Some("kubelet.log"),
            "crio" | "containerd" => Some("containerd.log"),
            "docker" => Some("dockerd.log"),
            _ => None,
        };
    }
    matches!(
        file,
        "journalctl_--no-pager" | "journalctl_--no-pager_--boot" | "journalctl_--no-pager_--catalog_--boot"
    )
    .then_some("journal.log")
}

fn command(plugin: &str, file: &str) -> Option<&'static str> {
    Some(match (plugin, file) {
        ("kernel", "dmesg" | "dmesg_-T") => "kernel.log",
        ("kernel", "sysctl_-a") => "sysctl.txt",
        ("kernel", "uname_-a") => "uname.txt",
        ("systemd", "systemctl_list-units") => "units.txt",
        ("filesys", f) if f.starts_with("df_-ali") => "df-inodes.txt",
        ("filesys", f) if f.starts_with("df_-al") => "df.txt",
        ("process", f) if f.starts_with("ps_auxw") => "ps.txt",
        ("crio" | "cri" | "containerd", f) if f.starts_with("crictl_ps") => "containers.txt",
        _ => return None,
    })
}

/// `kubectl_get_-o_json_--namespace_shop_pods` holds objects, `kubectl_get_--all-namespaces_true_pods` a table; before the verb may stand
/// `--kubeconfig_.etc.kubernetes.admin.conf`.
fn kubectl<'a>(folder: &'a str, file: &'a str) -> Place<'a> {
    let Some((_, asked)) = file.split_once("_get_") else { return Place::Unknown };
    let Some(resource) = asked.rsplit('_').next().filter(|r| !r.starts_with(['-', '.'])) else {
        return Place::Unknown;
    };
    let resource = match resource {
        "pvc" => "persistentvolumeclaims",
        "pv" => "persistentvolumes",
        "sc" => "storageclasses",
        other => other,
    };
    let words = || asked.split('_');
    if asked.starts_with("--raw") {
        return Place::Unknown;
    }
    if words().any(|w| w == "json") {
        let scoped = words().any(|w| w.starts_with("--namespace"));
        return Place::Objects(resource, if scoped { Part::Namespace(folder) } else { Part::All });
    }
    Place::Printed(resource)
}
