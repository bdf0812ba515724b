//! When a transcript was taken, told by the absolute times in it. Never by a clock or a file's date.
//!
//! What is sought, best first: the output of `date`; an object whose creation is stated in one place and whose age in another; the
//! newest absolute time of all, which cannot lie after the transcript. Times of logs without a year come last.

use crate::age;
use crate::blocks::Block;
use crate::table;
use jiff::{Timestamp, civil, tz::TimeZone};
use kubecause_evidence::de::parse_time;
use kubecause_evidence::log::{HasYear, Stamp, parse_stamp};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The moment that counts where nothing in the text tells one.
const NOWHERE: &str = "2025-01-01T00:00:00Z";
/// The year of logs that state none, where nothing else in the text tells one.
const YEAR: i16 = 2024;

/// A time as `kubectl describe` prints it.
static STATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")
        .unwrap_or_else(|_| unreachable!("a fixed pattern"))
});

/// How sure the moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// The text states it.
    Stated,
    /// The newest time of a log, whose year or zone is not stated.
    LogsOnly,
    /// Nothing tells it.
    Nowhere,
}

/// The moment of a transcript.
pub fn find(blocks: &[Block]) -> (Timestamp, Sure) {
    let mut clues = Clues::default();
    for block in blocks {
        clues.read(block);
    }
    clues.settle()
}

/// An answer of `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    /// Read as UTC where the zone's name is shared by several zones.
    at: Timestamp,
    /// Whether it is such a name: `CST` is China's, Cuba's and Chicago's.
    shared: bool,
}

#[derive(Default)]
struct Clues {
    dates: Vec<Date>,
    /// Seconds east of Greenwich, as absolute times in the text state them.
    east: Option<i64>,
    /// Moments that an object was made at, by its name.
    created: BTreeMap<String, Vec<Timestamp>>,
    /// The same for pods, by the time that kubelet saw them first.
    started: BTreeMap<String, Vec<Timestamp>>,
    /// Ages by name.
    ages: Vec<(String, i64)>,
    /// Seconds since something was scheduled that was seen by kubelet at that time.
    pairs: Vec<Timestamp>,
    newest: Option<Timestamp>,
    newest_local: Option<Timestamp>,
    /// The newest time without a year, as if it were of [`YEAR`].
    yearless: Option<civil::DateTime>,
}

impl Clues {
    fn read(&mut self, block: &Block) {
        if block.command.tool == "date" {
            self.dates.extend(block.text.lines().find_map(date));
        }
        // The head of `watch`: `Every 2.0s: kubectl get pods     node-1: Sun Nov 22 18:54:30 2026`.
        self.dates.extend(block.watched.as_deref().and_then(date).map(|d| Date { shared: true, ..d }));
        for table in table::all(&block.text) {
            for row in &table.rows {
                let name = table.cell(row, "NAME").map(|n| n.rsplit('/').next().unwrap_or(n));
                if let (Some(name), Some(age)) = (name, table.cell(row, "AGE").and_then(age::seconds)) {
                    self.ages.push((name.to_owned(), age));
                }
            }
        }
        self.lines(&block.text);
    }

    fn lines(&mut self, text: &str) {
        let mut name = String::new();
        let mut start: Option<Timestamp> = None;
        let mut made: Option<Timestamp> = None;
        for line in text.lines() {
            self.east = self.east.or_else(|| east(line));
            // Rows of conditions: `Ready  True  Fri, 28 Jun 2019 10:19:21 +0800  …`.
            let stated = STATED.find_iter(line).filter_map(|m| moment(m.as_str()));
            self.newest = self.newest.max(stated.max());
            if let Some(value) = line.strip_prefix("Name:") {
                value.trim().clone_into(&mut name);
                (start, made) = (None, None);
            } else if let Some(value) = field(line, &["  name:"]).filter(|_| !line.starts_with("   ")) {
                value.clone_into(&mut name);
            }
            if let Some(at) = field(line, &["CreationTimestamp:", "  creationTimestamp:"]).and_then(moment) {
                self.created.entry(name.clone()).or_default().push(at);
                self.newest = self.newest.max(Some(at));
                made = Some(at);
            } else if let Some(at) = made.zip(event_age(line)).and_then(|(at, age)| later(at, age)) {
                // Nothing happened to an object before it was made.
                self.newest = self.newest.max(Some(at));
            } else if let Some(at) = line.strip_prefix("Start Time:").and_then(moment) {
                start = Some(at);
                self.started.entry(name.clone()).or_default().push(at);
                self.newest = self.newest.max(Some(at));
            } else if let Some(at) = start.filter(|_| line.contains(" Scheduled ")) {
                let age = line.split_whitespace().find_map(age::seconds);
                self.pairs.extend(age.and_then(|age| later(at, age)));
            } else {
                self.any(line);
            }
        }
    }

