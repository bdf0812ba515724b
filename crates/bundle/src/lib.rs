//! Reads what people have of a cluster (a plain capture, an archive of one, output of `kubectl get -o json|yaml`, a pasted
//! terminal) into a [`Snapshot`]. What is missing, refused or broken inside of an input becomes a gap; only an input that cannot be
//! read at all is an error. Every input is treated as hostile: bounded, no links followed, no path left, no panic.
//!
//! Knows nothing about live clusters, and nothing about causes.

#![allow(clippy::disallowed_methods, reason = "this crate is the one that reads files")]

mod about;
mod archive;
mod dir;
mod dump;
mod error;
mod files;
mod foreign;
mod input;
mod intake;
mod internal;
mod inventory;
mod layout;
mod limits;
mod loose;
mod machines;
mod manifest;
mod nested;
mod objects;
mod parts;
mod place;
mod plain;
mod read;
mod session;
mod source;
mod split;
mod text;
mod tree;

pub use error::ReadError;
pub use input::Input;
pub use inventory::{Inventory, Log, Missing, Node, Objects};
pub use kubecause_evidence::Snapshot;
pub use limits::Limits;
pub use read::{Bundle, read, read_watched, read_within};
