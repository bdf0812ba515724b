//! Small namespaces, one rule each, with their near-misses.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::FAMILY;
use crate::finding::{Findings, Sink};
use kubecause_evidence::{Access, Ingest, Kind, SnapshotBuilder};
use serde_json::{Value, json};

fn see(objects: &[(&str, Value)], listed: &[Kind]) -> Findings {
    let mut b = SnapshotBuilder::default();
    for (kind, json) in objects {
        b.push(Ingest::parse(kind, &json.to_string()).unwrap());
        b.access(Kind::from_name(kind), Access::Listed);
    }
    for kind in listed {
        b.access(kind.clone(), Access::Listed);
    }
    b.taken_at("2026-11-22T17:40:00Z".parse().ok());
    let mut sink = Sink::default();
    (FAMILY.observe)(&b.finish(), &mut sink);
    sink.finish()
}

fn ongoing(found: &Findings) -> Vec<&'static str> {
    found.all().iter().filter(|f| f.span.ongoing).map(|f| f.signal).collect()
}

fn set(name: &str, wanted: i64, has: i64) -> (&'static str, Value) {
    let meta =
        json!({"name": name, "namespace": "s", "uid": name, "creationTimestamp": "2026-11-22T17:00:00Z"});
    let status = json!({"replicas": has, "availableReplicas": has, "readyReplicas": has});
    let template =
        json!({"spec": {"serviceAccountName": "pay", "containers": [{"name": "c", "image": "a:2"}]}});
    (
        "ReplicaSet",
        json!({"metadata": meta, "spec": {"replicas": wanted, "template": template}, "status": status}),
    )
}

fn refused(of: &str, message: &str, count: i64, first: &str, last: &str) -> (&'static str, Value) {
    let about = json!({"kind": "ReplicaSet", "namespace": "s", "name": of});
    (
        "Event",
        json!({"metadata": {"name": format!("e-{first}"), "namespace": "s"}, "type": "Warning", "reason": "FailedCreate", "message": message,
        "involvedObject": about, "count": count, "firstTimestamp": first, "lastTimestamp": last}),
    )
}

const NO_ACCOUNT: &str = "Error creating: pods \"p-\" is forbidden: error looking up service account s/pay: serviceaccount \"pay\" not found";

#[test]
fn a_missing_service_account() {
    let event = || refused("p", NO_ACCOUNT, 9, "2026-11-22T17:30:00Z", "2026-11-22T17:39:00Z");
    assert_eq!(ongoing(&see(&[event(), set("p", 1, 0)], &[])), ["workload.denied-no-serviceaccount"]);
    // By the event alone, and by the objects alone.
    assert_eq!(ongoing(&see(&[event()], &[])), ["workload.denied-no-serviceaccount"]);
    assert_eq!(ongoing(&see(&[set("p", 1, 0)], &[Kind::ServiceAccount])), ["workload.serviceaccount-absent"]);
}

#[test]
fn a_service_account_that_came_a_second_later() {
    let event = || refused("p", NO_ACCOUNT, 1, "2026-11-22T17:39:50Z", "2026-11-22T17:39:50Z");
    assert!(ongoing(&see(&[event()], &[])).is_empty());
    assert!(ongoing(&see(&[event(), set("p", 1, 1)], &[])).is_empty());
    let account = ("ServiceAccount", json!({"metadata": {"name": "pay", "namespace": "s"}}));
    assert!(ongoing(&see(&[event(), set("p", 1, 0), account], &[])).is_empty());
}

#[test]
fn a_quota_by_events_of_which_each_came_once() {
    let text = |n: &str| {
        format!(
            "Error creating: pods \"{n}\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1"
        )
    };
    let events = [
        refused("p", &text("p-1"), 1, "2026-11-22T17:30:00Z", "2026-11-22T17:30:00Z"),
        refused("p", &text("p-2"), 1, "2026-11-22T17:38:00Z", "2026-11-22T17:38:00Z"),
    ];
    let found = see(&events, &[]);
    assert_eq!(ongoing(&found), ["workload.denied-by-quota"]);
    assert_eq!(found.all()[0].params["quota"], "team");
    let full = (
        "ResourceQuota",
        json!({"metadata": {"name": "team", "namespace": "s"}, "status": {"hard": {"pods": "1"}, "used": {"pods": "1"}}}),
    );
    assert_eq!(ongoing(&see(&[full.clone(), set("p", 3, 1)], &[])), ["workload.quota-full"]);
    assert!(ongoing(&see(&[full, set("p", 1, 1)], &[])).is_empty());
}

