//! When a capture was taken and of which cluster, as other tools say it in a file of their own.

use jiff::Timestamp;
use jiff::fmt::strtime;
use kubecause_evidence::de::parse_time;

/// The time and the API server's version that a text tells: `bundlecreatedat: …` and `kubernetesversion: …` of a support bundle kit's
/// `metadata.yaml`, the last line of a must-gather's `timestamp`, the output of `date`.
pub fn read(text: &str) -> (Option<Timestamp>, Option<String>) {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
        });
        value.filter(|v| !v.is_empty())
    };
    let said = field("bundleCreatedAt").and_then(|at| parse_time(&at));
    let last = || text.lines().rev().filter(|l| !l.trim().is_empty()).find_map(time_of);
    (said.or_else(last), field("kubernetesVersion"))
}

/// Go's `2026-11-22 17:40:14.123456789 +0000 UTC m=+0.012`, or the output of `date` in UTC, whose other zones have names only.
fn time_of(line: &str) -> Option<Timestamp> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [date, time, offset, ..] if date.contains('-') => {
            let time = time.split('.').next()?;
            let parsed = strtime::parse("%Y-%m-%d %H:%M:%S %z", format!("{date} {time} {offset}")).ok()?;
            parsed.to_timestamp().ok()
        }
        // Sun Nov 22 17:40:14 UTC 2026; Sun 22 Nov 2026 05:40:14 PM UTC.
        [_, month, day, time, "UTC" | "GMT", year] => {
            civil(&format!("{year} {month} {day} {time}"), "%Y %b %d %T")
        }
        [_, day, month, year, time, half @ ("AM" | "PM"), "UTC" | "GMT"] => {
            civil(&format!("{year} {month} {day} {time} {half}"), "%Y %b %d %I:%M:%S %p")
        }
        _ => None,
    }
}

fn civil(text: &str, form: &str) -> Option<Timestamp> {
    let time = strtime::parse(form, text).ok()?.to_datetime().ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_it_in_its_own_way() {
        let expected = "2026-11-22T17:40:14Z".parse::<Timestamp>().ok();
        for text in [
            "projectname: Harvester\nbundlecreatedat: \"2026-11-22T17:40:14Z\"\n",
            "2026-11-22 16:40:14.5 +0000 UTC m=+0.012\n2026-11-22 17:40:14.9 +0000 UTC m=+0.012\nend\n",
            "2026-11-22 18:40:14.5 +0100 CET m=+0.012\n",
            "Sun Nov 22 17:40:14 UTC 2026\n",
            "Sun 22 Nov 2026 05:40:14 PM UTC\n",
        ] {
            assert_eq!(read(text).0, expected, "{text}");
        }
        assert_eq!(read("Sun Nov 22 17:40:14 CET 2026").0, None);
        assert_eq!(read("kubernetesversion: v1.27.3+rke2r1\n").1.as_deref(), Some("v1.27.3+rke2r1"));
    }
}
