//! Containers that run and end: OOM kills, exits of their own, commands that cannot start, init containers, and what
//! their logs say of the reason.
//!
//! Only containers that fail now are looked at for reasons: the log of one that works may complain as it likes.

mod app_logs;
mod app_signals;
mod crowd;
mod dependency;
mod ends;
mod exits;
mod killer;
pub(super) mod lifecycle;
mod limits;
mod mesh;
mod oom;
mod places;
mod refused;
mod requests;
mod start;
mod waiting;
mod words;

pub use app_logs::APP_LOGS;
pub use crowd::CROWD;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::{Kind, Snapshot};

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const POD: &[Needs] = &[Needs::Kind(Kind::Pod)];

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "container.oom-killed",
        "A container was killed for its memory: reason OOMKilled (kubelet, from the runtime), or a kill inside of its cgroup in the kernel log.",
        POD,
    ),
    Signal::fact(
        "container.app-exit",
        "A container ends by itself again and again, or failed for good: not killed for memory, not by a probe, and its command did start.",
        POD,
    ),
    Signal::fact(
        "container.killed-by-signal",
        "A container ends with 137 or 143 again and again, and neither an OOM kill nor a probe explains it.",
        POD,
    ),
    Signal::fact(
        "container.init-failing",
        "An init container ends with an error; the pod's containers wait for it.",
        POD,
    ),
    Signal::fact(
        "container.init-waiting",
        "An init container runs on: a loop that waits or repeats itself for a minute and a half, or anything for ten minutes; the pod's containers wait for it.",
        POD,
    ),
    Signal::fact(
        "container.command-not-found",
        "The runtime or the shell could not find or execute the container's command (StartError, ContainerCannotRun, exit 126 or 127).",
        POD,
    ),
    Signal::fact(
        "container.runs-as-root",
        "Kubelet refuses to start a container: runAsNonRoot is set and the image's user is root or has no number (pkg/kubelet/kuberuntime/security_context.go).",
        POD,
    ),
    Signal::fact(
        "container.start-refused",
        "Kubelet or the runtime refuses to make or to start a container, for more than a minute, whatever the reason (CreateContainerConfigError, CreateContainerError, RunContainerError, StartError, ContainerCannotRun).",
        POD,
    ),
    Signal::fact(
        "container.mount-refused",
        "The runtime or kubelet refuses to make a container because one of its mounts does not fit.",
        POD,
    ),
    Signal::fact(
        "container.post-start-hook-failed",
        "A container waits because its postStart hook failed (PostStartHookError).",
        POD,
    ),
    Signal::fact(
        "container.working-dir-refused",
        "The runtime cannot enter a container's working directory.",
        POD,
    ),
    Signal::fact(
        "container.security-profile-missing",
        "The node does not have the seccomp or AppArmor profile that a container names.",
        POD,
    ),
    Signal::fact(
        "pod.pids-limit-hit",
        "The kernel refused a fork in the pod's own cgroup: `fork rejected by pids controller`.",
        &[Needs::Kind(Kind::Pod), Needs::NodeLog(kubecause_evidence::log::LogSource::Kernel)],
    ),
];

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let context = lifecycle::Context::new(snapshot);
    for ended in context.ended() {
        exits::observe(&context, &ended, sink);
    }
    start::observe(snapshot, sink);
    refused::observe(snapshot, sink);
    waiting::observe(snapshot, sink);
    limits::observe(snapshot, sink);
}

#[cfg(test)]
mod tests;
