//! A page of the catalogue on a terminal: simple Markdown with headings, paragraphs, lists, quotes, tables and code.
//! Code is never broken, for it is there to be copied; everything else keeps to the width.

mod inline;

use crate::clean::clean;
use crate::rich::{Line, Out, Span, Tone, line_width, plain, span, width as columns, wrap};
use inline::inline;

/// Text wider than this reads badly, whatever the terminal.
const WIDEST: usize = 100;

/// Everything below a heading begins here.
const BODY: usize = 2;

/// Renders a page. `width` is that of the terminal and is taken as at least 40.
pub fn page(markdown: &str, color: bool, width: usize) -> String {
    let mut sheet = Sheet { out: Out::new(color), color, width: width.clamp(40, WIDEST) };
    let mut before: Option<&Block> = None;
    let blocks = blocks(markdown);
    for (at, block) in blocks.iter().enumerate() {
        if before.is_some_and(|b| apart(b, block)) {
            sheet.out.blank();
        }
        match (block, before) {
            (Block::Row(_), Some(Block::Row(_))) => {}
            (Block::Row(_), _) => sheet.table(blocks.get(at..).unwrap_or_default()),
            _ => sheet.block(block),
        }
        before = Some(block);
    }
    sheet.out.finish()
}

/// Whether an empty line stands between the two.
fn apart(before: &Block, block: &Block) -> bool {
    let same = std::mem::discriminant(before) == std::mem::discriminant(block);
    let dense = matches!(block, Block::Item { .. } | Block::Quote(_) | Block::Row(_));
    match (before, block) {
        (_, Block::Heading(..)) => true,
        (Block::Heading(..), _) => false,
        _ => !(same && dense),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Block {
    Heading(usize, String),
    /// How far it was indented, and its lines.
    Code(usize, Vec<String>),
    Item {
        indent: usize,
        marker: String,
        text: String,
    },
    Quote(String),
    Row(Vec<String>),
    Paragraph(String),
}

struct Sheet {
    out: Out,
    color: bool,
    width: usize,
}

impl Sheet {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => self.heading(*level, text),
            Block::Code(margin, lines) => {
                for line in lines {
                    self.out.line(BODY + 2 + (*margin).min(4), &[span(Tone::Command, line)]);
                }
            }
            Block::Item { indent, marker, text } => self.item(*indent, marker, text),
            Block::Quote(text) => self.hanging(BODY, &span(Tone::Dim, "│ "), &span(Tone::Dim, "│ "), text),
            Block::Row(cells) => self.hanging(BODY, &plain(""), &plain("  "), &cells.join(" | ")),
            Block::Paragraph(text) => self.hanging(BODY, &plain(""), &plain(""), text),
        }
    }

    /// The rows at the beginning of `blocks`: in columns where they fit, else each as a paragraph.
    fn table(&mut self, blocks: &[Block]) {
        let rows: Vec<Vec<Line>> = blocks
            .iter()
            .map_while(|b| if let Block::Row(cells) = b { Some(cells) } else { None })
            .map(|cells| cells.iter().map(|c| inline(c, self.color)).collect())
            .collect();
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count)
            .map(|n| rows.iter().filter_map(|r| r.get(n)).map(|c| line_width(c)).max().unwrap_or(0))
            .collect();
        if widths.iter().sum::<usize>() + 2 * count + BODY > self.width {
            blocks.iter().take(rows.len()).for_each(|b| self.block(b));
            return;
        }
        for row in rows {
            let mut line = Line::new();
            for (cell, width) in row.into_iter().zip(&widths) {
                let pad = width.saturating_sub(line_width(&cell)) + 2;
                line.extend(cell);
                line.push(plain(" ".repeat(pad)));
            }
            self.out.line(BODY, &line);
        }
    }

    fn heading(&mut self, level: usize, text: &str) {
        let bold: Line =
            inline(text, self.color).into_iter().map(|s| Span { tone: Tone::Strong, ..s }).collect();
        for line in wrap(&bold, self.width) {
            self.out.line(0, &line);
            if level == 1 {
                self.out.line(0, &[span(Tone::Dim, "─".repeat(line_width(&line)))]);
            }
        }
    }

    fn item(&mut self, indent: usize, marker: &str, text: &str) {
        let bullet = if matches!(marker, "-" | "*" | "+") { "•" } else { marker };
        let lead = format!("{bullet} ");
        let pad = " ".repeat(columns(&lead));
        self.hanging((indent + BODY).min(12), &plain(lead), &plain(pad), text);
    }

    /// A paragraph whose first line has one lead and the others another.
    fn hanging(&mut self, indent: usize, first: &Span, others: &Span, text: &str) {
        let room = self.width - indent - columns(&first.text).max(columns(&others.text));
        for (n, line) in wrap(&inline(text, self.color), room).into_iter().enumerate() {
            let lead = if n == 0 { first } else { others };
            self.out.line(indent, &std::iter::once(lead.clone()).chain(line).collect::<Line>());
        }
    }
}

