//! Splits JSON into objects without reading them: each item of a List stays a slice of the file's text, so that one
//! that is bad costs only itself, and a file that ends too early keeps the items before the break.

use super::mend;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One document of a file.
#[derive(Debug, Default)]
pub struct Document<'a> {
    /// `kind` of the document.
    pub kind: Option<Cow<'a, str>>,
    /// The items, where it is a list.
    pub items: Option<Vec<Cow<'a, str>>>,
    /// The document itself, where it is one object.
    pub object: Option<Cow<'a, str>>,
    /// Whether the server said that the list goes on.
    pub continues: bool,
    /// Why the document ends before its end.
    pub broken: Option<Broken>,
    /// Whether items and object are YAML, not JSON.
    pub yaml: bool,
}

/// Why a document ends before its end.
#[derive(Debug)]
pub struct Broken {
    /// Whether the text just stops; otherwise it is no JSON or YAML from there on.
    pub truncated: bool,
    /// The parser's words.
    pub says: String,
}

/// The document that a JSON text begins with, and how long it is; nothing is read after a broken one.
pub fn first(text: &str) -> (Document<'_>, usize) {
    let mut document = Document::default();
    let mut de = serde_json::Deserializer::from_str(text);
    let end = Top(&mut document).deserialize(&mut de);
    let length = de.into_iter::<IgnoredAny>().byte_offset();
    match end {
        Ok(()) if document.items.is_none() => {
            document.object = text.get(..length).map(|t| Cow::Borrowed(t.trim()));
        }
        Ok(()) => {}
        Err(e) if !e.is_eof() && mend(text, &mut document) => return (document, text.len()),
        Err(e) => {
            document.broken = Some(Broken { truncated: e.is_eof(), says: e.to_string() });
            return (document, text.len());
        }
    }
    (document, if length == 0 { text.len() } else { length })
}

/// The documents of a JSON text, in their order. The last may be broken; nothing is read after it.
pub fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let mut rest = text;
    while !rest.trim_start().is_empty() {
        let (document, length) = first(rest);
        documents.push(document);
        rest = rest.get(length..).unwrap_or_default();
    }
    documents
}

/// Adds the items behind the place where a list is no JSON; false where they cannot be told.
fn mend<'a>(text: &'a str, document: &mut Document<'a>) -> bool {
    let Some(items) = &mut document.items else { return false };
    let behind = match items.last() {
        Some(last) => (last.as_ptr() as usize + last.len()).checked_sub(text.as_ptr() as usize),
        None => text.find('[').map(|at| at + 1),
    };
    let found = behind.and_then(|at| text.get(at..)).and_then(mend::items);
    let mended = found.is_some();
    items.extend(found.into_iter().flatten().map(Cow::Borrowed));
    mended
}

/// Reads one document into its target, so that what was read before an error is kept.
struct Top<'t, 'a>(&'t mut Document<'a>);

impl<'de> DeserializeSeed<'de> for Top<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object or list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Kind => self.0.kind = map.next_value::<Text<'de>>()?.0,
                Key::Metadata => {
                    let raw: &RawValue = map.next_value()?;
                    self.0.continues =
                        serde_json::from_str::<ListMeta<'_>>(raw.get()).is_ok_and(|meta| meta.continues());
                }
                Key::Items => map.next_value_seed(Items(&mut self.0.items))?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    /// A bare array of objects, as old tools write it.
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Items(&mut self.0.items).visit_seq(seq)
    }
}

/// What the metadata of a list says.
#[derive(serde::Deserialize)]
pub struct ListMeta<'a> {
    #[serde(rename = "continue", borrow, default)]
    next: Text<'a>,
}

impl ListMeta<'_> {
    /// Whether the server said that the list goes on.
    pub fn continues(&self) -> bool {
        self.next.0.as_ref().is_some_and(|token| !token.is_empty())
    }
}

enum Key {
    Kind,
    Metadata,
    Items,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_str<E>(self, v: &str) -> Result<Key, E> {
                Ok(match v {
                    "kind" => Key::Kind,
                    "metadata" => Key::Metadata,
                    "items" | "Items" => Key::Items,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_str(V)
    }
}

/// A text, or nothing where the value is of another type.
#[derive(Default)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
        let plain =
            raw.get().strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|t| !t.contains('\\'));
        Ok(Self(match plain {
            Some(text) => Some(Cow::Borrowed(text)),
            None => serde_json::from_str::<String>(raw.get()).ok().map(Cow::Owned),
        }))
    }
}

