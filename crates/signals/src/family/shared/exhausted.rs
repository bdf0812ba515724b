//! What containers say that has run out around them: local ports, open files, inotify. A line of an old log that bears no
//! time says nothing about now, so that it counts only where the container fails, or where its lines are of the last minutes.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Kind, Snapshot, Subject};
use rustc_hash::FxHashSet;

/// Findings that say that a container or its pod does not work now.
const FAILING: [&str; 7] = [
    "container.app-exit",
    "container.init-failing",
    "container.killed-by-signal",
    "probe.liveness-failing",
    "probe.readiness-failing",
    "probe.startup-failing",
    "pod.not-ready",
];
/// A container that works counts from so many lines on.
const LINES: u64 = 5;

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let failing: FxHashSet<Subject> = FAILING
        .iter()
        .flat_map(|id| findings.of(id))
        .filter(|f| f.span.ongoing)
        .map(|f| f.subject.object())
        .collect();
    let present = |f: &&Finding| {
        let busy = f.span.last.is_some() && f.count >= LINES;
        f.span.ongoing && (f.subject.kind == Kind::Node || busy || failing.contains(&f.subject.object()))
    };
    for (log, signal) in [
        ("log.local-ports-exhausted", "app.local-ports-exhausted"),
        ("log.open-files-exhausted", "app.open-files-exhausted"),
    ] {
        for found in findings.of(log).filter(present).filter(|f| f.subject.kind == Kind::Pod) {
            let mut same = found.clone();
            same.signal = signal;
            sink.add(same);
        }
    }
    for found in findings.of("log.inotify-exhausted").filter(present) {
        watches(snapshot, found).into_iter().for_each(|f| sink.add(f));
    }
}

/// The limit is the node's, whoever ran into it.
fn watches(snapshot: &Snapshot, found: &Finding) -> Option<Finding> {
    let node = if found.subject.kind == Kind::Node {
        found.subject.object()
    } else {
        snapshot.node_of(&found.subject.object())?
    };
    let mut finding = found.clone();
    finding.signal = "node.inotify-exhausted";
    finding.subject = node;
    if found.subject.kind == Kind::Pod {
        finding.names.push(found.subject.object());
        finding = finding.param("sufferer", &found.subject.name);
    }
    Some(finding)
}
