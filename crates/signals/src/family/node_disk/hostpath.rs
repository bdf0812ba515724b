//! Pods that may write to a directory of their node. The kubelet measures no hostPath and reclaims none.

use super::disk::NodeDisk;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};

/// A pod that may write to a directory of the node.
pub(super) struct Writer {
    /// Its workload.
    pub(super) owner: Subject,
    /// The pod.
    pub(super) pod: Subject,
    /// The volume's name in the pod.
    pub(super) volume: String,
    /// The directory of the node.
    pub(super) path: String,
}

/// Directories that agents of the node mount: they read them, or keep little there.
const SYSTEM_PATHS: [&str; 19] = [
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/etc",
    "/lib",
    "/lib64",
    "/usr",
    "/bin",
    "/sbin",
    "/boot",
    "/opt/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/var/lib/calico",
    "/var/lib/dbus",
];

/// Pods of this node, ended ones too, that mount a directory of its full file system for writing, one a workload.
pub(super) fn writers(snapshot: &Snapshot, disk: &NodeDisk<'_>) -> Vec<Writer> {
    let mut found: Vec<Writer> = Vec::new();
    for pod in snapshot
        .pods_on(&disk.name)
        .filter(|p| !p.is_static() && !p.spec.priority_class_name.starts_with("system-"))
    {
        let Some((volume, path)) = writable_hostpath(pod, disk) else { continue };
        let subject = pod.metadata.subject(Kind::Pod);
        let owner = snapshot.top_owner(&subject);
        if !found.iter().any(|w| w.owner == owner) {
            found.push(Writer { owner, pod: subject, volume, path });
        }
    }
    found.sort_by(|a, b| a.owner.cmp(&b.owner));
    found
}

fn writable_hostpath(pod: &Pod, disk: &NodeDisk<'_>) -> Option<(String, String)> {
    let volumes = pod.spec.volumes.iter().filter_map(|v| Some((v, v.host_path.as_ref()?)));
    let directories = volumes.filter(|(_, h)| h.kind.is_empty() || h.kind.starts_with("Directory"));
    let written = directories.filter(|(v, _)| {
        let mut mounts = pod.spec.all_containers().flat_map(|c| c.volume_mounts.iter());
        mounts.any(|m| m.name == *v.name && !m.read_only)
    });
    let mut ours = written.filter(|(_, h)| is_data_path(&h.path) && on_full_disk(&h.path, disk));
    ours.next().map(|(v, h)| (v.name.to_string(), h.path.to_string()))
}

fn is_data_path(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let below = |dir: &&str| path == *dir || path.strip_prefix(*dir).is_some_and(|r| r.starts_with('/'));
    !path.is_empty() && !["/var", "/var/lib", "/var/log"].contains(&path) && !SYSTEM_PATHS.iter().any(below)
}

/// Whether a path lies on the file system that is full; where `df` does not say, it may.
fn on_full_disk(path: &str, disk: &NodeDisk<'_>) -> bool {
    let Some(mount) = disk.disks.nodefs.as_ref().map(|n| n.mount.as_str()).filter(|m| !m.is_empty()) else {
        return true;
    };
    let df = disk.facts.map(|f| f.df.as_slice()).unwrap_or_default();
    let holds = |m: &str| m == "/" || path == m || path.strip_prefix(m).is_some_and(|r| r.starts_with('/'));
    let nearest = df.iter().filter(|f| holds(&f.mount)).map(|f| f.mount.as_str()).max_by_key(|m| m.len());
    // A `df` of one file system does not tell where the rest of the tree lies.
    nearest.is_none_or(|m| m == mount)
}
