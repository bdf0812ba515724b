//! Services with the endpoints that stand in their descriptions, `Endpoints`, `EndpointSlice`.

use super::json::{Obj, boolean, port};
use super::table::{cell, rows};
use super::tree::{Block, Entry, shown, split_key};
use serde_json::Value;

/// Fills a service; the endpoints that its description shows come back as an object of their own.
pub(super) fn service(root: Block<'_>, out: &mut Obj) -> Option<Value> {
    out.map("spec.selector", super::meta::listed(root.value("Selector").unwrap_or_default()));
    out.put("spec.type", root.value("Type"));
    let ip = root.get("IP").and_then(|e| match e.value() {
        "None" => Some("None"),
        other => shown(other),
    });
    out.put("spec.clusterIP", ip);
    out.put("spec.externalName", root.value("External Name"));
    out.put("spec.loadBalancerIP", root.value("Desired LoadBalancer IP"));
    out.put("spec.externalTrafficPolicy", root.value("External Traffic Policy"));
    out.put("spec.internalTrafficPolicy", root.value("Internal Traffic Policy"));
    out.put("spec.sessionAffinity", root.value("Session Affinity"));
    let list = |key| root.value(key).unwrap_or_default().split(',').filter_map(shown);
    out.list("spec.externalIPs", list("External IPs"));
    out.list("spec.ipFamilies", list("IP Families"));
    out.put("spec.ipFamilyPolicy", root.value("IP Family Policy"));
    out.put("spec.healthCheckNodePort", root.value("HealthCheck NodePort").and_then(super::json::number));
    out.list("status.loadBalancer.ingress", list("LoadBalancer Ingress").map(address_of_balancer));
    let (ports, subsets) = ports(root);
    let seen = !ports.is_empty() && root.has("Endpoints");
    out.list("spec.ports", ports);
    seen.then(|| endpoints_of(root, subsets)).flatten()
}

/// `1.2.3.4 (VIP)` or a host name.
pub(super) fn address_of_balancer(text: &str) -> Obj {
    let name = text.split_whitespace().next().unwrap_or_default();
    let mut out = Obj::new();
    let is_ip = name.parse::<std::net::IpAddr>().is_ok();
    out.set(if is_ip { "ip" } else { "hostname" }, name);
    out
}

fn endpoints_of(root: Block<'_>, subsets: Vec<Obj>) -> Option<Value> {
    let mut out = Obj::new();
    out.set("apiVersion", "v1");
    out.set("kind", "Endpoints");
    out.set("metadata.name", root.value("Name")?);
    out.put("metadata.namespace", root.value("Namespace"));
    out.list("subsets", subsets);
    out.set(super::DERIVED, "Service");
    Some(out.into())
}

/// The ports, each a `Port:` line with the lines after it up to the next one.
fn ports(root: Block<'_>) -> (Vec<Obj>, Vec<Obj>) {
    let mut ports: Vec<Obj> = Vec::new();
    let mut subsets: Vec<Subset<'_>> = Vec::new();
    let mut name = None;
    for entry in root.entries() {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        if key == "Port" {
            let mut made = Obj::new();
            name = named(value, &mut made, "port");
            made.put("name", name);
            ports.push(made);
        }
        let Some(last) = ports.last_mut() else { continue };
        match key {
            "TargetPort" => last.put("targetPort", value.split_once('/').and_then(|(p, _)| port(p))),
            "NodePort" => drop(named(value, last, "nodePort")),
            "AppProtocol" => last.put("appProtocol", shown(value)),
            "Endpoints" => add_subset(value, name, &mut subsets),
            _ => {}
        }
    }
    (ports, subsets.into_iter().map(subset).collect())
}

/// `http  80/TCP` or `<unset>  80/TCP`.
fn named<'a>(value: &'a str, out: &mut Obj, field: &str) -> Option<&'a str> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let (number, protocol) = words.last()?.split_once('/')?;
    out.put(field, number.parse::<u16>().ok());
    if field == "port" {
        out.put("protocol", shown(protocol));
    }
    words.first().filter(|_| words.len() > 1).and_then(|n| shown(n))
}

/// Addresses and the ports that all of them serve.
type Subset<'a> = (Vec<&'a str>, Vec<Obj>);

