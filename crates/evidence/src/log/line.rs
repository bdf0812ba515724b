//! The time and level of one line, in every form that nodes and components write.

use jiff::{Timestamp, civil};

/// A time as a line states it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stamp {
    /// A full time with its zone.
    Absolute(Timestamp),
    /// Date and time without a zone; without a year it stands in the year 0.
    Local(civil::DateTime, HasYear),
    /// Seconds since the machine started (kernel ring buffer).
    SinceBoot(f64),
}

/// Whether a local time states its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HasYear {
    /// It does.
    Yes,
    /// It does not: klog and traditional syslog.
    No,
}

/// How serious a line says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Debug or trace.
    Debug,
    /// Info or notice.
    Info,
    /// Warning.
    Warning,
    /// Error or worse.
    Error,
}

/// The time that a line begins with or carries in a field, in any of the known forms:
/// klog (`E1122 17:48:05.123456`), logfmt (`time="2026-…"`), RFC 3339, `2026-11-22 17:48:05.123`,
/// syslog and journald (`Nov 22 17:48:05 host`, `10月 16 09:50:55 host`), JSON (`"ts":…`, `"time":"…"`), kernel
/// (`[ 2975.634492]`), a CRI log prefix.
pub fn parse_stamp(line: &str) -> Option<Stamp> {
    let line = line.trim_start();
    let first = klog(line).or_else(|| kernel(line)).or_else(|| iso(line)).or_else(|| ctime(line));
    if let Some(stamp) = first.or_else(|| syslog(line)) {
        return Some(stamp);
    }
    field(line)
}

/// `E1122 17:48:05.123456 …`. Source: `k8s.io/klog/v2`, header format `Lmmdd hh:mm:ss.uuuuuu`.
fn klog(line: &str) -> Option<Stamp> {
    let rest = line.strip_prefix(['I', 'W', 'E', 'F'])?;
    let month = rest.get(0..2)?.parse().ok()?;
    let day = rest.get(2..4)?.parse().ok()?;
    let clock = rest.get(4..)?.strip_prefix(' ')?;
    let time = clock_of(clock.trim_start())?;
    Some(Stamp::Local(civil::Date::new(0, month, day).ok()?.to_datetime(time), HasYear::No))
}

/// `[ 2975.634492] …`, or `<6>[ 2975.634492]`.
fn kernel(line: &str) -> Option<Stamp> {
    let line = if line.starts_with('<') { line.split_once('>')?.1 } else { line };
    let inside = line.strip_prefix('[')?.split_once(']')?.0.trim();
    let (whole, fraction) = inside.split_once('.')?;
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (digits(whole) && digits(fraction)).then(|| inside.parse().ok().map(Stamp::SinceBoot)).flatten()
}

/// `[Tue May  7 10:55:01 2024] …`, as `dmesg -T` writes: the wall clock of the node, in its zone.
///
/// Source: util-linux `sys-utils/dmesg.c` (`record_ctime`).
fn ctime(line: &str) -> Option<Stamp> {
    let mut words = line.strip_prefix('[')?.split_once(']')?.0.split_whitespace();
    let _weekday = words.next()?;
    let month = words.next()?;
    let month = i8::try_from(MONTHS.iter().position(|m| *m == month)? + 1).ok()?;
    let day = words.next()?.parse().ok()?;
    let time = clock_of(words.next()?)?;
    let year = words.next()?.parse().ok()?;
    Some(Stamp::Local(civil::Date::new(year, month, day).ok()?.to_datetime(time), HasYear::Yes))
}

/// A line that begins with an ISO date, with or without zone.
fn iso(line: &str) -> Option<Stamp> {
    let line = line.strip_prefix('[').unwrap_or(line);
    let date: civil::Date = line.get(0..10)?.replace('/', "-").parse().ok()?;
    let rest = line.get(10..)?;
    let rest = rest.strip_prefix(['T', ' '])?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ":.,".contains(c))).unwrap_or(rest.len());
    let time = clock_of(rest.get(..end)?)?;
    let zone = rest.get(end..)?;
    let local = date.to_datetime(time);
    if let Some(seconds) = offset_of(zone) {
        let utc = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        return Some(Stamp::Absolute(crate::snapshot::shift(utc, -seconds)));
    }
    Some(Stamp::Local(local, HasYear::Yes))
}

