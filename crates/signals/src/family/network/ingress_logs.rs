//! What the access and error logs of ingress-nginx say about the Services behind it.
//!
//! Line forms: the default `log-format-upstream` of ingress-nginx, and the error log of nginx
//! (`ngx_http_upstream.c`, "while connecting to upstream").

use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::Ingress;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{ContainerLogKey, Kind, Snapshot, Subject};
use kubecause_model::{Source, Span, one_line};
use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

/// Error codes on a route.
pub(super) const ERRORS: Signal = Signal::fact(
    "ingress.error-answers",
    "The access log of the ingress controller shows that a fifth or more of the requests to a Service, and at least five, \
     were answered with 500, 502, 503 or 504 within the last ten minutes.",
    &[Needs::ContainerLog],
);

/// Addresses that no pod has any more.
pub(super) const GONE_UPSTREAM: Signal = Signal::fact(
    "ingress.gone-upstream",
    "The ingress controller has been connecting for more than a minute to an address that no pod of the cluster has.",
    &[Needs::ContainerLog],
);

/// The application behind the route does not know the paths it gets.
pub(super) const MISROUTED: Signal = Signal::fact(
    "ingress.misrouted-answers",
    "Nearly all requests of a route are answered with 404 by the application, and the route's path or host bears the \
     name of another Service of the namespace.",
    &[Needs::ContainerLog],
);

static ACCESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"\[(?P<time>\d{2}/\w{3}/\d{4}:[^\]]+)\] "[^"]*" (?P<status>\d{3}) \d+ "[^"]*" "[^"]*" \d+ [\d.]+ \[(?P<upstream>[^\]]*)\] \[[^\]]*\] (?P<addr>\S+)(?:, \S+)* \S+(?:, \S+)* \S+(?:, \S+)* (?:\S+, )*(?P<answered>\d{3}|-) \S+\s*$"#,
    )
    .ok()
});
static CONNECTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"while connecting to upstream, .*upstream: "\w+://(?P<ip>[0-9.]+):(?P<port>\d+)"#).ok()
});

/// How many of a log's last lines are read.
pub(super) const TAIL_LINES: usize = 20_000;
const RECENT_SECONDS: i64 = 600;
const LEAST_ERRORS: u32 = 5;
/// One pod that was just replaced fails a few requests; that is the matter of graceful shutdown.
const GONE_SECONDS: i64 = 60;

/// Requests to one Service.
#[derive(Debug, Default)]
struct Requests {
    total: u32,
    errors: u32,
    by_controller: u32,
    not_found: u32,
    code: String,
    quoted: Option<(Option<Timestamp>, String, String)>,
    lost: Option<(Option<Timestamp>, String, String)>,
}

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let snapshot = view.snapshot;
    let logs: Vec<_> =
        snapshot.container_logs.iter().filter(|(key, _)| is_controller(snapshot, key)).collect();
    if logs.is_empty() {
        return;
    }
    let services = upstream_names(snapshot);
    let alive: FxHashSet<&str> = snapshot.pods.all().iter().map(|p| p.status.pod_ip.as_str()).collect();
    let mut requests: FxHashMap<Subject, Requests> = FxHashMap::default();
    for (key, log) in logs {
        access(snapshot, log, &services, &mut requests);
        if snapshot.has(&Kind::Pod) {
            gone(snapshot, key, log, &alive).into_iter().for_each(|f| sink.add(f));
        }
    }
    for (service, seen) in requests {
        errors(view, &service, &seen).into_iter().for_each(|f| sink.add(f));
        misrouted(snapshot, &service, &seen).into_iter().for_each(|f| sink.add(f));
    }
}

pub(super) fn is_controller(snapshot: &Snapshot, key: &ContainerLogKey) -> bool {
    let pod = snapshot.pods.get(&key.namespace, &key.pod);
    let image =
        pod.and_then(|p| p.spec.container(&key.container)).map(|c| c.image.to_string()).unwrap_or_default();
    !key.previous && (image.contains("ingress") || key.pod.contains("ingress"))
}