struct Items<'t, 'a>(&'t mut Option<Vec<Cow<'a, str>>>);

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let items = self.0.get_or_insert_default();
        while let Some(item) = seq.next_element::<&RawValue>()? {
            items.push(Cow::Borrowed(item.get()));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.get_or_insert_default();
        Ok(())
    }
}

/// `kind` and the group of `apiVersion` of an object. Stops reading as soon as both are known.
pub fn head(object: &str) -> Head<'_> {
    let mut head = Head::default();
    let mut de = serde_json::Deserializer::from_str(object);
    // The error is how the visitor stops early; a real one shows when the object is read.
    let _ = HeadSeed(&mut head).deserialize(&mut de);
    head
}

/// What an object says that it is.
#[derive(Debug, Default)]
pub struct Head<'a> {
    /// `kind`.
    pub kind: Option<Cow<'a, str>>,
    /// `apiVersion`.
    pub api_version: Option<Cow<'a, str>>,
}

struct HeadSeed<'t, 'a>(&'t mut Head<'a>);

impl<'de> DeserializeSeed<'de> for HeadSeed<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeadSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            match key.as_deref() {
                Some("kind") => self.0.kind = map.next_value::<Text<'de>>()?.0,
                Some("apiVersion") => self.0.api_version = map.next_value::<Text<'de>>()?.0,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if self.0.kind.is_some() && self.0.api_version.is_some() {
                return Err(serde::de::Error::custom("known"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items<'a>(document: &'a Document<'_>) -> Vec<&'a str> {
        document.items.iter().flatten().map(AsRef::as_ref).collect()
    }

    #[test]
    fn a_list_is_split_and_not_read() {
        let found = split(r#"{"kind":"List","items":[{"a":1},{"b":"]"}],"metadata":{"continue":""}}"#);
        assert_eq!(found.iter().map(items).collect::<Vec<_>>(), [[r#"{"a":1}"#, r#"{"b":"]"}"#]]);
        assert!(found.iter().all(|d| d.broken.is_none() && !d.continues));
    }

    #[test]
    fn a_break_keeps_what_stands_before_it() {
        let found = split(r#"{"kind":"List","items":[{"a":1},{"b":"#);
        assert_eq!(found.iter().map(items).collect::<Vec<_>>(), [[r#"{"a":1}"#]]);
        assert!(found.iter().all(|d| d.broken.as_ref().is_some_and(|b| b.truncated)));
        let found = split(r#"{"items":[{"a":1},{"b":*"#);
        assert!(found.iter().all(|d| d.broken.as_ref().is_some_and(|b| !b.truncated)));
    }

    #[test]
    fn an_item_that_is_no_json_costs_only_itself() {
        let found = split(r#"{"items":[{"a":1},{"b":***},{"c":2}],"kind":"List"}"#);
        assert_eq!(
            found.iter().map(items).collect::<Vec<_>>(),
            [[r#"{"a":1}"#, r#"{"b":***}"#, r#"{"c":2}"#]]
        );
        let found = split(r#"{"items":[{"b":***},{"c":2}],"kind":"List"}"#);
        assert_eq!(found.iter().map(items).collect::<Vec<_>>(), [[r#"{"b":***}"#, r#"{"c":2}"#]]);
    }

    #[test]
    fn several_documents_and_old_forms() {
        let found = split("{\"kind\":\"Pod\"}\n{\"kind\":\"Node\"}\n");
        assert_eq!(
            found.iter().map(|d| d.object.as_deref()).collect::<Vec<_>>(),
            [Some("{\"kind\":\"Pod\"}"), Some("{\"kind\":\"Node\"}")]
        );
        assert_eq!(split(r#"{"Items":[{}]}"#).iter().map(|d| items(d).len()).sum::<usize>(), 1);
        assert_eq!(split("[{},{}]").iter().map(|d| items(d).len()).sum::<usize>(), 2);
        assert!(split(r#"{"kind":"PodList","items":null}"#).iter().all(|d| d.items.is_some()));
        assert!(
            split(r#"{"kind":"PodList","metadata":{"continue":"x"},"items":[]}"#).iter().all(|d| d.continues)
        );
        assert!(split("5").iter().all(|d| d.broken.is_some()));
        assert!(split(" \n").is_empty());
    }

    #[test]
    fn the_head_is_found_wherever_it_stands() {
        let found = head(r#"{"spec":{"kind":"x"},"kind":"Pod","apiVersion":"v1","x":"#);
        assert_eq!((found.kind.as_deref(), found.api_version.as_deref()), (Some("Pod"), Some("v1")));
        assert!(head("[]").kind.is_none());
    }
}
