//! Lenient pieces of deserialization: Kubernetes prints `null` for empty lists, clients print odd times, and
//! the same few strings occur a hundred thousand times.

pub use crate::sym::{Sym, own};
use jiff::Timestamp;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

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
        // In two halves: numbers of 128 bits are slow to move by a digit.
        let mut halves = [0_u64; 2];
        for c in text.bytes() {
            let digit = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                b'-' => continue,
                _ => return Self::hashed(text),
            };
            let [high, low] = &mut halves;
            let half = if digits < 16 { high } else { low };
            *half = *half << 4 | u64::from(digit);
            digits += 1;
        }
        let [high, low] = halves.map(u128::from);
        if digits == 32 || text.is_empty() { Self(high << 64 | low) } else { Self::hashed(text) }
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
    let &[y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] =
        text.as_bytes()
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[o1, o2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Timestamp::from_second(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second).ok()
}

/// How many days a month has.
fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from the first of 1970 to a date of the years 0 to 9999.
/// Source: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
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
        for days in 0..10_000 {
            let text =
                Timestamp::from_second(days * 86_400 + days).map(|t| t.to_string()).unwrap_or_default();
            assert_eq!(plain_time(&text), text.parse().ok(), "{text}");
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
