//! Masks secrets before anything is written: in texts by patterns, in objects also by the names of their fields. What is masked
//! is data, `patterns.toml`. Masking twice gives what masking once gives; hosts, ports and names stay, causes are read from them.
//!
//! Knows nothing about where objects and texts come from.

mod data;
mod object;
mod text;

use data::Data;
use regex::Regex;
use std::collections::BTreeSet;
use text::Patterns;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// The rules, compiled.
#[derive(Debug)]
pub struct Redactor {
    patterns: Patterns,
    secret_name: Regex,
    plain_name: Regex,
    flag: Regex,
    whole: BTreeSet<String>,
}

impl Redactor {
    /// The rules that ship.
    ///
    /// # Errors
    /// Where they cannot be compiled, which a test rules out.
    pub fn new() -> Result<Self, String> {
        let data = Data::shipped()?;
        let compiled = |regex: &str| Regex::new(regex).map_err(|e| e.to_string());
        Ok(Self {
            secret_name: compiled(&data.names.secret)?,
            plain_name: compiled(&data.names.plain)?,
            flag: compiled(&format!("(?i)^--?[a-z0-9-]*(?:{})$", data.name))?,
            whole: data.annotations.whole.iter().cloned().collect(),
            patterns: Patterns::compile(&data)?,
        })
    }

    /// Whether what has that name is a secret.
    fn is_secret(&self, name: &str) -> bool {
        self.secret_name.is_match(name) && !self.plain_name.is_match(name)
    }
}

/// Whether a value says nothing that must be hidden: none, a switch, a reference to a variable, or the mask itself.
fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    let word = matches!(value, "true" | "false" | "null" | "nil" | "none" | "<nil>" | "True" | "False");
    let name = value.strip_prefix('$').map(|rest| {
        let rest = rest.trim_start_matches(['(', '{']).trim_end_matches([')', '}']);
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    word || name == Some(true) || value.chars().all(|c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_hold() {
        let (data, redactor) = (Data::shipped().expect("data"), Redactor::new().expect("rules"));
        let mut wrong = Vec::new();
        for pattern in &data.patterns {
            assert!(!pattern.masks.is_empty() && !pattern.leaves.is_empty(), "{}", pattern.id);
            for (text, want) in &pattern.masks {
                let alone = Patterns::compile(&data.only(&pattern.id)).expect("it compiles");
                for (how, got) in [("alone", alone.mask(text)), ("all", redactor.text(text))] {
                    if got != want.as_str() {
                        wrong.push(format!("{} {how}: {text:?} became {got:?}", pattern.id));
                    }
                }
            }
            for text in &pattern.leaves {
                let got = redactor.text(text);
                if got != text.as_str() {
                    wrong.push(format!("{}: {text:?} became {got:?}", pattern.id));
                }
            }
        }
        wrong.extend(
            data.names.masks.iter().filter(|n| !redactor.is_secret(n)).map(|n| format!("{n} is left")),
        );
        wrong.extend(
            data.names.leaves.iter().filter(|n| redactor.is_secret(n)).map(|n| format!("{n} is masked")),
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_says_nothing_stays() {
        for value in ["", "true", "$(DB_PASSWORD)", "${X}", "$X", "***"] {
            assert!(is_harmless(value), "{value}");
        }
        for value in ["hunter2", "$", "$ecret!", "1234"] {
            assert!(!is_harmless(value), "{value}");
        }
    }
}
