//! Claims, volumes, storage classes, CSI nodes.

use super::conditions::conditions;
use super::json::{Obj, boolean};
use super::meta::phase;
use super::tree::{Block, shown, split_key};
use super::volume::source;
use serde_json::Value;

/// Fills a claim.
pub(super) fn claim(root: Block<'_>, out: &mut Obj) {
    // An empty class is printed like one that is not set: which of both it is stays open.
    out.put("spec.storageClassName", root.value("StorageClass"));
    out.put("spec.volumeName", root.value("Volume"));
    out.put("spec.volumeMode", root.value("VolumeMode"));
    out.put("status.phase", phase(root));
    out.put("status.capacity.storage", root.value("Capacity").filter(|c| *c != "0"));
    out.list("status.accessModes", modes(root));
    out.list("status.conditions", conditions(root.body("Conditions")));
    if let Some(data) = root.body("DataSource").filter(|b| !b.is_empty()) {
        out.put("spec.dataSource.apiGroup", data.value("APIGroup"));
        out.put("spec.dataSource.kind", data.value("Kind"));
        out.put("spec.dataSource.name", data.value("Name"));
    }
}

/// `RWO,ROX`, which are short for the API's words.
fn modes(root: Block<'_>) -> impl Iterator<Item = &'static str> {
    root.value("Access Modes").unwrap_or_default().split(',').filter_map(|mode| match mode.trim() {
        "RWO" => Some("ReadWriteOnce"),
        "ROX" => Some("ReadOnlyMany"),
        "RWX" => Some("ReadWriteMany"),
        "RWOP" => Some("ReadWriteOncePod"),
        _ => None,
    })
}

/// Fills a persistent volume.
pub(super) fn volume(root: Block<'_>, out: &mut Obj) {
    out.put("spec.storageClassName", root.value("StorageClass"));
    out.put("spec.persistentVolumeReclaimPolicy", root.value("Reclaim Policy"));
    out.put("spec.volumeMode", root.value("VolumeMode"));
    out.put("spec.capacity.storage", root.value("Capacity"));
    out.list("spec.accessModes", modes(root));
    if let Some((namespace, name)) = root.value("Claim").and_then(|c| c.split_once('/')) {
        out.set("spec.claimRef.kind", "PersistentVolumeClaim");
        out.set("spec.claimRef.namespace", namespace);
        out.set("spec.claimRef.name", name);
    }
    out.put("status.phase", phase(root));
    out.put("status.reason", root.value("Reason"));
    out.put("status.message", root.get("Message").map(|m| m.text()).filter(|m| shown(m).is_some()));
    let terms = root.body("Node Affinity").and_then(|a| a.body("Required Terms"));
    let terms = terms.into_iter().flat_map(Block::entries).map(|e| term(e.items()));
    out.list("spec.nodeAffinity.required.nodeSelectorTerms", terms);
    let mut found = Obj::new();
    if let Some(block) = root.body("Source") {
        source(block, &mut found);
    }
    if let Value::Object(map) = found.into() {
        for (key, value) in map {
            out.set(&format!("spec.{key}"), value);
        }
    }
}

/// `kubernetes.io/hostname in [a, b]`
fn term<'a>(items: impl Iterator<Item = &'a str>) -> Obj {
    let mut out = Obj::new();
    let expression = |item: &str| {
        let mut words = item.splitn(3, ' ');
        let (key, operator, values) = (words.next()?, words.next()?, words.next().unwrap_or_default());
        let operator = match operator {
            "in" => "In",
            "notin" => "NotIn",
            "exists" => "Exists",
            "doesnotexist" => "DoesNotExist",
            "gt" => "Gt",
            "lt" => "Lt",
            _ => return None,
        };
        let mut made = Obj::new();
        made.set("key", key);
        made.set("operator", operator);
        made.list("values", values.trim_matches(['[', ']']).split(',').filter_map(shown));
        Some(made)
    };
    out.list("matchExpressions", items.filter_map(expression));
    out
}

/// Fills a storage class.
pub(super) fn class(root: Block<'_>, out: &mut Obj) {
    out.put("provisioner", root.value("Provisioner"));
    out.put("reclaimPolicy", root.value("ReclaimPolicy"));
    out.put("volumeBindingMode", root.value("VolumeBindingMode"));
    out.put("allowVolumeExpansion", root.value("AllowVolumeExpansion").and_then(boolean));
    out.map("parameters", super::meta::listed(root.value("Parameters").unwrap_or_default()));
    let mut annotations = super::meta::listed(root.value("Annotations").unwrap_or_default());
    let default = |key: &str| key.ends_with(".kubernetes.io/is-default-class");
    if root.value("IsDefaultClass") == Some("Yes") && !annotations.iter().any(|(key, _)| default(key)) {
        annotations.push(("storageclass.kubernetes.io/is-default-class", "true"));
    }
    out.map("metadata.annotations", annotations);
}

/// Fills a `CSINode`.
pub(super) fn csi_node(root: Block<'_>, out: &mut Obj) {
    let drivers = root.body("Spec").and_then(|s| s.body("Drivers"));
    let driver = |e: super::tree::Entry<'_>| {
        let (name, _) = split_key(e.line.text)?;
        let mut made = Obj::new();
        made.set("name", name);
        made.put("nodeID", e.body.value("Node ID"));
        Some(made)
    };
    out.list("spec.drivers", drivers.into_iter().flat_map(Block::entries).filter_map(driver));
}
