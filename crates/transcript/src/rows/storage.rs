//! Rows of claims, volumes and classes.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printPersistentVolumeClaim`, `printPersistentVolume`,
//! `printStorageClass`.

use super::Row;
use serde_json::{Map, Value, json};

fn modes(text: &str) -> Value {
    let long = |short: &str| match short.trim() {
        "RWO" => "ReadWriteOnce",
        "ROX" => "ReadOnlyMany",
        "RWX" => "ReadWriteMany",
        "RWOP" => "ReadWriteOncePod",
        _ => "",
    };
    text.split(',').map(long).filter(|m| !m.is_empty()).map(|m| json!(m)).collect()
}

pub fn claim(row: &Row<'_>) -> Map<String, Value> {
    let (mut meta, mut spec, mut status) = (Map::new(), Map::new(), Map::new());
    match row.get("STATUS") {
        // The phase behind it is not shown.
        Some("Terminating") => {
            meta.insert("deletionTimestamp".into(), json!(row.around.ago(0)));
            if row.get("VOLUME").is_some() {
                status.insert("phase".into(), json!("Bound"));
            }
        }
        Some(phase) => {
            status.insert("phase".into(), json!(phase));
        }
        None => {}
    }
    if let Some(volume) = row.get("VOLUME") {
        spec.insert("volumeName".into(), json!(volume));
    }
    if let Some(class) = row.any(&["STORAGECLASS", "STORAGE CLASS"]) {
        spec.insert("storageClassName".into(), json!(class));
    }
    if let Some(text) = row.any(&["ACCESS MODES", "ACCESSMODES"]) {
        spec.insert("accessModes".into(), modes(text));
    }
    if let Some(capacity) = row.get("CAPACITY") {
        status.insert("capacity".into(), json!({ "storage": capacity }));
    }
    if let Some(mode) = row.get("VOLUMEMODE") {
        spec.insert("volumeMode".into(), json!(mode));
    }
    [("metadata", meta), ("spec", spec), ("status", status)]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), Value::Object(v)))
        .collect()
}

pub fn volume(row: &Row<'_>) -> Map<String, Value> {
    let (mut spec, mut status) = (Map::new(), Map::new());
    if let Some(phase) = row.get("STATUS").filter(|p| *p != "Terminating") {
        status.insert("phase".into(), json!(phase));
    }
    if let Some(reason) = row.get("REASON") {
        status.insert("reason".into(), json!(reason));
    }
    if let Some((namespace, name)) = row.get("CLAIM").and_then(|c| c.split_once('/')) {
        spec.insert(
            "claimRef".into(),
            json!({ "kind": "PersistentVolumeClaim", "namespace": namespace, "name": name }),
        );
    }
    if let Some(class) = row.any(&["STORAGECLASS", "STORAGE CLASS"]) {
        spec.insert("storageClassName".into(), json!(class));
    }
    if let Some(text) = row.any(&["ACCESS MODES", "ACCESSMODES"]) {
        spec.insert("accessModes".into(), modes(text));
    }
    if let Some(capacity) = row.get("CAPACITY") {
        spec.insert("capacity".into(), json!({ "storage": capacity }));
    }
    if let Some(policy) = row.any(&["RECLAIM POLICY", "RECLAIMPOLICY"]) {
        spec.insert("persistentVolumeReclaimPolicy".into(), json!(policy));
    }
    [("spec", spec), ("status", status)].into_iter().map(|(k, v)| (k.to_owned(), Value::Object(v))).collect()
}

pub fn class(row: &Row<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    if row.get("NAME").is_some_and(|n| n.ends_with(" (default)")) {
        body.insert(
            "metadata".into(),
            json!({ "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } }),
        );
    }
    if let Some(provisioner) = row.get("PROVISIONER") {
        body.insert("provisioner".into(), json!(provisioner));
    }
    if let Some(mode) = row.get("VOLUMEBINDINGMODE") {
        body.insert("volumeBindingMode".into(), json!(mode));
    }
    body.insert("allowVolumeExpansion".into(), json!(row.get("ALLOWVOLUMEEXPANSION") == Some("true")));
    body
}