    /// The newest time in a line that is a field of an object or begins a log's line.
    fn any(&mut self, line: &str) {
        let trimmed = line.trim_start();
        const FIELDS: [&str; 12] = [
            "Started:",
            "Finished:",
            "startedAt:",
            "finishedAt:",
            "lastTransitionTime:",
            "lastHeartbeatTime:",
            "lastProbeTime:",
            "lastTimestamp:",
            "eventTime:",
            "renewTime:",
            "lastUpdateTime:",
            "Last Probe Time:",
        ];
        if let Some(at) = field(trimmed, &FIELDS).and_then(moment) {
            self.newest = self.newest.max(Some(at));
            return;
        }
        if let Some(at) = systemd(trimmed) {
            self.newest_local = self.newest_local.max(Some(at));
        }
        match parse_stamp(line) {
            Some(Stamp::Absolute(at)) if parse_time(&at.to_string()).is_some() => {
                self.newest = self.newest.max(Some(at));
            }
            Some(Stamp::Local(at, HasYear::Yes)) => self.newest_local = self.newest_local.max(utc(at)),
            Some(Stamp::Local(at, HasYear::No)) => {
                // The journal prints no year; what it holds may: `… containerd[811]: time="2026-11-22T10:00:00Z" …`.
                let inner =
                    line.split_once(" time=\"").and_then(|(_, t)| t.split('"').next()).and_then(parse_time);
                self.newest = self.newest.max(inner);
                self.yearless = self.yearless.max(at.with().year(YEAR).build().ok());
            }
            _ => {}
        }
    }

    /// The newest line of logs without a zone, where the zone of the same terminal is stated: such a log may be all that is as
    /// young as the text. Of a log without a year it takes the year of what else is dated.
    fn zoned_logs(&self, dated: Option<Timestamp>) -> Option<Timestamp> {
        let (east, dated) = (self.east?, dated?);
        let year = dated.to_zoned(TimeZone::UTC).year();
        let yearless = self.yearless.and_then(|at| at.with().year(year).build().ok()).and_then(utc);
        let local = later(yearless.max(self.newest_local)?, -east)?;
        let after = local.as_second() - dated.as_second();
        (0..ZONED_SECONDS).contains(&after).then_some(local)
    }

