//! Markup within a line: bold, code, links.

use crate::rich::{Line, Tone, plain, span};

/// The pieces of a paragraph. Without colour code keeps its backticks, for nothing else would set it apart.
pub(super) fn inline(text: &str, color: bool) -> Line {
    let mut out = Line::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[', '<', '\\']) {
        let (before, here) = rest.split_at(at);
        out.push(plain(before));
        if let Some((piece, after)) = marked(here, color) {
            out.extend(piece);
            rest = after;
        } else {
            let (mark, after) = here.split_at(1);
            out.push(plain(mark));
            rest = after;
        }
    }
    out.push(plain(rest));
    out.retain(|s| !s.text.is_empty());
    out
}

/// What stands at the beginning of `text`, where that is markup, and what comes after it.
fn marked(text: &str, color: bool) -> Option<(Line, &str)> {
    if text.starts_with('`') {
        let fence = text.chars().take_while(|c| *c == '`').count();
        let (marks, body) = text.split_at(fence);
        let (code, after) = body.split_once(marks)?;
        let code = if color { code.trim().to_owned() } else { format!("`{}`", code.trim()) };
        return Some((vec![span(Tone::Command, code)], after));
    }
    if let Some(body) = text.strip_prefix("**") {
        let (bold, after) = body.split_once("**")?;
        let pieces = inline(bold, color).into_iter().map(|mut s| {
            s.tone = if s.tone == Tone::Plain { Tone::Strong } else { s.tone };
            s
        });
        return (!bold.is_empty()).then(|| (pieces.collect(), after));
    }
    if let Some(body) = text.strip_prefix('*') {
        let (soft, after) = body.split_once('*')?;
        let tight = !soft.is_empty() && !soft.starts_with(' ') && !soft.ends_with(' ');
        return tight.then(|| (inline(soft, color), after));
    }
    if let Some(body) = text.strip_prefix('[') {
        let (name, tail) = body.split_once("](")?;
        let (url, after) = tail.split_once(')')?;
        let mut piece = inline(name, color);
        if url != name {
            piece.push(span(Tone::Dim, format!(" ({url})")));
        }
        return Some((piece, after));
    }
    if let Some(body) = text.strip_prefix('<') {
        let (url, after) = body.split_once('>')?;
        return url.starts_with("http").then(|| (vec![plain(url)], after));
    }
    let escaped = text.strip_prefix('\\')?;
    let c = escaped.chars().next().filter(char::is_ascii_punctuation)?;
    Some((vec![plain(c.to_string())], escaped.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::inline;

    fn bare(text: &str, color: bool) -> String {
        inline(text, color).into_iter().map(|s| s.text).collect()
    }

    #[test]
    fn markup_is_taken_away_and_all_else_stays() {
        assert_eq!(bare("**bold** and `code` and *soft*", true), "bold and code and soft");
        assert_eq!(bare("`a*b*`", false), "`a*b*`");
        assert_eq!(bare("[docs](https://k8s.io) <https://x.y>", true), "docs (https://k8s.io) https://x.y");
        assert_eq!(bare("2 * 3 * 4, a < b, [x], **, `", false), "2 * 3 * 4, a < b, [x], **, `");
        assert_eq!(bare(r"\*not\*", true), "*not*");
        assert_eq!(bare("snake_case_name", true), "snake_case_name");
    }
}
