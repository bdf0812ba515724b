//! The control plane: API server, etcd, controller manager, cloud controller, aggregated APIs, certificates.
//!
//! What a component that is down said last is last known, not true: these signals rest on what stands still, on who is
//! refused, and on what the probes of the components answer. The scheduler has a family of its own.

mod aggregation;
mod api;
mod certificates;
mod cloud;
mod controllers;
mod standing;
#[cfg(test)]
mod tests;
mod trail;

use crate::finding::Sink;
use crate::signal::Family;
use kubecause_evidence::Snapshot;

/// The family.
pub const FAMILY: Family = Family {
    signals: &[
        api::READYZ_FAILED,
        api::CAPTURE_REFUSED,
        api::READER_REFUSED,
        api::CLIENTS_REFUSED,
        api::ETCD_READYZ_FAILED,
        api::ETCD_NO_SPACE,
        api::ETCD_NO_LEADER,
        api::ETCD_UNREACHABLE,
        api::ETCD_DISK_SLOW,
        controllers::STOPPED,
        controllers::SIGN,
        cloud::STOPPED,
        cloud::STUCK,
        aggregation::UNAVAILABLE,
        certificates::EXPIRED,
    ],
    observe,
};

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    api::observe(snapshot, sink);
    controllers::observe(snapshot, sink);
    cloud::observe(snapshot, sink);
    aggregation::observe(snapshot, sink);
    certificates::observe(snapshot, sink);
}
