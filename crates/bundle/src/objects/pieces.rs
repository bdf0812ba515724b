//! A list as clients write it, read in one pass. The text of its items is cut into pieces where an item seems to begin, and the
//! pieces are read side by side. Whether a cut was right shows: a piece that is whole items, from its begin to its end, is what
//! it would be in one reading from the list's begin. Anything unusual ends this way of reading; [`super::json`] reads the rest.

use super::json::{self, ListMeta, Text};
use super::{Part, is_native, parse};
use kubecause_evidence::{First, Ingest, Kind, Watcher};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// How long a piece is at least.
pub const PIECE: usize = 256 << 10;
/// So many pieces are read before what they held is stored.
const WAVE: usize = 64;

/// What a list says of itself.
#[derive(Debug, Default)]
pub struct About<'a> {
    /// `kind`.
    pub kind: Option<Cow<'a, str>>,
    /// Whether the server said that the list goes on.
    pub continues: bool,
}

/// How items are read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The kind that the file's name tells.
    pub file_kind: Option<&'a Kind>,
    /// Who is asked about objects.
    pub watcher: Option<&'a dyn Watcher>,
    /// For how many objects there is room.
    pub room: usize,
    /// How long a piece is at least.
    pub piece: usize,
}

/// Reads the list that a text begins with; `take` gets its parts in order. What it says of itself, and how long it is; `None`
/// where it is no list of the usual form to its end, though parts of it may have been taken.
pub fn read<'a>(text: &'a str, reader: Reader<'_>, take: &mut dyn FnMut(Part)) -> Option<(About<'a>, usize)> {
    let mut about = About::default();
    let mut at = token(text, 0, b'{')?;
    while let Field::Other(end) = about.field(text, at, &["apiVersion"])? {
        at = token(text, end, b',')?;
    }
    at = token(text, token(text, string(text, at)?.1, b':')?, b'[')?;
    let unsaid = about.kind.as_deref().map_or(Unsaid::Later, |kind| {
        let of = super::of_list(Some(kind)).map(Kind::from_name);
        of.or_else(|| reader.file_kind.cloned()).map_or(Unsaid::Nothing, Unsaid::Kind)
    });
    at = match token(text, at, b']') {
        Some(end) => end,
        None => at + Items { unsaid, reader }.read(text.get(at..)?, take)?,
    };
    while let Some(next) = token(text, at, b',') {
        match about.field(text, next, &[])? {
            Field::Items => return None,
            Field::Other(end) => at = end,
        }
    }
    Some((about, token(text, at, b'}')?))
}

/// A field of a list.
enum Field {
    /// Its items, which are not read.
    Items,
    /// Any other, and where it ends.
    Other(usize),
}

impl<'a> About<'a> {
    /// Reads the field that stands there. Fields that no list has end the reading, where `others` names all others that it
    /// may have.
    fn field(&mut self, text: &'a str, at: usize, others: &[&str]) -> Option<Field> {
        let (key, end) = string(text, at)?;
        if matches!(&*key, "items" | "Items") {
            return Some(Field::Items);
        }
        let at = token(text, end, b':')?;
        let end = match &*key {
            "kind" => {
                let (kind, end) = value::<Text<'a>>(text, at)?;
                self.kind = kind.0;
                end
            }
            "metadata" => {
                let (meta, end) = value::<ListMeta<'a>>(text, at)?;
                self.continues = meta.continues();
                end
            }
            key if others.is_empty() || others.contains(&key) => value::<IgnoredAny>(text, at)?.1,
            _ => return None,
        };
        Some(Field::Other(end))
    }
}

/// What items are that do not say it.
enum Unsaid {
    /// Their list may say it behind them.
    Later,
    /// Nobody says it.
    Nothing,
    /// That.
    Kind(Kind),
}

impl Unsaid {
    fn kind(&self) -> Option<&Kind> {
        match self {
            Self::Kind(kind) => Some(kind),
            Self::Later | Self::Nothing => None,
        }
    }
}

struct Items<'a> {
    unsaid: Unsaid,
    reader: Reader<'a>,
}

