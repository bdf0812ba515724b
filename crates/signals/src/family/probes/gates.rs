//! Pods whose containers are all Ready and that are not, because nobody sets the condition of a readiness gate.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::Condition;
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;

/// A load balancer takes a minute or two until its health checks have passed.
const PATIENCE_SECONDS: i64 = 180;

/// Source of the words: kubernetes pkg/kubelet/status/generate.go.
pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        let Some(ready) =
            pod.condition("Ready").filter(|c| c.is_false() && c.reason == "ReadinessGatesNotReady")
        else {
            continue;
        };
        let own = pod.condition("ContainersReady").filter(|c| c.is_true());
        let since = own.and_then(|c| c.last_transition_time).or(ready.last_transition_time);
        if own.is_some() && snapshot.age(since).is_some_and(|age| age < PATIENCE_SECONDS) {
            continue;
        }
        let Some(gate) = ready.message.split('"').nth(1) else { continue };
        let condition = pod.condition(gate);
        let subject = pod.metadata.subject(Kind::Pod);
        let reference = format!("pods/{subject}");
        let text = format!("Ready=False {}: {}", ready.reason, ready.message);
        let mut found = Finding::new("pod.readiness-gate-unset", subject)
            .since(since)
            .param("gate", gate)
            .param("state", condition.map_or("never set", |_| "False"))
            .param("says", condition.map_or("", said))
            .cite(Source::Condition, ready.last_transition_time, &reference, text);
        if let Some(c) = condition {
            let text = format!("{}={} {}: {}", c.kind, c.status, c.reason, c.message);
            found = found.cite(Source::Condition, c.last_transition_time, reference, text);
        }
        sink.add(found);
    }
}

fn said(condition: &Condition) -> &str {
    if condition.message.is_empty() { &condition.reason } else { &condition.message }
}
