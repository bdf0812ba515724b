//! What an input holds, for people: aligned tables, the longest ones cut.

use super::Inspected;
use kubecause_bundle::{Inventory, Log, Node, Objects};
use kubecause_model::Lang;
use kubecause_report::{clean, gap_hides, gap_place, width};

/// So many logs and gaps are printed; JSON has them all.
const MOST: usize = 40;

/// Words in one language.
#[derive(Clone, Copy)]
struct Words(Lang);

impl Words {
    fn pick<T>(self, en: T, zh: T) -> T {
        match self.0 {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// A word of the contract for why something was not seen.
    fn why(self, why: &'static str) -> &'static str {
        match why {
            "not-collected" => self.pick("not collected", "未采集"),
            "forbidden" => self.pick("forbidden", "无权限"),
            "timed-out" => self.pick("timed out", "超时"),
            "unparsable" => self.pick("unreadable", "无法解析"),
            "truncated" => self.pick("cut off", "不完整"),
            "redacted" => self.pick("redacted", "已脱敏"),
            "failed" => self.pick("failed", "采集失败"),
            "too-large" => self.pick("too large", "过大"),
            other => other,
        }
    }

    /// How the time was found.
    fn taken_from(self, from: Option<&str>) -> &'static str {
        match from {
            Some("said") => self.pick(", as it says itself", "（采集文件注明）"),
            Some(_) => self.pick(", as its newest records tell", "（由最新记录推断）"),
            None => "",
        }
    }

    fn more(self, count: usize) -> String {
        self.pick(
            format!("and {count} more; -o json lists them all"),
            format!("另有 {count} 项，-o json 可列出全部"),
        )
    }
}

/// What one input is and holds, in lines of at most `columns` where cutting the last column makes that so.
pub(super) fn text(of: &Inspected, lang: Lang, columns: usize) -> String {
    let w = Words(lang);
    let i = &of.inventory;
    let none = || w.pick("not known", "未知").to_owned();
    let time =
        i.taken_at.as_ref().map_or_else(none, |t| format!("{} UTC{}", stamp(t), w.taken_from(i.taken_from)));
    let mut head = vec![
        row([w.pick("what", "类型"), &of.layout]),
        row([w.pick("taken", "采集时间"), &time]),
        row([w.pick("version", "版本"), &i.version.clone().unwrap_or_else(none)]),
    ];
    head.iter_mut().for_each(|line| line.insert(0, String::new()));
    let mut out = format!("{}\n", clean(&of.input)) + &table(&head, columns);
    for part in [objects(i, w), nodes(i, w), logs(i, w), missing(i, w)] {
        out.push('\n');
        out.push_str(&table(&part, columns));
    }
    out
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| clean(cell).into_owned()).collect()
}

fn objects(i: &Inventory, w: Words) -> Vec<Vec<String>> {
    let listed = |o: &Objects| match o.why {
        None => w.pick("all", "全部").to_owned(),
        Some(_) if !o.listed_in.is_empty() => {
            w.pick("in ", "仅 ").to_owned() + &o.listed_in.join(w.pick(", ", "、"))
        }
        Some(why) => w.pick("no: ", "否：").to_owned() + w.why(why),
    };
    let mut rows =
        vec![row([w.pick("OBJECTS", "对象"), w.pick("COUNT", "数量"), w.pick("LISTED", "是否完整")])];
    rows.extend(i.kinds.iter().map(|o| row([&o.kind, &o.count.to_string(), &listed(o)])));
    rows
}

fn nodes(i: &Inventory, w: Words) -> Vec<Vec<String>> {
    if i.nodes.is_empty() {
        return vec![row([w.pick("NODES", "节点"), w.pick("none", "无")])];
    }
    let state = |n: &Node| match n.ready {
        Some(true) => "Ready",
        Some(false) => "NotReady",
        None => w.pick("files only", "仅有文件"),
    };
    let log = |l: &Log| span(l).map_or_else(|| l.name.clone(), |span| format!("{} ({span})", l.name));
    let mut rows = vec![row([w.pick("NODES", "节点"), w.pick("STATE", "状态"), w.pick("FILES", "文件")])];
    for n in i.nodes.iter().take(MOST) {
        let mut files: Vec<String> = n.logs.iter().map(log).collect();
        files.extend(n.files.chunks(4).map(|names| names.join(w.pick(", ", "、"))));
        if files.is_empty() {
            files.push(w.pick("none", "无").to_owned());
        }
        let lead = |at: usize| if at == 0 { [&*n.name, state(n)] } else { ["", ""] };
        for (at, file) in files.iter().enumerate() {
            let [name, state] = lead(at);
            rows.push(row([name, state, file]));
        }
    }
    if i.nodes.len() > MOST {
        rows.push(vec![w.more(i.nodes.len() - MOST)]);
    }
    rows
}

fn logs(i: &Inventory, w: Words) -> Vec<Vec<String>> {
    let all: Vec<&Log> = i.components.iter().chain(&i.logs).collect();
    if all.is_empty() {
        return vec![row([w.pick("LOGS", "日志"), w.pick("none", "无")])];
    }
    let title = [
        w.pick("LOGS", "日志"),
        w.pick("CONTAINER", "容器"),
        w.pick("LINES", "行数"),
        w.pick("SPAN", "时间范围"),
    ];
    let mut rows = vec![row(title)];
    for log in all.iter().take(MOST) {
        let pod = if log.pod.is_empty() { w.pick("control plane", "控制面") } else { &log.pod };
        let name =
            log.name.clone() + if log.previous { w.pick(" (previous)", "（上一次）") } else { "" };
        let span = match (&log.unavailable, span(log)) {
            (Some(words), _) => w.pick("not retrieved: ", "未取到：").to_owned() + words,
            (None, Some(span)) => span,
            (None, None) => w.pick("no times", "无时间").to_owned(),
        };
        rows.push(row([pod, &name, &log.lines.to_string(), &span]));
    }
    if all.len() > MOST {
        rows.push(vec![w.more(all.len() - MOST)]);
    }
    rows
}

fn missing(i: &Inventory, w: Words) -> Vec<Vec<String>> {
    if i.missing.is_empty() {
        return vec![row([w.pick("MISSING", "缺失"), w.pick("nothing that was asked for", "无")])];
    }
    let mut rows =
        vec![row([w.pick("MISSING", "缺失"), w.pick("WHY", "原因"), w.pick("WHAT THAT HIDES", "影响")])];
    rows.extend(
        i.missing
            .iter()
            .take(MOST)
            .map(|m| row([&gap_place(&m.what, w.0), w.why(m.why), &gap_hides(&m.says, w.0)])),
    );
    if i.missing.len() > MOST {
        rows.push(vec![w.more(i.missing.len() - MOST)]);
    }
    rows
}

/// `17:00:01 – 17:40:05`, with dates where they are different days.
fn span(log: &Log) -> Option<String> {
    let (from, to) = (log.from.as_ref()?, log.to.as_ref()?);
    let (from, to) = (stamp(from), stamp(to));
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, _)), Some((other, end))) if day == other => Some(format!("{from} – {end}")),
        _ => Some(format!("{from} – {to}")),
    }
}

/// `2026-11-22T17:40:14Z` as people read it.
fn stamp(utc: &str) -> String {
    utc.trim_end_matches('Z').replace('T', " ")
}

/// Aligned lines; a row of one cell stands for itself. The last cell of each is cut to fit.
fn table(rows: &[Vec<String>], columns: usize) -> String {
    let wide = |at: usize| {
        let cells = rows.iter().filter(|r| r.len() > at + 1).filter_map(|r| r.get(at));
        cells.map(|c| width(c)).max().unwrap_or_default()
    };
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            if at + 1 == row.len() {
                line.push_str(&cut(cell, columns.saturating_sub(width(&line)).max(20)));
            } else {
                line.push_str(cell);
                line.push_str(&" ".repeat(wide(at).saturating_sub(width(cell)) + 2));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A text of at most that many columns.
fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= columns
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_is_cut() {
        let rows = [row(["节点", "x"]), row(["ab", &"y".repeat(50)])];
        let text = table(&rows, 30);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"节点  x"));
        assert_eq!(lines.get(1).map(|l| width(l)), Some(30));
        assert!(text.contains('…'));
    }
}
