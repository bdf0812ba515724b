//! Lean Kubernetes types: only the fields that some signal reads. Field names are those of the API, and their
//! meaning is the API reference's (<https://kubernetes.io/docs/reference/kubernetes-api/>). Unknown fields are
//! skipped without being allocated, missing ones have their default.
#![allow(missing_docs, reason = "fields carry the names and the meaning of the Kubernetes API reference")]

mod config;
mod container;
mod control;
mod edits;
mod event;
mod meta;
mod net;
mod node;
mod pod;
mod storage;
mod workload;

pub use config::*;
pub use container::*;
pub use control::*;
pub use edits::{Edit, Edits};
pub use event::*;
pub use meta::*;
pub use net::*;
pub use node::*;
pub use pod::*;
pub use storage::*;
pub use workload::*;
