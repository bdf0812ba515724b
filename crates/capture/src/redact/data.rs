//! `patterns.toml`, as it is written.

use serde::Deserialize;

/// All of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// What `<name>` stands for.
    pub name: String,
    /// Names whose values are secrets.
    pub names: Names,
    /// Annotations.
    pub annotations: Annotations,
    /// Patterns of texts.
    #[serde(rename = "pattern")]
    pub patterns: Vec<Pattern>,
}

/// Names of variables, annotations and parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// What has such a name is a secret,
    pub secret: String,
    /// unless it has such a name.
    pub plain: String,
    /// Names of secrets.
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test"))]
    pub masks: Vec<String>,
    /// Names of other things.
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test"))]
    pub leaves: Vec<String>,
}

/// Annotations that are masked whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// Their names.
    pub whole: Vec<String>,
}

/// One pattern.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// What it finds.
    #[cfg_attr(not(test), allow(dead_code, reason = "it is for people and the test"))]
    pub id: String,
    /// The expression, with a group `secret`.
    pub regex: String,
    /// Values that are no secrets.
    pub unless: Option<String>,
    /// Only values that look as if they were drawn by lot.
    #[serde(default)]
    pub random: bool,
    /// Texts, and what becomes of them.
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test"))]
    pub masks: Vec<(String, String)>,
    /// Texts that stay as they are.
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test"))]
    pub leaves: Vec<String>,
}

impl Data {
    /// What ships.
    pub fn shipped() -> Result<Self, String> {
        toml::from_str(include_str!("patterns.toml")).map_err(|e| e.to_string())
    }

    /// The same with one pattern only.
    #[cfg(test)]
    pub fn only(&self, id: &str) -> Self {
        let mut data = self.clone();
        data.patterns.retain(|p| p.id == id);
        data
    }
}
