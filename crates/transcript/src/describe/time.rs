//! Times of descriptions: absolute ones as Go's RFC 1123 layout with a numeric zone (`Sun, 22 Nov 2026 18:51:56 +0000`), and ages
//! (`2m35s`), which count back from the moment of printing.
//!
//! Layouts: `time.RFC1123Z` and `duration.HumanDuration` of k8s.io/apimachinery.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Before this nothing of Kubernetes was printed; Go's zero time is the year 1.
const FIRST: i64 = 1_400_000_000;

/// An absolute time, alone in its field.
pub(super) fn absolute(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    let time = rfc1123(&words).or_else(|| go(&words)).or_else(|| text.trim().parse().ok())?;
    (time.as_second() > FIRST).then_some(time)
}

/// `Sun, 22 Nov 2026 18:51:56 +0000`
fn rfc1123(words: &[&str]) -> Option<Timestamp> {
    let [weekday, day, month, year, clock, zone, ..] = words else { return None };
    if !weekday.ends_with(',') {
        return None;
    }
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|m| m == month)? + 1;
    at(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?, clock, zone)
}

/// `2026-11-22 18:51:56 +0000 UTC`
fn go(words: &[&str]) -> Option<Timestamp> {
    let [date, clock, zone, ..] = words else { return None };
    let mut parts = date.splitn(3, '-');
    let mut next = || parts.next();
    at(next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?, clock, zone)
}

fn at(year: i16, month: i8, day: i8, clock: &str, zone: &str) -> Option<Timestamp> {
    let mut parts = clock.split(['.', ':']);
    let mut next = || parts.next()?.parse::<i8>().ok();
    let when = DateTime::new(year, month, day, next()?, next()?, next()?, 0).ok()?;
    Offset::from_seconds(offset(zone)?).ok()?.to_timestamp(when).ok()
}

fn offset(zone: &str) -> Option<i32> {
    let digits = zone.strip_prefix(['+', '-'])?;
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minutes = digits.parse::<i32>().ok()?;
    let seconds = (minutes / 100 * 60 + minutes % 100) * 60;
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

/// The seconds of an age: `63s`, `2m35s`, `5h`, `2d3h`, `3y10d`.
pub(super) fn age(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut number: Option<i64> = None;
    for c in text.bytes() {
        if c.is_ascii_digit() {
            let digit = i64::from(c - b'0');
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match c {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'y' => 31_536_000,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && !text.is_empty()).then_some(total)
}

/// The time so long before another.
pub(super) fn before(taken_at: Timestamp, text: &str) -> Option<Timestamp> {
    taken_at.checked_sub(SignedDuration::from_secs(age(text)?)).ok()
}

/// The newest absolute time in a text: it was printed then or later.
///
/// Times that may lie ahead, such as when a deletion is due, are left out.
pub fn stamps(text: &str) -> Option<Timestamp> {
    let dates = text.lines().filter(|l| !l.contains("(expires ")).flat_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut found = Vec::new();
        for at in 0..words.len() {
            let Some(word) = words.get(at).filter(|w| w.ends_with(',') && w.len() >= 4) else { continue };
            // In mangled text the weekday may cling to the word before it.
            let tail = word.get(word.len().saturating_sub(4)..).unwrap_or_default();
            if ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(&tail) {
                found.extend(words.get(at..at + 6).and_then(rfc1123));
            }
        }
        found
    });
    dates.filter(|t| t.as_second() > FIRST).max()
}

/// When a text was printed, as near as it tells: where a pod says when it started and how long ago it was scheduled, the sum
/// of both, else the newest absolute time.
pub fn moment(text: &str) -> Option<Timestamp> {
    let newest = stamps(text);
    let mut started = None;
    let mut best: Option<(i64, Timestamp)> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("Name:") {
            started = None;
        } else if let Some(value) = line.strip_prefix("Start Time:") {
            started = absolute(value);
        } else if let (Some(start), true) = (started, line.contains("Scheduled")) {
            let cells = super::tree::cells(line);
            let [(_, "Normal"), (_, "Scheduled"), (_, text), ..] = cells.as_slice() else { continue };
            let Some(seconds) = age(text) else { continue };
            let Ok(sum) = start.checked_add(SignedDuration::from_secs(seconds)) else { continue };
            let coarse = coarseness(text);
            if newest.is_none_or(|n| sum >= n) && best.is_none_or(|b| (coarse, sum) < b) {
                best = Some((coarse, sum));
            }
        }
    }
    best.map(|b| b.1).or(newest)
}

/// How many seconds the last digit of an age stands for.
fn coarseness(age: &str) -> i64 {
    match age.bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3600,
        _ => 86_400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_times() {
        let want: Timestamp = "2026-11-22T18:51:56Z".parse().expect("time");
        assert_eq!(absolute("Sun, 22 Nov 2026 18:51:56 +0000"), Some(want));
        assert_eq!(absolute("Mon, 23 Nov 2026 02:51:56 +0800"), Some(want));
        assert_eq!(absolute("2026-11-22 18:51:56 +0000 UTC"), Some(want));
        assert_eq!(absolute("2026-11-22T18:51:56Z"), Some(want));
        for bad in [
            "Mon, 01 Jan 0001 00:00:00 +0000",
            "Sun, 99 Nov 2026 18:51:56 +0000",
            "",
            "<unset>",
            "a b c d e f",
        ] {
            assert_eq!(absolute(bad), None, "{bad}");
        }
    }

    #[test]
    fn ages() {
        for (text, want) in
            [("63s", 63), ("2m35s", 155), ("5h", 18_000), ("2d3h", 183_600), ("1y1d", 31_622_400)]
        {
            assert_eq!(age(text), Some(want), "{text}");
        }
        for bad in ["", "5", "<unknown>", "<invalid>", "-5s", "5x", "s", "99999999999999999999d"] {
            assert_eq!(age(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_moment_of_printing() {
        let text = "Name: a\nStart Time:  Sun, 22 Nov 2026 18:51:56 +0000\nEvents:\n  Normal  Scheduled  2m35s  s  m\n";
        assert_eq!(stamps(text).map(|t| t.to_string()), Some("2026-11-22T18:51:56Z".into()));
        assert_eq!(moment(text).map(|t| t.to_string()), Some("2026-11-22T18:54:31Z".into()));
        assert_eq!(moment("nothing"), None);
    }
}
