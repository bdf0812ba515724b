//! What the logs of failing containers say of the reason. The words are data (`patterns/app-logs.toml`); here they are
//! joined with the containers that fail now, and the hosts in them with the Services of this cluster.
//!
//! One reason per container: the one that stands last in its log. What it complained of earlier it got over.

use super::super::abroad::english;
use super::app_signals::SIGNALS;
use super::dependency::{Callee, Directory, Endpoint, endpoint_in};
use super::ends;
use super::places::{permission, port_conflict, with_path};
use super::requests;
use crate::family::Correlation;
use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::kube::{Container, Pod};
use kubecause_evidence::{Snapshot, Subject};
use kubecause_model::Citation;
use rustc_hash::FxHashSet;

/// The correlation.
pub const APP_LOGS: Correlation = Correlation { signals: SIGNALS, correlate };

/// A log pattern and the reason that it stands for; the more specific first.
const REASONS: &[(&str, &str)] = &[
    ("log.app-auth-failed", "app.dependency-auth-failed"),
    ("log.app-too-many-connections", "app.dependency-overloaded"),
    ("log.app-database-read-only", "app.dependency-read-only"),
    ("log.app-forbidden", "app.forbidden"),
    ("log.app-name-not-resolved", "app.dependency-unreachable"),
    ("log.app-connection-refused", "app.dependency-unreachable"),
    ("log.app-connection-timed-out", "app.dependency-unreachable"),
    ("log.app-tls-failed", "app.tls-failed"),
    ("log.app-address-in-use", "app.port-conflict"),
    ("log.app-read-only-filesystem", "app.read-only-filesystem"),
    ("log.app-permission-denied", "app.permission-denied"),
    ("log.app-fork-failed", "app.fork-failed"),
    ("log.app-missing-file", ""),
    ("log.app-missing-variable", ""),
];

/// The pattern's place in the order of preference, and its reason.
fn reason_for(log: &str) -> Option<(usize, &'static str)> {
    let mut all = ends::REASONS.iter().chain(REASONS).enumerate();
    all.find(|(_, (id, _))| *id == log).map(|(rank, (_, signal))| (rank, *signal))
}

/// Findings that say that a container fails now.
const FAILING: &[&str] = &[
    "container.app-exit",
    "container.init-failing",
    "container.init-waiting",
    "container.killed-by-signal",
    "probe.liveness-failing",
    "probe.readiness-failing",
    "probe.startup-failing",
];

/// A line counts when so many lines at most follow it.
const NEAR_THE_END: usize = 60;
/// A container that works and is refused by the API server counts from so many refusals on.
const REFUSALS: u64 = 5;

fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    let directory = Directory::new(snapshot);
    let failing: FxHashSet<&Subject> = FAILING
        .iter()
        .flat_map(|id| findings.of(id))
        .filter(|f| f.span.ongoing)
        .map(|f| &f.subject)
        .collect();
    let mut sorted: Vec<&Subject> = failing.iter().copied().collect();
    sorted.sort();
    for subject in sorted {
        if let Some(reason) = reason_of(snapshot, findings, subject) {
            tell(snapshot, &directory, subject, &reason, sink);
        } else if let Some(waits) =
            findings.on(subject).find(|f| f.signal == "container.init-waiting" && f.subject == *subject)
        {
            awaited(snapshot, &directory, waits, sink);
        }
    }
    // A program whose library is missing ends like one that is not there.
    for absent in findings.of("container.command-not-found").filter(|f| f.span.ongoing) {
        let reason = reason_of(snapshot, findings, &absent.subject);
        if let Some(reason) = reason.filter(|r| r.signal == "app.library-missing") {
            tell(snapshot, &directory, &absent.subject, &reason, sink);
        }
    }
    for refused in findings.of("log.app-forbidden") {
        if refused.span.ongoing
            && refused.count >= REFUSALS
            && !failing.contains(&refused.subject)
            && timed(refused)
        {
            sink.add(like("app.forbidden", refused));
        }
    }
    requests::correlate(snapshot, findings, &directory, sink);
    super::mesh::correlate(snapshot, findings, sink);
}

fn timed(finding: &Finding) -> bool {
    finding.span.last.is_some()
}

