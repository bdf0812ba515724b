//! Eviction thresholds that do not fit the node: pressure although plenty is free by any common measure.

use super::disk::{Crossed, NodeDisk};
use super::thresholds::{DEFAULTS, Thresholds, percent};
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Condition, Node};
use kubecause_evidence::node::{NodeFacts, Threshold};
use kubecause_evidence::{Snapshot, Str, Subject, quantity};
use kubecause_model::Source;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// A root disk below this size can hardly keep a default share free beside an operating system.
const SMALL_DISK: f64 = 10.0 * GIB;
/// Of a small disk at least this share is free: else it is full, and the threshold is right.
const SMALL_DISK_LEAST_FREE: f64 = 0.03;

/// Whether so much is free that nobody would call it full: an absolute measure for large resources, a share for small
/// ones; or the threshold asks for more than half of all there is.
fn is_plenty(crossed: &Crossed, large: f64) -> bool {
    if crossed.capacity <= 0.0 {
        return false;
    }
    let share = crossed.available / crossed.capacity;
    (share >= 0.15 && crossed.available >= large)
        || share >= 0.3
        || crossed.threshold >= crossed.capacity * 0.5
}

/// `node.threshold-misfit-disk`, or `-likely` where only the layout of the disks speaks for it. Returns whether it was
/// found.
pub(super) fn disk(disk: &NodeDisk<'_>, sink: &mut Sink) -> bool {
    if !disk.pressed {
        return false;
    }
    let plenty = disk.crossed.iter().find(|c| is_plenty(c, 5.0 * GIB));
    let small = || disk.crossed.iter().find(|c| c.signal == "nodefs.available" && is_small_root(disk, c));
    let Some(crossed) = plenty.or_else(small) else {
        return unmeasured(disk, sink);
    };
    let certain = plenty.is_some() || disk.disks.shared == Some(false);
    let signal = if certain { "node.threshold-misfit-disk" } else { "node.threshold-misfit-disk-likely" };
    let finding = Finding::new(signal, disk.subject()).since(disk.since);
    sink.add(propose(disk.describe(finding), &disk.thresholds, crossed));
    true
}

/// A root disk of a few gibibytes with the images elsewhere: it holds little but the system itself, and the share that
/// a default asks for cannot be kept free.
fn is_small_root(disk: &NodeDisk<'_>, crossed: &Crossed) -> bool {
    let elsewhere = match disk.disks.shared {
        Some(shared) => !shared && disk.disks.imagefs.as_ref().is_some_and(|fs| fs.free_share() > 0.15),
        // An old kubelet without any threshold on imagefs, and a second disk that is nearly empty.
        None => disk.disks.other_disk.as_ref().is_some_and(|(_, free)| *free > 0.5),
    };
    elsewhere
        && crossed.capacity < SMALL_DISK
        && crossed.available >= crossed.capacity * SMALL_DISK_LEAST_FREE
}

/// Nothing was measured, but a threshold that asks for half of the disk says enough.
fn unmeasured(disk: &NodeDisk<'_>, sink: &mut Sink) -> bool {
    let Some(capacity) = disk.capacity().filter(|_| disk.disks.nodefs.is_none()) else { return false };
    let signals = ["nodefs.available", "imagefs.available"];
    let found = signals.iter().find_map(|signal| {
        let (threshold, written) = disk.thresholds.first(signal, capacity)?;
        let crossed = Crossed { signal: (*signal).to_owned(), written, threshold, available: 0.0, capacity };
        (threshold >= capacity * 0.5).then_some(crossed)
    });
    let Some(crossed) = found else { return false };
    let finding = Finding::new("node.threshold-misfit-disk", disk.subject()).since(disk.since);
    sink.add(propose(disk.describe(finding), &disk.thresholds, &crossed));
    true
}

/// `node.threshold-misfit-memory`.
pub(super) fn memory(name: &Str, node: &Node, facts: Option<&NodeFacts>, sink: &mut Sink) -> Option<Crossed> {
    if !node.condition("MemoryPressure").is_some_and(Condition::is_true) {
        return None;
    }
    let capacity = node.status.capacity.value("memory")?;
    let stats = facts.and_then(|f| f.stats.as_ref()).and_then(|s| s.node.memory.available_bytes);
    let available = stats.or_else(|| facts?.meminfo?.available);
    let thresholds = Thresholds::of(name, facts);
    let (threshold, written) = thresholds.first("memory.available", capacity)?;
    let signal = "memory.available".to_owned();
    let source = if stats.is_some() { "stats-summary.json" } else { "meminfo.txt" };
    let Some(available) = available else {
        let crossed = Crossed { signal, written, threshold, available: 0.0, capacity };
        if threshold >= capacity * 0.5 {
            emit("node.threshold-misfit-memory", name, &thresholds, &crossed, "configz.json", sink);
        }
        return None;
    };
    let crossed = Crossed { signal, written, threshold, available, capacity };
    if available < threshold && is_plenty(&crossed, 2.0 * GIB) {
        emit("node.threshold-misfit-memory", name, &thresholds, &crossed, source, sink);
    }
    Some(crossed)
}

