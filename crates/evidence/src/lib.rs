//! The evidence: everything that was seen of a cluster at one moment, in types that hold only what some
//! signal reads, with indexes and relations; and the [`Gap`]s, what could not be seen.
//!
//! Knows nothing about where the evidence came from: no files, no network, no clock, no async runtime.

pub mod de;
mod ingest;
mod json;
pub mod kube;
pub mod log;
mod names;
pub mod node;
pub mod quantity;
mod relation;
mod remark;
pub mod shared;
mod snapshot;
mod sym;

pub use de::{Labels, List, Sym, Uid};
pub use ingest::{First, Ingest, Told};
pub use kubecause_model::{Gap, Kind, Str, Subject, Why};
pub use names::{plural_to_kind, word_to_kind};
pub use quantity::Quantity;
pub use relation::Relation;
pub use remark::{Failure, Remark, Remarks, Watcher};
pub use shared::Shared;
pub use snapshot::{Access, ContainerLogKey, Disagreement, Inputs, Snapshot, SnapshotBuilder, TakenFrom};
