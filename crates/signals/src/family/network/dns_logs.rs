//! What the DNS servers' own logs say: CoreDNS's plugins, and kube-dns's skydns of old clusters.

use super::dns;
use super::view::View;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::log::LogFile;
use kubecause_model::{Source, Span};
use regex::Regex;
use std::sync::LazyLock;

/// CoreDNS forwards to itself.
pub(super) const LOOP: Signal = Signal::fact(
    "dns.forwarding-loop",
    "CoreDNS found that its queries come back to it and ended (plugin/loop/loop.go: \"Loop … detected for zone\").",
    &[Needs::ContainerLog],
);

/// The servers above do not answer.
pub(super) const UPSTREAM_TIMEOUT: Signal = Signal::fact(
    "dns.upstream-timeout",
    "The DNS servers forward queries and get no answer from above (CoreDNS plugin/errors, skydns: \"read udp …->…:53: \
     i/o timeout\"), at least five times in the last ten minutes.",
    &[Needs::ContainerLog],
);

/// The servers cannot read Services.
pub(super) const API_UNREACHABLE: Signal = Signal::fact(
    "dns.api-unreachable",
    "The DNS servers cannot list Services and endpoints: their calls of the API time out or are refused.",
    &[Needs::ContainerLog],
);

/// Answers take seconds.
pub(super) const ANSWERS_SLOW: Signal = Signal::fact(
    "dns.answers-slow",
    "CoreDNS's query log shows that a tenth or more of the last answers, and at least five, took longer than a second \
     (plugin/log, the duration at the end of a line).",
    &[Needs::ContainerLog],
);

/// How many of a log's last lines are read.
const TAIL_LINES: usize = 2000;
/// CoreDNS's own lines carry no time: only the last of them are present.
const UNTIMED_LINES: usize = 60;
const LEAST: usize = 5;
const SLOW_SECONDS: f64 = 1.0;

static LOOPS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"plugin/loop: Loop \(.*\) detected for zone").ok());
static UPSTREAM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:plugin/errors: 2 \S+ (?:A|AAAA|SRV|MX|TXT|PTR|CNAME|NS|HTTPS)\b.*|failure to forward request .*)read (?:udp|tcp) \S+->(?P<upstream>[0-9a-f.:\[\]]+):53: i/o timeout",
    )
    .ok()
});
static API: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:plugin/kubernetes|[Ff]ailed to (?:list|watch) \*v1\.|reflector\.go).*dial tcp (?P<api>\S+): (?:i/o timeout|connect: connection refused|connect: no route to host)|Timeout waiting for initialization|plugin/kubernetes: Kubernetes API connection failure",
    )
    .ok()
});
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\[INFO\] \S+ - \d+ "\w+ IN (?P<name>\S+) \S+ [^"]*" (?P<code>[A-Z]+) \S+ \d+ (?P<seconds>[0-9.]+)s\s*$"#).ok()
});

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for pod in dns::servers(view).flat_map(|service| view.live_pods(service)).chain(unserved(view)) {
        for log in logs_of(view, pod) {
            loops(view, pod, log).into_iter().for_each(|f| sink.add(f));
            repeated(view, log, UPSTREAM_TIMEOUT.id, &UPSTREAM, "upstream")
                .into_iter()
                .for_each(|f| sink.add(f));
            repeated(view, log, API_UNREACHABLE.id, &API, "api").into_iter().for_each(|f| sink.add(f));
            slow(view, log).into_iter().for_each(|f| sink.add(f));
        }
    }
}

/// Pods of the cluster's DNS, told by label or name, where the Services were not collected that would tell it.
fn unserved<'a>(view: &View<'a>) -> Vec<&'a Pod> {
    if view.snapshot.has_in(&Kind::Service, "kube-system") || dns::servers(view).next().is_some() {
        return Vec::new();
    }
    let serves = |p: &&Pod| {
        let labelled = p.metadata.labels.get("k8s-app").is_some_and(|l| *l == *"kube-dns");
        let named = ["coredns-", "kube-dns-", "rke2-coredns-"].iter().any(|n| p.metadata.name.starts_with(n));
        (labelled || named) && !p.is_finished() && !p.metadata.is_deleting()
    };
    view.snapshot.pods.in_namespace("kube-system").iter().filter(serves).collect()
}

/// The logs of the pod's containers; of the run before, where it is not Ready.
fn logs_of<'a>(view: &View<'a>, pod: &Pod) -> Vec<&'a LogFile> {
    let subject = pod.metadata.subject(Kind::Pod);
    let runs: &[bool] = if pod.is_ready() { &[false] } else { &[true, false] };
    let containers = pod.spec.containers.iter();
    containers
        .flat_map(|c| {
            runs.iter().filter_map(|p| view.snapshot.container_log(&subject, &c.name, *p)).collect::<Vec<_>>()
        })
        .collect()
}

