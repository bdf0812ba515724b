//! Nodes that failed together with one that waited for the iptables lock, and whose own logs nobody saw.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Snapshot, Subject};
use kubecause_model::Source;

/// A mass start lasts about so long.
const TOGETHER_SECONDS: i64 = 3600;
const LOCK: [&str; 3] = ["log.xtables-lock-long-wait", "log.iptables-exit-4", "event.sandbox-xtables-lock"];

/// What a node shows whose runtime is held up.
const SILENT: [&str; 7] = [
    "node.pleg-reported",
    "node.runtime-reported-down",
    "node.ready-unknown",
    "event.runtime-gc-deadline",
    "event.sandbox-deadline",
    "kubelet.sandbox-deadline",
    "kubelet.runtime-list-deadline",
];

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    spreads(snapshot, findings, sink);
    for id in ["log.xtables-lock-busy", "log.iptables-exit-4", "event.sandbox-xtables-lock"] {
        for busy in findings.of(id) {
            let silent = SILENT.iter().find_map(|id| findings.get(id, &busy.subject));
            if let Some(silent) = silent {
                let mut finding = Finding::new("shared.lock-holds-up-runtime", busy.subject.clone())
                    .span(busy.span.join(silent.span));
                finding.evidence = busy.evidence.iter().chain(&silent.evidence).take(3).cloned().collect();
                sink.add(finding.param("lock", "xtables"));
            }
        }
    }
}

fn spreads(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let mut waited: Vec<&Finding> = LOCK.iter().flat_map(|id| findings.of(id)).collect();
    waited.retain(|f| findings.get("node.iptables-is-nft", &f.subject).is_none());
    waited.sort_by(|a, b| (a.span.first, &a.subject).cmp(&(b.span.first, &b.subject)));
    let Some(earliest) = waited.first() else { return };
    let spoke = |node: &Subject| waited.iter().any(|f| f.subject == *node);
    let others = findings.of("node.ready-false").chain(findings.of("node.ready-unknown")).filter(|f| {
        let apart = match (f.span.first, earliest.span.first) {
            (Some(a), Some(b)) => (a.as_second() - b.as_second()).abs(),
            _ => i64::MAX,
        };
        !spoke(&f.subject)
            && apart <= TOGETHER_SECONDS
            && logs_unseen(snapshot, &f.subject)
            && looks_alike(findings, f)
    });
    let mut others: Vec<Subject> = others.map(|f| f.subject.clone()).collect();
    others.sort();
    others.dedup();
    if others.is_empty() {
        return;
    }
    let text = format!("{} more nodes failed within the hour; their logs were not collected", others.len());
    let mut finding = Finding::new("shared.lock-spreads", earliest.subject.clone())
        .span(earliest.span)
        .cite(Source::Condition, earliest.span.first, "nodes", text)
        .param("lock", "xtables")
        .param("more_nodes", others.len());
    finding.members.clone_from(&others);
    finding.names = others;
    sink.add(finding);
}

/// Whether no log was seen in which the other node could have spoken of the lock.
fn logs_unseen(snapshot: &Snapshot, node: &Subject) -> bool {
    let sources = [LogSource::Docker, LogSource::KubeProxy, LogSource::System, LogSource::Runtime];
    snapshot.node_facts.get(&node.name).is_none_or(|facts| !sources.iter().any(|s| facts.has_log(s)))
}

/// Whether the node fails in a way that a held lock leads to: kubelet gets no answer from the runtime.
fn looks_alike(findings: &Findings, f: &Finding) -> bool {
    const ALIKE: [&str; 4] = [
        "node.pleg-reported",
        "node.runtime-reported-down",
        "event.runtime-gc-deadline",
        "event.sandbox-deadline",
    ];
    f.signal == "node.ready-unknown" || ALIKE.iter().any(|id| findings.get(id, &f.subject).is_some())
}

#[cfg(test)]
mod tests {
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(other_log: Option<&str>, other_message: &str) -> Vec<String> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-05-13T10:40:00Z".parse().ok());
        for (name, message) in
            [("a", "PLEG is not healthy: pleg was last seen active 5m0s ago"), ("b", other_message)]
        {
            let json = format!(
                r#"{{"metadata":{{"name":"{name}"}},"status":{{"conditions":[{{"type":"Ready","status":"False","message":"{message}","lastTransitionTime":"2026-05-13T10:32:00Z"}}]}}}}"#
            );
            if let Ok(node) = Ingest::parse("Node", &json) {
                b.push(node);
            }
        }
        let line = "May 13 10:27:47 a dockerd: Another app is currently holding the xtables lock; waiting (47s) for it to exit...";
        b.node("a").read("nodes/a/messages", "messages", line);
        if let Some(text) = other_log {
            b.node("b").read("nodes/b/messages", "messages", text);
        }
        let snapshot = b.finish();
        let found = super::super::tests::observe(&snapshot);
        found.of("shared.lock-spreads").flat_map(|f| f.names.iter().map(|n| n.name.to_string())).collect()
    }

    #[test]
    fn only_nodes_that_could_not_be_heard_are_joined() {
        let pleg = "PLEG is not healthy: pleg was last seen active 4m0s ago";
        assert_eq!(see(None, pleg), ["b"]);
        assert!(see(Some("May 13 10:27:47 b dockerd: quiet"), pleg).is_empty());
        assert!(see(None, "cni config uninitialized").is_empty());
    }
}
