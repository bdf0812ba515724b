//! What the API says about a node: whether it is ready, why not, who waits for it, and how it handles iptables.

mod iptables;
mod readiness;
mod waiting;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::{Kind, Snapshot};

const NODE: &[Needs] = &[Needs::Kind(Kind::Node)];
const NODE_AND_POD: &[Needs] = &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod)];

/// The family.
pub const FAMILY: Family = Family {
    signals: &[
        Signal::fact("node.ready-false", "Kubelet itself says that the node is not ready, and why.", NODE),
        Signal::fact(
            "node.reports-ready",
            "Kubelet posts that the node is ready, within the last minute.",
            NODE,
        ),
        Signal::fact("node.ready-unknown", "Kubelet stopped posting the node's status.", NODE),
        Signal::fact(
            "node.flapping",
            "The node was not ready three times or more within the hour, although it is now.",
            &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Event)],
        ),
        Signal::fact(
            "node.runtime-reported-down",
            "Kubelet says that its runtime did not answer a status call for a while.",
            NODE,
        ),
        Signal::fact(
            "node.pleg-reported",
            "Kubelet says that relisting the containers takes longer than three minutes.",
            NODE,
        ),
        Signal::fact(
            "node.network-reported-not-ready",
            "Kubelet says that the runtime has no pod network.",
            NODE,
        ),
        Signal::fact("node.shutting-down", "Kubelet says that the machine is being shut down.", NODE),
        Signal::fact("node.shutdown-taint", "The cloud says that the machine is off.", NODE),
        Signal::fact(
            "node.lease-stale",
            "The node's lease was not renewed for twice its length, while others were.",
            &[Needs::Kind(Kind::Lease)],
        ),
        Signal::fact(
            "node.cordoned-with-waiting-pods",
            "The node is cordoned, and pods wait that no other node may take.",
            NODE_AND_POD,
        ),
        Signal::fact(
            "node.tainted-with-waiting-pods",
            "The node carries a taint, and pods wait that no other node may take.",
            NODE_AND_POD,
        ),
        Signal::fact(
            "node.iptables-is-nft",
            "iptables on the node works on nf_tables, which has no xtables lock.",
            &[Needs::NodeFile("iptables_version")],
        ),
        Signal::fact(
            "node.iptables-many-rules",
            "The node holds ten thousand iptables rules or more.",
            &[Needs::NodeFile("iptables_rules")],
        ),
        Signal::fact("node.kube-proxy-busy", "kube-proxy uses a whole CPU.", &[Needs::NodeFile("ps")]),
        Signal::fact(
            "node.host-ports-started",
            "Ten pods or more with host ports were started on the node within half an hour.",
            NODE_AND_POD,
        ),
    ],
    observe,
};

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    readiness::observe(snapshot, sink);
    waiting::observe(snapshot, sink);
    iptables::observe(snapshot, sink);
}
