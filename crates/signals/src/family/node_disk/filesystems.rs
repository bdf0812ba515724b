//! The two file systems that a kubelet watches: nodefs, which holds its own directory, and imagefs, which holds images
//! and writable layers. Often they are one.

use crate::family::asked;
use kubecause_evidence::kube::Node;
use kubecause_evidence::log::LogSource;
use kubecause_evidence::node::{Filesystem, FsStats, NodeFacts};

/// What was measured of one of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Space {
    /// Bytes that are free for users.
    pub(super) available: f64,
    /// Bytes in all.
    pub(super) capacity: f64,
    /// Bytes in use by anything.
    pub(super) used: f64,
    /// Free inodes and all inodes.
    pub(super) inodes: Option<(f64, f64)>,
    /// Where it is mounted, where `df` says.
    pub(super) mount: String,
    /// The file that says so.
    pub(super) source: String,
}

impl Space {
    /// Free bytes over capacity, 0 to 1.
    pub(super) fn free_share(&self) -> f64 {
        if self.capacity > 0.0 { self.available / self.capacity } else { 0.0 }
    }
}

/// What is known of a node's file systems.
#[derive(Debug, Clone, Default)]
pub(super) struct Disks {
    /// The file system of kubelet's directory.
    pub(super) nodefs: Option<Space>,
    /// The file system of images, where it could be told.
    pub(super) imagefs: Option<Space>,
    /// Whether both are one; `None` where it cannot be told.
    pub(super) shared: Option<bool>,
    /// Bytes of images, as the kubelet's statistics say.
    pub(super) image_bytes: Option<f64>,
    /// A second disk of several times the size of nodefs, on which images could be: its mount and its free share.
    pub(super) other_disk: Option<(String, f64)>,
}

const KUBELET_ROOT: &str = "/var/lib/kubelet";

impl Disks {
    pub(super) fn of(name: &str, node: Option<&Node>, facts: Option<&NodeFacts>) -> Self {
        let measured = facts.and_then(|f| from_stats(name, f));
        let counted = facts.and_then(|f| from_df(name, node, f));
        match (measured, counted) {
            (Some(mut stats), Some(df)) => {
                stats.other_disk = df.other_disk;
                if let (Some(fs), Some(df)) = (&mut stats.nodefs, df.nodefs) {
                    fs.mount = df.mount;
                }
                stats
            }
            (stats, df) => stats.or(df).unwrap_or_default(),
        }
    }
}

fn space(fs: &FsStats, source: &str) -> Option<Space> {
    let (available, capacity) = (fs.available_bytes?, fs.capacity_bytes.filter(|c| *c > 0.0)?);
    Some(Space {
        available,
        capacity,
        used: fs.used_bytes.filter(|u| *u > 0.0).unwrap_or(capacity - available),
        inodes: fs.inodes_free.zip(fs.inodes.filter(|i| *i > 0.0)),
        mount: String::new(),
        source: source.to_owned(),
    })
}

fn from_stats(name: &str, facts: &NodeFacts) -> Option<Disks> {
    let stats = facts.stats.as_ref()?;
    let source = format!("nodes/{name}/stats-summary.json");
    let nodefs = space(stats.node.fs.as_ref()?, &source)?;
    let raw = stats.node.runtime.image_fs.as_ref();
    // Of imagefs the statistics count as used only what images hold.
    let image_bytes = raw.and_then(|fs| fs.used_bytes);
    let imagefs =
        raw.and_then(|fs| space(fs, &source)).map(|fs| Space { used: fs.capacity - fs.available, ..fs });
    let shared = imagefs.as_ref().map(|i| same_device(&nodefs, i));
    Some(Disks { nodefs: Some(nodefs), imagefs, shared, image_bytes, other_disk: None })
}

/// Two views of one device differ only by what was written between two measurements.
fn same_device(a: &Space, b: &Space) -> bool {
    let near = |x: f64, y: f64, slack: f64| (x - y).abs() <= slack;
    near(a.capacity, b.capacity, 1.0) && near(a.available, b.available, (a.capacity * 0.02).max(1.0))
}

fn from_df(name: &str, node: Option<&Node>, facts: &NodeFacts) -> Option<Disks> {
    let source = format!("nodes/{name}/df.txt");
    let root = kubelet_root(facts).unwrap_or_else(|| KUBELET_ROOT.into());
    let home = holding(&facts.df, &root)?;
    let inodes = |mount: &str| {
        let found = facts.df_inodes.iter().find(|f| f.mount == mount);
        found.map(|f| (f.available, f.total)).filter(|(_, total)| *total > 0.0)
    };
    let view = |f: &Filesystem| Space {
        available: f.available,
        capacity: f.total,
        used: f.used,
        inodes: inodes(&f.mount),
        mount: f.mount.clone(),
        source: source.clone(),
    };
    let images = runtime_root(node, facts).and_then(|dir| holding(&facts.df, &dir));
    let others = facts.df.iter().filter(|f| f.device.starts_with("/dev/") && f.device != home.device);
    let others = others.filter(|f| f.total >= 4.0 * home.total && is_data_mount(&f.mount));
    let other_disk = others.max_by(|a, b| a.total.total_cmp(&b.total));
    Some(Disks {
        nodefs: Some(view(home)),
        imagefs: images.map(view),
        shared: images.map(|i| i.mount == home.mount),
        image_bytes: None,
        other_disk: other_disk.map(|f| (f.mount.clone(), 1.0 - f.used_share())),
    })
}

