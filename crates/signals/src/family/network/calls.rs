//! Who calls a Service and fails, as the caller's own log says. One pass over the end of each container's log.
//!
//! A line counts when it speaks of a failed connection and names a host, a URL or an address that is a Service of this
//! cluster; a line that names none takes the address of the line before it (`wget` prints them apart).

use super::super::abroad::english;
use super::view::View;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use crate::signal::{Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{ContainerLogKey, Kind, Snapshot, Subject, Sym};
use kubecause_model::{Source, Span, one_line};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A Service that pods call without success.
pub(super) const CALL_FAILED: Signal = Signal::fact(
    "service.call-failed",
    "The log of a pod says that a call of this Service was refused, timed out, or that its name did not resolve. \
     Logs of callers are never complete, so its absence proves nothing.",
    &[Needs::ContainerLog],
);

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    Refused,
    TimedOut,
    NotResolved,
    NoRoute,
}

impl Failure {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::NotResolved => "name not resolved",
            Self::NoRoute => "no route",
        }
    }
}

/// A call of a Service that failed.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) namespace: Sym,
    pub(super) service: Sym,
    pub(super) port: Option<i32>,
    pub(super) failure: Failure,
    pub(super) client: Subject,
    pub(super) at: Option<Timestamp>,
    pub(super) reference: String,
    pub(super) text: String,
}

/// How many of a log's last lines are read.
const TAIL_LINES: usize = 400;
/// A failure that is this many lines back in the log of a pod that is well is over.
const STILL_LINES: usize = 12;

static FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)connection refused|econnrefused|timed? ?out|etimedout|deadline exceeded|no route to host|ehostunreach|host is unreachable|network is unreachable|no such host|enotfound|eai_again|name or service not known|name resolution|name does not resolve|bad address|could not resolve host|could not translate host name|server misbehaving|unknownhostexception|getaddrinfo",
    )
    .ok()
});
static TARGET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        [a-z][a-z0-9+.-]*://(?:[^/@\s"']*@)?(?P<url>[A-Za-z0-9.-]+)(?::(?P<uport>\d{1,5}))?
        | lookup\ (?P<lookup>[A-Za-z0-9.-]+)
        | (?:bad\ address|resolve\ host:?|ENOTFOUND|EAI_AGAIN|UnknownHostException:|host\ name|host|server\ at)\ ["']?(?P<named>[A-Za-z0-9.-]+)(?:["'],?\ (?:\([0-9.]+\),\ )?port\ (?P<nport>\d{1,5}))?
        | \b(?P<pair>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(?P<pport>\d{2,5})\b"#,
    )
    .ok()
});

/// Whether a line speaks of a failed call, and how it failed.
pub(super) fn failure(line: &str) -> Option<Failure> {
    let said = FAILED.as_ref()?.find(line).map(|m| m.as_str());
    let found = said.or_else(|| english(line))?.to_ascii_lowercase();
    let resolving = [
        "such host",
        "notfound",
        "eai_again",
        "not known",
        "resol",
        "bad address",
        "translate",
        "misbehaving",
        "unknownhost",
        "getaddrinfo",
    ];
    let lower = line.to_ascii_lowercase();
    if resolving.iter().any(|w| found.contains(w))
        || lower.contains("lookup ")
        || lower.contains("getaddrinfo")
    {
        return Some(Failure::NotResolved);
    }
    if found.contains("refused") {
        return Some(Failure::Refused);
    }
    if found.contains("route") || found.contains("unreach") {
        return Some(Failure::NoRoute);
    }
    // "timeout" stands in many harmless lines; only one that ended a call counts.
    let ended = [
        "timed out",
        "timedout",
        "i/o timeout",
        "timeout exceeded",
        "deadline exceeded",
        "connect timeout",
        "connection timeout",
    ];
    ended.iter().any(|w| lower.contains(w) || found.contains(w)).then_some(Failure::TimedOut)
}

