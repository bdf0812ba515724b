//! The `Events:` section.
//!
//! Since 1.8 `Type Reason Age From Message`, before `FirstSeen LastSeen Count From SubObjectPath Type Reason Message`. A message of
//! several lines is printed as it is and moves the columns of all rows after it, so rows are known by their cells: a type, and an
//! age where ages stand. Wording: `DescribeEvents` of k8s.io/kubectl.

use super::json::{Obj, number};
use super::time::{age, before};
use super::tree::{Line, cells, shown, split_key};
use jiff::Timestamp;
use serde_json::Value;

/// What the events are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
}

#[derive(Debug, Default)]
struct Row<'a> {
    kind: &'a str,
    reason: &'a str,
    first: Option<&'a str>,
    last: Option<&'a str>,
    count: Option<i64>,
    from: Option<&'a str>,
    path: Option<&'a str>,
    message: String,
}

/// The events of a section as objects of the API.
pub(super) fn events(section: &[Line<'_>], about: About<'_>, taken_at: Timestamp) -> Vec<Value> {
    read(section).into_iter().map(|row| object(row, about, taken_at)).collect()
}

fn read<'a>(section: &[Line<'a>]) -> Vec<Row<'a>> {
    let mut out: Vec<Row<'_>> = Vec::new();
    let mut open = false;
    for line in section.iter().skip(1) {
        if let Some(row) = row(line.text) {
            out.push(row);
            open = true;
            continue;
        }
        let more = open && !line.after_blank && !line.text.starts_with("---");
        match out.last_mut().filter(|_| more) {
            Some(last) if last.message.len() < 16_384 => {
                last.message.push('\n');
                last.message.push_str(line.text);
            }
            _ => open = false,
        }
    }
    out
}

fn is_type(text: &str) -> bool {
    matches!(text, "Normal" | "Warning" | "Error")
}

/// An age as events have it, with what stands in brackets after it.
fn is_age(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    age(first).is_some() || matches!(first, "<unknown>" | "<invalid>")
}

fn row(text: &str) -> Option<Row<'_>> {
    let cells = cells(text);
    let rest = |n: usize| cells.get(n).and_then(|(at, _)| text.get(*at..)).unwrap_or_default().to_owned();
    let words: Vec<&str> = cells.iter().map(|c| c.1).collect();
    match words.as_slice() {
        [kind, reason, seen, more @ ..] if is_type(kind) && is_age(seen) => {
            let (last, count, first) = interval(seen);
            let sourced = more.len() > 1 || more.first().is_some_and(|m| is_source(m));
            let from = more.first().filter(|_| sourced).and_then(|f| shown(f));
            Some(Row {
                kind,
                reason,
                first,
                last,
                count,
                from,
                path: None,
                message: rest(3 + usize::from(sourced)),
            })
        }
        [first, last, count, more @ ..] if is_age(first) && is_age(last) && number(count).is_some() => {
            let at = more.iter().position(|c| is_type(c))?;
            let kind = more.get(at)?;
            let reason = more.get(at + 1)?;
            let path = more.get(1..at).and_then(|p| p.first()).copied();
            let from = more.get(..at).and_then(|p| p.first()).copied();
            let count = number(count);
            Some(Row {
                kind,
                reason,
                first: Some(first),
                last: Some(last),
                count,
                from,
                path,
                message: rest(at + 5),
            })
        }
        _ => single(text),
    }
}

/// A row whose columns have become single blanks.
fn single(text: &str) -> Option<Row<'_>> {
    let mut words = text.splitn(4, char::is_whitespace).map(str::trim);
    let (kind, reason) = (words.next().filter(|k| is_type(k))?, words.next()?);
    let seen = words.next().filter(|s| age(s).is_some())?;
    let mut rest = words.next()?.trim();
    let mut first = Some(seen);
    let mut count = None;
    if let Some((inner, after)) = rest.strip_prefix("(x").and_then(|r| r.split_once(')')) {
        let (times, over) = inner.split_once(" over ")?;
        count = number(times);
        first = Some(over.trim());
        rest = after.trim();
    }
    let (from, message) = rest.split_once(' ')?;
    let message = message.trim().to_owned();
    Some(Row { kind, reason, first, last: Some(seen), count, from: Some(from), path: None, message })
}

