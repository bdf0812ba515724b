//! What a plain capture holds, taken apart for the layouts of other tools.

use anyhow::{Context, Result};
use kubecause_testkit::Capture;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Paths and contents.
pub type Files = Vec<(String, Vec<u8>)>;

/// The lists of a capture: resource (`pods`, `deployments.apps`) and items.
pub fn lists(capture: &Capture) -> Result<Vec<(String, Vec<Value>)>> {
    let mut all = Vec::new();
    for name in capture.names() {
        let Some(resource) = name.strip_prefix("cluster/").and_then(|n| n.strip_suffix(".json")) else {
            continue;
        };
        if resource == "version" || capture.file(&format!("cluster/{resource}.error")).is_some() {
            continue;
        }
        let list: Value = serde_json::from_slice(capture.file(name).context("a file")?)?;
        all.push((resource.to_owned(), list["items"].as_array().cloned().unwrap_or_default()));
    }
    Ok(all)
}

pub fn by_namespace(items: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in items {
        let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        all.entry(namespace).or_default().push(item);
    }
    all
}

/// Container logs: namespace, pod, container, whether previous, text.
pub fn logs(capture: &Capture) -> Vec<(String, String, String, bool, Vec<u8>)> {
    let parse = |name: &str| {
        let [_, namespace, pod, file] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        let stem = file.strip_suffix(".log")?;
        let container = stem.strip_suffix(".previous").unwrap_or(stem);
        let text = capture.file(name)?.to_vec();
        Some((namespace.to_owned(), pod.to_owned(), container.to_owned(), stem.ends_with(".previous"), text))
    };
    capture.names().filter(|n| n.starts_with("logs/")).filter_map(parse).collect()
}

pub fn namespaces(lists: &[(String, Vec<Value>)]) -> Vec<String> {
    let of =
        lists.iter().find(|(r, _)| r == "namespaces").map(|(_, items)| items.as_slice()).unwrap_or_default();
    of.iter().filter_map(|n| n["metadata"]["name"].as_str()).map(str::to_owned).collect()
}

/// A list as the API server sends it, with its own address.
pub fn list(kind: &str, link: &str, items: Vec<Value>) -> Value {
    let metadata = json!({"resourceVersion": "1", "selfLink": link});
    json!({"kind": format!("{kind}List"), "apiVersion": "v1", "metadata": metadata, "items": items})
}

/// The files of each node: name and content.
pub fn nodes(capture: &Capture) -> BTreeMap<String, Files> {
    let mut all: BTreeMap<String, Files> = BTreeMap::new();
    for path in capture.names() {
        let Some((node, file)) = path.strip_prefix("nodes/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let content = capture.file(path).unwrap_or_default().to_vec();
        all.entry(node.to_owned()).or_default().push((file.to_owned(), content));
    }
    all
}

/// The content of a node's file.
pub fn file(files: &Files, name: &str) -> Option<Vec<u8>> {
    files.iter().find(|(n, _)| n == name).map(|(_, content)| content.clone())
}
