//! Whether kubelet runs: its unit, its process, its log, its port.

use crate::finding::{Finding, Sink};
use kubecause_evidence::log::{Level, LogSource, parse_level};
use kubecause_evidence::node::NodeFacts;
use kubecause_evidence::{Snapshot, Str, Subject};
use kubecause_model::Source;
use std::collections::BTreeMap;

/// A kubelet that runs writes something at least every minute.
const SILENT_SECONDS: i64 = 120;
/// Names under which kubelet runs, alone or inside of another binary.
const KUBELETS: [&str; 7] = ["kubelet", "hyperkube", "k3s", "k0s", "rke2", "microk8s", "kubelite"];

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for (name, facts) in &snapshot.node_facts {
        let ready =
            snapshot.nodes.get("", name).and_then(|n| n.condition("Ready")).map(|c| c.status.as_str());
        driver(name, facts, sink);
        health(name, facts, sink);
        if ready.is_none_or(|status| status != "True") {
            unit(name, facts, sink);
        }
        if ready.is_some_and(|status| status != "True") {
            process(name, facts, sink);
        }
        if ready == Some("Unknown") {
            log_ends(snapshot, name, facts, sink);
        }
    }
    excuses(snapshot, sink);
}

fn found(id: &'static str, node: &Str, source: Source, file: &str, text: &str) -> Finding {
    Finding::new(id, Subject::node(node.clone())).cite(source, None, format!("nodes/{node}/{file}"), text)
}

/// What `systemctl list-units` or `systemctl status` says of a unit that is not running: the line that says so.
pub(crate) fn inactive<'a>(units: &'a str, names: &[&str]) -> Option<&'a str> {
    let of_unit = |line: &&str| names.iter().any(|n| line.contains(&format!("{n}.service")));
    let down = |line: &&str| {
        let words = || line.split_whitespace();
        words().any(|w| {
            ["failed", "dead", "auto-restart", "inactive"].contains(&w.trim_matches(['(', ')', ',', ':']))
        })
    };
    let mut status_of = false;
    for line in units.lines() {
        if of_unit(&line) {
            status_of = true;
            if down(&line) {
                return Some(line.trim());
            }
        } else if line.trim_start().starts_with("Active:") {
            if status_of && down(&line) {
                return Some(line.trim());
            }
            status_of = false;
        }
    }
    None
}

fn unit(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    if let Some(line) = facts.units.as_deref().and_then(|units| inactive(units, &["kubelet"])) {
        sink.add(
            found("kubelet.unit-not-active", name, Source::File, "units.txt", line).param("state", line),
        );
    }
}

fn driver(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let driver = facts.configz.as_ref().map(|c| c.cgroup_driver.as_str());
    if driver == Some("cgroupfs") {
        sink.add(found(
            "kubelet.configured-for-cgroupfs",
            name,
            Source::File,
            "configz.json",
            "cgroupDriver: cgroupfs",
        ));
    }
}

fn health(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let Some(answer) = &facts.healthz else { return };
    if answer == "ok" {
        sink.add(found("kubelet.healthy", name, Source::File, "healthz.txt", answer));
    } else if answer.contains("connection refused") {
        sink.add(found("kubelet.port-refuses", name, Source::File, "healthz.txt", answer));
    } else if answer.contains("no route to host") || answer.contains("host is down") {
        sink.add(found("node.host-silent", name, Source::File, "healthz.txt", answer));
    }
}

fn process(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let runs = |command: &str| {
        let program = command.split_whitespace().next().unwrap_or_default();
        let base = program.rsplit('/').next().unwrap_or(program);
        KUBELETS.iter().any(|k| base.starts_with(k))
    };
    if facts.processes.len() >= 5 && !facts.processes.iter().any(|p| runs(&p.command)) {
        let text = format!("{} processes, none of them kubelet", facts.processes.len());
        sink.add(found("kubelet.process-gone", name, Source::File, "ps.txt", &text));
    }
}

fn log_ends(snapshot: &Snapshot, name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    for log in facts.logs_of(&LogSource::Kubelet) {
        let Some(last) = log.last_time() else { continue };
        if snapshot.age(Some(last)).is_none_or(|age| age < SILENT_SECONDS) {
            continue;
        }
        let tail = log.tail(200);
        let error = tail.iter().rev().find(|(_, l)| parse_level(l) == Some(Level::Error));
        let mut finding = Finding::new("kubelet.log-ends", Subject::node(name.clone())).since(Some(last));
        for (number, line) in error.into_iter().chain(tail.last()) {
            finding = finding.cite(Source::Log, log.time_of(line), log.reference(*number), line);
        }
        let words = error.map(|(_, line)| words_of(line));
        sink.add(finding.param("last_error", words.unwrap_or_default()));
    }
}

