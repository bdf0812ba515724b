//! Layouts of tools that ask the API server: troubleshoot, `kubectl cluster-info dump`, must-gather. What each writes is told, with its
//! source, where it is read (`kubecause-bundle`, `foreign/`).

use crate::parts::{Files, by_namespace, file, list, lists, logs, namespaces, nodes};
use anyhow::Result;
use kubecause_testkit::Capture;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// As troubleshoot writes it: items without kind, a file for every namespace.
pub fn support_bundle(capture: &Capture) -> Result<Files> {
    const FOLDERS: [(&str, &str); 17] = [
        ("pods", "pods"),
        ("events", "events"),
        ("services", "services"),
        ("endpoints", "endpoints"),
        ("endpointslices.discovery.k8s.io", "endpointslices"),
        ("deployments.apps", "deployments"),
        // Where it really writes them.
        ("replicasets.apps", "statefulsets-errors.json"),
        ("statefulsets.apps", "statefulsets"),
        ("daemonsets.apps", "daemonsets"),
        ("jobs.batch", "jobs"),
        ("cronjobs.batch", "cronjobs"),
        ("ingresses.networking.k8s.io", "ingress"),
        ("networkpolicies.networking.k8s.io", "network-policy"),
        ("resourcequotas", "resource-quota"),
        ("limitranges", "limitranges"),
        ("persistentvolumeclaims", "pvcs"),
        ("configmaps", "configmaps"),
    ];
    const FILES: [(&str, &str); 4] = [
        ("nodes", "nodes"),
        ("namespaces", "namespaces"),
        ("persistentvolumes", "pvs"),
        ("storageclasses.storage.k8s.io", "storage-classes"),
    ];
    let lists = lists(capture)?;
    let namespaces = namespaces(&lists);
    let top = &capture.taken_at()?.strftime("support-bundle-%Y-%m-%dT%H_%M_%S/").to_string();
    let mut files = Vec::new();
    for (resource, items) in lists {
        let bare = |mut items: Vec<Value>| {
            for item in &mut items {
                item.as_object_mut().map(|o| (o.remove("kind"), o.remove("apiVersion")));
            }
            json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
                .to_string()
                .into_bytes()
        };
        if let Some((_, folder)) = FOLDERS.iter().find(|(r, _)| *r == resource) {
            let mut parts = by_namespace(items);
            for namespace in &namespaces {
                let path = format!("{top}cluster-resources/{folder}/{namespace}.json");
                files.push((path, bare(parts.remove(namespace).unwrap_or_default())));
            }
        } else if let Some((_, name)) = FILES.iter().find(|(r, _)| *r == resource) {
            files.push((format!("{top}cluster-resources/{name}.json"), bare(items)));
        }
    }
    for (namespace, pod, container, previous, text) in logs(capture) {
        let end = if previous { "-previous" } else { "" };
        files
            .push((format!("{top}cluster-resources/pods/logs/{namespace}/{pod}/{container}{end}.log"), text));
    }
    files.push((format!("{top}cluster-resources/pods-errors.json"), b"{}".to_vec()));
    files.push((format!("{top}cluster-resources/auth-cani-list/default.json"), b"[]".to_vec()));
    files.push((format!("{top}host-collectors/system/node_list.json"), b"{\"nodes\":[]}".to_vec()));
    for (node, own) in nodes(capture) {
        if let Some(stats) = file(&own, "stats-summary.json") {
            files.push((format!("{top}node-metrics/{node}.json"), stats));
        }
    }
    Ok(files)
}

/// As troubleshoot wrote it at first: bare arrays, and few kinds.
pub fn old_support_bundle(capture: &Capture) -> Result<Files> {
    const KINDS: [&str; 10] = [
        "pods/",
        "events/",
        "services/",
        "deployments/",
        "statefulsets/",
        "ingress/",
        "limitranges/",
        "nodes.json",
        "namespaces.json",
        "storage-classes.json",
    ];
    let mut files = support_bundle(capture)?;
    files.retain(|(path, _)| {
        let inner = path.split("cluster-resources/").nth(1).unwrap_or_default();
        KINDS.iter().any(|kind| inner.starts_with(kind))
    });
    for (path, content) in &mut files {
        if path.ends_with(".json") {
            let list: Value = serde_json::from_slice(content)?;
            *content = serde_json::to_vec_pretty(&list["items"])?;
        }
    }
    Ok(files)
}

