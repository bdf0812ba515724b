//! Writes a plain capture of what can be seen of the cluster: lists as the API gives them, logs, what a node knows.

use crate::cluster::Cluster;
use crate::control_plane::COMPONENTS;
use crate::node::Node;
use crate::process::run;
use anyhow::Result;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// What is asked for: the group's path, its kinds.
const KINDS: [(&str, &[&str]); 13] = [
    (
        "/api/v1",
        &[
            "nodes",
            "namespaces",
            "persistentvolumes",
            "events",
            "pods",
            "services",
            "endpoints",
            "configmaps",
            "serviceaccounts",
            "persistentvolumeclaims",
            "resourcequotas",
            "limitranges",
            "replicationcontrollers",
        ],
    ),
    ("/apis/apps/v1", &["deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"]),
    ("/apis/batch/v1", &["jobs", "cronjobs"]),
    ("/apis/autoscaling/v2", &["horizontalpodautoscalers"]),
    ("/apis/policy/v1", &["poddisruptionbudgets"]),
    ("/apis/networking.k8s.io/v1", &["ingresses", "ingressclasses", "networkpolicies"]),
    ("/apis/discovery.k8s.io/v1", &["endpointslices"]),
    ("/apis/storage.k8s.io/v1", &["storageclasses", "volumeattachments", "csidrivers", "csinodes"]),
    ("/apis/coordination.k8s.io/v1", &["leases"]),
    (
        "/apis/admissionregistration.k8s.io/v1",
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
    ),
    ("/apis/apiregistration.k8s.io/v1", &["apiservices"]),
    ("/apis/apiextensions.k8s.io/v1", &["customresourcedefinitions"]),
    ("/apis/scheduling.k8s.io/v1", &["priorityclasses"]),
];
const MORE_KINDS: [(&str, &[&str]); 1] = [("/apis/node.k8s.io/v1", &["runtimeclasses"])];
/// Lines that are kept of a log.
const TAIL: usize = 400;

/// What a capture is cut down to. Without namespaces it is the whole cluster.
#[derive(Debug, Clone, Default)]
pub struct Cut {
    /// Only what lies in these namespaces, or in none.
    pub namespaces: BTreeSet<String>,
    /// Without the files of nodes and control plane.
    pub objects_only: bool,
}

/// Takes a capture into a folder, which must not hold one yet.
pub fn take(cluster: &Cluster, to: &Path, cut: &Cut) -> Result<()> {
    std::fs::create_dir_all(to.join("cluster"))?;
    let taken_at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut results = Map::new();
    let mut pods = Vec::new();
    // A server that does not answer one list will not answer the next: patience is spent once.
    let mut patience = Duration::from_secs(20);
    for (group, kinds) in KINDS.iter().chain(&MORE_KINDS) {
        for plural in *kinds {
            let name = file_name(group, plural);
            let (word, items) = list(cluster, &format!("{group}/{plural}"), &name, to, cut, patience)?;
            if word == "error" {
                patience = Duration::from_millis(500);
            }
            results.insert(name, word.into());
            if *plural == "pods" {
                pods = items;
            }
        }
    }
    for (file, path) in [("version.json", "/version"), ("readyz.txt", "/readyz?verbose")] {
        // Of a server that is not ready the body says why.
        if let Ok(answer) = cluster.api.ask(path) {
            std::fs::write(to.join("cluster").join(file), answer.body)?;
        }
    }
    for pod in &pods {
        logs(cluster, pod, to)?;
    }
    if !cut.objects_only {
        for node in &cluster.nodes {
            node_files(cluster, node, &to.join("nodes").join(&node.name))?;
        }
        for component in COMPONENTS {
            write_tail(
                &cluster.control_plane.log(component),
                &to.join("control-plane").join(format!("{component}.log")),
            )?;
        }
    }
    let about =
        json!({ "schema": "plain-capture/v1", "takenAt": taken_at, "by": "kubecause-e2e", "kinds": results });
    Ok(std::fs::write(to.join("capture.json"), serde_json::to_vec_pretty(&about)?)?)
}

/// `deployments.apps`, as kubectl writes the name of a kind.
fn file_name(group: &str, plural: &str) -> String {
    let group = group.strip_prefix("/apis/").and_then(|g| g.split('/').next());
    let group = group.map(|g| format!(".{g}")).unwrap_or_default();
    format!("{plural}{group}")
}

