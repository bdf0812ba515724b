//! The whole cluster: up, down, and the ways to it.

use crate::api::Api;
use crate::control_plane::{COMPONENTS, ControlPlane};
use crate::node::Node;
use crate::wait::until;
use crate::{Lab, assets, image};
use anyhow::{Result, bail};
use std::time::Duration;

/// Its nodes.
pub const NODES: [&str; 2] = ["worker-1", "worker-2"];
/// `kubecause` may read, and nothing else: what the harness's user for it is bound to.
pub const READER: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: kubecause-reader}
rules:
- {apiGroups: ['*'], resources: ['*'], verbs: [get, list, watch]}
- {nonResourceURLs: ['*'], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubecause-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubecause-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'kubecause:readers'}]
";

/// A cluster, running or not.
#[derive(Debug)]
pub struct Cluster {
    /// Its folders.
    pub lab: Lab,
    /// Its control plane.
    pub control_plane: ControlPlane,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// The way to its API.
    pub api: Api,
}

impl Cluster {
    /// Starts one from nothing and waits until its nodes are Ready. What an earlier one left is cleared away.
    pub fn up(lab: &Lab) -> Result<Self> {
        if let Some(what) = assets::missing() {
            bail!(what);
        }
        assets::provide(lab)?;
        image::make_all(lab)?;
        down(lab)?;
        let control_plane = ControlPlane::of(lab);
        control_plane.prepare(&NODES)?;
        control_plane.start("etcd")?;
        control_plane.start("kube-apiserver")?;
        let cluster = Self::attach(lab)?;
        cluster.wait_for_api(Duration::from_mins(2))?;
        control_plane.start("kube-controller-manager")?;
        control_plane.start("kube-scheduler")?;
        for node in &cluster.nodes {
            node.start()?;
        }
        cluster.api.apply(READER)?;
        cluster.api.wait_for_nodes(NODES.len(), Duration::from_mins(3))?;
        until("the default service account", Duration::from_mins(1), || {
            cluster.api.get("/api/v1/namespaces/default/serviceaccounts/default").map(Some)
        })?;
        Ok(cluster)
    }

    /// The one that runs.
    pub fn attach(lab: &Lab) -> Result<Self> {
        Ok(Self {
            lab: lab.clone(),
            control_plane: ControlPlane::of(lab),
            nodes: nodes(lab),
            api: Api::open(lab)?,
        })
    }

    /// Waits until the API server says that it is ready.
    pub fn wait_for_api(&self, limit: Duration) -> Result<()> {
        until("the API server to be ready", limit, || self.api.text("/readyz").map(Some)).map(drop)
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> Result<&Node> {
        match self.nodes.iter().find(|n| n.name == name) {
            Some(node) => Ok(node),
            None => bail!("no node {name}"),
        }
    }
}

fn nodes(lab: &Lab) -> Vec<Node> {
    (1..).zip(NODES).map(|(number, _)| Node::of(lab, number)).collect()
}

/// Ends everything that a lab runs, and clears what it wrote but programs, images and keys.
pub fn down(lab: &Lab) -> Result<()> {
    for node in nodes(lab) {
        node.clear()?;
    }
    let control_plane = ControlPlane::of(lab);
    for component in COMPONENTS.iter().rev() {
        control_plane.process(component).stop()?;
    }
    let _ = std::fs::remove_dir_all(lab.control_plane());
    Ok(())
}
