//! Finding a page: by id, by an event's reason, by a message.

use crate::{Catalogue, Mode};
use kubecause_signals::Signals;
use std::cmp::Reverse;

impl Catalogue {
    /// The modes that a word or a pasted text leads to, best first: an id, a part of an id, an event's reason, or a
    /// message that one of the patterns knows.
    pub fn find(&self, signals: &Signals, words: &str) -> Vec<&Mode> {
        let words = words.trim();
        if let Some(exact) = self.get(&words.to_lowercase()) {
            return vec![exact];
        }
        let patterns = signals.patterns();
        let mut ids = patterns.with_reason(words);
        ids.extend(patterns.matching(words));
        let lower = words.to_lowercase();
        let rank = |m: &Mode| {
            let sentence = words.contains(' ');
            let named = if sentence { 0 } else { m.share_of_name_in(words) };
            // A message that the page itself quotes.
            let quoted = sentence && m.en.to_lowercase().contains(&lower);
            let strength = m.strength_of(&ids);
            (named > 0 || quoted || strength.is_some()).then(|| {
                (Reverse((named, quoted)), strength.unwrap_or(3), m.refines.is_some(), m.entries().count())
            })
        };
        let mut found: Vec<_> = self.all().filter_map(|m| rank(m).map(|rank| (rank, m))).collect();
        found.sort_by_key(|(rank, mode)| (*rank, mode.id.as_str()));
        let mut found: Vec<&Mode> = found.into_iter().map(|(_, mode)| mode).collect();
        if found.is_empty() && !words.is_empty() {
            let part = words.to_lowercase().replace([' ', '_'], "-");
            found = self.all().filter(|m| m.id.contains(&part)).collect();
        }
        if found.is_empty() && words.len() >= 3 {
            let holds = |m: &&Mode| m.en.contains(words) || m.zh.contains(words);
            found = self.all().filter(holds).collect();
        }
        found
    }
}

impl Mode {
    /// How much of the mode's name one word holds, in tenths: `ImageGCFailed` holds all of `image-gc-failing`. At least two
    /// parts of it must be there, by their first four letters.
    fn share_of_name_in(&self, words: &str) -> usize {
        let words = words.to_lowercase();
        let parts: Vec<&str> = self.id.split('-').collect();
        let stem = |part: &&&str| words.contains(part.get(..4).unwrap_or(part));
        let held = parts.iter().filter(stem).count();
        if held < 2 { 0 } else { held * 10 / parts.len() }
    }

    /// How strongly the mode rests on one of these signals: 0 is proof, 1 required, 2 supports; `None` not at all.
    fn strength_of(&self, signals: &[&str]) -> Option<usize> {
        let has = |id: &str| signals.contains(&id);
        if self.when.proof.iter().any(|e| has(&e.signal)) {
            return Some(0);
        }
        if self.required_entries().any(|e| has(&e.signal)) {
            return Some(1);
        }
        self.when.supports.iter().any(|e| has(&e.signal)).then_some(2)
    }
}
