//! `mode.toml`: what a failure mode is, in the words of its file.

use kubecause_evidence::Relation;
use kubecause_model::{Params, Risk, Text};
use serde::Deserialize;

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
    /// Incidents of this mode with the same value of this param are one incident.
    pub fold_by: Option<String>,
    /// What would settle it.
    pub looks: Vec<LookSpec>,
    /// How to mend it, least damage first.
    pub fixes: Vec<FixSpec>,
    /// Public sources of its facts.
    pub references: Vec<String>,
    /// The page in English, Markdown.
    pub en: String,
    /// The page in Chinese, Markdown.
    pub zh: String,
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
    /// What is wrong with it.
    pub why: String,
}

impl Mode {
    /// Reads a mode from its files' texts.
    ///
    /// # Errors
    /// The place and the reason where `mode.toml` is not of the form that this module describes.
    pub fn parse(area: &str, id: &str, toml: &str, en: &str, zh: &str) -> Result<Self, ParseError> {
        let fail = |why: String| ParseError { id: id.to_owned(), why };
        let wire: wire::Mode = toml::from_str(toml).map_err(|e| fail(e.to_string()))?;
        let mode = wire.into_mode(area, id, en, zh).map_err(fail)?;
        Ok(mode)
    }
}

/// `text` with each `{key}` replaced by its value; a key without a value leaves an ellipsis.
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
                out.push_str(values.get(name).map_or("…", String::as_str));
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

/// Placeholders are lower-case words; everything else in braces (JSON, jsonpath) stays as it is.
pub(crate) fn is_placeholder(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The form of the file.
mod wire {
    use super::{Entry, Explains, FixSpec, LookSpec, ModeKind, Requirement, StepSpec, SubjectClass};
    use kubecause_evidence::Relation;
    use kubecause_model::{Params, Risk};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    pub(super) struct Mode {
        kind: ModeKind,
        subject: SubjectClass,
        title: Text,
        #[serde(default)]
        params: Params,
        #[serde(default)]
        when: When,
        #[serde(default)]
        explains: Vec<Effect>,
        #[serde(default)]
        explained_by_any: Vec<String>,
        fold_by: Option<String>,
        #[serde(default)]
        look: Vec<Look>,
        #[serde(default)]
        fix: Vec<Fix>,
        #[serde(default)]
        references: Vec<String>,
    }

    #[derive(Debug, Default, Clone, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Text {
        en: String,
        zh: String,
    }

    /// A text in both languages; one string stands for both where it holds no words (a command, a name).
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Prose {
        Both(Text),
        Same(String),
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
    pub(super) struct When {
        proof: Vec<One>,
        required: Vec<Need>,
        supports: Vec<One>,
        refutes: Vec<One>,
        at_most_probable: bool,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum One {
        Bare(String),
        Full(Full),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Full {
        signal: String,
        via: Option<String>,
        distinct: Option<usize>,
        #[serde(default)]
        ongoing: bool,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Need {
        Any { any: Any },
        One(One),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Any {
        of: Vec<One>,
        at_least: Option<usize>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Effect {
        mode: Option<String>,
        signal: Option<String>,
        via: Option<String>,
        within: Option<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Look {
        run: String,
        why: Text,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fix {
        title: Text,
        risk: RiskWord,
        step: Vec<Step>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum RiskWord {
        ReadOnly,
        Reversible,
        Disruptive,
        DataLoss,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Step {
        run: String,
        why: Text,
        guard: Option<Prose>,
        verify: Option<String>,
        undo: Option<String>,
    }

    fn relation(name: Option<&str>) -> Result<Relation, String> {
        let name = name.unwrap_or("same");
        Relation::from_name(name).ok_or_else(|| format!("unknown relation {name:?}"))
    }

    fn entry(one: One) -> Result<Entry, String> {
        Ok(match one {
            One::Bare(signal) => Entry { signal, via: Relation::Same, distinct: 1, ongoing: false },
            One::Full(f) => Entry {
                signal: f.signal,
                via: relation(f.via.as_deref())?,
                distinct: f.distinct.unwrap_or(1),
                ongoing: f.ongoing,
            },
        })
    }

    fn entries(list: Vec<One>) -> Result<Vec<Entry>, String> {
        list.into_iter().map(entry).collect()
    }

    fn text(t: Text) -> super::Text {
        super::Text { en: t.en.trim().to_owned(), zh: t.zh.trim().to_owned() }
    }

    impl Mode {
        pub(super) fn into_mode(self, area: &str, id: &str, en: &str, zh: &str) -> Result<super::Mode, String> {
            let need = |need| {
                Ok(match need {
                    Need::One(one) => Requirement::One(entry(one)?),
                    Need::Any { any } => Requirement::Any(super::AnyOf {
                        of: entries(any.of)?,
                        at_least: any.at_least.unwrap_or(1),
                    }),
                })
            };
            let when = super::When {
                proof: entries(self.when.proof)?,
                required: self.when.required.into_iter().map(need).collect::<Result<_, String>>()?,
                supports: entries(self.when.supports)?,
                refutes: entries(self.when.refutes)?,
                at_most_probable: self.when.at_most_probable,
            };
            let effect = |e: Effect| {
                let what = match (e.mode, e.signal) {
                    (Some(what), None) | (None, Some(what)) => what,
                    _ => return Err("explains takes either mode or signal".to_owned()),
                };
                Ok(Explains { what, via: relation(e.via.as_deref())?, within: e.within.unwrap_or(3600) })
            };
            let step = |s: Step| StepSpec {
                run: s.run.trim().to_owned(),
                why: text(s.why),
                guard: s.guard.map(|g| match g {
                    Prose::Both(both) => text(both),
                    Prose::Same(same) => super::Text { en: same.clone(), zh: same },
                }),
                verify: s.verify,
                undo: s.undo,
            };
            let fix = |f: Fix| FixSpec {
                title: text(f.title),
                risk: match f.risk {
                    RiskWord::ReadOnly => Risk::ReadOnly,
                    RiskWord::Reversible => Risk::Reversible,
                    RiskWord::Disruptive => Risk::Disruptive,
                    RiskWord::DataLoss => Risk::DataLoss,
                },
                steps: f.step.into_iter().map(step).collect(),
            };
            Ok(super::Mode {
                id: id.to_owned(),
                area: area.to_owned(),
                kind: self.kind,
                subject: self.subject,
                title: text(self.title),
                params: self.params,
                when,
                explains: self.explains.into_iter().map(effect).collect::<Result<_, _>>()?,
                explained_by_any: self
                    .explained_by_any
                    .iter()
                    .map(|name| relation(Some(name)))
                    .collect::<Result<_, _>>()?,
                fold_by: self.fold_by,
                looks: self
                    .look
                    .into_iter()
                    .map(|l| LookSpec { run: l.run.trim().to_owned(), why: text(l.why) })
                    .collect(),
                fixes: self.fix.into_iter().map(fix).collect(),
                references: self.references,
                en: en.to_owned(),
                zh: zh.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_json_is_left_alone() {
        let values = Params::from([("node".to_owned(), "worker-1".to_owned())]);
        assert_eq!(fill("kubectl get node {node} -o json {gone}", &values), "kubectl get node worker-1 -o json …");
        assert_eq!(fill("-p '{\"a\":{\"b\":1}}'", &values), "-p '{\"a\":{\"b\":1}}'");
        assert_eq!(fill("{.items[0].metadata.name} {", &values), "{.items[0].metadata.name} {");
    }
}
