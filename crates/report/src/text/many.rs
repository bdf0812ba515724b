//! More incidents than fit in full: one line each, the worst first, and from some number on counted by mode.

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
        self.by_mode(rest.get(shown..).unwrap_or_default());
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

    fn by_mode(&mut self, rest: &[Incident]) {
        if rest.is_empty() {
            return;
        }
        self.out.blank();
        let n = number(rest.len());
        let head = self.say(format!("and {n} more, by cause:"), format!("另有 {n} 个，按原因统计："));
        self.paragraph(0, &[plain(head)]);
        let groups = fold::by_mode(rest.iter());
        let counts: Vec<String> = groups.iter().take(MODES).map(|g| number(g.count)).collect();
        let column = counts.iter().map(|c| width(c)).max().unwrap_or(0);
        for (group, count) in groups.iter().zip(&counts) {
            let pad = column.saturating_sub(width(count));
            let line = [
                plain(format!("{}{count}  ", " ".repeat(pad))),
                span(tone(group.first.severity), &group.first.root.mode),
                span(Tone::Dim, self.say(", such as ", "，如 ")),
                span(Tone::Dim, group.first.root.subject.to_string()),
            ];
            let line = crate::rich::cut_line(&line, self.width - 2);
            self.out.line(2, &line);
        }
        if groups.len() > MODES {
            let (modes, left) =
                (groups.len() - MODES, groups.iter().skip(MODES).map(|g| g.count).sum::<usize>());
            let line = self.say(
                format!("{} of {} other causes", number(left), number(modes)),
                format!("其余 {} 种原因共 {} 个", number(modes), number(left)),
            );
            self.paragraph(2, &[span(Tone::Dim, line)]);
        }
    }
}
