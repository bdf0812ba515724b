//! Init containers that run on and never get done: most often a loop that waits for something that does not come.

use super::dependency::Endpoint;
use super::lifecycle::{container_subject, pod_reference};
use super::words;
use crate::finding::{Finding, Sink};
use kubecause_evidence::Snapshot;
use kubecause_evidence::kube::{Container, ContainerStatus, Pod};
use kubecause_evidence::log::LogFile;
use kubecause_model::Source;
use regex::Regex;
use std::sync::LazyLock;

/// A loop that waits counts from so many seconds on.
const LOOP_SECONDS: i64 = 90;
/// Any other init container that runs for so long.
const LONG_SECONDS: i64 = 600;
/// A log that says the same so often in its last lines goes round in a loop.
const SAME_LINES: usize = 4;

/// Words of a command that loops until something is there.
static LOOPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[\s;&|(])(?:until|while)\s|\bwait[-_]?(?:for|until)\b|\bwait4x\b|\bdockerize\b|k8s-wait-for",
    )
    .ok()
});

/// Calls in a command, with the host and where it stands the port.
static CALLS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    const HOST: &str = r"(?P<host>[A-Za-z][A-Za-z0-9.-]*[A-Za-z0-9])";
    [
        format!(r"\b(?:nc|ncat|netcat|telnet)\s+(?:-\S+\s+(?:\d+\s+)?)*{HOST}[\s:]+(?P<port>\d{{2,5}})"),
        format!(r"\b(?:nslookup|getent\s+hosts|getent\s+ahosts|dig|host)\s+(?:[-+]\S+\s+)*{HOST}"),
        format!(r"\b(?:https?|tcp|postgres(?:ql)?|redis|mysql|amqp|mongodb|nats)://(?:[^@/\s]*@)?{HOST}(?::(?P<port>\d{{2,5}}))?"),
        format!(r"/dev/tcp/{HOST}/(?P<port>\d{{2,5}})"),
        format!(r"\b(?:pg_isready|mysqladmin|redis-cli|mysql|psql)\s(?:[^;|&]*\s)?(?:-h|--host[= ])\s*{HOST}(?:\s+(?:-p|-P)\s*(?P<port>\d{{2,5}}))?"),
        format!(r"(?:^|\s){HOST}:(?P<port>\d{{2,5}})(?:[\s;]|$)"),
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// Init containers that do not get done.
pub fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        for status in &*pod.status.init_container_statuses {
            let spec = pod
                .spec
                .init_containers
                .iter()
                .find(|c| c.name == status.name && c.restart_policy != "Always");
            if let Some(finding) = spec.and_then(|spec| waits(snapshot, pod, spec, status)) {
                sink.add(finding);
            }
        }
    }
}

fn waits(snapshot: &Snapshot, pod: &Pod, spec: &Container, status: &ContainerStatus) -> Option<Finding> {
    let started = status.state.running.as_ref()?.started_at;
    let seconds = snapshot.age(started)?;
    let subject = container_subject(pod, &status.name);
    let log = snapshot.container_log(&subject, &status.name, false);
    let repeated = log.and_then(repeated);
    let command = command(spec);
    let loops = repeated.is_some() || LOOPS.as_ref().is_some_and(|r| r.is_match(&command));
    if seconds < if loops { LOOP_SECONDS } else { LONG_SECONDS } {
        return None;
    }
    let state = format!(
        "init container {} has been running for {seconds} s; the containers after it wait",
        status.name
    );
    let mut finding = Finding::new("container.init-waiting", subject)
        .since(started)
        .cite(Source::Field, started, pod_reference(pod), state)
        .param("container", &status.name)
        .param("restarts", status.restart_count)
        .param("run_seconds", seconds);
    let last = log.and_then(|l| l.tail(1).pop());
    if let (Some(log), Some((number, line))) = (log, repeated.or(last)) {
        finding = finding.param("last_words", words::short(line)).cite(
            Source::Log,
            log.time_of(line),
            log.reference(number),
            line,
        );
    } else if !command.is_empty() {
        finding = finding.cite(
            Source::Field,
            None,
            pod_reference(pod),
            format!("command: {}", words::short(&command)),
        );
    }
    Some(finding)
}

/// The line that a log repeats at its end, times and counters aside.
fn repeated(log: &LogFile) -> Option<(usize, &str)> {
    let tail = log.tail(24);
    let shape = |line: &str| line.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let (number, last) = *tail.last()?;
    let of_last = shape(last);
    let same = tail.iter().filter(|(_, line)| shape(line) == of_last).count();
    (same >= SAME_LINES).then_some((number, last))
}

fn command(spec: &Container) -> String {
    let words: Vec<&str> = spec.command.iter().chain(spec.args.iter()).map(|w| &**w).collect();
    words.join(" ")
}

/// Whom a container's command calls, in the order of the forms; a command may call several.
pub fn called_by(spec: &Container) -> Vec<(Endpoint, String)> {
    let command = command(spec);
    let mut found: Vec<(Endpoint, String)> = Vec::new();
    for captures in CALLS.iter().flat_map(|form| form.captures_iter(&command)) {
        let Some(host) = captures.name("host").map(|h| h.as_str().to_lowercase()) else { continue };
        let port = captures.name("port").and_then(|p| p.as_str().parse().ok());
        if !found.iter().any(|(e, _)| e.host == host) {
            found.push((Endpoint { host, port }, words::short(&command)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_whom_they_wait_for() {
        let of = |text: &str| {
            let json = serde_json::json!({"name": "c", "command": ["sh", "-c", text]});
            let spec: Container = serde_json::from_value(json).unwrap_or_default();
            called_by(&spec).into_iter().map(|(e, _)| (e.host, e.port)).collect::<Vec<_>>()
        };
        let is = |host: &str, port| vec![(host.to_owned(), port)];
        assert_eq!(of("until nc -z -w 2 db 5432; do echo waiting; sleep 2; done"), is("db", Some(5432)));
        assert_eq!(
            of("until nslookup db.shop.svc.cluster.local; do sleep 2; done"),
            is("db.shop.svc.cluster.local", None)
        );
        assert_eq!(of("until wget -qO- http://api:8080/healthz; do sleep 2; done"), is("api", Some(8080)));
        assert_eq!(of("until pg_isready -h pg -p 5432; do sleep 1; done"), is("pg", Some(5432)));
        assert_eq!(of("./wait-for-it.sh redis:6379 -- true"), is("redis", Some(6379)));
        assert!(of("cp /a /b; sleep 5").is_empty());
    }
}
