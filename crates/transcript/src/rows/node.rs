//! Rows of nodes.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printNode`.

use super::Row;
use serde_json::{Map, Value, json};

pub fn read(row: &Row<'_>) -> Map<String, Value> {
    let words: Vec<&str> = row.get("STATUS").unwrap_or_default().split(',').collect();
    let mut body = Map::new();
    let mut labels = Map::new();
    for role in row.get("ROLES").unwrap_or_default().split(',').filter(|r| !r.is_empty()) {
        labels.insert(format!("node-role.kubernetes.io/{role}"), json!(""));
    }
    if !labels.is_empty() {
        body.insert("metadata".into(), json!({ "labels": labels }));
    }
    if words.contains(&"SchedulingDisabled") {
        body.insert("spec".into(), json!({ "unschedulable": true }));
    }
    let mut status = Map::new();
    // `NotReady` stands for False and for Unknown alike.
    let ready = words.iter().find_map(|w| match *w {
        "Ready" => Some("True"),
        "NotReady" => Some("False"),
        "Unknown" => Some("Unknown"),
        _ => None,
    });
    if let Some(ready) = ready {
        status.insert("conditions".into(), json!([{ "type": "Ready", "status": ready }]));
    }
    let address = |kind: &str, column: &str| row.get(column).map(|a| json!({ "type": kind, "address": a }));
    let addresses: Vec<Value> = [address("InternalIP", "INTERNAL-IP"), address("ExternalIP", "EXTERNAL-IP")]
        .into_iter()
        .flatten()
        .collect();
    if !addresses.is_empty() {
        status.insert("addresses".into(), Value::Array(addresses));
    }
    let info: Map<String, Value> = [
        ("kubeletVersion", "VERSION"),
        ("osImage", "OS-IMAGE"),
        ("kernelVersion", "KERNEL-VERSION"),
        ("containerRuntimeVersion", "CONTAINER-RUNTIME"),
    ]
    .into_iter()
    .filter_map(|(field, column)| Some((field.to_owned(), json!(row.get(column)?.split(" (").next()?))))
    .collect();
    status.insert("nodeInfo".into(), Value::Object(info));
    body.insert("status".into(), Value::Object(status));
    body
}
