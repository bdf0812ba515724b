//! Captures of made-up clusters of any size, with faults put into them and the truth beside them. The same numbers give the same
//! bytes; what is written is streamed, so that only the plan is kept in memory.
//!
//! Made up from what the API servers, kubelets and schedulers of real clusters write; knows nothing about how faults are found.

mod events;
mod fault;
mod logs;
mod nodes;
mod plan;
mod pods;
mod rng;
mod workloads;

pub use fault::{Fault, Injected};

use anyhow::{Context, Result};
use plan::{Plan, Runs, Workload};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// How large a cluster, with how many faults.
#[derive(Debug, Clone, Copy)]
pub struct Synth {
    /// How many nodes.
    pub nodes: usize,
    /// How many pods, about.
    pub pods: usize,
    /// How many faults.
    pub faults: usize,
    /// Other numbers give other names, sizes and faults.
    pub seed: u64,
    /// How many bytes of logs, about; with none there is an hour of some kubelets'.
    pub logs: u64,
}

impl Default for Synth {
    fn default() -> Self {
        Self { nodes: 20, pods: 500, faults: 0, seed: 1, logs: 0 }
    }
}

/// How many pods a node of a cluster has whose size is told in objects.
const PODS_A_NODE: usize = 30;
/// How many objects there are for a hundred pods, with their workloads, events, nodes and all that belongs to them.
const OBJECTS: usize = 393;

/// Kinds that were asked for, beside those that have a file.
const EMPTY: [&str; 15] = [
    "replicationcontrollers",
    "limitranges",
    "endpoints",
    "jobs.batch",
    "cronjobs.batch",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
    "ingresses.networking.k8s.io",
    "ingressclasses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "apiservices.apiregistration.k8s.io",
    "priorityclasses.scheduling.k8s.io",
    "runtimeclasses.node.k8s.io",
];

impl Synth {
    /// A cluster with about so many objects in all.
    pub fn of_objects(objects: usize) -> Self {
        let pods = (objects * 100 / OBJECTS).max(PODS_A_NODE);
        Self { nodes: pods / PODS_A_NODE, pods, ..Self::default() }
    }

    /// Writes a plain capture into a folder, with `expect.json`, and returns what is wrong in it.
    ///
    /// # Errors
    /// Where the folder cannot be written, or the faults do not fit into the cluster.
    pub fn write(&self, folder: &Path) -> Result<Vec<Injected>> {
        let plan = Plan::new(self.nodes, self.pods, self.faults, self.seed)?;
        std::fs::create_dir_all(folder.join("cluster")).context(folder.display().to_string())?;
        let mut kinds = serde_json::Map::new();
        for (resource, write) in LISTS {
            let mut list = List::create(&folder.join("cluster").join(format!("{resource}.json")))?;
            write(&plan, &mut list);
            let any = list.finish()?;
            kinds.insert((*resource).to_owned(), json!(if any { "ok" } else { "empty" }));
        }
        kinds.extend(EMPTY.iter().map(|kind| ((*kind).to_owned(), json!("empty"))));
        let capture = json!({"schema": "plain-capture/v1", "takenAt": Plan::ago(0), "by": "kubecause synth", "kinds": kinds});
        std::fs::write(folder.join("capture.json"), format!("{capture:#}\n"))?;
        std::fs::write(
            folder.join("cluster/version.json"),
            "{\"serverVersion\":{\"gitVersion\":\"v1.34.2\"}}\n",
        )?;
        for number in nodes::logged(&plan) {
            let folder = folder.join("nodes").join(Plan::node(number));
            std::fs::create_dir_all(&folder)?;
            let mut log = BufWriter::new(File::create(folder.join("kubelet.log"))?);
            nodes::kubelet_log(&plan, number, &mut log)?;
            log.flush()?;
        }
        if self.logs > 0 {
            logs::write(&plan, self.logs, folder)?;
        }
        self.truth(&plan, folder)?;
        Ok(plan.faults)
    }

    fn truth(&self, plan: &Plan, folder: &Path) -> Result<()> {
        let root = |injected: &Injected| {
            let want = injected.want();
            json!({"mode": want.mode, "name": want.name, "namespace": want.namespace})
        };
        let says: Vec<String> = plan.faults.iter().map(ToString::to_string).collect();
        let expect = json!({"roots": plan.faults.iter().map(root).collect::<Vec<_>>(), "allowed": [],
            "says": says.join("; "), "source": format!("cargo xtask synth --nodes {} --pods {} --faults {} --seed {}",
                self.nodes, self.pods, self.faults, self.seed)});
        std::fs::write(folder.join("expect.json"), format!("{expect:#}\n"))?;
        Ok(())
    }
}

/// A file of objects, written one at a time. An error is kept until the end.
struct List {
    out: BufWriter<File>,
    any: bool,
    failed: Result<()>,
}

impl List {
    fn create(path: &Path) -> Result<Self> {
        let mut out =
            BufWriter::with_capacity(1 << 20, File::create(path).context(path.display().to_string())?);
        out.write_all(
            b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"\"},\"items\":[",
        )?;
        Ok(Self { out, any: false, failed: Ok(()) })
    }

    fn put(&mut self, object: Value) {
        if self.failed.is_ok() {
            let between: &[u8] = if self.any { b",\n" } else { b"\n" };
            self.any = true;
            self.failed = self
                .out
                .write_all(between)
                .map_err(Into::into)
                .and_then(|()| Ok(serde_json::to_writer(&mut self.out, &object)?));
        }
    }

    fn all(&mut self, objects: impl IntoIterator<Item = Value>) {
        objects.into_iter().for_each(|o| self.put(o));
    }