fn job(name: &str, failed: &str, owner: Value) -> (&'static str, Value) {
    let conditions = json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": failed}]);
    (
        "Job",
        json!({"metadata": {"name": name, "namespace": "s", "uid": name, "ownerReferences": owner}, "status": {"failed": 2, "conditions": conditions}}),
    )
}

#[test]
fn failed_jobs_and_history() {
    assert_eq!(ongoing(&see(&[job("a", "2026-11-22T17:00:00Z", json!([]))], &[])), ["workload.job-failed"]);
    assert!(ongoing(&see(&[job("a", "2026-11-20T17:00:00Z", json!([]))], &[])).is_empty());
    let owner = json!([{"kind": "CronJob", "name": "night", "uid": "u", "controller": true}]);
    let done = (
        "Job",
        json!({"metadata": {"name": "b", "namespace": "s", "ownerReferences": owner}, "status": {"completionTime": "2026-11-22T17:30:00Z",
        "conditions": [{"type": "Complete", "status": "True"}]}}),
    );
    assert!(ongoing(&see(&[job("a", "2026-11-22T17:00:00Z", owner), done], &[])).is_empty());
}

#[test]
fn an_ordered_update_waits_for_a_broken_pod() {
    let meta = json!({"name": "q", "namespace": "s", "uid": "q"});
    let status = |now: &str| json!({"currentRevision": now, "updateRevision": "new", "replicas": 3, "updatedReplicas": 1});
    let stateful = |now: &str| {
        ("StatefulSet", json!({"metadata": meta, "spec": {"replicas": 3}, "status": status(now)}))
    };
    let owner = json!([{"kind": "StatefulSet", "name": "q", "uid": "q", "controller": true}]);
    let pod = |made: &str| {
        (
            "Pod",
            json!({"metadata": {"name": "q-2", "namespace": "s", "creationTimestamp": made, "ownerReferences": owner,
        "labels": {"controller-revision-hash": "bad"}}, "status": {"phase": "Running"}}),
        )
    };
    let found = see(&[stateful("old"), pod("2026-11-22T17:00:00Z")], &[]);
    assert_eq!(ongoing(&found), ["workload.ordered-update-waits"]);
    assert_eq!(
        (found.all()[0].params["pod"].as_str(), found.all()[0].params["pod_revision"].as_str()),
        ("q-2", "bad")
    );
    assert!(ongoing(&see(&[stateful("old"), pod("2026-11-22T17:39:30Z")], &[])).is_empty());
    assert!(ongoing(&see(&[stateful("new"), pod("2026-11-22T17:00:00Z")], &[])).is_empty());
}

#[test]
fn a_budget_matters_only_while_a_node_is_drained() {
    let budget = |healthy: i64| {
        (
            "PodDisruptionBudget",
            json!({"metadata": {"name": "b", "namespace": "s"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}, "minAvailable": 2}, "status": {"disruptionsAllowed": 0, "expectedPods": 2, "currentHealthy": healthy}}),
        )
    };
    let pod = || {
        (
            "Pod",
            json!({"metadata": {"name": "a-1", "namespace": "s", "labels": {"app": "a"}}, "spec": {"nodeName": "n1"}}),
        )
    };
    let node =
        |cordoned: bool| ("Node", json!({"metadata": {"name": "n1"}, "spec": {"unschedulable": cordoned}}));
    assert_eq!(ongoing(&see(&[budget(2), pod(), node(true)], &[])), ["pdb.blocks-drain"]);
    assert!(ongoing(&see(&[budget(2), pod(), node(false)], &[])).is_empty());
    assert!(ongoing(&see(&[budget(1), pod(), node(true)], &[])).is_empty());
}

