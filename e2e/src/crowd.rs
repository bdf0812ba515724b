//! A large cluster without kubelets: the objects of a capture in a real API server.
//!
//! They go straight into etcd, as the API server keeps them, so that uids, owners, status and age are what the capture
//! says; through the API all would be young and without a status. All times are moved so that the capture was taken now.
//! No controller runs: nothing changes what was put in.

use crate::api::Api;
use crate::cluster::{self, READER};
use crate::control_plane::ControlPlane;
use crate::wait::until;
use crate::{Lab, assets};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// What etcd takes in one transaction by default: operations, and bytes with room for their wrapping.
const BATCH: (usize, usize) = (100, 700 << 10);

/// Starts etcd and an API server from nothing and fills them with a capture's objects. What an earlier cluster left is
/// cleared away. Returns how many objects went in.
pub fn fill(lab: &Lab, capture: &Path) -> Result<usize> {
    assets::provide(lab)?;
    cluster::down(lab)?;
    let control_plane = ControlPlane::of(lab);
    control_plane.prepare(&[])?;
    control_plane.start("etcd")?;
    control_plane.start("kube-apiserver")?;
    let api = Api::open(lab)?;
    until("the API server to be ready", Duration::from_mins(2), || api.text("/readyz").map(Some))?;
    api.apply(READER)?;
    let taken: Value = serde_json::from_slice(&std::fs::read(capture.join("capture.json"))?)?;
    let taken: Timestamp = taken["takenAt"].as_str().context("capture.json has no takenAt")?.parse()?;
    let later = Timestamp::now().duration_since(taken);
    let mut objects = 0;
    let mut etcd = Etcd::default();
    for entry in std::fs::read_dir(capture.join("cluster"))? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut list: Value =
            serde_json::from_slice(&std::fs::read(&path)?).with_context(|| path.display().to_string())?;
        let Value::Array(items) = list["items"].take() else { continue };
        let expected = items.len();
        for mut object in items {
            shift(&mut object, later);
            etcd.put(&key(&stem, &object)?, &object)?;
        }
        objects += expected;
    }
    etcd.flush()?;
    until("the API server to see them", Duration::from_mins(2), || {
        let all = api.get("/api/v1/pods?limit=1")?;
        Ok(all["items"][0].is_object().then_some(()))
    })?;
    Ok(objects)
}

/// Where the API server keeps an object (k8s.io/kubernetes pkg/registry: each kind's storage names its prefix; most are the
/// plural alone).
fn key(resource: &str, object: &Value) -> Result<String> {
    let plural = resource.split('.').next().unwrap_or(resource);
    let prefix = match plural {
        "nodes" => "minions",
        "services" => "services/specs",
        "endpoints" => "services/endpoints",
        "ingresses" => "ingress",
        "customresourcedefinitions" | "apiservices" => bail!("{plural} live in a server of their own"),
        other => other,
    };
    let meta = &object["metadata"];
    let name = meta["name"].as_str().context("an object without a name")?;
    Ok(match meta["namespace"].as_str() {
        Some(namespace) => format!("/registry/{prefix}/{namespace}/{name}"),
        None => format!("/registry/{prefix}/{name}"),
    })
}

/// Moves every time in an object.
fn shift(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(text) if text.ends_with('Z') => {
            if let Some(moved) = text.parse().ok().and_then(|t: Timestamp| t.checked_add(by).ok()) {
                // Only Leases and events keep microseconds; a time of whole seconds stays one.
                let digits = if text.contains('.') { 6 } else { 0 };
                *text = format!("{moved:.digits$}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| shift(v, by)),
        Value::Object(fields) => fields.values_mut().for_each(|v| shift(v, by)),
        _ => {}
    }
}

/// Puts keys through etcd's JSON gateway, many in one transaction.
#[derive(Default)]
struct Etcd {
    waiting: Vec<Value>,
    bytes: usize,
}

impl Etcd {
    fn put(&mut self, key: &str, object: &Value) -> Result<()> {
        let value = STANDARD.encode(object.to_string());
        self.bytes += value.len();
        self.waiting.push(json!({"requestPut": {"key": STANDARD.encode(key), "value": value}}));
        if self.waiting.len() >= BATCH.0 || self.bytes >= BATCH.1 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let body = json!({"success": std::mem::take(&mut self.waiting)}).to_string();
        self.bytes = 0;
        let mut stream = TcpStream::connect(("127.0.0.1", crate::lab::ETCD_PORT))?;
        write!(
            stream,
            "POST /v3/kv/txn HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if !answer.contains("\"succeeded\":true") {
            bail!("etcd: {}", answer.chars().take(400).collect::<String>());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_api_server() -> Result<()> {
        let pod = json!({"metadata": {"namespace": "a", "name": "b"}});
        assert_eq!(key("pods", &pod)?, "/registry/pods/a/b");
        assert_eq!(key("ingresses.networking.k8s.io", &pod)?, "/registry/ingress/a/b");
        assert_eq!(key("nodes", &json!({"metadata": {"name": "n"}}))?, "/registry/minions/n");
        assert!(key("pods", &json!({})).is_err());
        Ok(())
    }

    #[test]
    fn times_are_moved_and_nothing_else() {
        let mut object = json!({"at": "2026-01-01T00:00:00Z", "micro": "2026-01-01T00:00:00.000001Z", "name": "Z", "n": 1});
        shift(&mut object, SignedDuration::from_hours(1));
        let moved = json!({"at": "2026-01-01T01:00:00Z", "micro": "2026-01-01T01:00:00.000001Z", "name": "Z", "n": 1});
        assert_eq!(object, moved);
    }
}
