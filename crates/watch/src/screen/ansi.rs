//! The report's text with its colours, as lines of the screen. The report makes everything else safe to print, so that
//! the only escape sequences in it are its own: `ESC [ … m`.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// The lines of a text.
pub fn lines(text: &str) -> Vec<Line<'static>> {
    let mut style = Style::new();
    text.lines().map(|line| one(line, &mut style)).collect()
}

fn one(line: &str, style: &mut Style) -> Line<'static> {
    let mut spans = Vec::new();
    let mut pieces = line.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default();
    push(&mut spans, first, *style);
    for piece in pieces {
        let (codes, rest) = piece.split_once('m').unwrap_or(("", piece));
        codes.split(';').for_each(|code| *style = turned(*style, code));
        push(&mut spans, rest, *style);
    }
    Line::from(spans)
}

fn push(spans: &mut Vec<Span<'static>>, text: &str, style: Style) {
    if !text.is_empty() {
        spans.push(Span::styled(text.to_owned(), style));
    }
}

fn turned(style: Style, code: &str) -> Style {
    match code {
        "" | "0" => Style::new(),
        "1" => style.add_modifier(Modifier::BOLD),
        "2" => style.add_modifier(Modifier::DIM),
        "31" => style.fg(Color::Red),
        "32" => style.fg(Color::Green),
        "33" => style.fg(Color::Yellow),
        "36" => style.fg(Color::Cyan),
        _ => style,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_styles() {
        let got = lines("a\u{1b}[31m\u{1b}[1mb\u{1b}[0mc\nd");
        let bold_red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        assert_eq!(got[0], Line::from(vec![Span::raw("a"), Span::styled("b", bold_red), Span::raw("c")]));
        assert_eq!(got[1], Line::from(vec![Span::raw("d")]));
    }
}