/// As `kubectl cluster-info dump --all-namespaces` writes it.
pub fn cluster_dump(capture: &Capture) -> Result<Files> {
    const FILES: [(&str, &str, &str); 6] = [
        ("pods", "pods", "Pod"),
        ("events", "events", "Event"),
        ("services", "services", "Service"),
        ("deployments.apps", "deployments", "Deployment"),
        ("replicasets.apps", "replicasets", "ReplicaSet"),
        ("daemonsets.apps", "daemonsets", "DaemonSet"),
    ];
    let lists = lists(capture)?;
    let namespaces = namespaces(&lists);
    let mut files = Vec::new();
    for (resource, items) in lists {
        if resource == "nodes" {
            let nodes = list("Node", "/api/v1/nodes", items);
            files.push(("dump/nodes.json".to_owned(), nodes.to_string().into_bytes()));
        } else if let Some((_, name, kind)) = FILES.iter().find(|(r, ..)| *r == resource) {
            let mut parts = by_namespace(items);
            for namespace in &namespaces {
                let items = parts.remove(namespace).unwrap_or_default();
                let link = format!("/api/v1/namespaces/{namespace}/{name}");
                let list = list(kind, &link, items).to_string().into_bytes();
                files.push((format!("dump/{namespace}/{name}.json"), list));
            }
        }
    }
    for namespace in &namespaces {
        files.push((
            format!("dump/{namespace}/replication-controllers.json"),
            list(
                "ReplicationController",
                &format!("/api/v1/namespaces/{namespace}/replicationcontrollers"),
                Vec::new(),
            )
            .to_string()
            .into_bytes(),
        ));
    }
    let mut pods: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (namespace, pod, container, previous, text) in logs(capture) {
        if !previous {
            let file = pods.entry(format!("dump/{namespace}/{pod}/logs.txt")).or_default();
            file.extend(
                format!("==== START logs for container {container} of pod {namespace}/{pod} ====\n")
                    .into_bytes(),
            );
            file.extend(text);
            file.extend(
                format!("==== END logs for container {container} of pod {namespace}/{pod} ====\n")
                    .into_bytes(),
            );
        }
    }
    files.extend(pods);
    Ok(files)
}

/// As `oc adm must-gather` writes it: a list of each namespace's resource, each pod and each cluster-wide object by itself.
pub fn must_gather(capture: &Capture) -> Result<Files> {
    let top = "must-gather.local.42/quay-io-openshift-must-gather/";
    let other = "must-gather.local.42/quay-io-other-must-gather/";
    let mut files = vec![
        (format!("{top}version"), b"openshift/must-gather\nv4.20.0\n".to_vec()),
        (format!("{top}event-filter.html"), b"<html></html>".to_vec()),
        (format!("{top}audit_logs/kube-apiserver/n1-audit.log"), b"{}\n".to_vec()),
    ];
    for (resource, items) in lists(capture)? {
        let (plural, group) = resource.split_once('.').unwrap_or((&resource, "core"));
        for (namespace, items) in by_namespace(items) {
            let name = |item: &Value| item["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            if matches!(namespace.as_str(), "kube-public" | "kube-node-lease") {
                continue;
            }
            if namespace.is_empty() {
                let top = if plural == "nodes" { other } else { top };
                for item in &items {
                    if plural == "namespaces" {
                        let path = format!("{top}namespaces/{0}/{0}.yaml", name(item));
                        files.push((path, serde_json::to_vec_pretty(item)?));
                        continue;
                    }
                    let path = format!("{top}cluster-scoped-resources/{group}/{plural}/{}.yaml", name(item));
                    files.push((path, serde_json::to_vec_pretty(item)?));
                }
            } else if plural == "pods" {
                files.push((format!("{top}namespaces/{namespace}/core/pods.yaml"), Vec::new()));
                for item in &items {
                    let path = format!("{top}namespaces/{namespace}/pods/{0}/{0}.yaml", name(item));
                    files.push((path, serde_json::to_vec_pretty(item)?));
                }
            } else {
                let list = json!({"kind": "List", "apiVersion": "v1", "items": items});
                files.push((
                    format!("{top}namespaces/{namespace}/{group}/{plural}.yaml"),
                    serde_json::to_vec_pretty(&list)?,
                ));
            }
        }
    }
    for (namespace, pod, container, previous, text) in logs(capture) {
        let file = if previous { "previous" } else { "current" };
        files.push((
            format!("{top}namespaces/{namespace}/pods/{pod}/{container}/{container}/logs/{file}.log"),
            text,
        ));
    }
    Ok(files)
}

