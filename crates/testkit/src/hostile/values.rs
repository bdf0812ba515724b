//! Quantities and times.

use jiff::Timestamp;
use kubecause_evidence::de::parse_time;
use kubecause_evidence::log::parse_stamp;
use kubecause_evidence::quantity::{self, Quantity};

/// A quantity: a number or none, never one that is none; its sign only turns it around, and what it is in digits reads back.
pub fn quantity(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let value = quantity::parse(text);
    if let Some(value) = value {
        assert!(value.is_finite(), "{text:?} is no number");
        assert_eq!(quantity::parse(&value.to_string()), Some(value), "{text:?}");
        assert!(!quantity::bytes(value).is_empty());
    }
    if !text.starts_with(['+', '-']) {
        assert_eq!(quantity::parse(&format!("-{text}")), value.map(|v| -v), "-{text:?}");
        assert_eq!(quantity::parse(&format!("+{text}")), value, "+{text:?}");
    }
    let held = Quantity::new(text);
    assert_eq!(held.value(), value);
    assert_eq!(held.milli().is_some(), value.is_some());
}

/// A time: what is printed reads back as the same.
pub fn time(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(time) = parse_time(&text) {
        assert_eq!(parse_time(&time.to_string()), Some(time), "{text:?}");
    }
    let _ = parse_stamp(&text);
}

/// Some moment while there was Kubernetes, to the microsecond.
pub fn moment(seed: u64) -> Timestamp {
    const FROM: i64 = 1_420_070_400;
    let seconds = FROM + (seed % 2_000_000_000) as i64;
    let micros = (seed >> 32) as i32 % 1_000_000;
    Timestamp::new(seconds, micros * 1000).unwrap_or(Timestamp::UNIX_EPOCH)
}