/// A log line without its header, for a param.
fn words_of(line: &str) -> String {
    let text = line.split_once("] ").map_or(line, |(_, rest)| rest);
    text.chars().take(200).collect()
}

/// The client's own words in place of a container's log tell how kubelet's port on that host answers.
fn excuses(snapshot: &Snapshot, sink: &mut Sink) {
    let mut by_node: BTreeMap<(&'static str, Subject), String> = BTreeMap::new();
    for (key, log) in &snapshot.container_logs {
        let Some(words) = log.unavailable.as_ref().filter(|w| w.contains(":10250")) else { continue };
        let id = if words.contains("connect: connection refused") {
            "kubelet.port-refuses"
        } else if words.contains("no route to host") {
            "node.host-silent"
        } else {
            continue;
        };
        let pod = Subject::new(kubecause_evidence::Kind::Pod, key.namespace.clone(), key.pod.clone());
        let node = snapshot.node_of(&pod);
        if let Some(node) = node.filter(|n| snapshot.nodes.get("", &n.name).is_none_or(|n| !n.is_ready())) {
            by_node.entry((id, node)).or_insert_with(|| words.clone());
        }
    }
    for ((id, node), words) in by_node {
        sink.add(Finding::new(id, node.clone()).cite(
            Source::Log,
            None,
            format!("logs of pods on {}", node.name),
            words,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Ingest, SnapshotBuilder};

    fn see(ready: &str, files: &[(&str, &str)]) -> Vec<&'static str> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:00:00Z".parse().ok());
        let json = format!(
            r#"{{"metadata":{{"name":"a"}},"status":{{"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
        );
        if let Ok(node) = Ingest::parse("Node", &json) {
            b.push(node);
        }
        for (file, text) in files {
            b.node("a").read(&format!("nodes/a/{file}"), file, text);
        }
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| f.signal).collect()
    }

    const PS: &str = "PID STAT %CPU COMMAND\n1 Ss 0.0 systemd\n2 S 0.0 kthreadd\n3 Ssl 0.1 containerd\n4 S 0.0 sshd\n5 S 0.0 bash\n";

    #[test]
    fn a_kubelet_that_is_gone() {
        assert_eq!(see("Unknown", &[("ps.txt", PS)]), ["kubelet.process-gone"]);
        let with = format!("{PS}6 Ssl 1.0 /usr/bin/kubelet --config=x\n");
        assert!(see("Unknown", &[("ps.txt", &with)]).is_empty());
        assert!(see("True", &[("ps.txt", PS)]).is_empty());
    }

    #[test]
    fn a_log_that_ends_counts_only_on_a_silent_node() {
        let old = "E1122 17:40:00.000000 1 kubelet.go:1] \"boom\"\nI1122 17:40:01.000000 1 x.go:1] end\n";
        assert_eq!(see("Unknown", &[("kubelet.log", old)]), ["kubelet.log-ends"]);
        assert!(see("False", &[("kubelet.log", old)]).is_empty());
        assert!(see("Unknown", &[("kubelet.log", "I1122 17:59:30.000000 1 x.go:1] alive\n")]).is_empty());
    }

    #[test]
    fn units_and_ports() {
        let list = "kubelet.service loaded failed failed kubelet: The Kubernetes Node Agent\nsshd.service loaded active running\n";
        assert_eq!(see("Unknown", &[("units.txt", list)]), ["kubelet.unit-not-active"]);
        let status = "● kubelet.service - kubelet\n   Loaded: loaded\n   Active: activating (auto-restart) (Result: exit-code)\n";
        assert_eq!(see("Unknown", &[("units.txt", status)]), ["kubelet.unit-not-active"]);
        assert!(
            see(
                "True",
                &[(
                    "units.txt",
                    "kubelet.service loaded active running x\nfoo.service loaded failed failed\n"
                )]
            )
            .is_empty()
        );
        assert_eq!(
            see("Unknown", &[("healthz.txt", "dial tcp 10.0.0.5:10248: connect: connection refused")]),
            ["kubelet.port-refuses"]
        );
        assert_eq!(see("True", &[("healthz.txt", "ok")]), ["kubelet.healthy"]);
    }
}
