//! What fills the disk of a node: files that no pod owns, one pod, a hostPath, images in use, or too many files.
//! The shares are told apart by arithmetic: what is used, less what images hold, less what pods write.

use super::disk::{Crossed, NodeDisk};
use super::hostpath::{self, Writer};
use super::words;
use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::{EndedBy, is_recent, still_failing};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot, Subject, quantity};
use kubecause_model::{Source, Span};
use std::collections::BTreeMap;

/// Names what fills the disk. `misfit` says that a threshold is to blame instead.
pub(super) fn observe(snapshot: &Snapshot, disk: &NodeDisk<'_>, misfit: bool, sink: &mut Sink) {
    let inodes = inodes(snapshot, disk, sink);
    let in_trouble = disk.pressed || image_gc_fails(snapshot, disk);
    let hog = hogs(snapshot, disk, sink);
    if !in_trouble || inodes || hog {
        return;
    }
    if !misfit && images(snapshot, disk, sink) {
        return;
    }
    unmanaged(snapshot, disk, misfit, sink);
}

/// Whether image garbage collection lately said that it could not free enough.
fn image_gc_fails(snapshot: &Snapshot, disk: &NodeDisk<'_>) -> bool {
    let node = disk.subject();
    let mut events = snapshot.events_about(&node);
    events.any(|e| {
        (e.reason == "ImageGCFailed" || e.reason == "FreeDiskSpaceFailed")
            && (e.message.contains("reed") && !e.message.contains("DeadlineExceeded"))
            && is_recent(snapshot, e.last)
            && !EndedBy::ImagesBelowThreshold.is_seen(snapshot, &node, e.last)
    })
}

// ---- inodes -----------------------------------------------------------------------------------------------

/// `node.inodes-exhausted`: inodes are short while bytes are not.
fn inodes(snapshot: &Snapshot, disk: &NodeDisk<'_>, sink: &mut Sink) -> bool {
    let told = disk.evictions.iter().rev().find(|r| r.why == words::Why::NodeLow(words::Resource::Inodes));
    let measured = disk.crossed.iter().find(|c| c.is_inodes());
    if disk.bytes().is_some() || (measured.is_none() && told.is_none()) {
        return false;
    }
    let recent = told.is_some_and(|r| is_recent(snapshot, r.at));
    if !disk.pressed && !recent {
        return false;
    }
    let mut finding = Finding::new("node.inodes-exhausted", disk.subject()).since(disk.since);
    if !disk.pressed {
        finding = finding.span(Span::past(told.and_then(|r| r.at), told.and_then(|r| r.at)));
    }
    if let Some(record) = told {
        finding.evidence.push(record.citation.clone());
    }
    finding = disk.describe(finding);
    if let Some((pod, files)) = most_files(disk) {
        finding = finding.param("holder", &pod).param("files", format!("{files:.0}")).cite(
            Source::Metric,
            None,
            format!("nodes/{}/stats-summary.json", disk.name),
            format!("pod {pod} holds {files:.0} inodes"),
        );
    }
    sink.add(finding);
    true
}

/// The pod that holds most inodes, where it holds a tenth of all.
fn most_files(disk: &NodeDisk<'_>) -> Option<(String, f64)> {
    let stats = disk.facts?.stats.as_ref()?;
    let (_, all) = disk.disks.nodefs.as_ref()?.inodes?;
    let files = stats.pods.iter().filter_map(|p| {
        let used = p.ephemeral_storage.as_ref()?.inodes_used?;
        Some((format!("{}/{}", p.pod_ref.namespace, p.pod_ref.name), used))
    });
    files.filter(|(_, used)| *used >= all * 0.1).max_by(|a, b| a.1.total_cmp(&b.1))
}

// ---- one pod ----------------------------------------------------------------------------------------------

/// A pod with what it holds on the node's disk, and who says so.
struct Hog {
    pod: Subject,
    container: String,
    used: f64,
    span: Span,
    source: (Source, String, String),
}

