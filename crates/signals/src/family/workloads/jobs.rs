//! Jobs that gave up.

use super::at;
use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::Workload;
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::{Source, Span};
use rustc_hash::FxHashMap;

/// An older failure is history.
const HISTORY_SECONDS: i64 = 24 * 3600;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let later = last_successes(snapshot);
    for job in snapshot.jobs.all() {
        let Some(c) = job.condition("Failed").filter(|c| c.is_true()) else { continue };
        let failed = c.last_transition_time.or(job.status.start_time).or(job.metadata.creation_timestamp);
        let owner = snapshot.top_owner(&job.subject());
        let made_up =
            later.get(&(owner.ns().into(), owner.name.clone())).is_some_and(|at| Some(*at) > failed);
        let old = snapshot.age(failed).is_some_and(|age| age > HISTORY_SECONDS);
        let ongoing = !old && !made_up && !job.metadata.is_deleting();
        let span = Span { first: failed, last: failed, ongoing };
        let text = format!("Failed=True {}: {}", c.reason, c.message);
        let base = |id| {
            Finding::new(id, owner.clone())
                .span(span)
                .param("job", &job.metadata.name)
                .param("failed", job.status.failed)
                .cite(Source::Condition, failed, at(&job.subject()), &text)
        };
        sink.add(base("workload.job-failed").param("reason", &c.reason));
        if c.reason == "DeadlineExceeded" {
            sink.add(deadline(base("workload.job-deadline-exceeded"), job));
        }
    }
}

/// The deadline, and what it covers: all attempts of the Job together, not one pod.
fn deadline(found: Finding, job: &Workload) -> Finding {
    let Some(seconds) = job.spec.active_deadline_seconds else { return found };
    let text = format!("activeDeadlineSeconds {seconds}");
    found.param("deadline", seconds).cite(Source::Field, None, at(&job.subject()), text)
}

type Owner = (kubecause_evidence::Str, kubecause_evidence::Str);

/// When each CronJob last succeeded, from its own status and from its Jobs.
fn last_successes(snapshot: &Snapshot) -> FxHashMap<Owner, Timestamp> {
    let mut last: FxHashMap<Owner, Timestamp> = FxHashMap::default();
    let own = snapshot.cron_jobs.all().iter();
    let own = own.filter_map(|c| Some((c.metadata.subject(Kind::CronJob), c.status.last_successful_time?)));
    let done = |j: &Workload| {
        let of_cron = j.metadata.controller().is_some_and(|o| o.kind == "CronJob");
        let at = j
            .status
            .completion_time
            .filter(|_| of_cron && j.condition("Complete").is_some_and(|c| c.is_true()))?;
        Some((snapshot.top_owner(&j.subject()), at))
    };
    for (owner, at) in own.chain(snapshot.jobs.all().iter().filter_map(done)) {
        let slot = last.entry((owner.ns().into(), owner.name)).or_insert(at);
        *slot = at.max(*slot);
    }
    last
}
