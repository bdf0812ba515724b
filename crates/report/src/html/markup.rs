//! Text into HTML. Nothing gets into the page but through these.

use crate::clean::{clean, lines};

/// Text between tags.
pub(super) fn text(raw: &str) -> String {
    escape(&clean(raw))
}

/// Text of an attribute in double quotes.
pub(super) fn attribute(raw: &str) -> String {
    escape(&clean(raw))
}

/// Text of several lines, for `pre`.
pub(super) fn block(raw: &str) -> String {
    escape(&lines(raw).join("\n"))
}

fn escape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
