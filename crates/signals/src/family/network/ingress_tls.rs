//! TLS at an Ingress: a certificate's Secret that does not exist, and a backend that does not speak what its route says.

use super::ingress_logs::{TAIL_LINES, is_controller};
use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::Ingress;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};
use kubecause_model::{Source, one_line};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The certificate is not there.
pub(super) const SECRET_MISSING: Signal = Signal::fact(
    "ingress.tls-secret-missing",
    "An Ingress names a Secret for TLS that does not exist in its namespace.",
    &[Needs::Kind(Kind::Ingress), Needs::Kind(Kind::Secret)],
);

/// TLS where there is none, or none where there is.
pub(super) const PROTOCOL: Signal = Signal::fact(
    "ingress.backend-speaks-otherwise",
    "The ingress controller's error log says that a backend answered TLS with plain HTTP, or plain HTTP with TLS \
     (ngx_event_openssl.c, ngx_http_upstream.c), three times within ten minutes.",
    &[Needs::ContainerLog],
);

static SPEAKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:(?P<plain>SSL_do_handshake\(\) failed \(SSL: error:[^)]*(?:wrong version number|unknown protocol|packet length too long|http request)[^)]*\) while SSL handshaking to upstream)|(?P<tls>upstream sent no valid HTTP/1\.0 header while reading response header from upstream)).*upstream: "https?://(?P<ip>[0-9.]+):(?P<port>\d+)"#,
    )
    .ok()
});

/// ingress-nginx `internal/ingress/controller/controller.go`, `store/store.go`; traefik `pkg/provider/kubernetes/ingress`.
static ABSENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"local SSL certificate (?P<key>[a-z0-9.-]+/[a-z0-9.-]+) was not found|secret (?P<secret>[a-z0-9.-]+/[a-z0-9.-]+) does not exist",
    )
    .ok()
});

/// Who issues certificates takes a while.
const SETTLED_SECONDS: i64 = 300;
const LEAST: usize = 3;

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let snapshot = view.snapshot;
    if snapshot.has(&Kind::Secret) {
        for ingress in snapshot.ingresses.all().iter().filter(|i| !i.metadata.is_deleting()) {
            secrets(view, ingress, sink);
        }
    }
    for (_, log) in snapshot.container_logs.iter().filter(|(key, _)| is_controller(snapshot, key)) {
        protocol(snapshot, log).into_iter().for_each(|f| sink.add(f));
        if !snapshot.has(&Kind::Secret) {
            absent(view, log, sink);
        }
    }
}

/// Secrets are seldom collected: then the controller's own complaint tells, where an Ingress names the Secret still.
fn absent(view: &View<'_>, log: &LogFile, sink: &mut Sink) {
    let Some(regex) = ABSENT.as_ref() else { return };
    let mut last: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for (number, line) in log.tail(TAIL_LINES) {
        let Some(c) = regex.captures(line) else { continue };
        let at = log.time_of(line);
        if let Some(key) = c.name("key").or(c.name("secret")).filter(|_| is_recent(view.snapshot, at)) {
            last.insert(key.as_str().to_owned(), (number, line));
        }
    }
    for ingress in view.snapshot.ingresses.all().iter().filter(|i| !i.metadata.is_deleting()) {
        let meta = &ingress.metadata;
        let old = view.older_than(meta.creation_timestamp, SETTLED_SECONDS);
        for tls in ingress.spec.tls.iter().filter(|_| old) {
            let Some((number, line)) = last.get(&format!("{}/{}", meta.namespace, tls.secret_name)) else {
                continue;
            };
            let hosts: Vec<&str> = tls.hosts.iter().map(|h| h.as_str()).collect();
            let text = one_line(line.trim(), 300);
            sink.add(
                Finding::new(SECRET_MISSING.id, meta.subject(Kind::Ingress))
                    .cite(Source::Log, log.time_of(line), log.reference(*number), text)
                    .param("secret", &tls.secret_name)
                    .param("hosts", hosts.join(", "))
                    .since(log.time_of(line)),
            );
        }
    }
}

fn secrets(view: &View<'_>, ingress: &Ingress, sink: &mut Sink) {
    let meta = &ingress.metadata;
    let seen = !view.snapshot.secrets.in_namespace(&meta.namespace).is_empty();
    if !seen || !view.older_than(meta.creation_timestamp, SETTLED_SECONDS) {
        return;
    }
    for tls in ingress.spec.tls.iter().filter(|t| !t.secret_name.is_empty()) {
        if view.snapshot.secrets.get(&meta.namespace, &tls.secret_name).is_some() {
            continue;
        }
        let hosts: Vec<&str> = tls.hosts.iter().map(|h| h.as_str()).collect();
        let said = format!("spec.tls names Secret {}, which does not exist", tls.secret_name);
        sink.add(
            Finding::new(SECRET_MISSING.id, meta.subject(Kind::Ingress))
                .cite(Source::Field, None, place("ingresses", meta), said)
                .param("secret", &tls.secret_name)
                .param("hosts", hosts.join(", "))
                .since(meta.creation_timestamp),
        );
    }
}

/// Address and port of a backend, and whether it answered TLS with plain HTTP.
type Backend = (String, String, bool);

/// One finding per Service whose pods answered otherwise.
fn protocol(snapshot: &Snapshot, log: &LogFile) -> Vec<Finding> {
    let Some(regex) = SPEAKS.as_ref() else { return Vec::new() };
    let mut hits: FxHashMap<Backend, Vec<(usize, &str)>> = FxHashMap::default();
    for (number, line) in log.tail(TAIL_LINES) {
        let Some(c) = regex.captures(line) else { continue };
        let at = log.time_of(line);
        let part = |name| c.name(name).map(|m| m.as_str().to_owned()).unwrap_or_default();
        if at.is_none() || is_recent(snapshot, at) {
            let key = (part("ip"), part("port"), c.name("plain").is_some());
            hits.entry(key).or_default().push((number, line));
        }
    }
    let mut found: Vec<_> = hits.into_iter().filter(|(_, lines)| lines.len() >= LEAST).collect();
    found.sort_unstable();
    found
        .into_iter()
        .flat_map(|((ip, port, plain), lines)| services(snapshot, log, &ip, &port, plain, &lines))
        .collect()
}

fn services(
    snapshot: &Snapshot,
    log: &LogFile,
    ip: &str,
    port: &str,
    plain: bool,
    lines: &[(usize, &str)],
) -> Vec<Finding> {
    let Some(pod) = snapshot.pods.all().iter().find(|p| p.status.pod_ip == *ip) else { return Vec::new() };
    let (asked, answers) = if plain { ("HTTPS", "HTTP") } else { ("HTTP", "HTTPS") };
    let pod = pod.metadata.subject(Kind::Pod);
    let behind: Vec<Subject> = snapshot.reach(Relation::PodServices, &pod);
    let make = |service: Subject| {
        let mut finding = Finding::new(PROTOCOL.id, service)
            .param("port", port)
            .param("asked", asked)
            .param("answers", answers)
            .naming(pod.clone());
        for (number, line) in lines.iter().rev().take(2) {
            let text = one_line(line.trim(), 300);
            finding = finding.cite(Source::Log, log.time_of(line), log.reference(*number), text);
        }
        finding.count = lines.len() as u64;
        finding
    };
    behind.into_iter().map(make).collect()
}