/// Why a container fails, by the last such line of its log.
struct Reason<'a> {
    log: &'a Finding,
    signal: &'static str,
    line: &'a Citation,
}

fn reason_of<'a>(snapshot: &Snapshot, findings: &'a Findings, subject: &Subject) -> Option<Reason<'a>> {
    let container = subject.container.as_deref()?;
    let mut best: Option<(usize, usize, Reason<'a>)> = None;
    for found in findings.on(subject).filter(|f| f.subject.container == subject.container) {
        let Some((rank, signal)) = reason_for(found.signal) else { continue };
        for line in found.evidence.iter().filter(|l| !ends::is_about_a_client(&l.text)) {
            let Some(place) = place_of(snapshot, subject, container, line) else { continue };
            let better = best.as_ref().is_none_or(|(p, r, _)| place < *p || place == *p && rank < *r);
            if better {
                best = Some((place, rank, Reason { log: found, signal, line }));
            }
        }
    }
    best.map(|(_, _, reason)| reason).filter(|r| !r.signal.is_empty())
}

/// How many lines follow a cited one in its log; `None` when they are too many. Lines of the previous run stand behind
/// all of the current one where both are there.
fn place_of(snapshot: &Snapshot, pod: &Subject, container: &str, line: &Citation) -> Option<usize> {
    let (path, number) = line.reference.rsplit_once(':')?;
    let number: usize = number.parse().ok()?;
    let logs = [false, true].iter().filter_map(|previous| snapshot.container_log(pod, container, *previous));
    let mut before = 0;
    for log in logs {
        let total = log.line_count();
        if *log.path == *path {
            let after = total.saturating_sub(number);
            return (after <= NEAR_THE_END).then_some(before + after);
        }
        before += total;
    }
    None
}

/// A finding with the same records on the same container.
fn like(signal: &'static str, log: &Finding) -> Finding {
    let mut finding = Finding::new(signal, log.subject.clone()).span(log.span);
    finding.span.ongoing = true;
    finding.evidence.clone_from(&log.evidence);
    finding.params.clone_from(&log.params);
    finding.count = log.count;
    finding
}

fn tell(
    snapshot: &Snapshot,
    directory: &Directory<'_>,
    subject: &Subject,
    reason: &Reason<'_>,
    sink: &mut Sink,
) {
    let Some(pod) = snapshot.pod(subject) else { return };
    let Some(spec) = subject.container.as_deref().and_then(|c| pod.spec.container(c)) else { return };
    let mut finding = like(reason.signal, reason.log).param("container", &spec.name);
    finding.evidence = vec![reason.line.clone()];
    let text = reason.line.text.as_str();
    match reason.signal {
        "app.dependency-unreachable" => unreachable(snapshot, directory, pod, spec, finding, text, sink),
        "app.dependency-auth-failed" => sink.add(call(directory, pod, spec, finding, text).0),
        "app.dependency-overloaded" | "app.dependency-read-only" => {
            let (finding, callee) = call(directory, pod, spec, finding, text);
            sink.add(on_dependency(snapshot, finding, callee));
        }
        "app.port-conflict" => sink.add_if(port_conflict(pod, spec, finding, text)),
        "app.read-only-filesystem" if spec.security_context.read_only_root_filesystem == Some(true) => {
            sink.add(with_path(finding, text));
        }
        "app.permission-denied" => sink.add(permission(pod, spec, with_path(finding, text), text)),
        "app.fork-failed" if !node_lacks_pids(snapshot, pod) => sink.add(finding),
        "app.forbidden" => sink.add(finding),
        "app.tls-failed" => {
            let why = ends::tls_trouble(text);
            sink.add(call(directory, pod, spec, finding.param("why", why), text).0);
        }
        signal if ends::REASONS.iter().any(|(_, s)| *s == signal) => {
            sink.add_if(ends::tell(finding, pod, spec, text));
        }
        _ => {}
    }
}

impl Sink {
    fn add_if(&mut self, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.add(finding);
        }
    }
}

