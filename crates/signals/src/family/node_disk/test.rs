//! Snapshots of a few objects, and what is found in them.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Access, Ingest, Kind, Snapshot, SnapshotBuilder};

/// An evicted pod of the Deployment `thumb`, on `node`, at that time of the day.
pub(super) fn pod_evicted(name: &str, node: &str, message: &str, at: &str) -> String {
    let message = message.replace('"', "\\\"");
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","labels":{{"pod-template-hash":"6f9d"}},
        "ownerReferences":[{{"kind":"ReplicaSet","name":"thumb-6f9d","uid":"cf39047f-a773-44a4-ac84-cee3004858b9","controller":true}}]}},
        "spec":{{"nodeName":"{node}","containers":[{{"name":"thumb"}}]}},
        "status":{{"phase":"Failed","reason":"Evicted","message":"{message}","conditions":[
        {{"type":"DisruptionTarget","status":"True","lastTransitionTime":"2026-11-22T{at}Z"}}]}}}}"#
    )
}

/// A node of 2 GB disk.
pub(super) fn node(name: &str, pressed: bool) -> String {
    let status = if pressed { "True" } else { "False" };
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"status":{{"capacity":{{"cpu":"2","memory":"4Gi","ephemeral-storage":"1992552Ki"}},
        "allocatable":{{"cpu":"2","memory":"4Gi"}},"conditions":[
        {{"type":"DiskPressure","status":"{status}","reason":"KubeletHasDiskPressure","lastTransitionTime":"2026-11-22T17:49:58Z"}},
        {{"type":"Ready","status":"True"}}]}}}}"#
    )
}

/// A Snapshot of nodes and pods, taken at that time.
pub(super) fn snapshot_of(taken_at: &str, nodes: &[String], pods: &[String]) -> Snapshot {
    snapshot_with(taken_at, nodes, pods, &[])
}

/// The same with files of node `a`.
pub(super) fn snapshot_with(
    taken_at: &str,
    nodes: &[String],
    pods: &[String],
    files: &[(&str, &str)],
) -> Snapshot {
    let mut b = SnapshotBuilder::default();
    b.taken_at(taken_at.parse().ok());
    for (kind, objects) in [("Node", nodes), ("Pod", pods)] {
        for json in objects {
            match Ingest::parse(kind, json) {
                Ok(object) => b.push(object),
                Err(why) => panic!("{why}: {json}"),
            }
        }
    }
    for kind in [Kind::Node, Kind::Pod, Kind::Event] {
        b.access(kind, Access::Listed);
    }
    for (name, text) in files {
        b.node("a").read(&format!("nodes/a/{name}"), name, text);
    }
    b.finish()
}

/// All findings of the family.
pub(super) fn all(snapshot: &Snapshot) -> Findings {
    let mut sink = Sink::default();
    super::observe(snapshot, &mut sink);
    sink.finish()
}

/// The findings of one signal.
pub(super) fn found(snapshot: &Snapshot, signal: &str) -> Vec<Finding> {
    all(snapshot).of(signal).cloned().collect()
}

const TAKEN: &str = "2026-11-22T17:51:19Z";
const LOW: &str = "The node was low on resource: ephemeral-storage. Threshold quantity: 204037327, available: 59996Ki. \
                   Container thumb was using USED, request is 0, has larger consumption of ephemeral-storage. ";
const FULL: &str = r#"{"node":{"fs":{"availableBytes":68390912,"capacityBytes":2040373248,"usedBytes":1847832576,
    "inodesFree":130962,"inodes":131072},"runtime":{"imageFs":{"availableBytes":68390912,"capacityBytes":2040373248,
    "usedBytes":0,"inodesFree":130962,"inodes":131072}}},"pods":[]}"#;

fn low(used: &str) -> String {
    LOW.replace("USED", used)
}

#[test]
fn a_foreign_file_is_measured() {
    let s = snapshot_with(
        TAKEN,
        &[node("a", true)],
        &[pod_evicted("t-1", "a", &low("56Ki"), "17:49:57")],
        &[("stats-summary.json", FULL)],
    );
    let found = all(&s);
    let measured: Vec<_> = found.of("node.unmanaged-use-measured").collect();
    assert_eq!(measured.first().and_then(|f| f.params.get("share")).map(String::as_str), Some("100%"));
    for other in ["workload.fills-node-disk", "node.threshold-misfit-disk", "node.images-in-use-fill-imagefs"]
    {
        assert_eq!(found.of(other).count(), 0, "{other}");
    }
    let pressure = found.of("node.disk-pressure").next().map(|f| f.params.clone()).unwrap_or_default();
    assert_eq!(pressure.get("signal").map(String::as_str), Some("nodefs.available"));
    assert_eq!(pressure.get("threshold").map(String::as_str), Some("10%"));
}

#[test]
fn without_files_of_the_node_it_is_inferred() {
    let s = snapshot_of(TAKEN, &[node("a", true)], &[pod_evicted("t-1", "a", &low("56Ki"), "17:49:57")]);
    assert_eq!(found(&s, "node.unmanaged-use-inferred").len(), 1);
    assert_eq!(found(&s, "node.unmanaged-use-measured").len(), 0);
    let healthy = snapshot_with(TAKEN, &[node("a", false)], &[], &[("stats-summary.json", FULL)]);
    assert!(all(&healthy).all().is_empty(), "no pressure, no finding: {:?}", all(&healthy).all());
}

