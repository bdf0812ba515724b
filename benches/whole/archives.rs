//! Packed captures beside what only unpacks them, and a must-gather of many small YAML files beside a pass that keeps nothing.

use super::Bench;
use super::floor::{files, size};
use super::run::{bytes, cost, head, is_there, row, time};
use anyhow::Result;
use kubecause_testkit::Synth;
use std::fs::File;
use std::path::Path;
use std::process::Command;

pub fn run(bench: &Bench) -> Result<()> {
    let (nodes, pods) = if bench.full { (1_000, 30_000) } else { (100, 3_000) };
    let place = bench.place("capture");
    Synth { nodes, pods, faults: 12, ..Synth::default() }.write(&place)?;
    println!("{nodes} nodes, {pods} pods, {}\n", bytes(size(&place)?.0));
    head(&["input", "what", "time", "CPU time", "peak"]);
    let line =
        |input: &str, what: &str, args: &[&std::ffi::OsStr], program: &std::ffi::OsStr| -> Result<()> {
            let run = cost(program, args)?;
            row(&[input, what, &time(run.wall), &time(run.cpu), &bytes(run.peak)]);
            Ok(())
        };
    let own = std::env::current_exe()?;
    let diagnose = |input: &str, path: &Path| {
        line(
            input,
            "kubecause",
            &["diagnose".as_ref(), "--from".as_ref(), path.as_os_str()],
            bench.program.as_os_str(),
        )
    };
    diagnose("folder", &place)?;
    line(
        "folder",
        "IgnoredAny",
        &["floor-json".as_ref(), place.join("cluster").as_os_str()],
        own.as_os_str(),
    )?;
    for (name, options, list) in [("tar.gz", "-czf", "-tzf"), ("tar.zst", "--zstd", "-tf")] {
        let archive = bench.place(name);
        let mut pack = Command::new("tar");
        pack.arg("-C").arg(&place).arg(options);
        if options.starts_with("--") {
            pack.arg("-cf");
        }
        if !is_there("tar") || !pack.arg(&archive).arg(".").status()?.success() {
            println!("| {name} | tar is not here | | | |");
            continue;
        }
        diagnose(name, &archive)?;
        line(name, "tar, listing it", &[list.as_ref(), archive.as_os_str()], "tar".as_ref())?;
        std::fs::remove_file(&archive)?;
    }
    let gathered = bench.place("must-gather.local");
    let count = must_gather(&place, &gathered)?;
    let input = format!(
        "must-gather, {count} files, {}",
        bytes(files(&gathered)?.iter().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum())
    );
    diagnose(&input, &gathered)?;
    line(&input, "IgnoredAny", &["floor-yaml".as_ref(), gathered.as_os_str()], own.as_os_str())?;
    Ok(())
}

/// Writes the objects of a plain capture as `oc adm must-gather` does: nodes and pods in a file each, the rest in one a namespace.
fn must_gather(capture: &Path, to: &Path) -> Result<usize> {
    let top = to.join("quay-io-openshift-release");
    let mut lists: std::collections::BTreeMap<std::path::PathBuf, Vec<serde_json::Value>> =
        std::collections::BTreeMap::default();
    for (file, group, plural, own) in [
        ("nodes", "core", "nodes", true),
        ("pods", "core", "pods", true),
        ("events", "core", "events", false),
        ("services", "core", "services", false),
        ("deployments.apps", "apps", "deployments", false),
        ("replicasets.apps", "apps", "replicasets", false),
        ("statefulsets.apps", "apps", "statefulsets", false),
        ("daemonsets.apps", "apps", "daemonsets", false),
        ("persistentvolumeclaims", "core", "persistentvolumeclaims", false),
    ] {
        let list: serde_json::Value = serde_json::from_reader(std::io::BufReader::new(File::open(
            capture.join("cluster").join(format!("{file}.json")),
        )?))?;
        for item in list["items"].as_array().into_iter().flatten() {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
            let (namespace, name) = (text("namespace"), text("name"));
            let path = match (namespace.as_str(), own) {
                ("", _) => {
                    top.join("cluster-scoped-resources").join(group).join(plural).join(format!("{name}.yaml"))
                }
                (ns, true) => {
                    top.join("namespaces").join(ns).join(plural).join(&name).join(format!("{name}.yaml"))
                }
                (ns, false) => top.join("namespaces").join(ns).join(group).join(format!("{plural}.yaml")),
            };
            lists.entry(path).or_default().push(item.clone());
        }
    }
    let count = lists.len();
    for (path, mut items) in lists {
        std::fs::create_dir_all(path.parent().unwrap_or(&top))?;
        let several =
            path.file_stem().is_some_and(|s| s != items[0]["metadata"]["name"].as_str().unwrap_or_default());
        let value = if several {
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items})
        } else {
            items.remove(0)
        };
        std::fs::write(path, format!("---\n{}", yaml(&value, 0)))?;
    }
    Ok(count)
}

/// Block style, as the API machinery prints it; texts are quoted.
fn yaml(value: &serde_json::Value, indent: usize) -> String {
    use serde_json::Value::{Array, Object};
    let pad = "  ".repeat(indent);
    let child = |v: &serde_json::Value| match v {
        Object(o) if !o.is_empty() => format!("\n{}", yaml(v, indent + 1)),
        Array(a) if !a.is_empty() => format!("\n{}", yaml(v, indent)),
        scalar => format!(" {scalar}\n"),
    };
    match value {
        Object(fields) => fields.iter().map(|(k, v)| format!("{pad}{k:?}:{}", child(v))).collect(),
        Array(items) => items
            .iter()
            .map(|v| match v {
                Object(o) if !o.is_empty() => {
                    let inner = yaml(v, indent + 1);
                    format!("{pad}- {}", inner.trim_start())
                }
                scalar => format!("{pad}- {scalar}\n"),
            })
            .collect(),
        scalar => format!("{pad}{scalar}\n"),
    }
}
