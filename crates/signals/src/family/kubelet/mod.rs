//! Kubelet as a process, kube-proxy and the agent of the pod network on a node.

mod agents;
mod process;

pub(crate) use process::inactive;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot};

const UNITS: &[Needs] = &[Needs::NodeFile("units")];
const PODS: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Node)];

/// The family.
pub const FAMILY: Family = Family {
    signals: &[
        Signal::fact(
            "kubelet.unit-not-active",
            "systemd says that kubelet is failed, stopped or restarting.",
            UNITS,
        ),
        Signal::fact(
            "kubelet.process-gone",
            "No kubelet is among the processes of a node that is not ready.",
            &[Needs::NodeFile("ps")],
        ),
        Signal::fact(
            "kubelet.log-ends",
            "Kubelet wrote nothing for two minutes before the evidence was taken, on a node whose status is unknown.",
            &[Needs::NodeLog(LogSource::Kubelet)],
        ),
        Signal::fact(
            "kubelet.port-refuses",
            "The host answers, and nobody listens on kubelet's port.",
            &[Needs::NodeFile("healthz")],
        ),
        Signal::fact("kubelet.healthy", "Kubelet's own health check says ok.", &[Needs::NodeFile("healthz")]),
        Signal::fact(
            "node.host-silent",
            "The host itself does not answer: no route to it.",
            &[Needs::NodeFile("healthz")],
        ),
        Signal::fact(
            "kubelet.configured-for-cgroupfs",
            "Kubelet's configuration in force names the cgroup driver cgroupfs.",
            &[Needs::NodeFile("configz")],
        ),
        Signal::fact("node.kube-proxy-not-running", "kube-proxy does not run on a node that is ready.", PODS),
        Signal::fact(
            "node.network-agent-not-running",
            "The agent of the pod network does not run on the node.",
            PODS,
        ),
    ],
    observe,
};

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    process::observe(snapshot, sink);
    agents::observe(snapshot, sink);
}
