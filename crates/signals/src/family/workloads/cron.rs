//! CronJobs that do not run.

use super::at;
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::CronJob;
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;

const DAY: i64 = 86_400;
/// A CronJob that has been suspended for longer was meant to be.
const FORGOTTEN_SECONDS: i64 = 7 * DAY;
/// The controller looks at CronJobs every ten seconds.
const ROUND_SECONDS: i64 = 10;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for cron in snapshot.cron_jobs.all().iter().filter(|c| !c.metadata.is_deleting()) {
        look(snapshot, cron, sink);
    }
}

fn look(snapshot: &Snapshot, cron: &CronJob, sink: &mut Sink) {
    let last = cron.status.last_schedule_time;
    let since = last.or(cron.metadata.creation_timestamp);
    let (Some(period), Some(idle)) = (longest_gap(&cron.spec.schedule), snapshot.age(since)) else { return };
    let subject = cron.metadata.subject(Kind::CronJob);
    let found = |id, why: &str, text: String| {
        let ran = last.map_or_else(|| "never".to_owned(), |t| t.to_string());
        Finding::new(id, subject.clone())
            .since(since)
            .param("why", why)
            .param("schedule", &cron.spec.schedule)
            .param("last", &ran)
            .cite(
                Source::Field,
                last,
                at(&subject),
                format!("{text}; schedule {}, last run {ran}", cron.spec.schedule),
            )
    };
    if cron.spec.suspend {
        if idle > period && idle <= FORGOTTEN_SECONDS.max(10 * period) {
            sink.add(found("cronjob.suspended", "suspended", "suspend true".to_owned()));
        }
        return;
    }
    if idle <= 2 * period + 600 {
        return;
    }
    sink.add(found("cronjob.overdue", "overdue", format!("no run for {idle} s")));
    if cron.spec.concurrency_policy == "Forbid" && !cron.status.active.is_empty() {
        let job = cron.status.active.first().map(|a| a.name.to_string()).unwrap_or_default();
        let f = found(
            "cronjob.blocked-by-active",
            "forbidden",
            format!("concurrencyPolicy Forbid, {job} still active"),
        );
        sink.add(f.param("job", &job));
    }
    if let Some(deadline) = cron.spec.starting_deadline_seconds.filter(|d| *d < ROUND_SECONDS) {
        sink.add(found(
            "cronjob.deadline-too-short",
            "deadline",
            format!("startingDeadlineSeconds {deadline}"),
        ));
    }
}

/// At most so many seconds lie between two runs of that schedule: a bound, not the exact time.
fn longest_gap(schedule: &str) -> Option<i64> {
    let schedule = schedule.trim();
    if let Some(word) = schedule.strip_prefix('@') {
        return match word {
            "hourly" => Some(3600),
            "daily" | "midnight" => Some(DAY),
            "weekly" => Some(7 * DAY),
            "monthly" => Some(31 * DAY),
            "yearly" | "annually" => Some(366 * DAY),
            _ => None,
        };
    }
    let fields: Vec<&str> = schedule.split_whitespace().filter(|f| !f.contains("TZ=")).collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return None };
    let any = |f: &str| f == "*" || f == "?";
    let step =
        |f: &str, unit: i64| f.strip_prefix("*/").and_then(|n| n.parse::<i64>().ok()).map(|n| n * unit);
    Some(match (minute, hour) {
        _ if !any(month) => 366 * DAY,
        _ if !any(day) => 31 * DAY,
        _ if !any(weekday) => 7 * DAY,
        (m, h) if any(h) => step(m, 60).unwrap_or(if any(m) { 60 } else { 3600 }),
        (_, h) => step(h, 3600).unwrap_or(DAY),
    })
}

#[cfg(test)]
mod tests {
    use super::longest_gap;

    #[test]
    fn gaps_of_schedules() {
        for (schedule, want) in [
            ("* * * * *", 60),
            ("*/5 * * * *", 300),
            ("30 * * * *", 3600),
            ("0 */6 * * *", 21_600),
            ("*/5 9-17 * * *", 86_400),
            ("0 2 * * *", 86_400),
            ("0 2 * * 1-5", 604_800),
            ("@hourly", 3600),
        ] {
            assert_eq!(longest_gap(schedule), Some(want), "{schedule}");
        }
        assert_eq!(longest_gap("every day"), None);
    }
}
