//! Lines of logs, one form a target. The first bytes become the fields of a line's head, the rest is what it says: whatever that
//! is, the time and the level that were printed must be read. The bytes as they are must be survived.

use super::values::moment;
use jiff::{Timestamp, tz::TimeZone};
use kubecause_evidence::log::{HasYear, Level, LogFile, LogSource, Stamp, parse_level, parse_stamp};

/// What a line's head is made of, and what the line says.
struct Line {
    at: Timestamp,
    level: usize,
    number: u16,
    says: String,
}

impl Line {
    fn of(bytes: &[u8]) -> Self {
        let (head, rest) = bytes.split_at_checked(10).unwrap_or((bytes, &[]));
        let at = |range: std::ops::Range<usize>| {
            head.get(range).unwrap_or_default().iter().fold(0_u64, |n, b| n << 8 | u64::from(*b))
        };
        let says = String::from_utf8_lossy(rest).lines().next().unwrap_or_default().to_owned();
        Self { at: moment(at(0..8)), level: at(8..9) as usize, number: at(8..10) as u16, says }
    }

    fn print(&self, form: &str) -> String {
        self.at.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }

    /// The date and the time, in the year 0 where the form has none.
    fn local(&self, year: HasYear, fraction: bool) -> Stamp {
        let dt = self.at.to_zoned(TimeZone::UTC).datetime();
        let dt = if year == HasYear::Yes { dt } else { dt.with().year(0).build().unwrap_or(dt) };
        let nanos = if fraction { dt.subsec_nanosecond() } else { 0 };
        Stamp::Local(dt.with().subsec_nanosecond(nanos).build().unwrap_or(dt), year)
    }
}

/// klog: `E1122 17:48:05.123456    2203 generic.go:312] …`.
pub fn klog(bytes: &[u8]) {
    survive(bytes, &LogSource::Kubelet);
    let line = Line::of(bytes);
    let (letter, level) =
        [("I", Level::Info), ("W", Level::Warning), ("E", Level::Error), ("F", Level::Error)][line.level % 4];
    let head = line.print("%m%d %H:%M:%S.%6f");
    let text = format!("{letter}{head} {:>7} generic.go:{}] {}", line.number, line.level, line.says);
    assert_eq!(parse_stamp(&text), Some(line.local(HasYear::No, true)), "{text}");
    assert_eq!(parse_level(&text), Some(level), "{text}");
}

const LEVELS: [(&str, Level); 5] = [
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warning", Level::Warning),
    ("error", Level::Error),
    ("fatal", Level::Error),
];

/// logfmt: `time="2026-11-22T17:44:04.02Z" level=info msg="…"`.
pub fn logfmt(bytes: &[u8]) {
    survive(bytes, &LogSource::Runtime);
    let line = Line::of(bytes);
    let (word, level) = LEVELS[line.level % LEVELS.len()];
    let name = ["time", "ts", "t"][usize::from(line.number) % 3];
    let text = format!("{name}=\"{}\" level={word} msg={:?}", line.at, line.says);
    assert_eq!(parse_stamp(&text), Some(Stamp::Absolute(line.at)), "{text}");
    assert_eq!(parse_level(&text), Some(level), "{text}");
}

/// JSON: `{"level":"warn","ts":"2026-11-22T17:44:04Z","msg":"…"}`, the time as text or as seconds.
pub fn json(bytes: &[u8]) {
    survive(bytes, &LogSource::Container);
    let line = Line::of(bytes);
    let (word, level) = LEVELS[line.level % LEVELS.len()];
    let says = serde_json::Value::from(line.says.as_str());
    let name = ["ts", "time", "timestamp", "@timestamp"][usize::from(line.number) % 4];
    let text = format!("{{\"level\":\"{word}\",\"{name}\":\"{}\",\"msg\":{says}}}", line.at);
    assert_eq!(parse_stamp(&text), Some(Stamp::Absolute(line.at)), "{text}");
    assert_eq!(parse_level(&text), Some(level), "{text}");
    let seconds = Timestamp::from_second(line.at.as_second()).ok().map(Stamp::Absolute);
    let text = format!("{{\"level\":\"{word}\",\"{name}\":{}.5,\"msg\":{says}}}", line.at.as_second());
    assert_eq!(parse_stamp(&text), seconds, "{text}");
}

