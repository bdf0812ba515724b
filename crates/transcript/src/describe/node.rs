//! Nodes, and the lease that stands in the description of one.

use super::conditions::conditions;
use super::container::resources;
use super::json::{Obj, boolean};
use super::select::taints;
use super::time::absolute;
use super::tree::{Block, shown, split_key};
use serde_json::Value;

/// Fills a node; its lease comes back as an object of its own.
pub(super) fn node(root: Block<'_>, out: &mut Obj) -> Option<Value> {
    out.list("spec.taints", taints(root.get("Taints")));
    out.put("spec.unschedulable", root.value("Unschedulable").and_then(boolean).filter(|u| *u));
    out.put("spec.podCIDR", root.value("PodCIDR"));
    let cidrs = root.value("PodCIDRs").unwrap_or_default();
    out.list("spec.podCIDRs", cidrs.split(',').filter_map(shown));
    out.put("spec.providerID", root.value("ProviderID"));
    out.list("status.conditions", conditions(root.body("Conditions")));
    let addresses = root.body("Addresses").into_iter().flat_map(Block::entries);
    let address = |text: &str| {
        let (kind, address) = split_key(text)?;
        let mut out = Obj::new();
        out.set("type", kind);
        out.set("address", shown(address)?);
        Some(out)
    };
    out.list("status.addresses", addresses.filter_map(|e| address(e.line.text)));
    out.map("status.capacity", resources(root.body("Capacity")));
    out.map("status.allocatable", resources(root.body("Allocatable")));
    if let Some(info) = root.body("System Info") {
        system(info, out);
    }
    lease(root)
}

fn system(info: Block<'_>, out: &mut Obj) {
    for (key, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ] {
        out.put(&format!("status.nodeInfo.{field}"), info.value(key));
    }
}

fn lease(root: Block<'_>) -> Option<Value> {
    let block = root.body("Lease").filter(|b| !b.is_empty())?;
    let mut out = Obj::new();
    out.set("apiVersion", "coordination.k8s.io/v1");
    out.set("kind", "Lease");
    out.set("metadata.name", root.value("Name")?);
    out.set("metadata.namespace", "kube-node-lease");
    out.put("spec.holderIdentity", block.value("HolderIdentity"));
    let time = |key| block.value(key).and_then(absolute).map(|t| t.to_string());
    out.put("spec.acquireTime", time("AcquireTime"));
    out.put("spec.renewTime", time("RenewTime"));
    out.set(super::DERIVED, "Node");
    Some(out.into())
}
