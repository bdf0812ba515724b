//! One page of a list: the envelope is read, the items stay slices of the page's bytes.

use serde::Deserialize;
use serde_json::value::RawValue;

/// One page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<'a> {
    /// `kind`: `PodList`.
    #[serde(default)]
    pub kind: String,
    /// `apiVersion`: `apps/v1`.
    #[serde(default, rename = "apiVersion")]
    pub api_version: String,
    /// The objects, unread.
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub items: Vec<&'a RawValue>,
    #[serde(default)]
    metadata: ListMeta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    remaining_item_count: Option<u64>,
    resource_version: String,
}

/// Why bytes are no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPage {
    /// Whether the text just stops.
    pub truncated: bool,
    /// What is wrong.
    pub says: String,
}

impl<'a> Page<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// Where the bytes are no list, or end too early.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoPage> {
        let page: Self = serde_json::from_slice(bytes)
            .map_err(|e| NoPage { truncated: e.is_eof(), says: format!("the answer is no list: {e}") })?;
        if page.kind.ends_with("List") {
            Ok(page)
        } else {
            let says = format!("the answer is no list but of kind {:?}", page.kind);
            Err(NoPage { truncated: false, says })
        }
    }

    /// The token of the next page.
    pub fn next(&self) -> Option<&str> {
        self.metadata.next.as_deref().filter(|t| !t.is_empty())
    }

    /// The version of the data that the list shows; a watch goes on from there.
    pub fn version(&self) -> &str {
        &self.metadata.resource_version
    }

    /// How many objects the server says are left.
    pub fn remaining(&self) -> Option<u64> {
        self.metadata.remaining_item_count
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Vec<&'de RawValue>, D::Error> {
    Ok(Option::deserialize(de)?.unwrap_or_default())
}

/// What a server says in place of an answer: the fields of its `Status` that matter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The words for people.
    pub message: String,
    /// The word for programs: `Expired`, `Forbidden`.
    pub reason: String,
}

impl Status {
    /// What the server said; other texts count as their first line.
    pub fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_else(|_| {
            let text =
                String::from_utf8_lossy(bytes.get(..bytes.len().min(2048)).unwrap_or_default()).into_owned();
            let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
            Self { message: kubecause_model::one_line(line, 200), reason: String::new() }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_split_and_not_read() {
        let bytes = br#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t","remainingItemCount":7},"items":[{"a":1},{"b":2}]}"#;
        let page = Page::parse(bytes).expect("a page");
        assert_eq!(page.items.iter().map(|i| i.get()).collect::<Vec<_>>(), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!((page.next(), page.remaining()), (Some("t"), Some(7)));
        let last =
            Page::parse(br#"{"kind":"PodList","metadata":{"continue":""},"items":null}"#).expect("a page");
        assert!(last.next().is_none() && last.items.is_empty());
    }

    #[test]
    fn what_is_no_page_says_why() {
        let no = |bytes: &'static [u8]| Page::parse(bytes).expect_err("no page");
        assert!(no(br#"{"kind":"PodList","items":[{"a":1},{"b"#).truncated);
        assert!(!no(b"<html>").truncated);
        assert!(no(br#"{"kind":"Status","reason":"x"}"#).says.contains("Status"));
        assert!(no(b"").truncated);
    }
}
