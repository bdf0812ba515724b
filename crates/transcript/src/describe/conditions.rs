//! `Conditions:` of nodes, pods, workloads, claims, namespaces and autoscalers: two to six columns.

use super::json::Obj;
use super::table::{Row, cell, rows};
use super::time::absolute;
use super::tree::{Block, Line};
use serde_json::Value;

/// The conditions below a `Conditions:` line, in the API's form.
pub(super) fn conditions(block: Option<Block<'_>>) -> Vec<Value> {
    let lines: Vec<Line<'_>> = block.into_iter().flat_map(Block::flat).collect();
    let titles = lines.first().map_or("", |l| l.text);
    let timed = titles.contains("Time");
    let columns = titles.split_whitespace().count();
    let whole: Vec<Row<'_>> = rows(lines.iter().copied());
    let texts = lines.iter().skip(1).filter(|l| !l.text.starts_with("--"));
    let found = whole.iter().zip(texts).filter_map(|(row, line)| {
        if row.len() >= 2 && !(timed && row.len() < 4) {
            of_row(row)
        } else {
            of_words(line.text, timed, columns)
        }
    });
    found.map(Value::from).collect()
}

fn of_row(row: &Row<'_>) -> Option<Obj> {
    let mut out = Obj::new();
    out.set("type", cell(row, "Type")?);
    out.set("status", status(cell(row, "Status")?)?);
    out.put("lastHeartbeatTime", cell(row, "LastHeartbeatTime").and_then(absolute).map(|t| t.to_string()));
    out.put("lastProbeTime", cell(row, "LastProbeTime").and_then(absolute).map(|t| t.to_string()));
    out.put("lastTransitionTime", cell(row, "LastTransitionTime").and_then(absolute).map(|t| t.to_string()));
    out.put("reason", cell(row, "Reason"));
    out.put("message", cell(row, "Message"));
    Some(out)
}

fn status(text: &str) -> Option<&str> {
    ["True", "False", "Unknown"].contains(&text).then_some(text)
}

/// A row whose columns have become single blanks: type, status, times of six words each, reason, message.
fn of_words(text: &str, timed: bool, columns: usize) -> Option<Obj> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out = Obj::new();
    out.set("type", *words.first()?);
    out.set("status", status(words.get(1)?)?);
    let mut rest = words.get(2..)?;
    let mut times = Vec::new();
    while timed && rest.first().is_some_and(|w| w.ends_with(',')) && rest.len() >= 6 {
        let (time, after) = rest.split_at(6);
        times.push(absolute(&time.join(" ")));
        rest = after;
    }
    if let [beat, change] = times.as_slice() {
        out.put("lastHeartbeatTime", beat.map(|t| t.to_string()));
        out.put("lastTransitionTime", change.map(|t| t.to_string()));
    } else if let [change] = times.as_slice() {
        out.put("lastTransitionTime", change.map(|t| t.to_string()));
    }
    if columns > 2 {
        out.put("reason", rest.first().copied());
        let message = rest.get(1..).unwrap_or_default().join(" ");
        out.put("message", (!message.is_empty()).then_some(message));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    fn read(text: &str) -> Vec<Value> {
        conditions(Some(Tree::new(lines(text)).root()))
    }

    #[test]
    fn of_a_node() {
        let found = read(
            "  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message\n  ----             ------  -----------------                 ------------------                ------                       -------\n  Ready            False   Thu, 18 Jun 2020 12:52:37 +0800   Thu, 18 Jun 2020 12:50:00 +0800   KubeletNotReady              PLEG is not healthy: pleg was last seen active 3m\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["reason"], "KubeletNotReady");
        assert_eq!(found[0]["lastTransitionTime"], "2020-06-18T04:50:00Z");
        assert_eq!(found[0]["message"], "PLEG is not healthy: pleg was last seen active 3m");
    }

    #[test]
    fn with_single_blanks() {
        let found = read(
            "Type Status LastHeartbeatTime LastTransitionTime Reason Message\nReady False Thu, 18 Jun 2020 12:52:37 +0800 Thu, 18 Jun 2020 12:50:00 +0800 KubeletNotReady PLEG is not healthy\n",
        );
        assert_eq!(found[0]["lastHeartbeatTime"], "2020-06-18T04:52:37Z");
        assert_eq!(found[0]["message"], "PLEG is not healthy");
        let pod = read("Type Status\nReady False \n");
        assert_eq!(pod[0]["status"], "False");
        assert!(pod[0].get("reason").is_none());
    }
}
