//! Families of signals written in Rust, one file each.

mod abroad;
pub(crate) mod asked;
mod autoscaling;
mod config_refs;
mod containers;
mod control_plane;
mod deletion;
mod images;
mod kubelet;
pub mod makers;
mod network;
mod node_disk;
mod node_state;
mod probes;
mod runtime;
mod scheduling;
mod shared;
mod storage;
mod symptoms;
mod workloads;

use crate::finding::{Findings, Sink};
use crate::signal::{Family, Signal};
use kubecause_evidence::Snapshot;

/// All families.
pub const FAMILIES: &[Family] = &[
    autoscaling::FAMILY,
    config_refs::FAMILY,
    containers::FAMILY,
    control_plane::FAMILY,
    deletion::FAMILY,
    images::FAMILY,
    kubelet::FAMILY,
    network::FAMILY,
    node_disk::FAMILY,
    node_state::FAMILY,
    probes::FAMILY,
    runtime::FAMILY,
    scheduling::FAMILY,
    storage::FAMILY,
    symptoms::FAMILY,
    workloads::FAMILY,
];

/// A second pass over findings: what many of them share.
#[derive(Debug)]
pub struct Correlation {
    /// The signals that the function can find.
    pub signals: &'static [Signal],
    /// Looks for all of them.
    pub correlate: fn(&Snapshot, &Findings, &mut Sink),
}

/// All correlations, in the order in which they run.
pub const CORRELATIONS: &[Correlation] = shared::CORRELATIONS;