/// The hosts and ports that a line names.
pub(super) fn targets(line: &str) -> Vec<(String, Option<i32>)> {
    let Some(regex) = TARGET.as_ref() else { return Vec::new() };
    let pick = |c: &regex::Captures<'_>| {
        let host = ["url", "lookup", "named", "pair"].iter().find_map(|n| c.name(n))?;
        let port =
            ["uport", "nport", "pport"].iter().find_map(|n| c.name(n)).and_then(|p| p.as_str().parse().ok());
        Some((host.as_str().trim_end_matches('.').to_owned(), port))
    };
    regex.captures_iter(line).filter_map(|c| pick(&c)).collect()
}

/// Where names and addresses of Services lead.
struct Directory<'a> {
    snapshot: &'a Snapshot,
    by_ip: FxHashMap<&'a str, (Sym, Sym)>,
}

impl Directory<'_> {
    /// The Service that a pod of `namespace` means by that host.
    fn resolve(&self, namespace: &str, host: &str) -> Option<(Sym, Sym)> {
        if let Some(found) = self.by_ip.get(host) {
            return Some(found.clone());
        }
        let mut labels = host.split('.');
        let name = labels.next()?;
        let in_namespace = |ns: &str| {
            let service = self.snapshot.services.get(ns, name)?;
            Some((service.metadata.namespace.clone(), service.metadata.name.clone()))
        };
        match labels.next() {
            None => in_namespace(namespace),
            Some(ns) => in_namespace(ns),
        }
    }
}

/// What the logs of pods say of calls that fail.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Calls of Services, the last of each client.
    pub(super) calls: Vec<Call>,
    /// Lookups that got no answer from the DNS server, whatever the name; their `service` is empty.
    pub(super) lookups: Vec<Call>,
}

/// All failing calls of Services, of pods that still run.
pub(super) fn read(snapshot: &Snapshot) -> Seen {
    let services = snapshot.services.all();
    let addressed = services.iter().filter(|s| !s.spec.cluster_ip.is_empty() && s.spec.cluster_ip != "None");
    let by_ip = addressed
        .map(|s| (s.spec.cluster_ip.as_str(), (s.metadata.namespace.clone(), s.metadata.name.clone())))
        .collect();
    let directory = Directory { snapshot, by_ip };
    let mut seen = Seen::default();
    for (key, log) in &snapshot.container_logs {
        of_log(&directory, key, log, &mut seen);
    }
    seen
}

/// Whether a lookup failed because the DNS server did not answer, not because the name does not exist.
pub(super) fn unanswered(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let silent = ["i/o timeout", "connection refused", "timed out", "no route to host", "deadline exceeded"];
    let asked = lower.contains("lookup ") && silent.iter().any(|w| lower.contains(w));
    asked
        || ["temporary failure in name resolution", "eai_again", "server misbehaving"]
            .iter()
            .any(|w| lower.contains(w))
        || english(line) == Some("temporary failure in name resolution")
}

/// The last failing call of each Service in one log, and the last lookup without an answer.
fn of_log(directory: &Directory<'_>, key: &ContainerLogKey, log: &LogFile, seen: &mut Seen) {
    let snapshot = directory.snapshot;
    let client = Subject::new(Kind::Pod, key.namespace.clone(), key.pod.clone());
    let Some(pod) = snapshot.pod(&client).filter(|p| !p.metadata.is_deleting()) else { return };
    let well = pod.is_ready() && !key.previous;
    let lines = log.tail(TAIL_LINES);
    let total = lines.len();
    let mut last: FxHashMap<(Sym, Sym), Call> = FxHashMap::default();
    let mut before: Vec<(String, Option<i32>)> = Vec::new();
    let mut lookup = None;
    for (position, (number, line)) in lines.into_iter().enumerate() {
        let here = targets(line);
        let Some(failure) = failure(line) else {
            before = here;
            continue;
        };
        let at = log.time_of(line);
        let stale = at.is_some() && !is_recent(snapshot, at) || well && position + STILL_LINES < total;
        let known = here.iter().any(|(h, _)| directory.resolve(&key.namespace, h).is_some());
        let named = if known { &here } else { &before };
        if stale {
            continue;
        }
        let call = |namespace: Sym, service: Sym, port| Call {
            namespace,
            service,
            port,
            failure,
            client: client.clone().with_container(key.container.clone()),
            at,
            reference: log.reference(number),
            text: one_line(line.trim(), 300),
        };
        if failure == Failure::NotResolved && unanswered(line) {
            lookup = Some(call(Sym::default(), Sym::default(), Some(53)));
        }
        for (host, port) in named {
            if let Some((namespace, service)) = directory.resolve(&key.namespace, host) {
                let found = call(namespace.clone(), service.clone(), *port);
                last.insert((namespace, service), found);
            }
        }
    }
    let mut found: Vec<Call> = last.into_values().collect();
    found.sort_by(|a, b| (&a.namespace, &a.service).cmp(&(&b.namespace, &b.service)));
    seen.calls.extend(found);
    seen.lookups.extend(lookup);
}

