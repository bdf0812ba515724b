//! `kubectl describe`, read back into the objects that it describes and the events that it lists.
//!
//! A description is written for people and differs between versions of kubectl (1.8 to today are known); all that they share is
//! indentation, `Key:   value` and tables. So it is read as a tree of lines, and each kind takes from it what it knows. What is
//! not shown stays absent; `<none>`, `<unset>`, `<unknown>` and masked values count as not shown.
//!
//! Source of the forms: `pkg/describe` of kubernetes/kubectl, before 1.16 `pkg/printers/internalversion/describe.go` of
//! kubernetes/kubernetes. Does not know which command printed the text beyond what it is told, nor other objects.

mod conditions;
mod config;
mod container;
mod events;
mod generic;
mod indent;
mod ingress;
mod json;
mod kind;
mod limits;
mod meta;
mod node;
mod pod;
mod policy;
mod probe;
mod select;
mod service;
mod split;
mod storage;
mod table;
mod time;
mod tree;
mod volume;
mod workload;

pub use time::{moment, stamps};

use events::About;
use jiff::Timestamp;
use json::Obj;
use serde_json::Value;
use split::Part;
use std::collections::BTreeSet;

/// A field that marks an object of which only a part was shown in the description of another. The API has no such field.
pub const DERIVED: &str = "derivedFrom";

/// What the command says that printed a description, for what the description itself may lack.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The kind, as the command writes it: `pods`, `deploy`, `Deployment`.
    pub kind: Option<&'a str>,
    /// The namespace after `-n`.
    pub namespace: Option<&'a str>,
    /// The name, where it names one object.
    pub name: Option<&'a str>,
}

/// The objects of a description, with their events as objects of kind `Event`, in the API's JSON form.
///
/// `asked_kind` is the kind that the command names, if it names one; `taken_at` is when the text was printed, from which ages
/// count back (see [`moment`]).
pub fn read(text: &str, asked_kind: Option<&str>, taken_at: Timestamp) -> Vec<Value> {
    read_asked(text, Asked { kind: asked_kind, ..Asked::default() }, taken_at)
}

/// Like [`read`], with all that the command says. A text whose beginning was cut off is about the object that was asked for.
pub fn read_asked(text: &str, asked: Asked<'_>, taken_at: Timestamp) -> Vec<Value> {
    let text = crate::wrap::unbroken(text, indent::begins_field);
    let parts = split::parts(&text);
    let mut all: Vec<Value> = parts.iter().flat_map(|part| object(part, asked, taken_at)).collect();
    only_the_fuller(&mut all);
    all
}

/// What another object's description shows of an object gives way to a description of its own.
fn only_the_fuller(all: &mut Vec<Value>) {
    let key = |o: &Value| {
        let meta = &o["metadata"];
        (o["kind"].to_string(), meta["namespace"].to_string(), meta["name"].to_string())
    };
    let derived: BTreeSet<_> = all.iter().filter(|o| o.get(DERIVED).is_some()).map(key).collect();
    let own = all.iter().filter(|o| o.get(DERIVED).is_none()).map(key);
    let twice: BTreeSet<_> = own.filter(|k| derived.contains(k)).collect();
    all.retain(|o| o.get(DERIVED).is_none() || !twice.contains(&key(o)));
}

fn object(part: &Part<'_>, asked: Asked<'_>, taken_at: Timestamp) -> Vec<Value> {
    let root = part.tree.root();
    let asked_kind = asked.kind.map(kind::canonical);
    let recognised = if part.data.is_empty() {
        kind::recognise(root)
    } else {
        Some(if root.has("Type") { "Secret" } else { "ConfigMap" })
    };
    let from_events = || kind::of_events(&part.events);
    let Some(kind) = recognised.or(asked_kind.as_deref()).or_else(from_events) else { return Vec::new() };
    let Some(name) = root.value("Name").or(asked.name) else { return Vec::new() };
    let namespace = root.value("Namespace").or(asked.namespace.filter(|_| !kind::is_cluster_wide(kind)));

    let mut out = meta::meta(root, kind, taken_at);
    out.set("metadata.name", name);
    out.put("metadata.namespace", namespace);
    let others = fill(kind, part, &mut out);
    // A text that begins with the events says nothing of the object itself; one that was cut out of a node's may hold its conditions.
    let cut = kind == "Node" && !root.has("Name") && root.has("Conditions");
    if cut {
        out.set("metadata.kubecausePartial", true);
    }
    let described = root.has("Name") || cut;
    let mut all: Vec<Value> = described.then(|| out.into()).into_iter().collect();
    all.extend(others);
    all.extend(events::events(&part.events, About { kind, namespace, name }, taken_at));
    all
}

/// Fills the object; other objects that its description shows come back.
fn fill(kind: &str, part: &Part<'_>, out: &mut Obj) -> Vec<Value> {
    let root = part.tree.root();
    if root.has("API Version") && root.has("Kind") {
        generic::generic(root, out);
        return Vec::new();
    }
    match kind {
        "Pod" => pod::pod(root, out),
        "Node" => return node::node(root, out).into_iter().collect(),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" | "Job" => {
            workload::workload(kind, root, out);
        }
        "CronJob" => workload::cron(root, out),
        "Service" => return service::service(root, out).into_iter().collect(),
        "Endpoints" => service::endpoints(root, out),
        "EndpointSlice" => service::slice(root, out),
        "Ingress" => ingress::ingress(root, out),
        "IngressClass" => out.put("spec.controller", root.value("Controller")),
        "NetworkPolicy" => policy::policy(root, out),
        "PersistentVolumeClaim" => storage::claim(root, out),
        "PersistentVolume" => storage::volume(root, out),
        "StorageClass" => storage::class(root, out),
        "CSINode" => storage::csi_node(root, out),
        "HorizontalPodAutoscaler" => limits::autoscaler(root, out),
        "ResourceQuota" => limits::quota(root, out),
        "LimitRange" => limits::range(root, out),
        "Namespace" => return limits::namespace(root, out),
        "PodDisruptionBudget" => limits::budget(root, out),
        "PriorityClass" => limits::priority(root, out),
        "ServiceAccount" => config::account(root, out),
        "ConfigMap" => config::config_map(&part.data, out),
        "Secret" => config::secret(root, &part.data, out),
        _ => generic::generic(root, out),
    }
    Vec::new()
}
