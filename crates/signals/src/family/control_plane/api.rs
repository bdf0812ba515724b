//! The API server and etcd: what `/readyz` says, who is refused, and what etcd's own words are.

use super::trail::{api_takes_writes, logs_of, trail};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Snapshot, Subject, Why};
use kubecause_model::{Source, Span};
use regex::Regex;
use std::sync::LazyLock;

/// The API server says that it is not ready.
pub(super) const READYZ_FAILED: Signal = Signal::fact(
    "apiserver.readyz-failed",
    "A check of the API server's /readyz fails, other than etcd's.",
    &[],
);

/// The client that took the evidence was refused.
pub(super) const CAPTURE_REFUSED: Signal = Signal::fact(
    "apiserver.capture-refused",
    "No list could be fetched: the API refused the connection, timed out, or answered that it cannot handle the request.",
    &[],
);

/// The only one who asked was refused.
pub(super) const READER_REFUSED: Signal = Signal::fact(
    "apiserver.reader-refused",
    "Who took the evidence was refused by the API or got no answer from it, and nothing was read from it (kubectl: \"The \
     connection to the server … was refused\", \"Unable to connect to the server\").",
    &[],
);

/// Its clients are refused.
pub(super) const CLIENTS_REFUSED: Signal = Signal::fact(
    "apiserver.clients-refused",
    "Two or more clients of the API (kubelets, controller manager, scheduler) are refused at the end of their logs, and \
     no lease was renewed within the last minute.",
    &[],
);

/// The API server says that etcd fails.
pub(super) const ETCD_READYZ_FAILED: Signal =
    Signal::fact("etcd.readyz-failed", "The API server's /readyz names etcd as what fails.", &[]);

/// The database is full.
pub(super) const ETCD_NO_SPACE: Signal = Signal::fact(
    "etcd.no-space",
    "etcd refuses writes: \"mvcc: database space exceeded\", alarm NOSPACE (etcd server/etcdserver/errors.go).",
    &[Needs::ComponentLog("etcd")],
);

/// No quorum.
pub(super) const ETCD_NO_LEADER: Signal = Signal::fact(
    "etcd.no-leader",
    "etcd has lost its leader or gets no answer from its peers, at the end of its log.",
    &[Needs::ComponentLog("etcd")],
);

/// The API server does not get through to etcd.
pub(super) const ETCD_UNREACHABLE: Signal = Signal::fact(
    "etcd.unreachable",
    "At the end of its log the API server is refused by etcd, or its requests time out there.",
    &[Needs::ComponentLog("kube-apiserver")],
);

/// Its disk is slow.
pub(super) const ETCD_DISK_SLOW: Signal = Signal::fact(
    "etcd.disk-slow",
    "etcd's log ends with writes that took over a second to reach the disk, or heartbeats that were late because of it \
     (etcd server/storage/wal/wal.go, server/etcdserver/raft.go).",
    &[Needs::ComponentLog("etcd")],
);

static DISK_SLOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"slow fdatasync|sync duration of \S+, expected less than 1s|failed to send out heartbeat on time",
    )
    .ok()
});
static NO_SPACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"mvcc: database space exceeded|alarm raised.*NOSPACE|"alarm":"NOSPACE""#).ok()
});
static NO_LEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"etcdserver: no leader|lost leader|lost the TCP streaming connection with peer|is starting a new election at term|prober detected unhealthy status|failed to reach the peer URL").ok()
});
static UNREACHABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:dial tcp \S+:2379|:2379).*(?:connection refused|i/o timeout|no route to host)|etcdserver: (?:request timed out|no leader|leader changed)|etcdserver: mvcc: database space exceeded").ok()
});
static REFUSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"dial tcp (?P<server>\S+:\d+): (?:connect: connection refused|i/o timeout|connect: no route to host)|net/http: TLS handshake timeout|the server is currently unable to handle the request").ok()
});

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    readyz(snapshot, sink);
    capture(snapshot).into_iter().for_each(|f| sink.add(f));
    clients(snapshot).into_iter().for_each(|f| sink.add(f));
    etcd(snapshot, sink);
}

fn api() -> Subject {
    Subject::component("kube-apiserver")
}

fn readyz(snapshot: &Snapshot, sink: &mut Sink) {
    let Some(answer) = &snapshot.readyz else { return };
    let failed: Vec<(usize, &str)> = answer
        .lines()
        .enumerate()
        .map(|(i, l)| (i + 1, l.trim()))
        .filter(|(_, l)| l.starts_with("[-]"))
        .collect();
    for (number, line) in failed {
        let check = line.trim_start_matches("[-]").split_whitespace().next().unwrap_or_default();
        let (signal, subject) = match check {
            "etcd" | "etcd-readiness" => (ETCD_READYZ_FAILED.id, Subject::component("etcd")),
            _ => (READYZ_FAILED.id, api()),
        };
        let finding = Finding::new(signal, subject)
            .param("check", check)
            .param("what", format!("readyz check {check} fails"));
        sink.add(finding.cite(Source::File, snapshot.taken_at, format!("cluster/readyz.txt:{number}"), line));
    }
}

