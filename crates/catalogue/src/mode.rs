//! `mode.toml`: what a failure mode is, in the words of its file.

mod wire;

use kubecause_evidence::Relation;
use kubecause_model::{Params, Risk, Text};
use serde::Deserialize;
use std::borrow::Cow;

pub use kubecause_model::Severity;

/// What a mode can be in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeKind {
    /// Something that a person can fix.
    Root,
    /// A state in the middle of a chain; a root only when nothing below it could be seen.
    Link,
    /// Worth saying, not a fault.
    Note,
}

/// What a mode is about. Findings on a pod count for its workload where a mode's subject is the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectClass {
    /// A container of a pod.
    Container,
    /// A pod.
    Pod,
    /// The workload that a person would name: a Deployment, not its `ReplicaSet`.
    Workload,
    /// A node.
    Node,
    /// Whatever object the finding is on: Service, claim, Ingress, namespace, component …
    Object,
    /// The cluster as a whole.
    Cluster,
}

/// A failure mode.
#[derive(Debug, Clone)]
pub struct Mode {
    /// The folder's name.
    pub id: String,
    /// The parent folder's name: `node`, `pod`, `scheduling` …
    pub area: String,
    /// What it can be in an answer.
    pub kind: ModeKind,
    /// What it is about.
    pub subject: SubjectClass,
    /// One line; `{name}` and `{param}` are filled in.
    pub title: Text,
    /// The params that it may carry, each with its meaning.
    pub params: Params,
    /// What makes it true.
    pub when: When,
    /// What it leads to.
    pub explains: Vec<Explains>,
    /// Any cause at the far end of one of these relations (read from this mode's subject) explains this one.
    pub explained_by_any: Vec<Relation>,
    /// Modes that lead to this one, where their own file cannot say so; read from this mode's subject.
    pub explained_by: Vec<Explains>,
    /// Whether it takes the place of the shipped mode of the same id. For users' catalogues.
    pub replaces: bool,
    /// Incidents of this mode with the same value of this param are one incident.
    pub fold_by: Option<String>,
    /// The more general mode that it is a form of. Who reads answers by machine finds that id as the root's mode, and this one's as
    /// its variant, so that what was told yesterday as the general mode is not lost when it is told more exactly.
    pub refines: Option<String>,
    /// What would settle it.
    pub looks: Vec<LookSpec>,
    /// How to mend it, least damage first.
    pub fixes: Vec<FixSpec>,
    /// Public sources of its facts.
    pub references: Vec<String>,
    /// The page in English, Markdown.
    pub en: Cow<'static, str>,
    /// The page in Chinese, Markdown.
    pub zh: Cow<'static, str>,
}

/// What makes a mode true.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// Any one of these proves it alone.
    pub proof: Vec<Entry>,
    /// All of these must be seen. The first is what the mode is known by: when it is seen and the places of the others
    /// could not be looked at, the mode is probable; the others alone make nothing of it.
    pub required: Vec<Requirement>,
    /// These make it surer and are shown as evidence.
    pub supports: Vec<Entry>,
    /// Any one of these speaks against it.
    pub refutes: Vec<Entry>,
    /// It never gets surer than probable.
    pub at_most_probable: bool,
}

/// One thing that must be seen: an entry, or some of several.
#[derive(Debug, Clone)]
pub enum Requirement {
    /// This.
    One(Entry),
    /// At least so many of these.
    Any(AnyOf),
}

/// Some of several entries.
#[derive(Debug, Clone)]
pub struct AnyOf {
    /// The entries.
    pub of: Vec<Entry>,
    /// How many of them must be seen.
    pub at_least: usize,
}

/// A signal, on the mode's subject or on one that it is related to.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Id of the signal.
    pub signal: String,
    /// From the mode's subject to the finding's subject.
    pub via: Relation,
    /// On at least that many distinct subjects.
    pub distinct: usize,
    /// Only findings that go on.
    pub ongoing: bool,
}

/// What a mode leads to.
#[derive(Debug, Clone)]
pub struct Explains {
    /// Id of a mode, or of a signal.
    pub what: Effect,
    /// From this mode's subject to the effect's.
    pub via: Relation,
    /// The effect shows at most so many seconds after the cause ended.
    pub within: i64,
}

/// An effect.
pub type Effect = String;

/// What to fetch or run to settle the question.
#[derive(Debug, Clone)]
pub struct LookSpec {
    /// The command with placeholders.
    pub run: String,
    /// What each outcome would mean.
    pub why: Text,
}

/// One way to mend it.
#[derive(Debug, Clone)]
pub struct FixSpec {
    /// What it does.
    pub title: Text,
    /// The worst that its steps can do.
    pub risk: Risk,
    /// The steps, in order.
    pub steps: Vec<StepSpec>,
}

/// One step of a fix.
#[derive(Debug, Clone)]
pub struct StepSpec {
    /// The command with placeholders.
    pub run: String,
    /// Why it is done.
    pub why: Text,
    /// What must be true before it is done.
    pub guard: Option<Text>,
    /// How to see that it worked.
    pub verify: Option<String>,
    /// How to take it back.
    pub undo: Option<String>,
}

