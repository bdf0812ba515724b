//! Small clusters, one rule each, with their near-misses.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::FAMILY;
use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Access, Ingest, Kind, SnapshotBuilder};
use serde_json::{Value, json};

const NOW: &str = "2026-11-22T17:40:00Z";
const MADE: &str = "2026-11-22T17:30:00Z";
const JUST_NOW: &str = "2026-11-22T17:39:57Z";

fn node(name: &str, labels: Value, taints: Value) -> (&'static str, Value) {
    let status = json!({"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"}});
    (
        "Node",
        json!({"metadata": {"name": name, "labels": labels}, "spec": {"taints": taints}, "status": status}),
    )
}

fn plain(name: &str) -> (&'static str, Value) {
    node(name, json!({"kubernetes.io/hostname": name}), json!([]))
}

fn running(name: &str, on: &str, container: Value) -> (&'static str, Value) {
    let spec = json!({"nodeName": on, "containers": [container]});
    let labels = json!({"app": "a"});
    (
        "Pod",
        json!({"metadata": {"name": name, "namespace": "s", "labels": labels}, "spec": spec, "status": {"phase": "Running"}}),
    )
}

fn pending(spec: Value, message: &str) -> (&'static str, Value) {
    let mut spec = spec;
    if spec.get("containers").is_none() {
        spec["containers"] = json!([{"name": "c"}]);
    }
    let condition =
        json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message});
    let meta = json!({"name": "w-1", "namespace": "s", "labels": {"app": "a"}, "creationTimestamp": MADE});
    (
        "Pod",
        json!({"metadata": meta, "spec": spec, "status": {"phase": "Pending", "conditions": [condition]}}),
    )
}

fn see(objects: &[(&str, Value)]) -> Findings {
    let mut b = SnapshotBuilder::default();
    for (kind, json) in objects {
        b.push(Ingest::parse(kind, &json.to_string()).unwrap());
        b.access(Kind::from_name(kind), Access::Listed);
    }
    b.access(Kind::Event, Access::Listed);
    b.taken_at(NOW.parse().ok());
    let snapshot = b.finish();
    let mut sink = Sink::default();
    (FAMILY.observe)(&snapshot, &mut sink);
    sink.finish()
}

fn only(findings: &Findings) -> &Finding {
    let ids: Vec<_> = findings.all().iter().map(|f| f.signal).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    &findings.all()[0]
}

#[test]
fn a_selector_that_no_node_has() {
    let pod = pending(json!({"nodeSelector": {"disk": "ssd"}}), "");
    let near = node("n1", json!({"disk": "hdd"}), json!([]));
    let found = see(&[pod, near]);
    let f = only(&found);
    assert_eq!(f.signal, "sched.selector-matches-no-node");
    assert_eq!(f.params["missing"], "disk=ssd");
    assert_eq!(f.params["nearest"], "disk=hdd");
}

#[test]
fn the_message_alone_suffices() {
    let pod = pending(
        json!({"nodeSelector": {"a": "b"}}),
        "No nodes are available that match all of the predicates: MatchNodeSelector (2).",
    );
    assert_eq!(only(&see(&[pod])).signal, "sched.selector-matches-no-node");
}

#[test]
fn a_label_that_was_set_since_is_no_fault() {
    let pod = pending(
        json!({"nodeSelector": {"a": "b"}}),
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    );
    assert!(see(&[pod, node("n1", json!({"a": "b"}), json!([]))]).all().is_empty());
}

#[test]
fn the_largest_hole_is_named() {
    let ask = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
    let pod = pending(json!({"containers": [ask("1500m")]}), "0/2 nodes are available: 2 Insufficient cpu.");
    let found =
        see(&[pod, plain("n1"), plain("n2"), running("a", "n1", ask("1")), running("b", "n2", ask("1800m"))]);
    let f = only(&found);
    assert_eq!(f.signal, "sched.nodes-full");
    assert_eq!(
        (f.params["asked"].as_str(), f.params["free"].as_str(), f.params["node"].as_str()),
        ("1500m", "1", "n1")
    );
    let pod = pending(json!({"containers": [ask("8")]}), "");
    let found = see(&[pod, plain("n1"), plain("n2")]);
    assert_eq!(only(&found).signal, "sched.larger-than-any-node");
    assert_eq!(only(&found).params["largest"], "2");
}

#[test]
fn a_node_out_of_order_that_would_fit_is_the_cause() {
    let ask = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
    let sick =
        || node("n2", json!({}), json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]));
    let says = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.";
    let full = running("a", "n1", ask("2"));
    let pod = pending(json!({"containers": [ask("1")]}), says);
    let found = see(&[pod.clone(), plain("n1"), sick(), full.clone()]);
    let f = only(&found);
    assert_eq!(f.signal, "sched.taint-not-tolerated");
    assert_eq!(f.names[0].to_string(), "n2");
    // It is full as well: then capacity is what is missing.
    let found = see(&[pod, plain("n1"), sick(), full, running("b", "n2", ask("2"))]);
    assert_eq!(only(&found).signal, "sched.nodes-full");
}

#[test]
fn taints_of_other_pools_are_not_the_cause() {
    let gpu = node("n2", json!({}), json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]));
    let big = json!({"name": "c", "resources": {"requests": {"memory": "3Gi"}}});
    let pod = pending(json!({"containers": [big.clone()]}), "");
    let found = see(&[pod.clone(), plain("n1"), gpu.clone(), running("a", "n1", big)]);
    assert_eq!(only(&found).signal, "sched.nodes-full");
    let found = see(&[pod, gpu]);
    assert_eq!(only(&found).params["taint"], "dedicated=gpu:NoSchedule");
}

