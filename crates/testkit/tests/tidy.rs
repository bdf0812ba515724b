//! What must hold of the repository itself.
#![allow(clippy::disallowed_methods, reason = "tests read files and start cargo")]

use anyhow::{Context, Result};
use kubecause_testkit::{Kit, repository};
use std::collections::BTreeSet;
use std::process::Command;

/// Each crate may depend only on those before it.
const LAYERS: [&str; 15] = [
    "model",
    "evidence",
    "signals",
    "catalogue",
    "engine",
    "report",
    "rules",
    "transcript",
    "bundle",
    "live",
    "capture",
    "watch",
    "kit",
    "testkit",
    "e2e",
];

#[test]
fn crates_depend_downwards_only() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(repository())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    for package in metadata["packages"].as_array().context("packages")? {
        let Some(name) = package["name"].as_str().and_then(|n| n.strip_prefix("kubecause-")) else {
            continue;
        };
        let place = LAYERS.iter().position(|l| *l == name).with_context(|| format!("{name} has no layer"))?;
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            let below = dependency["name"].as_str().and_then(|n| n.strip_prefix("kubecause-"));
            if let Some(below) = below.filter(|_| dependency["kind"].is_null()) {
                let ok = LAYERS.iter().position(|l| *l == below).is_some_and(|p| p < place);
                assert!(ok, "{name} must not depend on {below}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_core_knows_no_io() -> Result<()> {
    const FORBIDDEN: [&str; 6] = ["tokio", "kube", "reqwest", "hyper", "tempfile", "zstd"];
    for layer in ["model", "evidence", "signals", "catalogue", "engine"] {
        let manifest = std::fs::read_to_string(repository().join("crates").join(layer).join("Cargo.toml"))?;
        let depends = |name: &&&str| {
            manifest.lines().any(|l| l.starts_with(&format!("{name}.")) || l.starts_with(&format!("{name} ")))
        };
        assert_eq!(FORBIDDEN.iter().find(depends), None, "{layer}");
    }
    Ok(())
}

#[test]
fn the_catalogue_is_sound() -> Result<()> {
    let kit = Kit::new()?;
    let signals: BTreeSet<&str> = kit.signals.all().map(|s| s.id).collect();
    assert_eq!(signals.len(), kit.signals.all().count(), "a signal id occurs twice");
    let wrong = kubecause_catalogue::lint(&kit.catalogue, &signals);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_signal_serves_a_mode() -> Result<()> {
    let kit = Kit::new()?;
    let used: BTreeSet<&str> =
        kit.catalogue.all().flat_map(|m| m.entries()).map(|e| e.signal.as_str()).collect();
    let idle: Vec<&str> =
        kit.signals.all().filter(|s| s.symptom.is_none() && !used.contains(s.id)).map(|s| s.id).collect();
    assert!(idle.is_empty(), "signals that no mode reads: {idle:?}");
    Ok(())
}
