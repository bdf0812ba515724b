//! Network policies, told in sentences: `Allowing ingress traffic:`, `To Port: 80/TCP`, `From:`.

use super::json::{Obj, number, port};
use super::select::selector;
use super::tree::{Block, Entry, shown, split_key};

/// Fills a network policy.
pub(super) fn policy(root: Block<'_>, out: &mut Obj) {
    let Some(spec) = root.body("Spec") else { return };
    if let Some(selected) = spec.get("PodSelector") {
        out.set("spec.podSelector", chosen(selected.value()));
    }
    let types = spec.value("Policy Types").or_else(|| spec.value("Policy types")).unwrap_or_default();
    out.list("spec.policyTypes", types.split(',').filter_map(shown));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let allowing = |e: &Entry<'_>| e.line.text.starts_with(&format!("Allowing {direction} traffic"));
        let section = spec.entries().find(allowing).map(|e| e.body);
        out.list(&format!("spec.{direction}"), section.map(|s| rules(s, peers)).unwrap_or_default());
    }
}

/// `<none>` chooses everything.
fn chosen(text: &str) -> Obj {
    if text.starts_with("<none>") { Obj::new() } else { selector(text).unwrap_or_default() }
}

fn rules(section: Block<'_>, peers: &str) -> Vec<Obj> {
    let mut out: Vec<(Vec<Obj>, Vec<Obj>)> = Vec::new();
    for entry in section.entries() {
        let text = entry.line.text;
        if text.starts_with("<none>") {
            return Vec::new();
        }
        if out.is_empty() || text.starts_with("---") {
            out.push((Vec::new(), Vec::new()));
        }
        let (Some((ports, found)), Some((key, value))) = (out.last_mut(), split_key(text)) else { continue };
        match key {
            "To Port" | "To Port Range" => ports.extend(port_of(value)),
            "From" | "To" if value.is_empty() => found.push(peer(entry.body)),
            _ => {}
        }
    }
    let rule = |(ports, found): (Vec<Obj>, Vec<Obj>)| {
        let mut rule = Obj::new();
        rule.list("ports", ports);
        rule.list(peers, found);
        rule
    };
    out.into_iter().map(rule).collect()
}

/// `80/TCP`, `8000-8100/TCP`, `<any> (traffic allowed to all ports)`.
fn port_of(value: &str) -> Option<Obj> {
    let (number_or_name, protocol) = value.split_once('/').filter(|_| !value.starts_with("<any>"))?;
    let mut out = Obj::new();
    match number_or_name.rsplit_once('-').filter(|(a, b)| number(a).is_some() && number(b).is_some()) {
        Some((first, last)) => {
            out.put("port", port(first));
            out.put("endPort", number(last));
        }
        None => out.put("port", port(number_or_name)),
    }
    out.put("protocol", shown(protocol));
    Some(out)
}

fn peer(block: Block<'_>) -> Obj {
    let mut out = Obj::new();
    for (key, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
        if let Some(entry) = block.get(key) {
            out.set(field, chosen(entry.value()));
        }
    }
    if let Some(range) = block.body("IPBlock") {
        out.put("ipBlock.cidr", range.value("CIDR"));
        let except = range.value("Except").unwrap_or_default();
        out.list("ipBlock.except", except.split(',').filter_map(shown));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};
    use serde_json::Value;

    #[test]
    fn a_policy_in_sentences() {
        let text = "Spec:
  PodSelector:     app=db
  Allowing ingress traffic:
    To Port: 6379/TCP
    To Port Range: 8000-8100/TCP
    From:
      NamespaceSelector: team=a
      PodSelector: <none>
    From:
      IPBlock:
        CIDR: 172.17.0.0/16
        Except: 172.17.1.0/24, 172.17.2.0/24
    ----------
    To Port: <any> (traffic allowed to all ports)
    From: <any> (traffic not restricted by source)
  Allowing egress traffic:
    <none> (Selected pods are isolated for egress connectivity)
  Policy Types: Ingress, Egress
";
        let tree = Tree::new(lines(text));
        let mut out = Obj::new();
        policy(tree.root(), &mut out);
        let spec = &Value::from(out)["spec"];
        assert_eq!(spec["podSelector"]["matchLabels"]["app"], "db");
        assert_eq!(spec["ingress"].as_array().map(Vec::len), Some(2));
        assert_eq!(spec["ingress"][0]["ports"][1]["endPort"], 8100);
        assert_eq!(spec["ingress"][0]["from"][0]["podSelector"].to_string(), "{}");
        assert_eq!(spec["ingress"][0]["from"][1]["ipBlock"]["except"][1], "172.17.2.0/24");
        assert_eq!(spec["ingress"][1].to_string(), "{}");
        assert!(spec.get("egress").is_none());
        assert_eq!(spec["policyTypes"][1], "Egress");
    }
}
