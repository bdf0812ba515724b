//! Whether the runtime answers: its command line, its process, its unit.

use crate::family::asked;
use crate::family::kubelet::inactive;
use crate::finding::{Finding, Sink};
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::node::{NodeFacts, RuntimeAnswer};
use kubecause_evidence::{Kind, Snapshot, Str, Subject};
use kubecause_model::Source;

/// Programs that are a container runtime.
const RUNTIMES: [&str; 5] = ["containerd", "dockerd", "docker", "crio", "cri-dockerd"];
/// The first systemd whose D-Bus counter does not overflow (sd-bus: deal with cookie overruns).
const SYSTEMD_MENDED: u32 = 242;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for (name, facts) in &snapshot.node_facts {
        let ready = snapshot.nodes.get("", name).is_some_and(kubecause_evidence::kube::Node::is_ready);
        answer(name, facts, ready, sink);
        booted(name, facts, sink);
        process(name, facts, sink);
        let found = |id, file: &str, text: &str| {
            Finding::new(id, Subject::node(name.clone())).cite(
                Source::File,
                None,
                format!("nodes/{name}/{file}"),
                text,
            )
        };
        if let Some(line) =
            facts.units.as_deref().and_then(|u| inactive(u, &["containerd", "docker", "crio", "cri-docker"]))
        {
            sink.add(found("runtime.unit-not-active", "units.txt", line).param("state", line));
        }
        let version = facts.systemd_version.as_deref().and_then(systemd);
        if let Some(version) = version.filter(|v| *v < SYSTEMD_MENDED) {
            sink.add(
                found(
                    "node.systemd-counter-can-overflow",
                    "systemd_version.txt",
                    &format!("systemd {version}"),
                )
                .param("systemd", version),
            );
        }
    }
    for node in snapshot.nodes.all() {
        let version = &node.status.node_info.container_runtime_version;
        if loses_exits(version) {
            let subject = node.metadata.subject(Kind::Node);
            let at = format!("nodes/{}", subject.name);
            sink.add(
                Finding::new("runtime.loses-exits", subject)
                    .cite(Source::Field, None, at, &**version)
                    .param("runtime", version),
            );
        }
    }
}

fn answer(name: &Str, facts: &NodeFacts, ready: bool, sink: &mut Sink) {
    let found = |id, text: &str| {
        Finding::new(id, Subject::node(name.clone())).cite(
            Source::File,
            None,
            format!("nodes/{name}/containers.txt"),
            text,
        )
    };
    match &facts.containers {
        Some(RuntimeAnswer::TimedOut(words)) => sink.add(found("runtime.command-line-hangs", words)),
        // A missing client program also says "no such file": only words about the socket count.
        Some(RuntimeAnswer::Failed(words)) if [".sock", "daemon"].iter().any(|w| words.contains(w)) => {
            sink.add(found("runtime.command-line-refused", words));
        }
        Some(RuntimeAnswer::Listed(count)) if ready => {
            sink.add(found("runtime.answers", &format!("lists {count} containers")));
        }
        _ => {}
    }
}

/// The runtime says that it serves, and kubelet was not refused after that: what was refused before is over.
/// Source: containerd cmd/containerd/server (`containerd successfully booted`), moby cmd/dockerd (`API listen on`).
fn booted(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    /// Kubelet's connection may be refused once more while the socket is made anew.
    const SLACK_SECONDS: i64 = 15;
    let is_runtime = |log: &&LogFile| matches!(log.source, LogSource::Runtime | LogSource::Docker);
    let serving = |log: &'_ LogFile| {
        let line = log.lines_with(asked::RUNTIME_SERVES).last();
        line.and_then(|(n, l)| Some((log.time_of(l)?, log.reference(n), kubecause_model::one_line(l, 200))))
    };
    let newest = facts.logs.iter().filter(is_runtime).filter_map(serving).max_by_key(|(at, ..)| *at);
    let Some((at, reference, text)) = newest else { return };
    let kubelet = || facts.logs.iter().filter(|log| log.source == LogSource::Kubelet);
    let refused_since = |log: &LogFile| {
        let refused = log.lines_with(asked::REFUSED).filter(|(_, l)| l.contains(".sock")).last();
        let last = refused.and_then(|(_, l)| log.time_of(l));
        last.is_some_and(|last| last.as_second() > at.as_second() + SLACK_SECONDS)
    };
    // Without kubelet's log there is nothing that could have been refused.
    if kubelet().next().is_some() && !kubelet().any(refused_since) {
        sink.add(Finding::new("runtime.serves-again", Subject::node(name.clone())).since(Some(at)).cite(
            Source::Log,
            Some(at),
            reference,
            text,
        ));
    }
}

