//! What an object says that it is, taken in passing while its lean type is read: a reader that knows what a list holds need not
//! look at each item twice.

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::borrow::Cow;
use std::fmt;

/// What an object says that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told<'de> {
    /// `kind`.
    pub kind: Option<Cow<'de, str>>,
    /// `apiVersion`.
    pub api_version: Option<Cow<'de, str>>,
}

/// A deserializer of an object that keeps what the object says that it is, and gives on the rest.
pub(super) struct Telling<'t, 'de, D> {
    pub(super) from: D,
    pub(super) told: &'t mut Told<'de>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Telling<'_, 'de, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.from.deserialize_map(Object { visitor, told: self.told })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Object<'t, 'de, V> {
    visitor: V,
    told: &'t mut Told<'de>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<'_, 'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Fields { map, told: self.told })
    }
}

struct Fields<'t, 'de, A> {
    map: A,
    told: &'t mut Told<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.map.next_key()? {
            match &*key {
                "kind" if self.told.kind.is_none() => {
                    self.told.kind = Some(self.map.next_value::<Text<'de>>()?.0);
                }
                "apiVersion" if self.told.api_version.is_none() => {
                    self.told.api_version = Some(self.map.next_value::<Text<'de>>()?.0);
                }
                _ => return seed.deserialize(CowStrDeserializer::new(key)).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A text, borrowed where it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
