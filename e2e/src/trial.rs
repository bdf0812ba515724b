//! One trial: a fault is in the cluster and the API shows it; the binary is asked, and its answer judged.

use crate::lab::{Lab, repository};
use crate::wait::until;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The binary: `KUBECAUSE_BIN`, else the newest that cargo built.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("KUBECAUSE_BIN") {
        return Ok(path.into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let built = ["release", "debug"].map(|profile| target.join(profile).join("kubecause"));
    built
        .into_iter()
        .filter_map(|p| Some((p.metadata().ok()?.modified().ok()?, p)))
        .max()
        .map(|(_, path)| path)
        .context("no binary: cargo build -p kubecause, or set KUBECAUSE_BIN")
}

/// What the binary did.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// What it printed: JSON, or null where it printed none.
    pub answer: Value,
    /// What it said beside.
    pub stderr: String,
}

/// Runs the binary. A panic is an error, whatever it was asked.
pub fn kubecause(args: &[&str]) -> Result<Said> {
    let output = Command::new(binary()?).args(args).stdin(Stdio::null()).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(code) if code != 101 && !stderr.contains("panicked at") => {
            Ok(Said { code, answer: serde_json::from_slice(&output.stdout).unwrap_or_default(), stderr })
        }
        _ => bail!("kubecause {} broke down: {stderr}", args.join(" ")),
    }
}

/// An answer, not a refusal to give one.
fn answered(args: &[&str]) -> Result<Value> {
    match kubecause(args)? {
        Said { code: 0..=2, answer, .. } if answer.is_object() => Ok(answer),
        said => bail!("kubecause {}: {}", args.join(" "), said.stderr),
    }
}

/// What the binary says of the cluster as it is now, looks included, as a user who may only read.
pub fn live(lab: &Lab, more: &[&str]) -> Result<Value> {
    let reader = lab.kubeconfig("reader").display().to_string();
    answered(&[&["diagnose", "-o", "json", "--kubeconfig", &reader], more].concat())
}

/// What the binary says of a capture.
pub fn diagnose(capture: &Path, more: &[&str]) -> Result<Value> {
    let capture = capture.display().to_string();
    answered(&[&["diagnose", "-o", "json", "--from", &capture], more].concat())
}

/// Has the binary write an archive of what it sees.
pub fn capture(lab: &Lab, to: &Path, more: &[&str]) -> Result<()> {
    let (reader, to) = (lab.kubeconfig("reader").display().to_string(), to.display().to_string());
    let said = kubecause(&[&["capture", "--force", "--kubeconfig", &reader, "-o", &to], more].concat())?;
    if said.code != 0 {
        bail!("kubecause capture: {}", said.stderr);
    }
    Ok(())
}

/// All files of an archive as one text.
pub fn unpacked(archive: &Path) -> Result<String> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(archive)?)?);
    let mut all = Vec::new();
    for entry in archive.entries()? {
        std::io::Read::read_to_end(&mut entry?, &mut all)?;
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}

/// An answer that is right at last.
#[derive(Debug)]
pub struct Right {
    /// The answer.
    pub answer: Value,
    /// How long it took from when it was wanted, all the wrong ones counted.
    pub took: Duration,
    /// How often was asked.
    pub asks: usize,
    /// What was wrong with the answer before, if there was one.
    pub before: String,
}

/// Asks the live cluster until the answer is right.
pub fn until_right(
    lab: &Lab,
    more: &[&str],
    limit: Duration,
    wrong: impl Fn(&Value) -> Option<String>,
) -> Result<Right> {
    until_right_by(|| live(lab, more), limit, wrong)
}

/// Asks until the answer is right.
pub fn until_right_by(
    ask: impl Fn() -> Result<Value>,
    limit: Duration,
    wrong: impl Fn(&Value) -> Option<String>,
) -> Result<Right> {
    let (began, mut asks, mut before) = (Instant::now(), 0, String::new());
    let answer = until("the right answer", limit, || {
        asks += 1;
        let answer = ask()?;
        match wrong(&answer) {
            None => Ok(Some(answer)),
            Some(why) => {
                before.clone_from(&why);
                bail!(why)
            }
        }
    })?;
    Ok(Right { answer, took: began.elapsed(), asks, before })
}

