//! Pods and pod templates.

use super::conditions::conditions;
use super::container::{containers, resources};
use super::json::{Obj, number};
use super::meta::{pairs, phase};
use super::select::{spreading, tolerations};
use super::time::absolute;
use super::tree::{Block, shown};
use super::volume::volumes;
use serde_json::Value;

/// Fills `spec` and `status` of a pod.
pub(super) fn pod(root: Block<'_>, out: &mut Obj) {
    let mut spec = Obj::new();
    spec_of(root, &mut spec);
    let mut status = Obj::new();
    if let Some((node, ip)) = root.value("Node").map(|n| n.split_once('/').unwrap_or((n, ""))) {
        spec.put("nodeName", shown(node));
        status.put("hostIP", shown(ip));
    }
    spec.put("priority", root.value("Priority").and_then(number));
    spec.put("runtimeClassName", root.value("Runtime Class Name"));
    spec.map("resources.limits", resources(root.body("Resources").and_then(|r| r.body("Limits"))));
    spec.map("resources.requests", resources(root.body("Resources").and_then(|r| r.body("Requests"))));
    status_of(root, &mut status);
    for (section, list, statuses) in [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        let (mut specs, found) = containers(root.body(section));
        if list == "initContainers" {
            sidecars(&mut specs, &found, is_initialized(root));
        }
        spec.list(list, specs);
        status.list(statuses, found);
    }
    if !spec.is_empty() {
        out.set("spec", spec);
    }
    if !status.is_empty() {
        out.set("status", status);
    }
}

fn status_of(root: Block<'_>, status: &mut Obj) {
    status.put("phase", phase(root));
    status.put("reason", root.value("Reason"));
    status.put("message", root.get("Message").map(|m| m.text()).filter(|m| shown(m).is_some()));
    status.put("podIP", root.value("IP"));
    let ips = root.body("IPs").into_iter().flat_map(Block::entries).filter_map(|e| shown(e.value()));
    let ip = |ip| {
        let mut out = Obj::new();
        out.set("ip", ip);
        out
    };
    status.list("podIPs", ips.map(ip));
    status.put("startTime", root.value("Start Time").and_then(absolute).map(|t| t.to_string()));
    status.put("nominatedNodeName", root.value("NominatedNodeName"));
    status.put("qosClass", root.value("QoS Class").or_else(|| root.value("QoS Tier")));
    status.list("conditions", conditions(root.body("Conditions")));
}

/// What pods and templates show alike.
fn spec_of(block: Block<'_>, spec: &mut Obj) {
    spec.put("serviceAccountName", block.value("Service Account"));
    // The key was one word before 1.15.
    let class = block.value("Priority Class Name").or_else(|| block.value("PriorityClassName"));
    spec.put("priorityClassName", class);
    spec.map("nodeSelector", pairs(block.get("Node-Selectors")));
    spec.list("tolerations", tolerations(block.get("Tolerations")));
    spec.list("topologySpreadConstraints", spreading(block.get("Topology Spread Constraints")));
    spec.list("volumes", volumes(block.body("Volumes")));
    let gates = block.body("Readiness Gates").into_iter().flat_map(Block::flat).skip(1);
    let gates = gates.filter_map(|l| {
        let mut out = Obj::new();
        out.set("conditionType", l.text.split_whitespace().next()?);
        Some(out)
    });
    spec.list("readinessGates", gates);
}

/// The `Pod Template:` of a workload.
pub(super) fn template(root: Block<'_>) -> Option<Obj> {
    let block = root.body("Pod Template")?;
    let mut out = Obj::new();
    out.map("metadata.labels", super::meta::labels(block));
    out.map("metadata.annotations", super::meta::annotations(block));
    let mut spec = Obj::new();
    spec_of(block, &mut spec);
    spec.list("initContainers", containers(block.body("Init Containers")).0);
    spec.list("containers", containers(block.body("Containers")).0);
    if !spec.is_empty() {
        out.set("spec", spec);
    }
    (!out.is_empty()).then_some(out)
}

fn is_initialized(root: Block<'_>) -> bool {
    conditions(root.body("Conditions")).iter().any(|c| c["type"] == "Initialized" && c["status"] == "True")
}

/// The printer does not show an init container's restart policy, yet only one that is restarted for as long as the pod runs can
/// be probed, be ready while it runs, or run when all of them are done.
fn sidecars(specs: &mut [Value], statuses: &[Value], initialized: bool) {
    for spec in specs {
        let probed =
            ["livenessProbe", "readinessProbe", "startupProbe"].iter().any(|p| spec.get(p).is_some());
        let status = statuses.iter().find(|s| s["name"] == spec["name"]);
        let running = status.is_some_and(|s| s["state"].get("running").is_some());
        let ready = status.is_some_and(|s| s["ready"] == true);
        if (probed || (running && (ready || initialized)))
            && let Some(map) = spec.as_object_mut()
        {
            map.insert("restartPolicy".to_owned(), "Always".into());
        }
    }
}
