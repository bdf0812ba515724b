//! One trial: a fault is in the cluster and the API shows it; the binary is asked, and its answer judged.

use crate::capture::{self, Cut};
use crate::cluster::Cluster;
use crate::lab::repository;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The binary: `KUBECAUSE_BIN`, else what cargo built.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("KUBECAUSE_BIN") {
        return Ok(path.into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let built = ["release", "debug"].map(|profile| target.join(profile).join("kubecause"));
    built
        .into_iter()
        .find(|p| p.exists())
        .context("no binary: cargo build -p kubecause, or set KUBECAUSE_BIN")
}

/// Takes a capture of the cluster and diagnoses it. What it takes is counted: from the symptom to the answer.
pub fn ask(cluster: &Cluster, folder: &Path, cut: &Cut) -> Result<(Value, Duration)> {
    let _ = std::fs::remove_dir_all(folder);
    let began = Instant::now();
    capture::take(cluster, folder, cut)?;
    let answer = diagnose(folder)?;
    Ok((answer, began.elapsed()))
}

/// What the binary says of a capture.
pub fn diagnose(folder: &Path) -> Result<Value> {
    let output = Command::new(binary()?).args(["diagnose", "-o", "json", "--from"]).arg(folder).output()?;
    match output.status.code() {
        Some(0..=2) => Ok(serde_json::from_slice(&output.stdout)?),
        _ => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

/// What is wrong with an answer, in the sense of a case's `expect.json`: the roots must come first, and nothing may stand
/// beside them but what is allowed.
pub fn judge(answer: &Value, expect: &Value) -> Option<String> {
    let none = Vec::new();
    let roots: Vec<&Value> =
        answer["incidents"].as_array().unwrap_or(&none).iter().map(|i| &i["root"]).collect();
    let wants = expect["roots"].as_array().unwrap_or(&none);
    let wanted = |root: &Value| wants.iter().any(|w| fits(root, w));
    let allowed = |root: &Value| listed(&expect["allowed"], &root["mode"]);
    let ranked: Vec<&Value> = roots.into_iter().filter(|r| wanted(r) || !allowed(r)).collect();
    let first = ranked.get(..wants.len().min(ranked.len())).unwrap_or_default();
    let missed =
        wants.iter().filter(|w| !first.iter().any(|r| fits(r, w))).map(|w| format!("missed {}", w["mode"]));
    let extra =
        ranked.iter().filter(|r| !wanted(r)).map(|r| format!("extra {}@{}", r["mode"], r["subject"]["name"]));
    let wrong: Vec<String> = missed.chain(extra).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn fits(root: &Value, want: &Value) -> bool {
    let name = root["subject"]["name"].as_str().unwrap_or_default();
    listed(&want["mode"], &root["mode"]) && name.starts_with(want["name"].as_str().unwrap_or_default())
}

fn listed(list: &Value, word: &Value) -> bool {
    list.as_array().is_some_and(|l| l.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(roots: &[(&str, &str)]) -> Value {
        let incident =
            |(mode, name): &(&str, &str)| json!({"root": {"mode": mode, "subject": {"name": name}}});
        json!({"incidents": roots.iter().map(incident).collect::<Vec<_>>()})
    }

    #[test]
    fn a_root_must_be_there_and_alone() {
        let expect = json!({"roots": [{"mode": ["a", "b"], "name": "web"}], "allowed": ["c"]});
        assert_eq!(judge(&answer(&[("b", "web-1")]), &expect), None);
        assert_eq!(judge(&answer(&[("c", "x"), ("b", "web-1")]), &expect), None);
        assert!(judge(&answer(&[]), &expect).is_some());
        assert!(judge(&answer(&[("b", "db")]), &expect).is_some());
        assert!(judge(&answer(&[("b", "web"), ("d", "x")]), &expect).is_some());
    }

    #[test]
    fn where_nothing_is_wrong_nothing_may_be_said() {
        let expect = json!({"roots": []});
        assert_eq!(judge(&answer(&[]), &expect), None);
        assert!(judge(&answer(&[("a", "x")]), &expect).is_some());
    }
}