fn loops(view: &View<'_>, pod: &Pod, log: &LogFile) -> Option<Finding> {
    let regex = LOOPS.as_ref()?;
    let (number, line) = log.tail(TAIL_LINES).into_iter().rev().find(|(_, l)| regex.is_match(l))?;
    if pod.is_ready() {
        return None;
    }
    let mut finding = Finding::new(LOOP.id, dns::subject(view)).naming(pod.metadata.subject(Kind::Pod));
    // All servers have one configuration.
    for other in unserved(view).into_iter().filter(|p| !p.is_ready()) {
        finding = finding.naming(other.metadata.subject(Kind::Pod));
    }
    Some(finding.cite(Source::Log, None, log.reference(number), line).param("what", "it forwards to itself"))
}

/// A line that stands at least five times among what is recent, and to the end.
fn repeated(
    view: &View<'_>,
    log: &LogFile,
    signal: &'static str,
    regex: &LazyLock<Option<Regex>>,
    param: &str,
) -> Option<Finding> {
    let regex = regex.as_ref()?;
    let lines = log.tail(TAIL_LINES);
    let total = lines.len();
    let present = |(position, (_, line)): &(usize, (usize, &str))| match log.time_of(line) {
        Some(at) => is_recent(view.snapshot, Some(at)),
        None => position + UNTIMED_LINES >= total,
    };
    let hits: Vec<(usize, (usize, &str))> =
        lines.into_iter().enumerate().filter(|l| regex.is_match(l.1.1)).filter(present).collect();
    let (position, (number, line)) = hits.last().copied()?;
    let to_the_end = position + UNTIMED_LINES >= total;
    if hits.len() < LEAST || !to_the_end {
        return None;
    }
    let whom =
        regex.captures(line).and_then(|c| Some(c.name(param)?.as_str().to_owned())).unwrap_or_default();
    let at = log.time_of(line);
    let first = hits.first().and_then(|(_, (_, l))| log.time_of(l));
    let what = if param == "upstream" {
        format!("{whom} above it does not answer")
    } else {
        "it cannot reach the API".into()
    };
    let mut finding =
        Finding::new(signal, dns::subject(view)).cite(Source::Log, at, log.reference(number), line);
    finding.count = hits.len() as u64;
    Some(finding.param(param, whom).param("what", what).span(Span { first, last: at, ongoing: true }))
}

fn slow(view: &View<'_>, log: &LogFile) -> Option<Finding> {
    let regex = QUERY.as_ref()?;
    let (mut total, mut slow, mut missing) = (0_usize, 0_usize, 0_usize);
    let mut worst: Option<(f64, usize, &str)> = None;
    for (number, line) in log.tail(TAIL_LINES) {
        let Some(c) = regex.captures(line) else { continue };
        let seconds: f64 = c.name("seconds").and_then(|s| s.as_str().parse().ok()).unwrap_or_default();
        total += 1;
        missing += usize::from(c.name("code").is_some_and(|c| c.as_str() == "NXDOMAIN"));
        if seconds >= SLOW_SECONDS {
            slow += 1;
            if worst.is_none_or(|(w, ..)| seconds > w) {
                worst = Some((seconds, number, line));
            }
        }
    }
    let (seconds, number, line) = worst?;
    if slow < LEAST || slow * 10 < total {
        return None;
    }
    Some(
        Finding::new(ANSWERS_SLOW.id, dns::subject(view))
            .cite(Source::Log, None, log.reference(number), line)
            .param("slow", format!("{slow} of {total}"))
            .param("seconds", format!("{seconds:.1}"))
            .param("nxdomain", format!("{}%", missing * 100 / total.max(1))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_coredns_and_kube_dns_match() {
        let is = |r: &LazyLock<Option<Regex>>, line: &str| r.as_ref().is_some_and(|r| r.is_match(line));
        assert!(is(
            &LOOPS,
            r#"[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :1053) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531.""#
        ));
        assert!(is(
            &UPSTREAM,
            "[ERROR] plugin/errors: 2 example.com. A: read udp 10.244.0.5:39434->8.8.8.8:53: i/o timeout"
        ));
        assert!(is(
            &UPSTREAM,
            r#"skydns: failure to forward request "read udp 10.240.0.18:47848->168.63.129.16:53: i/o timeout""#
        ));
        assert!(!is(
            &UPSTREAM,
            "[ERROR] plugin/errors: 2 4547991504243258144.3688648895315093531. HINFO: read udp 10.244.0.5:39434->8.8.8.8:53: i/o timeout"
        ));
        assert!(is(
            &API,
            "E0122 06:56:04.774977 1 reflector.go:199] k8s.io/dns/vendor/k8s.io/client-go/tools/cache/reflector.go:94: Failed to list *v1.Endpoints: Get https://10.0.0.1:443/api/v1/endpoints?resourceVersion=0: dial tcp 10.0.0.1:443: i/o timeout"
        ));
        assert!(is(
            &QUERY,
            r#"[INFO] 10.244.0.7:38461 - 12345 "A IN example.com.shop.svc.cluster.local. udp 56 false 512" NXDOMAIN qr,aa,rd 149 2.003452s"#
        ));
        assert!(is(
            &QUERY,
            r#"[INFO] 10.244.0.7:38461 - 12345 "AAAA IN example.com. udp 29 false 512" NOERROR qr,rd,ra 106 0.000452s"#
        ));
    }
}