/// `node.threshold-misfit-pid`: the kubelet has no default for `pid.available`, so that one was set.
pub(super) fn pids(name: &Str, node: &Node, facts: Option<&NodeFacts>, sink: &mut Sink) {
    if !node.condition("PIDPressure").is_some_and(Condition::is_true) {
        return;
    }
    let Some(facts) = facts else { return };
    let rlimit = facts.stats.as_ref().and_then(|s| s.node.rlimit.as_ref());
    let measured = rlimit.and_then(|r| Some((r.maxpid? as f64, r.curproc? as f64)));
    let counted = facts.pid_max.zip(facts.thread_count).map(|(max, now)| (max as f64, now as f64));
    let Some((capacity, now)) = measured.or(counted) else { return };
    let thresholds = Thresholds::of(name, Some(facts));
    let Some((threshold, written)) = thresholds.first("pid.available", capacity) else { return };
    let available = (capacity - now).max(0.0);
    let crossed = Crossed { signal: "pid.available".into(), written, threshold, available, capacity };
    if available < threshold && is_plenty(&crossed, 10_000.0) {
        emit("node.threshold-misfit-pid", name, &thresholds, &crossed, "stats-summary.json", sink);
    }
}

fn emit(
    signal: &'static str,
    name: &Str,
    set: &Thresholds,
    crossed: &Crossed,
    source: &str,
    sink: &mut Sink,
) {
    let show =
        |v: f64| if crossed.signal == "pid.available" { format!("{v:.0}") } else { quantity::bytes(v) };
    let text = format!(
        "{}: {} left of {}, threshold {} = {}",
        crossed.signal,
        show(crossed.available),
        show(crossed.capacity),
        crossed.written,
        show(crossed.threshold)
    );
    let finding = Finding::new(signal, Subject::node(name.clone()))
        .param("signal", &crossed.signal)
        .param("threshold", &crossed.written)
        .param("needed", show(crossed.threshold))
        .param("available", show(crossed.available))
        .param("capacity", show(crossed.capacity))
        .param("thresholds", set.text())
        .param("thresholds_source", &set.source)
        .cite(Source::Metric, None, format!("nodes/{name}/{source}"), text);
    sink.add(propose(finding, set, crossed));
}

/// Adds the value that clears the pressure and the whole set with it.
fn propose(finding: Finding, set: &Thresholds, crossed: &Crossed) -> Finding {
    let value = fitting(crossed);
    let line = set.with(&crossed.signal, &value);
    let reference = if set.source == DEFAULTS { DEFAULTS.to_owned() } else { set.source.clone() };
    finding
        .param("signal", &crossed.signal)
        .param("threshold", &crossed.written)
        .param("clearing", value)
        .param("eviction_hard", &line)
        .param("eviction_hard_yaml", yaml(&line))
        .cite(Source::Field, None, reference, format!("thresholds in force: {}", set.text()))
}

/// The default where what is free meets it with room to spare; else two thirds of what is free, in whole percent; for
/// process ids and an unknown rest, a small share.
fn fitting(crossed: &Crossed) -> String {
    let default =
        kubecause_evidence::node::KubeletConfig::DEFAULT_HARD.iter().find(|(s, _)| *s == crossed.signal);
    let default = default.map_or("10%", |(_, t)| t);
    let needs = Threshold::parse(default).map_or(0.0, |t| t.of(crossed.capacity));
    if crossed.available <= 0.0 || crossed.available > needs * 1.2 {
        return default.to_owned();
    }
    let share = crossed.available / crossed.capacity.max(1.0);
    percent((share * 200.0 / 3.0).floor().max(1.0) / 100.0)
}

/// The set as the body of `evictionHard` in kubelet's configuration file.
fn yaml(line: &str) -> String {
    let pairs = line.split(',').filter_map(|p| p.split_once('<'));
    pairs.map(|(k, v)| format!("{k}: \"{v}\"")).collect::<Vec<_>>().join(", ")
}

/// The pressed nodes' memory, for [`super::memory`].
pub(super) fn measured_memory(snapshot: &Snapshot, name: &Str, sink: &mut Sink) -> Option<Crossed> {
    let node = snapshot.nodes.get("", name)?;
    let facts = snapshot.node_facts.get(name);
    pids(name, node, facts, sink);
    memory(name, node, facts, sink)
}
