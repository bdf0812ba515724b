//! Masks texts: logs, messages, commands.

use super::data::{Data, Pattern};
use super::{MASK, Redactor, is_harmless};
use regex::{Captures, Regex, RegexSet};
use std::borrow::Cow;

/// All patterns, compiled.
#[derive(Debug)]
pub struct Patterns {
    /// Which of them match at all: most texts hold nothing.
    any: RegexSet,
    all: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    regex: Regex,
    unless: Option<Regex>,
    random: bool,
}

/// What one pattern masks may let another see more. So often they all look again.
const ROUNDS: usize = 8;

impl Redactor {
    /// The text without its secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.patterns.mask(text)
    }
}

impl Patterns {
    /// Compiles them.
    pub fn compile(data: &Data) -> Result<Self, String> {
        let full = |p: &Pattern| p.regex.replace("<name>", &data.name);
        let sources: Vec<String> = data.patterns.iter().map(full).collect();
        let one = |(source, pattern): (&String, &Pattern)| -> Result<Compiled, regex::Error> {
            let unless = pattern.unless.as_deref().map(Regex::new).transpose()?;
            Ok(Compiled { regex: Regex::new(source)?, unless, random: pattern.random })
        };
        let all: Result<Vec<_>, _> = sources.iter().zip(&data.patterns).map(one).collect();
        let any = RegexSet::new(&sources).map_err(|e| e.to_string())?;
        Ok(Self { any, all: all.map_err(|e| e.to_string())? })
    }

    /// The text without its secrets. Goes on until nothing changes any more, so that masking it again changes nothing.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut now = Cow::Borrowed(text);
        for _ in 0..ROUNDS {
            match self.once(&now) {
                Some(next) => now = Cow::Owned(next),
                None => break,
            }
        }
        now
    }

    /// `None` where nothing changes.
    fn once(&self, text: &str) -> Option<String> {
        let mut now: Option<String> = None;
        for index in self.any.matches(text) {
            let Some(pattern) = self.all.get(index) else { continue };
            let next = pattern.mask(now.as_deref().unwrap_or(text));
            now = next.or(now);
        }
        now
    }
}

impl Compiled {
    fn mask(&self, text: &str) -> Option<String> {
        let masked = self.regex.replace_all(text, |found: &Captures<'_>| self.replaced(found));
        match masked {
            Cow::Owned(masked) if masked != text => Some(masked),
            _ => None,
        }
    }

    fn replaced(&self, found: &Captures<'_>) -> String {
        let (Some(all), Some(secret)) = (found.get(0), found.name("secret")) else { return String::new() };
        let value = secret.as_str();
        let is_word = self.unless.as_ref().is_some_and(|u| u.is_match(value));
        if is_harmless(value) || is_word || (self.random && !looks_random(value)) {
            return all.as_str().to_owned();
        }
        let (start, end) = (secret.start() - all.start(), secret.end() - all.start());
        let part = |range: Option<&str>| range.unwrap_or_default().to_owned();
        part(all.as_str().get(..start)) + MASK + &part(all.as_str().get(end..))
    }
}

/// Letters and several digits, mixed: no word, no path, no number.
fn looks_random(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    digits >= 3 && value.chars().any(|c| c.is_ascii_alphabetic())
}