/// `namespace-service-port` → the Service, as ingress-nginx names its upstreams.
fn upstream_names(snapshot: &Snapshot) -> FxHashMap<String, Subject> {
    let mut names = FxHashMap::default();
    for service in snapshot.services.all() {
        let meta = &service.metadata;
        for port in service.spec.ports.iter() {
            for end in [port.port.to_string(), port.name.to_string()].into_iter().filter(|e| !e.is_empty()) {
                names.insert(format!("{}-{}-{end}", meta.namespace, meta.name), meta.subject(Kind::Service));
            }
        }
    }
    names
}

fn access(
    snapshot: &Snapshot,
    log: &LogFile,
    services: &FxHashMap<String, Subject>,
    requests: &mut FxHashMap<Subject, Requests>,
) {
    let Some(regex) = ACCESS.as_ref() else { return };
    for (number, line) in log.tail(TAIL_LINES) {
        let Some(c) = regex.captures(line) else { continue };
        let text = |name: &str| c.name(name).map_or("", |m| m.as_str());
        let Some(service) = services.get(text("upstream")) else { continue };
        let at = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text("time")).ok();
        if snapshot.age(at).is_none_or(|age| age > RECENT_SECONDS) {
            continue;
        }
        let slot = requests.entry(service.clone()).or_default();
        slot.total += 1;
        let (status, answered) = (text("status"), text("answered"));
        let quote = || Some((at, log.reference(number), one_line(line, 300)));
        if ["500", "502", "503", "504"].contains(&status) {
            slot.errors += 1;
            slot.by_controller += u32::from(answered != status);
            status.clone_into(&mut slot.code);
            slot.quoted = quote();
        }
        if status == "404" && answered == "404" {
            slot.not_found += 1;
            slot.lost = quote();
        }
    }
}

fn ingresses_to<'a>(snapshot: &'a Snapshot, service: &Subject) -> Vec<&'a Ingress> {
    let found = snapshot.reach(kubecause_evidence::Relation::ServiceIngresses, service);
    found.iter().filter_map(|i| snapshot.ingresses.get(i.ns(), &i.name)).collect()
}

fn errors(view: &View<'_>, service: &Subject, seen: &Requests) -> Option<Finding> {
    if seen.errors < LEAST_ERRORS || seen.errors * 5 < seen.total {
        return None;
    }
    let (at, reference, text) = seen.quoted.clone()?;
    let ingress = ingresses_to(view.snapshot, service).first().map(|i| i.metadata.subject(Kind::Ingress));
    let hop = if seen.by_controller * 2 >= seen.errors { "controller" } else { "application" };
    Some(
        Finding::new(ERRORS.id, ingress.unwrap_or_else(|| service.clone()))
            .cite(Source::Log, at, reference, text)
            .param("code", &seen.code)
            .param("hop", hop)
            .param("service", &service.name)
            .param("share", format!("{} of {}", seen.errors, seen.total))
            .span(Span { first: None, last: at, ongoing: true })
            .naming(service.clone()),
    )
}

fn misrouted(snapshot: &Snapshot, service: &Subject, seen: &Requests) -> Option<Finding> {
    if seen.not_found < 2 * LEAST_ERRORS || seen.not_found * 10 < seen.total * 9 {
        return None;
    }
    let (at, reference, text) = seen.lost.clone()?;
    let (ingress, route, other) = ingresses_to(snapshot, service).into_iter().find_map(|ingress| {
        let (route, other) = better_named(snapshot, ingress, &service.name)?;
        Some((ingress, route, other))
    })?;
    let said = format!("{route} → Service {}, while a Service {other} exists", service.name);
    Some(
        Finding::new(MISROUTED.id, ingress.metadata.subject(Kind::Ingress))
            .cite(Source::Log, at, reference, text)
            .cite(Source::Field, None, place("ingresses", &ingress.metadata), said)
            .param("route", route)
            .param("service", &service.name)
            .param("other", other)
            .span(Span { first: None, last: at, ongoing: true }),
    )
}