/// syslog and the journal: `Nov 22 17:48:05 host kubelet[812]: …`, in Chinese, and with a full time.
pub fn syslog(bytes: &[u8]) {
    survive(bytes, &LogSource::System);
    let line = Line::of(bytes);
    for form in ["%b %e %H:%M:%S", "%-m月 %d %H:%M:%S"] {
        let text = format!("{} worker-1 kubelet[{}]: {}", line.print(form), line.number, line.says);
        assert_eq!(parse_stamp(&text), Some(line.local(HasYear::No, false)), "{text}");
    }
    let east = line.at.to_zoned(jiff::tz::offset(8).to_time_zone()).strftime("%Y-%m-%dT%H:%M:%S.%6f%:z");
    let text = format!("{east} worker-1 kubelet[{}]: {}", line.number, line.says);
    assert_eq!(parse_stamp(&text), Some(Stamp::Absolute(line.at)), "{text}");
}

/// The kernel's ring buffer: `[ 2975.634492] …`, `<6>[ 2975.634492] …`.
pub fn kernel(bytes: &[u8]) {
    survive(bytes, &LogSource::Kernel);
    let line = Line::of(bytes);
    let micros = line.at.as_microsecond() % 100_000_000_000;
    let stamp = format!("{:>5}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let want = stamp.trim().parse().ok().map(Stamp::SinceBoot);
    for text in [format!("[{stamp}] {}", line.says), format!("<{}>[{stamp}] {}", line.level % 8, line.says)] {
        assert_eq!(parse_stamp(&text), want, "{text}");
    }
}

/// What a runtime writes of a container: CRI (`2026-11-22T17:44:04.02Z stderr F …`), Docker (`{"log":"…","stream":…,"time":…}`).
pub fn cri(bytes: &[u8]) {
    survive(bytes, &LogSource::Container);
    let line = Line::of(bytes);
    let (stream, tag) = [("stdout", "F"), ("stderr", "F"), ("stdout", "P")][line.level % 3];
    let text = format!("{} {stream} {tag} {}", line.at, line.says);
    assert_eq!(parse_stamp(&text), Some(Stamp::Absolute(line.at)), "{text}");
    let says = serde_json::Value::from(format!("{}\n", line.says));
    let text = format!("{{\"log\":{says},\"stream\":\"{stream}\",\"time\":\"{}\"}}", line.at);
    assert_eq!(parse_stamp(&text), Some(Stamp::Absolute(line.at)), "{text}");
}

/// A log's lines keep their numbers, and its tail is of them.
fn survive(bytes: &[u8], source: &LogSource) {
    let text = String::from_utf8_lossy(bytes);
    let mut log = LogFile::new(source.clone(), "node.log", &*text);
    log.anchor(Some(moment(352_373_400)));
    log.anchor_boot(Some(moment(351_929_600)));
    let lines: Vec<(usize, &str)> = log.lines().collect();
    for (number, line) in &lines {
        let _ = (log.time_of(line), parse_level(line));
        assert!(log.reference(*number).ends_with(&format!(":{number}")));
    }
    let _ = (log.first_time(), log.last_time());
    if log.unavailable.is_none() {
        assert_eq!(lines.len(), text.lines().count());
        let tail = log.tail(20);
        assert!(tail.iter().all(|(number, line)| lines.get(number - 1) == Some(&(*number, *line))));
        let newest = lines.iter().rev().find(|(_, line)| !line.trim().is_empty());
        assert_eq!(tail.last(), newest, "the tail does not end with the last line");
    }
}
