//! Layouts of tools that run on the nodes: Harvester's bundle, sos, `kind export logs`, the EKS collector, Rancher's.

use crate::parts::{Files, by_namespace, file, lists, logs, namespaces, nodes};
use anyhow::{Context, Result};
use kubecause_testkit::Capture;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

/// As the support bundle kit writes it: each namespace but two, an empty string as `"null"`, a zip for each node.
pub fn harvester(capture: &Capture) -> Result<Files> {
    let top = "supportbundle_42_2026-11-22T17-40-14Z/";
    let taken = capture.taken_at()?;
    let about =
        format!("projectname: Harvester\nbundlecreatedat: \"{taken}\"\nkubernetesversion: v1.32.4+rke2r1\n");
    let mut files = vec![(format!("{top}metadata.yaml"), about.into_bytes())];
    for (resource, items) in lists(capture)? {
        let (plural, group) = resource.split_once('.').unwrap_or((&resource, ""));
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        for (namespace, items) in by_namespace(items) {
            if matches!(namespace.as_str(), "kube-public" | "kube-node-lease") {
                continue;
            }
            let folder =
                if namespace.is_empty() { "cluster".to_owned() } else { format!("namespaced/{namespace}") };
            let list = nulls(json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items}));
            files.push((format!("{top}yamls/{folder}/{version}/{plural}.yaml"), yaml(&list).into_bytes()));
        }
    }
    for (namespace, pod, container, previous, text) in logs(capture) {
        if !previous {
            files.push((format!("{top}logs/{namespace}/{pod}/{container}.log"), text));
        }
    }
    for (node, own) in nodes(capture) {
        let names = ["kubelet.log", "containerd.log", "kernel.log"];
        let inner: Files = names
            .iter()
            .filter_map(|name| Some((format!("{node}/logs/{name}"), file(&own, name)?)))
            .chain([(format!("{node}/configs/etc/hostname"), node.clone().into_bytes())])
            .collect();
        files.push((format!("{top}nodes/{node}.zip"), zip(&inner)?));
    }
    Ok(files)
}

/// What the kit does to the server's answer before it writes it.
fn nulls(value: Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::String(text) if text.is_empty() => json!("null"),
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, nulls(v))).collect(),
        Value::Array(items) => items.into_iter().map(nulls).collect(),
        other => other,
    }
}

/// Block YAML, as Go's encoder prints it, with all strings quoted.
fn yaml(value: &Value) -> String {
    fn print(value: &Value, depth: usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    out.push_str(&format!("{pad}{}:", Value::from(key.as_str())));
                    inner(value, depth + 1, out);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for item in items {
                    let mut text = String::new();
                    print(item, depth + 1, &mut text);
                    out.push_str(&format!("{pad}- {}", text.trim_start()));
                }
            }
            scalar => out.push_str(&format!("{pad}{scalar}\n")),
        }
    }
    fn inner(value: &Value, depth: usize, out: &mut String) {
        let nested = match value {
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        if nested {
            out.push('\n');
            // Go's encoder does not indent lists within maps.
            print(value, if value.is_array() { depth - 1 } else { depth }, out);
        } else {
            out.push_str(&format!(" {value}\n"));
        }
    }
    let mut out = String::new();
    for key in ["apiVersion", "items", "kind", "metadata"] {
        out.push_str(&format!("{key}:"));
        inner(&value[key], 1, &mut out);
    }
    out
}

