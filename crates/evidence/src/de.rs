//! Lenient pieces of deserialization: Kubernetes prints `null` for empty lists, clients print odd times, and
//! the same few strings occur a hundred thousand times.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use rustc_hash::FxHashSet;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A shared string. Short ones are interned per thread, so that equal names share memory. The empty one takes none: most
/// fields of most objects are not set.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(Option<Arc<str>>);

/// Strings longer than this many bytes are rarely equal to another and are not interned.
const INTERN_MAX_LEN: usize = 64;
/// The interner forgets everything when it holds this many strings: it saves memory, it is no registry.
const INTERN_MAX_ENTRIES: usize = 200_000;

thread_local! {
    static POOL: RefCell<FxHashSet<Arc<str>>> = RefCell::default();
}

impl Sym {
    /// The string as a shared one.
    pub fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self(None);
        }
        if text.len() > INTERN_MAX_LEN {
            return Self(Some(text.into()));
        }
        POOL.with_borrow_mut(|pool| {
            if let Some(found) = pool.get(text) {
                return Self(Some(found.clone()));
            }
            if pool.len() >= INTERN_MAX_ENTRIES {
                pool.clear();
            }
            let made: Arc<str> = text.into();
            pool.insert(made.clone());
            Self(Some(made))
        })
    }

    /// The string as one that is not looked for among those that are known: for names that no other object has.
    pub fn own(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.into()))
    }

    /// The shared string itself.
    pub fn arc(&self) -> Arc<str> {
        self.0.clone().unwrap_or_default()
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl Deref for Sym {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Sym {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Sym> for Arc<str> {
    fn from(sym: Sym) -> Self {
        sym.0.unwrap_or_default()
    }
}

impl From<&Sym> for Arc<str> {
    fn from(sym: &Sym) -> Self {
        sym.arc()
    }
}

impl PartialEq<str> for Sym {
    fn eq(&self, other: &str) -> bool {
        *self.as_str() == *other
    }
}

impl PartialEq<&str> for Sym {
    fn eq(&self, other: &&str) -> bool {
        *self.as_str() == **other
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<'de> Deserialize<'de> for Sym {
    /// Accepts a string, a number or a boolean (unquoted YAML), and `null` as the empty string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SymOf(Self::new))
    }
}

/// A field whose value is not interned, see [`Sym::own`].
pub fn own<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sym, D::Error> {
    deserializer.deserialize_any(SymOf(Sym::own))
}

/// Reads a string and makes a symbol of it.
struct SymOf(fn(&str) -> Sym);

impl Visitor<'_> for SymOf {
    type Value = Sym;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<Sym, E> {
        Ok((self.0)(v))
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
        deserializer.deserialize_option(Items(PhantomData))
    }
}

/// Reads a list, which is mostly of one or two items: it grows from one, so that it need not shrink.
struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_none<E: de::Error>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            grow(&mut items);
            items.push(item);
        }
        Ok(items.into())
    }
}

/// Makes room for one more, by doubling from one.
fn grow<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len().max(1));
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

    /// Reads the pairs whose key is accepted, and skips the others.
    pub(crate) fn of_keys<'de, D: Deserializer<'de>>(
        deserializer: D,
        keep: fn(&str) -> bool,
    ) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsOf(keep))
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
        Self::of_keys(deserializer, |_| true)
    }
}

/// Reads the pairs whose key it accepts.
struct PairsOf(fn(&str) -> bool);

impl<'de> Visitor<'de> for PairsOf {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Labels, E> {
        Ok(Labels::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut pairs: Vec<(Sym, Sym)> = Vec::new();
        while let Some(key) = map.next_key_seed(KeyOf(self.0))? {
            match key {
                Some(key) => {
                    grow(&mut pairs);
                    pairs.push((key, map.next_value()?));
                }
                None => drop(map.next_value::<de::IgnoredAny>()?),
            }
        }
        pairs.sort();
        Ok(Labels(pairs.into()))
    }
}

/// Reads a key where it is accepted.
struct KeyOf(fn(&str) -> bool);

impl<'de> de::DeserializeSeed<'de> for KeyOf {
    type Value = Option<Sym>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Sym>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Option<Sym>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Option<Sym>, E> {
        Ok((self.0)(key).then(|| Sym::new(key)))
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
    let time: Timestamp = plain_time(text).or_else(|| text.trim().parse().ok())?;
    (EPOCH_OF_KUBERNETES..FAR_FUTURE).contains(&time.as_second()).then_some(time)
}

/// `2026-11-22T17:40:14Z`, the form of nearly all times in objects.
fn plain_time(text: &str) -> Option<Timestamp> {
    let number = |at: Range<usize>| {
        let digits = text.as_bytes().get(at)?;
        digits.iter().try_fold(0_i16, |n, d| d.is_ascii_digit().then(|| n * 10 + i16::from(d - b'0')))
    };
    let two = |at: usize| number(at..at + 2).map(|n| n as i8);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    let is_plain = text.len() == 20 && marks.iter().all(|(at, mark)| text.as_bytes().get(*at) == Some(mark));
    if !is_plain {
        return None;
    }
    let date = Date::new(number(0..4)?, two(5)?, two(8)?).ok()?;
    let time = Time::new(two(11)?, two(14)?, two(17)?, 0).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
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
        for plain in ["2024-02-29T23:59:59Z", "2026-11-22T17:40:14Z", "2099-01-01T00:00:00Z"] {
            assert_eq!(plain_time(plain), plain.parse().ok(), "{plain}");
        }
        for odd in
            ["2023-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22 17:40:14Z", "2026-1x-22T17:40:14Z"]
        {
            assert_eq!(plain_time(odd), None, "{odd}");
        }
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
