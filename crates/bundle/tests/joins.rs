//! Several inputs of one cluster.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::*;
use kubecause_bundle::{Input, Snapshot};
use kubecause_evidence::{Kind, Why};

fn taken(at: &str, pods: &[(&str, &str)]) -> Input {
    let pods: Vec<String> = pods.iter().map(|(name, phase)| phased(name, "shop", phase)).collect();
    let manifest = format!(r#"{{"takenAt":"{at}","kinds":{{"pods":"ok"}}}}"#);
    let log = format!("log of {at}\n");
    bytes(
        at,
        tar(&files(&[
            ("capture.json", &manifest),
            ("cluster/pods.json", &list(&pods)),
            ("logs/shop/a/app.log", &log),
            ("logs/shop/gone/app.log", &log),
        ])),
    )
}

fn phased(name: &str, namespace: &str, phase: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"{namespace}"}},"status":{{"phase":"{phase}"}}}}"#
    )
}

fn phases(s: &Snapshot) -> Vec<(String, String)> {
    s.pods.all().iter().map(|p| (p.metadata.name.to_string(), p.status.phase.to_string())).collect()
}

#[test]
fn the_newer_wins_in_whatever_order_they_are_named() {
    let (old, new) = ("2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z");
    for (old_phase, new_phase) in [("Failed", "Running"), ("Running", "Failed")] {
        let older = taken(old, &[("a", old_phase), ("gone", old_phase)]);
        let newer = taken(new, &[("a", new_phase)]);
        for inputs in [[older.clone(), newer.clone()], [newer.clone(), older.clone()]] {
            let s = kubecause_bundle::read(&inputs).unwrap().snapshot;
            assert_eq!(phases(&s), [("a".to_owned(), new_phase.to_owned())]);
            assert_eq!(s.taken_at, Some(new.parse().unwrap()));
            assert!(s.container_logs.values().all(|l| l.text.contains(new)));
        }
    }
}

#[test]
fn what_only_the_older_listed_is_kept_and_told() {
    let older = bytes("older", tar(&capture()));
    let newer = taken("2026-11-22T18:00:00Z", &[("cart-1", "Running")]);
    let s = kubecause_bundle::read(&[older, newer]).unwrap().snapshot;
    assert_eq!(names(&s), ["cart-1"]);
    assert!(s.has(&Kind::Node) && s.nodes.all().len() == 1 && s.node_facts.len() == 1);
    assert!(has_gap(&s, "Node", Why::NotCollected) && !has_gap(&s, "Pod", Why::NotCollected));
}

#[test]
fn a_listing_of_one_namespace_says_nothing_about_others() {
    let manifest = r#"{"takenAt":"2026-11-22T17:00:00Z","kinds":{"pods":"ok"}}"#;
    let pods =
        list(&[phased("a", "shop", "Failed"), phased("b", "shop", "Failed"), phased("c", "web", "Failed")]);
    let older = bytes("older", tar(&files(&[("capture.json", manifest), ("cluster/pods.json", &pods)])));
    let mut fresh = phased("a", "shop", "Running");
    fresh.insert_str(fresh.rfind("},\"status\"").unwrap(), r#","creationTimestamp":"2026-11-22T18:00:00Z""#);
    let newer = bytes("newer", list(&[fresh]));
    let s = kubecause_bundle::read(&[newer, older]).unwrap().snapshot;
    let expected = [("a", "Running"), ("c", "Failed")].map(|(n, p)| (n.to_owned(), p.to_owned()));
    assert_eq!(phases(&s), expected);
}

/// A capture of that time with these objects in it, each kind's file as the API server sends it.
fn holding(at: &str, lists: &[(&str, &str)]) -> Input {
    let kinds: Vec<String> = lists.iter().map(|(resource, _)| format!(r#""{resource}":"ok""#)).collect();
    let manifest = format!(r#"{{"takenAt":"{at}","kinds":{{{}}}}}"#, kinds.join(","));
    let mut all = vec![("capture.json".to_owned(), manifest.into_bytes())];
    for (resource, items) in lists {
        let text = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#);
        all.push((format!("cluster/{resource}.json"), text.into_bytes()));
    }
    bytes(at, tar(&all))
}

fn pod_of(uid: &str, phase: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a-0","namespace":"shop","uid":"{uid}","labels":{{"app":"a"}}}},
        "spec":{{"nodeName":"n1","containers":[{{"name":"app","image":"i"}}]}},"status":{{"phase":"{phase}"}}}}"#
    )
}

const OLD: &str = "2026-11-22T17:00:00Z";
const NEW: &str = "2026-11-22T18:00:00Z";
const UID: [&str; 2] = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"];

fn fields(s: &Snapshot) -> Vec<(&'static str, String, String)> {
    s.disagreements.iter().map(|d| (d.field, d.newer.0.clone(), d.older.0.clone())).collect()
}

#[test]
fn what_inputs_say_differently_is_noted() {
    let older = holding(OLD, &[("pods", &pod_of(UID[0], "Pending"))]);
    let newer = holding(NEW, &[("pods", &pod_of(UID[0], "Running"))]);
    let s = kubecause_bundle::read(&[older.clone(), newer]).unwrap().snapshot;
    assert_eq!(fields(&s), [("phase", "Running".to_owned(), "Pending".to_owned())]);
    let found = s.disagreements.first().unwrap();
    assert_eq!((&*found.newer.1, &*found.older.1, &*found.subject.name), (NEW, OLD, "a-0"));
    let same = kubecause_bundle::read(&[older.clone(), older]).unwrap().snapshot;
    assert!(same.disagreements.is_empty());
}

#[test]
fn an_object_made_anew_takes_nothing_from_the_former() {
    let event = |uid: &str| {
        format!(
            r#"{{"kind":"Event","metadata":{{"name":"e","namespace":"shop"}},"reason":"Failed","message":"m",
            "involvedObject":{{"kind":"Pod","namespace":"shop","name":"a-0","uid":"{uid}"}}}}"#
        )
    };
    let older = holding(OLD, &[("pods", &pod_of(UID[0], "Failed")), ("events", &event(UID[0]))]);
    let newer = holding(NEW, &[("pods", &pod_of(UID[1], "Running"))]);
    for inputs in [[older.clone(), newer.clone()], [newer, older]] {
        let s = kubecause_bundle::read(&inputs).unwrap().snapshot;
        assert_eq!(phases(&s), [("a-0".to_owned(), "Running".to_owned())]);
        assert_eq!(fields(&s), [("uid", UID[1].to_owned(), UID[0].to_owned())]);
        assert!(s.events.is_empty(), "an event of the former is no event of this one");
    }
}

