//! What the screen says, in both languages.

use jiff::{SignedDuration, Timestamp};
use kubecause_live::{Feed, FeedState};
use kubecause_model::{Diagnosis, Incident, Lang};
use kubecause_report::clean;

/// Words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Lang);

impl Words {
    /// `en` or `zh`, whichever is asked.
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self.0 {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// An incident in one line, safe to print.
    pub fn title(self, incident: &Incident) -> String {
        let title = incident.root.title.get(self.0).trim();
        clean(if title.is_empty() { &incident.root.mode } else { title }).into_owned()
    }

    /// `3 nodes, 120 pods`.
    pub fn size(self, d: &Diagnosis) -> String {
        let (nodes, pods) = (d.stats.nodes, d.stats.pods);
        let s = |n: usize| if n == 1 { "" } else { "s" };
        self.pick(
            format!("{nodes} node{}, {pods} pod{}", s(nodes), s(pods)),
            format!("{nodes} 个节点，{pods} 个 Pod"),
        )
    }

    /// `listing: 12 of 37 kinds`, `up to date`, `not up to date: pods since 17:44:13 (429: …) and 2 more`.
    pub fn connection(self, feeds: &[Feed]) -> String {
        let waiting = feeds.iter().filter(|f| f.state == FeedState::Waiting).count();
        let mut behind = feeds.iter().filter(|f| matches!(f.state, FeedState::Behind { .. }));
        let more = behind.clone().count().saturating_sub(1);
        match behind.next() {
            Some(Feed { name, state: FeedState::Behind { since, says, .. }, .. }) => {
                let says = clean(says);
                let since = since.map(clock);
                let since = since.map(|at| self.pick(format!(" since {at}"), format!("（自 {at} 起）")));
                let since = since.unwrap_or_default();
                let rest = if more > 0 {
                    self.pick(format!(", and {more} more"), format!("，另有 {more} 种"))
                } else {
                    String::new()
                };
                self.pick(
                    format!("not up to date: {name}{since} ({says}){rest}"),
                    format!("未同步：{name}{since}：{says}{rest}"),
                )
            }
            _ if feeds.is_empty() || waiting > 0 => {
                let (done, all) = (feeds.len() - waiting, feeds.len());
                self.pick(format!("listing: {done} of {all} kinds"), format!("正在列出：{done}/{all} 种"))
            }
            _ => self.pick("up to date", "已同步").to_owned(),
        }
    }
}

/// `17:44:13`, UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `45s`, `4m`, `2h`, `3d`: how long it is from one time to the other.
pub fn age(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).max(SignedDuration::ZERO).as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A mark that says the same without colour.
pub fn mark(incident: &Incident) -> &'static str {
    use kubecause_model::Severity;
    match incident.severity {
        Severity::Critical | Severity::Error => "✗",
        Severity::Warning => "!",
        Severity::Info => "·",
    }
}