    fn settle(mut self) -> (Timestamp, Sure) {
        // The terminal of `date` and the one of kubectl are taken to stand in one zone.
        let zoned = |d: &Date| if d.shared { later(d.at, -self.east.unwrap_or(0)) } else { Some(d.at) };
        if let Some(at) = self.dates.iter().filter_map(zoned).max() {
            return (at, Sure::Stated);
        }
        let exact = |known: &BTreeMap<String, Vec<Timestamp>>, ages: &[(String, i64)]| -> Vec<Timestamp> {
            let sums = ages.iter().flat_map(|(name, age)| {
                known.get(name).into_iter().flatten().filter_map(move |at| later(*at, *age))
            });
            sums.collect()
        };
        // `55d` may mean anything within a day: it counts where nothing else tells the time.
        let (coarse, fine): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ages).into_iter().partition(|(_, age)| *age > 0 && age % 86_400 == 0);
        let coarse = median(exact(&self.created, &coarse));
        self.ages = fine;
        let mut found = exact(&self.created, &self.ages);
        if found.is_empty() {
            found = std::mem::take(&mut self.pairs);
        }
        let mut best = median(found);
        if best.is_none() {
            // A pod is not older than its start: the least of these sums is the nearest.
            best = exact(&self.started, &self.ages).into_iter().min();
        }
        // What is dated after it was printed later; a day after, by a clock that says nothing.
        let newest = self.newest.max(self.zoned_logs(self.newest.max(best)));
        let newest = newest.filter(|n| best.is_none_or(|b| n.as_second() - b.as_second() < 86_400));
        if let Some(at) = best.max(newest).or(coarse) {
            return (at, Sure::Stated);
        }
        let year = self.newest_local.map_or(YEAR, |at| at.to_zoned(TimeZone::UTC).year());
        let yearless = self.yearless.and_then(|at| at.with().year(year).build().ok()).and_then(utc);
        match self.newest_local.max(yearless) {
            Some(at) => (at, Sure::LogsOnly),
            None => (NOWHERE.parse().unwrap_or_default(), Sure::Nowhere),
        }
    }
}

/// How long ago the event in a row of a description began: `  Warning  Failed  12s (x121 over 30m)  kubelet  …`.
fn event_age(line: &str) -> Option<i64> {
    let mut words = line.strip_prefix("  ")?.split_whitespace();
    words.next().filter(|w| matches!(*w, "Normal" | "Warning"))?;
    let age = words.nth(1)?;
    let rest: Vec<&str> = words.take(3).collect();
    let over = match rest.as_slice() {
        [count, "over", first] if count.starts_with("(x") => age::seconds(first.trim_end_matches(')')),
        _ => None,
    };
    // A whole day or more is rounded: it may be nearly a day less.
    over.or_else(|| age::seconds(age)).filter(|s| *s < 86_400)
}

/// Logs further after everything else that is dated are another day's.
const ZONED_SECONDS: i64 = 6 * 3600;

fn median(mut found: Vec<Timestamp>) -> Option<Timestamp> {
    found.sort();
    found.get(found.len() / 2).copied()
}

fn later(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second().checked_add(seconds)?).ok()
}

fn utc(at: civil::DateTime) -> Option<Timestamp> {
    at.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}

fn field<'a>(line: &'a str, names: &[&str]) -> Option<&'a str> {
    let value = names.iter().find_map(|n| line.strip_prefix(n))?.trim();
    Some(value.trim_matches(['"', '\'', ',']))
}

/// `Sun, 22 Nov 2026 18:51:53 +0000`, or RFC 3339.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    parsed.map_or_else(|| parse_time(text), |t| parse_time(&t.to_string()))
}

