//! The form of `mode.toml` as serde reads it, and its way into a [`super::Mode`].

use super::{Entry, Explains, FixSpec, LookSpec, ModeKind, Requirement, StepSpec, SubjectClass};
use kubecause_evidence::Relation;
use kubecause_model::{Params, Risk};
use serde::Deserialize;
use std::borrow::Cow;

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
    #[serde(default)]
    explained_by: Vec<Effect>,
    #[serde(default)]
    replaces: bool,
    fold_by: Option<String>,
    refines: Option<String>,
    #[serde(default)]
    look: Vec<Look>,
    #[serde(default)]
    fix: Vec<Fix>,
    #[serde(default)]
    references: Vec<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
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
    /// The mode, without its pages.
    pub(super) fn into_mode(self, area: &str, id: &str) -> Result<super::Mode, String> {
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
            let ((Some(what), None) | (None, Some(what))) = (e.mode, e.signal) else {
                return Err("explains and explained-by take either mode or signal".to_owned());
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
            explained_by: self.explained_by.into_iter().map(effect).collect::<Result<_, _>>()?,
            replaces: self.replaces,
            refines: self.refines,
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
            en: Cow::Borrowed(""),
            zh: Cow::Borrowed(""),
        })
    }
}
