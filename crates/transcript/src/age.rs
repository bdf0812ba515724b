//! Durations as kubectl prints them: `3m4s`, `2d3h`, `63s`, `5y12d`, `<unknown>`, `4 (117s ago)`, `67s (x5 over 2m36s)`.
//!
//! Source: k8s.io/apimachinery `pkg/util/duration` (`HumanDuration`, `ShortHumanDuration`), kubectl `pkg/describe` (events).

/// Seconds of a duration; `None` for what is none (`<unknown>`, `<none>`). `<invalid>` is a moment just ahead.
pub fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(" ago").unwrap_or(text);
    if text == "<invalid>" {
        return Some(0);
    }
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest.get(..end)?.parse().ok()?;
        let unit = rest.get(end..)?;
        let (factor, width) = match unit.as_bytes() {
            [b'm', b's', ..] => (0, 2),
            [b's', ..] => (1, 1),
            [b'm', ..] => (60, 1),
            [b'h', ..] => (3600, 1),
            [b'd', ..] => (86_400, 1),
            [b'y', ..] => (365 * 86_400, 1),
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = unit.get(width..)?;
    }
    (!text.is_empty()).then_some(total)
}

/// How often and since when something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repeated {
    /// Seconds since the last time.
    pub last: Option<i64>,
    /// How often.
    pub count: Option<i64>,
    /// Seconds since the first time.
    pub first: Option<i64>,
}

/// `67s (x5 over 2m36s)`, or a plain duration.
pub fn repeated(text: &str) -> Repeated {
    let (last, rest) =
        text.split_once('(').map_or((text, ""), |(last, rest)| (last, rest.trim_end_matches(')')));
    let (count, first) = rest.split_once(" over ").unwrap_or((rest, ""));
    Repeated {
        last: seconds(last),
        count: count.trim().strip_prefix('x').and_then(|n| n.parse().ok()),
        first: seconds(first),
    }
}

/// `4 (117s ago)`: restarts, and seconds since the last one.
pub fn restarts(text: &str) -> Option<(i64, Option<i64>)> {
    let (count, ago) = text.split_once('(').map_or((text, None), |(c, a)| (c, Some(a.trim_end_matches(')'))));
    Some((count.trim().parse().ok()?, ago.and_then(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, want) in [
            ("3m4s", Some(184)),
            ("2d3h", Some(183_600)),
            ("63s", Some(63)),
            ("2y17d", Some(64_540_800)),
            ("117s ago", Some(117)),
            ("<invalid>", Some(0)),
            ("<unknown>", None),
            ("", None),
            ("5", None),
            ("x5", None),
            ("99999999999999999999s", None),
            ("9223372036854775807y", None),
        ] {
            assert_eq!(seconds(text), want, "{text}");
        }
    }

    #[test]
    fn repeats() {
        let found = repeated("67s (x5 over 2m36s)");
        assert_eq!(found, Repeated { last: Some(67), count: Some(5), first: Some(156) });
        assert_eq!(repeated("14s"), Repeated { last: Some(14), ..Repeated::default() });
        assert_eq!(restarts("4 (117s ago)"), Some((4, Some(117))));
        assert_eq!(restarts("0"), Some((0, None)));
        assert_eq!(restarts("x"), None);
    }
}
