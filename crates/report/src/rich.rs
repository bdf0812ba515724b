//! Lines of toned text for a terminal: measured in columns (a Chinese character takes two), wrapped and cut, and
//! turned into escape sequences only at the very end and only when asked.

use crate::clean::clean;
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What a piece of text is for; colours follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Dim,
    Bad,
    Warn,
    Good,
    Command,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Good => colour(AnsiColor::Green),
            Self::Command => colour(AnsiColor::Cyan),
        }
    }
}

/// A piece of text in one tone. It holds no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub text: String,
    pub tone: Tone,
}

/// A line, or a paragraph before it is wrapped.
pub(crate) type Line = Vec<Span>;

/// A piece of text in that tone, made safe to print.
pub(crate) fn span(tone: Tone, text: impl AsRef<str>) -> Span {
    Span { text: clean(text.as_ref()).into_owned(), tone }
}

/// A piece of plain text, made safe to print.
pub(crate) fn plain(text: impl AsRef<str>) -> Span {
    span(Tone::Plain, text)
}

/// Columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Columns that the line takes.
pub(crate) fn line_width(line: &[Span]) -> usize {
    line.iter().map(|s| width(&s.text)).sum()
}

/// `text` cut to so many columns, with an ellipsis where something is lost.
pub fn cut(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut out = prefix(text, max.saturating_sub(1)).trim_end().to_owned();
    if max > 0 {
        out.push('…');
    }
    out
}

/// The end of `text` in so many columns, with an ellipsis in front where something is lost; it begins at a slash
/// where there is one near.
pub(crate) fn cut_front(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let back: String = text.chars().rev().collect();
    let tail: String = prefix(&back, max.saturating_sub(1)).chars().rev().collect();
    let whole = tail.split_once('/').filter(|(lost, kept)| lost.len() < 12 && width(kept) >= 8);
    whole.map_or_else(|| format!("…{tail}"), |(_, kept)| format!("…/{kept}"))
}

fn prefix(text: &str, max: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > max
    });
    end.map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

/// The line cut to so many columns.
pub(crate) fn cut_line(line: &[Span], max: usize) -> Line {
    if line_width(line) <= max {
        return line.to_vec();
    }
    let mut room = max;
    let mut out = Line::new();
    for s in line {
        let w = width(&s.text);
        if w < room {
            room -= w;
            out.push(s.clone());
            continue;
        }
        let text = if w == room {
            prefix(&s.text, room.saturating_sub(1)).to_owned() + "…"
        } else {
            cut(&s.text, room)
        };
        out.push(Span { text, tone: s.tone });
        break;
    }
    out
}

/// A part of a paragraph that stays together.
#[derive(Default)]
struct Atom {
    spans: Line,
    width: usize,
    gap: bool,
}

impl Atom {
    fn push(&mut self, c: char, tone: Tone) {
        self.width += c.width().unwrap_or(0);
        match self.spans.last_mut() {
            Some(last) if last.tone == tone => last.text.push(c),
            _ => self.spans.push(Span { text: c.to_string(), tone }),
        }
    }
}

/// Must not begin a line.
fn closes(c: char) -> bool {
    "，。、；：！？）】》」』”’…%,.;:!?)]}".contains(c)
}

/// Must not end a line.
fn opens(c: char) -> bool {
    "（【《「『“‘([{".contains(c)
}

/// Splits a paragraph at blanks and between Chinese characters. An atom wider than `max` is split anywhere.
fn atoms(spans: &[Span], max: usize) -> Vec<Atom> {
    let mut out: Vec<Atom> = Vec::new();
    let mut gap = false;
    let mut before: Option<char> = None;
    for (c, tone) in spans.iter().flat_map(|s| s.text.chars().map(|c| (c, s.tone))) {
        if c == ' ' {
            gap = before.is_some();
            continue;
        }
        let wide = |c: char| c.width().unwrap_or(0) > 1;
        let joins =
            before.is_some_and(|b| closes(c) || opens(b) || c.width() == Some(0) || !(wide(b) || wide(c)));
        let new = gap || !joins || out.last().is_none_or(|a| a.width + c.width().unwrap_or(0) > max);
        if new {
            out.push(Atom { gap, ..Atom::default() });
        }
        if let Some(atom) = out.last_mut() {
            atom.push(c, tone);
        }
        gap = false;
        before = Some(c);
    }
    out
}

