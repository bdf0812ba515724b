//! What several inputs say differently, as notes: one for each kind and field, with the first object as the example.

use crate::scope::Covered;
use kubecause_evidence::{Disagreement, Kind, Snapshot};
use kubecause_model::{Note, Text};
use std::collections::BTreeMap;

/// The ids of these notes, which no mode has.
const DISAGREE: &str = "inputs-disagree";
const STRANGERS: &str = "inputs-of-different-clusters";

pub(crate) fn notes(snapshot: &Snapshot, covered: &Covered) -> Vec<Note> {
    let mut alike: BTreeMap<(Kind, &str), Vec<&Disagreement>> = BTreeMap::new();
    for found in &snapshot.disagreements {
        if found.subject.kind == Kind::Cluster || covered.subject(&found.subject) {
            alike.entry((found.subject.kind.clone(), found.field)).or_default().push(found);
        }
    }
    let note = |found: &Vec<&Disagreement>| {
        let first = found.first()?;
        let id = if first.subject.kind == Kind::Cluster { STRANGERS } else { DISAGREE };
        Some(Note { mode: id.to_owned(), subject: first.subject.clone(), text: text(first, found.len() - 1) })
    };
    alike.values().filter_map(note).collect()
}

fn text(found: &Disagreement, others: usize) -> Text {
    let Disagreement { subject, field, newer: (new, newer), older: (old, older) } = found;
    let kind = subject.kind.as_str();
    let object = format!("{kind} {subject}");
    let (en, zh) = match (*field, &subject.kind) {
        (_, Kind::Cluster) => (
            format!("the inputs are of different clusters: {field} is {new} in {newer} and {old} in {older}"),
            format!("各输入来自不同的集群：{field} 在 {newer} 中为 {new}，在 {older} 中为 {old}"),
        ),
        ("uid", _) => (
            format!(
                "{object} was made anew between {older} and {newer}; only what {newer} says of it counts"
            ),
            format!("{object} 在 {older} 与 {newer} 之间被重建，只采用 {newer} 中的内容"),
        ),
        _ => (
            format!("{object}: {field} is {new} in {newer} and {old} in {older}; {newer}, the newer, counts"),
            format!("{object}：{field} 在 {newer} 中为 {new}，在 {older} 中为 {old}；以较新的 {newer} 为准"),
        ),
    };
    let more = |en: String, zh: String| Text {
        en: en + &format!(" (and {others} more of kind {kind})"),
        zh: zh + &format!("（另有 {others} 个 {kind}）"),
    };
    if others == 0 { Text { en, zh } } else { more(en, zh) }
}
