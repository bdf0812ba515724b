//! Parts of objects that many objects write alike: the containers of all pods of one template, their tolerations, labels and owners.
//! One that was just read in the same words is not read again, and takes no memory of its own.

use crate::json::{self, RAW};
use crate::{Labels, List};
use memchr::memmem::Finder;
use rustc_hash::FxBuildHasher;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use std::thread::LocalKey;

/// A part that objects share. The default takes no memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared<T>(Option<Arc<T>>);

/// What can be shared.
pub trait Share: Default + DeserializeOwned + 'static {
    /// What this thread has read last.
    fn pool() -> &'static LocalKey<RefCell<Pool<Self>>>;
    /// The default.
    fn blank() -> &'static Self;
}

/// Makes types shareable.
macro_rules! share {
    ($($of:ty),* $(,)?) => { $(impl $crate::shared::Share for $of {
        fn pool() -> &'static std::thread::LocalKey<std::cell::RefCell<$crate::shared::Pool<Self>>> {
            thread_local! {
                static POOL: std::cell::RefCell<$crate::shared::Pool<$of>> = std::cell::RefCell::default();
            }
            &POOL
        }
        fn blank() -> &'static Self {
            static BLANK: std::sync::LazyLock<$of> = std::sync::LazyLock::new(<$of>::default);
            &BLANK
        }
    })* };
}
pub(crate) use share;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Share> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::blank(),
        }
    }
}

impl<T: Share + fmt::Display> fmt::Display for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T> From<Vec<T>> for Shared<List<T>> {
    fn from(items: Vec<T>) -> Self {
        Self(Some(Arc::new(items.into())))
    }
}

impl From<Labels> for Shared<Labels> {
    fn from(labels: Labels) -> Self {
        Self(Some(Arc::new(labels)))
    }
}

impl<'a, T> IntoIterator for &'a Shared<List<T>>
where
    List<T>: Share,
{
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de, T: Share> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, Part(PhantomData))
    }
}

/// Takes a part as it is written; where a format has no such thing, as what it is.
struct Part<T>(PhantomData<T>);

