//! Volumes that are full: what kubelet measured, and what a container says when it writes.

use super::super::abroad::english;
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Container, PersistentVolume, Pod};
use kubecause_evidence::node::{Filesystem, FsStats, VolumeStats};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// A volume with less than this share free is full, unless it has [`ROOM_BYTES`] left.
const FULL_SHARE: f64 = 0.95;
const ROOM_BYTES: f64 = 5.0 * 1024.0 * 1024.0 * 1024.0;
/// Above this share it is full, however large it is.
const BRIM_SHARE: f64 = 0.99;
/// How many of the last lines of a log are read.
const LINES: usize = 40;

pub(super) fn look(snapshot: &Snapshot, sink: &mut Sink) {
    for (node, facts) in &snapshot.node_facts {
        facts.df.iter().for_each(|fs| mounted(snapshot, node, fs, sink));
        let Some(stats) = &facts.stats else { continue };
        for pod in &stats.pods {
            for volume in &pod.volumes {
                measured(node, stats.node.fs.as_ref(), volume, sink);
            }
        }
    }
    for pod in snapshot.pods.all().iter().filter(|p| !p.is_ready() && !p.spec.volumes.is_empty()) {
        for container in pod.spec.all_containers() {
            written(snapshot, pod, container, sink);
        }
    }
}

fn measured(node: &str, node_fs: Option<&FsStats>, volume: &VolumeStats, sink: &mut Sink) {
    let Some(claim) = &volume.pvc_ref else { return };
    let fs = &volume.fs;
    // A directory of the node's own disk reports the disk, not the volume.
    let same = |n: &FsStats| {
        n.capacity_bytes.is_some() && n.capacity_bytes == fs.capacity_bytes && n.inodes == fs.inodes
    };
    if node_fs.is_some_and(same) {
        return;
    }
    let share = fs.used_share().unwrap_or(0.0);
    let full = share >= BRIM_SHARE
        || (share >= FULL_SHARE && fs.available_bytes.is_some_and(|free| free < ROOM_BYTES));
    let inodes =
        fs.inodes.filter(|all| *all > 0.0).zip(fs.inodes_free).is_some_and(|(all, free)| free / all < 0.01);
    if !full && !inodes {
        return;
    }
    let free = fs.available_bytes.unwrap_or(0.0) / 1024.0 / 1024.0;
    let what = if full { "bytes" } else { "inodes" };
    let text = format!(
        "volume {} of {}/{}: {:.1} % used, {free:.0} MiB free",
        volume.name,
        claim.namespace,
        claim.name,
        share * 100.0
    );
    let finding =
        Finding::new("volume.full", Subject::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
            .cite(Source::Metric, None, format!("nodes/{node}/stats-summary.json"), text)
            .param("used_percent", format!("{:.1}", share * 100.0))
            .param("free_mib", format!("{free:.0}"))
            .param("resource", what)
            .param("node", node);
    sink.add(finding);
}

/// Where the kubelet mounts volumes.
const VOLUMES: [&str; 2] = ["/var/lib/kubelet/plugins/", "/var/lib/kubelet/pods/"];

/// A file system below the kubelet's directories is a volume: its alarm is not the node's. Said where the path tells which.
fn mounted(snapshot: &Snapshot, node: &str, fs: &Filesystem, sink: &mut Sink) {
    let free = fs.available;
    let share = fs.used_share();
    let full = share >= BRIM_SHARE || (share >= FULL_SHARE && free < ROOM_BYTES);
    if !full || !VOLUMES.iter().any(|dir| fs.mount.starts_with(dir)) {
        return;
    }
    let parts: Vec<&str> = fs.mount.split('/').collect();
    let is_there = |v: &&PersistentVolume| {
        let disk = v.spec.aws_elastic_block_store.as_ref().and_then(|a| a.volume_id.rsplit('/').next());
        [Some(&*v.metadata.name), disk].into_iter().flatten().any(|n| !n.is_empty() && parts.contains(&n))
    };
    let Some(volume) = snapshot.volumes.all().iter().find(is_there) else { return };
    let claim = &volume.spec.claim_ref;
    if claim.name.is_empty() {
        return;
    }
    let text = format!("{}: {:.1} % used, {:.0} MiB free", fs.mount, share * 100.0, free / 1024.0 / 1024.0);
    sink.add(
        Finding::new("volume.full", Subject::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
            .cite(Source::Metric, None, format!("nodes/{node}/df.txt"), text)
            .param("used_percent", format!("{:.1}", share * 100.0))
            .param("free_mib", format!("{:.0}", free / 1024.0 / 1024.0))
            .param("resource", "bytes")
            .param("node", node),
    );
}

/// Looks for "no space left on device" on a path of a claim, in the last words of a container that is not ready.
fn written(snapshot: &Snapshot, pod: &Pod, container: &Container, sink: &mut Sink) {
    let claim_of = |mount: &str| {
        let volume = pod.spec.volumes.iter().find(|v| v.name == *mount)?;
        Some(volume.persistent_volume_claim.as_ref()?.claim_name.clone())
    };
    let mounts =
        container.volume_mounts.iter().filter_map(|m| Some((m.mount_path.clone(), claim_of(&m.name)?)));
    let mounts: Vec<_> = mounts.filter(|(path, _)| path.len() > 1).collect();
    if mounts.is_empty() {
        return;
    }
    let subject = pod.metadata.subject(Kind::Pod);
    // A name without its folder lies where the program works: on its only volume, if it has one.
    let only = Some(&mounts).filter(|m| m.len() == 1 && !node_is_full(snapshot, pod)).and_then(|m| m.first());
    for previous in [false, true] {
        let Some(log) = snapshot.container_log(&subject, &container.name, previous) else { continue };
        for (number, line) in log.tail(LINES) {
            let full = "no space left on device";
            if !line.to_ascii_lowercase().contains(full) && english(line) != Some(full) {
                continue;
            }
            let named = mounts.iter().find(|(path, _)| line.contains(path.as_str()));
            let signal = if named.is_some() { "volume.write-failed-full" } else { "volume.write-failed" };
            let bare = || only.filter(|_| !names_a_folder(line));
            let Some((path, claim)) = named.or_else(bare) else { continue };
            let at = log.time_of(line);
            let claim = Subject::new(Kind::PersistentVolumeClaim, &pod.metadata.namespace, claim);
            let finding = Finding::new(signal, claim)
                .since(at)
                .cite(Source::Log, at, log.reference(number), line)
                .param("path", path)
                .param("resource", "bytes");
            sink.add(finding);
        }
    }
}

/// Whether the disk of the pod's node is what has no space left, as far as the node says.
fn node_is_full(snapshot: &Snapshot, pod: &Pod) -> bool {
    let node = snapshot.nodes.get("", &pod.spec.node_name);
    node.and_then(|n| n.condition("DiskPressure")).is_some_and(kubecause_evidence::kube::Condition::is_true)
}

/// Whether a path with its folder stands in the line.
fn names_a_folder(line: &str) -> bool {
    line.split([' ', '"', '\'', '(', '=', '`']).any(|word| word.starts_with('/') && word.len() > 1)
}
