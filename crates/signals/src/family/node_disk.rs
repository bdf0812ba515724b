//! What presses on a node: disk and inodes, memory, process ids, load; and the pods that were evicted for it.
//! The eviction manager's view is rebuilt from the thresholds in force and what was measured beside them.

mod culprits;
mod disk;
mod evicted;
mod filesystems;
mod hostpath;
mod imagegc;
mod load;
mod memory;
mod misfit;
mod records;
mod reserve;
mod thresholds;
mod words;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot, Str};
use records::Record;
use rustc_hash::FxHashMap;

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const NODES: &[Needs] = &[Needs::Kind(Kind::Node)];
const PODS: &[Needs] = &[Needs::Kind(Kind::Pod)];
const STATS: &[Needs] = &[Needs::NodeFile("stats-summary")];
const EVICTIONS: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)];

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "node.disk-pressure",
        "The node says that a disk threshold is crossed; with the threshold and what was measured.",
        NODES,
    ),
    Signal::fact(
        "node.unmanaged-use-measured",
        "Most of what is used on the full file system belongs neither to images nor to pods, by the kubelet's statistics.",
        STATS,
    ),
    Signal::fact(
        "node.unmanaged-use-inferred",
        "The evicted pods gave back next to nothing of what is missing, or no pod is left to evict; or it was measured, but \
         a pod may write to a hostPath there.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.fills-node-disk",
        "A pod's layers, logs or emptyDirs hold a large share of its node's disk: by the statistics, or by the message \
         of its eviction.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.hostpath-on-full-disk",
        "A pod may write to a hostPath on a full disk of which pods and images explain little.",
        EVICTIONS,
    ),
    Signal::fact(
        "node.images-in-use-fill-imagefs",
        "Images are most of what is used, and running containers need most of them.",
        NODES,
    ),
    Signal::fact("node.inodes-exhausted", "Inodes are short while bytes are free.", STATS),
    Signal::fact(
        "node.threshold-misfit-disk",
        "Disk pressure although plenty is free by any common measure, or on a root disk too small for the threshold.",
        STATS,
    ),
    Signal::fact(
        "node.threshold-misfit-disk-likely",
        "Disk pressure on a small root disk beside a large, empty second one; where images lie was not seen.",
        &[Needs::NodeFile("df")],
    ),
    Signal::fact(
        "node.threshold-misfit-memory",
        "Memory pressure although plenty is available by any common measure.",
        STATS,
    ),
    Signal::fact("node.threshold-misfit-pid", "PID pressure although plenty of process ids are free.", STATS),
    Signal::fact(
        "node.image-gc-threshold-low",
        "Image garbage collection is set to begin at a use of 60 percent or less, and it shows: it never gets down to its goal, \
         or the sandbox's image is gone.",
        &[Needs::NodeFile("configz")],
    ),
    Signal::fact(
        "node.image-gc-below-need",
        "Image garbage collection lately ran at a use of 60 percent or less.",
        &[Needs::NodeLog(LogSource::Kubelet)],
    ),
    Signal::fact("node.memory-pressure", "The node says that its memory threshold is crossed.", NODES),
    Signal::fact(
        "node.oom-kill-global",
        "The kernel killed a process because the machine was out of memory, not because of a limit.",
        &[Needs::NodeLog(LogSource::Kernel)],
    ),
    Signal::fact(
        "node.oom-is-container-limit",
        "All OOM kills that were seen on the node are those of a container's own limit.",
        &[Needs::NodeLog(LogSource::Kernel)],
    ),
    Signal::fact("node.pid-pressure", "The node says that it is short of process ids.", NODES),
    Signal::fact(
        "node.threads-near-limit",
        "Nine in ten process ids of the node are taken.",
        &[Needs::NodeFile("thread_count"), Needs::NodeFile("pid_max")],
    ),
    Signal::fact(
        "node.conntrack-near-limit",
        "The table of tracked connections is as good as full.",
        &[Needs::NodeFile("conntrack")],
    ),
    Signal::fact(
        "node.processes-blocked",
        "Three or more processes are in uninterruptible sleep.",
        &[Needs::NodeFile("ps")],
    ),
    Signal::fact("node.io-pressure", "All tasks wait for the disk for much of the time (PSI).", STATS),
    Signal::fact(
        "node.cpu-load-high",
        "Load over 15 minutes is two per core or more.",
        &[Needs::NodeFile("loadavg"), Needs::Kind(Kind::Node)],
    ),
    Signal::fact(
        "node.probe-timeouts-here",
        "Probes of several pods time out on this node while the same workload is fine on another.",
        EVICTIONS,
    ),
    Signal::fact(
        "node.containers-many",
        "Two hundred containers or more run on a node whose list of containers is late.",
        PODS,
    ),
    Signal::fact(
        "node.exec-probes-frequent",
        "Exec probes start five processes a second or more on a node whose list of containers is late.",
        PODS,
    ),
    Signal::fact("node.kernel-3-10", "The node runs a kernel 3.10.", NODES),
    Signal::fact("node.reservation-large", "Allocatable is much less than capacity.", NODES),
    Signal::fact(
        "node.requests-exceed-allocatable",
        "Running pods ask for more than is allocatable: there was more when they were placed.",
        &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "node.placed-pods-refused",
        "The kubelet refused pods that the scheduler had placed, for want of memory or CPU.",
        PODS,
    ),
    Signal::fact(
        "node.clock-ahead",
        "The node's lease and its heartbeats lie in the future, those of other nodes do not.",
        &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Lease)],
    ),
    Signal::fact(
        "workload.evicted-by-node",
        "The kubelet evicted pods because the node was low on a resource.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.ephemeral-limit-exceeded",
        "Pods were evicted because they used more ephemeral storage than their own limit.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.emptydir-limit-exceeded",
        "Pods were evicted because an emptyDir grew over its size limit.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.refused-by-condition",
        "The kubelet refused pods because of a condition of the node.",
        EVICTIONS,
    ),
    Signal::fact(
        "workload.refused-device",
        "Kubelet refused pods of the workload because their devices could not be allocated.",
        &[Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.refused-sysctl",
        "Kubelet refused pods of the workload because of a sysctl that it does not allow.",
        &[Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.refused-profile",
        "Kubelet refused pods of the workload because the node does not have their AppArmor profile.",
        &[Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.refused-by-kubelet",
        "The kubelet refused pods that were placed on its node.",
        PODS,
    ),
    Signal::fact(
        "workload.evicted-records-left",
        "Failed records of evicted or refused pods are still there.",
        PODS,
    ),
];

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let records = records::records(snapshot);
    evicted::observe(snapshot, &records, sink);
    let mut by_node: FxHashMap<&str, Vec<&Record>> = FxHashMap::default();
    for record in &records {
        if let Some(node) = &record.node {
            by_node.entry(node).or_default().push(record);
        }
    }
    for name in disk::names(snapshot) {
        let here = by_node.get(&*name).map(Vec::as_slice).unwrap_or_default();
        node(snapshot, &name, here, sink);
    }
    load::probe_timeouts(snapshot, sink);
    reserve::clocks(snapshot, sink);
}

fn node(snapshot: &Snapshot, name: &Str, records: &[&Record], sink: &mut Sink) {
    if disk::is_in_question(snapshot, name, records) {
        let disk = disk::NodeDisk::of(snapshot, name, records);
        disk::pressure(snapshot, &disk, sink);
        let misfit = misfit::disk(&disk, sink);
        culprits::observe(snapshot, &disk, misfit, sink);
    }
    imagegc::observe(snapshot, name, sink);
    memory::pressure(snapshot, name, sink);
    memory::kills(snapshot, name, sink);
    load::observe(snapshot, name, sink);
    if let Some(node) = snapshot.nodes.get("", name) {
        reserve::reservation(snapshot, node, records, sink);
    }
}

#[cfg(test)]
mod test;
