//! A real Kubernetes cluster on one machine, to put faults into.
//!
//! etcd, a control plane and two nodes (containerd and kubelet, each with a small disk of its own) run as processes of
//! this machine; `cluster/` builds the Kubernetes programs, [`image`] the only images that there are. Faults are folders
//! under `faults/` where a manifest makes them, and functions in [`havoc`] where something must be broken by hand.
//!
//! What it does not know: causes. It breaks things, waits until the API shows it, and hands over what can be seen.
#![allow(clippy::disallowed_methods, reason = "a harness starts processes, reads files and the clock")]

pub mod api;
pub mod assets;
pub mod audit;
pub mod capture;
pub mod cluster;
pub mod control_plane;
pub mod crowd;
pub mod fault;
pub mod havoc;
pub mod image;
pub mod lab;
pub mod leftover;
pub mod node;
pub mod process;
pub mod proxy;
pub mod table;
pub mod trial;
pub mod wait;

pub use cluster::Cluster;
pub use fault::Fault;
pub use lab::Lab;