/// The paragraph in lines of at most `max` columns.
pub(crate) fn wrap(spans: &[Span], max: usize) -> Vec<Line> {
    let max = max.max(2);
    let mut lines: Vec<Line> = Vec::new();
    let mut used = 0;
    for atom in atoms(spans, max) {
        let need = atom.width + usize::from(atom.gap);
        let fresh = lines.is_empty() || used + need > max;
        if fresh {
            lines.push(Line::new());
            used = 0;
        }
        let Some(line) = lines.last_mut() else { continue };
        if atom.gap && !fresh {
            let tone = atom.spans.first().map_or(Tone::Plain, |s| s.tone);
            let same = line.last().is_some_and(|s| s.tone == tone);
            push_text(line, " ", if same { tone } else { Tone::Plain });
            used += 1;
        }
        for s in &atom.spans {
            push_text(line, &s.text, s.tone);
        }
        used += atom.width;
    }
    lines
}

/// The same, in at most `most` lines; what is lost is marked.
pub(crate) fn wrap_most(spans: &[Span], max: usize, most: usize) -> Vec<Line> {
    let mut lines = wrap(spans, max);
    if lines.len() > most {
        let next = lines.drain(most..).next().unwrap_or_default();
        if let Some(last) = lines.last_mut() {
            push_text(last, " ", Tone::Plain);
            for s in &next {
                push_text(last, &s.text, s.tone);
            }
            push_text(last, " …", Tone::Plain);
            *last = cut_line(last, max.max(2));
        }
    }
    lines
}

fn push_text(line: &mut Line, text: &str, tone: Tone) {
    match line.last_mut() {
        Some(last) if last.tone == tone => last.text.push_str(text),
        _ => line.push(Span { text: text.to_owned(), tone }),
    }
}

/// Where lines go. Trailing blanks are dropped.
pub(crate) struct Out {
    text: String,
    color: bool,
}

impl Out {
    pub(crate) fn new(color: bool) -> Self {
        Self { text: String::new(), color }
    }

    /// A line that begins after so many blanks.
    pub(crate) fn line(&mut self, indent: usize, line: &[Span]) {
        let mut row = vec![Span { text: " ".repeat(indent), tone: Tone::Plain }];
        row.extend_from_slice(line);
        while let Some(last) = row.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            row.pop();
        }
        for s in &row {
            let style = s.tone.style();
            if self.color && style != Style::new() && !s.text.is_empty() {
                let _ = write!(self.text, "{style}{}{style:#}", s.text);
            } else {
                self.text.push_str(&s.text);
            }
        }
        self.text.push('\n');
    }

    /// An empty line, unless there is one already.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// All that was written; it ends with one line end.
    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end_matches('\n').len());
        self.text.push('\n');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, max: usize) -> Vec<String> {
        let lines = wrap(&[plain(text)], max);
        lines.iter().map(|l| l.iter().map(|s| s.text.as_str()).collect()).collect()
    }

    #[test]
    fn words_stay_whole_and_long_ones_are_split() {
        assert_eq!(wrapped("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 4), Vec::<String>::new());
    }

    #[test]
    fn chinese_breaks_between_characters_but_not_before_a_full_stop() {
        assert_eq!(wrapped("节点不可用。重启", 10), ["节点不可", "用。重启"]);
        assert_eq!(wrapped("重启 kubelet 服务", 12), ["重启 kubelet", "服务"]);
    }

    #[test]
    fn what_is_lost_is_marked() {
        let show = |text| -> Vec<String> {
            let lines = wrap_most(&[plain(text)], 9, 1);
            lines.iter().map(|l| l.iter().map(|s| s.text.as_str()).collect()).collect()
        };
        assert_eq!(show("one two three"), ["one two…"]);
        assert_eq!(show("onetwothr ee"), ["onetwoth…"]);
        assert_eq!(show("a bbbbbbbbbbbb"), ["a bbbbbb…"]);
        assert_eq!(show("one two"), ["one two"]);
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("节点不可用", 7), "节点不…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut_front("events/shop/cart-1", 8), "…/cart-1");
        assert_eq!(cut_front("events/shop-of-things/cart-100", 15), "…/cart-100");
        assert_eq!(line_width(&cut_line(&[plain("abc"), plain("def")], 3)), 3);
    }

    #[test]
    fn colour_is_only_added_when_asked() {
        let show = |color| {
            let mut out = Out::new(color);
            out.line(2, &[span(Tone::Bad, "x"), plain("  ")]);
            out.finish()
        };
        assert_eq!(show(false), "  x\n");
        assert!(show(true).contains("\u{1b}["));
    }
}
