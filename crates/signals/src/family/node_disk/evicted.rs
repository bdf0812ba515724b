//! Workloads whose pods were evicted or refused by a kubelet: one finding per workload and way.

use super::records::Record;
use super::words::{Resource, Why};
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use jiff::Timestamp;
use kubecause_evidence::kube::Condition;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Span;
use std::collections::BTreeMap;

/// The way in which pods ended, as a signal.
fn signal_of(record: &Record) -> Option<&'static str> {
    Some(match &record.why {
        Why::OwnLimit { .. } => "workload.ephemeral-limit-exceeded",
        Why::EmptyDir { .. } => "workload.emptydir-limit-exceeded",
        Why::NodeLow(_) => "workload.evicted-by-node",
        Why::Condition(_) => "workload.refused-by-condition",
        Why::Other if record.is_refusal() => refusal_of(record),
        Why::Other => return None,
    })
}

/// What kubelet refused a pod for, where its words say it; else that it did.
fn refusal_of(record: &Record) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|w| record.message.contains(w));
    match record.reason.as_str() {
        "SysctlForbidden" => "workload.refused-sysctl",
        "AppArmor" => "workload.refused-profile",
        "UnexpectedAdmissionError" if says(&DEVICE) => "workload.refused-device",
        _ => "workload.refused-by-kubelet",
    }
}

/// Source: kubernetes pkg/kubelet/cm/devicemanager/manager.go. What the managers of CPU and memory say is another matter.
const DEVICE: [&str; 5] = [
    "devices unavailable for ",
    "device plugin",
    "no healthy devices",
    "unregistered resource",
    "failed due to rpc error",
];

/// Two evictions within this many seconds of each other are one episode.
const EPISODE_SECONDS: i64 = 8;
/// Evictions of one workload by its node within this many seconds are one episode: a node takes all it needs at once.
const NODE_EPISODE_SECONDS: i64 = 120;
/// So many episodes within the hour are present, not past.
const RECURRENCES: usize = 3;

pub(super) fn observe(snapshot: &Snapshot, records: &[Record], sink: &mut Sink) {
    let mut groups: BTreeMap<(&Subject, &'static str), Vec<&Record>> = BTreeMap::new();
    let mut left: BTreeMap<&Subject, Vec<&Record>> = BTreeMap::new();
    for record in records {
        if let Some(signal) = signal_of(record).filter(|_| still_counts(snapshot, record)) {
            groups.entry((&record.owner, signal)).or_default().push(record);
        }
        // A table shows that a pod was evicted, and no message.
        if record.left_behind && (signal_of(record).is_some() || record.reason == "Evicted") {
            left.entry(&record.owner).or_default().push(record);
        }
    }
    let mut present: Vec<&Subject> = Vec::new();
    for ((owner, signal), group) in groups {
        let finding = finding(snapshot, owner, signal, &group);
        if finding.span.ongoing {
            present.push(owner);
        }
        sink.add(finding);
    }
    for (owner, group) in left {
        if !present.contains(&owner) {
            sink.add(left_behind(owner, &group));
        }
    }
}

/// An event about a pod that is gone says nothing about a workload: it took its fault along.
fn still_counts(snapshot: &Snapshot, record: &Record) -> bool {
    record.left_behind || snapshot.pod(&record.pod).is_some() || !snapshot.has_in(&Kind::Pod, record.pod.ns())
}

fn finding(snapshot: &Snapshot, owner: &Subject, signal: &'static str, group: &[&Record]) -> Finding {
    let mut times: Vec<Timestamp> = group.iter().filter_map(|r| r.at).collect();
    times.sort_unstable();
    let gap = if signal == "workload.evicted-by-node" { NODE_EPISODE_SECONDS } else { EPISODE_SECONDS };
    let last = times.last().copied();
    let present = is_recent(snapshot, last) && !got_over(snapshot, owner, signal, group);
    let ongoing = present || episodes_of_last_hour(snapshot, &times, gap) >= RECURRENCES;
    let span = Span { first: times.first().copied(), last, ongoing };
    let mut found = Finding::new(signal, owner.clone()).span(span);
    found.count = group.len() as u64;
    for record in sample(group) {
        found.evidence.push(record.citation.clone());
    }
    for record in group {
        for name in record.node.iter().map(|n| Subject::node(n.clone())).chain([record.pod.clone()]) {
            if !found.names.contains(&name) && found.names.len() < 64 {
                found.names.push(name);
            }
        }
    }
    let nodes: Vec<String> =
        found.names.iter().filter(|n| n.kind == Kind::Node).map(ToString::to_string).collect();
    found = found.param("nodes", nodes.join(" ")).param("count", group.len());
    match group.last() {
        Some(record) => with_params(found, record),
        None => found,
    }
}

/// Whether the node that had no room says that it has, and the workload has all its pods again: what is left is history.
fn got_over(snapshot: &Snapshot, owner: &Subject, signal: &str, group: &[&Record]) -> bool {
    let by_node = ["workload.evicted-by-node", "workload.refused-by-condition"].contains(&signal);
    let relieved = |name: &kubecause_evidence::Str| {
        let node = snapshot.nodes.get("", name);
        node.is_some_and(|n| n.is_ready() && !n.status.conditions.iter().any(is_pressure))
    };
    let well = snapshot.workload(owner).is_some_and(|w| w.wanted() > 0 && w.available() >= w.wanted());
    by_node && well && group.iter().all(|r| r.node.as_ref().is_some_and(relieved))
}

fn is_pressure(condition: &Condition) -> bool {
    condition.kind.ends_with("Pressure") && condition.is_true()
}

/// The first two and the last two of a long row.
fn sample<'a>(group: &'a [&Record]) -> Vec<&'a Record> {
    let tail = group.len().saturating_sub(2);
    group.iter().enumerate().filter(|(i, _)| *i < 2 || *i >= tail).map(|(_, r)| *r).collect()
}

