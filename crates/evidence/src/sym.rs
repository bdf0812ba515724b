//! Shared strings: the same few occur a hundred thousand times.

use arcstr::ArcStr;
use rustc_hash::FxBuildHasher;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::cell::RefCell;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Deref;
use std::sync::Arc;

/// A shared string in the size of a pointer. Short ones are interned per thread, so that equal names share memory. The empty one takes
/// none: most fields of most objects are not set.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(Option<ArcStr>);

/// Strings longer than this many bytes are rarely equal to another and are not interned.
const INTERN_MAX_LEN: usize = 64;
/// How many strings are known at a time, each at the place of its hash, where the next one of that place takes its turn. Equal
/// strings stand near each other in lists; so few are known that a look for one does not wait for memory.
const PLACES: usize = 1 << 13;

thread_local! {
    static POOL: RefCell<Vec<(u32, Option<ArcStr>)>> = RefCell::default();
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
            if pool.is_empty() {
                pool.resize(PLACES, (0, None));
            }
            let hash = FxBuildHasher.hash_one(text);
            let mark = (hash >> 32) as u32;
            let Some(place) = pool.get_mut(hash as usize % PLACES) else { return Self::own(text) };
            match place {
                (known, Some(found)) if *known == mark && *found == text => Self(Some(found.clone())),
                _ => {
                    let made = ArcStr::from(text);
                    *place = (mark, Some(made.clone()));
                    Self(Some(made))
                }
            }
        })
    }

    /// The string as one that is not looked for among those that are known: for names that no other object has.
    pub fn own(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.into()))
    }

    /// The string as one that is shared with others than objects.
    pub fn arc(&self) -> Arc<str> {
        self.as_str().into()
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
        sym.arc()
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
