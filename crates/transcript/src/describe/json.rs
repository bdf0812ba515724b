//! Building the API's JSON: fields that were not shown stay away.

use serde_json::{Map, Value};

/// An object under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Obj(Map<String, Value>);

impl Obj {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Sets a field, named by its path; dots part the names.
    pub(super) fn set(&mut self, path: &str, value: impl Into<Value>) {
        let mut map = &mut self.0;
        let (parents, name) = path.rsplit_once('.').map_or((None, path), |(p, n)| (Some(p), n));
        for parent in parents.into_iter().flat_map(|p| p.split('.')) {
            let slot = map.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(next) = slot else { return };
            map = next;
        }
        map.insert(name.to_owned(), value.into());
    }

    /// Sets a field if there is something to set.
    pub(super) fn put<V: Into<Value>>(&mut self, path: &str, value: Option<V>) {
        if let Some(value) = value {
            self.set(path, value);
        }
    }

    /// Sets a list if it has members.
    pub(super) fn list<V: Into<Value>>(&mut self, path: &str, values: impl IntoIterator<Item = V>) {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if !values.is_empty() {
            self.set(path, values);
        }
    }

    /// Sets a map of strings if it has members.
    pub(super) fn map<K: Into<String>, V: Into<String>>(
        &mut self,
        path: &str,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) {
        let map: Map<String, Value> =
            pairs.into_iter().map(|(k, v)| (k.into(), Value::String(v.into()))).collect();
        if !map.is_empty() {
            self.set(path, map);
        }
    }

    /// Sets a member of a map whose own name may hold dots.
    pub(super) fn member(&mut self, map: &str, name: &str, value: &str) {
        let slot = self.0.entry(map).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(slot) = slot {
            slot.insert(name.to_owned(), value.into());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Obj> for Value {
    fn from(obj: Obj) -> Self {
        Self::Object(obj.0)
    }
}

/// A number, where one is written.
pub(super) fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// `True` or `False`, `true` or `false`, `Yes` or `No`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "True" | "Yes" => Some(true),
        "false" | "False" | "No" => Some(false),
        _ => None,
    }
}

/// A port: a number, or the name of one.
pub(super) fn port(text: &str) -> Option<Value> {
    let text = text.trim();
    match text.parse::<u16>() {
        Ok(number) => Some(number.into()),
        Err(_) => super::tree::shown(text).map(Into::into),
    }
}

/// The first number of a text and what follows it: `3 desired | …`.
pub(super) fn leading(text: &str) -> Option<(i64, &str)> {
    let text = text.trim_start();
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

/// The counts of `2 Running / 0 Waiting / …` or `3 desired | 3 updated | …` by their words.
pub(super) fn counts(text: &str) -> impl Iterator<Item = (&str, i64)> {
    text.split(['|', '/']).filter_map(|part| {
        let (number, word) = leading(part)?;
        Some((word.split_whitespace().next()?, number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_objects() {
        let mut obj = Obj::new();
        obj.set("a.b.c", 1);
        obj.set("a.d", "x");
        obj.put("a.e", None::<bool>);
        obj.list("l", Vec::<i64>::new());
        obj.map("m", [("k.with.dots", "v")]);
        assert_eq!(Value::from(obj).to_string(), r#"{"a":{"b":{"c":1},"d":"x"},"m":{"k.with.dots":"v"}}"#);
    }

    #[test]
    fn counts_by_word() {
        let found: Vec<_> = counts("2 desired | 1 updated | x total").collect();
        assert_eq!(found, [("desired", 2), ("updated", 1)]);
        assert_eq!(
            counts("1 Active (0 Ready) / 2 Failed").collect::<Vec<_>>(),
            [("Active", 1), ("Failed", 2)]
        );
    }
}