fn with_params(found: Finding, record: &Record) -> Finding {
    let found = found.param("reason", &record.reason).param("pod", &record.pod.name);
    match &record.why {
        Why::OwnLimit { container, limit } => {
            found.param("limit", limit).param("container", container.clone().unwrap_or_default())
        }
        Why::EmptyDir { volume, limit } => found.param("limit", limit).param("volume", volume),
        Why::NodeLow(resource) => found.param("resource", word(*resource)),
        Why::Condition(condition) => found.param("why", condition),
        Why::Other => refused(found.param("why", &record.reason), record),
    }
}

/// The device, the sysctl or the profile that kubelet named.
fn refused(found: Finding, record: &Record) -> Finding {
    let quoted = record.message.split('"').nth(1).unwrap_or_default();
    match refusal_of(record) {
        "workload.refused-sysctl" => found.param("sysctl", quoted),
        "workload.refused-profile" => found.param("profile", quoted).param("kind", "AppArmor"),
        "workload.refused-device" => {
            let named = ["devices unavailable for ", "unregistered resource "];
            let rest = named.iter().find_map(|w| Some(record.message.split_once(w)?.1)).unwrap_or_default();
            let resource = rest.split([' ', ',']).next().unwrap_or_default().trim_end_matches('.');
            found
                .param("resource", resource)
                .param("problem", kubecause_model::one_line(&record.message, 160))
        }
        _ => found,
    }
}

/// What a node was low on, as the kubelet's newer releases call it.
pub(super) fn word(resource: Resource) -> &'static str {
    match resource {
        Resource::Disk => "ephemeral-storage",
        Resource::Inodes => "inodes",
        Resource::Memory => "memory",
        Resource::Pids => "pids",
    }
}

fn episodes_of_last_hour(snapshot: &Snapshot, sorted: &[Timestamp], gap: i64) -> usize {
    let mut before: Option<Timestamp> = None;
    let mut episodes = 0;
    for at in sorted.iter().filter(|at| snapshot.age(Some(**at)).is_some_and(|age| age <= 3600)) {
        if before.is_none_or(|b| at.as_second() - b.as_second() >= gap) {
            episodes += 1;
        }
        before = Some(*at);
    }
    episodes
}

