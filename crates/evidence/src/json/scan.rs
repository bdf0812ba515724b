//! Where the tokens of a JSON text begin and end. Every byte is looked at: what is skipped is known to be JSON.

use super::{Unread, number};
use std::borrow::Cow;

/// Lists and objects within each other that are skipped without going back to a slower way.
const NESTED: u32 = 127;

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The text from there to here.
    pub(super) fn since(&self, start: usize) -> Result<&'a str, Unread> {
        self.text.get(start..self.at).ok_or(Unread)
    }

    /// The next byte that is no blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Unread> {
        match self.byte() {
            Some(b) if b > b' ' => Ok(b),
            _ => self.behind_blanks(),
        }
    }

    fn behind_blanks(&mut self) -> Result<u8, Unread> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ') => {
                    self.at += 1;
                    // Indented text is spaces for a third.
                    while bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"    ")) {
                        self.at += 4;
                    }
                }
                Some(b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(b) => return Ok(*b),
                None => return Err(Unread),
            }
        }
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_err()
    }

    /// Goes on behind that mark, which stands there or after blanks.
    #[inline]
    pub(super) fn take(&mut self, mark: u8) -> Result<(), Unread> {
        if self.peek()? == mark {
            self.at += 1;
            return Ok(());
        }
        Err(Unread)
    }

    /// Goes on behind that word, which is one of `true`, `false` and `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), Unread> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(());
        }
        Err(Unread)
    }

    /// The string whose opening quote stands there.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Unread> {
        let quote = self.at;
        self.at = special(self.text.as_bytes(), quote + 1);
        if self.byte() == Some(b'"') {
            let text = self.since(quote + 1)?;
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        self.at = quote;
        self.escaped().map(Cow::Owned)
    }

    #[cold]
    fn escaped(&mut self) -> Result<String, Unread> {
        let quote = self.at;
        self.skip_string()?;
        serde_json::from_str(self.since(quote)?).map_err(|_| Unread)
    }

    /// Goes on behind the string whose opening quote stands there.
    #[inline]
    pub(super) fn skip_string(&mut self) -> Result<(), Unread> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            self.at = special(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.skip_escape()?,
                _ => return Err(Unread),
            }
        }
    }

    fn skip_escape(&mut self) -> Result<(), Unread> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        self.at += match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit()) => 6,
            _ => return Err(Unread),
        };
        Ok(())
    }

    /// Goes on behind the value that stands there or after blanks.
    pub(super) fn skip(&mut self) -> Result<(), Unread> {
        // A bit for each list and object around it, the innermost lowest: 1 for an object. The highest set bit is none of them.
        let mut around: u128 = 1;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' => {
                    self.at += 1;
                    if self.peek()? != b'}' {
                        around = inner(around, 1)?;
                        self.skip_key()?;
                        continue;
                    }
                    self.at += 1;
                }
                b'[' => {
                    self.at += 1;
                    if self.peek()? != b']' {
                        around = inner(around, 0)?;
                        continue;
                    }
                    self.at += 1;
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                b'-' | b'0'..=b'9' => drop(number::plain(self)?),
                _ => return Err(Unread),
            }
            // What was read may be the last of what it is in, and that the last of what that is in.
            loop {
                if around == 1 {
                    return Ok(());
                }
                let is_object = around & 1 == 1;
                let mark = self.peek()?;
                self.at += 1;
                match mark {
                    b',' => {
                        if is_object {
                            self.peek()?;
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if is_object => around >>= 1,
                    b']' if !is_object => around >>= 1,
                    _ => return Err(Unread),
                }
            }
        }
    }

    /// Goes on behind the key that stands there, and its colon.
    fn skip_key(&mut self) -> Result<(), Unread> {
        if self.byte() != Some(b'"') {
            return Err(Unread);
        }
        self.skip_string()?;
        self.take(b':')
    }
}

fn inner(around: u128, kind: u128) -> Result<u128, Unread> {
    if around.leading_zeros() == 127 - NESTED { Err(Unread) } else { Ok(around << 1 | kind) }
}

/// The first place from there on where a quote, a backslash or a control character stands; the end where none does. Eight bytes at
/// once: <https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>, of which `serde_json` makes the same use.
#[inline]
fn special(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C))) & HIGHS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count()
}