fn zip(files: &Files) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default())?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// sos reports of all nodes; that of the control plane holds the objects of each namespace (`-k kubernetes.all`).
pub fn sos(capture: &Capture) -> Result<Files> {
    const KINDS: [(&str, &str); 19] = [
        ("events", "events"),
        ("deployments.apps", "deployments"),
        ("ingresses.networking.k8s.io", "ingresses"),
        ("pods", "pods"),
        ("persistentvolumeclaims", "pvc"),
        ("services", "services"),
        ("daemonsets.apps", "daemonsets"),
        ("replicasets.apps", "replicasets"),
        ("endpoints", "endpoints"),
        ("statefulsets.apps", "statefulsets"),
        ("configmaps", "configmaps"),
        ("serviceaccounts", "serviceaccounts"),
        ("secrets", "secrets"),
        ("jobs.batch", "jobs"),
        ("cronjobs.batch", "cronjobs"),
        ("limitranges", "limitranges"),
        ("resourcequotas", "resourcequotas"),
        ("storageclasses.storage.k8s.io", "sc"),
        ("persistentvolumes", "pv"),
    ];
    const KUBECTL: &str = "kubectl_--kubeconfig_.etc.kubernetes.admin.conf_get_-o_json";
    let lists = lists(capture)?;
    let namespaces = namespaces(&lists);
    let all = nodes(capture);
    let first = all.keys().next().context("a node")?;
    let top = |node: &str| format!("sosreport-{node}-2026-11-22-abcdefg/");
    let cluster = format!("{}sos_commands/kubernetes/cluster-info", top(first));
    let mut files: Files = Vec::new();
    let list = |items: Vec<Value>| {
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string().into_bytes()
    };
    for (resource, items) in lists {
        if resource == "nodes" {
            files.push((format!("{cluster}/{KUBECTL}_nodes"), list(items)));
            continue;
        }
        let Some((_, name)) = KINDS.iter().find(|(r, _)| *r == resource) else { continue };
        if matches!(*name, "sc" | "pv") {
            files.push((format!("{cluster}/{KUBECTL}_{name}"), list(items)));
            continue;
        }
        let mut parts = by_namespace(items);
        for namespace in &namespaces {
            let items = list(parts.remove(namespace).unwrap_or_default());
            files.push((format!("{cluster}/{namespace}/{KUBECTL}_--namespace_{namespace}_{name}"), items));
        }
    }
    for (node, own) in all {
        let top = top(&node);
        files.push((format!("{top}sos_commands/host/hostname"), format!("{node}\n").into_bytes()));
        for (name, path) in [
            ("kubelet.log", "sos_commands/kubernetes/journalctl_--no-pager_--unit_kubelet"),
            ("containerd.log", "sos_commands/containerd/journalctl_--no-pager_--unit_containerd"),
            ("messages", "var/log/messages"),
            ("kernel.log", "sos_commands/kernel/dmesg"),
            ("df.txt", "sos_commands/filesys/df_-al_-x_autofs"),
            ("df-inodes.txt", "sos_commands/filesys/df_-ali_-x_autofs"),
            ("ps.txt", "sos_commands/process/ps_auxwwwm"),
            ("loadavg.txt", "proc/loadavg"),
            ("meminfo.txt", "proc/meminfo"),
        ] {
            files.extend(file(&own, name).map(|content| (format!("{top}{path}"), content)));
        }
    }
    Ok(files)
}

/// As `kind export logs` writes it: a folder for each node, with the logs of its pods in the runtime's own form.
pub fn kind(capture: &Capture) -> Result<Files> {
    let mut files =
        vec![("logs/kind-version.txt".to_owned(), b"kind v0.30.0 go1.24.6 linux/amd64\n".to_vec())];
    let mut place = Vec::new();
    for (resource, items) in lists(capture)? {
        if resource == "pods" {
            place = items;
        }
    }
    for (node, own) in nodes(capture) {
        for (name, to) in [
            ("kubelet.log", "kubelet.log"),
            ("containerd.log", "containerd.log"),
            ("messages", "journal.log"),
        ] {
            files.extend(file(&own, name).map(|content| (format!("logs/{node}/{to}"), content)));
        }
        files.push((format!("logs/{node}/kubernetes-version.txt"), b"v1.36.2\n".to_vec()));
    }
    for (namespace, pod, container, previous, text) in logs(capture) {
        let found = place.iter().find(|p| {
            p["metadata"]["namespace"].as_str() == Some(&namespace)
                && p["metadata"]["name"].as_str() == Some(&pod)
        });
        let Some(found) = found else { continue };
        let (Some(node), Some(uid)) = (found["spec"]["nodeName"].as_str(), found["metadata"]["uid"].as_str())
        else {
            continue;
        };
        let number = if previous { 6 } else { 7 };
        files.push((format!("logs/{node}/pods/{namespace}_{pod}_{uid}/{container}/{number}.log"), text));
    }
    Ok(files)
}

/// As the EKS log collector packs one node.
pub fn eks(capture: &Capture) -> Result<Files> {
    let all = nodes(capture);
    let (_, own) = all.iter().next_back().context("a node")?;
    let mut files: Files = vec![
        ("system/instance-id.txt".to_owned(), b"i-0123456789abcdef0\n".to_vec()),
        ("ipamd/pods.json".to_owned(), b"{}".to_vec()),
        ("sysctls/sysctl_all.txt".to_owned(), b"kernel.pid_max = 4194304\n".to_vec()),
    ];
    for (name, path) in [
        ("kubelet.log", "kubelet/kubelet.log"),
        ("containerd.log", "containerd/containerd-log.txt"),
        ("messages", "var_log/messages"),
        ("kernel.log", "kernel/dmesg.current"),
        ("df.txt", "storage/mounts.txt"),
        ("df-inodes.txt", "storage/inodes.txt"),
        ("ps.txt", "system/ps.txt"),
    ] {
        files.extend(file(own, name).map(|content| (path.to_owned(), content)));
    }
    Ok(files)
}
