//! Finding a page: by id, by an event's reason, by a message.

use crate::{Catalogue, Mode};
use kubecause_signals::Signals;

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
        let mut found: Vec<(usize, &Mode)> =
            self.all().filter_map(|m| m.strength_of(&ids).map(|rank| (rank, m))).collect();
        found.sort_by_key(|(rank, mode)| (*rank, mode.id.as_str()));
        if found.is_empty() && !words.is_empty() {
            let part = words.to_lowercase().replace([' ', '_'], "-");
            found = self.all().filter(|m| m.id.contains(&part)).map(|m| (0, m)).collect();
        }
        if found.is_empty() && words.len() >= 3 {
            let holds = |m: &&Mode| m.en.contains(words) || m.zh.contains(words);
            found = self.all().filter(holds).map(|m| (0, m)).collect();
        }
        found.into_iter().map(|(_, mode)| mode).collect()
    }
}

impl Mode {
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
