//! Faults that no manifest makes: a process stopped, a disk filled, credentials taken away. Each stands alone in the
//! cluster, with `shop.yaml` running in it, since it may bring down anything.

mod disk;
mod network;
mod process;

use crate::cluster::{Cluster, NODES};
use crate::control_plane::COMPONENTS;
use crate::fault::{Root, Settles, Symptom};
use crate::lab::repository;
use crate::node::Node;
use crate::wait::until;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The node that is broken.
pub const VICTIM: &str = "worker-1";

/// How long the right answer is waited for. What it took is told, and no run hangs on it: a machine may be busy.
pub const PATIENCE: Duration = Duration::from_mins(8);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Havoc {
    /// Its name.
    pub name: &'static str,
    /// The fault in words.
    pub says: &'static str,
    /// Whether it belongs to the short set.
    pub smoke: bool,
    /// The cause that must be named: any of these modes, and what its subject's name begins with.
    pub root: (&'static [&'static str], &'static str),
    /// Modes that may stand beside it.
    pub allowed: &'static [&'static str],
    /// What the API shows once it is there: list, pointer, expression. None: the API itself does not answer.
    pub until: &'static [(&'static str, &'static str, &'static str)],
    /// How long a healthy cluster may show the same, where it may: the id of the product's own span, and its seconds.
    pub settles: Option<(&'static str, u64)>,
    /// Puts it in.
    pub put_in: fn(&Cluster) -> Result<()>,
    /// Takes it out.
    pub take_out: fn(&Cluster) -> Result<()>,
}

/// All of them.
pub fn all() -> Vec<Havoc> {
    [process::ALL, disk::ALL, network::ALL].concat()
}

impl Havoc {
    /// Waits until the API shows it.
    pub fn wait(&self, api: &crate::api::Api) -> Result<()> {
        for (list, at, is) in self.until {
            let symptom =
                Symptom { list: (*list).into(), at: (*at).into(), is: (*is).into(), count: 1, within: 420 };
            symptom.wait(api, "shop").with_context(|| self.name)?;
        }
        Ok(())
    }

    /// How long a healthy cluster may show the same.
    pub fn settles(&self) -> Option<Settles> {
        self.settles.map(|(by, seconds)| Settles { by: by.to_owned(), seconds, after: 0 })
    }

    /// What a diagnosis must say.
    pub fn expect(&self) -> Value {
        let root =
            Root { mode: self.root.0.iter().map(ToString::to_string).collect(), name: self.root.1.into() };
        json!({"roots": [{"mode": root.mode, "name": root.name}], "allowed": self.allowed, "says": self.says})
    }
}

/// Runs what a cluster is for, and waits until it does.
pub fn open_shop(cluster: &Cluster) -> Result<()> {
    let manifest = std::fs::read_to_string(repository().join("e2e/shop.yaml"))?;
    cluster.api.apply(&manifest)?;
    wait_for_shop(cluster)
}

/// Waits until all nodes are Ready and under no pressure, and all of the shop is Ready.
pub fn wait_for_shop(cluster: &Cluster) -> Result<()> {
    cluster.api.wait_for_nodes(NODES.len(), Duration::from_mins(5))?;
    wait_for_no_pressure(cluster)?;
    until("the shop to be Ready", Duration::from_mins(7), || {
        let pods = cluster.api.list("/api/v1/namespaces/shop/pods")?;
        let ready =
            pods.iter().filter(|p| crate::api::is_ready(p) && p["metadata"]["deletionTimestamp"].is_null());
        let bad = pods.iter().any(|p| p["status"]["phase"] == "Pending");
        Ok((ready.count() >= 7 && !bad).then_some(()))
    })
}

