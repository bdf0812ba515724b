//! A program of another processor: "exec format error" in the container's last words.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{ContainerStatus, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

const WORDS: &str = "exec format error";

/// How many of the last lines of a log are read.
const LINES: usize = 10;

/// Where it was said.
struct Said {
    source: Source,
    reference: String,
    text: String,
}

/// Looks whether the container failed to start for the format of its program.
pub(super) fn look(snapshot: &Snapshot, pod: &Pod, status: &ContainerStatus, sink: &mut Sink) {
    let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
    let failed = status.state.waiting.as_ref().is_some_and(|w| w.message.contains(WORDS))
        || ended.is_some_and(|t| t.exit_code != 0);
    if !failed {
        return;
    }
    let subject = pod.metadata.subject(Kind::Pod).with_container(&status.name);
    let Some(said) = in_status(status, &subject).or_else(|| in_logs(snapshot, &subject, &status.name)) else {
        return;
    };
    let program = program(&said.text);
    // A script without an interpreter line fails with the same words.
    if [".sh", ".py", ".pl", ".rb", ".js"].iter().any(|end| program.ends_with(end)) {
        return;
    }
    let node = snapshot.nodes.get("", &pod.spec.node_name);
    let image = pod.spec.container(&status.name).map_or("", |c| &c.image);
    let since = ended.and_then(|t| t.started_at).or(pod.metadata.creation_timestamp);
    let finding = Finding::new("image.exec-format-error", subject)
        .since(since)
        .cite(said.source, None, said.reference, &said.text)
        .param("image", image)
        .param("program", program)
        .param("node", &pod.spec.node_name)
        .param("architecture", node.map_or("", |n| &n.status.node_info.architecture));
    sink.add(finding);
}

fn in_status(status: &ContainerStatus, subject: &Subject) -> Option<Said> {
    let waiting = status.state.waiting.iter().map(|w| &w.message);
    let ended = status.state.terminated.iter().chain(&status.last_state.terminated).map(|t| &t.message);
    let text = waiting.chain(ended).find(|m| m.contains(WORDS))?;
    let reference = format!("{}/status", subject.object());
    Some(Said { source: Source::Field, reference, text: text.to_string() })
}

fn in_logs(snapshot: &Snapshot, subject: &Subject, container: &str) -> Option<Said> {
    [false, true].into_iter().find_map(|previous| {
        let log = snapshot.container_log(subject, container, previous)?;
        let (number, line) = log.tail(LINES).into_iter().find(|(_, line)| line.contains(WORDS))?;
        Some(Said { source: Source::Log, reference: log.reference(number), text: line.to_owned() })
    })
}

/// The program that could not be run: `exec /app/server: exec format error`.
fn program(text: &str) -> String {
    let before = text.split_once(WORDS).map_or("", |(before, _)| before).trim_end_matches([':', ' ', '"']);
    let path = before.rsplit([' ', '"']).next().unwrap_or_default();
    if path.starts_with('/') { path.to_owned() } else { String::new() }
}
