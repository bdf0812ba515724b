//! The signals that the last words of failing containers give.

use crate::signal::{Needs, Signal};
use kubecause_evidence::Kind;

const LOG: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::ContainerLog];

/// All of them.
pub(super) const SIGNALS: &[Signal] = &[
    Signal::fact(
        "app.dependency-unreachable",
        "The log of a failing container ends with a call that was refused, timed out, did not resolve or failed its TLS handshake.",
        LOG,
    ),
    Signal::fact(
        "app.dependency-auth-failed",
        "The log of a failing container ends with a dependency that refuses its credentials.",
        LOG,
    ),
    Signal::fact(
        "app.dependency-overloaded",
        "The log of a failing container ends with a dependency that takes no more connections.",
        LOG,
    ),
    Signal::fact(
        "app.dependency-read-only",
        "The log of a failing container ends with a dependency that takes no writes.",
        LOG,
    ),
    Signal::fact(
        "app.env-reference-broken",
        "A failing container calls a name or port of this cluster that does not exist.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Service), Needs::ContainerLog],
    ),
    Signal::fact(
        "app.dns-misconfigured",
        "A failing container cannot resolve a Service that exists, and its pod's DNS settings do not ask the cluster's DNS.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Service), Needs::ContainerLog],
    ),
    Signal::fact(
        "app.port-conflict",
        "A failing container cannot listen, and another container of its pod shares its network.",
        LOG,
    ),
    Signal::fact(
        "app.permission-denied",
        "The log of a failing container ends with a file that it may not read or write.",
        LOG,
    ),
    Signal::fact(
        "app.read-only-filesystem",
        "The log of a failing container ends with a write to its read-only root file system.",
        LOG,
    ),
    Signal::fact(
        "app.forbidden",
        "The API server refuses what a container's service account asks for: it fails, or asks again and again.",
        LOG,
    ),
    Signal::fact(
        "app.fork-failed",
        "The log of a failing container ends with a process or thread that could not be started, while its node has room for more.",
        LOG,
    ),
    Signal::fact(
        "app.idle-connection-cut",
        "In a pod with a mesh's sidecar, and only there, connections break after an hour without traffic, again and again.",
        LOG,
    ),
    Signal::fact(
        "app.heap-exhausted",
        "The log of a failing container ends with its own heap being full.",
        LOG,
    ),
    Signal::fact(
        "app.tls-failed",
        "The log of a failing container ends with a TLS handshake that failed with something that it calls.",
        LOG,
    ),
    Signal::fact(
        "app.privileged-port-denied",
        "The log of a failing container ends with a port below 1024 that it may not listen on.",
        LOG,
    ),
    Signal::fact(
        "app.jvm-refuses",
        "The log of a failing container ends with a JVM that does not start.",
        LOG,
    ),
    Signal::fact(
        "app.library-missing",
        "The log of a failing container ends with a shared library that the image lacks.",
        LOG,
    ),
    Signal::fact(
        "app.migration-unfinished",
        "The log of a failing container ends with a migration that broke off earlier, or its lock.",
        LOG,
    ),
    Signal::fact(
        "app.schema-newer",
        "The log of a failing container ends with a database that is newer than the image.",
        LOG,
    ),
    Signal::fact(
        "workload.retried-against",
        "A client repeats its failed requests against a workload that does not come up, twenty times and more.",
        LOG,
    ),
    Signal::fact(
        "workload.drops-requests-at-stop",
        "A proxy lost its backend in the middle of requests while pods of that workload were being stopped, and they have no preStop hook.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event), Needs::ContainerLog],
    ),
];
