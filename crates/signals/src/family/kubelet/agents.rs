//! Pods that serve the node they run on: kube-proxy, and the agent of the pod network.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Node, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// An agent that is not ready for so long does not merely start.
const SETTLE_SECONDS: i64 = 120;
/// DaemonSets that set up the pod network.
const NETWORK_AGENTS: [&str; 14] = [
    "calico-node",
    "canal",
    "kube-flannel",
    "cilium",
    "weave-net",
    "aws-node",
    "antrea-agent",
    "kube-router",
    "azure-cns",
    "ovnkube-node",
    "kube-ovn-cni",
    "terway",
    "sdn",
    "multus",
];

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for node in snapshot.nodes.all() {
        for pod in
            snapshot.pods_on(&node.metadata.name).filter(|p| !p.metadata.is_deleting() && !p.is_finished())
        {
            let Some(agent) = agent_of(pod) else { continue };
            let network = NETWORK_AGENTS.contains(&agent);
            // On a node that is not ready, the node controller marks every pod as not ready.
            if (network || node.is_ready()) && fails(snapshot, pod) {
                sink.add(finding(snapshot, node, pod, network));
            }
        }
    }
}

/// Which agent the pod is, told by the DaemonSet that made it or by its static name.
fn agent_of(pod: &Pod) -> Option<&'static str> {
    let owner = pod.metadata.controller().filter(|o| o.kind == "DaemonSet").map(|o| o.name.as_str());
    let name = owner.unwrap_or(&pod.metadata.name);
    if owner.is_none() && !pod.is_static() {
        return None;
    }
    if name.starts_with("kube-proxy") {
        return Some("kube-proxy");
    }
    NETWORK_AGENTS.into_iter().find(|agent| {
        name.strip_prefix(agent)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("-ds") || rest.starts_with("-agent"))
    })
}

fn fails(snapshot: &Snapshot, pod: &Pod) -> bool {
    let broken = |waiting: &str| !["", "ContainerCreating", "PodInitializing"].contains(&waiting);
    let crashing = pod.statuses().any(|(_, s)| {
        let waiting = s.state.waiting.as_ref().map_or("", |w| w.reason.as_str());
        broken(waiting) || (s.state.terminated.is_some() && !s.ready && s.restart_count > 0)
    });
    let since = pod.condition("Ready").filter(|c| !c.is_true()).and_then(|c| c.last_transition_time);
    crashing || (!pod.is_ready() && snapshot.age(since).is_some_and(|age| age > SETTLE_SECONDS))
}

fn finding(snapshot: &Snapshot, node: &Node, pod: &Pod, network: bool) -> Finding {
    let id = if network { "node.network-agent-not-running" } else { "node.kube-proxy-not-running" };
    let subject = pod.metadata.subject(Kind::Pod);
    let why = pod.statuses().find_map(|(_, s)| {
        let waiting = s.state.waiting.as_ref().map(|w| format!("{}: {} {}", s.name, w.reason, w.message));
        let ended = s.last_state.terminated.as_ref().or(s.state.terminated.as_ref());
        let code =
            ended.filter(|_| !s.ready).map(|t| format!("{}: exit {} {}", s.name, t.exit_code, t.reason));
        if s.ready { None } else { waiting.or(code) }
    });
    let text = why.unwrap_or_else(|| "not ready".into());
    let since = pod.condition("Ready").and_then(|c| c.last_transition_time);
    Finding::new(id, Subject::node(&node.metadata.name))
        .since(since)
        .cite(Source::Field, since, format!("pods/{subject}"), &text)
        .param("agent_pod", subject.to_string())
        .param("why", kubecause_model::one_line(&text, 120))
        .naming(snapshot.top_owner(&subject))
        .naming(subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(node_ready: &str, name: &str, owner: &str, waiting: &str) -> Vec<&'static str> {
        let mut b = SnapshotBuilder::default();
        let node = format!(
            r#"{{"metadata":{{"name":"a"}},"status":{{"conditions":[{{"type":"Ready","status":"{node_ready}"}}]}}}}"#
        );
        let pod = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"kube-system","ownerReferences":[{{"kind":"DaemonSet","name":"{owner}","controller":true}}]}},
            "spec":{{"nodeName":"a"}},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"False"}}],
            "containerStatuses":[{{"name":"x","restartCount":9,"state":{{"waiting":{{"reason":"{waiting}"}}}}}}]}}}}"#
        );
        for (kind, json) in [("Node", &node), ("Pod", &pod)] {
            if let Ok(object) = Ingest::parse(kind, json) {
                b.push(object);
            }
        }
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| f.signal).collect()
    }

    #[test]
    fn agents_that_crash() {
        assert_eq!(
            see("True", "kube-proxy-x1", "kube-proxy", "CrashLoopBackOff"),
            ["node.kube-proxy-not-running"]
        );
        assert!(see("False", "kube-proxy-x1", "kube-proxy", "CrashLoopBackOff").is_empty());
        assert_eq!(
            see("False", "calico-node-x1", "calico-node", "ErrImagePull"),
            ["node.network-agent-not-running"]
        );
    }

    #[test]
    fn what_only_sounds_like_an_agent_is_none() {
        assert!(see("True", "cilium-test-x1", "cilium-test", "CrashLoopBackOff").is_empty());
        assert!(see("True", "kube-proxy-x1", "kube-proxy", "ContainerCreating").is_empty());
    }
}
