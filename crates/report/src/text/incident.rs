//! One incident in full.

use super::{CONTENT, Sheet, mark, tone};
use crate::clean::lines as command_lines;
use crate::fold::{self, Quote};
use crate::graph::Graph;
use crate::phrase;
use crate::rich::{Line, Span, Tone, cut, cut_front, plain, span, width, wrap, wrap_most};
use crate::time;
use crate::words::Label;
use kubecause_model::{Change, Confidence, Fix, FixStep, Incident, Look, Risk};

/// With less room than this, references stand above what they say.
const STACKED: usize = 56;

impl Sheet<'_> {
    /// An incident. Alone on the screen it gets more room.
    pub(super) fn incident(&mut self, incident: &Incident, alone: bool) {
        self.title(incident);
        self.affects(incident);
        self.because(incident, alone);
        self.followed(incident);
        self.ruled_out(incident);
        self.maybe(incident);
        self.looks(incident);
        self.changed(incident);
        self.todo(incident, alone);
    }

    pub(super) fn title(&mut self, i: &Incident) {
        let title = phrase::title(i.root.title.get(self.o.lang), &i.root.mode);
        let severity = self.words.severity(i.severity);
        let pad = CONTENT.saturating_sub(2 + width(severity));
        let head =
            [span(tone(i.severity), format!("{} {severity}", mark(i.severity))), plain(" ".repeat(pad))];
        for (n, line) in wrap(&[span(Tone::Strong, title)], self.room()).into_iter().enumerate() {
            if n == 0 {
                self.out.line(0, &head.iter().cloned().chain(line).collect::<Line>());
            } else {
                self.out.line(CONTENT, &line);
            }
        }
        let confidence = match i.root.confidence {
            Confidence::Confirmed => Tone::Good,
            Confidence::Probable => Tone::Warn,
            Confidence::Possible => Tone::Dim,
        };
        let mut line = vec![span(confidence, self.words.confidence(i.root.confidence))];
        if let Some(when) = phrase::when(i, self.d.taken_at, self.words) {
            line.push(span(Tone::Dim, format!(" · {when}")));
        }
        line.push(span(Tone::Dim, format!(" · {}", i.root.mode)));
        self.paragraph(CONTENT, &line);
    }

    fn affects(&mut self, i: &Incident) {
        let most = if self.o.wide { usize::MAX } else { 4 };
        let phrases = fold::affected(&i.affected, self.words, most);
        let room = self.room();
        let lines: Vec<Line> = if self.o.wide {
            phrases.iter().flat_map(|p| wrap(&[plain(p)], room)).collect()
        } else {
            wrap_most(&[plain(phrases.join(self.words.semicolon()))], room, 2)
        };
        self.row(self.words.label(Label::Affects), &lines);
    }

    pub(super) fn because(&mut self, i: &Incident, alone: bool) {
        let quotes = fold::quotes(&i.evidence);
        let most = match (self.o.wide, alone) {
            (true, _) => quotes.len(),
            (_, true) => 4,
            _ => 3,
        };
        let shown = quotes.get(..most.min(quotes.len())).unwrap_or_default();
        let refs: Vec<String> =
            shown.iter().map(|q| fold::near(&q.citation.reference, &i.root.subject)).collect();
        let room = self.room();
        let column = refs.iter().map(|r| width(r)).max().unwrap_or(0).min(room / 3).min(40);
        let stacked = self.o.wide || room < STACKED;
        let per = if alone { 2 } else { 1 };
        let mut lines: Vec<Line> = Vec::new();
        let mut before = "";
        for (quote, reference) in shown.iter().zip(&refs) {
            lines.extend(match (stacked, reference == before) {
                (true, _) => self.stacked(quote, reference),
                (_, true) => self.beside(quote, "", column, per),
                _ => self.beside(quote, reference, column, per),
            });
            before = reference;
        }
        if quotes.len() > shown.len() {
            self.hidden = true;
            lines.push(vec![span(Tone::Dim, self.words.more_records(quotes.len() - shown.len()))]);
        }
        self.row(self.words.label(Label::Because), &lines);
    }

    /// Reference left, text right.
    fn beside(&self, quote: &Quote<'_>, reference: &str, column: usize, most: usize) -> Vec<Line> {
        let left = span(Tone::Dim, cut_front(&span(Tone::Dim, reference).text, column));
        let pad = column.saturating_sub(width(&left.text)) + 2;
        let text = [plain(fold::message(&quote.citation.text)), self.others(quote)];
        let mut out = wrap_most(&text, self.room() - column - 2, most);
        for (n, line) in out.iter_mut().enumerate() {
            let lead = if n == 0 {
                vec![left.clone(), plain(" ".repeat(pad))]
            } else {
                vec![plain(" ".repeat(column + 2))]
            };
            line.splice(0..0, lead);
        }
        if out.is_empty() { vec![vec![left]] } else { out }
    }

    /// Reference above, text below: for narrow terminals, and whole in the wide form.
    fn stacked(&self, quote: &Quote<'_>, reference: &str) -> Vec<Line> {
        let room = self.room();
        let mut head = vec![span(Tone::Dim, if self.o.wide { &quote.citation.reference } else { reference })];
        if self.o.wide {
            head.extend(
                quote
                    .citation
                    .at
                    .map(|at| span(Tone::Dim, format!("  {}", time::clock(at, self.d.taken_at)))),
            );
        } else {
            head = vec![Span { text: cut_front(&head.remove(0).text, room), tone: Tone::Dim }];
        }
        let text = [plain(quote.citation.text.as_str()), self.others(quote)];
        let most = if self.o.wide { usize::MAX } else { 2 };
        let text =
            if self.o.wide { wrap(&text, room - 2) } else { wrap_most(&short(quote, &text), room - 2, most) };
        let body = text.into_iter().map(|line| std::iter::once(plain("  ")).chain(line).collect());
        std::iter::once(head).chain(body).collect()
    }

    fn others(&self, quote: &Quote<'_>) -> Span {
        span(Tone::Dim, phrase::alike(quote.others, self.words))
    }

    fn followed(&mut self, i: &Incident) {
        let graph = Graph::new(i, self.o.lang);
        let paths = graph.paths();
        let most = if self.o.wide { paths.len() } else { 3 };
        let mut lines: Vec<Line> = Vec::new();
        for path in paths.iter().take(most) {
            let mut line = Line::new();
            for step in path.iter().filter_map(|at| graph.steps.get(*at)) {
                line.push(span(Tone::Dim, if line.is_empty() { "→ " } else { " → " }));
                line.push(plain(step.label()));
            }
            if path.len() > 1 && !is_branch_of_root(&graph, path) {
                line.remove(0);
            }
            let room = self.room();
            lines.extend(if self.o.wide { wrap(&line, room) } else { wrap_most(&line, room, 2) });
        }
        if paths.len() > most {
            self.hidden = true;
            lines.push(vec![span(Tone::Dim, self.words.more(paths.len() - most))]);
        }
        self.row(self.words.label(Label::Followed), &lines);
    }

    fn ruled_out(&mut self, i: &Incident) {
        let room = self.room();
        if self.o.wide {
            let each = |(c, by): &(kubecause_model::CauseRef, String)| {
                let mut line = vec![plain(format!("{} {}", c.mode, c.subject))];
                if !by.trim().is_empty() {
                    line.push(span(Tone::Dim, self.words.aside(by)));
                }
                wrap(&line, room)
            };
            let lines: Vec<Line> = i.refuted.iter().flat_map(each).collect();
            return self.row(self.words.label(Label::RuledOut), &lines);
        }
        let mut line = Line::new();
        for (n, (cause, by)) in i.refuted.iter().enumerate() {
            line.push(plain(if n == 0 { "" } else { " · " }));
            line.push(plain(&cause.mode));
            if !by.trim().is_empty() {
                line.push(span(Tone::Dim, self.words.aside(&cut(&plain(by).text, 36))));
            }
        }
        self.row(self.words.label(Label::RuledOut), &wrap_most(&line, room, 2));
    }

    fn maybe(&mut self, i: &Incident) {
        let most = if self.o.wide { i.alternatives.len() } else { 3 };
        let mut label = self.words.label(Label::Maybe);
        for alternative in i.alternatives.iter().take(most) {
            let title = phrase::title(alternative.title.get(self.o.lang), &alternative.mode);
            let lines = wrap(&[plain(title)], self.room());
            self.row(label, &lines);
            label = "";
            if let Some(look) = &alternative.look {
                self.look(look);
            }
        }
        if i.alternatives.len() > most {
            self.hidden = true;
            let more =
                i.alternatives.iter().skip(most).map(|a| a.mode.as_str()).collect::<Vec<_>>().join(", ");
            let lines = wrap_most(&[span(Tone::Dim, more)], self.room(), 2);
            self.row(label, &lines);
        }
    }

    /// A command, and below it what its outcomes mean.
    fn look(&mut self, look: &Look) {
        self.command(CONTENT + 2, &look.run);
        self.brief(CONTENT + 4, &[span(Tone::Dim, look.why.get(self.o.lang))], 2);
    }

    /// What would make it surer, where it is not sure yet and no alternative says the same.
    fn looks(&mut self, i: &Incident) {
        let told =
            |l: &Look| i.alternatives.iter().any(|a| a.look.as_ref().is_some_and(|other| other.run == l.run));
        let wanted = self.o.wide || i.root.confidence < Confidence::Confirmed;
        let most = if self.o.wide { usize::MAX } else { 2 };
        let mut label = self.words.label(Label::Look);
        for look in i.looks.iter().filter(|l| wanted && !told(l)).take(most) {
            let lines = wrap_most(
                &[plain(look.why.get(self.o.lang))],
                self.room(),
                if self.o.wide { most } else { 2 },
            );
            let lines = if lines.is_empty() { vec![Line::new()] } else { lines };
            self.row(label, &lines);
            self.command(CONTENT + 2, &look.run);
            label = "";
        }
    }

    fn changed(&mut self, i: &Incident) {
        let most = if self.o.wide { i.changes.len() } else { 3 };
        let mut lines: Vec<Line> = Vec::new();
        for change in i.changes.iter().take(most) {
            let line = self.change(change, i);
            let most = match (self.o.wide, self.room() < STACKED) {
                (true, _) => usize::MAX,
                (_, true) => 4,
                _ => 2,
            };
            lines.extend(wrap_most(&line, self.room(), most));
        }
        if i.changes.len() > most {
            self.hidden = true;
            lines.push(vec![span(Tone::Dim, self.words.more(i.changes.len() - most))]);
        }
        self.row(self.words.label(Label::Changed), &lines);
    }

    /// `17:40:02 (4 min before) deployment shop/cart image: a → b`.
    fn change(&self, c: &Change, i: &Incident) -> Line {
        let mut line = Line::new();
        if let Some((at, before)) = phrase::changed_at(c, i, self.d.taken_at, self.words) {
            line.push(plain(at));
            line.push(before.map_or(plain(" "), |b| span(Tone::Dim, b + self.say(" ", ""))));
        }
        line.push(plain(phrase::change(c, self.words)));
        line
    }

    pub(super) fn todo(&mut self, i: &Incident, alone: bool) {
        let whole = if self.o.wide { i.fixes.len() } else { phrase::first_fixes(&i.fixes) };
        let mut label = self.words.label(Label::Do);
        for (n, fix) in i.fixes.iter().enumerate() {
            let lines = self.fix_title(fix, &phrase::letter(&i.fixes, n));
            self.row(label, &lines);
            if n < whole {
                for (n, step) in fix.steps.iter().enumerate() {
                    self.step(n + 1, step, alone);
                }
            } else {
                self.hidden = true;
            }
            label = "";
        }
    }

    fn fix_title(&self, fix: &Fix, before: &str) -> Vec<Line> {
        let risk = span(risk_tone(fix.risk), self.words.aside(self.words.risk(fix.risk)));
        wrap(&[span(Tone::Strong, before), plain(fix.title.get(self.o.lang)), risk], self.room())
    }

    fn step(&mut self, n: usize, step: &FixStep, alone: bool) {
        let number = format!("{n}.");
        let indent = CONTENT + width(&number) + 1;
        let most = if self.o.wide { usize::MAX } else { 2 };
        let mut lines = wrap_most(&[plain(step.why.get(self.o.lang))], self.width - indent, most).into_iter();
        let first = lines.next().unwrap_or_default();
        self.out.line(CONTENT, &[plain(format!("{number} "))].into_iter().chain(first).collect::<Line>());
        for line in lines {
            self.out.line(indent, &line);
        }
        if let Some(guard) = phrase::guard(step, self.words) {
            let lead = format!("{}{}", self.say("only if", "前提"), self.words.colon());
            self.brief(indent, &[span(Tone::Warn, lead), plain(guard)], 4);
        }
        self.command(indent + 2, &step.run);
        if alone || self.o.wide {
            self.aside(indent, self.say("check", "验证"), step.verify.as_deref());
        } else if step.verify.is_some() {
            self.hidden = true;
        }
        if self.o.wide {
            self.aside(indent, self.say("undo", "回退"), step.undo.as_deref());
        } else if step.undo.is_some() {
            self.hidden = true;
        }
    }

    /// A labelled command below a step. Like every command it is not broken.
    fn aside(&mut self, indent: usize, label: &str, text: Option<&str>) {
        let lead = format!("{label}{}", self.words.colon());
        for (n, line) in command_lines(text.unwrap_or_default()).iter().enumerate() {
            let lead = if n == 0 { lead.clone() } else { " ".repeat(width(&lead)) };
            self.out.line(indent, &[span(Tone::Dim, lead), span(Tone::Command, line)]);
        }
    }

    /// A command on lines of its own.
    fn command(&mut self, indent: usize, run: &str) {
        for line in command_lines(run) {
            self.out.line(indent, &[span(Tone::Command, line)]);
        }
    }
}

/// Whether a path begins below the root, and not at a step that was shown before.
fn is_branch_of_root(graph: &Graph, path: &[usize]) -> bool {
    path.first().is_some_and(|first| graph.edges.contains(&(0, *first)))
}

/// The message alone, where there is little room.
fn short(quote: &Quote<'_>, text: &[Span; 2]) -> [Span; 2] {
    let [_, others] = text.clone();
    [plain(fold::message(&quote.citation.text)), others]
}

fn risk_tone(risk: Risk) -> Tone {
    match risk {
        Risk::ReadOnly => Tone::Dim,
        Risk::Reversible => Tone::Good,
        Risk::Disruptive => Tone::Warn,
        Risk::DataLoss => Tone::Bad,
    }
}