/// A dump of all namespaces as it stands on a terminal.
pub fn printed_dump(capture: &Capture) -> Result<Files> {
    let files: BTreeMap<String, Vec<u8>> = cluster_dump(capture)?.into_iter().collect();
    let mut text = Vec::new();
    let mut print = |path: &str, kind: &str| -> Result<()> {
        let Some(content) = files.get(path) else {
            // kubectl prints each of its lists, empty or not.
            let empty = json!({"kind": kind, "apiVersion": "v1", "metadata": {}, "items": []});
            text.extend(serde_json::to_vec_pretty(&empty)?);
            text.push(b'\n');
            return Ok(());
        };
        if path.ends_with(".json") {
            let mut list: Value = serde_json::from_slice(content)?;
            list["kind"] = kind.into();
            text.extend(serde_json::to_vec_pretty(&list)?);
            text.push(b'\n');
        } else {
            text.extend(content);
        }
        Ok(())
    };
    print("dump/nodes.json", "NodeList")?;
    for namespace in namespaces(&lists(capture)?) {
        const ORDER: [(&str, &str); 7] = [
            ("events", "EventList"),
            ("replication-controllers", "ReplicationControllerList"),
            ("services", "ServiceList"),
            ("daemonsets", "DaemonSetList"),
            ("deployments", "DeploymentList"),
            ("replicasets", "ReplicaSetList"),
            ("pods", "PodList"),
        ];
        for (name, kind) in ORDER {
            print(&format!("dump/{namespace}/{name}.json"), kind)?;
        }
        let top = format!("dump/{namespace}/");
        for path in files.keys().filter(|p| p.starts_with(&top) && p.ends_with("/logs.txt")) {
            print(path, "")?;
        }
    }
    Ok(vec![("dump.txt".to_owned(), text)])
}

/// A dump as kubectl wrote it of the server's own types: `Items`, fields that begin with capitals, flat metadata.
pub fn old_cluster_dump(capture: &Capture) -> Result<Files> {
    let mut files = cluster_dump(capture)?;
    for (path, content) in &mut files {
        if path.ends_with(".json") {
            let list: Value = serde_json::from_slice(content)?;
            let items: Vec<Value> =
                list["items"].as_array().into_iter().flatten().map(|item| own_type(item.clone())).collect();
            let resource = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
            let link = format!("/api/v1/{}", resource.replace('-', ""));
            *content = serde_json::to_vec_pretty(
                &json!({"selfLink": link, "resourceVersion": "1", "Items": items}),
            )?;
        }
    }
    Ok(files)
}

fn own_type(object: Value) -> Value {
    let Value::Object(mut fields) = object else { return object };
    let meta = fields.remove("metadata");
    fields.remove("kind");
    fields.remove("apiVersion");
    let mut flat = match capitals(Value::Object(fields)) {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    flat.extend(meta.as_ref().and_then(Value::as_object).cloned().unwrap_or_default());
    Value::Object(flat)
}

fn capitals(value: Value) -> Value {
    const DATA: [&str; 6] = ["selector", "matchLabels", "nodeSelector", "limits", "requests", "allocatable"];
    match value {
        Value::Object(fields) => {
            let field = |(key, value): (String, Value)| {
                let is_data = DATA.contains(&key.as_str())
                    || matches!(key.as_str(), "labels" | "annotations" | "capacity");
                let head: String = key.chars().take(1).flat_map(char::to_uppercase).collect();
                let name = head + key.get(1..).unwrap_or_default();
                (name, if is_data { value } else { capitals(value) })
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(capitals).collect()),
        other => other,
    }
}