fn list(
    cluster: &Cluster,
    path: &str,
    name: &str,
    to: &Path,
    cut: &Cut,
    patience: Duration,
) -> Result<(&'static str, Vec<Value>)> {
    let answer = cluster.api.text_within(path, patience).and_then(|t| Ok(serde_json::from_str::<Value>(&t)?));
    let mut list = match answer {
        Ok(list) => list,
        Err(why) => {
            std::fs::write(to.join("cluster").join(format!("{name}.error")), format!("{why:#}\n"))?;
            return Ok(("error", Vec::new()));
        }
    };
    let kind = list["kind"].as_str().and_then(|k| k.strip_suffix("List")).unwrap_or_default().to_owned();
    let version = list["apiVersion"].clone();
    let Value::Array(items) = list["items"].take() else { return Ok(("empty", Vec::new())) };
    let items: Vec<Value> =
        items.into_iter().filter(|i| in_cut(i, cut)).map(|i| typed(i, &kind, &version)).collect();
    if items.is_empty() {
        return Ok(("empty", items));
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    std::fs::write(to.join("cluster").join(format!("{name}.json")), serde_json::to_vec(&list)?)?;
    Ok(("ok", items))
}

/// An item of a list as `kubectl get -o json` prints it: with its type, without who manages its fields.
fn typed(mut item: Value, kind: &str, version: &Value) -> Value {
    if let Some(metadata) = item["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    let mut object = Map::new();
    object.insert("apiVersion".into(), version.clone());
    object.insert("kind".into(), kind.into());
    if let Value::Object(fields) = item {
        object.extend(fields);
    }
    Value::Object(object)
}

/// An event in `default` may be about a node; it is kept, as is what lies in no namespace.
fn in_cut(item: &Value, cut: &Cut) -> bool {
    let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default();
    let about_node = item["involvedObject"]["kind"] == "Node";
    let own = if item["kind"] == "Namespace" || namespace.is_empty() { "" } else { namespace };
    cut.namespaces.is_empty()
        || own.is_empty()
        || about_node
        || cut.namespaces.contains(own)
        || own == "kube-system"
}

fn logs(cluster: &Cluster, pod: &Value, to: &Path) -> Result<()> {
    let (Some(namespace), Some(name)) =
        (pod["metadata"]["namespace"].as_str(), pod["metadata"]["name"].as_str())
    else {
        return Ok(());
    };
    let dir = to.join("logs").join(namespace).join(name);
    let statuses = ["initContainerStatuses", "containerStatuses"].map(|s| pod["status"][s].as_array());
    for status in statuses.into_iter().flatten().flatten() {
        let container = status["name"].as_str().unwrap_or_default();
        let path =
            format!("/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}&tailLines={TAIL}");
        if status["state"]["waiting"].is_null() || status["lastState"]["terminated"].is_object() {
            save(cluster, &path, &dir.join(format!("{container}.log")))?;
        }
        if status["lastState"]["terminated"].is_object() {
            save(cluster, &format!("{path}&previous=true"), &dir.join(format!("{container}.previous.log")))?;
        }
    }
    Ok(())
}

/// What the server answered in place of a log is kept in its place: it is what an operator would see.
fn save(cluster: &Cluster, path: &str, to: &Path) -> Result<()> {
    let text = match cluster.api.text(path) {
        Ok(text) => text,
        Err(why) => format!("{why:#}\n"),
    };
    if text.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(to.parent().unwrap_or(to))?;
    Ok(std::fs::write(to, text)?)
}

fn node_files(cluster: &Cluster, node: &Node, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let proxy = format!("/api/v1/nodes/{}/proxy", node.name);
    for (file, path) in
        [("configz.json", "configz"), ("stats-summary.json", "stats/summary"), ("healthz.txt", "healthz")]
    {
        if let Ok(answer) = cluster.api.ask(&format!("{proxy}/{path}")) {
            if answer.status == 200 || file == "healthz.txt" {
                std::fs::write(to.join(file), answer.body)?;
            }
        }
    }
    for program in ["kubelet", "containerd"] {
        write_tail(&node.log(program), &to.join(format!("{program}.log")))?;
    }
    let disk = node.dir().display().to_string();
    commands(to, &disk)?;
    for (file, source) in [
        ("loadavg.txt", "/proc/loadavg"),
        ("meminfo.txt", "/proc/meminfo"),
        ("pid_max.txt", "/proc/sys/kernel/pid_max"),
    ] {
        std::fs::write(to.join(file), std::fs::read(source).unwrap_or_default())?;
    }
    Ok(())
}

/// What an operator would type on the node. The disk is called `/var/lib`, which is what it is to the node.
fn commands(to: &Path, disk: &str) -> Result<()> {
    let df = |flags: &[&str]| run("df", &[flags, &[disk]].concat()).map(|out| out.replace(disk, "/var/lib"));
    for (file, text) in [
        ("df.txt", df(&["-PT"])),
        ("df-inodes.txt", df(&["-iPT"])),
        ("kernel.log", run("dmesg", &[] as &[&str]).map(|t| tail(&t, 60))),
    ] {
        if let Ok(text) = text {
            std::fs::write(to.join(file), text)?;
        }
    }
    Ok(())
}

fn write_tail(log: &Path, to: &Path) -> Result<()> {
    let Ok(bytes) = std::fs::read(log) else { return Ok(()) };
    std::fs::create_dir_all(to.parent().unwrap_or(to))?;
    Ok(std::fs::write(to, tail(&String::from_utf8_lossy(&bytes), TAIL))?)
}

fn tail(text: &str, lines: usize) -> String {
    let skip = text.lines().count().saturating_sub(lines);
    text.lines().skip(skip).flat_map(|l| [l, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_kubectl_names_kinds() {
        assert_eq!(file_name("/api/v1", "pods"), "pods");
        assert_eq!(file_name("/apis/apps/v1", "deployments"), "deployments.apps");
    }

    #[test]
    fn a_cut_keeps_its_namespace_and_what_lies_in_none() {
        let cut = Cut { namespaces: BTreeSet::from(["shop".to_owned()]), objects_only: true };
        let pod = |ns: &str| json!({"metadata": {"namespace": ns, "name": "a"}});
        assert!(in_cut(&pod("shop"), &cut));
        assert!(!in_cut(&pod("other"), &cut));
        assert!(in_cut(&json!({"metadata": {"name": "worker-1"}}), &cut));
        let event = json!({"metadata": {"namespace": "default"}, "involvedObject": {"kind": "Node"}});
        assert!(in_cut(&event, &cut));
    }

    #[test]
    fn an_item_gets_its_type_first() {
        let item = json!({"metadata": {"name": "a", "managedFields": []}});
        let typed = typed(item, "Pod", &json!("v1"));
        assert_eq!(typed.to_string(), r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#);
    }
}
