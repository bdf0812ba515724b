//! The captures of a real cluster as other tools would have written them: the root stays, as far as such a capture can show it, and
//! what the tool never collects is not taken for absent.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use anyhow::{Context, Result};
use kubecause_testkit::{Capture, Expect, Kit, fixtures};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The lists of a capture: resource (`pods`, `deployments.apps`) and items.
fn lists(capture: &Capture) -> Result<Vec<(String, Vec<Value>)>> {
    let mut all = Vec::new();
    for name in capture.names() {
        let Some(resource) = name.strip_prefix("cluster/").and_then(|n| n.strip_suffix(".json")) else {
            continue;
        };
        if resource == "version" || capture.file(&format!("cluster/{resource}.error")).is_some() {
            continue;
        }
        let list: Value = serde_json::from_slice(capture.file(name).context("a file")?)?;
        all.push((resource.to_owned(), list["items"].as_array().cloned().unwrap_or_default()));
    }
    Ok(all)
}

fn by_namespace(items: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in items {
        let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        all.entry(namespace).or_default().push(item);
    }
    all
}

/// Container logs: namespace, pod, container, whether previous, text.
fn logs(capture: &Capture) -> Vec<(String, String, String, bool, Vec<u8>)> {
    let parse = |name: &str| {
        let [_, namespace, pod, file] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        let stem = file.strip_suffix(".log")?;
        let container = stem.strip_suffix(".previous").unwrap_or(stem);
        let text = capture.file(name)?.to_vec();
        Some((namespace.to_owned(), pod.to_owned(), container.to_owned(), stem.ends_with(".previous"), text))
    };
    capture.names().filter(|n| n.starts_with("logs/")).filter_map(parse).collect()
}

fn namespaces(lists: &[(String, Vec<Value>)]) -> Vec<String> {
    let of =
        lists.iter().find(|(r, _)| r == "namespaces").map(|(_, items)| items.as_slice()).unwrap_or_default();
    of.iter().filter_map(|n| n["metadata"]["name"].as_str()).map(str::to_owned).collect()
}

/// As troubleshoot writes it: items without kind, a file for every namespace.
fn support_bundle(capture: &Capture) -> Result<Vec<(String, Vec<u8>)>> {
    const FOLDERS: [(&str, &str); 17] = [
        ("pods", "pods"),
        ("events", "events"),
        ("services", "services"),
        ("endpoints", "endpoints"),
        ("endpointslices.discovery.k8s.io", "endpointslices"),
        ("deployments.apps", "deployments"),
        ("replicasets.apps", "replicasets"),
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
    let top = "support-bundle-2026-11-22T18_00_00/";
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
    Ok(files)
}

/// As `kubectl cluster-info dump --all-namespaces` writes it.
fn cluster_dump(capture: &Capture) -> Result<Vec<(String, Vec<u8>)>> {
    const FILES: [(&str, &str); 6] = [
        ("pods", "pods"),
        ("events", "events"),
        ("services", "services"),
        ("deployments.apps", "deployments"),
        ("replicasets.apps", "replicasets"),
        ("daemonsets.apps", "daemonsets"),
    ];
    let lists = lists(capture)?;
    let namespaces = namespaces(&lists);
    let list = |kind: &str, items: Vec<Value>| {
        json!({"kind": kind, "apiVersion": "v1", "items": items}).to_string().into_bytes()
    };
    let mut files = Vec::new();
    for (resource, items) in lists {
        if resource == "nodes" {
            files.push(("dump/nodes.json".to_owned(), list("NodeList", items)));
        } else if let Some((_, name)) = FILES.iter().find(|(r, _)| *r == resource) {
            let mut parts = by_namespace(items);
            for namespace in &namespaces {
                let items = parts.remove(namespace).unwrap_or_default();
                files.push((format!("dump/{namespace}/{name}.json"), list("List", items)));
            }
        }
    }
    for namespace in &namespaces {
        files.push((
            format!("dump/{namespace}/replication-controllers.json"),
            list("ReplicationControllerList", Vec::new()),
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
fn must_gather(capture: &Capture) -> Result<Vec<(String, Vec<u8>)>> {
    let top = "must-gather.local.42/quay-io-openshift-must-gather/";
    let mut files = vec![("must-gather.local.42/timestamp".to_owned(), b"2026-11-22".to_vec())];
    for (resource, items) in lists(capture)? {
        let (plural, group) = resource.split_once('.').unwrap_or((&resource, "core"));
        for (namespace, items) in by_namespace(items) {
            let name = |item: &Value| item["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            if namespace.is_empty() {
                for item in &items {
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

/// Writes each fixture in another layout, and says which do not hold. Where `can_show` says that the layout cannot show the fault, its
/// root may be missing and no other may stand in its place.
fn each(
    convert: impl Fn(&Capture) -> Result<Vec<(String, Vec<u8>)>>,
    description: &str,
    can_show: impl Fn(&str) -> bool,
) -> Result<Vec<String>> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, path) in fixtures()? {
        let capture = Capture::read_archive(&path)?;
        let mut expect = Expect::parse(capture.file("expect.json").unwrap_or_default())?;
        let folder = tempfile::tempdir()?;
        for (path, content) in convert(&capture)? {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().context("a folder")?)?;
            std::fs::write(path, content)?;
        }
        let bundle = kubecause_bundle::read(&[kubecause_bundle::Input::Path(folder.path().to_owned())])?;
        assert!(bundle.description.starts_with(description), "{name}: {}", bundle.description);
        let diagnosis = kit.diagnose(folder.path())?;
        if !can_show(&name) {
            for root in expect.roots.drain(..) {
                expect.allowed.extend(root.mode);
            }
        }
        wrong.extend(expect.judge(&diagnosis).map(|why| format!("{name}: {why}")));
    }
    Ok(wrong)
}

/// Faults that show only in a node's own files, or in the control plane's.
const NEED_NODE_FILES: [&str; 2] = ["disk-foreign-file", "runtime-hang"];

#[test]
fn a_support_bundle_gives_the_same_roots() -> Result<()> {
    let wrong = each(support_bundle, "support bundle", |name| !NEED_NODE_FILES.contains(&name))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn a_must_gather_gives_the_same_roots() -> Result<()> {
    let wrong = each(must_gather, "must-gather", |name| !NEED_NODE_FILES.contains(&name))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn a_cluster_info_dump_gives_the_roots_that_it_can_show() -> Result<()> {
    // It holds no claims, quotas, StatefulSets, Jobs, namespaces.
    let hidden = ["pvc-no-class", "quota-exceeded", "sts-stuck", "job-backoff"];
    let wrong = each(cluster_dump, "kubectl cluster-info dump", |name| {
        !NEED_NODE_FILES.contains(&name) && !hidden.contains(&name)
    })?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
