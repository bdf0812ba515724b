//! Who changed an object last, and in which fields: what `metadata.managedFields` tells. It holds neither the values before nor
//! a time for each field: a manager's time is that of its last change to any of its fields.
//!
//! Source: apimachinery `ManagedFieldsEntry`, structured-merge-diff `fieldpath` (keys `f:name`, `k:{"name":"app"}`, `v:…`, `.`).

use crate::de::{self, List, Sym};
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Writers whose changes are reactions, never the first cause.
const REACTING: [&str; 3] = ["kube-controller-manager", "kubelet", "kube-scheduler"];
/// Parts of an object that are not its specification.
const NOT_SPEC: [&str; 2] = ["f:metadata", "f:status"];
/// More fields than this are told by what they have in common.
const MOST_FIELDS: usize = 4;

/// The last change of one writer to one object's specification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// The writer: `kubectl-edit`, `helm`, `argocd-controller` …
    pub manager: Sym,
    /// When it last changed any of its fields.
    pub at: Option<Timestamp>,
    /// Its fields, as paths: `spec.selector.app`; where there are many, what they have in common.
    pub fields: List<Sym>,
}

/// The last changes of an object, of each writer that is no controller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits(pub List<Edit>);

impl Edits {
    /// Drops the writes that made the object: those until two seconds after its creation.
    pub(super) fn after(&mut self, creation: Option<Timestamp>) {
        let made = |e: &Edit| match (e.at, creation) {
            (Some(at), Some(creation)) => at.as_second() - creation.as_second() <= 2,
            _ => true,
        };
        if self.0.iter().any(made) {
            self.0 = self.0.iter().filter(|e| !made(e)).cloned().collect::<Vec<_>>().into();
        }
    }
}

impl<'de> Deserialize<'de> for Edits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<Vec<Entry>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self(entries.into_iter().filter_map(|e| e.0).collect::<Vec<_>>().into()))
    }
}

/// One entry; `None` for what is no change of a specification by a writer that counts.
struct Entry(Option<Edit>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry of managedFields")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut manager = Sym::default();
                let mut at = None;
                // Sorted keys put the fields before their writer, and most writers are controllers: the fields wait as text.
                let mut fields: Option<&'de RawValue> = None;
                let mut counts = true;
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    match &*key {
                        "manager" => {
                            manager = map.next_value()?;
                            counts &= !REACTING.contains(&manager.as_str());
                        }
                        "time" => at = de::parse_time(map.next_value::<Sym>()?.as_str()),
                        "subresource" => counts &= map.next_value::<Sym>()?.is_empty(),
                        "fieldsV1" if counts => fields = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let Some(fields) = fields.filter(|_| counts) else { return Ok(Entry(None)) };
                let tree: Tree = crate::json::from_str(fields.get()).map_err(serde::de::Error::custom)?;
                let edit = Edit { manager, at, fields: tree.fields().into() };
                Ok(Entry((!edit.fields.is_empty()).then_some(edit)))
            }
        }
        deserializer.deserialize_map(V)
    }
}

/// A set of fields.
#[derive(Default)]
struct Tree(Vec<(Sym, Tree)>);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a set of fields")
            }
            fn visit_unit<E: serde::de::Error>(self) -> Result<Tree, E> {
                Ok(Tree::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut children = Vec::new();
                while let Some((key, child)) = map.next_entry::<Sym, Tree>()? {
                    children.push((key, child));
                }
                Ok(Tree(children))
            }
        }
        deserializer.deserialize_any(V)
    }
}

impl Tree {
    /// The specification's fields; of many, the deepest level that says it in few.
    fn fields(&self) -> Vec<Sym> {
        let spec = || self.0.iter().filter(|(key, _)| !NOT_SPEC.contains(&key.as_str()));
        let at_depth = |depth: usize| {
            let mut paths = Vec::new();
            spec().for_each(|(key, tree)| tree.collect(step("", key), depth, &mut paths));
            paths.sort();
            paths.dedup();
            paths
        };
        let mut best = at_depth(0);
        for depth in 1..12 {
            let deeper = at_depth(depth);
            if deeper.len() > MOST_FIELDS || deeper == best {
                break;
            }
            best = deeper;
        }
        best.truncate(MOST_FIELDS);
        best.iter().map(|p| Sym::new(p)).collect()
    }