    fn finish(mut self) -> Result<bool> {
        self.failed?;
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()?;
        Ok(self.any)
    }
}

type Write1 = fn(&Plan, &mut List);

/// The files of objects.
const LISTS: &[(&str, Write1)] = &[
    ("nodes", |plan, list| list.all((0..plan.nodes).map(|n| nodes::object(plan, n)))),
    ("namespaces", |plan, list| list.all(namespaces(plan).map(|ns| namespace(plan, ns)))),
    ("serviceaccounts", |plan, list| {
        list.all(namespaces(plan).map(|ns| named(plan, ns, "ServiceAccount", "default")));
    }),
    ("configmaps", |plan, list| {
        list.all(namespaces(plan).map(|ns| named(plan, ns, "ConfigMap", "kube-root-ca.crt")));
        list.all(owners(plan, Runs::StatefulSet).map(|w| named(plan, &w.namespace, "ConfigMap", &w.name)));
    }),
    ("resourcequotas", |plan, list| list.all(full(plan).map(|w| quota(plan, w)))),
    ("deployments.apps", |plan, list| {
        list.all(owners(plan, Runs::Deployment).map(|w| workloads::object(plan, w)));
    }),
    ("statefulsets.apps", |plan, list| {
        list.all(owners(plan, Runs::StatefulSet).map(|w| workloads::object(plan, w)));
    }),
    ("daemonsets.apps", |plan, list| {
        list.all(owners(plan, Runs::DaemonSet).map(|w| workloads::object(plan, w)));
    }),
    ("replicasets.apps", |plan, list| {
        list.all(plan.workloads.iter().flat_map(|w| workloads::replica_sets(plan, w)));
    }),
    ("services", |plan, list| list.all(served(plan).map(|w| workloads::service(plan, w)))),
    ("endpointslices.discovery.k8s.io", |plan, list| {
        list.all(served(plan).flat_map(|w| workloads::slices(plan, w)));
    }),
    ("pods", |plan, list| {
        for workload in &plan.workloads {
            list.all(plan.pods(workload).map(|p| pods::object(plan, workload, &p)));
        }
    }),
    ("events", |plan, list| {
        (0..plan.nodes).for_each(|n| events::of_node(plan, n, |e| list.put(e)));
        plan.workloads.iter().for_each(|w| events::of_workload(plan, w, |e| list.put(e)));
    }),
    ("persistentvolumeclaims", |plan, list| {
        list.all(plan.workloads.iter().flat_map(|w| workloads::claims(plan, w)).map(|c| c.0));
    }),
    ("persistentvolumes", |plan, list| {
        list.all(plan.workloads.iter().flat_map(|w| workloads::claims(plan, w)).filter_map(|c| Some(c.1?.0)));
    }),
    ("volumeattachments.storage.k8s.io", |plan, list| {
        list.all(plan.workloads.iter().flat_map(|w| workloads::claims(plan, w)).filter_map(|c| Some(c.1?.1)));
    }),
    ("storageclasses.storage.k8s.io", |plan, list| {
        list.put(json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                "uid": plan.uid("StorageClass", "", "standard")},
            "provisioner": "disk.csi.example.com", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}));
    }),
    ("csidrivers.storage.k8s.io", |plan, list| {
        list.put(
            json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "spec": {"attachRequired": true},
            "metadata": {"name": "disk.csi.example.com", "uid": plan.uid("CSIDriver", "", "disk")}}),
        );
    }),
    ("csinodes.storage.k8s.io", |plan, list| list.all((0..plan.nodes).map(|n| csi_node(plan, n)))),
    ("leases.coordination.k8s.io", |plan, list| {
        for component in ["kube-scheduler", "kube-controller-manager"] {
            list.put(nodes::lease(plan, "kube-system", component, "control-plane-1"));
        }
        list.all(
            (0..plan.nodes).map(|n| nodes::lease(plan, "kube-node-lease", &Plan::node(n), &Plan::node(n))),
        );
    }),
];

fn namespaces(plan: &Plan) -> impl Iterator<Item = &str> {
    let system = ["default", "kube-system", "kube-public", "kube-node-lease"];
    system.into_iter().chain(plan.namespaces.iter().map(String::as_str))
}

fn owners(plan: &Plan, runs: Runs) -> impl Iterator<Item = &Workload> {
    plan.workloads.iter().filter(move |w| w.runs == runs)
}

fn served(plan: &Plan) -> impl Iterator<Item = &Workload> {
    plan.workloads.iter().filter(|w| w.runs != Runs::DaemonSet)
}

fn full(plan: &Plan) -> impl Iterator<Item = &Workload> {
    plan.workloads.iter().filter(|w| w.fault == Some(Fault::QuotaFull))
}

fn namespace(plan: &Plan, name: &str) -> Value {
    let mut meta = workloads::meta(plan, "Namespace", "", name, 200 * 86_400);
    meta["labels"] = json!({"kubernetes.io/metadata.name": name});
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"}})
}

fn named(plan: &Plan, namespace: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": workloads::meta(plan, kind, namespace, name, 200 * 86_400)})
}

fn quota(plan: &Plan, workload: &Workload) -> Value {
    let pods = events::quota(plan, &workload.namespace).to_string();
    let meta = workloads::meta(plan, "ResourceQuota", &workload.namespace, "team", 200 * 86_400);
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": {"pods": pods}},
        "status": {"hard": {"pods": pods}, "used": {"pods": pods}}})
}

fn csi_node(plan: &Plan, number: usize) -> Value {
    let name = Plan::node(number);
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": workloads::meta(plan, "CSINode", "", &name, 60 * 86_400),
        "spec": {"drivers": [{"name": "disk.csi.example.com", "nodeID": name, "allocatable": {"count": 500}}]}})
}
