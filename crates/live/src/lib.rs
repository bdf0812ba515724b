//! Reads a live cluster into a Snapshot, and looks closer where a question is open. Reads only: every request is a GET.
//!
//! [`Session::open`] connects as `kubectl` would, [`Session::collect`] lists each kind once, [`Session::look`] asks nodes
//! and containers that are in question, [`Session::follow`] keeps what was listed up to date by watches. Everything that cannot be seen becomes a gap; only an API server that cannot
//! be asked at all is an error. The facade is blocking, the async runtime stays in here.
//!
//! Knows nothing about causes (it is given a function that diagnoses) and nothing about how an answer is printed.

#![allow(
    clippy::disallowed_methods,
    reason = "this crate is the one that talks to a cluster; time is its business"
)]

mod api;
mod closer;
mod connect;
mod discover;
mod follow;
mod list;
mod looks;
mod miss;
mod page;
mod progress;
pub mod rbac;
mod resource;
mod session;
mod sink;

pub use closer::Looked;
pub use connect::{OpenError, Options, Target};
pub use follow::{Feed, FeedState, Follower, Moment, Pace};
pub use looks::{Look, at_node, wanted};
pub use miss::{Miss, Trouble};
pub use page::Page;
pub use resource::{Form, RESOURCES, Resource};
pub use session::Session;
pub use sink::{Both, Evidence, Nowhere, Place, Sink};
