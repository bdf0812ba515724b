//! Rows of Services, Endpoints and Ingresses.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printService`, `formatEndpoints`, `printIngress`.

use super::{Row, pairs};
use serde_json::{Map, Value, json};

fn spec_and_status(spec: Map<String, Value>, status: Value) -> Map<String, Value> {
    [("spec".to_owned(), Value::Object(spec)), ("status".to_owned(), status)].into_iter().collect()
}

/// Addresses and host names as a load balancer's status holds them.
fn balancer(text: Option<&str>) -> Value {
    let entry = |a: &str| {
        let is_ip = a.contains(':') || a.split('.').all(|part| part.parse::<u8>().is_ok());
        if is_ip { json!({ "ip": a }) } else { json!({ "hostname": a }) }
    };
    let shown = text.unwrap_or_default().split(',').map(str::trim);
    let entries: Vec<Value> =
        shown.filter(|a| !a.is_empty() && !a.starts_with('<') && !a.contains("...")).map(entry).collect();
    json!({ "loadBalancer": { "ingress": entries } })
}

pub fn service(row: &Row<'_>) -> Map<String, Value> {
    let mut spec = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            spec.insert(name.to_owned(), value);
        }
    };
    let kind = row.get("TYPE");
    put("type", kind.map(|k| json!(k)));
    let external = row.get("EXTERNAL-IP");
    match kind {
        Some("ExternalName") => put("externalName", external.map(|e| json!(e))),
        _ => put(
            "clusterIP",
            row.any(&["CLUSTER-IP"])
                .or(Some("None").filter(|_| row.table.has("CLUSTER-IP") && kind == Some("ClusterIP")))
                .map(|c| json!(c)),
        ),
    }
    put("ports", row.get("PORT(S)").map(ports));
    put("selector", row.get("SELECTOR").map(pairs));
    let status = if kind == Some("LoadBalancer") { balancer(external) } else { json!({}) };
    spec_and_status(spec, status)
}

/// `80:30080/TCP,443/TCP`.
fn ports(text: &str) -> Value {
    let one = |part: &str| {
        let (numbers, protocol) = part.trim().split_once('/')?;
        let (port, node) = numbers.split_once(':').unwrap_or((numbers, ""));
        let mut port = json!({ "port": port.parse::<i32>().ok()?, "protocol": protocol });
        if let Ok(node) = node.parse::<i32>() {
            port["nodePort"] = json!(node);
        }
        Some(port)
    };
    text.split(',').filter_map(one).collect()
}

pub fn endpoints(row: &Row<'_>) -> Map<String, Value> {
    let shown = row.get("ENDPOINTS").unwrap_or_default();
    let shown = shown.split(" + ").next().unwrap_or(shown);
    let mut subsets: Vec<(i32, Vec<Value>)> = Vec::new();
    for (ip, port) in shown.split(',').filter_map(|e| e.trim().rsplit_once(':')) {
        let Ok(port) = port.parse::<i32>() else { continue };
        let address = json!({ "ip": ip.trim_matches(['[', ']']) });
        match subsets.iter_mut().find(|(p, _)| *p == port) {
            Some((_, addresses)) => addresses.push(address),
            None => subsets.push((port, vec![address])),
        }
    }
    let subsets: Vec<Value> = subsets
        .into_iter()
        .map(|(port, addresses)| json!({ "addresses": addresses, "ports": [{ "port": port }] }))
        .collect();
    [("subsets".to_owned(), Value::Array(subsets))].into_iter().collect()
}

pub fn ingress(row: &Row<'_>) -> Map<String, Value> {
    let mut spec = Map::new();
    if let Some(class) = row.get("CLASS") {
        spec.insert("ingressClassName".into(), json!(class));
    }
    let hosts = row.get("HOSTS").unwrap_or_default();
    let hosts = hosts.split(" + ").next().unwrap_or(hosts);
    let rules: Vec<Value> = hosts
        .split(',')
        .filter(|h| !h.is_empty())
        .map(|h| if h == "*" { json!({}) } else { json!({ "host": h }) })
        .collect();
    spec.insert("rules".into(), Value::Array(rules));
    spec_and_status(spec, balancer(row.get("ADDRESS")))
}
