//! What was silenced, and silences that did nothing, in the words that every human form uses.

use crate::phrase;
use crate::time;
use crate::words::Words;
use kubecause_model::{Diagnosis, Idle, IdleSilence, Silenced};

/// `silenced until 2026-12-01 00:00:00 UTC: cart: killed for memory; known, fixed in 2.3`.
pub(crate) fn silenced(s: &Silenced, words: Words) -> String {
    let until = time::full(s.until);
    let title = phrase::title(s.title.get(words.0), &s.mode);
    words.pick(
        format!("silenced until {until}: {title}; {}", s.why),
        format!("已静默至 {until}：{title}；原因：{}", s.why),
    )
}

/// The silences that did nothing and are worth a line: one that matches nothing only where all is asked for.
pub(crate) fn idle(d: &Diagnosis, all: bool) -> impl Iterator<Item = &IdleSilence> {
    d.idle_silences.iter().filter(move |s| all || s.state != Idle::Unmatched)
}

/// `a silence ended 2026-12-01 00:00:00 UTC and holds no more: * Node/worker-1; disk is being replaced`.
pub(crate) fn did_nothing(s: &IdleSilence, words: Words) -> String {
    let until = time::full(s.until);
    let what = format!("{} {}", s.mode, s.subject);
    let (en, zh) = match s.state {
        Idle::Expired => (
            format!("a silence ended {until} and holds no more: {what}; {}", s.why),
            format!("静默已于 {until} 到期，不再生效：{what}；原因：{}", s.why),
        ),
        Idle::Undated => (
            format!("a silence is not applied, as the time of the evidence is not known: {what}; {}", s.why),
            format!("数据时间未知，静默未生效：{what}；原因：{}", s.why),
        ),
        Idle::Unmatched => (
            format!("a silence matches nothing: {what}, until {until}; {}", s.why),
            format!("静默没有对应的故障：{what}，至 {until}；原因：{}", s.why),
        ),
    };
    words.pick(en, zh)
}
