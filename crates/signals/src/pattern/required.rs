//! The texts of which every match of an expression holds at least one: what lets a pass over a long log look at few of its lines.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts are in every other line.
const SHORTEST: usize = 4;
/// Longer ones tell no more than their beginning.
const LONGEST: usize = 12;
/// More texts than this for one expression are no help.
const MOST: usize = 96;
/// So many ways to write one run of characters are told apart.
const WAYS: usize = 24;

/// The texts, in lower case; `None` where there are none of use. ASCII letters are to be compared without regard to case.
pub(super) fn required(expression: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(expression).ok()?;
    let mut texts = seek(&hir).best?;
    texts.sort();
    texts.dedup();
    // What holds another text is found by it.
    let all = texts.clone();
    texts.retain(|t| !all.iter().any(|o| o != t && t.contains(o.as_str())));
    Some(texts)
}

/// What is known of a part of an expression.
struct Seen {
    /// All that it can match, where that is little.
    exact: Option<Vec<String>>,
    /// Texts of which each match holds one.
    best: Option<Vec<String>>,
}

impl Seen {
    const NOTHING: Self = Self { exact: None, best: None };

    fn exactly(ways: Vec<String>) -> Self {
        Self { best: usable(&ways), exact: Some(ways) }
    }
}

/// These texts, cut to a useful length; `None` where one is too short or they are too many.
fn usable(ways: &[String]) -> Option<Vec<String>> {
    let long = ways.len() <= MOST && ways.iter().all(|w| w.len() >= SHORTEST);
    let cut = |w: &String| w.get(..w.floor_char_boundary(LONGEST)).unwrap_or(w).to_owned();
    long.then(|| ways.iter().map(cut).collect())
}

/// Longer texts and fewer of them are the better.
fn better(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    let rank = |ways: &[String]| {
        let shortest = ways.iter().map(String::len).min().unwrap_or_default();
        (shortest, std::cmp::Reverse(ways.len()))
    };
    match (a, b) {
        (Some(a), Some(b)) => Some(if rank(&b) > rank(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn seek(hir: &Hir) -> Seen {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Seen { exact: Some(vec![String::new()]), best: None },
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Seen::exactly(vec![text.to_ascii_lowercase()]),
            Err(_) => Seen::NOTHING,
        },
        HirKind::Class(class) => class_of(class).map_or(Seen::NOTHING, Seen::exactly),
        HirKind::Capture(capture) => seek(&capture.sub),
        HirKind::Repetition(r) => match (r.min, r.max, seek(&r.sub)) {
            (1, Some(1), inner) => inner,
            (0, Some(1), Seen { exact: Some(mut ways), .. }) => {
                ways.push(String::new());
                Seen { exact: Some(ways), best: None }
            }
            (0, ..) => Seen::NOTHING,
            (.., inner) => Seen { exact: None, best: inner.best },
        },
        HirKind::Alternation(branches) => alternation(branches),
        HirKind::Concat(parts) => concat(parts),
    }
}

fn alternation(branches: &[Hir]) -> Seen {
    let (mut exact, mut best) = (Some(Vec::new()), Some(Vec::new()));
    for branch in branches {
        let seen = seek(branch);
        exact = exact.zip(seen.exact).map(|(all, more)| [all, more].concat()).filter(|a| a.len() <= MOST);
        best = best.zip(seen.best).map(|(all, more)| [all, more].concat()).filter(|b| b.len() <= MOST);
    }
    Seen { exact, best }
}

/// Parts that can match little are joined to longer runs.
fn concat(parts: &[Hir]) -> Seen {
    let (mut run, mut best, mut whole) = (vec![String::new()], None, true);
    for part in parts {
        let seen = seek(part);
        best = better(best, seen.best);
        let joined = seen.exact.filter(|ways| run.len() * ways.len() <= WAYS).map(|ways| {
            let join =
                |head: &String| ways.iter().map(move |tail| format!("{head}{tail}")).collect::<Vec<_>>();
            run.iter().flat_map(join).collect::<Vec<_>>()
        });
        whole &= joined.is_some();
        run = joined.unwrap_or_else(|| vec![String::new()]);
        best = better(best, usable(&run));
    }
    Seen { exact: whole.then_some(run), best }
}

/// The characters of a small class. Of what folds to an ASCII letter only ASCII counts: nobody logs a Kelvin sign.
fn class_of(class: &Class) -> Option<Vec<String>> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(c) => c.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
        Class::Bytes(c) => c.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
    };
    if ranges.iter().map(|(a, b)| b - a + 1).sum::<u32>() > 8 {
        return None;
    }
    let folds = |c: &char| !matches!(c, '\u{212A}' | '\u{17F}');
    let all = ranges.into_iter().flat_map(|(a, b)| a..=b).filter_map(char::from_u32).filter(folds);
    let mut letters: Vec<String> = all.map(|c| c.to_ascii_lowercase().to_string()).collect();
    letters.sort();
    letters.dedup();
    (!letters.is_empty()).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::required;

    #[test]
    fn what_a_match_must_hold() {
        for (expression, want) in [
            ("failed to find plugin \\S+", Some(vec!["failed to fi"])),
            ("(?i)\\bno such host\\b|\\bENOTFOUND\\b", Some(vec!["enotfound", "no such host"])),
            ("[Nn]ode[ ]?[Cc]onfig.{0,400}CgroupDriver", Some(vec!["cgroupdriver"])),
            ("(?:a|b)+xyz", None),
            ("^F\\d{4} ", None),
            ("(?P<x>\\w+) is forbidden: (?:a|b)?", Some(vec![" is forbidden"])),
            ("task", Some(vec!["task"])),
            ("x*", None),
        ] {
            let want: Option<Vec<String>> = want.map(|w| {
                w.into_iter()
                    .map(|t: &str| t.get(..t.len().min(super::LONGEST)).unwrap_or(t).to_owned())
                    .collect()
            });
            assert_eq!(required(expression), want, "{expression}");
        }
    }
}
