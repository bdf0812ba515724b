//! Most nodes at once: then the API path is looked at before any node.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Snapshot, Subject};
use kubecause_model::Source;

/// Fewer nodes cannot tell "most of them" from "this one".
const NODES_MIN: usize = 3;
/// So close together nodes fall silent when they lose the same thing.
const TOGETHER_SECONDS: i64 = 600;

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let total = snapshot.nodes.all().len();
    let mut silent: Vec<&Finding> = findings.of("node.ready-unknown").collect();
    silent.sort_by_key(|f| f.span.first);
    let (Some(first), Some(last)) = (silent.first(), silent.last()) else { return };
    let apart = match (first.span.first, last.span.first) {
        (Some(a), Some(b)) => b.as_second() - a.as_second(),
        _ => 0,
    };
    if total < NODES_MIN || silent.len() < 2 || 2 * silent.len() < total || apart > TOGETHER_SECONDS {
        return;
    }
    let text = format!("{} of {total} nodes stopped posting their status within {apart} s", silent.len());
    let mut finding = Finding::new("shared.most-nodes-silent", Subject::cluster())
        .since(first.span.first)
        .cite(Source::Condition, first.span.first, "nodes", text)
        .param("together", "most-nodes")
        .param("silent", silent.len())
        .param("nodes", total);
    for f in silent {
        finding.members.push(f.subject.clone());
        finding.names.push(f.subject.clone());
    }
    sink.add(finding);
}

#[cfg(test)]
mod tests {
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(nodes: &[(&str, &str)]) -> usize {
        let mut b = SnapshotBuilder::default();
        for (i, (status, since)) in nodes.iter().enumerate() {
            let json = format!(
                r#"{{"metadata":{{"name":"n{i}"}},"status":{{"conditions":[{{"type":"Ready","status":"{status}","lastTransitionTime":"2026-11-22T{since}:00Z"}}]}}}}"#
            );
            if let Ok(node) = Ingest::parse("Node", &json) {
                b.push(node);
            }
        }
        let snapshot = b.finish();
        super::super::tests::observe(&snapshot).of("shared.most-nodes-silent").count()
    }

    #[test]
    fn most_at_once_is_not_one_after_another() {
        assert_eq!(see(&[("Unknown", "10:00"), ("Unknown", "10:01"), ("True", "09:00")]), 1);
        assert_eq!(see(&[("Unknown", "10:00"), ("Unknown", "12:01"), ("True", "09:00")]), 0);
        assert_eq!(see(&[("Unknown", "10:00"), ("True", "09:00"), ("True", "09:00")]), 0);
        assert_eq!(see(&[("Unknown", "10:00"), ("Unknown", "10:00")]), 0);
    }
}
