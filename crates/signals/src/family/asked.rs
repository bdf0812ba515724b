//! The words that families look for over whole logs. Of a log that is too long to be kept, the lines with these words are: who looks
//! for others looks only at its beginning and end.

/// The runtime serves. Source: containerd cmd/containerd/server, moby cmd/dockerd.
pub(crate) const RUNTIME_SERVES: &[&str] = &["containerd successfully booted", "API listen on"];
/// Something was refused.
pub(crate) const REFUSED: &[&str] = &["connection refused"];
/// The kernel killed inside of a container's limit. Source: Linux `mm/oom_kill.c`, older `mm/memcontrol.c`.
pub(crate) const KILLED_IN_LIMIT: &[&str] =
    &["constraint=CONSTRAINT_MEMCG", "killed as a result of limit of"];
/// The kernel killed for memory.
pub(crate) const KILLED: &[&str] = &["oom-kill:", "ut of memory: Kill"];
/// The kernel rejected a fork. Source: Linux `kernel/cgroup/pids.c`.
pub(crate) const FORK_REJECTED: &[&str] = &["fork rejected by pids controller in "];
/// The eviction manager wants something back.
pub(crate) const RECLAIMS: &[&str] = &["attempting to reclaim"];
/// The eviction manager has nobody left.
pub(crate) const NOBODY_TO_EVICT: &[&str] =
    &["eviction thresholds have been met, but no pods are active to evict"];
/// Kubelet's thresholds, as it prints them.
pub(crate) const THRESHOLDS: &[&str] = &["HardEvictionThresholds"];
/// Kubelet's flag for them.
pub(crate) const EVICTION_FLAG: &[&str] = &["--eviction-hard"];
/// Kubelet's flag for its directory.
pub(crate) const ROOT_DIR_FLAG: &[&str] = &["--root-dir="];
/// Image collection began.
pub(crate) const IMAGES_OVER: &[&str] = &["over the high threshold"];
/// Kubelet's list of containers is late.
pub(crate) const RELIST_LATE: &[&str] = &["pleg was last seen active"];
/// A name was not resolved, in the words of many clients.
pub(crate) const UNRESOLVED: &[&str] = &[
    "no such host",
    "NXDOMAIN",
    "Name or service not known",
    "could not resolve",
    "ENOTFOUND",
    "Temporary failure in name resolution",
    "UnknownHostException",
    "bad address",
    "nodename nor servname",
];

/// All of them.
pub(crate) const ALL: &[&[&str]] = &[
    RUNTIME_SERVES,
    REFUSED,
    KILLED_IN_LIMIT,
    KILLED,
    FORK_REJECTED,
    RECLAIMS,
    NOBODY_TO_EVICT,
    THRESHOLDS,
    EVICTION_FLAG,
    ROOT_DIR_FLAG,
    IMAGES_OVER,
    RELIST_LATE,
    UNRESOLVED,
];