/// One finding per Service, naming the callers.
pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for call in &view.calls {
        let service = Subject::new(Kind::Service, &call.namespace, &call.service);
        let mut finding =
            Finding::new(CALL_FAILED.id, service).span(Span { first: call.at, last: call.at, ongoing: true });
        finding = finding
            .cite(Source::Log, call.at, call.reference.clone(), &call.text)
            .param("client", &call.client.name)
            .param("failure", call.failure.word());
        sink.add(naming_client(view.snapshot, finding, call));
    }
}

/// Adds the caller and its workload to what the finding names.
pub(super) fn naming_client(snapshot: &Snapshot, finding: Finding, call: &Call) -> Finding {
    let pod = call.client.object();
    let owner = snapshot.top_owner(&pod);
    if owner == pod { finding.naming(pod) } else { finding.naming(pod).naming(owner) }
}

/// The Service's port that a call names, or its only one.
pub(super) fn service_ports<'a>(
    service: &'a kubecause_evidence::kube::Service,
    call: &Call,
) -> Vec<&'a kubecause_evidence::kube::ServicePort> {
    let all = || service.spec.ports.iter();
    let named: Vec<_> = all().filter(|p| Some(p.port) == call.port).collect();
    if named.is_empty() { all().collect() } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let cases = [
            ("dial tcp 10.96.0.9:80: connect: connection refused", Some(Failure::Refused)),
            ("Error: connect ECONNREFUSED 10.0.0.1:6379", Some(Failure::Refused)),
            ("wget: download timed out", Some(Failure::TimedOut)),
            (
                "Get \"http://cart\": dial tcp: lookup cart on 10.96.0.10:53: read udp: i/o timeout",
                Some(Failure::NotResolved),
            ),
            ("wget: bad address 'cart:80'", Some(Failure::NotResolved)),
            ("connect: no route to host", Some(Failure::NoRoute)),
            ("无法连接 mysql:3306：拒绝连接", Some(Failure::Refused)),
            ("redis:6379 连接超时", Some(Failure::TimedOut)),
            (
                "could not connect to \"db\": Der Name oder der Dienst ist nicht bekannt",
                Some(Failure::NotResolved),
            ),
            ("request timeout set to 30s", None),
            ("listening on :8080", None),
        ];
        for (line, want) in cases {
            assert_eq!(failure(line), want, "{line}");
        }
    }

    #[test]
    fn targets_are_found_in_urls_pairs_and_lookups() {
        let first = |line: &str| targets(line).into_iter().next();
        assert_eq!(
            first("Get \"http://cart.shop.svc:8080/x\": refused"),
            Some(("cart.shop.svc".into(), Some(8080)))
        );
        assert_eq!(first("dial tcp 10.96.0.9:80: connect"), Some(("10.96.0.9".into(), Some(80))));
        assert_eq!(first("lookup cart on 10.96.0.10:53: no such host"), Some(("cart".into(), None)));
        assert_eq!(first("redis://:secret@cache:6379 refused"), Some(("cache".into(), Some(6379))));
        assert_eq!(first("Connecting to reviews:80 (10.96.6.45:80)"), Some(("reviews".into(), Some(80))));
        assert_eq!(
            first("could not connect to server at \"db\" (10.0.0.1), port 5432"),
            Some(("db".into(), Some(5432)))
        );
    }
}
