//! Splits YAML into objects by its lines, the way kubectl prints it: documents between `---`, a List's items by their
//! dashes. Each item is then read alone, so that one that is bad costs only itself.

use super::json::{Broken, Document};
use serde_json::Value;
use std::borrow::Cow;

/// A document that cannot be split into items is not read when it is longer than this many bytes.
const WHOLE_MAX: usize = 64 << 20;

/// No text has more documents, and no list more items, that mean anything: each is a few bytes to write and some hundred to hold.
const MOST: usize = 1_000_000;

/// Whether a text looks like Kubernetes YAML: a line that begins with `apiVersion:`, `kind:` or `items:`.
pub fn looks_like(text: &str) -> bool {
    let starts = ["apiVersion:", "kind:", "items:", "- apiVersion:"];
    text.lines().take(5_000).any(|line| starts.iter().any(|s| line.starts_with(s)))
}

/// The documents of a YAML text, in their order.
pub fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marker = line.trim_end();
        if marker == "---" || marker == "..." || marker.starts_with("--- ") {
            documents.extend(text.get(start..at).and_then(document));
            start = at + line.len();
            if documents.len() >= MOST {
                let says = format!("it has more than {MOST} documents");
                documents.push(Document {
                    broken: Some(Broken { truncated: false, says }),
                    yaml: true,
                    ..Document::default()
                });
                return documents;
            }
        }
        at += line.len();
    }
    documents.extend(text.get(start..).and_then(document));
    documents
}

/// One document; `None` where there is nothing but comments and blanks.
fn document(text: &str) -> Option<Document<'_>> {
    let means_something = |l: &&str| !l.trim().is_empty() && !l.trim_start().starts_with('#');
    let first = text.lines().find(means_something)?;
    let top = |name: &str| {
        let mut lines = text.lines().filter(|l| !l.starts_with([' ', '-', '#']));
        lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let kind = top("kind").map(|k| Cow::Borrowed(k.trim_matches(['"', '\''])));
    let is_list = kind.as_ref().is_none_or(|k| k.ends_with("List"));
    let mut found = Document { kind, yaml: true, ..Document::default() };
    let items = top("items").filter(|_| is_list);
    if first.starts_with("- ") {
        found.items = Some(items_of(text));
    } else if items.is_some_and(|rest| rest.is_empty() || rest.starts_with('#')) {
        let body =
            text.split_once("\nitems:").or_else(|| text.split_once("items:")).map_or("", |(_, rest)| rest);
        found.items = Some(items_of(body.split_once('\n').map_or("", |(_, rest)| rest)));
        found.continues =
            tail_of(text).any(|l| l.trim().strip_prefix("continue:").is_some_and(|t| !t.trim().is_empty()));
        if found.kind.is_none() {
            // kubectl prints the kind after the items: without it the end is missing, and the last item is cut.
            found.items.as_mut().map(Vec::pop);
            found.broken = Some(Broken { truncated: true, says: "the list has no end".to_owned() });
        }
    } else if items.is_some_and(|rest| matches!(rest, "[]" | "null" | "~")) {
        found.items = Some(Vec::new());
    } else if text.len() > WHOLE_MAX {
        found.broken = Some(Broken { truncated: false, says: "the document is too large".to_owned() });
    } else {
        found.object = Some(Cow::Borrowed(text));
    }
    if found.items.as_ref().is_some_and(|items| items.len() >= MOST) {
        let says = format!("it has more than {MOST} items");
        found.broken = Some(Broken { truncated: false, says });
    }
    Some(found)
}

/// The last lines, where a list's own metadata stands.
fn tail_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().rev().take_while(|l| !l.starts_with('-')).take(20)
}

