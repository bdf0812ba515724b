//! Reading JSON that is at hand as text into lean types: what `serde_json` accepts and nothing else, with less work. It says
//! of a text only that it is not read; whoever needs to know why asks `serde_json`, which such texts are few enough for.

mod access;
mod number;
mod scan;
mod value;

use scan::Scan;
use serde::Deserialize;
use std::fmt;
pub(crate) use value::RAW;

/// A text is no JSON, or not of that type, or nested too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no JSON of that type")
    }
}

impl std::error::Error for Unread {}

impl serde::de::Error for Unread {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Lists and objects within each other, as `serde_json` bounds them.
const DEPTH: u8 = 127;

/// Reads values from a text, one behind the other.
#[derive(Debug)]
pub struct Reader<'a> {
    scan: Scan<'a>,
    /// How many more lists and objects may stand within each other.
    depth: u8,
}

impl<'a> Reader<'a> {
    /// A reader at the begin of a text.
    pub fn new(text: &'a str) -> Self {
        Self { scan: Scan::new(text), depth: DEPTH }
    }

    /// Where the value that was read ends.
    pub fn offset(&self) -> usize {
        self.scan.at
    }

    /// That nothing but blanks is left.
    ///
    /// # Errors
    /// Where more is left.
    pub fn end(mut self) -> Result<(), Unread> {
        if self.scan.is_at_end() { Ok(()) } else { Err(Unread) }
    }
}

/// The value of a text that is one value.
///
/// # Errors
/// Where it is none, or not of that type.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unread> {
    let mut reader = Reader::new(text);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