/// A stopped (`T`) or uninterruptible (`D`) process of a runtime. One node's list may show the processes of another
/// where both run on one machine: it only supports.
fn process(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let stuck = facts.processes.iter().find(|p| {
        let program = p.command.split_whitespace().next().unwrap_or_default();
        RUNTIMES.contains(&program.rsplit('/').next().unwrap_or(program)) && p.state.starts_with(['T', 'D'])
    });
    if let Some(p) = stuck {
        let text = format!("{} {} {}", p.pid, p.state, p.command);
        sink.add(
            Finding::new("runtime.process-stuck", Subject::node(name.clone()))
                .cite(Source::File, None, format!("nodes/{name}/ps.txt"), text)
                .param("state", &p.state)
                .param("pid", p.pid),
        );
    }
}

/// The number in `systemd 219` or `systemd 252 (252.6-1)`.
fn systemd(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `docker://18.6.1` and older.
fn loses_exits(version: &str) -> bool {
    let Some(version) = version.strip_prefix("docker://") else { return false };
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or_default());
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    major > 0 && (major < 18 || (major == 18 && minor <= 6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(ready: &str, file: &str, text: &str) -> Vec<&'static str> {
        let mut b = SnapshotBuilder::default();
        let json = format!(
            r#"{{"metadata":{{"name":"a"}},"status":{{"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
        );
        if let Ok(node) = Ingest::parse("Node", &json) {
            b.push(node);
        }
        b.node("a").read(&format!("nodes/a/{file}"), file, text);
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| f.signal).collect()
    }

    #[test]
    fn a_runtime_that_serves_again_was_not_refused_since() {
        let booted =
            r#"time="2026-11-22T11:50:00Z" level=info msg="containerd successfully booted in 0.03s""#;
        let refused = |clock: &str| {
            format!(
                r#"E1122 {clock}.000000 1 x.go:1] "x" err="dial unix /run/containerd/containerd.sock: connect: connection refused""#
            )
        };
        let see = |kubelet: &str| {
            let mut b = SnapshotBuilder::default();
            b.taken_at("2026-11-22T12:00:00Z".parse().ok());
            b.node("a").read("nodes/a/containerd.log", "containerd.log", booted);
            b.node("a").read("nodes/a/kubelet.log", "kubelet.log", kubelet);
            let mut sink = Sink::default();
            observe(&b.finish(), &mut sink);
            sink.finish().of("runtime.serves-again").count()
        };
        assert_eq!(see(&refused("11:49:58")), 1);
        assert_eq!(see(&refused("11:55:00")), 0, "it ended again");
    }

    #[test]
    fn hanging_refusing_and_answering_are_three_things() {
        assert_eq!(see("False", "containers.txt", "timed out after 5s"), ["runtime.command-line-hangs"]);
        let refused = "dial unix /run/containerd/containerd.sock: connect: connection refused";
        assert_eq!(see("False", "containers.txt", refused), ["runtime.command-line-refused"]);
        assert_eq!(see("True", "containers.txt", "CONTAINER IMAGE RUNTIME\n"), ["runtime.answers"]);
        assert!(see("False", "containers.txt", "CONTAINER IMAGE RUNTIME\n").is_empty());
    }

    #[test]
    fn a_stopped_process_is_seen_and_its_shims_are_not() {
        let ps = |state: &str, name: &str| format!("PID STAT COMMAND\n1 Ss systemd\n2176 {state} {name}\n");
        assert_eq!(see("True", "ps.txt", &ps("Tsl", "containerd")), ["runtime.process-stuck"]);
        assert!(see("True", "ps.txt", &ps("Ssl", "containerd")).is_empty());
        assert!(see("True", "ps.txt", &ps("D", "containerd-shim")).is_empty());
    }

    #[test]
    fn versions() {
        assert_eq!((systemd("systemd 219\n+PAM"), systemd("252")), (Some(219), Some(252)));
        assert!(loses_exits("docker://18.6.1") && loses_exits("docker://1.12.6"));
        assert!(!loses_exits("docker://18.9.0") && !loses_exits("containerd://1.6.20"));
    }
}