/// The output of `date`: `Sun Nov 22 18:54:30 UTC 2026`, `2026年 11月 22日 星期日 18:54:30 CST`, `-R`, `-Is`.
fn date(line: &str) -> Option<Date> {
    if let Some(at) = moment(line) {
        return Some(Date { at, shared: false });
    }
    let chinese = line.contains('年');
    let text = line.replace(['年', '月', '日'], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let time: civil::Time =
        words.iter().find(|w| w.len() == 8 && w.matches(':').count() == 2)?.parse().ok()?;
    let year: i16 = words.iter().find_map(|w| w.parse().ok().filter(|y: &i16| (2014..2100).contains(y)))?;
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut small = words.iter().filter_map(|w| w.parse::<i8>().ok());
    let month = match words.iter().find_map(|w| MONTHS.iter().position(|m| m == w)) {
        Some(at) => i8::try_from(at + 1).ok()?,
        None => small.next()?,
    };
    let day = small.next()?;
    let local = civil::Date::new(year, month, day).ok()?.to_datetime(time);
    // CST is surely China's only where the date is written in Chinese; other names of zones mean several zones each.
    if chinese && words.contains(&"CST") {
        return Some(Date { at: later(utc(local)?, -8 * 3600)?, shared: false });
    }
    let shared = !words.iter().any(|w| matches!(*w, "UTC" | "GMT" | "Z"));
    Some(Date { at: utc(local)?, shared })
}

/// The offset of `… 10:19:21 +0800`, in seconds. UTC is none: it tells nothing of the zone that somebody sits in.
fn east(line: &str) -> Option<i64> {
    let sign = line.match_indices(" +").chain(line.match_indices(" -")).find(|(at, _)| {
        let before = line.get(..*at).and_then(|b| b.rsplit(' ').next()).unwrap_or_default();
        before.len() == 8 && before.matches(':').count() == 2
    })?;
    let digits = line.get(sign.0 + 2..sign.0 + 6).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    let number: i64 = digits.parse().ok()?;
    let seconds = (number / 100) * 3600 + (number % 100) * 60;
    (seconds != 0).then_some(if sign.1 == " -" { -seconds } else { seconds })
}

/// `Active: active (running) since Mon 2017-10-16 10:25:09 CST; 6h ago`: that long after.
fn systemd(line: &str) -> Option<Timestamp> {
    let (_, since) = line.strip_prefix("Active:")?.split_once(" since ")?;
    let (at, ago) = since.split_once(';')?;
    let words: Vec<&str> = at.split_whitespace().collect();
    let date = words.iter().position(|w| w.len() == 10 && w.matches('-').count() == 2)?;
    let local: civil::DateTime = format!("{}T{}", words.get(date)?, words.get(date + 1)?).parse().ok()?;
    let ago: i64 = ago
        .trim()
        .trim_end_matches(" ago")
        .split_whitespace()
        .filter_map(|w| age::seconds(&w.replace("min", "m")))
        .sum();
    later(utc(local)?, ago)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::split;

    fn at(text: &str) -> (String, Sure) {
        let (at, sure) = find(&split("x", text, None));
        (at.to_string(), sure)
    }

    #[test]
    fn the_text_tells_its_time() {
        let text = "$ kubectl get deploy\nNAME   READY   AGE\nweb    1/1     2m37s\n$ kubectl describe deploy web\nName:   web\n\
                    CreationTimestamp:      Sun, 22 Nov 2026 18:51:53 +0000\n";
        assert_eq!(at(text), ("2026-11-22T18:54:30Z".to_owned(), Sure::Stated));
        assert_eq!(at("$ date\nSun Nov 22 18:54:30 UTC 2026\n").0, "2026-11-22T18:54:30Z");
        assert_eq!(at("$ date\n2026年 11月 22日 星期日 18:54:30 CST\n").0, "2026-11-22T10:54:30Z");
        let describe = "$ kubectl describe pod x\nName: x\n  Started:  Fri, 28 Jun 2019 10:15:50 +0800\n";
        assert_eq!(
            at(&format!("$ date\nFri Jun 28 10:19:40 CST 2019\n{describe}")).0,
            "2019-06-28T02:19:40Z"
        );
        assert_eq!(at("$ date\nFri Jun 28 10:19:40 CST 2019\n").0, "2019-06-28T10:19:40Z");
        let node = "$ kubectl get no\nNAME   STATUS   AGE\nn      Ready    3y\n$ kubectl describe node n\nName: n\n\
                    CreationTimestamp:  Wed, 17 Apr 2019 18:02:11 +0800\n  Started:  Fri, 13 May 2022 10:31:02 +0800\n";
        assert_eq!(at(node).0, "2022-05-13T02:31:02Z");
        assert_eq!(at("$ date -Is\n2026-11-22T18:54:30+08:00\n").0, "2026-11-22T10:54:30Z");
        let status = "   Active: active (running) since 一 2017-10-16 10:25:09 CST; 6h ago\n";
        assert_eq!(at(status), ("2017-10-16T16:25:09Z".to_owned(), Sure::LogsOnly));
        assert_eq!(at("E1016 09:50:55.058307   17144 x.go:356] y\n").1, Sure::LogsOnly);
        assert_eq!(at("hello\n"), (NOWHERE.to_owned(), Sure::Nowhere));
    }
}
