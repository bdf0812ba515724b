//! How fast everything goes: how long a watch may be silent, how often is asked again, how soon a change is shown.

use crate::miss::Miss;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How fast everything goes.
#[derive(Debug, Clone)]
pub struct Pace {
    /// A watch on which nothing came for so long is opened anew. Servers send a bookmark every minute.
    pub quiet: Duration,
    /// The same for leases, of which some holder renews one every ten seconds.
    pub quiet_lease: Duration,
    /// How long the server is asked to keep a watch open.
    pub watch: Duration,
    /// A watch that was opened again counts as up to date after so long, or after a bookmark: what was missed comes first.
    pub settle: Duration,
    /// The first pause after a failure; it doubles.
    pub pause: Duration,
    /// The longest pause after failures.
    pub pause_max: Duration,
    /// The pause after a refusal: rights seldom change.
    pub refused: Duration,
    /// What was not listed by then is missing in the first answer.
    pub first: Duration,
    /// How long nothing must change before an answer is due.
    pub still: Duration,
    /// The longest wait for that, and the shortest time between two answers.
    pub least: Duration,
    /// An answer is due that often although nothing has changed: time itself tells.
    pub tick: Duration,
    /// The same where only leases were renewed.
    pub tick_lease: Duration,
    /// How often readiness and version are asked for.
    pub pulse: Duration,
    /// Whether time goes on between two answers of the server.
    pub clock_runs: bool,
}

impl Default for Pace {
    fn default() -> Self {
        let (s, ms) = (Duration::from_secs, Duration::from_millis);
        Self {
            quiet: s(75),
            quiet_lease: s(20),
            watch: s(300),
            settle: s(1),
            pause: ms(500),
            pause_max: s(30),
            refused: s(300),
            first: s(45),
            still: ms(200),
            least: s(1),
            tick: s(30),
            tick_lease: s(10),
            pulse: s(30),
            clock_runs: true,
        }
    }
}

impl Pace {
    /// How long to wait after so many failures, the last of which was this one. Random, so that kinds that failed
    /// together do not come again together.
    pub(super) fn rest(&self, miss: &Miss, failures: u32, wanted: Option<Duration>) -> Duration {
        if is_refused(miss) {
            return jittered(self.refused);
        }
        let growing = self.pause.saturating_mul(1 << failures.saturating_sub(1).min(10));
        let own = jittered(growing.min(self.pause_max));
        wanted.map_or(own, |wanted| own.max(wanted))
    }
}

/// Whether asking again soon is of no use: the right is missing, or the kind.
pub(super) fn is_refused(miss: &Miss) -> bool {
    miss.status.is_some_and(|s| matches!(s, 400..500) && !matches!(s, 401 | 408 | 410 | 429))
        || miss.status.is_none() && miss.why == kubecause_model::Why::NotCollected
}

/// Between half and all of it.
pub(super) fn jittered(full: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    full.mul_f64(0.5 + random as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn pauses_grow_up_to_a_limit_and_what_the_server_wants_is_kept() {
        let pace = Pace::default();
        let miss = Miss::refused(StatusCode::INTERNAL_SERVER_ERROR, b"");
        let within = |failures, low: u64, high: u64| {
            let rest = pace.rest(&miss, failures, None).as_millis() as u64;
            assert!((low..=high).contains(&rest), "{failures}: {rest}");
        };
        within(1, 250, 500);
        within(3, 1000, 2000);
        within(30, 15_000, 30_000);
        assert_eq!(pace.rest(&miss, 1, Some(Duration::from_secs(7))), Duration::from_secs(7));
    }

    #[test]
    fn a_refusal_is_left_alone_for_longer() {
        let pace = Pace::default();
        for (status, refused) in
            [(403, true), (404, true), (401, false), (429, false), (410, false), (503, false)]
        {
            let miss = Miss::refused(StatusCode::from_u16(status).expect("a status"), b"");
            assert_eq!(pace.rest(&miss, 1, None) >= pace.refused / 2, refused, "{status}");
        }
    }
}