/// What stands against the cluster being called healthy.
pub fn not_healthy(answer: &Value) -> Option<String> {
    let roots: Vec<String> = roots(answer).iter().map(|r| named(r)).collect();
    (answer["verdict"] != "healthy")
        .then(|| format!("called {}: {} {}", answer["verdict"], roots.join(", "), answer["unexplained"]))
}

/// The incidents by id, cause and subject: what two answers to one question must share.
pub fn incidents(answer: &Value) -> BTreeSet<String> {
    let of = |i: &Value| format!("{} {}", i["id"].as_str().unwrap_or_default(), named(&i["root"]));
    answer["incidents"].as_array().into_iter().flatten().filter(|i| i["ongoing"] == true).map(of).collect()
}

fn roots(answer: &Value) -> Vec<&Value> {
    answer["incidents"].as_array().into_iter().flatten().map(|i| &i["root"]).collect()
}

/// The first root in a word, or nothing.
pub fn first_root(answer: &Value) -> String {
    roots(answer).first().map(|r| named(r)).unwrap_or_default()
}

/// The mode of a root, by its variant where it is one.
pub fn mode(root: &Value) -> &str {
    root["variant"].as_str().or(root["mode"].as_str()).unwrap_or_default()
}

/// A root in a word: `probe-port-mismatch@catalog`.
pub fn named(root: &Value) -> String {
    let name = root["subject"]["name"].as_str().unwrap_or_default();
    format!("{}@{name}", mode(root))
}

/// What is wrong with an answer, in the sense of a case's `expect.json`: the roots must come first, and nothing may stand
/// beside them but what is allowed.
pub fn judge(answer: &Value, expect: &Value) -> Option<String> {
    let none = Vec::new();
    let roots = roots(answer);
    let wants = expect["roots"].as_array().unwrap_or(&none);
    let wanted = |root: &Value| wants.iter().any(|w| fits(root, w));
    let allowed = |root: &Value| listed(&expect["allowed"], root);
    let ranked: Vec<&Value> = roots.into_iter().filter(|r| wanted(r) || !allowed(r)).collect();
    let first = ranked.get(..wants.len().min(ranked.len())).unwrap_or_default();
    let missed =
        wants.iter().filter(|w| !first.iter().any(|r| fits(r, w))).map(|w| format!("missed {}", w["mode"]));
    let extra = ranked.iter().filter(|r| !wanted(r)).map(|r| format!("extra {}", named(r)));
    let wrong: Vec<String> = missed.chain(extra).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn fits(root: &Value, want: &Value) -> bool {
    let name = root["subject"]["name"].as_str().unwrap_or_default();
    listed(&want["mode"], root) && name.starts_with(want["name"].as_str().unwrap_or_default())
}

/// Whether a list names the root's mode, be it by its variant.
fn listed(list: &Value, root: &Value) -> bool {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    ["mode", "variant"].iter().any(|field| !root[field].is_null() && list.contains(&root[field]))
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
    fn a_variant_is_named_by_either_of_its_names() {
        let root = json!({"mode": "general", "variant": "special", "subject": {"name": "web"}});
        let answer = json!({"incidents": [{"root": root}]});
        for mode in ["general", "special"] {
            let expect = json!({"roots": [{"mode": [mode], "name": "web"}]});
            assert_eq!(judge(&answer, &expect), None, "{mode}");
        }
        assert!(judge(&answer, &json!({"roots": [{"mode": ["other"]}]})).is_some());
    }

    #[test]
    fn where_nothing_is_wrong_nothing_may_be_said() {
        let expect = json!({"roots": []});
        assert_eq!(judge(&answer(&[]), &expect), None);
        assert!(judge(&answer(&[("a", "x")]), &expect).is_some());
    }
}
