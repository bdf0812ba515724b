//! `-o yaml` and `-o json`: the objects themselves.

use serde_json::Value;

/// Longer documents are not read as one.
const DOCUMENT_MAX: usize = 16 << 20;

/// What an output holds.
#[derive(Debug, Default)]
pub struct Documents {
    /// The objects; lists are opened.
    pub objects: Vec<Value>,
    /// How many lists were read to their end.
    pub lists: usize,
    /// How many documents could not be read.
    pub broken: usize,
}

/// Whether a text is the output of `-o yaml` or `-o json`.
pub fn looks_like(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim_end)
        .find(|l| !l.trim().is_empty() && !l.starts_with("---") && !l.starts_with("Warning:"));
    first.is_some_and(|l| {
        l == "{"
            || l == "["
            || l.starts_with("apiVersion:")
            || l.starts_with("- apiVersion:")
            || l.starts_with("kind:")
            || l.starts_with("items:")
    })
}

/// Reads the documents of a text.
pub fn read(text: &str) -> Documents {
    let mut found = Documents::default();
    let mut document = String::new();
    for line in text.lines().chain(["---"]) {
        if line.trim_end() == "---" {
            one(&std::mem::take(&mut document), &mut found);
        } else if !line.starts_with("Warning:") {
            document.push_str(line);
            document.push('\n');
        }
    }
    found
}

fn one(document: &str, found: &mut Documents) {
    if document.trim().is_empty() {
        return;
    }
    let value = if document.len() > DOCUMENT_MAX { None } else { parse(document) };
    match value {
        Some(value) => open(value, found),
        None => found.broken += 1,
    }
}

fn parse(document: &str) -> Option<Value> {
    if document.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(document).ok();
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 1_000_000, max_events: 2_000_000, max_depth: 100 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 2_000 },
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options(document, options).ok()
}

fn open(value: Value, found: &mut Documents) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| open(item, found)),
        Value::Object(mut object) if object.contains_key("items") => {
            found.lists += 1;
            let of = object
                .get("kind")
                .and_then(Value::as_str)
                .and_then(|k| k.strip_suffix("List"))
                .map(ToOwned::to_owned);
            let Some(Value::Array(items)) = object.remove("items") else { return };
            for mut item in items {
                if let (Some(of), Some(item)) = (of.as_ref().filter(|k| !k.is_empty()), item.as_object_mut())
                {
                    item.entry("kind").or_insert_with(|| Value::String(of.clone()));
                }
                open(item, found);
            }
        }
        Value::Object(mut object) => {
            // Values of Secrets are never kept.
            if object.get("kind").and_then(Value::as_str) == Some("Secret") {
                object.remove("data");
                object.remove("stringData");
            }
            if object.contains_key("kind") && object.contains_key("metadata") {
                found.objects.push(Value::Object(object));
            } else {
                found.broken += 1;
            }
        }
        _ => found.broken += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_lists_and_damage() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n---\napiVersion: v1\nitems:\n- kind: Secret\n  metadata: {name: b}\n  data: {x: eA==}\nkind: List\n";
        assert!(looks_like(text) && !looks_like("NAME   READY\n") && !looks_like(""));
        let found = read(text);
        assert_eq!((found.objects.len(), found.lists, found.broken), (2, 1, 0));
        assert!(found.objects[1].get("data").is_none());
        assert_eq!(
            read("{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"a\"}}]}").objects[0]["kind"],
            "Pod"
        );
        assert_eq!(read("apiVersion: [\n").broken, 1);
    }
}
