//! More incidents than fit in full: one line each, the worst first; from some number on all are counted by mode before that.

use super::{CONTENT, Sheet, mark, tone};
use crate::fold;
use crate::phrase;
use crate::rich::{Tone, cut, plain, span, width};
use crate::time;
use crate::words::number;
use kubecause_model::Incident;

/// Up to so many get a line each.
const LINES: usize = 24;
/// Where there are more, so many of the worst do.
const WORST: usize = 10;
/// So many modes are counted.
const MODES: usize = 10;

impl Sheet<'_> {
    /// The incidents after those that are shown in full.
    pub(super) fn many(&mut self, rest: &[Incident]) {
        if rest.is_empty() {
            return;
        }
        self.hidden = true;
        self.out.blank();
        let shown = if rest.len() <= LINES { rest.len() } else { WORST };
        for incident in rest.iter().take(shown) {
            self.one_line(incident);
        }
        let left = rest.len() - shown;
        if left > 0 {
            let n = number(left);
            let line =
                self.say(format!("and {n} more: -o wide lists them"), format!("另有 {n} 个：-o wide 可列出"));
            self.out.blank();
            self.paragraph(0, &[plain(line)]);
        }
    }

    /// `✗ error      shop/cart: killed for memory            probable  17:44:13`.
    fn one_line(&mut self, i: &Incident) {
        let severity = self.words.severity(i.severity);
        let when = i.since.map(|at| time::short_clock(at, self.d.taken_at)).unwrap_or_default();
        let sure = if self.width < 90 { "" } else { self.words.confidence(i.root.confidence) };
        let right = if sure.is_empty() { 13 } else { 24 };
        let title = plain(phrase::title(i.root.title.get(self.o.lang), &i.root.mode)).text;
        let room = self.room().saturating_sub(right);
        let title = cut(&title, room);
        let line = [
            span(tone(i.severity), format!("{} {severity}", mark(i.severity))),
            plain(" ".repeat(CONTENT.saturating_sub(2 + width(severity)))),
            plain(&title),
            plain(" ".repeat(room.saturating_sub(width(&title)) + 2)),
            span(Tone::Dim, sure),
            plain(" ".repeat((right - 13).saturating_sub(width(sure)))),
            span(Tone::Dim, when),
        ];
        self.out.line(0, &line);
    }

    /// What dominates, before any single one: where there are more incidents than get a line each.
    pub(super) fn by_cause(&mut self) {
        let all = &self.d.incidents;
        if self.o.wide || all.len() <= LINES + 1 {
            return;
        }
        self.out.blank();
        self.paragraph(0, &[plain(self.say("By cause, the worst first:", "按原因统计，最严重的在前："))]);
        let (groups, left, modes) = fold::dominant(fold::by_mode(all.iter()), MODES);
        let counts: Vec<String> = groups.iter().map(|g| number(g.count)).collect();
        let column = counts.iter().map(|c| width(c)).max().unwrap_or(0);
        let names = groups.iter().map(|g| width(&g.first.root.mode)).max().unwrap_or(0).min(self.width / 3);
        for (group, count) in groups.iter().zip(&counts) {
            let first = group.first;
            let such_as = if group.count > 1 { self.say("such as ", "如 ") } else { "" };
            let severity = self.words.severity(first.severity);
            let mode = cut(&plain(&first.root.mode).text, names);
            let line = [
                plain(format!("{}{count}  ", " ".repeat(column.saturating_sub(width(count))))),
                plain(&mode),
                plain(" ".repeat(names.saturating_sub(width(&mode)) + 2)),
                span(tone(first.severity), severity),
                plain(" ".repeat(10_usize.saturating_sub(width(severity)))),
                span(Tone::Dim, format!("{such_as}{}", first.root.subject)),
            ];
            let line = crate::rich::cut_line(&line, self.width - 2);
            self.out.line(2, &line);
        }
        if left > 0 {
            self.paragraph(2, &[span(Tone::Dim, self.words.other_causes(left, modes))]);
        }
    }
}
