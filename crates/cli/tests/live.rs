//! The binary on a live cluster, as a user meets it.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use anyhow::{Context, Result};
use kubecause_testkit::{Capture, FakeApi, Fault, Faults, fixtures};
use std::process::{Command, Stdio};

struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

fn serve(name: &str, faults: Faults) -> Result<FakeApi> {
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == name).context("the fixture")?;
    FakeApi::serve(Capture::read_archive(&path)?, faults)
}

fn kubecause(api: &FakeApi, args: &[&str]) -> Result<Told> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("config");
    std::fs::write(&path, api.kubeconfig("shop"))?;
    let output = Command::new(env!("CARGO_BIN_EXE_kubecause"))
        .args(["diagnose", "--lang", "en", "--request-timeout", "2s"])
        .args(args)
        .env_clear()
        .env("COLUMNS", "100")
        .env("KUBECONFIG", &path)
        .stdin(Stdio::null())
        .output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Told { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) })
}

fn sound() -> Faults {
    Box::new(|_| None)
}

#[test]
fn the_current_context_is_diagnosed() -> Result<()> {
    let told = kubecause(&serve("healthy", sound())?, &[])?;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("context fake,") && told.out.contains("http://127.0.0.1:"), "{}", told.out);
    assert!(told.err.is_empty(), "nothing is shown where nobody watches: {}", told.err);
    let told = kubecause(
        &serve("oomkilled", sound())?,
        &["-n", "oomkilled", "-l", "app=cache-warmer", "-o", "json"],
    )?;
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.out.contains("container-oom-killed"), "{}", told.out);
    Ok(())
}

#[test]
fn looks_are_explained_where_asked_for_and_left_out_where_not_wanted() -> Result<()> {
    let api = serve("runtime-hang", sound())?;
    let told = kubecause(&api, &["--explain-looks"])?;
    assert!(told.out.contains("nodes looked at through nodes/proxy"), "{}", told.out);
    assert!(told.err.contains("nodes/worker-1/stats-summary.json"), "{}", told.err);
    assert!(told.err.contains("settled: "), "{}", told.err);
    let api = serve("runtime-hang", sound())?;
    kubecause(&api, &["--no-looks"])?;
    assert!(api.seen().iter().all(|s| !s.path.contains("/proxy/") && !s.path.ends_with("/log")));
    Ok(())
}

#[test]
fn exit_codes_tell_the_server_from_the_user() -> Result<()> {
    let unauthorized = serve("healthy", Box::new(|_| Some(Fault::Status(401, "Unauthorized".into()))))?;
    let told = kubecause(&unauthorized, &[])?;
    assert_eq!(told.code, Some(77), "{}", told.err);
    let dead = serve("healthy", Box::new(|_| Some(Fault::Drop)))?;
    let told = kubecause(&dead, &[])?;
    assert_eq!(told.code, Some(69), "{}", told.err);
    assert!(told.out.is_empty() && told.err.contains("Tried: GET /version"), "{}", told.err);
    let blind = serve("healthy", Box::new(|s| s.resource().map(|_| Fault::Status(403, "no".into()))))?;
    assert_eq!(kubecause(&blind, &[])?.code, Some(2));
    let sound = serve("healthy", sound())?;
    assert_eq!(kubecause(&sound, &["--context", "nope"])?.code, Some(64));
    assert_eq!(kubecause(&sound, &["--from", "-", "--budget", "3s"])?.code, Some(64));
    assert_eq!(kubecause(&sound, &["--budget", "soon"])?.code, Some(64));
    let told = kubecause(&sound, &["pod/nobody"])?;
    assert_eq!(told.code, Some(64));
    assert!(told.err.contains("is not in this cluster"), "{}", told.err);
    Ok(())
}
