//! What the tests of the live client share: a fixture behind a fake API server, and how it is diagnosed.
#![allow(dead_code, reason = "not every test uses all of it")]

use anyhow::{Context, Result};
use kubecause_live::{Options, Session};
use kubecause_model::{Diagnosis, Scope};
use kubecause_testkit::{Capture, Expect, FakeApi, Faults, Kit, fixtures};
use std::time::Duration;

/// The fixture of that name.
pub fn fixture(name: &str) -> Result<(Capture, Expect)> {
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == name).with_context(|| name.to_owned())?;
    let capture = Capture::read_archive(&path)?;
    let expect = Expect::parse(capture.file("expect.json").unwrap_or_default())?;
    Ok((capture, expect))
}

/// No fault at all.
pub fn sound() -> Faults {
    Box::new(|_| None)
}

/// Options that fit a test: nothing takes long.
pub fn options(api: &FakeApi, dir: &tempfile::TempDir) -> Result<Options> {
    let path = dir.path().join("kubeconfig");
    std::fs::write(&path, api.kubeconfig("shop"))?;
    Ok(Options {
        kubeconfig: Some(path),
        request_timeout: Duration::from_secs(2),
        budget: Duration::from_secs(20),
        ..Options::default()
    })
}

/// Diagnoses what the server serves, with looks or without.
pub fn diagnose(kit: &Kit, api: &FakeApi, looks: bool) -> Result<Diagnosis> {
    let dir = tempfile::tempdir()?;
    diagnose_with(kit, &options(api, &dir)?, looks)
}

/// The same with other options.
pub fn diagnose_with(kit: &Kit, options: &Options, looks: bool) -> Result<Diagnosis> {
    let session = Session::open(options)?;
    let namespace = options.namespace.clone().or(session.only_namespace().map(ToOwned::to_owned));
    let scope = Scope { namespace, objects: Vec::new() };
    let snapshot = session.collect();
    let mut run = |s: &_| kubecause_engine::diagnose(s, &kit.signals, &kit.catalogue, &scope);
    Ok(if looks { session.look(snapshot, &mut run).diagnosis } else { run(&snapshot) })
}