#[test]
fn host_ports_by_protocol_and_address() {
    let port = |ip: &str| json!({"name": "c", "ports": [{"containerPort": 80, "hostPort": 8080, "hostIP": ip, "protocol": "TCP"}]});
    let pod = pending(json!({"containers": [port("")]}), "");
    let found = see(&[pod, plain("n1"), running("a", "n1", port("10.0.0.1"))]);
    let f = only(&found);
    assert_eq!((f.signal, f.params["host_port"].as_str()), ("sched.host-port-taken", "8080"));
    let pod = pending(json!({"containers": [port("10.0.0.2")]}), "");
    assert!(see(&[pod, plain("n1"), running("a", "n1", port("10.0.0.1"))]).all().is_empty());
}

#[test]
fn anti_affinity_and_spread() {
    let term =
        json!({"labelSelector": {"matchLabels": {"app": "a"}}, "topologyKey": "kubernetes.io/hostname"});
    let anti = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    let pod = pending(json!({"affinity": anti}), "");
    let found = see(&[pod.clone(), plain("n1"), running("a", "n1", json!({"name": "c"}))]);
    assert_eq!(
        (only(&found).signal, only(&found).params["rule"].as_str()),
        ("sched.pod-rule-leaves-no-node", "anti-affinity")
    );
    assert!(see(&[pod, plain("n1"), plain("n2"), running("a", "n1", json!({"name": "c"}))]).all().is_empty());
    let spread = json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "a"}}}]);
    let zone = |n: &str, z: &str, taints| node(n, json!({"zone": z}), taints);
    let pod = pending(json!({"topologySpreadConstraints": spread}), "");
    let taint = json!([{"key": "dedicated", "effect": "NoSchedule"}]);
    let one = || running("a", "n1", json!({"name": "c"}));
    let found = see(&[pod.clone(), zone("n1", "a", json!([])), zone("n2", "b", taint), one()]);
    assert_eq!(
        (only(&found).signal, only(&found).params["topology_key"].as_str()),
        ("sched.spread-leaves-no-node", "zone")
    );
    assert!(see(&[pod, zone("n1", "a", json!([])), zone("n2", "b", json!([])), one()]).all().is_empty());
}

#[test]
fn claims_are_left_to_the_storage() {
    let pod = pending(
        json!({"nodeSelector": {"a": "b"}}),
        "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
    );
    assert_eq!(only(&see(&[pod, plain("n1")])).signal, "sched.unbound-claims");
}

#[test]
fn a_pod_that_nobody_looked_at() {
    let mut pod = pending(json!({"schedulerName": "default-scheduler"}), "");
    pod.1["status"]["conditions"] = json!([]);
    let found = see(&[pod.clone(), plain("n1")]);
    assert_eq!(only(&found).subject.name.as_ref(), "kube-scheduler");
    let mut placed = running("b", "n1", json!({"name": "c"}));
    placed.1["metadata"]["creationTimestamp"] = json!("2026-11-22T17:35:00Z");
    placed.1["status"]["conditions"] =
        json!([{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-22T17:35:00Z"}]);
    assert!(see(&[pod.clone(), plain("n1"), placed]).all().is_empty());
    pod.1["spec"]["schedulerName"] = json!("volcano");
    assert_eq!(only(&see(&[pod, plain("n1")])).signal, "sched.scheduler-unknown");
}

#[test]
fn a_row_of_a_table_is_not_never_considered() {
    let mut pod = pending(json!({"containers": []}), "");
    pod.1["status"]["conditions"] = json!([]);
    assert!(see(&[pod, plain("n1")]).all().is_empty());
}

#[test]
fn a_gate_that_nobody_opens() {
    let pod = pending(json!({"schedulingGates": [{"name": "example.com/quota"}]}), "");
    assert_eq!(only(&see(&[pod])).params["gates"], "example.com/quota");
}

/// The same objects with the waiting pod made three seconds ago.
fn young(mut pod: (&'static str, Value)) -> (&'static str, Value) {
    pod.1["metadata"]["creationTimestamp"] = json!(JUST_NOW);
    pod
}

#[test]
fn a_label_that_no_node_has_is_not_waited_for() {
    let pod = || young(pending(json!({"nodeSelector": {"disk": "ssd"}}), ""));
    let found = see(&[pod(), plain("n1")]);
    assert_eq!(only(&found).signal, "sched.selector-matches-no-node");
    // A node that is just being set up may get its label yet.
    let mut fresh = plain("n2");
    fresh.1["metadata"]["creationTimestamp"] = json!(JUST_NOW);
    assert!(see(&[pod(), plain("n1"), fresh]).all().is_empty());
}

#[test]
fn a_port_may_become_free_while_a_pod_goes() {
    let port = json!({"name": "c", "ports": [{"containerPort": 80, "hostPort": 80}]});
    let pod = || young(pending(json!({"containers": [port]}), ""));
    let found = see(&[pod(), plain("n1"), running("old", "n1", port.clone())]);
    assert_eq!(only(&found).signal, "sched.host-port-taken");
    let mut leaving = running("old", "n1", port.clone());
    leaving.1["metadata"]["deletionTimestamp"] = json!(JUST_NOW);
    assert!(see(&[pod(), plain("n1"), leaving]).all().is_empty());
    // One that hangs makes no room.
    let mut stuck = running("old", "n1", port.clone());
    stuck.1["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z");
    assert_eq!(only(&see(&[pod(), plain("n1"), stuck])).signal, "sched.host-port-taken");
}
