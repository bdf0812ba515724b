//! Ingresses: rules as a table of hosts, paths and backends.

use super::json::Obj;
use super::service::address_of_balancer as address;
use super::tree::{Block, cells, shown};

/// Fills an ingress.
pub(super) fn ingress(root: Block<'_>, out: &mut Obj) {
    out.put("spec.ingressClassName", root.value("Ingress Class"));
    let addresses = root.value("Address").unwrap_or_default().split(',').filter_map(shown);
    out.list("status.loadBalancer.ingress", addresses.map(address));
    // Old versions name the default backend of the controller where the ingress has none.
    let default = root.value("Default backend").filter(|d| !d.starts_with("default-http-backend:80"));
    out.put("spec.defaultBackend", default.and_then(backend));
    let tls = root.body("TLS").into_iter().flat_map(Block::flat).filter_map(|l| tls(l.text));
    out.list("spec.tls", tls);
    out.list("spec.rules", rules(root.body("Rules")));
}

fn tls(text: &str) -> Option<Obj> {
    let mut out = Obj::new();
    let hosts = if let Some(hosts) = text.strip_prefix("SNI routes") {
        hosts
    } else {
        let (secret, hosts) = text.split_once(" terminates")?;
        out.set("secretName", secret);
        hosts
    };
    out.list("hosts", hosts.split(',').filter_map(shown));
    Some(out)
}

/// A line with a host, then lines with a path and a backend.
fn rules(section: Option<Block<'_>>) -> Vec<Obj> {
    let mut out: Vec<(&str, Vec<Obj>)> = Vec::new();
    let lines = section.into_iter().flat_map(Block::flat).skip(1).filter(|l| !l.text.starts_with("--"));
    for line in lines {
        let cells: Vec<&str> = cells(line.text).into_iter().map(|c| c.1).collect();
        match cells.as_slice() {
            [host] if !host.contains(" (") => out.push((host, Vec::new())),
            // A catch-all row stands for the default backend.
            ["*", "*", ..] => {}
            [host, path, rest] => out.push((host, path_of(path, rest).into_iter().collect())),
            [path, rest] => {
                if let Some((_, paths)) = out.last_mut() {
                    paths.extend(path_of(path, rest));
                }
            }
            // A path of nothing.
            [rest] => {
                if let Some((_, paths)) = out.last_mut() {
                    paths.extend(path_of("", rest));
                }
            }
            _ => {}
        }
    }
    let rule = |(host, paths): (&str, Vec<Obj>)| {
        let mut rule = Obj::new();
        rule.put("host", Some(host).filter(|h| *h != "*"));
        rule.list("http.paths", paths);
        rule
    };
    out.into_iter().map(rule).filter(|r| !r.is_empty()).collect()
}

fn path_of(path: &str, rest: &str) -> Option<Obj> {
    let mut out = Obj::new();
    out.put("path", shown(path));
    out.set("backend", backend(rest)?);
    Some(out)
}

/// `web:80 (10.0.0.1:8080)`, `web:http (<error: endpoints "web" not found>)`, `APIGroup: …, Kind: …, Name: …`
fn backend(text: &str) -> Option<Obj> {
    let head = text.split_once(" (").map_or(text, |(head, _)| head).trim();
    if head.contains(' ') {
        return None;
    }
    let (name, number) = head.split_once(':')?;
    let mut out = Obj::new();
    out.set("service.name", shown(name)?);
    match number.parse::<u16>() {
        Ok(number) => out.set("service.port.number", number),
        Err(_) => out.put("service.port.name", shown(number)),
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};
    use serde_json::Value;

    #[test]
    fn rules_backends_and_certificates() {
        let text = "Name:             shop
Address:          10.0.0.9
Ingress Class:    nginx
Default backend:  web:http (<error: endpoints \"web\" not found>)
TLS:
  shop-tls terminates shop.io,www.shop.io
  SNI routes x.io
Rules:
  Host        Path  Backends
  ----        ----  --------
  shop.io
              /     web:80 (10.0.0.1:8080,10.0.0.2:8080 + 1 more...)
              /api  api:http (<none>)
  *
              /x   APIGroup: k8s.example.com, Kind: Bucket, Name: static
Annotations:  <none>
";
        let tree = Tree::new(lines(text));
        let mut out = Obj::new();
        ingress(tree.root(), &mut out);
        let out = Value::from(out);
        let spec = &out["spec"];
        assert_eq!(out["status"]["loadBalancer"]["ingress"][0]["ip"], "10.0.0.9");
        assert_eq!(spec["defaultBackend"]["service"]["port"]["name"], "http");
        assert_eq!(spec["tls"][0]["hosts"][1], "www.shop.io");
        let paths = &spec["rules"][0]["http"]["paths"];
        assert_eq!(paths[0]["backend"]["service"]["port"]["number"], 80);
        assert_eq!(paths[1]["path"], "/api");
        assert_eq!(spec["rules"].as_array().map(Vec::len), Some(1));
    }
}
