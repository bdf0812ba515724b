//! Rows of the kinds of which a table shows little: autoscalers, quotas, Secrets, namespaces, aggregated APIs.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printHorizontalPodAutoscaler`, `printResourceQuota`,
//! `printSecret`, `printNamespace`; kube-aggregator `pkg/registry/apiservice/rest`.

use super::Row;
use kubecause_evidence::Kind;
use serde_json::{Map, Value, json};

pub fn read(row: &Row<'_>, kind: &Kind) -> Map<String, Value> {
    let body = match kind {
        Kind::HorizontalPodAutoscaler => autoscaler(row),
        Kind::ResourceQuota => quota(row),
        Kind::Secret => row.get("TYPE").map(|t| json!({ "type": t })),
        Kind::Namespace => namespace(row),
        Kind::APIService => api_service(row),
        Kind::PriorityClass => Some(json!({
            "value": row.number("VALUE").unwrap_or_default(),
            "globalDefault": row.get("GLOBAL-DEFAULT") == Some("true"),
        })),
        Kind::IngressClass => row.get("CONTROLLER").map(|c| json!({ "spec": { "controller": c } })),
        _ => None,
    };
    match body {
        Some(Value::Object(body)) => body,
        _ => Map::new(),
    }
}

fn autoscaler(row: &Row<'_>) -> Option<Value> {
    let (kind, name) = row.get("REFERENCE")?.split_once('/')?;
    Some(json!({
        "spec": {
            "scaleTargetRef": { "kind": kind, "name": name },
            "minReplicas": row.number("MINPODS"),
            "maxReplicas": row.number("MAXPODS").unwrap_or_default(),
        },
        "status": { "currentReplicas": row.number("REPLICAS").unwrap_or_default() },
    }))
}

/// `pods: 3/3, requests.cpu: 1/2`: used and hard.
fn quota(row: &Row<'_>) -> Option<Value> {
    let (mut hard, mut used) = (Map::new(), Map::new());
    let shown = [row.get("REQUEST"), row.get("LIMIT")];
    for (resource, amounts) in
        shown.into_iter().flatten().flat_map(|t| t.split(',')).filter_map(|p| p.split_once(": "))
    {
        let (a, b) = amounts.trim().split_once('/')?;
        used.insert(resource.trim().to_owned(), json!(a));
        hard.insert(resource.trim().to_owned(), json!(b));
    }
    Some(json!({ "status": { "hard": hard, "used": used } }))
}

fn namespace(row: &Row<'_>) -> Option<Value> {
    let phase = row.get("STATUS")?;
    let deleting = (phase == "Terminating").then(|| row.around.ago(0));
    Some(json!({ "metadata": { "deletionTimestamp": deleting }, "status": { "phase": phase } }))
}

/// `False (MissingEndpoints)`.
fn api_service(row: &Row<'_>) -> Option<Value> {
    let (status, reason) = row.get("AVAILABLE").map(|a| a.split_once(" (").unwrap_or((a, "")))?;
    let mut body = json!({
        "status": { "conditions": [{ "type": "Available", "status": status, "reason": reason.trim_end_matches(')') }] },
    });
    if let Some((namespace, name)) = row.get("SERVICE").and_then(|s| s.split_once('/')) {
        body["spec"] = json!({ "service": { "namespace": namespace, "name": name } });
    }
    Some(body)
}
