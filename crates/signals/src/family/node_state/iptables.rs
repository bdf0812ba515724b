//! What bears on the iptables lock: which iptables, how many rules, who is busy with them, how many pods with host
//! ports were started at once.

use crate::finding::{Finding, Sink};
use kubecause_evidence::node::NodeFacts;
use kubecause_evidence::{Snapshot, Str, Subject};
use kubecause_model::Source;

/// From here on a lookup through all rules takes seconds.
const MANY_RULES: u64 = 10_000;
/// Pods with host ports that start within [`START_SECONDS`] and count as a mass start.
const MANY_STARTS: usize = 10;
const START_SECONDS: i64 = 1800;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for (name, facts) in &snapshot.node_facts {
        files(name, facts, sink);
    }
    for node in snapshot.nodes.all() {
        let name = &node.metadata.name;
        let has_host_port = |p: &&kubecause_evidence::kube::Pod| {
            !p.spec.host_network
                && p.spec.containers.iter().any(|c| c.ports.iter().any(|port| port.host_port > 0))
        };
        let fresh = |p: &&kubecause_evidence::kube::Pod| {
            snapshot.age(p.status.start_time).is_some_and(|age| age <= START_SECONDS)
        };
        let started = snapshot.pods_on(name).filter(fresh).filter(has_host_port).count();
        if started >= MANY_STARTS {
            let text =
                format!("{started} pods with host ports started within {} minutes", START_SECONDS / 60);
            sink.add(
                Finding::new("node.host-ports-started", Subject::node(name))
                    .cite(Source::Field, None, format!("nodes/{name}"), text)
                    .param("started", started),
            );
        }
    }
}

fn files(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let found = |id, file: &str, text: &str| {
        Finding::new(id, Subject::node(name.clone())).cite(
            Source::File,
            None,
            format!("nodes/{name}/{file}"),
            text,
        )
    };
    if let Some(version) = facts.iptables_version.as_ref().filter(|v| v.contains("nf_tables")) {
        sink.add(found("node.iptables-is-nft", "iptables_version.txt", version));
    }
    if let Some(rules) = facts.iptables_rules.filter(|rules| *rules >= MANY_RULES) {
        sink.add(
            found("node.iptables-many-rules", "iptables_rules.txt", &format!("{rules} rules"))
                .param("rules", rules),
        );
    }
    let busy = facts.processes.iter().find(|p| p.cpu >= 90.0 && p.command.contains("kube-proxy"));
    if let Some(process) = busy {
        sink.add(found("node.kube-proxy-busy", "ps.txt", &format!("kube-proxy at {} % CPU", process.cpu)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::SnapshotBuilder;

    #[test]
    fn which_iptables_and_how_many_rules() {
        let mut b = SnapshotBuilder::default();
        let facts = b.node("a");
        facts.read("nodes/a/iptables_version.txt", "iptables_version.txt", "iptables v1.8.9 (nf_tables)\n");
        facts.read("nodes/a/iptables_rules.txt", "iptables_rules.txt", "31211\n");
        let facts = b.node("b");
        facts.read("nodes/b/iptables_version.txt", "iptables_version.txt", "iptables v1.4.21\n");
        facts.read("nodes/b/iptables_rules.txt", "iptables_rules.txt", "51\n");
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        let seen: Vec<_> =
            sink.finish().all().iter().map(|f| (f.signal, f.subject.name.to_string())).collect();
        assert_eq!(
            seen,
            [("node.iptables-is-nft", "a".to_owned()), ("node.iptables-many-rules", "a".to_owned())]
        );
    }
}
