//! Expressions that are compiled when something first asks for them: of two hundred, a capture needs a few dozen.

use regex::Regex;
use std::sync::OnceLock;

/// One expression.
#[derive(Debug)]
pub(super) struct LazyRegex {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// The compiled expression; `None` for one that does not compile, which the tests keep out of what ships.
    pub(super) fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }
}