    fn collect(&self, path: String, depth: usize, out: &mut Vec<String>) {
        let mut children =
            self.0.iter().filter(|(key, _)| key.starts_with("f:") || key.starts_with("k:")).peekable();
        if depth == 0 || children.peek().is_none() {
            return out.push(path);
        }
        children.for_each(|(key, child)| child.collect(step(&path, key), depth - 1, out));
    }
}

/// A path with one more step: `f:name` is a field, `k:{"name":"app"}` an item of a list.
fn step(path: &str, key: &str) -> String {
    match key.split_once(':') {
        Some(("k", item)) => {
            let words = item.trim_matches(['{', '}']).split(',').filter_map(|pair| pair.split_once(':'));
            let values: Vec<&str> = words.map(|(_, value)| value.trim_matches('"')).collect();
            format!("{path}[{}]", values.join(" "))
        }
        Some((_, field)) if path.is_empty() => field.to_owned(),
        Some((_, field)) => format!("{path}.{field}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edits(entries: serde_json::Value) -> Vec<(String, Vec<String>)> {
        let edits: Edits = serde_json::from_str(&entries.to_string()).expect("edits");
        let fields = |e: &Edit| e.fields.iter().map(|f| f.to_string()).collect();
        edits.0.iter().map(|e| (e.manager.to_string(), fields(e))).collect()
    }

    #[test]
    fn a_writer_and_its_fields_are_read_whatever_the_order_of_keys() {
        let fields =
            json!({"f:metadata": {"f:labels": {".": {}}}, "f:spec": {"f:selector": {".": {}, "f:app": {}}}});
        let entry = json!({"fieldsV1": fields, "manager": "kubectl-edit", "operation": "Update", "time": "2026-11-22T17:00:00Z"});
        assert_eq!(edits(json!([entry])), [("kubectl-edit".into(), vec!["spec.selector.app".into()])]);
    }

    #[test]
    fn list_items_are_named_and_many_fields_are_told_by_what_they_share() {
        let container =
            json!({"f:image": {}, "f:name": {}, "f:resources": {}, "f:args": {}, "f:command": {}});
        let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": container}}}}});
        let entry = json!({"manager": "helm", "time": "2026-11-22T17:00:00Z", "fieldsV1": fields});
        assert_eq!(
            edits(json!([entry])),
            [("helm".into(), vec!["spec.template.spec.containers[app]".into()])]
        );
    }

    #[test]
    fn controllers_status_and_labels_are_no_edits() {
        let spec = json!({"f:spec": {"f:replicas": {}}});
        let entries = json!([
            {"manager": "kube-controller-manager", "fieldsV1": spec, "time": "2026-11-22T17:00:00Z"},
            {"fieldsV1": spec, "manager": "operator", "subresource": "status", "time": "2026-11-22T17:00:00Z"},
            {"manager": "kubectl-label", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}, "time": "2026-11-22T17:00:00Z"},
        ]);
        assert_eq!(edits(entries), []);
        assert_eq!(edits(json!(null)), []);
    }

    #[test]
    fn the_write_that_made_the_object_is_no_change() {
        let entry =
            json!({"manager": "helm", "time": "2026-11-22T17:00:01Z", "fieldsV1": {"f:data": {"f:a": {}}}});
        let mut edits: Edits = serde_json::from_str(&json!([entry]).to_string()).expect("edits");
        edits.after(de::parse_time("2026-11-22T16:00:00Z"));
        assert_eq!(edits.0.len(), 1);
        edits.after(de::parse_time("2026-11-22T17:00:00Z"));
        assert_eq!(edits.0.len(), 0);
    }
}
