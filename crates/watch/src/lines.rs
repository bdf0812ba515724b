//! One line a change, for scripts and for terminals that are none.

use crate::board::{Change, Update};
use crate::words::{Words, mark};
use jiff::Timestamp;
use kubecause_live::{Feed, FeedState};
use kubecause_model::{Diagnosis, Incident, Lang};
use kubecause_report::{severity_word, verdict_line, width};
use serde_json::{Value, json};

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The line of one change.
pub fn line(change: &Change, update: &Update, form: Form, lang: Lang) -> String {
    match form {
        Form::Text => text(change, update, Words(lang)),
        Form::Json => wire(change, update, lang).to_string(),
    }
}

/// `2026-11-22 17:44:13Z  opened   ✗ error     shop/cart: …`.
fn text(change: &Change, update: &Update, words: Words) -> String {
    let at = update.at.strftime("%Y-%m-%d %H:%M:%SZ");
    let (what, rest) = match change {
        Change::Opened(i) => (words.pick("opened", "出现"), told(i, words)),
        Change::Updated(i) => (words.pick("updated", "变化"), told(i, words)),
        Change::Cleared(i) => (words.pick("cleared", "消除"), told(i, words)),
        Change::Verdict => (words.pick("now", "当前"), verdict_line(&update.diagnosis, words.0)),
        Change::Connection => (words.pick("watch", "监视"), words.connection(&update.feeds)),
    };
    format!("{at}  {what}{}  {rest}", " ".repeat(8usize.saturating_sub(width(what))))
}

fn told(incident: &Incident, words: Words) -> String {
    let severity = severity_word(incident.severity, words.0);
    let pad = " ".repeat(8usize.saturating_sub(width(severity)));
    format!("{} {severity}{pad}  {}  ({})", mark(incident), words.title(incident), incident.root.mode)
}

fn wire(change: &Change, update: &Update, lang: Lang) -> Value {
    let mut line = json!({"schema": "kubecause.watch/v1", "time": update.at.to_string()});
    let (what, key, value) = match change {
        Change::Opened(i) => ("opened", "incident", incident(i, lang)),
        Change::Updated(i) => ("updated", "incident", incident(i, lang)),
        Change::Cleared(i) => ("cleared", "incident", incident(i, lang)),
        Change::Verdict => ("verdict", "verdict", json!(update.diagnosis.verdict.as_str())),
        Change::Connection => ("connection", "behind", update.feeds.iter().filter_map(behind).collect()),
    };
    if let Some(fields) = line.as_object_mut() {
        fields.insert("change".to_owned(), json!(what));
        fields.insert(key.to_owned(), value);
    }
    line
}

/// An incident as the contract `kubecause/v1` has it.
fn incident(incident: &Incident, lang: Lang) -> Value {
    let diagnosis = Diagnosis {
        taken_at: None,
        verdict: kubecause_model::Verdict::Faults,
        incidents: vec![incident.clone()],
        silenced: Vec::new(),
        idle_silences: Vec::new(),
        notes: Vec::new(),
        unexplained: Vec::new(),
        gaps: Vec::new(),
        stats: kubecause_model::Stats::default(),
    };
    let whole: Value = serde_json::from_str(&kubecause_report::json(&diagnosis, lang)).unwrap_or_default();
    whole.pointer("/incidents/0").cloned().unwrap_or_default()
}

fn behind(feed: &Feed) -> Option<Value> {
    let (since, why, says) = match &feed.state {
        FeedState::Behind { since, why, says } => (*since, why.as_str(), says.as_str()),
        FeedState::Waiting => (None, "timed-out", "not yet listed"),
        FeedState::Live | FeedState::Refused { .. } => return None,
    };
    let since = since.map(|at: Timestamp| at.to_string());
    Some(json!({"what": feed.name, "since": since, "why": why, "says": says}))
}