/// `10.0.0.1:80,10.0.0.2:80 + 1 more...`; ports with the same addresses belong together.
fn add_subset<'a>(value: &'a str, name: Option<&str>, subsets: &mut Vec<Subset<'a>>) {
    let list = value.split_once(" + ").map_or(value, |(list, _)| list);
    let mut addresses = Vec::new();
    let mut port = Obj::new();
    for item in list.split(',').filter_map(shown) {
        let (ip, number) = match item.rsplit_once(':') {
            Some((ip, number)) if ip.starts_with('[') || !ip.contains(':') => {
                (ip.trim_matches(['[', ']']), number.parse::<u16>().ok())
            }
            _ => (item, None),
        };
        if ip.parse::<std::net::IpAddr>().is_ok() {
            port.put("port", number);
            addresses.push(ip);
        }
    }
    if addresses.is_empty() {
        return;
    }
    if !port.is_empty() {
        port.put("name", name);
    }
    match subsets.iter_mut().find(|(known, _)| *known == addresses) {
        Some((_, ports)) => ports.push(port),
        None => subsets.push((addresses, vec![port])),
    }
}

fn subset((addresses, ports): Subset<'_>) -> Obj {
    let mut out = Obj::new();
    out.list("addresses", addresses.into_iter().map(address));
    out.list("ports", ports.into_iter().filter(|p| !p.is_empty()));
    out
}

fn address(ip: &str) -> Obj {
    let mut out = Obj::new();
    out.set("ip", ip);
    out
}

/// Fills an `Endpoints` object.
pub(super) fn endpoints(root: Block<'_>, out: &mut Obj) {
    let mut subsets: Vec<Obj> = Vec::new();
    for entry in root.body("Subsets").into_iter().flat_map(Block::entries) {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        let list = || value.split(',').filter_map(shown).map(address);
        if key == "Addresses" {
            subsets.push(Obj::new());
        }
        let Some(last) = subsets.last_mut() else { continue };
        match key {
            "Addresses" => last.list("addresses", list()),
            "NotReadyAddresses" => last.list("notReadyAddresses", list()),
            "Ports" => last.list("ports", port_table(entry.body)),
            _ => {}
        }
    }
    out.list("subsets", subsets);
}

fn port_table(block: Block<'_>) -> Vec<Obj> {
    let port = |row: &super::table::Row<'_>| {
        let mut out = Obj::new();
        out.put("name", cell(row, "Name"));
        out.put("port", cell(row, "Port").and_then(|p| p.parse::<u16>().ok()));
        out.put("protocol", cell(row, "Protocol"));
        out
    };
    rows(block.flat()).iter().map(port).filter(|p| !p.is_empty()).collect()
}

/// Fills an `EndpointSlice`.
pub(super) fn slice(root: Block<'_>, out: &mut Obj) {
    out.put("addressType", root.value("AddressType"));
    out.list("ports", root.body("Ports").map(port_table).unwrap_or_default());
    let entries: Vec<Entry<'_>> = root.body("Endpoints").into_iter().flat_map(Block::entries).collect();
    let mut endpoints: Vec<Obj> = Vec::new();
    for entry in &entries {
        let text = entry.line.text.trim_start_matches("- ");
        let Some((key, value)) = split_key(text) else { continue };
        if key != "Addresses" {
            continue;
        }
        let mut endpoint = Obj::new();
        endpoint.list("addresses", value.split(',').filter_map(shown));
        endpoint_fields(entry.body, root, &mut endpoint);
        endpoints.push(endpoint);
    }
    out.list("endpoints", endpoints);
}

fn endpoint_fields(block: Block<'_>, root: Block<'_>, out: &mut Obj) {
    let ready = block.body("Conditions").and_then(|c| c.value("Ready")).and_then(boolean);
    out.put("conditions.ready", ready);
    out.put("nodeName", block.value("NodeName"));
    out.put("zone", block.value("Zone"));
    if let Some((kind, name)) = block.value("TargetRef").and_then(|t| t.split_once('/')) {
        out.set("targetRef.kind", kind);
        out.set("targetRef.name", name);
        out.put("targetRef.namespace", root.value("Namespace"));
    }
}
