//! `kubecause watch` as a script meets it.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use anyhow::{Context, Result};
use kubecause_testkit::{Capture, FakeApi, Fault, Faults, fixtures};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Without leases: nobody renews them here, and how long a test takes must not matter.
fn capture(name: &str) -> Result<Capture> {
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == name).context("the fixture")?;
    Ok(Capture::read_archive(&path)?.without(|file| file.contains("leases")))
}

fn sound() -> Faults {
    Box::new(|_| None)
}

struct Watch {
    child: Child,
    lines: Box<dyn Iterator<Item = std::io::Result<String>>>,
    _dir: tempfile::TempDir,
}

fn watch(api: &FakeApi, args: &[&str]) -> Result<Watch> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("config");
    std::fs::write(&path, api.kubeconfig("shop"))?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_kubecause"))
        .args(["watch", "--lang", "en", "--request-timeout", "5s"])
        .args(args)
        .env_clear()
        .env("KUBECONFIG", &path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().context("standard output")?).lines();
    Ok(Watch { child, lines: Box::new(lines), _dir: dir })
}

impl Watch {
    /// The next line that holds that text.
    fn line(&mut self, with: &str) -> Result<String> {
        let found = self.lines.by_ref().find(|l| l.as_ref().is_ok_and(|l| l.contains(with)));
        found.with_context(|| format!("no line with {with:?}"))?.map_err(Into::into)
    }

    fn code(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }
}

#[test]
fn an_incident_opens_and_clears_line_by_line() -> Result<()> {
    let healthy = capture("healthy")?;
    let faulty = capture("oomkilled")?.at_the_time_of(&healthy)?;
    let api = FakeApi::serve(healthy.clone(), sound())?;
    let mut watch = watch(&api, &["-o", "json"])?;
    watch.line("\"healthy\"")?;
    api.become_like(faulty)?;
    let opened: Value = serde_json::from_str(&watch.line("\"change\":\"opened\"")?)?;
    assert_eq!(opened["schema"], "kubecause.watch/v1");
    assert!(opened["incident"]["root"]["mode"].is_string(), "{opened}");
    api.become_like(healthy)?;
    watch.line("\"change\":\"cleared\"")?;
    watch.line("\"healthy\"")?;
    Command::new("kill").arg(watch.child.id().to_string()).status()?;
    assert_eq!(watch.code()?, Some(0), "ended by a signal, with the last answer");
    Ok(())
}

#[test]
fn it_ends_when_it_is_told_to() -> Result<()> {
    let api = FakeApi::serve(capture("healthy")?, sound())?;
    let mut told = watch(&api, &["--until", "healthy"])?;
    told.line("healthy: nothing is wrong")?;
    assert_eq!(told.code()?, Some(0));
    let api = FakeApi::serve(capture("oomkilled")?, sound())?;
    assert_eq!(watch(&api, &["--until", "incident"])?.code()?, Some(1));
    let api = FakeApi::serve(capture("healthy")?, sound())?;
    let code = watch(&api, &["--until", "incident", "--for", "500ms"])?.code()?;
    assert!(matches!(code, Some(0 | 2)), "{code:?}");
    Ok(())
}

#[test]
fn what_cannot_be_watched_is_told_by_the_exit_code() -> Result<()> {
    let api = FakeApi::serve(capture("healthy")?, sound())?;
    assert_eq!(watch(&api, &["-n", "nowhere"])?.code()?, Some(64));
    let dead = FakeApi::serve(capture("healthy")?, Box::new(|_| Some(Fault::Drop)))?;
    assert_eq!(watch(&dead, &[])?.code()?, Some(69));
    let unauthorized =
        FakeApi::serve(capture("healthy")?, Box::new(|_| Some(Fault::Status(401, "Unauthorized".into()))))?;
    assert_eq!(watch(&unauthorized, &[])?.code()?, Some(77));
    Ok(())
}
