//! The container runtime on a node, and pods whose containers it lost or does not end.

mod pods;
mod socket;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot};

const CONTAINERS: &[Needs] = &[Needs::NodeFile("containers")];
const POD: &[Needs] = &[Needs::Kind(Kind::Pod)];

/// The family.
pub const FAMILY: Family = Family {
    signals: &[
        Signal::fact(
            "runtime.command-line-hangs",
            "The runtime's own command line got no answer in time.",
            CONTAINERS,
        ),
        Signal::fact(
            "runtime.command-line-refused",
            "The runtime's own command line could not reach it.",
            CONTAINERS,
        ),
        Signal::fact(
            "runtime.answers",
            "The runtime lists its containers, and the node is ready.",
            CONTAINERS,
        ),
        Signal::fact(
            "runtime.serves-again",
            "The runtime's log says that it serves, and kubelet was not refused after that.",
            &[Needs::NodeLog(LogSource::Runtime), Needs::NodeLog(LogSource::Kubelet)],
        ),
        Signal::fact(
            "runtime.process-stuck",
            "A process of the runtime is stopped, or waits for a device.",
            &[Needs::NodeFile("ps")],
        ),
        Signal::fact(
            "runtime.unit-not-active",
            "systemd says that the runtime is failed, stopped or restarting.",
            &[Needs::NodeFile("units")],
        ),
        Signal::fact(
            "runtime.loses-exits",
            "Docker 18.06 or older: known to lose the exit of a container.",
            &[Needs::Kind(Kind::Node)],
        ),
        Signal::fact(
            "node.systemd-counter-can-overflow",
            "systemd before 242: its D-Bus counter can run full.",
            &[Needs::NodeFile("systemd_version")],
        ),
        Signal::fact("pod.terminating-too-long", "The pod was to be gone two minutes ago or longer.", POD),
        Signal::fact(
            "pod.exited-but-terminating",
            "All containers ended, no finalizer is left, the node is ready, and the pod is still there.",
            &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Node)],
        ),
        Signal::fact(
            "pod.init-ran-again",
            "An init container ran again while the main containers went on, under a kubelet before 1.29.",
            &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Node)],
        ),
    ],
    observe,
};

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    socket::observe(snapshot, sink);
    pods::observe(snapshot, sink);
}
