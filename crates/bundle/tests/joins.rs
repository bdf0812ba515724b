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