/// A `mode.toml` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("mode {id}: {why}")]
pub struct ParseError {
    /// Which mode.
    pub id: String,
    /// Which line of `mode.toml`, where that is known.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub why: String,
}

impl Mode {
    /// Reads a mode from its files' texts.
    ///
    /// # Errors
    /// The place and the reason where `mode.toml` is not of the form that this module describes.
    pub fn parse(area: &str, id: &str, toml: &str, en: &str, zh: &str) -> Result<Self, ParseError> {
        let fail = |line, why: String| ParseError { id: id.to_owned(), line, why };
        let wire: wire::Mode = toml::from_str(toml).map_err(|e| {
            let before = e.span().and_then(|span| toml.get(..span.start));
            fail(before.map(|b| b.matches('\n').count() + 1), e.message().trim().to_owned())
        })?;
        let mut mode = wire.into_mode(area, id).map_err(|why| fail(line_of(toml, &why), why))?;
        (mode.en, mode.zh) = (en.to_owned().into(), zh.to_owned().into());
        Ok(mode)
    }

    /// Reads a mode that the build embedded.
    ///
    /// # Errors
    /// Where it is not of the form that this module describes.
    pub(crate) fn embedded(files: &crate::Embedded) -> Result<Self, ParseError> {
        let fail = |why: String| ParseError { id: files.id.to_owned(), line: None, why };
        let wire: wire::Mode = serde_json::from_str(files.json).map_err(|e| fail(e.to_string()))?;
        let mut mode = wire.into_mode(files.area, files.id).map_err(fail)?;
        (mode.en, mode.zh) = (files.en.into(), files.zh.into());
        Ok(mode)
    }
}

/// The line of a file that a sentence is about: the first that holds what the sentence quotes (`"x"`, `{x}`).
pub fn line_of(file: &str, sentence: &str) -> Option<usize> {
    let quoted = |open: char, close: char| {
        let (_, rest) = sentence.split_once(open)?;
        rest.split_once(close).map(|(word, _)| word)
    };
    let placeholder = quoted('{', '}').map(|word| format!("{{{word}}}"));
    let word = quoted('"', '"').map(ToOwned::to_owned).or(placeholder)?;
    file.lines().position(|line| line.contains(&word)).map(|at| at + 1)
}

/// `text` with each `{key}` replaced by its value; a key without a value stays as a word in capitals for the reader to
/// replace: `kubectl get pod POD`.
pub fn fill(text: &str, values: &Params) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        let key = after.get(1..).unwrap_or_default();
        match key.find('}') {
            Some(end) if is_placeholder(key.get(..end).unwrap_or_default()) => {
                let name = key.get(..end).unwrap_or_default();
                match values.get(name) {
                    Some(value) => out.push_str(value),
                    None => out.push_str(&name.to_ascii_uppercase()),
                }
                rest = key.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('{');
                rest = key;
            }
        }
    }
    out.push_str(rest);
    out
}

/// As `fill`, for sentences: a bracket `({key})` around a key without a value goes as a whole, so that titles may say more
/// where more is known.
pub fn fill_prose(text: &str, values: &Params) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = bracket(rest) {
        let (before, from) = rest.split_at(start);
        let (group, after) = from.split_at(end - start);
        kept.push_str(before);
        if placeholders(group).all(|name| values.contains_key(name)) {
            kept.push_str(group);
        }
        rest = after;
    }
    kept.push_str(rest);
    fill(&kept, values)
}

/// Where the first ` (…)` or `（…）` lies, in bytes.
fn bracket(text: &str) -> Option<(usize, usize)> {
    let found = |open: &str, close: &str| {
        let start = text.find(open)?;
        let length = text.get(start..)?.find(close)? + close.len();
        Some((start, start + length))
    };
    [found(" (", ")"), found("（", "）")].into_iter().flatten().min()
}

/// The placeholders in a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .filter(|n| is_placeholder(n))
}

/// Placeholders are lower-case words; everything else in braces (JSON, jsonpath) stays as it is.
pub(crate) fn is_placeholder(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_json_is_left_alone() {
        let values = Params::from([("node".to_owned(), "worker-1".to_owned())]);
        assert_eq!(
            fill("kubectl get node {node} -o json {gone}", &values),
            "kubectl get node worker-1 -o json GONE"
        );
        assert_eq!(fill("-p '{\"a\":{\"b\":1}}'", &values), "-p '{\"a\":{\"b\":1}}'");
        assert_eq!(fill("{.items[0].metadata.name} {", &values), "{.items[0].metadata.name} {");
    }

    #[test]
    fn a_bracket_whose_value_is_unknown_is_left_out() {
        let values =
            Params::from([("name".to_owned(), "n1".to_owned()), ("load".to_owned(), "9".to_owned())]);
        assert_eq!(fill_prose("{name}: not ready ({reason})", &values), "n1: not ready");
        assert_eq!(
            fill_prose("{name}：未就绪（{reason}），负载高（{load}）", &values),
            "n1：未就绪，负载高（9）"
        );
        assert_eq!(
            fill_prose("{name} (load {load} of {cores}), slow (see dmesg)", &values),
            "n1, slow (see dmesg)"
        );
        assert_eq!(fill_prose("{name} ({load", &values), "n1 ({load");
    }
}
