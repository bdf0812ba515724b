//! Turns a line's own time into a moment, with what the line leaves out taken from the capture.

use super::line::{HasYear, Stamp, parse_stamp};
use crate::snapshot::shift;
use jiff::{Timestamp, civil, tz::TimeZone};

/// The year and the zone of a log whose lines do not state them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// The moment that the capture stands for.
    taken_at: Option<Timestamp>,
    /// Seconds that local times lie east of UTC.
    offset: i64,
    /// When the machine started, for times that count from there.
    booted_at: Option<Timestamp>,
}

/// How far a log may run past the capture's own time before its clock counts as another zone's.
const TOLERANCE_SECONDS: i64 = 300;

impl Clock {
    /// The clock of that text. Local times count as UTC, unless that would put the end of the log after the moment
    /// of the capture: then they are moved west by whole half hours until it does not.
    pub fn anchored(text: &str, taken_at: Option<Timestamp>) -> Self {
        let mut clock = Self { taken_at, ..Self::default() };
        let Some(taken) = taken_at else { return clock };
        let stamps = text.lines().rev().take(50).filter_map(parse_stamp);
        let last = stamps.filter(|s| matches!(s, Stamp::Local(..))).find_map(|s| clock.resolve(s));
        if let Some(last) = last {
            let ahead = last.as_second() - taken.as_second();
            if (TOLERANCE_SECONDS..=14 * 3600 + TOLERANCE_SECONDS).contains(&ahead) {
                clock.offset = (ahead - TOLERANCE_SECONDS / 2).div_euclid(1800) * 1800 + 1800;
                // A log that ends within the tolerance needs no more than the nearest half hour.
                if ahead.rem_euclid(1800) <= TOLERANCE_SECONDS / 2 {
                    clock.offset -= 1800;
                }
            }
        }
        clock
    }

    /// The same clock, which knows when the machine started.
    #[must_use]
    pub fn booted(self, booted_at: Option<Timestamp>) -> Self {
        Self { booted_at, ..self }
    }

    /// The moment of that stamp; `None` for a time since an unknown boot, and where the year cannot be told.
    pub fn resolve(&self, stamp: Stamp) -> Option<Timestamp> {
        let utc = |dt: civil::DateTime| dt.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
        match stamp {
            Stamp::Absolute(time) => Some(time),
            Stamp::Local(dt, HasYear::Yes) => utc(dt).map(|t| shift(t, -self.offset)),
            Stamp::Local(dt, HasYear::No) => {
                let taken = self.taken_at?;
                let year = taken.to_zoned(TimeZone::UTC).year();
                // The newest such date that is not more than a day after the capture.
                [year + 1, year, year - 1]
                    .into_iter()
                    .filter_map(|y| dt.with().year(y).build().ok().and_then(utc))
                    .map(|t| shift(t, -self.offset))
                    .find(|t| t.as_second() <= taken.as_second() + 86_400)
            }
            Stamp::SinceBoot(seconds) => self.booted_at.map(|boot| shift(boot, seconds as i64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        text.parse().ok()
    }

    #[test]
    fn the_year_comes_from_the_capture() {
        let text = "E1231 23:59:00.000000 1 x.go:1] x";
        let clock = Clock::anchored(text, at("2027-01-01T00:10:00Z"));
        assert_eq!(parse_stamp(text).and_then(|s| clock.resolve(s)), at("2026-12-31T23:59:00Z"));
    }

    #[test]
    fn a_kernel_log_counts_from_boot() {
        let stamp = parse_stamp("[ 3338.732201] cni-2: port 10 entered blocking state");
        let clock = Clock::default().booted(at("2026-11-22T16:54:34Z"));
        assert_eq!(stamp.and_then(|s| clock.resolve(s)), at("2026-11-22T17:50:12Z"));
        assert_eq!(stamp.and_then(|s| Clock::default().resolve(s)), None);
    }

    #[test]
    fn a_log_of_another_zone_is_moved() {
        let text = "E1123 01:48:05.000000 1 x.go:1] x";
        let clock = Clock::anchored(text, at("2026-11-22T17:48:30Z"));
        assert_eq!(parse_stamp(text).and_then(|s| clock.resolve(s)), at("2026-11-22T17:48:05Z"));
    }
}
