//! Whether the cluster's names resolve: the servers behind the DNS Service, and the clients that get no answer.

use super::calls::{Call, Failure, naming_client};
use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::{Pod, Service};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};

/// DNS pods exist and none is Ready.
pub(super) const SERVERS_NOT_READY: Signal = Signal::fact(
    "dns.servers-not-ready",
    "The DNS Service of the cluster selects pods and none of them was Ready for the last minute.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// No DNS pod at all.
pub(super) const SERVERS_ABSENT: Signal = Signal::fact(
    "dns.servers-absent",
    "The DNS Service of the cluster selects no pod.",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// Clients get no answer.
pub(super) const LOOKUPS_FAIL: Signal = Signal::fact(
    "dns.lookups-fail",
    "Pods of two workloads fail to resolve names because the DNS server does not answer, or names of Services that \
     exist.",
    &[Needs::ContainerLog],
);

/// A DNS pod that starts takes less.
const SETTLED_SECONDS: i64 = 60;

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let seen = |kind| view.snapshot.has_in(kind, "kube-system");
    if !seen(&Kind::Pod) || !seen(&Kind::Service) {
        return;
    }
    for service in servers(view) {
        let pods = view.live_pods(service);
        let found = health(view, service, &pods);
        found.map(|f| naming_the_cut_off(view, f)).into_iter().for_each(|f| sink.add(f));
    }
    lookups(view).into_iter().for_each(|f| sink.add(f));
}

/// The Services of kube-system that answer on port 53 and select pods.
pub(super) fn servers<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Service> + use<'a> {
    view.selecting()
        .filter(|s| s.metadata.namespace == "kube-system" && s.spec.ports.iter().any(|p| p.port == 53))
}

/// What findings about DNS are on: the DNS Service that serves, else the first, else the cluster.
pub(super) fn subject(view: &View<'_>) -> Subject {
    let all: Vec<&Service> = servers(view).collect();
    let best = all.iter().find(|s| s.metadata.name == "kube-dns").or(all.first());
    best.map_or_else(Subject::cluster, |s| s.metadata.subject(Kind::Service))
}

/// Adds the clients whose names do not resolve: where no server runs, that is why, for one of them as for many.
fn naming_the_cut_off(view: &View<'_>, finding: Finding) -> Finding {
    let calls = view.calls.iter().filter(|c| c.failure == Failure::NotResolved).chain(&view.lookups);
    let cut_off = calls.filter(|c| asks_cluster(view.snapshot, &c.client));
    cut_off.fold(finding, |f, call| naming_client(view.snapshot, f, call))
}

fn health(view: &View<'_>, service: &Service, pods: &[&Pod]) -> Option<Finding> {
    let meta = &service.metadata;
    if !view.older_than(meta.creation_timestamp, SETTLED_SECONDS) || pods.iter().any(|p| p.is_ready()) {
        return None;
    }
    if pods.is_empty() {
        if view.has_addresses(service) {
            return None;
        }
        let behind = view.workloads_behind(service);
        let said = match behind.first() {
            Some(w) => format!("{} wants {} replicas, no pod exists", w.subject().slash(), w.wanted()),
            None => format!("selector {} matches no pod and no workload", service.spec.selector),
        };
        let finding = Finding::new(SERVERS_ABSENT.id, meta.subject(Kind::Service));
        return Some(
            finding.cite(Source::Field, None, place("services", meta), &said).param("what", "no DNS pod"),
        );
    }
    let lasting = |pod: &&Pod| {
        let since =
            pod.condition("Ready").and_then(|c| c.last_transition_time).or(pod.metadata.creation_timestamp);
        view.older_than(since, SETTLED_SECONDS)
    };
    if !pods.iter().all(lasting) {
        return None;
    }
    let first = pods.first()?;
    let why = first.condition("Ready").map(|c| format!("Ready={} {} {}", c.status, c.reason, c.message));
    Some(
        Finding::new(SERVERS_NOT_READY.id, meta.subject(Kind::Service))
            .cite(
                Source::Condition,
                None,
                place("pods", &first.metadata),
                why.unwrap_or_else(|| "no Ready condition".into()),
            )
            .param("what", format!("none of {} DNS pods is Ready", pods.len()))
            .since(pods.iter().filter_map(|p| p.condition("Ready")?.last_transition_time).max()),
    )
}

/// Whether the pod asks the cluster's DNS server.
fn asks_cluster(snapshot: &Snapshot, client: &Subject) -> bool {
    snapshot.pod(&client.object()).is_some_and(|p| match p.spec.dns_policy.as_str() {
        "" | "ClusterFirst" => !p.spec.host_network,
        policy => policy == "ClusterFirstWithHostNet",
    })
}

/// Whether the line says that a server answered: no such name. That is no silence.
fn was_answered(call: &Call) -> bool {
    call.text.contains(":53: no such host")
}

fn lookups(view: &View<'_>) -> Option<Finding> {
    let snapshot = view.snapshot;
    let known = view.calls.iter().filter(|c| c.failure == Failure::NotResolved && !was_answered(c));
    let all: Vec<&Call> = known.chain(&view.lookups).filter(|c| asks_cluster(snapshot, &c.client)).collect();
    let mut workloads: Vec<Subject> = all.iter().map(|c| snapshot.top_owner(&c.client.object())).collect();
    workloads.sort();
    workloads.dedup();
    // One client that cannot resolve is its own fault as often as that of DNS.
    if workloads.len() < 2 {
        return None;
    }
    let last = all.iter().filter_map(|c| c.at).max();
    let mut finding = Finding::new(LOOKUPS_FAIL.id, subject(view))
        .param("clients", workloads.len())
        .param("what", format!("{} workloads resolve nothing", workloads.len()))
        .span(Span { first: all.iter().filter_map(|c| c.at).min(), last, ongoing: true });
    for call in all.iter().take(4) {
        finding = finding.cite(Source::Log, call.at, call.reference.clone(), &call.text);
    }
    Some(all.iter().fold(finding, |f, call| naming_client(snapshot, f, call)))
}
