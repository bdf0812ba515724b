//! What was read on a node itself: measured numbers, kubelet's configuration and statistics, logs.

mod configz;
mod stats;
mod text;

pub use configz::{KubeletConfig, Threshold};
pub use stats::{ContainerStats, FsStats, PodRef, PodStats, PsiData, PsiStats, StatsSummary, VolumeStats};
pub use text::{Filesystem, LoadAvg, MemInfo, Process, RuntimeAnswer};

use crate::log::{LogFile, LogSource};
use jiff::Timestamp;

/// What was read on one node. `None` and empty mean: not in the evidence.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "fields are named after the file of a capture that they are read from")]
pub struct NodeFacts {
    pub configz: Option<KubeletConfig>,
    pub stats: Option<StatsSummary>,
    pub healthz: Option<String>,
    /// Bytes per file system.
    pub df: Vec<Filesystem>,
    /// Inodes per file system.
    pub df_inodes: Vec<Filesystem>,
    pub loadavg: Option<LoadAvg>,
    pub meminfo: Option<MemInfo>,
    pub processes: Vec<Process>,
    pub pid_max: Option<u64>,
    pub thread_count: Option<u64>,
    /// Entries and the most that there may be.
    pub conntrack: Option<(u64, u64)>,
    pub iptables_rules: Option<u64>,
    pub iptables_version: Option<String>,
    pub systemd_version: Option<String>,
    pub cgroup: Option<String>,
    pub uname: Option<String>,
    pub mounts: Option<String>,
    pub units: Option<String>,
    pub runtime_config: Option<String>,
    /// What the runtime's own command line answered.
    pub containers: Option<RuntimeAnswer>,
    pub logs: Vec<LogFile>,
    /// Files that could not be read, by name.
    pub failed: Vec<String>,
}

impl NodeFacts {
    /// Reads one file of a node's folder. `path` is its place in the capture, `name` its base name.
    /// Returns false for a file that says nothing kubecause knows.
    pub fn read(&mut self, path: &str, name: &str, content: &str) -> bool {
        let number = || content.split_whitespace().next().and_then(|w| w.parse().ok());
        let line = || Some(content.trim().to_owned()).filter(|t| !t.is_empty());
        match name {
            "configz.json" => self.configz = KubeletConfig::parse(content),
            "stats-summary.json" => self.stats = serde_json::from_str(content).ok(),
            "healthz.txt" => self.healthz = line(),
            "df.txt" => self.df = text::df(content),
            "df-inodes.txt" => self.df_inodes = text::df(content),
            "loadavg.txt" => self.loadavg = text::loadavg(content),
            "meminfo.txt" => self.meminfo = text::meminfo(content),
            "ps.txt" => self.processes = text::ps(content),
            "pid_max.txt" => self.pid_max = number(),
            "thread_count.txt" => self.thread_count = number(),
            "conntrack.txt" => self.conntrack = text::conntrack(content),
            "iptables_rules.txt" => self.iptables_rules = number(),
            "iptables_version.txt" => self.iptables_version = line(),
            "systemd_version.txt" => self.systemd_version = line(),
            "cgroup.txt" => self.cgroup = line(),
            "uname.txt" => self.uname = line(),
            "mounts.txt" => self.mounts = line(),
            "units.txt" => self.units = line(),
            "runtime_config.toml" => self.runtime_config = line(),
            "containers.txt" => self.containers = Some(RuntimeAnswer::parse(content)),
            _ => match log_source(name) {
                Some(source) => self.logs.push(LogFile::new(source, path, content)),
                None => return false,
            },
        }
        let parsed = match name {
            "configz.json" => self.configz.is_some(),
            "stats-summary.json" => self.stats.is_some(),
            "pid_max.txt" => self.pid_max.is_some(),
            "thread_count.txt" => self.thread_count.is_some(),
            "loadavg.txt" => self.loadavg.is_some(),
            "df.txt" => !self.df.is_empty(),
            "df-inodes.txt" => !self.df_inodes.is_empty(),
            _ => true,
        };
        if !parsed {
            self.failed.push(name.to_owned());
        }
        true
    }

    /// The names of the files of which something is known, logs apart.
    pub fn files(&self) -> Vec<&'static str> {
        let known = [
            ("configz.json", self.configz.is_some()),
            ("stats-summary.json", self.stats.is_some()),
            ("healthz.txt", self.healthz.is_some()),
            ("df.txt", !self.df.is_empty()),
            ("df-inodes.txt", !self.df_inodes.is_empty()),
            ("loadavg.txt", self.loadavg.is_some()),
            ("meminfo.txt", self.meminfo.is_some()),
            ("ps.txt", !self.processes.is_empty()),
            ("pid_max.txt", self.pid_max.is_some()),
            ("thread_count.txt", self.thread_count.is_some()),
            ("conntrack.txt", self.conntrack.is_some()),
            ("iptables_rules.txt", self.iptables_rules.is_some()),
            ("iptables_version.txt", self.iptables_version.is_some()),
            ("systemd_version.txt", self.systemd_version.is_some()),
            ("cgroup.txt", self.cgroup.is_some()),
            ("uname.txt", self.uname.is_some()),
            ("mounts.txt", self.mounts.is_some()),
            ("units.txt", self.units.is_some()),
            ("runtime_config.toml", self.runtime_config.is_some()),
            ("containers.txt", self.containers.is_some()),
        ];
        known.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }

    /// When the machine started, as kubelet's statistics say, or by the age of its oldest process.
    pub fn booted_at(&self, taken_at: Option<Timestamp>) -> Option<Timestamp> {
        let said = self.stats.as_ref().and_then(|s| s.node.start_time);
        let oldest = || self.processes.iter().filter_map(|p| p.elapsed).max().filter(|age| *age > 0);
        said.or_else(|| Some(crate::snapshot::shift(taken_at?, -oldest()?)))
    }

    /// The logs of that source.
    pub fn logs_of(&self, source: &LogSource) -> impl Iterator<Item = &LogFile> {
        self.logs.iter().filter(move |log| log.source == *source)
    }

    /// Whether there is a log of that source.
    pub fn has_log(&self, source: &LogSource) -> bool {
        self.logs_of(source).next().is_some()
    }
}

/// Who writes a log of that file name.
pub fn log_source(name: &str) -> Option<LogSource> {
    let stem = name.split('.').next().unwrap_or(name);
    Some(match stem {
        "kubelet" => LogSource::Kubelet,
        "containerd" | "crio" | "cri-o" | "containerd-log" => LogSource::Runtime,
        "docker" | "dockerd" => LogSource::Docker,
        "kernel" | "dmesg" | "kern" => LogSource::Kernel,
        "messages" | "syslog" | "journal" | "system" => LogSource::System,
        "kube-proxy" | "kubeproxy" => LogSource::KubeProxy,
        _ if name.ends_with(".log") => LogSource::Other(stem.into()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_find_their_field() {
        let mut facts = NodeFacts::default();
        assert!(facts.read("nodes/a/pid_max.txt", "pid_max.txt", "32768\n"));
        assert!(facts.read("nodes/a/kubelet.log", "kubelet.log", "E1122 17:48:05.1 1 x.go:1] x"));
        assert!(!facts.read("nodes/a/README", "README", "hello"));
        assert!(facts.read("nodes/a/df.txt", "df.txt", "garbage"));
        assert_eq!(facts.pid_max, Some(32768));
        assert!(facts.has_log(&LogSource::Kubelet));
        assert_eq!(facts.failed, ["df.txt"]);
    }
}