impl<'de, T: Share> Visitor<'de> for Part<T> {
    type Value = Shared<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shared<T>, A::Error> {
        map.next_key::<IgnoredAny>()?;
        map.next_value_seed(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shared<T>, D::Error> {
        T::deserialize(deserializer).map(|value| Shared(Some(Arc::new(value))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shared<T>, E> {
        if matches!(text, "null" | "[]" | "{}") {
            return Ok(Shared(None));
        }
        of_text(&unnumbered(text)).map(|value| Shared(Some(value))).map_err(E::custom)
    }
}

impl<'de, T: Share> DeserializeSeed<'de> for Part<T> {
    type Value = Shared<T>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shared<T>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// How the names of the volumes begin that hold each pod's token. Source: `ServiceAccountVolumeName` and `addVolumes` in
/// `plugin/pkg/admission/serviceaccount/admission.go`.
const TOKEN: &str = "kube-api-access-";
/// The length of what is behind that: `SimpleNameGenerator` in `apiserver/pkg/storage/names/generate.go`.
const SUFFIX: usize = 5;

/// The text without that by which the volumes of tokens differ from pod to pod, which nobody asks about.
fn unnumbered(text: &str) -> Cow<'_, str> {
    static FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(TOKEN));
    let mut plain = String::new();
    let mut from = 0;
    for at in FINDER.find_iter(text.as_bytes()) {
        let end = at + TOKEN.len();
        let is_suffix = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric());
        if text.get(end..end + SUFFIX).is_some_and(is_suffix)
            && text.as_bytes().get(end + SUFFIX) == Some(&b'"')
            && text.get(..at).is_some_and(|before| before.ends_with('"'))
        {
            plain.push_str(text.get(from..end - 1).unwrap_or_default());
            from = end + SUFFIX;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    plain.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(plain)
}

/// The value of a text: the one that was read from the same text, or one that is read now.
fn of_text<T: Share>(text: &str) -> Result<Arc<T>, String> {
    let hash = FxBuildHasher.hash_one(text);
    if let Some(known) = T::pool().with_borrow(|pool| pool.find(hash, text)) {
        return Ok(known);
    }
    // Parts within parts have the same pools: none is held while one is read.
    let value = Arc::new(json::from_str::<T>(text).map_err(|_| why_not::<T>(text))?);
    T::pool().with_borrow_mut(|pool| pool.keep(hash, text, &value));
    Ok(value)
}

/// Why a text is not read, without the place in it, which is another in the whole.
#[cold]
fn why_not<T: Share>(text: &str) -> String {
    let words = serde_json::from_str::<T>(text).err().map(|e| e.to_string()).unwrap_or_default();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

/// How many parts of one type a thread knows at a time. Objects of one template follow each other in lists.
const PLACES: usize = 256;
/// Longer texts are rarely equal to another.
const LONGEST: usize = 1 << 15;

/// What was read last, each part at the place of its text's hash.
#[derive(Debug)]
pub struct Pool<T>(Vec<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    hash: u64,
    text: String,
    value: Option<Arc<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pool<T> {
    fn find(&self, hash: u64, text: &str) -> Option<Arc<T>> {
        let known = self.0.get(hash as usize % PLACES)?;
        (known.hash == hash && known.text == text).then(|| known.value.clone()).flatten()
    }

    fn keep(&mut self, hash: u64, text: &str, value: &Arc<T>) {
        if text.len() > LONGEST {
            return;
        }
        if self.0.is_empty() {
            self.0.resize_with(PLACES, || Known { hash: 0, text: String::new(), value: None });
        }
        if let Some(known) = self.0.get_mut(hash as usize % PLACES) {
            known.hash = hash;
            known.text.clear();
            known.text.push_str(text);
            known.value = Some(Arc::clone(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::{Pod, Volume};

    fn pod(name: &str, suffix: &str, image: &str) -> Pod {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"app":"a"}}}},"spec":{{
            "volumes":[{{"name":"kube-api-access-{suffix}","projected":{{"sources":[]}}}}],
            "containers":[{{"name":"c","image":"{image}","volumeMounts":[{{"name":"kube-api-access-{suffix}"}}]}}]}}}}"#
        );
        json::from_str(&text).expect("a pod")
    }

    fn is_one<T>(a: &Shared<T>, b: &Shared<T>) -> bool {
        matches!((&a.0, &b.0), (Some(a), Some(b)) if Arc::ptr_eq(a, b))
    }

    #[test]
    fn pods_of_one_template_share_what_is_alike() {
        let (a, b, c) = (pod("a", "x7k2p", "i:1"), pod("b", "9zz4q", "i:1"), pod("c", "9zz4q", "i:2"));
        assert!(is_one(&a.spec.containers, &b.spec.containers) && is_one(&a.spec.volumes, &c.spec.volumes));
        assert!(is_one(&a.metadata.labels, &c.metadata.labels));
        assert_eq!(c.spec.containers.first().map(|c| c.image.as_str()), Some("i:2"));
        let mount = b.spec.containers.first().and_then(|c| c.volume_mounts.first()).map(|m| m.name.as_str());
        assert_eq!(mount, b.spec.volumes.first().map(|v| v.name.as_str()));
    }

    #[test]
    fn only_the_suffix_of_a_tokens_volume_goes() {
        for (text, plain) in [
            (r#"["kube-api-access-x7k2p","a"]"#, r#"["kube-api-access","a"]"#),
            (r#"["kube-api-access-x7k2","kube-api-access-x7k2pq"]"#, ""),
            (r#"["my-kube-api-access-x7k2p","see kube-api-access-x7k2p"]"#, ""),
            ("[]", ""),
        ] {
            assert_eq!(unnumbered(text), if plain.is_empty() { text } else { plain });
        }
    }

    #[test]
    fn an_absent_list_is_empty_and_what_is_none_is_refused() {
        assert!(json::from_str::<Shared<List<Volume>>>("null").is_ok_and(|v| v.is_empty()));
        assert!(serde_json::from_str::<Shared<List<Volume>>>("[]").is_ok_and(|v| v.is_empty()));
        let wrong = serde_json::from_str::<Shared<List<Volume>>>("[7]").map_err(|e| e.to_string());
        assert!(wrong.is_err_and(|e| e.starts_with("invalid type: integer `7`")));
        let value = serde_json::json!([{"name": "v"}]);
        assert!(serde_json::from_value::<Shared<List<Volume>>>(value).is_ok_and(|v| v.len() == 1));
    }
}
