//! Renames only what two clusters cannot share when their captures are merged: namespaces, nodes and other cluster-wide
//! objects. All else keeps its name, so that an expectation that speaks of the start of a name stays true.

use crate::Capture;
use crate::capture::parse;
use regex::{Captures, Regex};
use serde_json::Value;
use std::collections::BTreeSet;

/// Kinds without a namespace whose objects are of one cluster alone.
const CLUSTER_WIDE: [&str; 5] =
    ["nodes", "persistentvolumes", "volumeattachments", "validatingwebhook", "mutatingwebhook"];

/// Names that mean the same in every cluster: by the folder of cluster-wide logs, the namespace that is there from the start,
/// the usual home of the ingress controller.
const SHARED: [&str; 3] = ["cluster", "default", "ingress-nginx"];

/// Fields that hold labels: their values are words of their own, though they may read like a namespace.
const LABELS: [&str; 3] = ["labels", "matchLabels", "selector"];

impl Capture {
    /// The same as it would look in a cluster that has other namespaces, nodes, volumes and uids. `tag` ends the new names.
    #[must_use]
    pub fn beside(self, tag: &str) -> Self {
        let names = Names::of(&self, tag);
        let files = self.into_files().into_iter().map(|(path, content)| {
            let text = String::from_utf8_lossy(&content).into_owned();
            let content = match parse(&path, text.as_bytes()) {
                Some(mut value) => {
                    names.walk(&mut value, "");
                    value.to_string()
                }
                None => names.text(&text),
            };
            (names.path(&path), content.into_bytes())
        });
        Self::from_files(files)
    }
}

impl Capture {
    /// The same, taken by somebody who also looked at the kinds that `other` looked at, and found none of them.
    #[must_use]
    pub fn looking_like(&self, other: &Self) -> Self {
        let kinds = |c: &Self| -> Value {
            c.file("capture.json").and_then(|t| parse("capture.json", t)).unwrap_or_default()
        };
        let mut mine = kinds(self);
        for (kind, status) in kinds(other)["kinds"].as_object().into_iter().flatten() {
            let seen = status == "ok" || status == "empty";
            if seen && mine["kinds"].get(kind).is_none_or(|s| s != "ok" && s != "empty") {
                mine["kinds"][kind] = "empty".into();
            }
        }
        let mut files = self.clone().into_files();
        files.retain(|path, _| !path.ends_with(".error"));
        files.insert("capture.json".to_owned(), mine.to_string().into_bytes());
        Self::from_files(files.into_iter())
    }
}

impl Capture {
    /// This capture of both clusters, told by somebody who saw only a part of every kind that one of the two had not looked at.
    #[must_use]
    pub fn seen_in_part(&self, a: &Self, b: &Self) -> Self {
        let manifest = |c: &Self| -> Value {
            c.file("capture.json").and_then(|t| parse("capture.json", t)).unwrap_or_default()
        };
        let looked = |m: &Value, kind: &str| m["kinds"].get(kind).is_some_and(|s| s == "ok" || s == "empty");
        let (a, b, mut both) = (manifest(a), manifest(b), manifest(self));
        for (kind, status) in both["kinds"].as_object_mut().into_iter().flatten() {
            if looked(&a, kind) != looked(&b, kind) {
                *status = "truncated".into();
            }
        }
        let mut files = self.clone().into_files();
        files.insert("capture.json".to_owned(), both.to_string().into_bytes());
        Self::from_files(files.into_iter())
    }
}

struct Names {
    token: Option<Regex>,
    common: Option<Regex>,
    backend: Option<Regex>,
    uid: Option<Regex>,
    address: Option<Regex>,
    tag: String,
}

impl Names {
    fn of(capture: &Capture, tag: &str) -> Self {
        let mut words = BTreeSet::new();
        for path in capture.names() {
            if let Some(("nodes", rest)) = path.split_once('/') {
                words.extend(rest.split('/').next().map(str::to_owned));
            }
            let Some(value) = capture.file(path).and_then(|c| parse(path, c)) else { continue };
            let own = CLUSTER_WIDE.iter().any(|k| path.starts_with(&format!("cluster/{k}")));
            for item in value["items"].as_array().into_iter().flatten() {
                let is_namespace = path.starts_with("cluster/namespaces");
                let name = item["metadata"]["name"].as_str().filter(|_| own || is_namespace);
                let namespace = item["metadata"]["namespace"].as_str();
                let node = item["spec"]["nodeName"].as_str();
                words.extend([name, namespace, node].into_iter().flatten().map(str::to_owned));
            }
        }
        words.retain(|w| !w.is_empty() && !SHARED.contains(&w.as_str()) && !w.starts_with("kube-"));
        let mut longest: Vec<&String> = words.iter().collect();
        longest.sort_by_key(|w| std::cmp::Reverse(w.len()));
        let any = longest.iter().map(|w| regex::escape(w)).collect::<Vec<_>>().join("|");
        let edge = "[^A-Za-z0-9-]";
        let token =
            if words.is_empty() { None } else { Regex::new(&format!("(^|{edge})({any})($|{edge})")).ok() };
        // nginx names a backend [namespace-service-port].
        let backend = (!words.is_empty()).then(|| Regex::new(&format!(r"(\[)({any})(-)")).ok()).flatten();
        let common = Regex::new(r"(^|[ /_.:])(default)(/|\)|_|\.svc)").ok();
        let uid = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").ok();
        let address = Regex::new(r"\b10\.(\d{1,3})\.(\d{1,3}\.\d{1,3})\b").ok();
        Self { address, backend, token, common, uid, tag: tag.to_owned() }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let ending = |c: &Captures<'_>| format!("{}{}{}{}", &c[1], &c[2], self.tag, &c[3]);
        if let Some(backend) = &self.backend {
            text = backend.replace_all(&text, ending).into_owned();
        }
        // Twice: neighbours share the character between them.
        for pattern in self.token.iter().chain(&self.common).cycle().take(4) {
            text = pattern.replace_all(&text, ending).into_owned();
        }
        let other = |c: &Captures<'_>| format!("e{}", &c[0][1..]);
        if let Some(uid) = &self.uid {
            text = uid.replace_all(&text, other).into_owned();
        }
        // Addresses of pods and Services; those that every cluster has (its API, its DNS) stay.
        let moved = |c: &Captures<'_>| match &c[0] {
            shared @ ("10.96.0.1" | "10.96.0.10") => shared.to_owned(),
            _ => format!("10.{}.{}", (c[1].parse::<u16>().unwrap_or_default() + 100) % 256, &c[2]),
        };
        self.address.as_ref().map_or(text.clone(), |a| a.replace_all(&text, moved).into_owned())
    }

    fn path(&self, path: &str) -> String {
        match path.split_once('/') {
            Some(("logs" | "nodes", _)) => self.text(path),
            _ => path.to_owned(),
        }
    }

    fn walk(&self, value: &mut Value, key: &str) {
        match value {
            Value::String(text) if key == "namespace" && text == "default" => text.push_str(&self.tag),
            Value::Object(labels) if LABELS.contains(&key) => {
                let named = |k: &String| k.ends_with("/hostname") || k.ends_with("/metadata.name");
                labels.iter_mut().filter(|(k, _)| named(k)).for_each(|(k, v)| self.walk(v, k));
            }
            Value::String(text) if !["kind", "apiVersion", "type", "reason", "phase"].contains(&key) => {
                *text = self.text(text);
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.walk(v, key)),
            Value::Object(fields) => fields.iter_mut().for_each(|(k, v)| self.walk(v, k)),
            _ => {}
        }
    }
}
