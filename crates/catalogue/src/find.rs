//! Finding a page: by id, by an event's reason, by a message.

use crate::{Catalogue, Mode};
use kubecause_signals::Signals;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// All of a name, in tenths.
const WHOLE: usize = 10;

impl Catalogue {
    /// The modes that a word or a pasted text leads to, best first: an id, a part of an id, an event's reason, or a
    /// message that one of the patterns knows. What a bare reason leads to is sorted by how many other modes lead there: the
    /// general before the special.
    pub fn find(&self, signals: &Signals, words: &str) -> Vec<&Mode> {
        let words = words.trim();
        if let Some(exact) = self.get(&words.to_lowercase()) {
            return vec![exact];
        }
        let patterns = signals.patterns();
        let mut ids = patterns.with_reason(words);
        let reason = !ids.is_empty();
        ids.extend(patterns.matching(words));
        let mut led_to: BTreeMap<&str, usize> = BTreeMap::new();
        for what in
            self.all().flat_map(|m| m.explains.iter().map(|e| e.what.as_str()).chain(m.refines.as_deref()))
        {
            *led_to.entry(what).or_default() += 1;
        }
        let lower = words.to_lowercase();
        let rank = |m: &Mode| {
            let sentence = words.contains(' ');
            let named = match if sentence { 0 } else { m.share_of_name_in(words) } {
                // A reason that says a part of a name says it by chance; many modes share it.
                share if reason && share < WHOLE => 0,
                share => share,
            };
            // A message that the page itself quotes.
            let quoted = sentence && m.en.to_lowercase().contains(&lower);
            let strength = m.strength_of(&ids);
            (named > 0 || quoted || strength.is_some()).then(|| {
                let general = led_to.get(m.id.as_str()).copied().filter(|_| reason).unwrap_or(0);
                let strength = if reason { 0 } else { strength.unwrap_or(3) };
                (
                    Reverse((named, quoted)),
                    strength,
                    Reverse(general),
                    m.refines.is_some(),
                    m.entries().count(),
                )
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
    /// Whether the one word holds the whole of the mode's name.
    pub fn is_named_by(&self, word: &str) -> bool {
        self.id == word.to_lowercase() || self.share_of_name_in(word) == WHOLE
    }

    /// How much of the mode's name one word holds, in tenths: `ImageGCFailed` holds all of `image-gc-failing`. At least two
    /// parts of it must be there, by their first four letters.
    fn share_of_name_in(&self, words: &str) -> usize {
        let words = words.to_lowercase();
        let parts: Vec<&str> = self.id.split('-').collect();
        let stem = |part: &&&str| words.contains(part.get(..4).unwrap_or(part));
        let held = parts.iter().filter(stem).count();
        if held < 2 { 0 } else { held * WHOLE / parts.len() }
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