#[test]
fn the_pod_that_filled_the_disk_and_not_its_neighbour() {
    let pods = [
        pod_evicted("t-1", "a", &low("1610612Ki"), "17:49:57"),
        pod_evicted("bare", "a", &low("56Ki"), "17:50:07"),
    ];
    let s = snapshot_of(TAKEN, &[node("a", true)], &pods);
    let hogs = found(&s, "workload.fills-node-disk");
    assert_eq!(hogs.len(), 1);
    assert_eq!(hogs.first().and_then(|f| f.params.get("pod")).map(String::as_str), Some("t-1"));
    assert!(found(&s, "node.unmanaged-use-inferred").is_empty());
}

#[test]
fn a_hostpath_writer_comes_before_unknown_files() {
    let writer = r#"{"metadata":{"name":"dump-1","namespace":"shop"},"spec":{"nodeName":"a","containers":[{"name":"dump",
        "volumeMounts":[{"name":"out","mountPath":"/out"}]}],"volumes":[{"name":"out","hostPath":{"path":"/data/dump"}}]},
        "status":{"phase":"Running"}}"#;
    let agent = writer.replace("/data/dump", "/var/log").replace("dump-1", "agent-1");
    let evicted = pod_evicted("t-1", "a", &low("56Ki"), "17:49:57");
    let s = snapshot_with(
        TAKEN,
        &[node("a", true)],
        &[writer.into(), evicted.clone()],
        &[("stats-summary.json", FULL)],
    );
    assert_eq!(found(&s, "workload.hostpath-on-full-disk").len(), 1);
    assert!(found(&s, "node.unmanaged-use-measured").is_empty());
    assert_eq!(found(&s, "node.unmanaged-use-inferred").len(), 1, "the alternative");
    let s = snapshot_with(TAKEN, &[node("a", true)], &[agent, evicted], &[("stats-summary.json", FULL)]);
    assert!(found(&s, "workload.hostpath-on-full-disk").is_empty(), "a reader of logs is no hog");
}

#[test]
fn thresholds_that_cannot_be_met() {
    let free =
        FULL.replace("68390912", "1906614272").replace("\"usedBytes\":1847832576", "\"usedBytes\":9609216");
    let config = r#"{"kubeletconfig":{"evictionHard":{"nodefs.available":"97%"}}}"#;
    let files = [("stats-summary.json", free.as_str()), ("configz.json", config)];
    let s = snapshot_with(TAKEN, &[node("a", true)], &[], &files);
    let misfit = found(&s, "node.threshold-misfit-disk");
    let params = misfit.first().map(|f| f.params.clone()).unwrap_or_default();
    assert_eq!(params.get("clearing").map(String::as_str), Some("10%"));
    assert!(
        params
            .get("eviction_hard")
            .is_some_and(|l| l.contains("memory.available<100Mi") && l.contains("nodefs.available<10%"))
    );
    assert!(found(&s, "node.unmanaged-use-measured").is_empty());
}

#[test]
fn a_small_root_disk_with_images_elsewhere() {
    let df = "文件系统        容量  已用  可用 已用% 挂载点\n/dev/sda1       5.8G  5.1G  448M   92% /\n/dev/sdb1        99G  5.2G   89G    6% /data\n";
    let log = "I1122 17:50:00.0 1 container_manager_linux.go:251] Creating HardEvictionThresholds:[{Signal:memory.available \
               Operator:LessThan Value:{Quantity:100Mi Percentage:0}} {Signal:nodefs.available Operator:LessThan \
               Value:{Quantity:<nil> Percentage:0.1}}]}\nE1122 17:51:00.0 1 eviction_manager.go:356] eviction manager: \
               eviction thresholds have been met, but no pods are active to evict\n";
    let s = snapshot_with(TAKEN, &[node("a", true)], &[], &[("df.txt", df), ("kubelet.log", log)]);
    let likely = found(&s, "node.threshold-misfit-disk-likely");
    assert_eq!(likely.first().and_then(|f| f.params.get("clearing")).map(String::as_str), Some("5%"));
    assert_eq!(
        found(&s, "node.unmanaged-use-inferred").len(),
        1,
        "the alternative is kept, for the engine to refute"
    );
}

#[test]
fn inodes_and_not_bytes() {
    let few = FULL.replace("68390912", "1500000000").replace("\"inodesFree\":130962", "\"inodesFree\":12");
    let s = snapshot_with(TAKEN, &[node("a", true)], &[], &[("stats-summary.json", &few)]);
    assert_eq!(found(&s, "node.inodes-exhausted").len(), 1);
    assert!(found(&s, "node.unmanaged-use-measured").is_empty());
}

#[test]
fn global_kills_and_kills_of_a_limit() {
    let kernel = |constraint: &str| {
        format!(
            "Nov 22 17:50:00 a kernel: oom-kill:constraint={constraint},nodemask=(null),task_memcg=/kubepods/x,task=java,pid=7,uid=0\n"
        )
    };
    let s = snapshot_with(TAKEN, &[node("a", false)], &[], &[("kernel.log", &kernel("CONSTRAINT_NONE"))]);
    let global = found(&s, "node.oom-kill-global");
    assert_eq!(
        global.first().map(|f| (f.span.ongoing, f.params.get("process").cloned())),
        Some((true, Some("java".into())))
    );
    let s = snapshot_with(TAKEN, &[node("a", false)], &[], &[("kernel.log", &kernel("CONSTRAINT_MEMCG"))]);
    assert!(found(&s, "node.oom-kill-global").is_empty());
    assert_eq!(found(&s, "node.oom-is-container-limit").len(), 1);
}
