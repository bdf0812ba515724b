//! Many expressions over the lines of a log in one pass: the texts that a match must hold are looked for over all of it at once,
//! and only lines that hold one are tried. The words that families look for are looked for in the same pass.

use super::required::required;
use crate::family::asked;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use memchr::{memchr, memrchr};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

/// Stands for a family among the owners of texts.
const FAMILY: usize = usize::MAX;

/// The expressions of one source, by their number in the whole.
#[derive(Debug, Default)]
pub(super) struct Sift {
    expressions: Vec<(usize, String)>,
    ready: OnceLock<Ready>,
}

#[derive(Debug, Default)]
struct Ready {
    /// Finds the texts, without regard to the case of ASCII letters.
    texts: Option<AhoCorasick>,
    /// Whose texts they are.
    owners: Vec<Vec<usize>>,
    /// Expressions that need none: they are tried on every line.
    anywhere: Vec<usize>,
}

impl Sift {
    /// Adds an expression, which has that number in the whole.
    pub(super) fn push(&mut self, number: usize, expression: &str) {
        self.expressions.push((number, expression.to_owned()));
    }

    fn ready(&self) -> &Ready {
        self.ready.get_or_init(|| Ready::new(&self.expressions))
    }

    /// Whether a family looks for a word of that line.
    pub(super) fn is_asked_for(&self, line: &[u8]) -> bool {
        let ready = self.ready();
        let mut found = ready.texts.iter().flat_map(|t| t.find_overlapping_iter(line));
        found.any(|m| ready.owners.get(m.pattern().as_usize()).is_some_and(|o| o.contains(&FAMILY)))
    }

    /// The expressions that may match any line.
    pub(super) fn anywhere(&self) -> &[usize] {
        &self.ready().anywhere
    }

    /// The next line at or after a place of a text that holds a text of some expression.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let input = Input::new(text).range(from..).earliest(true);
        let hit = self.ready().texts.as_ref()?.find(input)?.start();
        let start = memrchr(b'\n', text.get(..hit)?).map_or(0, |i| i + 1);
        let end = memchr(b'\n', text.get(hit..)?).map_or(text.len(), |i| hit + i);
        Some(start..end)
    }

    /// The expressions that may match a line beside those that may match any, in order.
    pub(super) fn of(&self, line: &str) -> Vec<usize> {
        let ready = self.ready();
        let found = ready.texts.iter().flat_map(|t| t.find_overlapping_iter(line));
        let mut all: Vec<usize> =
            found.filter_map(|m| ready.owners.get(m.pattern().as_usize())).flatten().copied().collect();
        all.retain(|owner| *owner != FAMILY);
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Ready {
    fn new(expressions: &[(usize, String)]) -> Self {
        let mut by_text: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for (number, expression) in expressions {
            match required(expression) {
                Some(texts) => texts.into_iter().for_each(|t| by_text.entry(t).or_default().push(*number)),
                None => anywhere.push(*number),
            }
        }
        for word in asked::ALL.iter().copied().flatten() {
            by_text.entry((*word).to_ascii_lowercase()).or_default().push(FAMILY);
        }
        let texts = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(by_text.keys());
        match texts {
            Ok(texts) => Self { texts: Some(texts), owners: by_text.into_values().collect(), anywhere },
            // More than an automaton holds: then every line is tried.
            Err(_) => Self { anywhere: expressions.iter().map(|(n, _)| *n).collect(), ..Self::default() },
        }
    }
}
