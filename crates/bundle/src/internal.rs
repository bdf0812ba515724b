//! Objects as old kubectl dumped them: the server's own types in place of the API's. `Items`, `Spec`, `NodeName` begin with
//! capitals, and what belongs into `metadata` stands beside them. Source: kubernetes pkg/apis/core/types.go, which has no JSON tags but
//! those of the embedded `TypeMeta`, `ListMeta` and `ObjectMeta`.

use serde_json::{Map, Value};

/// Fields of `ObjectMeta`. Source: apimachinery pkg/apis/meta/v1/types.go.
const META: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "clusterName",
];

/// Fields whose own keys are no fields but data.
const DATA: [&str; 9] = [
    "labels",
    "annotations",
    "selector",
    "matchLabels",
    "nodeSelector",
    "limits",
    "requests",
    "capacity",
    "allocatable",
];

/// The same text in the API's form; `None` where it is in that form already, or is no JSON.
pub fn to_api(text: &str) -> Option<String> {
    if !text.contains("\"Items\":") || text.contains("\"items\":") {
        return None;
    }
    let mut all = String::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        all.push_str(&list(document.ok()?).to_string());
        all.push('\n');
    }
    Some(all)
}

/// A list, its kind told by its own address where it has no other: `/apis/extensions/v1beta1/namespaces/kube-system/daemonsets`.
fn list(value: Value) -> Value {
    let Value::Object(mut fields) = value else { return value };
    let link = fields.get("selfLink").and_then(Value::as_str).and_then(|l| l.rsplit('/').next());
    let kind = link.and_then(kubecause_evidence::plural_to_kind);
    let items = match fields.remove("Items") {
        Some(Value::Array(items)) => items.into_iter().map(object).collect(),
        _ => Vec::new(),
    };
    let mut list = Map::new();
    let name = kind.map_or_else(|| "List".to_owned(), |kind| format!("{kind}List"));
    list.insert("kind".to_owned(), Value::String(name));
    list.insert("apiVersion".to_owned(), Value::String("v1".to_owned()));
    let meta = ["selfLink", "resourceVersion"].into_iter();
    let meta: Map<String, Value> =
        meta.filter_map(|key| Some((key.to_owned(), fields.remove(key)?))).collect();
    list.insert("metadata".to_owned(), Value::Object(meta));
    list.insert("items".to_owned(), Value::Array(items));
    Value::Object(list)
}

fn object(value: Value) -> Value {
    let Value::Object(fields) = renamed(value) else { return Value::Null };
    if fields.contains_key("metadata") {
        return Value::Object(fields);
    }
    let (meta, mut rest): (Map<_, _>, Map<_, _>) =
        fields.into_iter().partition(|(key, _)| META.contains(&key.as_str()));
    rest.insert("metadata".to_owned(), Value::Object(meta));
    Value::Object(rest)
}

/// Fields by the names that the API gives them.
fn renamed(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(key, value): (String, Value)| {
                let key = name(&key);
                let is_data = DATA.contains(&key.as_str());
                (key, if is_data { value } else { renamed(value) })
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(renamed).collect()),
        other => other,
    }
}

/// `NodeName` → `nodeName`, `UID` → `uid`, `OSImage` → `osImage`, `PodIP` → `podIP`.
fn name(field: &str) -> String {
    let capitals = field.bytes().take_while(u8::is_ascii_uppercase).count();
    let lower =
        if capitals == field.len() { capitals } else { capitals.saturating_sub(1).max(capitals.min(1)) };
    let (head, tail) = field.split_at_checked(lower).unwrap_or((field, ""));
    head.to_ascii_lowercase() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields() {
        for (go, api) in [
            ("NodeName", "nodeName"),
            ("UID", "uid"),
            ("OSImage", "osImage"),
            ("PodIP", "podIP"),
            ("ID", "id"),
            ("name", "name"),
            ("APIVersion", "apiVersion"),
            ("Phase", "phase"),
        ] {
            assert_eq!(name(go), api);
        }
    }

    #[test]
    fn a_list_of_the_servers_own_types() {
        let old = r#"{"selfLink":"/api/v1/namespaces/shop/pods","resourceVersion":"7","Items":[{"name":"a","namespace":"shop",
            "labels":{"App":"x"},"Spec":{"NodeName":"n","NodeSelector":{"Disk":"ssd"}},"Status":{"Phase":"Running"}}]}"#;
        let new: Value = serde_json::from_str(&to_api(old).unwrap()).unwrap();
        assert_eq!(new["kind"], "PodList");
        let pod = &new["items"][0];
        assert_eq!((&pod["metadata"]["name"], &pod["metadata"]["labels"]["App"]), (&"a".into(), &"x".into()));
        assert_eq!((&pod["spec"]["nodeName"], &pod["status"]["phase"]), (&"n".into(), &"Running".into()));
        assert_eq!(pod["spec"]["nodeSelector"]["Disk"], "ssd");
        assert!(to_api(r#"{"items":[]}"#).is_none() && to_api("no JSON").is_none());
    }
}