/// Adds whom the line calls; where it does not say, the one Service that the environment names.
fn call(
    directory: &Directory<'_>,
    pod: &Pod,
    spec: &Container,
    mut finding: Finding,
    text: &str,
) -> (Finding, Option<Subject>) {
    let ns = &pod.metadata.namespace;
    let endpoint = endpoint_in(text);
    let mut callee = None;
    if let Some(Endpoint { host, port }) = &endpoint {
        finding = finding.param("host", host).param("port", port.map(|p| p.to_string()).unwrap_or_default());
        if let Callee::Service(service) = directory.callee(ns, host) {
            callee = Some(service);
        }
    } else if let [only] = directory.in_environment(pod, spec).as_slice() {
        finding = finding.param("host", &only.name);
        callee = Some(only.clone());
    }
    if let Some(service) = &callee {
        finding = finding.param("service", service).naming(service.clone());
    }
    (finding, callee)
}

/// The finding on the workload behind a Service instead of on its client.
fn on_dependency(snapshot: &Snapshot, mut finding: Finding, service: Option<Subject>) -> Finding {
    let Some(service) = service else { return finding };
    let workloads = snapshot.reach(kubecause_evidence::Relation::ServiceWorkloads, &service);
    let client = std::mem::replace(&mut finding.subject, workloads.into_iter().next().unwrap_or(service));
    finding.param("client", client.object()).naming(client.object())
}

fn unreachable(
    snapshot: &Snapshot,
    directory: &Directory<'_>,
    pod: &Pod,
    spec: &Container,
    finding: Finding,
    text: &str,
    sink: &mut Sink,
) {
    let how = finding_kind(text).unwrap_or("refused");
    let (mut finding, callee) = call(directory, pod, spec, finding.param("how", how), text);
    if let Some(service) = &callee {
        for backend in not_ready_backends(snapshot, service) {
            finding = finding.naming(backend);
        }
    }
    if let Some(endpoint) = endpoint_in(text) {
        broken_reference(directory, pod, spec, &endpoint, callee.as_ref(), &finding, sink);
        if how == "not resolved" && callee.is_some() {
            dns_settings(snapshot, pod, &endpoint, &finding, sink);
        }
    }
    sink.add(finding);
}

/// Whom a waiting init container's command calls, where its log does not say it: a Service without a pod that serves, or none at all.
fn awaited(snapshot: &Snapshot, directory: &Directory<'_>, waits: &Finding, sink: &mut Sink) {
    let Some(pod) = snapshot.pod(&waits.subject) else { return };
    let Some(spec) = waits.subject.container.as_deref().and_then(|c| pod.spec.container(c)) else { return };
    for (endpoint, command) in super::waiting::called_by(spec) {
        let mut finding = Finding::new("app.dependency-unreachable", waits.subject.clone())
            .span(waits.span)
            .cite(
                kubecause_model::Source::Field,
                None,
                super::lifecycle::pod_reference(pod),
                format!("command: {command}"),
            )
            .param("container", &spec.name)
            .param("host", &endpoint.host)
            .param("port", endpoint.port.map(|p| p.to_string()).unwrap_or_default())
            .param("how", "waited for");
        match directory.callee(&pod.metadata.namespace, &endpoint.host) {
            Callee::Nobody(..) => broken_reference(directory, pod, spec, &endpoint, None, &finding, sink),
            Callee::Service(service) => {
                let backends = not_ready_backends(snapshot, &service);
                let known_port = directory.service(&service).is_none_or(|s| {
                    endpoint.port.is_none_or(|port| s.spec.ports.iter().any(|p| p.port == i32::from(port)))
                });
                if !known_port {
                    broken_reference(directory, pod, spec, &endpoint, Some(&service), &finding, sink);
                }
                if backends.is_empty()
                    && known_port
                    && !snapshot.reach(kubecause_evidence::Relation::ServicePods, &service).is_empty()
                {
                    continue;
                }
                finding = finding.param("service", &service).naming(service.clone());
                for backend in backends {
                    finding = finding.naming(backend);
                }
            }
            Callee::Elsewhere => continue,
        }
        sink.add(finding);
    }
}

fn finding_kind(text: &str) -> Option<&'static str> {
    let text = english(text).map_or_else(|| text.to_lowercase(), str::to_owned);
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if says(&[
        "no such host",
        "enotfound",
        "eai_again",
        "unknownhost",
        "not known",
        "name resolution",
        "translate host",
        "getaddrinfo",
        "resolve",
        "host not found",
        "bad address",
        "nxdomain",
        ":53: ",
    ]) {
        return Some("not resolved");
    }
    if says(&["refused", "(111)"]) {
        return Some("refused");
    }
    says(&["timed out", "timeout", "no route", "unreach"]).then_some("timed out")
}