/// `workload.fills-node-disk`: pods whose layers, logs or emptyDirs are what fills the disk. Of several only those
/// that hold at least half as much as the first: the rest are bystanders.
fn hogs(snapshot: &Snapshot, disk: &NodeDisk<'_>, sink: &mut Sink) -> bool {
    let mut found = from_stats(disk);
    found.extend(from_messages(snapshot, disk));
    found.sort_by(|a, b| b.used.total_cmp(&a.used).then_with(|| a.pod.cmp(&b.pod)));
    let Some(most) = found.first().map(|h| h.used) else { return false };
    let mut any_present = false;
    for hog in found.into_iter().filter(|h| h.used >= most / 2.0) {
        any_present |= hog.span.ongoing;
        let owner = snapshot.top_owner(&hog.pod);
        let mut finding = Finding::new("workload.fills-node-disk", owner.clone())
            .span(hog.span)
            .param("pod", &hog.pod.name)
            .param("container", &hog.container)
            .param("used", quantity::bytes(hog.used))
            .param("node", &disk.name)
            .cite(hog.source.0, hog.span.last, hog.source.1, hog.source.2)
            .naming(disk.subject());
        if let Some(capacity) = disk.capacity() {
            finding = finding
                .param("capacity", quantity::bytes(capacity))
                .param("share", format!("{:.0}%", hog.used / capacity * 100.0));
        }
        if owner.object() != hog.pod.object() {
            finding = finding.naming(hog.pod);
        }
        sink.add(finding);
    }
    any_present
}

/// While the node is under pressure: pods that hold a quarter of what is used, or all that is missing.
fn from_stats(disk: &NodeDisk<'_>) -> Vec<Hog> {
    let (Some(stats), Some(fs), true) =
        (disk.facts.and_then(|f| f.stats.as_ref()), &disk.disks.nodefs, disk.pressed)
    else {
        return Vec::new();
    };
    let missing = disk.bytes().map_or(0.0, Crossed::missing);
    let large = (fs.used * 0.25).max(fs.capacity * 0.1).max(missing.min(fs.capacity * 0.5));
    let pods = stats.pods.iter().filter_map(|p| {
        let used = p.ephemeral_storage.as_ref()?.used_bytes.filter(|u| *u >= large)?;
        let container = p.containers.iter().max_by(|a, b| written(a).total_cmp(&written(b)));
        let pod = Subject::new(Kind::Pod, &p.pod_ref.namespace, &p.pod_ref.name);
        let text = format!("pod {pod}: ephemeral-storage {}", quantity::bytes(used));
        Some(Hog {
            pod,
            container: container.map(|c| c.name.to_string()).unwrap_or_default(),
            used,
            span: Span::since(disk.since),
            source: (Source::Metric, format!("nodes/{}/stats-summary.json", disk.name), text),
        })
    });
    pods.collect()
}

fn written(container: &kubecause_evidence::node::ContainerStats) -> f64 {
    let bytes = |fs: &Option<kubecause_evidence::node::FsStats>| {
        fs.as_ref().and_then(|f| f.used_bytes).unwrap_or(0.0)
    };
    bytes(&container.rootfs) + bytes(&container.logs)
}

/// Pods that were evicted because they held much: the kubelet's own message says how much.
fn from_messages(snapshot: &Snapshot, disk: &NodeDisk<'_>) -> Vec<Hog> {
    let capacity = disk.capacity();
    let evictions = disk.evictions.iter().filter_map(|record| {
        let (container, used) =
            words::usage(&record.message).into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let missing = words::threshold_and_available(&record.message).map(|(t, a)| (t - a).max(0.0));
        if !is_large(used, missing, capacity) {
            return None;
        }
        // What was deleted since took its files along, where the node says that it has room again.
        let relieved = disk.node.is_some() && !disk.pressed;
        let gone = relieved && !still_failing(snapshot, &record.pod, record.at);
        let ongoing = is_recent(snapshot, record.at) && !gone;
        Some(Hog {
            pod: record.pod.clone(),
            container: container.to_owned(),
            used,
            span: Span { first: record.at, last: record.at, ongoing },
            source: (record.citation.source, record.citation.reference.clone(), record.citation.text.clone()),
        })
    });
    evictions.collect()
}

/// Whether a pod that used so much was worth evicting: it would have given back at least half of what was missing, and
/// a twentieth of the disk; without these numbers a tenth of the disk, or a gibibyte.
fn is_large(used: f64, missing: Option<f64>, capacity: Option<f64>) -> bool {
    match (missing, capacity) {
        (Some(missing), Some(capacity)) => used >= missing * 0.5 && used >= capacity * 0.05,
        (Some(missing), None) => used >= missing * 0.5 && used >= 268_435_456.0,
        (None, Some(capacity)) => used >= capacity * 0.1,
        (None, None) => used >= 1_073_741_824.0,
    }
}

// ---- images -----------------------------------------------------------------------------------------------

