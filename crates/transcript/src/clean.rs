//! A terminal's text without what only a terminal means: colours, carriage returns, backspaces, invisible characters.

use std::borrow::Cow;

/// The text as a person saw it. A text that holds nothing of a terminal is not copied.
pub fn clean(text: &str) -> Cow<'_, str> {
    let special = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{a0}' | '\u{feff}' | '\u{200b}' | '\u{3000}')
    };
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' | '\u{9b}' => escape(c, &mut chars),
            '\x08' => {
                if !out.ends_with('\n') {
                    out.pop();
                }
            }
            '\r' => {
                while chars.next_if_eq(&'\r').is_some() {}
                if chars.next_if_eq(&'\n').is_some() || chars.peek().is_some() {
                    out.push('\n');
                }
            }
            '\u{a0}' | '\u{3000}' => out.push(' '),
            '\u{feff}' | '\u{200b}' => {}
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Skips an escape sequence: `ESC [ … letter` (ECMA-48 CSI), `ESC ] … BEL` (OSC), or `ESC` and one character.
fn escape(first: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let kind = if first == '\u{9b}' { Some('[') } else { chars.next_if(|c| *c != '\n') };
    match kind {
        Some('[') => {
            while chars
                .next_if(|c| {
                    matches!(c, '0'..='9' | ';' | ':' | '?' | '<' | '=' | '>' | ' ' | '!' | '"' | '$' | '\'')
                })
                .is_some()
            {}
        }
        Some(']') => {
            while chars.next_if(|c| !matches!(c, '\x07' | '\x1b' | '\n')).is_some() {}
            if chars.next_if_eq(&'\x1b').is_none() {
                chars.next_if_eq(&'\x07');
                return;
            }
        }
        Some('(' | ')') => {}
        _ => return,
    }
    chars.next_if(|c| *c != '\n');
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_a_terminal_adds_is_gone() {
        for (raw, seen) in [
            ("plain\n", "plain\n"),
            ("\x1b[01;31mError\x1b[0m from\r\nserver\r\n", "Error from\nserver\n"),
            ("\x1b]0;root@host: ~\x07root@host:~# ls\n", "root@host:~# ls\n"),
            ("a\x08b\u{a0}c\u{200b}", "b c"),
            ("10%\r20%\r\n", "10%\n20%\n"),
            ("\x1b[", ""),
            ("\x1b", ""),
        ] {
            assert_eq!(clean(raw), seen, "{raw:?}");
        }
    }
}
