//! One incident as a card.

use super::markup::{block, text};
use super::svg::svg;
use crate::fold::{self, Quote};
use crate::graph::Graph;
use crate::phrase;
use crate::time;
use crate::words::{Label, Words};
use jiff::Timestamp;
use kubecause_model::{Confidence, Fix, FixStep, Incident, Look};
use std::fmt::Write as _;

/// So many records stand in the open.
const QUOTES: usize = 6;

/// The card; `open` says whether it shows more than its title at first.
pub(super) fn card(i: &Incident, today: Option<Timestamp>, words: Words, open: bool) -> String {
    let mut card = Card { i, today, words, out: String::new() };
    let _ = writeln!(card.out, "<article class=\"{}\">", i.severity.as_str());
    let _ = writeln!(card.out, "<details{}>\n<summary>", if open { " open" } else { "" });
    card.head();
    card.out.push_str("</summary>\n");
    card.body();
    card.out.push_str("</details>\n</article>\n");
    card.out
}

struct Card<'d> {
    i: &'d Incident,
    today: Option<Timestamp>,
    words: Words,
    out: String,
}

impl Card<'_> {
    fn line(&mut self, html: &str) {
        self.out.push_str(html);
        self.out.push('\n');
    }

    fn heading(&mut self, label: Label) {
        let line = format!("<h3>{}</h3>", self.words.heading(label));
        self.line(&line);
    }

    fn list(&mut self, label: Label, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.heading(label);
        let rows: String = rows.iter().fold(String::new(), |all, row| all + "<li>" + row + "</li>\n");
        self.line(&format!("<ul>\n{rows}</ul>"));
    }

    fn head(&mut self) {
        let (i, w) = (self.i, self.words);
        let title = phrase::title(i.root.title.get(w.0), &i.root.mode);
        self.line(&format!("<h2><span class=\"sev\">{}</span> {}</h2>", w.severity(i.severity), text(title)));
        let sure = i.root.confidence;
        let when = phrase::when(i, self.today, w).map(|s| format!(" · {}", text(&s))).unwrap_or_default();
        self.line(&format!(
            "<p class=\"meta\"><span class=\"{}\">{}</span>{when} · <code>{}</code></p>",
            sure.as_str(),
            w.confidence(sure),
            text(&i.root.mode)
        ));
    }

    fn body(&mut self) {
        let graph = svg(&Graph::new(self.i, self.words.0), self.words);
        self.line("<div class=\"two\">\n<div>");
        self.facts();
        self.line("</div>");
        if !graph.is_empty() {
            let caption = self.words.heading(Label::Followed);
            self.line(&format!("<figure>\n<figcaption>{caption}</figcaption>\n{graph}</figure>"));
        }
        self.line("</div>");
        self.fixes();
    }

    fn facts(&mut self) {
        let (i, w) = (self.i, self.words);
        let affected: Vec<String> = fold::affected(&i.affected, w, 8).iter().map(|p| text(p)).collect();
        self.list(Label::Affects, &affected);
        self.evidence();
        self.alternatives();
        let refuted = |(c, by): &(kubecause_model::CauseRef, String)| {
            let by = if by.trim().is_empty() { String::new() } else { w.aside(by) };
            format!("<code>{}</code>{}", text(&c.mode), text(&by))
        };
        self.list(Label::RuledOut, &i.refuted.iter().map(refuted).collect::<Vec<_>>());
        let change = |c: &kubecause_model::Change| {
            let at = phrase::changed_at(c, i, self.today, w);
            let at =
                at.map(|(at, before)| format!("{at}{} ", before.unwrap_or_default())).unwrap_or_default();
            format!("<span class=\"dim\">{}</span> {}", text(&at), text(&phrase::change(c, w)))
        };
        let changes: Vec<String> = i.changes.iter().map(change).collect();
        self.list(Label::Changed, &changes);
    }

    fn evidence(&mut self) {
        let quotes = fold::quotes(&self.i.evidence);
        if quotes.is_empty() {
            return;
        }
        self.heading(Label::Because);
        let (shown, rest) = quotes.split_at(QUOTES.min(quotes.len()));
        self.quotes(shown);
        if !rest.is_empty() {
            let more = self.words.more_records(rest.len());
            self.line(&format!("<details><summary class=\"dim\">{more}</summary>"));
            self.quotes(rest);
            self.line("</details>");
        }
    }

    fn quotes(&mut self, quotes: &[Quote<'_>]) {
        self.line("<dl class=\"evidence\">");
        for q in quotes {
            let at =
                q.citation.at.map(|at| format!(" · {}", time::clock(at, self.today))).unwrap_or_default();
            self.line(&format!(
                "<dt><span class=\"ref\">{}</span>{at}</dt><dd><code>{}</code><span class=\"dim\">{}</span></dd>",
                text(&q.citation.reference),
                text(&q.citation.text),
                phrase::alike(q.others, self.words)
            ));
        }
        self.line("</dl>");
    }

    fn alternatives(&mut self) {
        let (i, w) = (self.i, self.words);
        let rows: Vec<String> = i
            .alternatives
            .iter()
            .map(|a| {
                let title = text(phrase::title(a.title.get(w.0), &a.mode));
                let look = a.look.as_ref().map(|l| look(l, w)).unwrap_or_default();
                format!("{title} <code class=\"dim\">{}</code>{look}", text(&a.mode))
            })
            .collect();
        self.list(Label::Maybe, &rows);
        if i.root.confidence < Confidence::Confirmed {
            let rows: Vec<String> = i.looks.iter().map(|l| look(l, w)).collect();
            self.list(Label::Look, &rows);
        }
    }

    fn fixes(&mut self) {
        if self.i.fixes.is_empty() {
            return;
        }
        self.heading(Label::Do);
        for (n, fix) in self.i.fixes.iter().enumerate() {
            self.fix(&phrase::letter(&self.i.fixes, n), fix);
        }
    }

    fn fix(&mut self, letter: &str, fix: &Fix) {
        let w = self.words;
        let title = text(fix.title.get(w.0));
        let risk = fix.risk;
        self.line(&format!(
            "<h4>{letter}{title}<span class=\"chip {}\">{}</span></h4>",
            risk.as_str(),
            w.risk(risk)
        ));
        self.line("<ol class=\"steps\">");
        for s in &fix.steps {
            self.line(&format!("<li>{}</li>", step(s, w)));
        }
        self.line("</ol>");
    }
}

fn command(run: &str) -> String {
    let run = block(run);
    if run.is_empty() { run } else { format!("<pre><code>{run}</code></pre>") }
}

fn look(l: &Look, words: Words) -> String {
    format!("{}<p class=\"dim\">{}</p>", command(&l.run), text(l.why.get(words.0)))
}

fn step(s: &FixStep, words: Words) -> String {
    let part = |en, zh, run: &Option<String>| {
        let run = block(run.as_deref().unwrap_or_default());
        let label = words.pick(en, zh);
        if run.is_empty() {
            run
        } else {
            format!("<p class=\"aside\">{label}{}<code>{run}</code></p>", words.colon())
        }
    };
    let why = text(s.why.get(words.0));
    let only = words.pick("Only if", "前提");
    let guard =
        phrase::guard(s, words).map(|g| format!("<p class=\"aside\">{only}{}{}</p>", words.colon(), text(g)));
    let guard = guard.unwrap_or_default();
    let after = part("Check", "验证", &s.verify) + &part("Undo", "回退", &s.undo);
    format!("{why}{guard}{}{after}", command(&s.run))
}
