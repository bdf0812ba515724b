//! What any input must survive: the functions behind the fuzz targets in `fuzz/`, so that their corpora are replayed by plain
//! tests as well. Each takes bytes from anywhere and panics where something does not hold.

use crate::Kit;
use jiff::Timestamp;
use kubecause_bundle::{Input, Limits};
use kubecause_evidence::de::parse_time;
use kubecause_evidence::log::{LogFile, LogSource, parse_level, parse_stamp};
use kubecause_evidence::quantity;
use kubecause_model::Scope;
use kubecause_transcript::Part;
use std::sync::LazyLock;

/// A name, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// The targets by their names in `fuzz/`.
pub const TARGETS: [Target; 5] =
    [("bundle", bundle), ("transcript", transcript), ("log", log), ("quantity", quantity), ("time", time)];

static KIT: LazyLock<Option<Kit>> = LazyLock::new(|| Kit::new().ok());

const LIMITS: Limits = Limits {
    files: 1_000,
    depth: 8,
    unpacked: 16 << 20,
    nested: 4 << 20,
    objects: 8 << 20,
    small: 1 << 20,
    log: 1 << 20,
    logs: 4 << 20,
};

/// An archive, a list of objects, a pasted terminal: read, and diagnosed twice with the same answer.
pub fn bundle(bytes: &[u8]) {
    let kit = KIT.as_ref().expect("what ships loads");
    let input = Input::Bytes { name: "input".to_owned(), bytes: bytes.to_vec() };
    let Ok(read) = kubecause_bundle::read_within(&[input], &LIMITS) else { return };
    let said = |d: &kubecause_model::Diagnosis| format!("{:?}", d.incidents);
    let first = kit.conclude(&read.snapshot, &Scope::default());
    let second = kit.conclude(&read.snapshot, &Scope::default());
    assert_eq!(said(&first), said(&second), "two answers");
}

/// A pasted terminal: what it shows are objects of a kind.
pub fn transcript(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(shown) = kubecause_transcript::read(&[Part { name: "terminal.txt", text: &text }]) else {
        return;
    };
    for object in &shown.objects {
        assert!(object["kind"].is_string(), "an object without a kind: {object}");
    }
}

/// A log: its lines keep their numbers, and its tail is of them.
pub fn log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for source in [LogSource::Container, LogSource::Kubelet, LogSource::Kernel] {
        let mut log = LogFile::new(source, "node.log", &*text);
        log.anchor(Timestamp::from_second(1_772_443_800).ok());
        log.anchor_boot(Timestamp::from_second(1_772_000_000).ok());
        let lines: Vec<(usize, &str)> = log.lines().collect();
        for (number, line) in &lines {
            let _ = (log.time_of(line), parse_level(line), log.reference(*number));
        }
        let _ = (log.first_time(), log.last_time());
        if log.unavailable.is_none() {
            assert!(log.tail(20).iter().all(|l| lines.contains(l)), "the tail is not of the log");
        }
    }
}

/// A quantity: a number or none, never one that is none.
pub fn quantity(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(value) = quantity::parse(&text) {
        assert!(!value.is_nan(), "{text:?} is no number");
        assert!(!quantity::bytes(value).is_empty());
    }
    let _ = quantity::Quantity::new(&text).milli();
}

/// A time: what is printed reads back as the same.
pub fn time(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(time) = parse_time(&text) {
        assert_eq!(parse_time(&time.to_string()), Some(time), "{text:?}");
    }
    let _ = parse_stamp(&text);
}
