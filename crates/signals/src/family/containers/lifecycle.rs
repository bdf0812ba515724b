//! How a container ended last, why, and whether that still counts: shared by all signals about running containers.
//!
//! Exit code 137 says only that somebody sent SIGKILL. It is an OOM kill when the reason or the kernel log says so; else
//! the probes are asked first.

use super::oom::MemoryKills;
use jiff::Timestamp;
use kubecause_evidence::kube::{Container, ContainerStatus, Pod, Terminated, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Snapshot, Str, Subject};
use rustc_hash::FxHashMap;

/// A failed Job or bare pod counts as present for so long, in seconds.
const FAILED_RUN_COUNTS: i64 = 24 * 3600;
/// A container that is Ready for so long has got over its crashes, however long its runs were.
const STABLE_AT_MOST: i64 = 6 * 3600;
/// The same for OOM kills: memory grows back slowly.
const STABLE_AT_MOST_OOM: i64 = 24 * 3600;

/// Why a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Killed for its memory.
    Oom,
    /// Killed by kubelet because that probe failed: `liveness` or `startup`.
    Probe(&'static str),
    /// It never ran: its command could not be started.
    NotStarted,
    /// Killed or told to stop by a signal, by nobody that the evidence shows.
    Signal,
    /// It ended by itself, with an error or with 0.
    Own,
    /// Nobody knows: the node lost it.
    Unknown,
}

/// A container that ended at least once.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Its pod.
    pub pod: &'a Pod,
    /// Its stanza.
    pub spec: &'a Container,
    /// Its status.
    pub status: &'a ContainerStatus,
    /// Its last end.
    pub end: &'a Terminated,
    /// Whether it is an init container that runs to its end; a native sidecar is not.
    pub init: bool,
    /// Why it ended.
    pub exit: Exit,
    /// Whether it fails now.
    pub present: bool,
}

impl Ended<'_> {
    /// The container.
    pub fn subject(&self) -> Subject {
        container_subject(self.pod, &self.status.name)
    }

    /// How long the last run took, in seconds.
    pub fn run_seconds(&self) -> Option<i64> {
        run_seconds(self.end)
    }

    /// `CrashLoopBackOff, last exit 1 (Error), 6 restarts`.
    pub fn describe(&self) -> String {
        let state = &self.status.state;
        let now = match (&state.waiting, &state.running) {
            (Some(waiting), _) => waiting.reason.as_str(),
            (None, Some(_)) => "Running",
            (None, None) => "Terminated",
        };
        let end = self.end;
        format!("{now}, last exit {} ({}), {} restarts", end.code(), end.reason, self.status.restart_count)
    }
}

/// The container of that name in a pod.
pub fn container_subject(pod: &Pod, name: &str) -> Subject {
    pod.metadata.subject(Kind::Pod).with_container(name)
}

/// How a citation names the pod.
pub fn pod_reference(pod: &Pod) -> String {
    format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name)
}

/// How long that run took, in seconds.
pub fn run_seconds(end: &Terminated) -> Option<i64> {
    Some((end.finished_at?.as_second() - end.started_at?.as_second()).max(0))
}

/// What is computed once for all containers.
#[derive(Debug)]
pub struct Context<'a> {
    /// The evidence.
    pub snapshot: &'a Snapshot,
    kills: MemoryKills<'a>,
    /// When the newest successful Job of a CronJob was made.
    cron_success: FxHashMap<(Str, Str), Timestamp>,
}

