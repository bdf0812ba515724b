//! What chooses: label selectors, tolerations, taints, spreading.

use super::json::{Obj, leading, number};
use super::tree::{Entry, shown};
use serde_json::Value;

/// `app=web,tier in (a,b),!old` as `matchLabels` and `matchExpressions`.
pub(super) fn selector(text: &str) -> Option<Obj> {
    let mut out = Obj::new();
    let mut equal = Vec::new();
    let mut expressions = Vec::new();
    for term in terms(shown(text)?) {
        match expression(term) {
            Term::Equal(key, value) => equal.push((key, value)),
            Term::Other(expression) => expressions.push(expression),
            Term::Unclear => return None,
        }
    }
    out.map("matchLabels", equal);
    out.list("matchExpressions", expressions);
    Some(out)
}

/// Splits at commas outside brackets.
fn terms(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    })
    .map(str::trim)
    .filter(|t| !t.is_empty())
}

enum Term<'a> {
    Equal(&'a str, &'a str),
    Other(Obj),
    Unclear,
}

fn expression(term: &str) -> Term<'_> {
    let plain =
        |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let make = |key: &str, operator: &str, values: &str| {
        let mut out = Obj::new();
        out.set("key", key.trim());
        out.set("operator", operator);
        out.list(
            "values",
            values.trim_matches(['(', ')']).split(',').map(str::trim).filter(|v| !v.is_empty()),
        );
        Term::Other(out)
    };
    if let Some((key, values)) = term.split_once(" notin ").filter(|(key, _)| plain(key)) {
        return make(key, "NotIn", values);
    }
    if let Some((key, values)) = term.split_once(" in ").filter(|(key, _)| plain(key)) {
        return make(key, "In", values);
    }
    if let Some((key, value)) = term.split_once("!=").filter(|(key, _)| plain(key)) {
        return make(key, "NotIn", value);
    }
    match term.split_once('=') {
        Some((key, value)) if plain(key) => Term::Equal(key, value.trim_start_matches('=')),
        None => match term.strip_prefix('!') {
            Some(key) if plain(key) => make(key, "DoesNotExist", ""),
            None if plain(term) => make(term, "Exists", ""),
            _ => Term::Unclear,
        },
        Some(_) => Term::Unclear,
    }
}

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// `key=value:NoExecute op=Exists for 300s`, one a line.
pub(super) fn tolerations(entry: Option<Entry<'_>>) -> Vec<Value> {
    let items: Vec<&str> = entry.iter().flat_map(Entry::items).collect();
    items.into_iter().filter_map(toleration).map(Value::from).collect()
}

fn toleration(text: &str) -> Option<Obj> {
    let mut out = Obj::new();
    let mut words = text.split_whitespace();
    let head = words.next()?;
    if head != "op=Exists" {
        let mut parts = head.split(':');
        let (key, value) = parts.next().map(|p| p.split_once('=').unwrap_or((p, "")))?;
        out.put("key", shown(key));
        out.put("value", shown(value));
        for part in parts {
            let field = if EFFECTS.contains(&part) { "effect" } else { "operator" };
            out.put(field, shown(part));
        }
    }
    if text.split_whitespace().any(|w| w == "op=Exists") {
        out.set("operator", "Exists");
    }
    let seconds = text.rsplit_once("for ").map(|(_, s)| s.trim_end_matches('s')).and_then(number);
    out.put("tolerationSeconds", seconds);
    Some(out)
}

/// `key=value:NoSchedule`, one a line.
pub(super) fn taints(entry: Option<Entry<'_>>) -> Vec<Value> {
    let items: Vec<&str> = entry.iter().flat_map(Entry::items).collect();
    let taint = |item: &str| {
        let (head, effect) = item.rsplit_once(':')?;
        let effect = EFFECTS.iter().find(|e| **e == effect)?;
        let (key, value) = head.split_once('=').unwrap_or((head, ""));
        let mut out = Obj::new();
        out.set("key", key);
        out.put("value", shown(value));
        out.set("effect", *effect);
        Some(Value::from(out))
    };
    items.into_iter().filter_map(taint).collect()
}

/// `zone:DoNotSchedule when max skew 1 is exceeded for selector app=web`, one a line.
pub(super) fn spreading(entry: Option<Entry<'_>>) -> Vec<Value> {
    let items: Vec<&str> = entry.iter().flat_map(Entry::items).collect();
    let spread = |item: &str| {
        let (head, rest) = item.split_once(" when max skew ")?;
        let (key, when) = head.rsplit_once(':')?;
        let mut out = Obj::new();
        out.set("topologyKey", key);
        out.set("whenUnsatisfiable", when);
        out.set("maxSkew", leading(rest)?.0);
        out.put("labelSelector", rest.split_once(" for selector ").and_then(|(_, s)| selector(s)));
        Some(Value::from(out))
    };
    items.into_iter().filter_map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    #[test]
    fn selectors() {
        let found =
            selector("app=web,tier in (a,b),!old,new,zone notin (x)").map(Value::from).expect("selector");
        assert_eq!(found["matchLabels"]["app"], "web");
        let expressions = found["matchExpressions"].as_array().expect("list");
        let operators: Vec<_> = expressions.iter().map(|e| e["operator"].clone()).collect();
        assert_eq!(operators, ["In", "DoesNotExist", "Exists", "NotIn"]);
        assert_eq!(expressions[0]["values"][1], "b");
        assert!(selector("<none>").is_none());
        assert!(selector("Failed to get selector: x").is_none());
    }

    #[test]
    fn tolerations_taints_and_spreading() {
        let text = "Tolerations:  op=Exists\n              a=b:NoSchedule\n              node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\nTaints:  x:NoSchedule\n         k=v:NoExecute\nTopology Spread Constraints:  zone:DoNotSchedule when max skew 2 is exceeded for selector app=web\n";
        let tree = Tree::new(lines(text));
        let root = tree.root();
        let found = tolerations(root.get("Tolerations"));
        assert_eq!(found[0].to_string(), r#"{"operator":"Exists"}"#);
        assert_eq!(found[1]["value"], "b");
        assert_eq!(found[2]["tolerationSeconds"], 300);
        let found = taints(root.get("Taints"));
        assert_eq!(found[0]["key"], "x");
        assert_eq!(found[1]["effect"], "NoExecute");
        assert_eq!(spreading(root.get("Topology Spread Constraints"))[0]["maxSkew"], 2);
    }
}
