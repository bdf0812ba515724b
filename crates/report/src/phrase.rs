//! Sentences that every human form says in the same words.

use crate::time;
use crate::words::{Words, number};
use jiff::Timestamp;
use kubecause_model::{
    Change, Diagnosis, Fix, FixStep, Gap, Incident, Kind, Lang, Risk, Severity, Verdict, Why,
};
use std::collections::BTreeMap;

/// The title; the mode's id where it is empty.
pub(crate) fn title<'t>(title: &'t str, mode: &'t str) -> &'t str {
    if title.trim().is_empty() { mode } else { title }
}

/// The answer in one line: `healthy: …`, `3 incidents: 1 critical, 2 errors`, `unknown: …`. The first part is what
/// may be coloured.
pub(crate) fn verdict(d: &Diagnosis, words: Words) -> (String, String) {
    if !d.incidents.is_empty() {
        return (incidents(d, words), String::new());
    }
    match d.verdict {
        Verdict::Healthy => {
            let seen = looked_at(d, words);
            if !d.silenced.is_empty() {
                let silenced = words.incidents(d.silenced.len());
                return (
                    words.pick("healthy", "健康").to_owned(),
                    words.pick(
                        format!(
                            " but for {silenced} that somebody silenced: nothing else is wrong in {seen}"
                        ),
                        format!("（{silenced}已静默）：未发现其他故障，已查看 {seen}"),
                    ),
                );
            }
            (
                words.pick("healthy", "健康").to_owned(),
                words.pick(format!(": nothing is wrong in {seen}"), format!("：未发现故障，已查看 {seen}")),
            )
        }
        Verdict::Unknown => (words.pick("unknown", "无法判断").to_owned(), unknown(d, words).to_owned()),
        Verdict::Faults => (
            words.pick("no incident", "没有故障").to_owned(),
            words
                .pick(
                    " of the severity that was asked for; there are milder ones",
                    "达到所要求的严重程度，但有较轻的故障",
                )
                .to_owned(),
        ),
    }
}

fn incidents(d: &Diagnosis, words: Words) -> String {
    let total = words.incidents(d.incidents.len());
    let count = |severity| d.incidents.iter().filter(|i| i.severity == severity).count();
    let counts: Vec<(Severity, usize)> =
        Severity::ALL.into_iter().rev().map(|s| (s, count(s))).filter(|(_, n)| *n > 0).collect();
    if let [(severity, n)] = counts.as_slice() {
        let all = if *n > 1 { words.pick(", all ", "，均为") } else { words.pick(", ", "，") };
        return format!("{total}{all}{}", words.severity(*severity));
    }
    let parts: Vec<String> = counts.iter().map(|(s, n)| words.severities(*s, *n)).collect();
    format!("{total}{}{}", words.colon(), parts.join(words.comma()))
}

fn unknown(d: &Diagnosis, words: Words) -> &'static str {
    if d.stats.objects == 0 && d.stats.files == 0 {
        words.pick(": nothing could be read", "：什么也没有读到")
    } else if d.unexplained.is_empty() {
        words.pick(
            ": no fault was found, but what could not be looked at may hide one",
            "：未发现故障，但没能查看的地方可能藏着故障",
        )
    } else {
        words.pick(": something is wrong, and no known cause explains it", "：有异常，但没有已知原因能解释")
    }
}

/// `2 nodes, 13 pods, 40 events, 112 objects in all`.
pub(crate) fn looked_at(d: &Diagnosis, words: Words) -> String {
    let s = &d.stats;
    let mut parts = vec![words.kinds(&Kind::Node, s.nodes), words.kinds(&Kind::Pod, s.pods)];
    if s.events > 0 {
        parts.push(words.events(s.events));
    }
    if s.objects > s.nodes + s.pods + s.events {
        let all = words.objects(s.objects);
        parts.push(words.pick(format!("{all} in all"), format!("共 {all}")));
    }
    if s.files > 0 {
        parts.push(words.files(s.files));
    }
    parts.join(words.comma())
}

/// Version, size and time: what tells this run from others.
pub(crate) fn facts(d: &Diagnosis, words: Words) -> Vec<String> {
    let count =
        [words.kinds(&Kind::Node, d.stats.nodes), words.kinds(&Kind::Pod, d.stats.pods)].join(words.comma());
    let seen = d.taken_at.map(|at| seen_at(at, words));
    [d.stats.version.clone(), Some(count), seen].into_iter().flatten().filter(|f| !f.is_empty()).collect()
}

/// `seen at 2026-11-22 17:48:57 UTC`.
pub(crate) fn seen_at(at: Timestamp, words: Words) -> String {
    format!("{} {}", words.pick("seen at", "数据时间"), time::full(at))
}

