//! Services and what leads to them: selectors, ports, balancers, Ingresses, policies, names. Each file holds the signals
//! of one question; [`view::View`] is the index that they share.
//!
//! Knows nothing about why a pod is not ready: that is the matter of the families of pods.

mod balancers;
mod calls;
mod dns;
mod dns_logs;
mod ingress;
mod ingress_config;
mod ingress_logs;
mod ingress_tls;
mod near;
mod policies;
mod policy_rules;
mod ports;
mod selectors;
mod services;
#[cfg(test)]
mod tests;
mod unfilled;
mod view;

use crate::finding::Sink;
use crate::signal::Family;
use kubecause_evidence::Snapshot;

/// The family.
pub const FAMILY: Family = Family {
    signals: &[
        calls::CALL_FAILED,
        selectors::NEAR_MISS,
        selectors::MATCHES_NOTHING,
        services::BACKENDS_NOT_READY,
        services::BACKENDS_NOT_CREATED,
        services::SCALED_TO_ZERO,
        services::LOCAL_POLICY_REFUSES,
        services::HEADLESS,
        ports::NAME_MISSING,
        ports::UNDECLARED,
        ports::REFUSED,
        ports::NAMED_OTHER_PROTOCOL,
        ports::OTHER_PROTOCOL,
        balancers::PENDING,
        balancers::NO_CONTROLLER,
        balancers::PORT_SHARED,
        ingress::BACKEND_MISSING,
        ingress::CLASS_MISSING,
        ingress_config::IGNORED,
        ingress_logs::ERRORS,
        ingress_logs::GONE_UPSTREAM,
        ingress_logs::MISROUTED,
        ingress_tls::SECRET_MISSING,
        ingress_tls::PROTOCOL,
        unfilled::EXTERNAL_NAME,
        unfilled::NOT_FILLED,
        dns::SERVERS_NOT_READY,
        dns::SERVERS_ABSENT,
        dns::LOOKUPS_FAIL,
        dns_logs::LOOP,
        dns_logs::UPSTREAM_TIMEOUT,
        dns_logs::API_UNREACHABLE,
        dns_logs::ANSWERS_SLOW,
        policies::BLOCKS,
    ],
    observe,
};

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let view = view::View::new(snapshot);
    calls::observe(&view, sink);
    selectors::observe(&view, sink);
    services::observe(&view, sink);
    ports::observe(&view, sink);
    balancers::observe(&view, sink);
    ingress::observe(&view, sink);
    ingress_config::observe(&view, sink);
    ingress_logs::observe(&view, sink);
    ingress_tls::observe(&view, sink);
    unfilled::observe(&view, sink);
    dns::observe(&view, sink);
    dns_logs::observe(&view, sink);
    policies::observe(&view, sink);
}