/// The pods behind a Service that do not serve, a few of them.
fn not_ready_backends(snapshot: &Snapshot, service: &Subject) -> Vec<Subject> {
    let pods = snapshot.reach(kubecause_evidence::Relation::ServicePods, service);
    pods.into_iter().filter(|p| snapshot.pod(p).is_some_and(|p| !p.is_ready())).take(5).collect()
}

/// A name of this cluster without a Service, or a port that the Service does not have.
fn broken_reference(
    directory: &Directory<'_>,
    pod: &Pod,
    spec: &Container,
    endpoint: &Endpoint,
    callee: Option<&Subject>,
    seen: &Finding,
    sink: &mut Sink,
) {
    let by_name = endpoint.host.parse::<std::net::IpAddr>().is_err();
    let variable = super::dependency::variable_with(spec, &endpoint.host).unwrap_or_default();
    let base = || {
        let mut f =
            like("app.env-reference-broken", seen).param("variable", variable).param("value", &endpoint.host);
        if let Some(env) = spec.env.iter().find(|e| *e.name == *variable) {
            let reference = super::lifecycle::pod_reference(pod);
            f = f.cite(
                kubecause_model::Source::Field,
                None,
                reference,
                format!("env {}={}", env.name, env.value),
            );
        }
        f
    };
    match (
        directory.callee(&pod.metadata.namespace, &endpoint.host),
        callee.and_then(|s| directory.service(s)),
    ) {
        (Callee::Nobody(ns, name), _) => {
            let near = directory.nearest(&ns, &name).unwrap_or_default();
            sink.add(base().param("what", "no such Service").param("near", near));
        }
        (Callee::Service(_), Some(service)) if by_name && !service.spec.ports.is_empty() => {
            let Some(port) = endpoint.port else { return };
            let headless = service.spec.cluster_ip == "None";
            if headless
                || service.spec.kind == "ExternalName"
                || service.spec.ports.iter().any(|p| p.port == i32::from(port))
            {
                return;
            }
            let has: Vec<String> = service.spec.ports.iter().map(|p| p.port.to_string()).collect();
            sink.add(
                base().param("what", format!("the Service has no port {port}")).param("near", has.join(", ")),
            );
        }
        _ => {}
    }
}

/// DNS settings that do not ask the cluster's DNS: `Default`, `ClusterFirst` on the host network, `None` with other servers.
fn dns_settings(snapshot: &Snapshot, pod: &Pod, endpoint: &Endpoint, seen: &Finding, sink: &mut Sink) {
    let policy = if pod.spec.dns_policy.is_empty() { "ClusterFirst" } else { pod.spec.dns_policy.as_str() };
    let cluster_dns = ["kube-dns", "coredns", "rke2-coredns-rke2-coredns"]
        .iter()
        .find_map(|name| snapshot.services.get("kube-system", name))
        .map(|s| s.spec.cluster_ip.clone());
    let servers = &pod.spec.dns_config.nameservers;
    let other = cluster_dns.is_some_and(|dns| !servers.contains(&dns));
    let why = match (policy, pod.spec.host_network) {
        ("Default", _) => "dnsPolicy Default asks the node's DNS",
        ("ClusterFirst", true) => "on the host network dnsPolicy ClusterFirst means Default",
        ("None", _) if other => "dnsConfig.nameservers holds other servers than the cluster's",
        _ => return,
    };
    let field = format!("dnsPolicy={policy} hostNetwork={} nameservers={servers:?}", pod.spec.host_network);
    sink.add(
        like("app.dns-misconfigured", seen)
            .param("host", &endpoint.host)
            .param("policy", policy)
            .param("why", why)
            .cite(kubecause_model::Source::Field, None, super::lifecycle::pod_reference(pod), field),
    );
}

/// Whether the node as a whole is short of process ids, so that one pod proves nothing.
fn node_lacks_pids(snapshot: &Snapshot, pod: &Pod) -> bool {
    let node = snapshot.nodes.get("", &pod.spec.node_name);
    node.is_some_and(|n| n.status.conditions.iter().any(|c| c.kind == "PIDPressure" && c.is_true()))
}
