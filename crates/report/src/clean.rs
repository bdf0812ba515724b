//! Text from a cluster, made safe to print: no character of it can move the cursor, hide a part, or turn the line around.

use std::borrow::Cow;

/// `text` without control characters and without the invisible ones that change how others are shown. White space
/// of any kind becomes a blank.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == ' ' || (!c.is_whitespace() && !is_hidden(c))) {
        return Cow::Borrowed(text);
    }
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    Cow::Owned(text.chars().filter(|c| c.is_whitespace() || !is_hidden(*c)).map(blank).collect())
}

/// The lines of a command, each cleaned; empty ones at both ends are dropped.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.trim()
        .lines()
        .map(|line| clean(line.trim_end()).into_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// Control characters, bidirectional controls, zero-width characters, line separators, variation selectors.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{clean, lines};

    #[test]
    fn nothing_reaches_the_terminal_but_glyphs() {
        assert_eq!(clean("plain 文字"), "plain 文字");
        assert_eq!(clean("\u{1b}[31mred\u{7}\tx\u{202e}y\u{200b}"), "[31mred xy");
    }

    #[test]
    fn a_command_keeps_its_lines() {
        assert_eq!(lines("\n a \\\n  b\u{1b}[2J\n\n"), ["a \\", "  b[2J"]);
    }
}
