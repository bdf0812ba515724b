//! What many containers have in common that fail: replicas that fall one after another, workloads that started all at once.

use crate::family::Correlation;
use crate::finding::{Finding, Findings, Sink};
use crate::signal::{Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The correlation.
pub const CROWD: Correlation = Correlation { signals: SIGNALS, correlate };

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "workload.fails-in-turn",
        "Replicas that ran well for ten minutes and more failed their probes one after another, by timeout or overload, as the others had more to do.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)],
    ),
    Signal::fact(
        "node.bulk-start",
        "Many workloads without CPU requests started on a node within minutes, and several of them time out at their probes since.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)],
    ),
];

/// Findings of probes that answer too late.
const SLOW: &str = "probe.times-out";
/// A replica ran well for so long before it counts as one that fell, in seconds.
const RAN_WELL: i64 = 600;
/// All falls lie within so many seconds.
const CASCADE: i64 = 1800;
/// Pods that start within so many seconds start together.
const TOGETHER: i64 = 300;
/// So many workloads make a bulk.
const BULK: usize = 5;

fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let slow: Vec<(&Finding, &Pod)> = findings
        .of(SLOW)
        .filter(|f| f.span.ongoing)
        .filter_map(|f| Some((f, snapshot.pod(&f.subject)?)))
        .collect();
    cascades(snapshot, &slow, sink);
    bulk_starts(snapshot, &slow, sink);
}

fn cascades(snapshot: &Snapshot, slow: &[(&Finding, &Pod)], sink: &mut Sink) {
    let mut by_workload: BTreeMap<Subject, Vec<(Timestamp, &Finding)>> = BTreeMap::new();
    for (finding, pod) in slow {
        let (Some(first), Some(started)) = (finding.span.first, pod.status.start_time) else { continue };
        if first.as_second() - started.as_second() >= RAN_WELL {
            by_workload
                .entry(snapshot.top_owner(&finding.subject).object())
                .or_default()
                .push((first, finding));
        }
    }
    for (workload, mut falls) in by_workload {
        falls.sort_by_key(|(at, f)| (*at, f.subject.clone()));
        falls.dedup_by(|b, a| a.1.subject.object() == b.1.subject.object());
        let wanted = snapshot.workload(&workload).map_or(0, kubecause_evidence::kube::Workload::wanted);
        let most = i64::try_from(falls.len()).unwrap_or(0) * 3 >= wanted * 2;
        let (Some((first, _)), Some((last, _))) = (falls.first(), falls.last()) else { continue };
        let span = last.as_second() - first.as_second();
        let in_turn = falls.windows(2).all(|w| match w {
            [a, b] => b.0.as_second() - a.0.as_second() >= 10,
            _ => true,
        });
        if falls.len() < 3 || wanted < 3 || !most || !in_turn || span > CASCADE {
            continue;
        }
        let mut found = Finding::new("workload.fails-in-turn", workload)
            .span(Span { first: Some(*first), last: Some(*last), ongoing: true })
            .param("fallen", falls.len())
            .param("replicas", wanted);
        for (_, fall) in &falls {
            found.evidence.extend(fall.evidence.first().cloned());
            found.names.push(fall.subject.object());
        }
        sink.add(found);
    }
}

fn bulk_starts(snapshot: &Snapshot, slow: &[(&Finding, &Pod)], sink: &mut Sink) {
    let nodes: BTreeSet<&str> =
        slow.iter().map(|(_, p)| p.spec.node_name.as_str()).filter(|n| !n.is_empty()).collect();
    for node in nodes {
        let on_node: Vec<&(&Finding, &Pod)> = slow.iter().filter(|(_, p)| p.spec.node_name == node).collect();
        let Some(began) = on_node.iter().filter_map(|(_, p)| p.status.start_time).min() else { continue };
        let together = |pod: &&Pod| {
            let seconds = pod.status.start_time.map(|t| t.as_second() - began.as_second());
            seconds.is_some_and(|s| s.abs() <= TOGETHER) && asks_for_nothing(pod)
        };
        let started: BTreeSet<Subject> = snapshot
            .pods_on(node)
            .filter(together)
            .map(|p| snapshot.top_owner(&p.metadata.subject(Kind::Pod)).object())
            .collect();
        let suffering: BTreeSet<Subject> = on_node
            .iter()
            .filter(|(_, p)| together(p))
            .map(|(f, _)| snapshot.top_owner(&f.subject).object())
            .collect();
        if started.len() < BULK || suffering.len() < 3 {
            continue;
        }
        let mut found = Finding::new("node.bulk-start", Subject::node(node))
            .since(Some(began))
            .param("workloads", started.len())
            .param("suffering", suffering.len());
        for (finding, _) in on_node.iter().filter(|(_, p)| together(p)) {
            found.evidence.extend(finding.evidence.first().cloned());
            found.names.push(finding.subject.object());
        }
        found.evidence.truncate(6);
        found.members = started.into_iter().collect();
        sink.add(found);
    }
}

fn asks_for_nothing(pod: &Pod) -> bool {
    pod.spec.containers.iter().any(|c| c.resources.requests.value("cpu").is_none_or(|v| v <= 0.0))
}
