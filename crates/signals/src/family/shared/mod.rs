//! What many findings share: the moment at which nodes failed, a lock, a workload that visited them all.

mod clients;
mod exhausted;
mod lock;
mod mass;
mod poison;
mod sandbox_ends;
mod sandboxes;
mod silent;

use super::Correlation;
use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;
use kubecause_evidence::log::LogSource;

const NODES: &[Needs] = &[Needs::Kind(Kind::Node)];
const CONTAINER_LOG: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::ContainerLog];
const NODES_AND_PODS: &[Needs] = &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod)];

/// The correlations of this file.
pub const CORRELATIONS: &[Correlation] = &[
    super::containers::APP_LOGS,
    super::containers::CROWD,
    Correlation {
        signals: &[Signal::fact(
            "shared.most-nodes-silent",
            "Most nodes stopped posting their status within ten minutes: the way to the API server comes before the nodes.",
            NODES,
        )],
        correlate: mass::correlate,
    },
    Correlation {
        signals: &[
            Signal::fact(
                "shared.lock-spreads",
                "Nodes whose logs were not seen failed within the hour in which this one waited for the iptables lock.",
                NODES,
            ),
            Signal::fact(
                "shared.lock-holds-up-runtime",
                "iptables could not get its lock again and again, on a node whose runtime does not answer in time.",
                &[Needs::Kind(Kind::Node), Needs::NodeLog(LogSource::KubeProxy)],
            ),
        ],
        correlate: lock::correlate,
    },
    Correlation {
        signals: &[Signal::fact(
            "shared.workload-precedes-failures",
            "One workload, and no other, came to each of several nodes shortly before it failed.",
            NODES_AND_PODS,
        )],
        correlate: poison::correlate,
    },
    Correlation {
        signals: &[Signal::fact(
            "runtime.silent-by-report",
            "Kubelet says that its runtime is down, and sandboxes of its pods time out: signs of a hung runtime where no log was seen.",
            &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Event), Needs::NodeLog(LogSource::Kubelet)],
        )],
        correlate: silent::correlate,
    },
    Correlation {
        signals: &[
            Signal::fact(
                "sandbox.pod-runs-since",
                "The pod whose sandbox could not be made runs by now.",
                &[Needs::Kind(Kind::Pod)],
            ),
            Signal::fact(
                "node.no-pod-waits-for-sandbox",
                "Every pod on the node has its sandbox by now.",
                &[Needs::Kind(Kind::Pod)],
            ),
            Signal::fact(
                "shared.node-pods-cut-off",
                "Pods of several workloads on this node, and on no other, get no answer from addresses inside the cluster.",
                NODES_AND_PODS,
            ),
        ],
        correlate: sandboxes::correlate,
    },
    Correlation {
        signals: &[Signal::fact(
            "shared.node-sandboxes-end",
            "Sandboxes of pods of several workloads end on this node and on no other.",
            &[Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)],
        )],
        correlate: sandbox_ends::correlate,
    },
    Correlation {
        signals: &[
            Signal::fact(
                "app.local-ports-exhausted",
                "A container cannot open connections because no local port is left, and it fails or says so now.",
                CONTAINER_LOG,
            ),
            Signal::fact(
                "app.open-files-exhausted",
                "A container can open no more files or sockets, and it fails or says so now.",
                CONTAINER_LOG,
            ),
            Signal::fact(
                "node.inotify-exhausted",
                "Kubelet, the runtime or containers on a node cannot watch files: its inotify limits are used up.",
                NODES_AND_PODS,
            ),
        ],
        correlate: exhausted::correlate,
    },
    Correlation {
        signals: &[
            Signal::fact(
                "shared.tokens-refused",
                "The API server refuses the tokens of containers of two workloads or more.",
                CONTAINER_LOG,
            ),
            Signal::fact(
                "app.metrics-scrape-refused",
                "The metrics server does not accept the certificates of kubelets, or they do not accept it.",
                CONTAINER_LOG,
            ),
            Signal::fact(
                "shared.conversion-fails",
                "Clients of the API are told that the conversion webhook of a custom resource fails.",
                CONTAINER_LOG,
            ),
        ],
        correlate: clients::correlate,
    },
];

#[cfg(test)]
mod tests {
    use crate::{Findings, Signals};
    use kubecause_evidence::Snapshot;
    use std::sync::LazyLock;

    static SIGNALS: LazyLock<Option<Signals>> = LazyLock::new(|| Signals::builtin().ok());

    /// Everything that is seen, correlations included.
    pub(super) fn observe(snapshot: &Snapshot) -> Findings {
        SIGNALS.as_ref().map(|s| s.observe(snapshot)).unwrap_or_default()
    }
}
