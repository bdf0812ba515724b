//! Containers whose process never ran: the command is not there or not executable, or the user is not allowed.

use super::lifecycle::{Ended, container_subject, pod_reference};
use super::words;
use crate::finding::{Finding, Sink};
use kubecause_evidence::Snapshot;
use kubecause_evidence::kube::{Container, ContainerStatus, Pod};
use kubecause_model::{Source, Span};

/// What the runtime says when the command is not there or cannot be executed (opencontainers/runc, crun, docker).
const NOT_EXECUTABLE: &[&str] = &[
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "is a directory",
    "stat ",
    "not found in $path",
    NO_COMMAND,
];

/// What containerd and docker say, in different cases, of an image without entry point and a pod without command.
const NO_COMMAND: &str = "no command specified";

/// Names that stand before what the runtime says of a command (crun names it in backticks).
const QUOTES: &[(&str, char)] = &[
    ("exec: \"", '"'),
    ("exec: \\\"", '\\'),
    ("executable file `", '`'),
    ("container process `", '`'),
    ("(missing dynamic library?) `", '`'),
];

/// What stands in such a message when something other than the command is wrong.
///
/// The working directory, sysctls, hooks and devices fail with the same two errors of the kernel; and where the shim finds
/// no runtime at all, it quotes `exec: "runc"` as if it were the container's.
const SOMETHING_ELSE: &[&str] = &[
    "error mounting",
    "exec format error",
    "failed to mount",
    "mount request",
    "rootfs_linux",
    "cgroup",
    "apparmor",
    "seccomp",
    "chdir to cwd",
    "write sysctl key",
    "error running hook",
    "error running prestart hook",
    "error running createcontainer hook",
    "error running startcontainer hook",
    "error gathering device information",
    "unable to retrieve oci runtime error",
];

/// What kubelet says when `runAsNonRoot` forbids the user. Source: `pkg/kubelet/kuberuntime/security_context.go`.
const RUNS_AS_ROOT: &[&str] =
    &["container has runAsNonRoot and image", "container's runAsUser breaks non-root policy"];

/// Says why a container that ended could not start, where its command is the reason.
pub fn could_not_start(snapshot: &Snapshot, ended: &Ended<'_>, sink: &mut Sink) {
    let end = ended.end;
    let from_runtime = matches!(end.reason.as_str(), "StartError" | "ContainerCannotRun");
    let said = words::last_words(snapshot, ended);
    let text = if from_runtime { &*end.message } else { said.map_or("", |w| w.line) };
    if from_runtime && !(speaks_of_a_command(text) && is_about_command(text)) {
        return;
    }
    if text.to_lowercase().contains("exec format error") {
        return;
    }
    let mut finding = finding(ended.pod, ended.spec, ended.status, text)
        .span(Span { first: end.started_at.or(end.finished_at), last: end.finished_at, ongoing: true })
        .param("exit_code", end.code())
        .param("restarts", ended.status.restart_count)
        .cite(Source::Field, end.finished_at, pod_reference(ended.pod), ended.describe());
    finding = match said.filter(|_| !from_runtime) {
        Some(w) => finding.cite(Source::Log, None, w.log.reference(w.number), w.line),
        None => finding.cite(Source::Field, end.finished_at, pod_reference(ended.pod), text),
    };
    sink.add(finding);
}

/// Looks at containers that wait because they could not be started.
pub fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        for (_, status) in pod.statuses() {
            let Some(waiting) = &status.state.waiting else { continue };
            let Some(spec) = pod.spec.container(&status.name) else { continue };
            let (reason, message) = (waiting.reason.as_str(), &*waiting.message);
            let at_start =
                matches!(reason, "RunContainerError" | "CreateContainerError" | "CrashLoopBackOff");
            if at_start && speaks_of_a_command(message) && is_about_command(message) {
                let text = format!("{reason}: {message}");
                sink.add(finding(pod, spec, status, message).cite(
                    Source::Field,
                    None,
                    pod_reference(pod),
                    text,
                ));
            }
            if RUNS_AS_ROOT.iter().any(|s| message.contains(s)) {
                sink.add(runs_as_root(pod, spec, status, message));
            }
        }
    }
}

/// Runtimes speak of many things that are not found or not permitted.
fn speaks_of_a_command(message: &str) -> bool {
    message.contains("exec") || lacks_command(message)
}

fn is_about_command(message: &str) -> bool {
    let message = message.to_lowercase();
    NOT_EXECUTABLE.iter().any(|s| message.contains(s)) && !SOMETHING_ELSE.iter().any(|s| message.contains(s))
}

fn lacks_command(message: &str) -> bool {
    message.to_lowercase().contains(NO_COMMAND)
}

fn finding(pod: &Pod, spec: &Container, status: &ContainerStatus, message: &str) -> Finding {
    let own: Vec<&str> = spec.command.iter().chain(&*spec.args).take(1).map(|s| &**s).collect();
    let none = if lacks_command(message) { "(none)" } else { "" };
    let command = quoted(message).or(own.first().copied()).unwrap_or(none);
    let from = match (spec.command.is_empty(), spec.args.is_empty()) {
        (false, _) => "command",
        (true, false) => "args",
        (true, true) => "image",
    };
    Finding::new("container.command-not-found", container_subject(pod, &status.name))
        .param("container", &status.name)
        .param("command", words::short(command))
        .param("from", from)
        .param("image", &spec.image)
}

/// The command that runc quotes: `exec: "serve": executable file not found in $PATH`.
fn quoted(message: &str) -> Option<&str> {
    let after = |(start, end): &(&str, char)| message.split_once(start)?.1.split(*end).next();
    QUOTES.iter().find_map(after).filter(|c| !c.is_empty())
}

fn runs_as_root(pod: &Pod, spec: &Container, status: &ContainerStatus, message: &str) -> Finding {
    let numeric = !message.contains("non-numeric user");
    let why = if numeric { "root" } else { "a name without a number" };
    Finding::new("container.runs-as-root", container_subject(pod, &status.name))
        .param("container", &status.name)
        .param("image", &spec.image)
        .param("user", why)
        .cite(Source::Field, None, pod_reference(pod), format!("CreateContainerConfigError: {message}"))
}