impl Items<'_> {
    /// Reads items until the end of their list; returns where that is.
    fn read(&self, text: &str, take: &mut dyn FnMut(Part)) -> Option<usize> {
        let seam = Seam::of(text)?;
        let mut at = 0;
        loop {
            let mut pieces = Vec::with_capacity(WAVE);
            let mut end = at;
            while let Some(next) = seam.after(text, end + self.reader.piece).filter(|_| pieces.len() < WAVE) {
                pieces.push((end, next.0));
                end = next.1;
            }
            let last = (pieces.len() < WAVE).then_some(end);
            let read: Vec<_> =
                pieces.par_iter().map(|(from, to)| self.piece(text.get(*from..*to)?)).collect();
            for ((from, _), piece) in pieces.iter().zip(read) {
                match piece {
                    Some(part) => take(part),
                    // The cut was wrong: an object within an item looks like an item.
                    None => return Some(from + self.rest(text.get(*from..)?, take)?),
                }
            }
            match last {
                Some(last) => return Some(last + self.rest(text.get(last..)?, take)?),
                None => at = end,
            }
        }
    }

    /// The items of a text that ends with one.
    fn piece(&self, text: &str) -> Option<Part> {
        let mut part = Part::of(self.reader.room);
        let mut kind = self.presumed(text);
        let mut at = 0;
        loop {
            at = self.item(text, at, &mut kind, &mut part)?;
            if at == text.len() {
                return Some(part);
            }
            at = token(text, at, b',')?;
        }
    }

    /// The items of a text that goes on after their list; where the list ends.
    fn rest(&self, text: &str, take: &mut dyn FnMut(Part)) -> Option<usize> {
        let mut part = Part::of(self.reader.room);
        let mut kind = self.presumed(text);
        let mut at = 0;
        let end = loop {
            match self.item(text, at, &mut kind, &mut part) {
                Some(end) => at = end,
                None => break None,
            }
            match token(text, at, b',') {
                Some(next) => at = next,
                None => break token(text, at, b']'),
            }
        };
        take(part);
        end
    }

    /// What the first item seems to be.
    fn presumed(&self, text: &str) -> Kind {
        let head = json::head(text);
        let told = head.kind.as_deref().map(|kind| super::full_kind(kind, head.api_version.as_deref()));
        told.or_else(|| self.unsaid.kind().cloned()).unwrap_or(Kind::Pod)
    }

    /// Reads the item that stands there, which is probably one of that kind; where it ends.
    fn item(&self, text: &str, at: usize, kind: &mut Kind, part: &mut Part) -> Option<usize> {
        let at = skip(text, at);
        let text = text.get(at..)?;
        if text.starts_with('{')
            && let Some(first) = Ingest::first(kind, text)
            && self.is_of(&first, kind)
            && !first.object.name().is_empty()
        {
            let watcher = self.reader.watcher.filter(|w| w.wants(kind));
            let json = text.get(..first.length)?;
            let remarks = watcher.map(|w| w.look(kind, json)).unwrap_or_default();
            part.add(kind, first.object, remarks);
            return Some(at + first.length);
        }
        let (_, length) = value::<IgnoredAny>(text, 0)?;
        let json = text.get(..length)?;
        if matches!(self.unsaid, Unsaid::Later) && json::head(json).kind.is_none() {
            return None;
        }
        let default = self.unsaid.kind().map(Kind::as_str);
        let item = parse(json, default, false, self.reader.watcher);
        if let Ok((is, ..)) = &item {
            *kind = is.clone();
        }
        part.take(item);
        Some(at + length)
    }

    /// Whether an object that was read as one of that kind is one.
    fn is_of(&self, first: &First<'_>, kind: &Kind) -> bool {
        let unsaid = || self.unsaid.kind().map(Kind::as_str);
        let Some(told) = first.told.kind.as_deref().or_else(unsaid) else { return false };
        let group = super::group_of(first.told.api_version.as_deref());
        match kind.as_str().strip_prefix(told) {
            Some("") => is_native(group),
            Some(rest) => rest.strip_prefix('.') == Some(group) && !is_native(group),
            None => false,
        }
    }
}

/// How an item of a list begins: its bracket and the name of its first field, as the client spaces them.
struct Seam<'a>(memchr::memmem::Finder<'a>);

impl<'a> Seam<'a> {
    fn of(items: &'a str) -> Option<Self> {
        let start = skip(items, 0);
        let (_, end) = string(items, token(items, start, b'{')?)?;
        Some(Self(memchr::memmem::Finder::new(items.get(start..end)?)))
    }

    /// The first place from there on where an item seems to end and another to begin.
    fn after(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        self.0.find_iter(bytes.get(from..)?).find_map(|found| {
            let begin = from + found;
            let before = bytes.get(from..begin)?.trim_ascii_end().strip_suffix(b",")?.trim_ascii_end();
            before.ends_with(b"}").then_some((from + before.len(), begin))
        })
    }
}

/// The value that stands there, and where it ends.
fn value<'a, T: Deserialize<'a>>(text: &'a str, at: usize) -> Option<(T, usize)> {
    let mut de = serde_json::Deserializer::from_str(text.get(at..)?);
    let value = T::deserialize(&mut de).ok()?;
    Some((value, at + de.into_iter::<IgnoredAny>().byte_offset()))
}

/// The string that stands there, and where it ends.
fn string(text: &str, at: usize) -> Option<(String, usize)> {
    value(text, at)
}

/// Where the text goes on behind that mark, which stands there or after blanks.
fn token(text: &str, at: usize, mark: u8) -> Option<usize> {
    let at = skip(text, at);
    (text.as_bytes().get(at) == Some(&mark)).then_some(at + 1)
}

/// Where the blanks that stand there end.
fn skip(text: &str, at: usize) -> usize {
    let blanks = text.as_bytes().iter().skip(at).take_while(|b| matches!(b, b' ' | b'\n' | b'\t' | b'\r'));
    at + blanks.count()
}
