//! What was asked, and which resource a path names.

use kubecause_evidence::plural_to_kind;
use std::collections::BTreeMap;

/// One request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// What form of answer was asked for.
    pub accept: String,
    /// How often that path was asked before, whatever the query.
    pub before: usize,
}

impl Seen {
    /// A request, as its first line tells it.
    pub(super) fn parse(method: String, target: &str, accept: String) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |p: &str| {
            let (k, v) = p.split_once('=').unwrap_or((p, ""));
            (k.to_owned(), decoded(v))
        };
        let query = query.split('&').filter(|p| !p.is_empty()).map(pair).collect();
        Self { method, path: path.to_owned(), query, accept, before: 0 }
    }

    /// The resource that a list or a watch is of: `pods`, `deployments.apps`.
    pub fn resource(&self) -> Option<String> {
        List::of(&self.path).map(|list| list.resource)
    }

    /// Whether a list or a watch is of one namespace.
    pub fn namespace(&self) -> Option<String> {
        List::of(&self.path)?.namespace
    }

    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.query.get("watch").is_some_and(|w| w == "1" || w == "true")
    }
}

/// What a path lists.
pub(super) struct List {
    pub resource: String,
    pub kind: String,
    pub api_version: String,
    pub namespace: Option<String>,
}

impl List {
    pub fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", "v1", rest @ ..] => ("", "v1", rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (plural, namespace) = match rest {
            ["namespaces", namespace, plural] => (*plural, Some((*namespace).to_owned())),
            [plural] => (*plural, None),
            _ => return None,
        };
        let (resource, api_version) = if group.is_empty() {
            (plural.to_owned(), version.to_owned())
        } else {
            (format!("{plural}.{group}"), format!("{group}/{version}"))
        };
        Some(Self { kind: plural_to_kind(plural)?.to_string(), resource, api_version, namespace })
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let hex: String =
            if b == b'%' { bytes.by_ref().take(2).map(char::from).collect() } else { String::new() };
        out.push(u8::from_str_radix(&hex, 16).unwrap_or(b));
    }
    String::from_utf8_lossy(&out).into_owned()
}