#[test]
fn a_row_of_a_table_updates_what_is_known_in_full() {
    let full = holding(OLD, &[("pods", &pod_of(UID[0], "Running"))]);
    let row = "$ date -u\nSun Nov 22 18:00:00 UTC 2026\n$ kubectl get pods -n shop\n\
               NAME   READY   STATUS             RESTARTS      AGE\na-0    0/1     CrashLoopBackOff   7 (2m ago)    3h\n";
    let s = kubecause_bundle::read(&[full.clone(), bytes("rows", row)]).unwrap().snapshot;
    let pod = s.pods.get("shop", "a-0").unwrap();
    assert_eq!(pod.metadata.labels.get("app"), Some("a"), "what the row does not show stays");
    assert_eq!(pod.spec.containers.len(), 1);
    assert!(!pod.metadata.is_partial);
    let waits = |reason: &str| {
        pod.statuses().any(|(_, s)| s.state.waiting.as_ref().is_some_and(|w| w.reason == *reason))
    };
    assert!(waits("CrashLoopBackOff"), "what it shows counts");
    // A row of long before says nothing about now.
    let early = row.replace("18:00:00", "16:00:00").replace("3h", "1h");
    let s = kubecause_bundle::read(&[full, bytes("rows", early)]).unwrap().snapshot;
    assert_eq!(phases(&s), [("a-0".to_owned(), "Running".to_owned())]);
}

#[test]
fn inputs_of_different_clusters_are_told() {
    let system =
        |uid: &str| format!(r#"{{"kind":"Namespace","metadata":{{"name":"kube-system","uid":"{uid}"}}}}"#);
    let node = |name: &str| format!(r#"{{"kind":"Node","metadata":{{"name":"{name}"}}}}"#);
    let a = holding(OLD, &[("namespaces", &system(UID[0])), ("nodes", &node("n1"))]);
    let b = holding(NEW, &[("namespaces", &system(UID[1])), ("nodes", &node("n2"))]);
    let read = |inputs: &[Input]| fields(&kubecause_bundle::read(inputs).unwrap().snapshot);
    let strangers = |all: Vec<(&str, String, String)>| all.iter().map(|f| f.0).collect::<Vec<_>>().join(" ");
    assert!(strangers(read(&[a.clone(), b])).contains("kube-system uid"));
    // Without that namespace, the names of the nodes tell.
    let b = holding(NEW, &[("nodes", &node("n2"))]);
    assert_eq!(strangers(read(&[a.clone(), b])), "nodes");
    // Nodes may come and go, as long as one stays.
    let b = holding(NEW, &[("nodes", &format!("{},{}", node("n1"), node("n2")))]);
    assert_eq!(strangers(read(&[a, b])), "");
}

#[test]
fn logs_of_a_machine_join_its_node() {
    let node = |name: &str| format!(r#"{{"kind":"Node","metadata":{{"name":"{name}","uid":"{name}"}}}}"#);
    let nodes = format!("{},{}", node("w1.example.org"), node("w2.example.org"));
    let cluster = holding(OLD, &[("nodes", &nodes)]);
    let logs = |host: &str| {
        let line = format!("Nov 22 16:50:05 {host} kubelet[8]: E1122 16:50:05.123456 8 x.go:1] x\n");
        bytes("logs", gzip(&tar(&files(&[("kubelet/kubelet.log", &line), ("system/ps.txt", "x")]))))
    };
    let s = kubecause_bundle::read(&[cluster.clone(), logs("w1")]).unwrap().snapshot;
    assert_eq!(s.node_facts.keys().map(|n| &**n).collect::<Vec<_>>(), ["w1.example.org"]);
    let log = s.node_facts.values().flat_map(|f| &f.logs).next().unwrap();
    let expected = "2026-11-22T16:50:05Z".parse().ok();
    assert_eq!(log.first_time(), expected, "the year is the other input's");
    let s = kubecause_bundle::read(&[cluster, logs("stranger")]).unwrap().snapshot;
    assert!(has_gap(&s, "nodes/stranger", Why::NotCollected), "{:?}", s.gaps);
}