/// `node.images-in-use-fill-imagefs`: images are most of what is used, and running containers need most of them.
fn images(snapshot: &Snapshot, disk: &NodeDisk<'_>, sink: &mut Sink) -> bool {
    let Some(node) = disk.node else { return false };
    let (listed, in_use, count) = image_sizes(snapshot, node);
    let space = if disk.disks.shared == Some(false) { &disk.disks.imagefs } else { &disk.disks.nodefs };
    let used = space.as_ref().map(|s| s.used).or_else(|| {
        let missing = disk.bytes()?;
        Some(missing.capacity - missing.available)
    });
    let total = disk.disks.image_bytes.unwrap_or(listed).max(listed);
    let Some(used) = used.filter(|u| *u > 0.0) else { return false };
    // Of a node's images the object lists at most fifty, so that the share in use is taken of what is listed.
    let needed = if listed > 0.0 { in_use / listed } else { 0.0 };
    if total < used * 0.5 || needed < 0.7 {
        return false;
    }
    let finding = Finding::new("node.images-in-use-fill-imagefs", disk.subject())
        .since(disk.since)
        .param("images", count)
        .param("image_bytes", quantity::bytes(total))
        .param("in_use", quantity::bytes(in_use))
        .param("used", quantity::bytes(used))
        .param("share", format!("{:.0}%", total / used * 100.0))
        .cite(
            Source::Field,
            None,
            format!("nodes/{} status.images", disk.name),
            format!(
                "{count} images, {} of {} used; running containers need {:.0}% of them",
                quantity::bytes(total),
                quantity::bytes(used),
                needed * 100.0
            ),
        );
    sink.add(disk.describe(finding));
    true
}

/// Bytes of all images that the node lists, of those that its pods use, and how many there are.
fn image_sizes(snapshot: &Snapshot, node: &kubecause_evidence::kube::Node) -> (f64, f64, usize) {
    let mut wanted: Vec<&str> = Vec::new();
    for pod in snapshot.pods_on(&node.metadata.name).filter(|p| !p.is_finished()) {
        wanted.extend(pod.spec.all_containers().map(|c| &*c.image));
        wanted.extend(pod.statuses().map(|(_, s)| &*s.image));
    }
    wanted.sort_unstable();
    wanted.dedup();
    let in_use = |names: &[kubecause_evidence::Sym]| {
        names.iter().any(|n| {
            let short =
                n.strip_prefix("docker.io/library/").or_else(|| n.strip_prefix("docker.io/")).unwrap_or(n);
            wanted.binary_search(&&**n).is_ok() || wanted.binary_search(&short).is_ok()
        })
    };
    let images = &node.status.images;
    let total: f64 = images.iter().map(|i| i.size_bytes as f64).sum();
    let used: f64 = images.iter().filter(|i| in_use(&i.names)).map(|i| i.size_bytes as f64).sum();
    (total, used, images.len())
}

// ---- what no pod owns -------------------------------------------------------------------------------------

/// How much of the disk neither images nor pods explain.
enum Unexplained {
    /// Measured on the node: that many bytes of so many used.
    Measured { bytes: f64, used: f64, managed: f64 },
    /// Concluded from what evicted pods gave back, or that there is none left to evict.
    Inferred { why: String },
    /// Images and pods explain it, or nothing is known.
    No,
}

