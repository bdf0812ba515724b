//! Times and spans of time, as short as they can be told.

use crate::words::Words;
use jiff::Timestamp;

/// `17:44:13` on the day of `today`, else `2026-11-21 17:44:13`; always UTC.
pub(crate) fn clock(at: Timestamp, today: Option<Timestamp>) -> String {
    let same_day = today.is_some_and(|t| day(t) == day(at));
    let form = if same_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.strftime(form).to_string()
}

/// `17:44:13` on the day of `today`, else `11-21 17:44`: never more than 11 columns.
pub fn short_clock(at: Timestamp, today: Option<Timestamp>) -> String {
    let same_day = today.is_some_and(|t| day(t) == day(at));
    let form = if same_day { "%H:%M:%S" } else { "%m-%d %H:%M" };
    at.strftime(form).to_string()
}

/// `2026-11-22 17:48:57 UTC`.
pub(crate) fn full(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long it is from `from` to `to`, in the two largest units; `None` where it is not positive.
pub(crate) fn between(from: Timestamp, to: Timestamp, words: Words) -> Option<String> {
    let seconds = to.as_second().saturating_sub(from.as_second());
    (seconds > 0).then(|| span(seconds, words))
}

fn span(seconds: i64, words: Words) -> String {
    let [day, hour, minute, second] = words.units();
    let (d, h, m, s) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let parts = match (d, h, m) {
        (0, 0, 0) => [(s, second), (0, "")],
        (0, 0, _) => [(m, minute), (s, second)],
        (0, _, _) => [(h, hour), (m, minute)],
        _ => [(d, day), (h, hour)],
    };
    let shown: Vec<String> = parts
        .iter()
        .filter(|(n, unit)| *n > 0 && !unit.is_empty())
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    shown.join(" ")
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_model::Lang;

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn the_date_is_told_only_where_it_differs() {
        let now = t("2026-11-22T17:48:57Z");
        assert_eq!(clock(t("2026-11-22T00:00:01Z"), Some(now)), "00:00:01");
        assert_eq!(clock(t("2026-11-21T23:59:59Z"), Some(now)), "2026-11-21 23:59:59");
        assert_eq!(short_clock(t("2025-11-21T23:59:59Z"), Some(now)), "11-21 23:59");
        assert_eq!(clock(now, None), "2026-11-22 17:48:57");
    }

    #[test]
    fn spans_have_two_units() {
        let now = t("2026-11-22T17:48:57Z");
        let since = |text| between(t(text), now, Words(Lang::En));
        assert_eq!(since("2026-11-22T17:44:13Z").as_deref(), Some("4 min 44 s"));
        assert_eq!(since("2026-11-22T17:48:57Z"), None);
        assert_eq!(since("2026-11-22T17:40:57Z").as_deref(), Some("8 min"));
        assert_eq!(since("2026-11-20T15:00:00Z").as_deref(), Some("2 d 2 h"));
        assert_eq!(between(t("2026-11-22T16:44:13Z"), now, Words(Lang::Zh)).as_deref(), Some("1 小时 4 分"));
    }
}
