//! How long a healthy cluster may show what would be a fault if it stayed: one place for those spans that hold an answer
//! back, so that what waits for an answer can know by when it is due.

/// A span that is waited before something counts as a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Its name.
    pub id: &'static str,
    /// How long, in seconds.
    pub seconds: i64,
    /// What shows the same for so long in a healthy cluster.
    pub why: &'static str,
}

const fn patience(id: &'static str, seconds: i64, why: &'static str) -> Patience {
    Patience { id, seconds, why }
}

/// From a container's start. A probe that is told to be more patient than this is given what it is told.
pub const CONTAINER_START: Patience =
    patience("container-start", 60, "a container is given a minute to become ready");
/// From a Service's creation.
pub const SERVICE_PODS: Patience =
    patience("service-pods", 60, "a Service is given a minute for the pods that are applied after it");
/// From an Ingress's creation.
pub const INGRESS_SERVICE: Patience = patience(
    "ingress-service",
    30,
    "an Ingress is given half a minute for the Service that is applied after it",
);
/// From the first refusal of a pod.
pub const SERVICE_ACCOUNT: Patience =
    patience("service-account", 30, "a service account is given half a minute to follow its namespace");
/// From a Service's creation: clouds take a minute or two.
pub const LOAD_BALANCER: Patience = patience("load-balancer", 120, "a load balancer is given two minutes");
/// From an autoscaler's creation; nor has any metrics while the metrics server restarts.
pub const AUTOSCALER: Patience =
    patience("autoscaler", 120, "an autoscaler is given two minutes for its first metrics");
/// From a pod's creation, while a node is set up or a pod leaves that may make room.
pub const SCHEDULING: Patience =
    patience("scheduling", 30, "a pod is given half a minute while a node is being set up or room is made");
/// From a pod's creation: another scheduler may first have to be started.
pub const SCHEDULER_NAME: Patience = patience(
    "scheduler-name",
    60,
    "nothing shows but silence: a scheduler of another name is given a minute",
);
/// From a pod's creation.
pub const SCHEDULING_GATE: Patience = patience(
    "scheduling-gate",
    300,
    "a gate is there to hold a pod: nobody calls it forgotten within five minutes",
);
/// From the time at which an aggregated API was first called unavailable.
pub const AGGREGATED_API: Patience =
    patience("aggregated-api", 60, "an aggregated API is given a minute: its server may be restarting");
/// From the time at which an object was to be gone; a pod's holds its grace period.
pub const DELETION: Patience =
    patience("deletion", 30, "a deletion is given half a minute beyond its grace period");
/// From a namespace's deletion: its content is deleted kind by kind.
pub const NAMESPACE_DELETION: Patience = patience(
    "namespace-deletion",
    60,
    "a namespace that has been going for less than a minute is on its way",
);

/// All of them.
pub const PATIENCES: [Patience; 12] = [
    CONTAINER_START,
    SERVICE_PODS,
    INGRESS_SERVICE,
    SERVICE_ACCOUNT,
    LOAD_BALANCER,
    AUTOSCALER,
    SCHEDULING,
    SCHEDULER_NAME,
    SCHEDULING_GATE,
    AGGREGATED_API,
    DELETION,
    NAMESPACE_DELETION,
];
