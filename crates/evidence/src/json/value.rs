//! The reader as serde knows one.

use super::access::{Elements, Members, Raw};
use super::{Reader, Unread, number};
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;

/// By that name `serde_json` asks for a value as it is written. Source: `raw.rs` of `serde_json`.
pub(crate) const RAW: &str = "$serde_json::private::RawValue";

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unread;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.scan.peek()? {
            b'"' => self.visit_string(visitor),
            b'{' => self.visit_object(visitor),
            b'[' => self.visit_list(visitor),
            b't' => self.scan.word("true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.scan.word("false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.scan.word("null").and_then(|()| visitor.visit_unit()),
            b'-' | b'0'..=b'9' => number::visit(&mut self.scan, visitor),
            _ => Err(Unread),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.scan.peek()? {
            b'"' => self.visit_string(visitor),
            _ => Err(Unread),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.scan.peek()? {
            b'n' => self.scan.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        if name != RAW {
            return visitor.visit_newtype_struct(self);
        }
        self.scan.peek()?;
        let start = self.scan.at;
        self.scan.skip()?;
        visitor.visit_map(Raw(Some(self.scan.since(start)?)))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.scan.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 unit unit_struct seq tuple tuple_struct map
    }

    // What no lean type is; serde_json reads it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Unread> {
        Err(Unread)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unread> {
        Err(Unread)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unread> {
        Err(Unread)
    }
}

impl<'de> Reader<'de> {
    #[inline]
    fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        match self.scan.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        self.depth = self.depth.checked_sub(1).ok_or(Unread)?;
        self.scan.at += 1;
        let mut members = Members::of(self);
        let value = visitor.visit_map(&mut members)?;
        members.end()?;
        self.depth += 1;
        Ok(value)
    }

    fn visit_list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        self.depth = self.depth.checked_sub(1).ok_or(Unread)?;
        self.scan.at += 1;
        let mut elements = Elements::of(self);
        let value = visitor.visit_seq(&mut elements)?;
        elements.end()?;
        self.depth += 1;
        Ok(value)
    }
}