/// Splits a page into blocks.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut code: Option<(String, usize, Vec<String>)> = None;
    let mut open = false;
    for raw in markdown.lines() {
        let line = raw.trim_end();
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if let Some((fence, margin, lines)) = &mut code {
            if body.starts_with(fence.as_str()) && body.trim_start_matches(['`', '~']).is_empty() {
                out.push(Block::Code(*margin, std::mem::take(lines)));
                code = None;
            } else {
                lines.push(
                    clean(&line.get((*margin).min(indent)..).unwrap_or(body).replace('\t', "    "))
                        .into_owned(),
                );
            }
            continue;
        }
        if body.starts_with("```") || body.starts_with("~~~") {
            let fence = body.chars().take_while(|c| *c == '`' || *c == '~').collect();
            code = Some((fence, indent, Vec::new()));
            open = false;
            continue;
        }
        if body.is_empty() {
            open = false;
        } else if let Some(block) = begins(body, indent) {
            open = matches!(block, Block::Item { .. } | Block::Quote(_));
            out.push(block);
        } else if !is_rule(body) {
            continue_or_begin(&mut out, body, open);
            open = true;
        }
    }
    if let Some((_, margin, lines)) = code {
        out.push(Block::Code(margin, lines));
    }
    out
}

/// The block that a line begins, where it is none of a paragraph.
fn begins(body: &str, indent: usize) -> Option<Block> {
    let level = body.chars().take_while(|c| *c == '#').count();
    if let (1..=6, Some(text)) = (level, body.get(level..).and_then(|rest| rest.strip_prefix(' '))) {
        return Some(Block::Heading(level, text.trim().to_owned()));
    }
    if let Some(text) = body.strip_prefix('>') {
        return Some(Block::Quote(text.trim().to_owned()));
    }
    if let Some(row) = body.strip_prefix('|') {
        let cells: Vec<String> = row.trim_end_matches('|').split('|').map(|c| c.trim().to_owned()).collect();
        let line = cells.iter().all(|c| c.chars().all(|c| matches!(c, '-' | ':')));
        return (!line).then_some(Block::Row(cells));
    }
    let (marker, text) = body.split_once(' ')?;
    let number = marker
        .strip_suffix(['.', ')'])
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let is_item = matches!(marker, "-" | "*" | "+") || number;
    is_item.then(|| Block::Item { indent, marker: marker.to_owned(), text: text.trim().to_owned() })
}

/// A horizontal rule, or the line under a table's head.
fn is_rule(body: &str) -> bool {
    body.chars().all(|c| matches!(c, '-' | '*' | '_' | '|' | ':' | ' ')) && body.len() >= 3
}

fn continue_or_begin(out: &mut Vec<Block>, body: &str, open: bool) {
    match out.last_mut() {
        Some(Block::Paragraph(text) | Block::Quote(text) | Block::Item { text, .. }) if open => {
            join(text, body);
        }
        _ => out.push(Block::Paragraph(body.to_owned())),
    }
}

/// Joins two lines of a paragraph: with a blank, unless both sides are Chinese.
fn join(text: &mut String, next: &str) {
    let wide = |c: Option<char>| c.is_some_and(|c| columns(c.encode_utf8(&mut [0; 4])) > 1);
    if !(wide(text.chars().next_back()) && wide(next.chars().next())) {
        text.push(' ');
    }
    text.push_str(next);
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn lines_of_a_paragraph_are_joined_and_code_is_left_alone() {
        let md = "## Why\nA long\nline.\n\n```sh\n  kubectl get pods -A -o wide --field-selector status.phase!=Running # long\n```\n- one\n  more\n- two\n";
        let want = "Why\n  A long line.\n\n      kubectl get pods -A -o wide --field-selector status.phase!=Running # long\n\n  • one more\n  • two\n";
        assert_eq!(page(md, false, 40), want);
    }

    #[test]
    fn chinese_lines_join_without_a_blank() {
        assert_eq!(page("节点不可用，\n请重启 `kubelet`。", false, 80), "  节点不可用，请重启 `kubelet`。\n");
    }

    #[test]
    fn a_page_of_nothing_is_an_empty_line() {
        assert_eq!(page("", true, 0), "\n");
        assert_eq!(page("```", false, 80), "\n");
    }
}
