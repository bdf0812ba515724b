//! `kubecause capture`, as a user meets it.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use anyhow::{Context, Result};
use kubecause_testkit::{Capture, FakeApi, fixtures};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn serve(name: &str) -> Result<FakeApi> {
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == name).context("the fixture")?;
    FakeApi::serve(Capture::read_archive(&path)?, Box::new(|_| None))
}

fn kubecause(dir: &Path, args: &[&str]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubecause"));
    let command = command.args(args).current_dir(dir).env_clear().env("COLUMNS", "100");
    Ok(command.env("KUBECONFIG", dir.join("config")).stdin(Stdio::null()).output()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn archives(dir: &Path) -> Result<usize> {
    Ok(std::fs::read_dir(dir)?.flatten().filter(|e| e.file_name() != "config").count())
}

#[test]
fn a_capture_is_written_read_and_not_overwritten() -> Result<()> {
    let (api, dir) = (serve("oomkilled")?, tempfile::tempdir()?);
    std::fs::write(dir.path().join("config"), api.kubeconfig("shop"))?;
    let run = |args: &[&str]| kubecause(dir.path(), args);
    let first = run(&["capture"])?;
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let name = text(&first.stdout).trim().to_owned();
    assert!(name.starts_with("kubecause-fake-") && name.ends_with(".tar.zst"), "{name}");
    let from = run(&["diagnose", "--from", &name, "-o", "json"])?;
    assert_eq!(from.status.code(), Some(1), "{}", text(&from.stderr));
    assert!(text(&from.stdout).contains("container-oom-killed"), "{}", text(&from.stdout));
    let again = run(&["capture", "-o", &name])?;
    assert_eq!(again.status.code(), Some(73));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));
    assert_eq!(run(&["capture", "-o", &name, "--force", "--no-looks"])?.status.code(), Some(0));
    assert_eq!(archives(dir.path())?, 1, "nothing is left beside it");
    Ok(())
}

#[test]
fn a_dry_run_tells_and_writes_nothing() -> Result<()> {
    let (api, dir) = (serve("runtime-hang")?, tempfile::tempdir()?);
    std::fs::write(dir.path().join("config"), api.kubeconfig("shop"))?;
    let told = kubecause(dir.path(), &["capture", "--dry-run", "--node", "worker-2"])?;
    let out = text(&told.stdout);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    for line in
        ["cluster/pods.json  GET /api/v1/pods", "nodes/worker-1/kubelet.log", "nodes/worker-2/healthz.txt"]
    {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(!out.contains("secrets.json"), "{out}");
    assert_eq!(archives(dir.path())?, 0);
    assert!(api.seen().iter().all(|s| !s.path.contains("/proxy/") && !s.path.ends_with("/log")), "no looks");
    Ok(())
}

#[test]
fn a_capture_has_no_context() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let told = kubecause(dir.path(), &["diagnose", "--from", "x", "--context", "y"])?;
    assert_eq!(told.status.code(), Some(64), "{}", text(&told.stderr));
    Ok(())
}
