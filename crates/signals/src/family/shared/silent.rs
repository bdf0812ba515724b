//! A runtime that does not answer, told by the API alone.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::Snapshot;

pub(super) fn correlate(_snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    for timeout in findings.of("event.sandbox-deadline").filter(|f| f.span.ongoing) {
        let node = &timeout.subject;
        let said = findings
            .get("node.runtime-reported-down", node)
            .or_else(|| findings.get("node.pleg-reported", node));
        // Where the socket refuses, the runtime is down and not hung.
        let Some(said) = said.filter(|_| findings.get("event.runtime-refused", node).is_none()) else {
            continue;
        };
        let mut finding = Finding::new("runtime.silent-by-report", node.clone())
            .since(said.span.first.min(timeout.span.first));
        finding.evidence = said.evidence.iter().chain(&timeout.evidence).take(3).cloned().collect();
        finding.names.clone_from(&timeout.names);
        sink.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(event: &str) -> usize {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T17:48:32Z".parse().ok());
        let node = r#"{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady",
            "message":"container runtime is down","lastTransitionTime":"2026-11-22T17:46:12Z"}]}}"#;
        let pod = r#"{"metadata":{"name":"p","namespace":"s"},"spec":{"nodeName":"a"},"status":{"phase":"Pending"}}"#;
        let event = format!(
            r#"{{"metadata":{{"name":"e","namespace":"s"}},"type":"Warning","reason":"FailedCreatePodSandBox","message":"{event}",
            "involvedObject":{{"kind":"Pod","namespace":"s","name":"p"}},"count":1,"firstTimestamp":"2026-11-22T17:48:10Z","lastTimestamp":"2026-11-22T17:48:10Z"}}"#
        );
        for (kind, json) in [("Node", node), ("Pod", pod), ("Event", &event)] {
            if let Ok(object) = Ingest::parse(kind, json) {
                b.push(object);
            }
        }
        let snapshot = b.finish();
        let found = super::super::tests::observe(&snapshot);
        found.of("runtime.silent-by-report").count()
    }

    #[test]
    fn a_timeout_is_silence_and_a_network_error_is_not() {
        assert_eq!(
            see(
                "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded"
            ),
            1
        );
        assert_eq!(
            see(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox"
            ),
            0
        );
    }
}