impl<'a> Context<'a> {
    /// Reads what is shared.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut cron_success = FxHashMap::default();
        for job in snapshot.jobs.all().iter().filter(|j| j.status.completion_time.is_some()) {
            let (Some(cron), Some(made)) = (cron_job_of(job), job.metadata.creation_timestamp) else {
                continue;
            };
            let newest = cron_success.entry(cron).or_insert(made);
            *newest = made.max(*newest);
        }
        Self { snapshot, kills: MemoryKills::read(snapshot), cron_success }
    }

    /// The kernel's record of a kill for the memory of that container.
    pub fn memory_kill(&self, pod: &Pod, status: &ContainerStatus) -> Option<&super::oom::MemoryKill<'a>> {
        let ends = [&status.state.terminated, &status.last_state.terminated];
        let ids = ends.into_iter().flatten().map(|t| t.container_id.as_str());
        ids.chain([status.container_id.as_str()]).find_map(|id| self.kills.of(&pod.spec.node_name, id))
    }

    /// All containers that ended at least once, in pods that nobody is deleting.
    pub fn ended(&self) -> impl Iterator<Item = Ended<'a>> {
        let pods = self.snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting());
        pods.flat_map(|pod| pod.statuses().map(move |(_, status)| (pod, status)))
            .filter_map(|(pod, status)| self.look_at(pod, status))
    }

    fn look_at(&self, pod: &'a Pod, status: &'a ContainerStatus) -> Option<Ended<'a>> {
        let end = last_end(status)?;
        let spec = pod.spec.container(&status.name)?;
        let init =
            pod.spec.init_containers.iter().any(|c| c.name == status.name && c.restart_policy != "Always");
        let exit = self.exit(pod, spec, status, end);
        let present = self.is_present(pod, status, end, init, exit);
        Some(Ended { pod, spec, status, end, init, exit, present })
    }

    fn exit(&self, pod: &Pod, spec: &Container, status: &ContainerStatus, end: &Terminated) -> Exit {
        // runc libcontainer/process_linux.go, of a limit that is too small even for its own first process.
        let at_start = end.message.contains("container init was OOM-killed");
        if end.reason == "OOMKilled" || at_start || self.memory_kill(pod, status).is_some() {
            return Exit::Oom;
        }
        if matches!(end.reason.as_str(), "StartError" | "ContainerCannotRun") {
            return Exit::NotStarted;
        }
        if matches!(end.reason.as_str(), "ContainerStatusUnknown" | "NodeLost") {
            return Exit::Unknown;
        }
        if let Some(probe) = super::killer::probe_that_killed(self.snapshot, pod, spec, status, end) {
            return Exit::Probe(probe);
        }
        if pod.is_finished() && super::killer::is_stopped(self.snapshot, pod, status, end) {
            return Exit::Unknown;
        }
        match end.exit_code {
            126 | 127 => Exit::NotStarted,
            137 | 143 => Exit::Signal,
            _ => Exit::Own,
        }
    }

    fn is_present(
        &self,
        pod: &Pod,
        status: &ContainerStatus,
        end: &Terminated,
        init: bool,
        exit: Exit,
    ) -> bool {
        if pod.is_finished() {
            return pod.status.phase == "Failed" && self.failed_run_counts(pod, end);
        }
        if status.state.running.is_some() {
            return !init && self.crashes_while_running(pod, status, end, exit);
        }
        let ends_well = end.exit_code == 0 && exit != Exit::Oom;
        if let Some(waiting) = &status.state.waiting {
            let starts = matches!(waiting.reason.as_str(), "PodInitializing" | "ContainerCreating");
            return !starts && (!ends_well || status.restart_count >= 2);
        }
        match (init, ends_well) {
            (true, true) => false,
            (_, false) => true,
            (false, true) => pod.spec.restart_policy == "Always" && status.restart_count >= 2,
        }
    }

    /// A container that runs now has a crash behind it: whether it is stable yet.
    fn crashes_while_running(
        &self,
        pod: &Pod,
        status: &ContainerStatus,
        end: &Terminated,
        exit: Exit,
    ) -> bool {
        let oom = exit == Exit::Oom;
        let restarts = status.restart_count;
        let enough = if oom { restarts >= 1 } else { restarts >= 3 || (restarts >= 2 && !status.ready) };
        let started = status.state.running.as_ref().and_then(|r| r.started_at);
        let (Some(stable), Some(run)) = (self.snapshot.age(started), run_seconds(end)) else { return false };
        let most = if oom { STABLE_AT_MOST_OOM } else { STABLE_AT_MOST };
        // It ended well after kubelet's back-off was over: it starts itself anew.
        if status.ready && end.exit_code == 0 && exit == Exit::Own && run > crate::RECENT_SECONDS {
            return false;
        }
        let window = run.saturating_mul(2).clamp(crate::RECENT_SECONDS, most);
        let age = self.snapshot.age(pod.metadata.creation_timestamp).unwrap_or(0);
        let often = oom || age / restarts.max(1) <= 24 * 3600;
        enough && often && stable < window
    }

    /// A pod that failed for good counts while nobody replaced it: a Job's without a later success, a bare pod's.
    fn failed_run_counts(&self, pod: &Pod, end: &Terminated) -> bool {
        let snapshot = self.snapshot;
        let young = snapshot.age(end.finished_at).is_none_or(|age| age <= FAILED_RUN_COUNTS);
        if !pod.status.reason.is_empty() || !young {
            return false;
        }
        let owners = snapshot.owners(&pod.metadata);
        let Some(owner) = owners.first() else {
            // A row of a table does not say who made the pod: another of the same maker may have done the work since.
            return pod.metadata.owner_references.is_empty() && !pod.metadata.is_partial;
        };
        if owner.kind != Kind::Job {
            return false;
        }
        let Some(job) = snapshot.workload(owner) else {
            // Where Jobs were not collected, a pod of the same Job that ended well tells that it got through, and one that runs
            // since that it is tried again.
            let again =
                |p: &Pod| p.status.phase == "Running" && p.metadata.creation_timestamp >= end.finished_at;
            let same = pod.metadata.controller().map(|o| o.uid);
            let mut pods = same.into_iter().flat_map(|uid| snapshot.pods_owned_by(uid));
            let made_up = pods.any(|p| p.status.phase == "Succeeded" || again(p))
                || self.later_run_succeeded(pod, &owner.name);
            return !snapshot.has_in(&Kind::Job, owner.ns()) && !made_up;
        };
        self.job_is_failing(job, end)
    }

    /// Where Jobs were not collected: whether a pod of a later Job of the same CronJob ended well. A CronJob names its
    /// Jobs by its own name and a number.
    fn later_run_succeeded(&self, pod: &Pod, job: &str) -> bool {
        let stem = |name: &str| {
            let (stem, number) = name.rsplit_once('-')?;
            (number.len() >= 8 && number.bytes().all(|b| b.is_ascii_digit())).then(|| stem.to_owned())
        };
        let Some(cron) = stem(job) else { return false };
        let of_cron = |p: &&Pod| {
            let owner = p.metadata.controller().filter(|o| o.kind == "Job");
            owner.and_then(|o| stem(&o.name)).is_some_and(|s| s == cron)
        };
        let made = pod.metadata.creation_timestamp;
        let mut pods = self.snapshot.pods.in_namespace(&pod.metadata.namespace).iter().filter(of_cron);
        pods.any(|p| p.status.phase == "Succeeded" && p.metadata.creation_timestamp > made)
    }

    fn job_is_failing(&self, job: &Workload, end: &Terminated) -> bool {
        let is_true =
            |kind: &str| job.condition(kind).is_some_and(kubecause_evidence::kube::Condition::is_true);
        if job.status.completion_time.is_some() || is_true("Complete") || is_true("SuccessCriteriaMet") {
            return false;
        }
        let made = job.metadata.creation_timestamp;
        let later = cron_job_of(job).and_then(|cron| self.cron_success.get(&cron).copied());
        if later > made && later.is_some() {
            return false;
        }
        if is_true("Failed") {
            return true;
        }
        let young = self.snapshot.age(end.finished_at).is_none_or(|age| age <= 3600);
        young && !self.job_runs_again(job, end)
    }

    /// A pod of the Job that came after the one that failed runs: for the first time, or for longer than that one did.
    fn job_runs_again(&self, job: &Workload, end: &Terminated) -> bool {
        let pods = || self.snapshot.pods_owned_by(job.metadata.uid);
        let later =
            |p: &&Pod| p.status.phase == "Running" && p.metadata.creation_timestamp >= end.finished_at;
        // A table shows its age, which is no less.
        let started = |p: &Pod| p.status.start_time.or(p.metadata.creation_timestamp);
        let runs = pods().filter(later).filter_map(|p| self.snapshot.age(started(p))).max();
        let failed = pods().filter(|p| p.status.phase == "Failed").count() as i64;
        let longer = |age: i64| age > 2 * run_seconds(end).unwrap_or(0).max(crate::RECENT_SECONDS / 2);
        runs.is_some_and(|age| failed.max(job.status.failed) <= 1 || longer(age))
    }
}

fn cron_job_of(job: &Workload) -> Option<(Str, Str)> {
    let owner = job.metadata.controller().filter(|o| o.kind == "CronJob" && job.kind == WorkloadKind::Job)?;
    Some((job.metadata.namespace.arc(), owner.name.arc()))
}

/// The last end of a container: of the current state, else of the one before.
pub fn last_end(status: &ContainerStatus) -> Option<&Terminated> {
    status.state.terminated.as_deref().or(status.last_state.terminated.as_deref())
}