#[test]
fn cron_jobs_that_do_not_run() {
    let cron = |suspend: bool, last: &str| {
        (
            "CronJob",
            json!({"metadata": {"name": "c", "namespace": "s", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"schedule": "*/5 * * * *", "suspend": suspend}, "status": {"lastScheduleTime": last}}),
        )
    };
    assert_eq!(ongoing(&see(&[cron(true, "2026-11-22T17:00:00Z")], &[])), ["cronjob.suspended"]);
    assert!(ongoing(&see(&[cron(true, "2026-03-01T17:00:00Z")], &[])).is_empty());
    assert_eq!(ongoing(&see(&[cron(false, "2026-11-22T15:00:00Z")], &[])), ["cronjob.overdue"]);
    assert!(ongoing(&see(&[cron(false, "2026-11-22T17:35:00Z")], &[])).is_empty());
}

#[test]
fn a_container_that_fails_and_is_not_what_the_template_says() {
    let owner = json!([{"kind": "ReplicaSet", "name": "p", "uid": "p", "controller": true}]);
    let pod_that = |image: &str, says: &str| {
        (
            "Pod",
            json!({"metadata": {"name": "p-1", "namespace": "s", "ownerReferences": owner},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": image}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff", "message": says}}}]}}),
        )
    };
    let pod = |image| pod_that(image, "mirror.local/a:2: not found");
    let hook = || {
        (
            "MutatingWebhookConfiguration",
            json!({"metadata": {"name": "mirror"}, "webhooks": [{"name": "m.example.com"}]}),
        )
    };
    assert_eq!(
        ongoing(&see(&[set("p", 1, 1), pod("mirror.local/a:2"), hook()], &[])),
        ["workload.failing-part-altered"]
    );
    assert!(ongoing(&see(&[set("p", 1, 1), pod("a:2"), hook()], &[])).is_empty());
    let unreachable = pod_that("mirror.local/a:2", "dial tcp 10.0.0.1:443: i/o timeout");
    assert!(ongoing(&see(&[set("p", 1, 1), unreachable, hook()], &[])).is_empty());
    assert!(
        ongoing(&see(&[set("p", 1, 1), pod("mirror.local/a:2")], &[Kind::MutatingWebhookConfiguration]))
            .is_empty()
    );
}

#[test]
fn a_pod_without_the_sidecar_of_its_elders() {
    let ns = || ("Namespace", json!({"metadata": {"name": "s", "labels": {"istio-injection": "enabled"}}}));
    let pod = |name: &str, made: &str, containers: &[&str]| {
        let containers: Vec<Value> = containers.iter().map(|c| json!({"name": c})).collect();
        (
            "Pod",
            json!({"metadata": {"name": name, "namespace": "s", "creationTimestamp": made}, "spec": {"nodeName": "n", "containers": containers}}),
        )
    };
    let old = || pod("a", "2026-11-20T00:00:00Z", &["app", "istio-proxy"]);
    assert_eq!(
        ongoing(&see(&[ns(), old(), pod("b", "2026-11-22T00:00:00Z", &["app"])], &[])),
        ["workload.sidecar-missing"]
    );
    assert!(ongoing(&see(&[ns(), old(), pod("b", "2026-11-19T00:00:00Z", &["app"])], &[])).is_empty());
    assert!(ongoing(&see(&[old(), pod("b", "2026-11-22T00:00:00Z", &["app"])], &[])).is_empty());
}

#[test]
fn no_replicas_wanted_is_a_note_on_the_workload_itself() {
    let (_, mut w) = set("p", 0, 0);
    assert_eq!(ongoing(&see(&[("Deployment", w.clone())], &[])), ["workload.scaled-to-zero"]);
    w["metadata"]["ownerReferences"] =
        json!([{"kind": "Deployment", "name": "p", "uid": "x", "controller": true}]);
    assert!(ongoing(&see(&[("ReplicaSet", w)], &[])).is_empty());
}

#[test]
fn pods_of_an_older_template() {
    let (_, mut w) = set("p", 1, 1);
    w["spec"]["template"]["spec"]["containers"] = json!([{"name": "c", "image": "a:3"}]);
    let owner = json!([{"kind": "ReplicationController", "name": "p", "uid": "p", "controller": true}]);
    let pod = |image: &str| {
        (
            "Pod",
            json!({"metadata": {"name": "p-1", "namespace": "s", "ownerReferences": owner}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": image}]}}),
        )
    };
    assert_eq!(
        ongoing(&see(&[("ReplicationController", w.clone()), pod("a:2")], &[])),
        ["workload.pods-of-older-template"]
    );
    assert!(ongoing(&see(&[("ReplicationController", w), pod("a:3")], &[])).is_empty());
}