/// Volumes of pods are mounted below kubelet's directory: none of them holds images.
fn is_data_mount(mount: &str) -> bool {
    !mount.starts_with(KUBELET_ROOT) && !mount.starts_with("/boot") && !mount.starts_with("/run")
}

/// The file system that holds that directory: the longest mount point that it begins with.
fn holding<'a>(df: &'a [Filesystem], dir: &str) -> Option<&'a Filesystem> {
    let holds = |f: &&Filesystem| {
        f.mount == "/"
            || dir == f.mount
            || dir.strip_prefix(&f.mount).is_some_and(|rest| rest.starts_with('/'))
    };
    df.iter().filter(holds).max_by_key(|f| f.mount.len())
}

fn kubelet_root(facts: &NodeFacts) -> Option<String> {
    facts.logs_of(&LogSource::Kubelet).find_map(|log| {
        let (_, line) = log.lines_with(asked::ROOT_DIR_FLAG).last()?;
        let value = line.rsplit_once("--root-dir=")?.1.trim_start_matches('"');
        value.split(['"', ' ', '\n']).next().filter(|v| v.starts_with('/')).map(str::to_owned)
    })
}

/// The runtime's data directory: what it was started or configured with, else its default. Docker's may be anywhere
/// (`data-root`, before 17.05 `graph`): without a word about it, nothing is assumed.
fn runtime_root(node: Option<&Node>, facts: &NodeFacts) -> Option<String> {
    for process in &facts.processes {
        for flag in ["--data-root", "--graph", "--root"] {
            let runtime = process.command.contains("dockerd") || process.command.contains("containerd");
            if let Some(rest) =
                process.command.split_once(flag).map(|(_, r)| r.trim_start_matches(['=', ' ']))
                && runtime
                && rest.starts_with('/')
            {
                return rest.split_whitespace().next().map(str::to_owned);
            }
        }
    }
    let configured = facts.runtime_config.as_deref().and_then(|text| {
        let line =
            text.lines().find_map(|l| l.trim().strip_prefix("root")?.trim_start().strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    });
    let version = node.map(|n| n.status.node_info.container_runtime_version.as_str()).unwrap_or_default();
    configured.or_else(|| match version.split("://").next()? {
        "containerd" => Some("/var/lib/containerd".into()),
        "cri-o" => Some("/var/lib/containers".into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(files: &[(&str, &str)]) -> NodeFacts {
        let mut facts = NodeFacts::default();
        for (name, text) in files {
            facts.read(&format!("nodes/a/{name}"), name, text);
        }
        facts
    }

    #[test]
    fn one_device_and_two() {
        let one = r#"{"node":{"fs":{"availableBytes":68390912,"capacityBytes":2040373248,"usedBytes":1847832576},
            "runtime":{"imageFs":{"availableBytes":68390912,"capacityBytes":2040373248,"usedBytes":0}}},"pods":[]}"#;
        let disks = Disks::of("a", None, Some(&facts(&[("stats-summary.json", one)])));
        assert_eq!((disks.shared, disks.image_bytes), (Some(true), Some(0.0)));
        let two = one.replace(
            "\"imageFs\":{\"availableBytes\":68390912,\"capacityBytes\":2040373248",
            "\"imageFs\":{\"availableBytes\":8e10,\"capacityBytes\":1e11",
        );
        assert_eq!(Disks::of("a", None, Some(&facts(&[("stats-summary.json", &two)]))).shared, Some(false));
    }

    #[test]
    fn df_of_a_machine_with_a_disk_for_docker() {
        let df = "文件系统        容量  已用  可用 已用% 挂载点\n/dev/sda1       5.8G  5.1G  448M   92% /\n/dev/sdb1        99G  5.2G   89G    6% /data\n";
        let disks = Disks::of("a", None, Some(&facts(&[("df.txt", df)])));
        assert_eq!(disks.shared, None, "nothing says where docker keeps its data");
        assert_eq!(
            disks.other_disk.map(|(m, free)| (m, (free * 100.0).round())),
            Some(("/data".into(), 90.0))
        );
        let with = facts(&[
            ("df.txt", df),
            ("ps.txt", "PID COMMAND\n1 /usr/bin/dockerd --data-root /data/docker\n"),
        ]);
        assert_eq!(Disks::of("a", None, Some(&with)).shared, Some(false));
    }
}