/// The items of a list, each with its dash replaced by a blank. `body` begins after the line `items:`.
fn items_of(body: &str) -> Vec<Cow<'_, str>> {
    let mut items: Vec<Cow<'_, str>> = Vec::new();
    let mut dash: Option<usize> = None;
    let (mut start, mut at, mut end) = (0, 0, 0);
    for line in body.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let content = line.trim();
        if items.len() >= MOST {
            return items;
        }
        let is_dash = (content == "-" || content.starts_with("- ")) && dash.is_none_or(|d| d == indent);
        if is_dash {
            if dash.is_some() {
                items.extend(body.get(start..at).map(without_dash));
            }
            (dash, start) = (Some(indent), at);
        } else if !content.is_empty() && !line.starts_with('#') && dash.is_none_or(|d| indent <= d) {
            break;
        }
        at += line.len();
        end = at;
    }
    if dash.is_some() {
        items.extend(body.get(start..end).map(without_dash));
    }
    items
}

fn without_dash(item: &str) -> Cow<'_, str> {
    Cow::Owned(item.replacen('-', " ", 1))
}

/// One YAML document as JSON. The values of a Secret are dropped here.
///
/// # Errors
/// Where it is no YAML; the words quote nothing of the document.
pub fn to_json(text: &str) -> Result<String, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 1_000_000, max_events: 2_000_000, max_depth: 100 },
        // kubectl prints no aliases; a few are tolerated.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 2_000 },
        with_snippet: false,
        // What an older YAML would read as a boolean or an octal number, kubectl means as text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    let mut value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let line = e.location().map_or_else(String::new, |l| format!(" (its line {})", l.line()));
        format!("it is no YAML that can be read{line}")
    })?;
    if value.get("kind").and_then(Value::as_str) == Some("Secret")
        && let Some(object) = value.as_object_mut()
    {
        object.remove("data");
        object.remove("stringData");
    }
    serde_json::to_string(&value).map_err(|_| "it does not fit into JSON".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    x: |\n      \
                        - not an item\n      ---\n- kind: Node\n  metadata: {name: b}\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";

    #[test]
    fn a_list_is_split_by_its_dashes() {
        let found = split(LIST);
        let items: Vec<_> = found.iter().flat_map(|d| d.items.iter().flatten()).collect();
        assert_eq!(items.len(), 2);
        assert!(
            items.iter().all(|i| to_json(i).is_ok_and(|j| j.contains("\"metadata\":{\"name\":"))),
            "{items:?}"
        );
        assert!(found.iter().all(|d| d.kind.as_deref() == Some("List") && d.broken.is_none()));
        let body = LIST
            .replace("\n- ", "\n  - ")
            .replace("\n  kind", "\n    kind")
            .replace("\n  metadata:", "\n    metadata:");
        let indented = body
            .replace("\n    name", "\n      name")
            .replace("\n    x", "\n      x")
            .replace("      ---", "        ---");
        let items: Vec<_> = split(&indented).into_iter().flat_map(|d| d.items.unwrap_or_default()).collect();
        assert_eq!(items.len(), 2, "{indented}");
    }

    #[test]
    fn a_cut_list_keeps_the_items_before_the_last() {
        let cut = LIST.split_once("kind: List").map_or("", |(head, _)| head);
        let found = split(cut);
        assert_eq!(found.iter().flat_map(|d| d.items.iter().flatten()).count(), 1);
        assert!(found.iter().all(|d| d.broken.as_ref().is_some_and(|b| b.truncated)));
    }

    #[test]
    fn documents_and_bare_lists() {
        let found = split("# head\n---\nkind: Pod\n---\n\n--- # two\nkind: Node\n...\n");
        assert_eq!(found.iter().filter_map(|d| d.object.as_ref()).count(), 2);
        assert_eq!(
            split("- kind: Pod\n- kind: Pod\n").iter().flat_map(|d| d.items.iter().flatten()).count(),
            2
        );
        assert!(
            split("kind: PodList\nitems: []\n").iter().all(|d| d.items.as_ref().is_some_and(Vec::is_empty))
        );
        assert!(looks_like("a\nkind: Pod") && !looks_like("E1122 17:48:05 kind of"));
    }

    #[test]
    fn a_bomb_and_a_secret() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
        assert!(to_json(bomb).is_err());
        assert!(to_json("kind: Secret\ndata: {a: aHVudGVyMg==}\n").is_ok_and(|j| !j.contains("aHVu")));
        assert!(to_json(&"[".repeat(100_000)).is_err());
        assert!(to_json("password: hunter2: x").is_err_and(|e| !e.contains("hunter2")));
    }
}