/// A lone cell after the age is a source if it is one word without punctuation, as `kubelet` or `deployment-controller`.
fn is_source(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.".contains(&b))
        && text.contains(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('.')
}

/// `63s (x5 over 2m35s)` → last, count, first; `63s` is when it was first seen, and last as far as one knows.
fn interval(text: &str) -> (Option<&str>, Option<i64>, Option<&str>) {
    let Some((last, over)) = text.split_once('(') else {
        return (Some(text), None, Some(text));
    };
    let inner = over.trim_end_matches(')').strip_prefix('x').unwrap_or_default();
    let (count, first) = inner.split_once(" over ").unwrap_or((inner, ""));
    (Some(last.trim()), number(count), shown(first))
}

fn object(row: Row<'_>, about: About<'_>, taken_at: Timestamp) -> Value {
    let mut out = Obj::new();
    out.set("apiVersion", "v1");
    out.set("kind", "Event");
    out.put("metadata.namespace", about.namespace);
    out.set("involvedObject.kind", about.kind);
    out.put("involvedObject.namespace", about.namespace);
    out.set("involvedObject.name", about.name);
    let (path, message) = pathed(&row);
    out.put("involvedObject.fieldPath", path);
    out.set("type", row.kind);
    out.set("reason", row.reason);
    out.set("message", message);
    if let Some(from) = row.from.and_then(shown) {
        let (component, host) = from.split_once(',').map_or((from, None), |(c, h)| (c, shown(h)));
        out.set("source.component", component.trim());
        out.put("source.host", host);
    }
    out.put("count", row.count);
    let time = |seen: Option<&str>| seen.and_then(|s| before(taken_at, s)).map(|t| t.to_string());
    out.put("firstTimestamp", time(row.first));
    out.put("lastTimestamp", time(row.last));
    out.into()
}

/// Newer versions write the container before the message: `spec.containers{app}: Back-off …`.
fn pathed<'r>(row: &'r Row<'_>) -> (Option<&'r str>, &'r str) {
    if let Some(path) = row.path.filter(|p| p.starts_with("spec.")) {
        return (Some(path), &row.message);
    }
    match split_key(&row.message) {
        Some((path, _))
            if path.starts_with("spec.") && path.ends_with('}') && !path.contains(char::is_whitespace) =>
        {
            (Some(path), row.message.get(path.len() + 1..).unwrap_or_default().trim_start())
        }
        _ => (None, &row.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::lines;

    fn read(text: &str) -> Vec<Value> {
        let now: Timestamp = "2026-01-01T01:00:00Z".parse().expect("time");
        events(&lines(text), About { kind: "Pod", namespace: Some("n"), name: "p" }, now)
    }

    #[test]
    fn rows_of_today() {
        let found = read(
            "Events:\n  Type     Reason   Age                 From     Message\n  ----     ------   ----                ----     -------\n  Warning  BackOff  63s (x5 over 2m35s)  kubelet  spec.containers{app}: Back-off restarting\n  Warning  Failed   <unknown>            kubelet  first line\nsecond line\n  Normal  Pulled  5m  kubelet, node-1  Container image \"x\"  already there\n",
        );
        assert_eq!(found.len(), 3);
        assert_eq!(found[0]["count"], 5);
        assert_eq!(found[0]["lastTimestamp"], "2026-01-01T00:58:57Z");
        assert_eq!(found[0]["firstTimestamp"], "2026-01-01T00:57:25Z");
        assert_eq!(found[0]["involvedObject"]["fieldPath"], "spec.containers{app}");
        assert_eq!(found[0]["message"], "Back-off restarting");
        assert_eq!(found[1]["message"], "first line\nsecond line");
        assert!(found[1].get("lastTimestamp").is_none());
        assert_eq!(found[2]["source"]["host"], "node-1");
        assert_eq!(found[2]["message"], "Container image \"x\"  already there");
    }

    #[test]
    fn rows_before_1_8() {
        let found = read(
            "Events:\n  FirstSeen    LastSeen    Count    From            SubObjectPath    Type        Reason            Message\n  ---------    --------    -----    ----            -------------    --------    ------            -------\n  9d        51m        49428    kubelet, ubuntu-k8s-3            Warning        EvictionThresholdMet    Attempting to reclaim nodefs\n  2m\t1m\t3\tkubelet, a\tspec.containers{app}\tNormal\tPulled\tall good\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0]["count"], 49_428);
        assert_eq!(found[0]["source"]["host"], "ubuntu-k8s-3");
        assert_eq!(found[0]["reason"], "EvictionThresholdMet");
        assert_eq!(found[0]["lastTimestamp"], "2026-01-01T00:09:00Z");
        assert_eq!(found[1]["involvedObject"]["fieldPath"], "spec.containers{app}");
        assert_eq!(found[1]["message"], "all good");
    }

    #[test]
    fn rows_with_single_blanks_and_without_source() {
        let found = read(
            "Events:\nType Reason Age From Message\nWarning Unhealthy 2m (x3 over 5m) kubelet Readiness probe failed: dial\n  Warning  FailedScheduling  5m    0/3 nodes are available\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0]["count"], 3);
        assert_eq!(found[0]["message"], "Readiness probe failed: dial");
        assert_eq!(found[1]["message"], "0/3 nodes are available");
        assert!(found[1].get("source").is_none());
        assert!(read("Events:  <none>\n").is_empty());
    }
}
