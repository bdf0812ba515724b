//! What stands after the incidents: symptoms without a cause, what was not seen, notes, and how to see more.

use super::Sheet;
use crate::fold;
use crate::matters;
use crate::phrase;
use crate::rich::{Tone, plain, span};
use crate::silence;
use crate::words::number;
use kubecause_model::Verdict;

/// So many symptoms, gaps and notes are shown each.
const SHOWN: usize = 5;

impl Sheet<'_> {
    /// Everything after the incidents.
    pub(super) fn tail(&mut self) {
        self.silenced();
        self.unexplained();
        self.gaps();
        self.notes();
        self.last_words();
    }

    fn most(&self) -> usize {
        if self.o.wide { usize::MAX } else { SHOWN }
    }

    /// One line each: what is silenced is never hidden, only counted where it is much.
    pub(super) fn silenced(&mut self) {
        let lines = self.d.silenced.iter().map(|s| silence::silenced(s, self.words));
        let idle = silence::idle(self.d, self.o.wide).map(|s| silence::did_nothing(s, self.words));
        let lines: Vec<String> = lines.chain(idle).collect();
        if lines.is_empty() {
            return;
        }
        self.out.blank();
        for line in lines.iter().take(self.most()) {
            self.paragraph(0, &[span(Tone::Dim, line)]);
        }
        self.rest(lines.len());
    }

    pub(super) fn unexplained(&mut self) {
        let groups = fold::symptoms(&self.d.unexplained);
        if groups.is_empty() {
            return;
        }
        self.out.blank();
        self.paragraph(0, &[plain(self.say("Seen, without a known cause:", "有异常但原因不明："))]);
        for group in groups.iter().take(self.most()) {
            let who =
                fold::affected(&group.subjects, self.words, self.most().min(4)).join(self.words.semicolon());
            let mut line =
                vec![span(Tone::Warn, &group.first.signal), plain(format!("{}{who}", self.words.colon()))];
            if let Some(c) = group.first.evidence.first() {
                line.push(span(Tone::Dim, self.words.aside(fold::message(&c.text))));
            }
            self.brief(2, &line, 2);
        }
        self.rest(groups.len());
    }

    pub(super) fn gaps(&mut self) {
        let (mut mattering, mut silent) = phrase::gaps(self.d);
        if self.o.wide {
            mattering.append(&mut silent);
        }
        if mattering.is_empty() && silent.is_empty() {
            return;
        }
        self.out.blank();
        if !mattering.is_empty() {
            self.paragraph(0, &[plain(self.say("Not seen:", "没能查看："))]);
        }
        for gap in mattering.iter().take(self.most()) {
            let mut line = vec![
                plain(matters::place(&gap.what, self.o.lang)),
                span(Tone::Dim, self.words.aside(self.words.why(gap.why))),
            ];
            if !gap.matters.trim().is_empty() {
                line.push(plain(format!(
                    "{}{}",
                    self.words.colon(),
                    matters::matters(&gap.matters, self.o.lang)
                )));
            }
            self.brief(2, &line, 2);
        }
        self.rest(mattering.len());
        if !silent.is_empty() {
            let how =
                if silent.len() > 1 { self.say(": -o wide lists them", "：-o wide 可列出") } else { "" };
            let line = format!("{}{how}", phrase::silent(&silent, self.words));
            self.paragraph(0, &[span(Tone::Dim, line)]);
        }
    }

    pub(super) fn notes(&mut self) {
        if self.d.notes.is_empty() {
            return;
        }
        self.out.blank();
        if self.o.wide {
            for note in &self.d.notes {
                self.note(note.text.get(self.o.lang), 0);
            }
            return;
        }
        let groups = fold::notes(&self.d.notes);
        for group in groups.iter().take(SHOWN) {
            self.note(group.first.text.get(self.o.lang), group.others);
        }
        self.rest(groups.len());
    }

    fn note(&mut self, text: &str, others: usize) {
        let lead = span(Tone::Dim, self.say("note: ", "提示："));
        let mut room = self.width - crate::rich::width(&lead.text);
        let mut line = vec![lead];
        let more = match others {
            0 => String::new(),
            n => self.words.aside(
                &self.say(format!("and {} more alike", number(n)), format!("另有 {} 条同类", number(n))),
            ),
        };
        room = room.saturating_sub(crate::rich::width(&more));
        let text = plain(text).text;
        line.push(plain(if self.o.wide { text } else { crate::rich::cut(&text, room) }));
        line.push(span(Tone::Dim, more));
        self.paragraph(0, &line);
    }

    /// Says how many were left out.
    fn rest(&mut self, all: usize) {
        let left = all.saturating_sub(self.most());
        if left > 0 {
            self.hidden = true;
            let line = span(Tone::Dim, self.words.more(left));
            self.paragraph(2, &[line]);
        }
    }

    fn last_words(&mut self) {
        let mut words: Vec<&str> = Vec::new();
        if self.d.verdict == Verdict::Faults && self.d.unexplained.is_empty() && !self.d.incidents.is_empty()
        {
            words.push(match self.d.incidents.len() {
                1 => self.say("Everything else that looks wrong follows from this.", "其余异常都由它引起。"),
                _ => self.say(
                    "Everything else that looks wrong follows from these.",
                    "其余异常都由以上故障引起。",
                ),
            });
        }
        if self.hidden && !self.o.wide {
            words.push(self.say("-o wide shows all of it.", "-o wide 可查看全部内容。"));
        }
        if !words.is_empty() {
            self.out.blank();
            self.paragraph(0, &[span(Tone::Dim, words.join(self.say(" ", "")))]);
        }
    }
}