fn left_behind(owner: &Subject, group: &[&Record]) -> Finding {
    let times = || group.iter().filter_map(|r| r.at);
    let mut reasons: Vec<&str> = group.iter().map(|r| r.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let mut found = Finding::new("workload.evicted-records-left", owner.clone())
        .span(Span { first: times().min(), last: times().max(), ongoing: true })
        .param("count", group.len())
        .param("reason", reasons.join(", "));
    found.count = group.len() as u64;
    for record in sample(group) {
        found.evidence.push(record.citation.clone());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::test::{found, node, pod_evicted, snapshot_of};
    use kubecause_evidence::{Ingest, Kind, SnapshotBuilder};

    const LIMIT: &str = "Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. ";

    #[test]
    fn a_workload_over_its_own_limit() {
        let pods: Vec<String> = ["17:36:23", "17:36:37", "17:36:50"]
            .iter()
            .enumerate()
            .map(|(i, at)| pod_evicted(&format!("thumb-6f9d-{i}"), "a", LIMIT, at))
            .collect();
        let all = snapshot_of("2026-11-22T18:20:00Z", &[], &pods);
        let limit = found(&all, "workload.ephemeral-limit-exceeded");
        assert_eq!(limit.len(), 1, "one finding for the workload");
        let first =
            limit.first().map(|f| (f.subject.kind.clone(), f.span.ongoing, f.params.get("limit").cloned()));
        assert_eq!(first, Some((Kind::Deployment, true, Some("16Mi".into()))), "three times within the hour");
        assert!(found(&all, "workload.evicted-records-left").is_empty());
    }

    #[test]
    fn one_old_eviction_is_a_note() {
        let all =
            snapshot_of("2026-11-22T18:20:00Z", &[], &[pod_evicted("thumb-6f9d-1", "a", LIMIT, "17:36:23")]);
        assert!(found(&all, "workload.ephemeral-limit-exceeded").iter().all(|f| !f.span.ongoing));
        assert_eq!(found(&all, "workload.evicted-records-left").len(), 1);
    }

    #[test]
    fn three_replicas_taken_at_once_are_one_episode() {
        let low = "The node was low on resource: memory. ";
        let pods: Vec<String> = (0..3)
            .map(|i| pod_evicted(&format!("thumb-6f9d-{i}"), "a", low, &format!("17:36:1{i}")))
            .collect();
        let all = snapshot_of("2026-11-22T18:20:00Z", &[], &pods);
        assert!(found(&all, "workload.evicted-by-node").iter().all(|f| !f.span.ongoing));
    }

    #[test]
    fn a_node_that_has_room_and_a_workload_that_has_its_pods_are_over_it() {
        let low = "The node was low on resource: ephemeral-storage. ";
        let see = |pressed: bool, available: u32| {
            let pods = [pod_evicted("thumb-6f9d-1", "a", low, "18:12:00")];
            let rs = r#"{"metadata":{"name":"thumb-6f9d","namespace":"shop","uid":"cf39047f-a773-44a4-ac84-cee3004858b9",
                "ownerReferences":[{"kind":"Deployment","name":"thumb","uid":"d0000000-a773-44a4-ac84-cee3004858b9","controller":true}]}}"#;
            let owner = format!(
                r#"{{"metadata":{{"name":"thumb","namespace":"shop","uid":"d0000000-a773-44a4-ac84-cee3004858b9"}},
                "spec":{{"replicas":1}},"status":{{"replicas":1,"availableReplicas":{available}}}}}"#
            );
            let all = snapshot_of("2026-11-22T18:20:00Z", &[node("a", pressed)], &pods);
            let mut b = SnapshotBuilder::from(all);
            for (kind, json) in [("ReplicaSet", rs), ("Deployment", owner.as_str())] {
                Ingest::parse(kind, json).into_iter().for_each(|o| b.push(o));
            }
            found(&b.finish(), "workload.evicted-by-node").iter().map(|f| f.span.ongoing).collect::<Vec<_>>()
        };
        assert_eq!(see(false, 1), [false]);
        assert_eq!(see(true, 1), [true], "the node has no room yet");
        assert_eq!(see(false, 0), [true], "the workload lacks a pod");
    }
}
