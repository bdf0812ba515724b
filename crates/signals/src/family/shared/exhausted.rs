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

#[cfg(test)]
mod tests {
    use super::super::tests::observe;
    use crate::testing::builder;
    use kubecause_evidence::log::{LogFile, LogSource};
    use kubecause_evidence::{ContainerLogKey, Kind};

    /// The ids of findings of this file for a pod that is ready or not, with that log.
    fn seen(ready: &str, text: &str) -> Vec<&'static str> {
        let pod = format!(
            r#"{{"metadata":{{"name":"a","namespace":"s","creationTimestamp":"2026-11-22T10:00:00Z"}},"spec":{{"nodeName":"n","containers":[{{"name":"c"}}]}},
            "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"2026-11-22T11:00:00Z"}}]}}}}"#
        );
        let mut b = builder("2026-11-22T12:00:00Z", &[Kind::Pod], &[("Pod", pod)]);
        let key = ContainerLogKey {
            namespace: "s".into(),
            pod: "a".into(),
            container: "c".into(),
            previous: false,
        };
        b.container_log(key, LogFile::new(LogSource::Container, "logs/s/a/c.log", text));
        let found = observe(&b.finish());
        let ids = ["app.local-ports-exhausted", "app.open-files-exhausted", "node.inotify-exhausted"];
        ids.into_iter().filter(|id| found.of(id).next().is_some()).collect()
    }

    #[test]
    fn lines_without_a_time_count_only_where_the_pod_fails() {
        let line = "accept4: too many open files; retrying in 5ms\n";
        assert_eq!(seen("False", &line.repeat(2)), ["app.open-files-exhausted"]);
        assert!(seen("True", &line.repeat(9)).is_empty());
    }

    #[test]
    fn a_pod_that_works_counts_when_it_says_so_often_and_now() {
        let line = "2026-11-22T11:58:00Z dial tcp 10.0.0.7:443: connect: cannot assign requested address\n";
        assert_eq!(seen("True", &line.repeat(5)), ["app.local-ports-exhausted"]);
        assert!(seen("True", &line.repeat(2)).is_empty());
        assert!(seen("True", &line.replace("T11:58", "T08:58").repeat(9)).is_empty());
    }

    #[test]
    fn watches_are_the_nodes() {
        assert_eq!(
            seen("False", "failed to create fsnotify watcher: too many open files\n"),
            ["node.inotify-exhausted"]
        );
    }
}