/// Words of a client that could not reach the API at all.
fn is_refusal(words: &str) -> bool {
    let all = [
        "connection refused",
        "was refused - did you specify the right host",
        "i/o timeout",
        "TLS handshake timeout",
        "unable to handle the request",
        "ServiceUnavailable",
        "etcdserver: request timed out",
        "no route to host",
    ];
    all.iter().any(|w| words.contains(w))
}

/// kubectl's own words of a connection that failed, see k8s.io/kubectl `pkg/cmd/util/helpers.go`.
fn is_of_client(words: &str) -> bool {
    ["The connection to the server", "Unable to connect to the server"].iter().any(|w| words.starts_with(w))
}

/// Where kubectl asks without any configuration: what answers there says nothing of the cluster.
fn is_default_address(words: &str) -> bool {
    words.contains("localhost:8080") || words.contains("127.0.0.1:8080")
}

/// How many lists must have been refused before it is the API and not one resource.
const LISTS_REFUSED: usize = 3;

fn capture(snapshot: &Snapshot) -> Option<Finding> {
    let gaps = snapshot.gaps.iter().filter(|g| matches!(g.why, Why::Failed | Why::TimedOut));
    let refused: Vec<_> = gaps.filter(|g| is_refusal(&g.matters) && !g.what.contains("logs/")).collect();
    let nothing_read = snapshot.pods.all().is_empty() && snapshot.nodes.all().is_empty();
    let by_client = || refused.iter().any(|g| is_of_client(&g.matters)) && snapshot.object_count() == 0;
    let signal = match refused.len() {
        LISTS_REFUSED.. => CAPTURE_REFUSED.id,
        1.. if by_client() => READER_REFUSED.id,
        _ => return None,
    };
    if !nothing_read || refused.iter().all(|g| is_default_address(&g.matters)) {
        return None;
    }
    let what = if refused.len() == 1 { "it was refused" } else { "every list was refused" };
    let mut finding = Finding::new(signal, api()).param("what", what);
    for gap in refused.iter().take(3) {
        finding = finding.cite(Source::File, snapshot.taken_at, gap.what.clone(), &gap.matters);
    }
    Some(finding)
}

fn clients(snapshot: &Snapshot) -> Option<Finding> {
    let regex = REFUSED.as_ref()?;
    if api_takes_writes(snapshot) {
        return None;
    }
    let kubelets = snapshot.node_facts.iter().flat_map(|(node, facts)| {
        facts.logs_of(&LogSource::Kubelet).map(move |log| (format!("kubelet on {node}"), log))
    });
    let components = ["kube-controller-manager", "kube-scheduler"];
    let others = components
        .iter()
        .flat_map(|c| logs_of(snapshot, c).into_iter().map(move |log| ((*c).to_owned(), log)));
    let all: Vec<(String, &LogFile)> = kubelets.chain(others).collect();
    let refused: Vec<_> = all.iter().filter_map(|(who, log)| Some((who, trail(log, regex, 3)?))).collect();
    // One client of many may have its own way cut off.
    if refused.len() < 2 || refused.len() * 2 <= all.len() {
        return None;
    }
    let mut finding = Finding::new(CLIENTS_REFUSED.id, api())
        .param("what", format!("{} clients are refused", refused.len()));
    for (_, t) in refused.iter().take(4) {
        finding = finding.cite(Source::Log, t.last, t.reference.clone(), &t.text);
    }
    let first = refused.iter().filter_map(|(_, t)| t.first).min();
    Some(finding.since(first))
}

/// Whether the API server just said that etcd answers it: what the logs hold to the contrary is over.
fn etcd_answers(snapshot: &Snapshot) -> bool {
    snapshot.readyz.as_deref().is_some_and(|r| r.lines().any(|l| l.trim() == "[+]etcd ok"))
}

fn etcd(snapshot: &Snapshot, sink: &mut Sink) {
    let own = logs_of(snapshot, "etcd");
    let server = logs_of(snapshot, "kube-apiserver");
    let both = || own.iter().chain(&server).copied();
    let mut look =
        |signal: &'static str, log: &LogFile, regex: &LazyLock<Option<Regex>>, least, what: &str| {
            let Some(t) = regex.as_ref().and_then(|r| trail(log, r, least)) else { return };
            let mut finding = Finding::new(signal, Subject::component("etcd")).param("what", what);
            finding.count = t.count as u64;
            let span = Span { first: t.first, last: t.last, ongoing: true };
            sink.add(finding.cite(Source::Log, t.last, t.reference, t.text).span(span));
        };
    // A full database is still read from, so /readyz says nothing of it.
    for log in both() {
        look(ETCD_NO_SPACE.id, log, &NO_SPACE, 1, "its database is full (NOSPACE)");
    }
    if etcd_answers(snapshot) {
        return;
    }
    for log in &own {
        look(ETCD_DISK_SLOW.id, log, &DISK_SLOW, 2, "its disk takes over a second for a write");
        look(ETCD_NO_LEADER.id, log, &NO_LEADER, 3, "it has no leader");
    }
    for log in &server {
        look(ETCD_UNREACHABLE.id, log, &UNREACHABLE, 3, "the API server gets no answer from it");
    }
}
