//! The cloud controller manager: without it no balancer gets an address, no new node is initialised, no route is made.

use super::trail::{api_takes_writes, pods_failing, pods_of};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// It is not there or fails, and its work is not done.
pub(super) const STOPPED: Signal = Signal::fact(
    "cloud-controller.stopped",
    "The pods of the cloud controller manager fail or its lease is stale, and what it should do waits: LoadBalancer \
     Services without address, nodes with the taint uninitialized.",
    &[Needs::Kind(Kind::Lease), Needs::Kind(Kind::Pod), Needs::Kind(Kind::Service)],
);

/// Its pods run, and nobody leads.
pub(super) const STUCK: Signal = Signal::fact(
    "cloud-controller.leader-stuck",
    "The cloud controller manager's pods are Ready while its lease is not renewed: the leader is stuck.",
    &[Needs::Kind(Kind::Lease), Needs::Kind(Kind::Pod)],
);

const COMPONENT: &str = "cloud-controller-manager";
/// The taint of `k8s.io/cloud-provider/api/well_known_taints.go`.
const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";
const LEASE_SECONDS: i64 = 60;
const PATIENCE_SECONDS: i64 = 120;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let waits = waiting(snapshot);
    let stale = stale_lease(snapshot);
    let failing = pods_failing(snapshot, COMPONENT, LEASE_SECONDS);
    if waits.is_empty() || (stale.is_none() && failing.is_none()) {
        return;
    }
    let mut finding = Finding::new(STOPPED.id, Subject::component(COMPONENT));
    if let Some((lease, text, renewed, holder)) = &stale {
        finding = finding
            .cite(Source::Field, *renewed, lease.clone(), text)
            .param("holder", holder)
            .since(*renewed);
        if failing.is_none() && pods_of(snapshot, COMPONENT).any(kubecause_evidence::kube::Pod::is_ready) {
            let stuck = Finding::new(STUCK.id, Subject::component(COMPONENT)).param("holder", holder);
            sink.add(stuck.cite(Source::Field, *renewed, lease.clone(), text));
        }
    }
    if let Some((pod, text)) = failing {
        finding = finding.cite(Source::Condition, None, format!("pods/{pod}"), text).naming(pod);
    }
    for (subject, text) in waits.iter().take(3) {
        finding = finding.cite(Source::Field, None, subject.slash(), text);
    }
    finding = waits.iter().fold(finding, |f, (subject, _)| f.naming(subject.clone()));
    sink.add(finding.param("waiting", waits.len()));
}

/// What the cloud controller should have done: balancers without address, nodes that it never initialised.
fn waiting(snapshot: &Snapshot) -> Vec<(Subject, &'static str)> {
    let old = |at| snapshot.age(at).is_some_and(|age| age > PATIENCE_SECONDS);
    let services = snapshot.services.all().iter().filter(|s| {
        s.spec.kind == "LoadBalancer"
            && s.spec.load_balancer_class.is_empty()
            && s.status.load_balancer.ingress.is_empty()
            && old(s.metadata.creation_timestamp)
    });
    let nodes = snapshot.nodes.all().iter().filter(|n| {
        n.spec.taints.iter().any(|t| t.key == UNINITIALIZED) && old(n.metadata.creation_timestamp)
    });
    let services = services.map(|s| (s.metadata.subject(Kind::Service), "type LoadBalancer, no address"));
    services.chain(nodes.map(|n| (n.metadata.subject(Kind::Node), "taint uninitialized"))).collect()
}

type Stale = (String, String, Option<jiff::Timestamp>, String);

fn stale_lease(snapshot: &Snapshot) -> Option<Stale> {
    let lease = snapshot.leases.in_namespace("kube-system").iter().find(|l| {
        *l.metadata.name == *COMPONENT
            || l.metadata.name == "ccm"
            || l.metadata.name.ends_with("-cloud-controller-manager")
    })?;
    let age = snapshot
        .age(lease.spec.renew_time)
        .filter(|age| *age > LEASE_SECONDS && api_takes_writes(snapshot))?;
    let holder = lease.spec.holder_identity.split('_').next().unwrap_or_default().to_owned();
    let text = format!("not renewed for {age} s by {}", lease.spec.holder_identity);
    Some((format!("leases/kube-system/{}", lease.metadata.name), text, lease.spec.renew_time, holder))
}
