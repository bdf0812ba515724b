//! The members of an object and the elements of a list, one after the other.

use super::value::RAW;
use super::{Reader, Unread};
use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use std::borrow::Cow;

/// How far a list or object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Behind its opening bracket.
    Begun,
    /// Behind one of its values.
    Within,
    /// Behind its closing bracket.
    Ended,
}

impl State {
    /// Goes on to the next member or element; false at the end.
    #[inline]
    fn next(&mut self, reader: &mut Reader<'_>, close: u8) -> Result<bool, Unread> {
        let mark = match self {
            Self::Ended => return Ok(false),
            _ => reader.scan.peek()?,
        };
        if mark == close {
            reader.scan.at += 1;
            *self = Self::Ended;
            return Ok(false);
        }
        if *self == Self::Within {
            reader.scan.take(b',')?;
        }
        *self = Self::Within;
        Ok(true)
    }
}

/// The members of an object.
pub(super) struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    state: State,
}

impl<'r, 'de> Members<'r, 'de> {
    pub(super) fn of(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, state: State::Begun }
    }

    /// That all were read.
    pub(super) fn end(mut self) -> Result<(), Unread> {
        if self.state.next(self.reader, b'}')? { Err(Unread) } else { Ok(()) }
    }
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = Unread;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unread> {
        if !self.state.next(self.reader, b'}')? {
            return Ok(None);
        }
        if self.reader.scan.peek()? != b'"' {
            return Err(Unread);
        }
        match self.reader.scan.string()? {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some),
            Cow::Owned(key) => seed.deserialize(StringDeserializer::new(key)).map(Some),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unread> {
        self.reader.scan.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The elements of a list.
pub(super) struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    state: State,
}

impl<'r, 'de> Elements<'r, 'de> {
    pub(super) fn of(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, state: State::Begun }
    }

    /// That all were read.
    pub(super) fn end(mut self) -> Result<(), Unread> {
        if self.state.next(self.reader, b']')? { Err(Unread) } else { Ok(()) }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Unread;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unread> {
        if !self.state.next(self.reader, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

/// A value as it is written, in the form in which `serde_json` hands one to its `RawValue`.
pub(super) struct Raw<'de>(pub(super) Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Unread;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unread> {
        match self.0 {
            Some(_) => seed.deserialize(BorrowedStrDeserializer::new(RAW)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unread> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().ok_or(Unread)?))
    }
}
