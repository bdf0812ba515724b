//! `-l app=cart,tier!=db`: which pods and workloads have these labels.

use crate::Failure;
use anyhow::anyhow;
use kubecause_evidence::kube::Meta;
use kubecause_evidence::{Kind, Labels, Snapshot, Subject};

/// One requirement of a selector.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    /// The label has one of these values.
    In(String, Vec<String>),
    /// The label is missing or has none of these values.
    NotIn(String, Vec<String>),
    Has(String),
    HasNot(String),
}

impl Term {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let set = |rest: &str| -> Option<Vec<String>> {
            let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
            Some(inner.split(',').map(|v| v.trim().to_owned()).collect())
        };
        let key = |k: &str| {
            let k = k.trim();
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
            (!k.is_empty() && k.chars().all(sound)).then(|| k.to_owned())
        };
        if let Some((k, rest)) = text.split_once(" notin ") {
            return Some(Self::NotIn(key(k)?, set(rest)?));
        }
        if let Some((k, rest)) = text.split_once(" in ") {
            return Some(Self::In(key(k)?, set(rest)?));
        }
        if let Some((k, v)) = text.split_once("!=") {
            return Some(Self::NotIn(key(k)?, vec![v.trim().to_owned()]));
        }
        if let Some((k, v)) = text.split_once("==").or_else(|| text.split_once('=')) {
            return Some(Self::In(key(k)?, vec![v.trim().to_owned()]));
        }
        match text.strip_prefix('!') {
            Some(k) => key(k).map(Self::HasNot),
            None => key(text).map(Self::Has),
        }
    }

    fn matches(&self, labels: &Labels) -> bool {
        let among =
            |k: &String, values: &[String]| labels.get(k).is_some_and(|v| values.iter().any(|w| w == v));
        match self {
            Self::In(k, values) => among(k, values),
            Self::NotIn(k, values) => !among(k, values),
            Self::Has(k) => labels.get(k).is_some(),
            Self::HasNot(k) => labels.get(k).is_none(),
        }
    }
}

/// The requirements, split at commas that stand in no brackets.
fn parse(text: &str) -> Option<Vec<Term>> {
    let mut depth = 0_i32;
    let mut parts = vec![String::new()];
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| Term::parse(part)).collect()
}

/// The pods and workloads with such labels, in that namespace or in all. Pods whose workload is among them are left
/// to it.
pub fn find(snapshot: &Snapshot, text: &str, namespace: Option<&str>) -> Result<Vec<Subject>, Failure> {
    let terms = parse(text).ok_or_else(|| Failure::usage(anyhow!("{text:?} is no label selector")))?;
    let fits = |meta: &Meta| {
        namespace.is_none_or(|ns| meta.namespace.as_str() == ns)
            && terms.iter().all(|t| t.matches(&meta.labels))
    };
    let workloads =
        snapshot.workloads().filter(|w| fits(&w.metadata)).map(|w| w.metadata.subject(w.kind.kind()));
    let mut found: Vec<Subject> = workloads.collect();
    let pods =
        snapshot.pods.all().iter().filter(|p| fits(&p.metadata)).map(|p| p.metadata.subject(Kind::Pod));
    found.extend(pods.filter(|pod| !found.contains(&snapshot.top_owner(pod))).collect::<Vec<_>>());
    if found.is_empty() {
        return Err(Failure::usage(anyhow!("no pod and no workload has the labels {text}")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_kubectl_reads_them() {
        let labels: Labels = [("app", "cart"), ("tier", "web")].into_iter().collect();
        for (text, selected) in [
            ("app=cart", true),
            ("app==cart,tier!=db", true),
            ("app in (cart, db),tier", true),
            ("app notin (cart)", false),
            ("!app", false),
            ("!zone", true),
            ("zone!=a", true),
            ("app=shop", false),
        ] {
            let terms = parse(text).expect(text);
            assert_eq!(terms.iter().all(|t| t.matches(&labels)), selected, "{text}");
        }
        for text in ["", "a b", "=x", "a in x", ","] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
