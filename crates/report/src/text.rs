//! The text for a terminal. Its first screen is the answer: what is wrong, why that is sure, what followed, what to do.
//! Nothing is wider than the terminal but commands, which are never broken, and references in the wide form.

mod incident;
mod many;
mod part;
mod tail;

pub use part::{Part, part, severity_word, verdict_line};

use crate::phrase;
use crate::rich::{Line, Out, Span, Tone, plain, span, wrap, wrap_most};
use crate::words::Words;
use kubecause_model::{Diagnosis, Kind, Lang, Scope, Severity, Verdict};

/// How the text is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// Language of labels and prose.
    pub lang: Lang,
    /// Whether to colour it.
    pub color: bool,
    /// Columns of the terminal; taken as at least 40.
    pub width: usize,
    /// All evidence, all fixes, all incidents.
    pub wide: bool,
    /// What was asked about, for the header.
    pub scope: Scope,
    /// What a person calls the cluster or the capture, for the header.
    pub name: Option<String>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { lang: Lang::En, color: false, width: 100, wide: false, scope: Scope::default(), name: None }
    }
}

/// Up to so many incidents are shown in full.
const IN_FULL: usize = 3;
/// The column where the content begins: indent 2, label 9, gap 2.
const CONTENT: usize = 13;

/// The diagnosis as text.
pub fn text(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    let mut sheet = Sheet::new(diagnosis, options);
    match diagnosis.verdict {
        Verdict::Healthy if diagnosis.incidents.is_empty() => sheet.healthy(),
        _ => {
            sheet.header();
            sheet.by_cause();
            sheet.incidents();
        }
    }
    sheet.tail();
    sheet.out.finish()
}

/// The text while it is written.
struct Sheet<'a> {
    d: &'a Diagnosis,
    o: &'a TextOptions,
    words: Words,
    width: usize,
    out: Out,
    /// Whether something was left out that the wide form shows.
    hidden: bool,
}

impl<'a> Sheet<'a> {
    fn new(d: &'a Diagnosis, o: &'a TextOptions) -> Self {
        Self { d, o, words: Words(o.lang), width: o.width.max(40), out: Out::new(o.color), hidden: false }
    }

    /// `en` or `zh`, whichever is asked.
    fn say<T>(&self, en: T, zh: T) -> T {
        self.words.pick(en, zh)
    }

    /// A paragraph, wrapped.
    fn paragraph(&mut self, indent: usize, spans: &[Span]) {
        for line in wrap(spans, self.width - indent) {
            self.out.line(indent, &line);
        }
    }

    /// A paragraph of at most so many lines; in the wide form it is whole.
    fn brief(&mut self, indent: usize, spans: &[Span], most: usize) {
        let most = if self.o.wide { usize::MAX } else { most };
        for line in wrap_most(spans, self.width - indent, most) {
            self.out.line(indent, &line);
        }
    }

    /// The first line, where nothing is wrong the only one.
    fn healthy(&mut self) {
        let (word, rest) = phrase::verdict(self.d, self.words);
        let mut line = vec![span(Tone::Good, format!("✓ {word}")), plain(rest)];
        let seen = self.d.taken_at.map(|at| phrase::seen_at(at, self.words));
        let facts = [self.o.name.clone(), Some(self.scope()), self.d.stats.version.clone(), seen];
        let facts = facts.into_iter().flatten().filter(|f| !f.trim().is_empty());
        line.extend(facts.map(|fact| span(Tone::Dim, format!(" · {fact}"))));
        self.paragraph(0, &line);
    }

    fn scope(&self) -> String {
        let objects = self.o.scope.objects.iter().map(|s| format!("{} {s}", self.words.kind(&s.kind)));
        let namespace =
            self.o.scope.namespace.iter().map(|n| format!("{} {n}", self.words.kind(&Kind::Namespace)));
        namespace.chain(objects).collect::<Vec<_>>().join(self.words.comma())
    }

    fn header(&mut self) {
        let mut parts = vec![self.o.name.clone().unwrap_or_default(), self.scope()];
        parts.extend(phrase::facts(self.d, self.words));
        parts.retain(|p| !p.trim().is_empty());
        self.paragraph(0, &[span(Tone::Dim, parts.join(" · "))]);
        self.out.blank();
        let (word, rest) = phrase::verdict(self.d, self.words);
        let tone = if self.d.incidents.is_empty() { Tone::Warn } else { Tone::Strong };
        self.paragraph(0, &[span(tone, word), plain(rest)]);
    }

    fn incidents(&mut self) {
        let d = self.d;
        let full = if self.o.wide || d.incidents.len() <= IN_FULL { d.incidents.len() } else { 1 };
        for incident in d.incidents.iter().take(full) {
            self.out.blank();
            self.incident(incident, full == 1);
        }
        self.many(d.incidents.get(full..).unwrap_or_default());
    }

    /// A labelled part of an incident: the label stands beside the first line.
    fn row(&mut self, label: &str, lines: &[Line]) {
        for (i, line) in lines.iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            let pad = (CONTENT - 2).saturating_sub(crate::rich::width(label));
            let mut row = vec![span(Tone::Dim, label), plain(" ".repeat(pad))];
            row.extend(line.iter().cloned());
            self.out.line(2, &row);
        }
    }

    /// Columns right of the labels.
    fn room(&self) -> usize {
        self.width - CONTENT
    }
}

/// The tone of a severity.
fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Dim,
    }
}

/// A mark that says the same without colour.
fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::Error => "✗",
        Severity::Warning => "!",
        Severity::Info => "·",
    }
}