/// Waits until no node is under pressure, nor tainted for it.
fn wait_for_no_pressure(cluster: &Cluster) -> Result<()> {
    let pressed = |n: &Value| {
        let conditions = n["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions
            .iter()
            .any(|c| c["type"].as_str().is_some_and(|t| t.ends_with("Pressure")) && c["status"] == "True")
    };
    until("the nodes to be under no pressure", Duration::from_mins(5), || {
        let nodes = cluster.api.list(NODE_LIST)?;
        Ok((!nodes.iter().any(|n| pressed(n) || n["spec"]["taints"].is_array())).then_some(()))
    })
}

/// Forgets what was said of the faults before, so that the next one stands alone: a node that went down three times within
/// the hour is one that flaps.
pub fn forget(cluster: &Cluster) -> Result<()> {
    for node in &cluster.nodes {
        ["kubelet", "containerd"].iter().try_for_each(|p| empty(&node.log(p)))?;
    }
    COMPONENTS.iter().try_for_each(|c| empty(&cluster.control_plane.log(c)))?;
    let failed = ["delete", "pods", "-n", "shop", "--field-selector=status.phase=Failed"];
    cluster.api.kubectl(&failed)?;
    let went_down = cluster.api.list(ALL_EVENTS)?.iter().any(|e| e["reason"] == "NodeNotReady");
    cluster.api.kubectl(&["delete", "events", "--all", "--all-namespaces"])?;
    if went_down { forget_counts(cluster) } else { Ok(()) }
}

/// Who wrote an event remembers how often, and writes that into the next of its kind: only a restart makes it forget.
fn forget_counts(cluster: &Cluster) -> Result<()> {
    const NAME: &str = "kube-controller-manager";
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{NAME}");
    let holder = || -> Result<Value> { Ok(cluster.api.get(&path)?["spec"]["holderIdentity"].clone()) };
    let before = holder()?;
    cluster.control_plane.process(NAME).stop()?;
    cluster.control_plane.start(NAME)?;
    until("the controller manager to lead again", Duration::from_mins(2), || {
        Ok((holder()? != before).then_some(()))
    })
}

fn empty(log: &Path) -> Result<()> {
    Ok(std::fs::File::options().write(true).open(log)?.set_len(0)?)
}

/// Waits until a pod of the shop has waited for a node so long that nobody would call it on its way.
fn wait_for_a_waiting_pod(cluster: &Cluster, seconds: i64) -> Result<()> {
    until("a pod to wait for a node", Duration::from_mins(2), || {
        let pods = cluster.api.list("/api/v1/namespaces/shop/pods")?;
        let made = |p: &&Value| p["metadata"]["creationTimestamp"].as_str()?.parse::<jiff::Timestamp>().ok();
        let waits =
            |p: &&Value| p["spec"]["nodeName"].is_null() && p["metadata"]["deletionTimestamp"].is_null();
        let oldest = pods.iter().filter(waits).filter_map(|p| made(&p)).min();
        Ok(oldest.filter(|at| jiff::Timestamp::now().as_second() - at.as_second() >= seconds))
    })
    .map(drop)
}

fn victim(cluster: &Cluster) -> Result<&Node> {
    cluster.node(VICTIM)
}

/// The victim with other settings: its kubelet starts again.
fn reconfigure(cluster: &Cluster, extra: &str) -> Result<()> {
    let node = Node { extra: extra.to_owned(), ..victim(cluster)?.clone() };
    node.kubelet().stop()?;
    node.start_kubelet()
}

/// A Deployment that wants to be on the victim.
fn on_victim(name: &str, replicas: u32, command: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 2
      nodeSelector: {{kubernetes.io/hostname: {VICTIM}}}
      containers:
      - name: {name}
        image: busybox:1.36
        command: [sh, -c, '{command}']
{more}"
    )
}

fn delete(cluster: &Cluster, what: &[&str]) -> Result<()> {
    cluster
        .api
        .kubectl(&[&["delete", "-n", "shop", "--ignore-not-found", "--wait=false"], what].concat())
        .map(drop)
}

const NODE_CONDITIONS: &str = "/status/conditions/*/message";
const NODE_LIST: &str = "/api/v1/nodes";
const POD_LIST: &str = "/api/v1/namespaces/{ns}/pods";
const EVENT_LIST: &str = "/api/v1/namespaces/{ns}/events";
const ALL_EVENTS: &str = "/api/v1/events";