/// Seconds east of UTC that a text begins with: `Z`, `+08:00`, `+0800`.
fn offset_of(zone: &str) -> Option<i64> {
    if zone.starts_with('Z') {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i64 = zone.get(1..3)?.parse().ok()?;
    let minutes: i64 = zone.get(3..)?.trim_start_matches(':').get(0..2)?.parse().ok()?;
    Some(sign * (hours * 3600 + minutes * 60))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Nov 22 17:48:05 host …`, and journald in a Chinese locale: `10月 16 09:50:55 host …`.
fn syslog(line: &str) -> Option<Stamp> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let month = match MONTHS.iter().position(|m| *m == first) {
        Some(i) => i8::try_from(i + 1).ok()?,
        None => first.strip_suffix('月')?.parse().ok()?,
    };
    let day = words.next()?.trim_end_matches('日').parse().ok()?;
    let time = clock_of(words.next()?)?;
    Some(Stamp::Local(civil::Date::new(0, month, day).ok()?.to_datetime(time), HasYear::No))
}

/// A `time=`, `ts` or `time` field of logfmt or JSON; a number counts seconds (or milliseconds) since 1970. The first one counts:
/// what the line says may hold others. Docker writes its own behind what the container said.
fn field(line: &str) -> Option<Stamp> {
    const JSON: [&str; 4] = ["\"ts\":", "\"time\":", "\"timestamp\":", "\"@timestamp\":"];
    const ALL: [&str; 7] = ["time=", "ts=", "t=", JSON[0], JSON[1], JSON[2], JSON[3]];
    let first = |from: usize, to: usize, names: &[&str]| {
        values(line, from, to, names).into_iter().find_map(|(_, value)| moment(value))
    };
    if !line.starts_with('{') {
        return first(0, 400, &ALL);
    }
    first(0, 400, &JSON).or_else(|| first(line.len().saturating_sub(200), line.len(), &JSON))
}

/// What stands in a line behind each of those names that begin and end between two places, in the order of the line.
fn values<'t>(line: &'t str, from: usize, to: usize, names: &[&str]) -> Vec<(usize, &'t str)> {
    let from = line.ceil_char_boundary(from);
    let within = line.get(from..line.floor_char_boundary(to).max(from)).unwrap_or_default();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in names {
        for (at, _) in within.match_indices(name) {
            let at = from + at;
            let before = line.as_bytes().get(at.wrapping_sub(1));
            if before.is_none_or(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\\'))) {
                found.extend(line.get(at + name.len()..).map(|rest| (at, rest)));
            }
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found
}

/// The time that a field's value states.
fn moment(value: &str) -> Option<Stamp> {
    let value = value.trim_start().trim_start_matches('"');
    if let Some(stamp) = iso(value) {
        return Some(stamp);
    }
    let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(value.len());
    let number: f64 = value.get(..end)?.parse().ok()?;
    let seconds = if number > 1e11 { number / 1000.0 } else { number };
    if !(1e9..5e9).contains(&seconds) {
        return None;
    }
    let whole = Timestamp::from_second(seconds as i64).ok()?;
    Some(Stamp::Absolute(whole))
}

/// `17:48:05`, with a fraction after `.` or `,` or without.
fn clock_of(text: &str) -> Option<civil::Time> {
    let hour = text.get(0..2)?.parse().ok()?;
    let minute = text.get(2..)?.strip_prefix(':')?.get(0..2)?.parse().ok()?;
    let second = text.get(5..)?.strip_prefix(':')?.get(0..2)?.parse().ok()?;
    let fraction = text.get(8..).and_then(|t| t.strip_prefix(['.', ','])).unwrap_or_default();
    let digits: String = fraction.chars().take_while(char::is_ascii_digit).take(9).collect();
    let nanos = format!("{digits:0<9}").parse().ok()?;
    civil::Time::new(hour, minute, second, nanos).ok()
}

/// How serious a line says it is, where it says so.
pub fn parse_level(line: &str) -> Option<Level> {
    let line = line.trim_start();
    if klog(line).is_some() {
        return match line.as_bytes().first()? {
            b'E' | b'F' => Some(Level::Error),
            b'W' => Some(Level::Warning),
            _ => Some(Level::Info),
        };
    }
    let (_, rest) = *values(line, 0, 300, &["level=", "\"level\":", "lvl=", "\"severity\":"]).first()?;
    let word = rest.get(..rest.floor_char_boundary(16))?;
    let word = word.trim_start().trim_start_matches('"').to_ascii_lowercase();
    [
        (Level::Error, ["err", "fatal", "panic", "crit"].as_slice()),
        (Level::Warning, &["warn"]),
        (Level::Info, &["info", "notice"]),
        (Level::Debug, &["debug", "trace"]),
    ]
    .into_iter()
    .find(|(_, starts)| starts.iter().any(|s| word.starts_with(s)))
    .map(|(level, _)| level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_its_time() {
        let local = |text: &str, year| {
            let dt: Option<civil::DateTime> = text.parse().ok();
            dt.map(|dt| Stamp::Local(dt, year))
        };
        let utc = |text: &str| text.parse().ok().map(Stamp::Absolute);
        for (line, want) in [
            (
                "E1122 17:48:05.123456    2203 generic.go:312] x",
                local("0000-11-22T17:48:05.123456", HasYear::No),
            ),
            ("time=\"2026-11-22T17:44:04.02Z\" level=info msg=x", utc("2026-11-22T17:44:04.02Z")),
            ("2026-11-22T17:44:04.02+08:00 stderr F boom", utc("2026-11-22T09:44:04.02Z")),
            ("2026-11-22 17:43:47.316362 N | embed: x", local("2026-11-22T17:43:47.316362", HasYear::Yes)),
            ("Nov  2 17:48:05 host kubelet[1]: x", local("0000-11-02T17:48:05", HasYear::No)),
            ("[Tue May  7 10:55:01 2024] EXT4-fs error", local("2024-05-07T10:55:01", HasYear::Yes)),
            ("10月 16 09:50:55 ubuntu kubelet[1]: x", local("0000-10-16T09:50:55", HasYear::No)),
            (
                "{\"level\":\"warn\",\"ts\":\"2026-11-22T17:44:04Z\",\"msg\":\"x\"}",
                utc("2026-11-22T17:44:04Z"),
            ),
            ("{\"ts\":1795369445.5,\"msg\":\"x\"}", utc("2026-11-22T17:44:05Z")),
            ("{\"ts\":1795369445.5,\"msg\":\"time=2020-01-01T00:00:00Z\"}", utc("2026-11-22T17:44:05Z")),
            (
                "{\"log\":\"time=2020-01-01T00:00:00Z x\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-22T17:44:04.02Z\"}",
                utc("2026-11-22T17:44:04.02Z"),
            ),
            ("host=web ts=2026-11-22T17:44:04Z msg=x", utc("2026-11-22T17:44:04Z")),
            ("count=1795369445 x", None),
            ("[ 2975.634492] veth: x", Some(Stamp::SinceBoot(2_975.634_492))),
            ("starting mailer v3", None),
            ("[not a time] x", None),
            ("I9999 99:99:99 x", None),
        ] {
            assert_eq!(parse_stamp(line), want, "{line}");
        }
    }

    #[test]
    fn levels() {
        assert_eq!(parse_level("W1122 17:48:05.123456 1 x"), Some(Level::Warning));
        assert_eq!(parse_level("time=\"…\" level=error msg=x"), Some(Level::Error));
        assert_eq!(parse_level("{\"level\":\"info\",\"msg\":\"level=error\"}"), Some(Level::Info));
        assert_eq!(parse_level("plain"), None);
    }
}