/// A route to that Service whose path or host bears the name of another Service to which no route leads.
fn better_named(snapshot: &Snapshot, ingress: &Ingress, service: &str) -> Option<(String, String)> {
    for rule in ingress.spec.rules.iter() {
        for path in rule.http.paths.iter() {
            if path.backend.target().is_none_or(|(name, _)| *name != *service) {
                continue;
            }
            let first = path.path.trim_start_matches('/').split('/').next().unwrap_or_default();
            let host = rule.host.split('.').next().unwrap_or_default();
            let other = [first, host].into_iter().find(|word| {
                let target = Subject::new(Kind::Service, &ingress.metadata.namespace, *word);
                !word.is_empty()
                    && *word != service
                    && snapshot.services.get(&ingress.metadata.namespace, word).is_some()
                    && ingresses_to(snapshot, &target).is_empty()
            });
            if let Some(other) = other {
                return Some((format!("{}{}", rule.host, path.path), other.to_owned()));
            }
        }
    }
    None
}

/// Addresses that the controller still connects to although no pod has them.
fn gone(
    snapshot: &Snapshot,
    key: &ContainerLogKey,
    log: &LogFile,
    alive: &FxHashSet<&str>,
) -> Option<Finding> {
    let regex = CONNECTING.as_ref()?;
    let mut spans: FxHashMap<String, (Span, u32, String, String)> = FxHashMap::default();
    for (number, line) in log.tail(TAIL_LINES) {
        let Some(c) = regex.captures(line) else { continue };
        let ip = c.name("ip").map_or("", |m| m.as_str());
        let at = log.time_of(line);
        if alive.contains(ip) || snapshot.age(at).is_none_or(|age| age > RECENT_SECONDS) {
            continue;
        }
        let slot =
            spans.entry(ip.to_owned()).or_insert((Span::past(at, at), 0, String::new(), String::new()));
        *slot = (slot.0.join(Span::past(at, at)), slot.1 + 1, log.reference(number), one_line(line, 300));
    }
    let mut all: Vec<_> = spans.into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let lasting = |s: &Span| match (s.first, s.last) {
        (Some(a), Some(b)) => {
            b.as_second() - a.as_second() > GONE_SECONDS && snapshot.age(Some(b)).is_some_and(|a| a < 120)
        }
        _ => false,
    };
    let (ip, (span, count, reference, text)) =
        all.into_iter().find(|(_, (span, count, ..))| *count >= 3 && lasting(span))?;
    let pod =
        Subject::new(Kind::Pod, key.namespace.clone(), key.pod.clone()).with_container(key.container.clone());
    Some(
        Finding::new(GONE_UPSTREAM.id, pod)
            .cite(Source::Log, span.last, reference, text)
            .param("address", ip)
            .param("count", count)
            .span(Span { ongoing: true, ..span }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_lines_are_read() {
        let line = r#"192.0.2.10 - - [22/Nov/2026:17:40:01 +0000] "GET /cart HTTP/1.1" 503 190 "-" "curl/8.5.0" 78 0.000 [shop-cart-80] [] - - - - 5b1c2d"#;
        let c = ACCESS.as_ref().and_then(|r| r.captures(line));
        let get = |n: &str| c.as_ref().and_then(|c| c.name(n)).map(|m| m.as_str().to_owned());
        assert_eq!(get("status").as_deref(), Some("503"));
        assert_eq!(get("upstream").as_deref(), Some("shop-cart-80"));
        assert_eq!(get("answered").as_deref(), Some("-"));
        let retried = r#"192.0.2.10 - - [22/Nov/2026:17:40:01 +0000] "GET / HTTP/1.1" 502 150 "-" "curl" 78 0.002 [shop-web-80] [] 10.244.1.5:8080, 10.244.1.6:8080 0, 0 0.000, 0.001 502, 502 9af3"#;
        let c = ACCESS.as_ref().and_then(|r| r.captures(retried));
        assert_eq!(c.as_ref().and_then(|c| c.name("answered")).map(|m| m.as_str()), Some("502"));
        assert!(Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", "22/Nov/2026:17:40:01 +0000").is_ok());
    }
}