/// `node.unmanaged-*`; where a pod may write to a hostPath there, `workload.hostpath-on-full-disk` beside it: the
/// kubelet measures no hostPath, so that both stay open.
fn unmanaged(snapshot: &Snapshot, disk: &NodeDisk<'_>, misfit: bool, sink: &mut Sink) {
    let found = if misfit { Vec::new() } else { hostpath::writers(snapshot, disk) };
    // What runs on every node would fill every node: such an agent leaves the question open, and is not named.
    let (agents, writers): (Vec<Writer>, Vec<Writer>) =
        found.into_iter().partition(|w| w.owner.kind == Kind::DaemonSet);
    let (signal, unexplained) = match unexplained(disk) {
        Unexplained::No => return,
        Unexplained::Measured { bytes, used, managed } => (
            "node.unmanaged-use-measured",
            (quantity::bytes(bytes), bytes / used, quantity::bytes(managed), None),
        ),
        Unexplained::Inferred { why } => {
            ("node.unmanaged-use-inferred", (String::new(), 0.0, String::new(), Some(why)))
        }
    };
    let (bytes, share, managed, why) = unexplained;
    let percent = if share > 0.0 { format!("{:.0}%", share * 100.0) } else { String::new() };
    let fill = |finding: Finding| {
        let finding =
            finding.param("unexplained", &bytes).param("share", &percent).param("managed", &managed);
        let finding = disk.describe(finding);
        match &why {
            Some(why) => finding.cite(Source::Event, None, format!("nodes/{}", disk.name), why),
            None => finding.cite(
                Source::Metric,
                None,
                format!("nodes/{}/stats-summary.json", disk.name),
                format!("{bytes} ({percent}) of what is used belongs neither to images nor to pods (these hold {managed})"),
            ),
        }
    };
    if let Some(writer) = writers.first() {
        let others =
            writers.iter().skip(1).chain(&agents).map(|w| w.owner.slash()).collect::<Vec<_>>().join(", ");
        let finding = Finding::new("workload.hostpath-on-full-disk", writer.owner.clone())
            .since(disk.since)
            .param("pod", &writer.pod.name)
            .param("path", &writer.path)
            .param("node", &disk.name)
            .param("others", others)
            .cite(
                Source::Field,
                None,
                format!("pods/{} spec.volumes[{}]", writer.pod, writer.volume),
                format!("hostPath {} mounted for writing", writer.path),
            )
            .naming(disk.subject())
            .naming(writer.pod.clone());
        sink.add(fill(finding));
    }
    // Where pods were not seen, one may write to a hostPath there. On a root disk so small that its threshold is to blame,
    // what neither images nor pods hold is the system itself.
    let settled = !misfit && writers.is_empty() && agents.is_empty() && snapshot.has(&Kind::Pod);
    let signal = if settled { signal } else { "node.unmanaged-use-inferred" };
    let mount = disk.disks.nodefs.as_ref().map(|n| n.mount.clone()).filter(|m| !m.is_empty());
    let finding = Finding::new(signal, disk.subject())
        .since(disk.since)
        .param("mount", mount.unwrap_or_else(|| "/".into()));
    sink.add(fill(finding));
}

fn unexplained(disk: &NodeDisk<'_>) -> Unexplained {
    let Some(bytes) = disk.bytes() else { return Unexplained::No };
    match measured(disk, bytes) {
        Some(found) => found,
        None => inferred(disk, bytes),
    }
}

/// By the kubelet's statistics. `None` where they do not say what pods use.
fn measured(disk: &NodeDisk<'_>, crossed: &Crossed) -> Option<Unexplained> {
    let stats = disk.facts?.stats.as_ref()?;
    let space = disk.space_of(crossed)?;
    if !stats.pods.is_empty() && stats.pods.iter().all(|p| p.ephemeral_storage.is_none()) {
        return None;
    }
    let on_this = disk.disks.shared != Some(false) || crossed.signal.starts_with("imagefs");
    let images = if on_this { disk.disks.image_bytes? } else { 0.0 };
    let managed = stats.pods_ephemeral_bytes() + images;
    let bytes = (space.used - managed).max(0.0);
    let most = bytes >= space.used * 0.5 && bytes >= crossed.missing();
    Some(if most { Unexplained::Measured { bytes, used: space.used, managed } } else { Unexplained::No })
}

/// By what the evicted pods gave back: next to nothing beside what is missing; or the kubelet's own word that no pod
/// is left to evict.
fn inferred(disk: &NodeDisk<'_>, crossed: &Crossed) -> Unexplained {
    let listed: f64 = disk.node.map_or(0.0, |n| n.status.images.iter().map(|i| i.size_bytes as f64).sum());
    if listed >= (crossed.capacity - crossed.available) * 0.4 && crossed.capacity > 0.0 {
        return Unexplained::No;
    }
    let mut by_pod: BTreeMap<&Subject, f64> = BTreeMap::new();
    for record in &disk.evictions {
        let used: f64 = words::usage(&record.message).iter().map(|(_, bytes)| bytes).sum();
        let slot = by_pod.entry(&record.pod).or_default();
        *slot = slot.max(used);
    }
    let told = disk.evictions.iter().any(|r| !words::usage(&r.message).is_empty());
    let freed: f64 = by_pod.values().sum();
    if told && crossed.missing() > 0.0 && freed < crossed.missing() * 0.2 {
        let why = format!(
            "the {} evicted pods held {} together, {} are missing",
            by_pod.len(),
            quantity::bytes(freed),
            quantity::bytes(crossed.missing())
        );
        return Unexplained::Inferred { why };
    }
    match last_without_pods(disk) {
        Some(line) if freed < crossed.missing() => Unexplained::Inferred { why: line },
        _ => Unexplained::No,
    }
}

/// The line with which the kubelet says that no pod is left to evict.
fn last_without_pods(disk: &NodeDisk<'_>) -> Option<String> {
    let logs = disk.facts?.logs_of(&LogSource::Kubelet);
    logs.filter_map(|log| Some(log.lines_with(asked::NOBODY_TO_EVICT).last()?.1.to_owned())).last()
}
