//! Writes what was seen of a live cluster to an archive that `kubecause diagnose --from` reads: a plain capture. What is secret
//! is masked before it touches the disk, and Secrets are not asked for at all.
//!
//! Knows nothing about causes: like the looks it is given a function that diagnoses, and writes what these see.

#![allow(clippy::disallowed_methods, reason = "this crate is the one that writes captures")]

mod archive;
mod plan;
mod redact;
mod run;
mod sink;
mod spool;

pub use plan::plan;
pub use redact::{MASK, Redactor};
pub use run::{Taken, Want, Written, default_name, take};

/// Kinds of which nothing is asked for.
pub const NEVER: [&str; 1] = ["Secret"];
