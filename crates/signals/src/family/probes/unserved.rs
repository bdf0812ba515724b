//! Probes that ask for what the container does not have: a command that its image lacks, a gRPC health service that
//! its server does not offer.

use super::outcome::Which;
use super::{Probed, cite_event};
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Event, Probe};
use regex::Regex;
use std::sync::LazyLock;

/// opencontainers/runc and crun of a program that is not there; shells of a command that they do not find. A program
/// that says of a file that it is not there has answered.
static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"exec: \\*"(?P<exec>[^"\\]+)\\*": (?:executable file not found|stat [^:]+: no such file|permission denied|no such file or directory)|executable file `(?P<crun>[^`]+)` not found|(?:^|[\s/"])(?:ba|da|a|z|k)?sh: (?:line )?(?:\d+: )?(?P<shell>[^\s:]+): (?:command )?not found"#,
    )
    .ok()
});

/// kubernetes pkg/probe/grpc/grpc.go, grpc-ecosystem/grpc-health-probe, grpc-go internal/transport/http2_client.go; each
/// with what it means.
const GRPC: [(&str, &str); 4] = [
    ("does not implement the grpc health protocol", "the server has no grpc.health.v1.Health"),
    ("unknown service grpc.health.v1.Health", "the server has no grpc.health.v1.Health"),
    ("code = NotFound desc = unknown service", "the health service does not know the name that is asked for"),
    ("error reading server preface", "what listens there does not speak gRPC"),
];

/// What of the probe is not there, by the event that reports its failure.
pub(super) fn look(probe: &Probe, event: &Event, base: &impl Fn(&'static str) -> Finding) -> Option<Finding> {
    let message = event.message.as_str();
    if let Some((_, why)) = GRPC.iter().find(|(words, _)| message.contains(words)) {
        let service = probe.grpc.as_ref().map(|g| g.port.to_string()).unwrap_or_default();
        let found = base("probe.grpc-unserved").param("why", why).param("port", service);
        return Some(cite_event(found, event));
    }
    let exec = probe.exec.as_ref()?;
    let captures = COMMAND.as_ref()?.captures(message)?;
    let missing = ["exec", "crun", "shell"].iter().find_map(|n| captures.name(n))?.as_str();
    let whole: Vec<&str> = exec.command.iter().map(|w| &**w).collect();
    let found = base("probe.command-missing")
        .param("missing", missing)
        .param("command", kubecause_model::one_line(&whole.join(" "), 120));
    Some(cite_event(found, event))
}

/// A startup probe that cannot be run at all never passes and never fails: the container stays as it is.
pub(super) fn never_started(probed: &Probed<'_>, sink: &mut Sink) {
    let running = probed.status.state.running.as_ref();
    let Some(started) = running.filter(|_| probed.status.started == Some(false)) else { return };
    let Some(probe) = probed.probe(Which::Startup) else { return };
    let Some((event, _)) = probed.report(Which::Startup) else { return };
    if !is_recent(probed.snapshot, event.last) && !is_recurring(probed.snapshot, event) {
        return;
    }
    let base = |signal| probed.finding(signal, Which::Startup, probe).since(started.started_at);
    if let Some(found) = look(probe, event, &base) {
        sink.add(found.param("image", &probed.spec.image));
    }
}

#[cfg(test)]
mod tests {
    use super::COMMAND;

    #[test]
    fn a_missing_command_is_told_from_an_answer() {
        let of = |text: &str| {
            let captures = COMMAND.as_ref()?.captures(text)?;
            ["exec", "crun", "shell"].iter().find_map(|n| captures.name(n)).map(|m| m.as_str().to_owned())
        };
        for (text, want) in [
            (
                r#"Readiness probe errored: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "4a1120": OCI runtime exec failed: exec failed: unable to start container process: exec: "curl": executable file not found in $PATH: unknown"#,
                Some("curl"),
            ),
            (
                r#"Liveness probe failed: OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: "/bin/grpc_health_probe": stat /bin/grpc_health_probe: no such file or directory: unknown"#,
                Some("/bin/grpc_health_probe"),
            ),
            ("Readiness probe failed: /bin/sh: curl: not found", Some("curl")),
            ("Liveness probe failed: sh: 1: wget: not found", Some("wget")),
            ("Startup probe failed: bash: line 1: pg_isready: command not found", Some("pg_isready")),
            ("Readiness probe failed: cat: /tmp/healthy: No such file or directory", None),
            ("Readiness probe failed: HTTP probe failed with statuscode: 404", None),
            (
                "Readiness probe errored: rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state",
                None,
            ),
        ] {
            assert_eq!(of(text).as_deref(), want, "{text}");
        }
    }
}