/// `since 17:44:13, for 4 min 44 s`, or from when to when where it is over.
pub(crate) fn when(i: &Incident, today: Option<Timestamp>, words: Words) -> Option<String> {
    let clock = |at| time::clock(at, today);
    if !i.ongoing {
        let (en, zh) = match (i.since, i.last_seen) {
            (Some(a), Some(b)) if a < b => (
                format!("{} to {}, over", clock(a), clock(b)),
                format!("{} 至 {}，已结束", clock(a), clock(b)),
            ),
            (Some(at), _) | (None, Some(at)) => {
                (format!("{}, over", clock(at)), format!("{}，已结束", clock(at)))
            }
            (None, None) => ("over".to_owned(), "已结束".to_owned()),
        };
        return Some(words.pick(en, zh));
    }
    let since = i.since?;
    let ago = today.and_then(|now| time::between(since, now, words));
    let (en, zh) = match ago {
        Some(ago) => {
            (format!("since {}, for {ago}", clock(since)), format!("始于 {}，已 {ago}", clock(since)))
        }
        None => (format!("since {}", clock(since)), format!("始于 {}", clock(since))),
    };
    Some(words.pick(en, zh))
}

/// When a change was made and how long before the incident: `17:40:02`, ` (4 min before)`.
pub(crate) fn changed_at(
    c: &Change,
    i: &Incident,
    today: Option<Timestamp>,
    words: Words,
) -> Option<(String, Option<String>)> {
    let at = c.at?;
    let before = i.since.and_then(|since| time::between(at, since, words));
    let before = before.map(|b| words.aside(&words.pick(format!("{b} before"), format!("{b}前"))));
    Some((time::clock(at, today), before))
}

/// `deployment shop/cart (revision 4) app.image: a → b`, `service shop/cart (by kubectl-edit) spec.selector`.
pub(crate) fn change(c: &Change, words: Words) -> String {
    let revision = c.revision.map(|n| words.pick(format!("revision {n}"), format!("修订版本 {n}")));
    let by = c.by.as_deref().map(|by| words.pick(format!("by {by}"), format!("由 {by} 修改")));
    let origin = revision.or(by).map(|o| words.aside(&o)).unwrap_or_default();
    let what = format!("{} {}{origin} {}", words.kind(&c.object.kind), c.object, c.field);
    let value = |v: &str| if v.is_empty() { "∅".to_owned() } else { v.to_owned() };
    if c.from.is_empty() && c.to.is_empty() {
        return what;
    }
    format!("{what}{}{} → {}", words.colon(), value(&c.from), value(&c.to))
}

/// Gaps that may hide something, and those that hide nothing: all, where the verdict is that nothing is wrong.
pub(crate) fn gaps(d: &Diagnosis) -> (Vec<&Gap>, Vec<&Gap>) {
    d.gaps.iter().partition(|g| d.verdict != Verdict::Healthy && !g.matters.trim().is_empty())
}

/// Gaps that hide nothing are only counted: `3 other places were not looked at (2 not collected, 1 forbidden)`.
pub(crate) fn silent(gaps: &[&Gap], words: Words) -> String {
    if let [one] = gaps {
        let aside = words.aside(words.why(one.why));
        return words.pick(
            format!("1 other place was not looked at: {}{aside}", one.what),
            format!("另有 1 处未查看，不影响结论：{}{aside}", one.what),
        );
    }
    let mut counts: BTreeMap<Why, usize> = BTreeMap::new();
    for gap in gaps {
        *counts.entry(gap.why).or_default() += 1;
    }
    let each = |(why, n): (&Why, &usize)| match words.0 {
        Lang::En => format!("{} {}", number(*n), words.why(*why)),
        Lang::Zh => format!("{} 处{}", number(*n), words.why(*why)),
    };
    let counts = counts.iter().map(each).collect::<Vec<_>>().join(words.comma());
    let n = number(gaps.len());
    words.pick(
        format!("{n} other places were not looked at ({counts})"),
        format!("另有 {n} 处未查看（{counts}），不影响结论"),
    )
}

/// The letter of a fix, where there are several: `B. `.
pub(crate) fn letter(fixes: &[Fix], n: usize) -> String {
    match char::from_digit(n as u32 + 10, 36) {
        Some(c) if fixes.len() > 1 => format!("{}. ", c.to_ascii_uppercase()),
        _ => String::new(),
    }
}

/// What must be true before a step is done, where anything must.
pub(crate) fn guard(step: &FixStep, words: Words) -> Option<&str> {
    step.guard.as_ref().map(|g| g.get(words.0)).filter(|g| !g.trim().is_empty())
}

/// How many of the fixes are worth reading at once: up to the first that changes anything.
pub(crate) fn first_fixes(fixes: &[Fix]) -> usize {
    fixes.iter().position(|f| f.risk > Risk::ReadOnly).map_or(fixes.len(), |n| n + 1)
}

/// How many records say the same as the one that is quoted, in parentheses; empty for none.
pub(crate) fn alike(others: usize, words: Words) -> String {
    if others == 0 {
        return String::new();
    }
    let n = number(others);
    words.aside(&words.pick(format!("and {n} more alike"), format!("另有 {n} 条相同")))
}
