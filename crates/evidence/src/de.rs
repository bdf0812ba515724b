//! Lenient pieces of deserialization: Kubernetes prints `null` for empty lists, clients print odd times, and
//! the same few strings occur a hundred thousand times.

use jiff::Timestamp;
use rustc_hash::FxHashSet;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A shared string. Short ones are interned per thread, so that equal names share memory.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(Arc<str>);

/// Strings longer than this many bytes are rarely equal to another and are not interned.
const INTERN_MAX_LEN: usize = 80;
/// The interner forgets everything when it holds this many strings: it saves memory, it is no registry.
const INTERN_MAX_ENTRIES: usize = 200_000;

thread_local! {
    static POOL: RefCell<FxHashSet<Arc<str>>> = RefCell::default();
}

impl Sym {
    /// The string as a shared one.
    pub fn new(text: &str) -> Self {
        if text.len() > INTERN_MAX_LEN {
            return Self(text.into());
        }
        POOL.with_borrow_mut(|pool| {
            if let Some(found) = pool.get(text) {
                return Self(found.clone());
            }
            if pool.len() >= INTERN_MAX_ENTRIES {
                pool.clear();
            }
            let made: Arc<str> = text.into();
            pool.insert(made.clone());
            Self(made)
        })
    }

    /// The shared string itself.
    pub fn arc(&self) -> Arc<str> {
        self.0.clone()
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Sym {
    fn default() -> Self {
        Self::new("")
    }
}

impl Deref for Sym {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Sym {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Sym> for Arc<str> {
    fn from(sym: Sym) -> Self {
        sym.0
    }
}

impl From<&Sym> for Arc<str> {
    fn from(sym: &Sym) -> Self {
        sym.0.clone()
    }
}

impl PartialEq<str> for Sym {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Sym {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<'de> Deserialize<'de> for Sym {
    /// Accepts a string, a number or a boolean (unquoted YAML), and `null` as the empty string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Sym;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Sym, E> {
                Ok(Sym::new(v))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Sym, E> {
                Ok(Sym::default())
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<Sym, E> {
                Ok(Sym::new(if v { "true" } else { "false" }))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Sym, E> {
                Ok(Sym::new(&v.to_string()))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Sym, E> {
                Ok(Sym::new(&v.to_string()))
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Sym, E> {
                Ok(Sym::new(&v.to_string()))
            }
        }
        deserializer.deserialize_any(V)
    }
}

/// A list for which `null` means empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Box<[T]>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items.into())
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default().into()))
    }
}

/// A map of short strings, such as labels, in order of key. `null` means empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(Box<[(Sym, Sym)]>);

impl Labels {
    /// The value of that key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str())
    }

    /// Whether all of these pairs are present in `other`.
    pub fn all_in(&self, other: &Self) -> bool {
        self.0.iter().all(|(k, v)| other.get(k) == Some(v.as_str()))
    }

    /// The pairs, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&Sym, &Sym)> {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Keeps only the pairs whose key is accepted.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let kept: Vec<_> = std::mem::take(&mut self.0).into_iter().filter(|(k, _)| keep(k)).collect();
        self.0 = kept.into();
    }
}

impl fmt::Display for Labels {
    /// `app=cart,tier=web`, as kubectl prints a selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (k, v)) in self.0.iter().enumerate() {
            write!(f, "{}{k}={v}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<_> =
            pairs.into_iter().map(|(k, v)| (Sym::new(k.as_ref()), Sym::new(v.as_ref()))).collect();
        pairs.sort();
        Self(pairs.into())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Labels, E> {
                Ok(Labels::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(4).min(64));
                while let Some(pair) = map.next_entry::<Sym, Sym>()? {
                    pairs.push(pair);
                }
                pairs.sort();
                Ok(Labels(pairs.into()))
            }
        }
        deserializer.deserialize_any(V)
    }
}

/// A uid in 16 bytes. A text that is no UUID is hashed: uids are only ever compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uid(u128);

impl Uid {
    /// The uid of that text; the empty text is [`Uid::default`].
    pub fn parse(text: &str) -> Self {
        let mut digits = 0_u32;
        let mut value = 0_u128;
        for c in text.bytes() {
            let Some(d) = (c as char).to_digit(16) else {
                if c == b'-' {
                    continue;
                }
                return Self::hashed(text);
            };
            digits += 1;
            value = (value << 4) | u128::from(d);
        }
        if digits == 32 || text.is_empty() { Self(value) } else { Self::hashed(text) }
    }

    /// Whether there was no uid.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// FNV-1a over the bytes, 128 bits wide.
    fn hashed(text: &str) -> Self {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
        let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
        Self(text.bytes().fold(start, |h, b| (h ^ u128::from(b)).wrapping_mul(PRIME)))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        let group = |shift: u32, bits: u32| (n >> shift) & ((1 << bits) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            group(96, 32),
            group(80, 16),
            group(64, 16),
            group(48, 16),
            group(0, 48)
        )
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Uid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a uid")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Uid, E> {
                Ok(Uid::parse(v))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Uid, E> {
                Ok(Uid::default())
            }
        }
        deserializer.deserialize_any(V)
    }
}

/// Times before this are not taken from the evidence: Kubernetes 1.0 is of July 2015.
const EPOCH_OF_KUBERNETES: i64 = 1_400_000_000;
/// Times after the year 2100 are not taken from the evidence.
const FAR_FUTURE: i64 = 4_102_444_800;

/// The time that a text in RFC 3339 states, unless it is absurd (before 2014, after 2100, unparsable).
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.trim().parse().ok()?;
    (EPOCH_OF_KUBERNETES..FAR_FUTURE).contains(&time.as_second()).then_some(time)
}

/// A lenient time field: `null`, malformed and absurd times are `None`.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct V;
    impl<'de> Visitor<'de> for V {
        type Value = Option<Timestamp>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time")
        }
        fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
            Ok(parse_time(v))
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    }
    deserializer.deserialize_any(V)
}

/// A field for which `null` means the default.
pub fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_times_are_not_taken() {
        assert!(parse_time("2026-11-22T17:40:14Z").is_some());
        assert!(parse_time("2026-11-22T17:40:14.123456+08:00").is_some());
        for bad in ["", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "-5", "yesterday"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn uids_compare_like_their_texts() {
        let a = Uid::parse("ce324877-8b63-4dcb-85f6-bec65d833407");
        assert_eq!(a, Uid::parse("CE3248778B634DCB85F6BEC65D833407"));
        assert_ne!(Uid::parse("node-a"), Uid::parse("node-b"));
        assert!(Uid::parse("").is_none());
    }

    #[test]
    fn null_is_empty() {
        assert!(serde_json::from_str::<List<u8>>("null").is_ok_and(|l| l.is_empty()));
        assert!(serde_json::from_str::<Labels>("null").is_ok_and(|l| l.is_empty()));
        let labels: Labels = serde_json::from_str(r#"{"b":"2","a":"1"}"#).unwrap_or_default();
        assert_eq!(labels.to_string(), "a=1,b=2");
    }
}
