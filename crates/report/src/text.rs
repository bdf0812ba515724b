//! The text for a terminal. Its first screen is the answer: what is wrong, why that is sure, what followed, what to do.
//! Nothing is wider than the terminal but commands, which are never broken, and references in the wide form.

mod incident;
mod many;
mod tail;

use crate::rich::{Line, Out, Span, Tone, plain, span, wrap, wrap_most};
use crate::time;
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
            sheet.verdict();
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

    fn healthy(&mut self) {
        let mut seen = self.looked_at();
        let scope = self.scope();
        if !scope.is_empty() {
            seen = format!("{scope}{}{seen}", self.say(", ", "，"));
        }
        let mut line = vec![span(Tone::Good, self.say("✓ healthy", "✓ 健康"))];
        line.push(plain(self.say(": nothing is wrong in ", "：未发现故障，已查看 ")));
        line.push(plain(seen));
        line.extend(self.facts().map(|fact| span(Tone::Dim, format!(" · {fact}"))));
        self.paragraph(0, &line);
    }

    /// Name, version and time: what tells this run from others.
    fn facts(&self) -> impl Iterator<Item = String> {
        let seen = |at| format!("{} {}", self.words.pick("seen at", "数据时间"), time::full(at));
        let facts = [self.o.name.clone(), self.d.stats.version.clone(), self.d.taken_at.map(seen)];
        facts.into_iter().flatten().filter(|f| !f.is_empty())
    }

    fn scope(&self) -> String {
        let objects = self.o.scope.objects.iter().map(|s| format!("{} {s}", self.words.kind(&s.kind)));
        let namespace =
            self.o.scope.namespace.iter().map(|n| format!("{} {n}", self.words.kind(&Kind::Namespace)));
        namespace.chain(objects).collect::<Vec<_>>().join(self.words.comma())
    }

    /// `2 nodes, 13 pods, 40 events, 112 objects in all`.
    fn looked_at(&self) -> String {
        let s = &self.d.stats;
        let w = self.words;
        let mut parts = vec![w.kinds(&Kind::Node, s.nodes), w.kinds(&Kind::Pod, s.pods)];
        if s.events > 0 {
            parts.push(w.events(s.events));
        }
        if s.objects > s.nodes + s.pods + s.events {
            parts.push(
                self.say(format!("{} in all", w.objects(s.objects)), format!("共 {}", w.objects(s.objects))),
            );
        }
        if s.files > 0 {
            parts.push(w.files(s.files));
        }
        parts.join(w.comma())
    }

    fn header(&mut self) {
        let s = &self.d.stats;
        let w = self.words;
        let count = [w.kinds(&Kind::Node, s.nodes), w.kinds(&Kind::Pod, s.pods)].join(w.comma());
        let mut parts: Vec<String> = self.facts().collect();
        let at = parts.len() - usize::from(self.d.taken_at.is_some());
        let scope = self.scope();
        for part in [scope, count].into_iter().rev().filter(|p| !p.is_empty()) {
            parts.insert(at, part);
        }
        self.paragraph(0, &[span(Tone::Dim, parts.join(" · "))]);
        self.out.blank();
    }

    fn verdict(&mut self) {
        if self.d.incidents.is_empty() {
            let line = match self.d.verdict {
                Verdict::Unknown => self.unknown(),
                Verdict::Faults | Verdict::Healthy => vec![plain(self.say(
                    "incidents were found, but none of the severity that was asked for",
                    "有故障，但没有达到所要求的严重程度",
                ))],
            };
            self.paragraph(0, &line);
            return;
        }
        let line = verdict_line(self.d, self.words);
        self.paragraph(0, &[span(Tone::Strong, line)]);
    }

    fn unknown(&self) -> Vec<Span> {
        let (en, zh) = if self.d.stats.objects == 0 && self.d.stats.files == 0 {
            (": nothing could be read", "：什么也没有读到")
        } else if !self.d.unexplained.is_empty() {
            (": something is wrong, and no known cause explains it", "：有异常，但没有已知原因能解释")
        } else {
            (
                ": no fault was found, but what could not be looked at may hide one",
                "：未发现故障，但没能查看的地方可能藏着故障",
            )
        };
        vec![span(Tone::Warn, self.say("unknown", "无法判断")), plain(self.say(en, zh))]
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

/// `3 incidents: 1 critical, 2 error`.
pub(crate) fn verdict_line(d: &Diagnosis, words: Words) -> String {
    let total = words.incidents(d.incidents.len());
    let count = |severity| d.incidents.iter().filter(|i| i.severity == severity).count();
    let counts: Vec<(Severity, usize)> =
        Severity::ALL.into_iter().rev().map(|s| (s, count(s))).filter(|(_, n)| *n > 0).collect();
    if let [(severity, _)] = counts.as_slice() {
        let all =
            if d.incidents.len() > 1 { words.pick(", all ", "，均为") } else { words.pick(", ", "，") };
        return format!("{total}{all}{}", words.severity(*severity));
    }
    let parts: Vec<String> = counts.iter().map(|(s, n)| words.severities(*s, *n)).collect();
    format!("{total}{}{}", words.colon(), parts.join(words.comma()))
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
