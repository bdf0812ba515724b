//! What is captured of a cluster gives the incidents that the cluster itself gives, and holds no secret.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use anyhow::{Context, Result};
use kubecause_capture::{Taken, Want, take};
use kubecause_live::{Options, Session};
use kubecause_model::{Diagnosis, Scope};
use kubecause_testkit::{Capture, FakeApi, Fault, Faults, Kit, fixtures};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn serve(name: &str, faults: Faults) -> Result<FakeApi> {
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == name).context("the fixture")?;
    FakeApi::serve(Capture::read_archive(&path)?, faults)
}

fn open(api: &FakeApi, dir: &Path) -> Result<Session> {
    let path = dir.join("kubeconfig");
    std::fs::write(&path, api.kubeconfig("shop"))?;
    let (request_timeout, budget) = (Duration::from_secs(5), Duration::from_mins(1));
    let page = Some(7);
    Ok(Session::open(&Options {
        kubeconfig: Some(path),
        request_timeout,
        budget,
        page,
        ..Options::default()
    })?)
}

fn captured(kit: &Kit, api: &FakeApi, dir: &Path) -> Result<(Taken, PathBuf)> {
    let file = dir.join("seen.tar.zst");
    let want = Want { file: file.clone(), force: true, nodes: Vec::new(), looks: true };
    let taken = take(&open(api, dir)?, &want, &mut |s| kit.conclude(s, &Scope::default()))?;
    Ok((taken, file))
}

/// One of each sort: looks at nodes, logs of containers, the control plane, settings, nothing at all.
const SOME: [&str; 9] = [
    "healthy",
    "runtime-hang",
    "app-crash-config",
    "oomkilled",
    "scheduler-down",
    "configmap-missing-env",
    "selector-mismatch",
    "cni-ip-exhausted",
    "sidecar-failing",
];

/// What must be the same: each incident's root, how sure it is, what it concerns.
fn told(diagnosis: &Diagnosis) -> Vec<String> {
    let line = |i: &kubecause_model::Incident| {
        let affected: Vec<String> = i.affected.iter().map(ToString::to_string).collect();
        let others: Vec<&str> = i.alternatives.iter().map(|a| a.mode.as_str()).collect();
        let root = &i.root;
        format!(
            "{} {} {} {} {affected:?} {others:?}",
            i.id,
            root.subject,
            root.mode,
            root.confidence.as_str()
        )
    };
    let mut lines: Vec<String> = diagnosis.incidents.iter().map(line).collect();
    lines.push(diagnosis.verdict.as_str().to_owned());
    lines
}

#[test]
fn a_capture_gives_the_incidents_that_live_gives() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for name in SOME {
        let (api, dir) = (serve(name, Box::new(|_| None))?, tempfile::tempdir()?);
        let session = open(&api, dir.path())?;
        let mut conclude = |s: &_| kit.conclude(s, &Scope::default());
        let live = session.look(session.collect(), &mut conclude).diagnosis;
        let (_, file) = captured(&kit, &api, dir.path())?;
        let from = kit.diagnose(&file)?;
        if told(&live) != told(&from) {
            wrong.push(format!("{name}:\n  live {:#?}\n  from {:#?}", told(&live), told(&from)));
        }
        let asked: Vec<_> = api.seen().into_iter().filter(|s| s.method != "GET").collect();
        assert!(asked.is_empty(), "{name}: {asked:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn what_is_secret_is_nowhere_in_the_archive() -> Result<()> {
    const SECRET: &str = "Tr0ub4dor3andMore";
    let (_, path) = fixtures()?.into_iter().find(|(n, _)| n == "app-crash-config").context("the fixture")?;
    let (source, dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    Capture::read_archive(&path)?.write_to(source.path())?;
    let pods = source.path().join("cluster/pods.json");
    let mut list: serde_json::Value = serde_json::from_slice(&std::fs::read(&pods)?)?;
    for pod in list["items"].as_array_mut().context("items")? {
        let annotation = "kubectl.kubernetes.io/last-applied-configuration";
        pod["metadata"]["annotations"][annotation] = SECRET.into();
        pod["spec"]["containers"][0]["env"] = serde_json::json!([{"name": "DB_PASSWORD", "value": SECRET}]);
    }
    std::fs::write(&pods, serde_json::to_vec(&list)?)?;
    let mut logs = 0;
    for name in Capture::read_folder(source.path())?.names().filter(|n| n.starts_with("logs/")) {
        let file = source.path().join(name);
        let line = format!("login with password={SECRET} at db:5432 failed\n");
        std::fs::write(&file, std::fs::read_to_string(&file)? + &line)?;
        logs += 1;
    }
    assert!(logs > 0);
    let api = FakeApi::serve(Capture::read_folder(source.path())?, Box::new(|_| None))?;
    let (_, file) = captured(&Kit::new()?, &api, dir.path())?;
    let capture = Capture::read_archive(&file)?;
    let texts: Vec<(&str, String)> = capture
        .names()
        .map(|n| (n, String::from_utf8_lossy(capture.file(n).unwrap_or_default()).into_owned()))
        .collect();
    let told: Vec<_> = texts.iter().filter(|(_, text)| text.contains(SECRET)).map(|(name, _)| name).collect();
    assert!(told.is_empty(), "{told:?}");
    let masked = "login with password=*** at db:5432 failed";
    assert!(texts.iter().any(|(name, text)| name.starts_with("logs/") && text.contains(masked)));
    Ok(())
}

#[test]
fn secrets_are_not_asked_for() -> Result<()> {
    let (kit, api, dir) = (Kit::new()?, serve("oomkilled", Box::new(|_| None))?, tempfile::tempdir()?);
    captured(&kit, &api, dir.path())?;
    let asked = api.seen().into_iter().filter(|s| s.resource().as_deref() == Some("secrets")).count();
    assert_eq!(asked, 0);
    Ok(())
}

#[test]
fn what_is_refused_is_said_in_the_capture() -> Result<()> {
    let refuse: Faults = Box::new(|s| match s.resource().as_deref() {
        Some("events") => Some(Fault::Status(403, "events is forbidden".into())),
        Some("services") => Some(Fault::Status(500, "etcdserver: no leader".into())),
        _ => None,
    });
    let (kit, api, dir) = (Kit::new()?, serve("oomkilled", refuse)?, tempfile::tempdir()?);
    let (_, file) = captured(&kit, &api, dir.path())?;
    let capture = Capture::read_archive(&file)?;
    let manifest: serde_json::Value =
        serde_json::from_slice(capture.file("capture.json").context("manifest")?)?;
    assert_eq!(manifest["kinds"]["events"], "forbidden");
    assert_eq!(manifest["kinds"]["services"], "error");
    assert_eq!(manifest["kinds"]["pods"], "ok");
    assert!(capture.file("cluster/events.error").is_some() && capture.file("cluster/events.json").is_none());
    let gaps = kit.diagnose(&file)?.gaps;
    assert!(!gaps.iter().any(|g| g.what == "pods"), "{gaps:?}");
    assert!(gaps.iter().any(|g| g.what == "events" && g.why == kubecause_model::Why::Forbidden), "{gaps:?}");
    Ok(())
}

#[test]
fn a_capture_of_one_namespace_says_so() -> Result<()> {
    let narrow: Faults = Box::new(|s| {
        let own = s.namespace().as_deref() == Some("shop");
        (s.resource().is_some() && !own).then(|| Fault::Status(403, "not at the cluster scope".into()))
    });
    let (kit, api, dir) = (Kit::new()?, serve("healthy", narrow)?, tempfile::tempdir()?);
    let (_, file) = captured(&kit, &api, dir.path())?;
    let diagnosis = kit.diagnose(&file)?;
    assert!(diagnosis.gaps.iter().any(|g| g.what == "all namespaces but shop"), "{:?}", diagnosis.gaps);
    assert_ne!(diagnosis.verdict, kubecause_model::Verdict::Healthy);
    Ok(())
}

#[test]
fn an_archive_that_is_there_stays() -> Result<()> {
    let (kit, api, dir) = (Kit::new()?, serve("healthy", Box::new(|_| None))?, tempfile::tempdir()?);
    let file = dir.path().join("there.tar.zst");
    std::fs::write(&file, "mine")?;
    let want = Want { file: file.clone(), force: false, nodes: Vec::new(), looks: false };
    let error = take(&open(&api, dir.path())?, &want, &mut |s| kit.conclude(s, &Scope::default()));
    assert_eq!(error.err().map(|e| e.kind()), Some(std::io::ErrorKind::AlreadyExists));
    assert_eq!(std::fs::read(&file)?, b"mine");
    let left = std::fs::read_dir(dir.path())?.flatten().filter(|e| e.file_name() != "kubeconfig").count();
    assert_eq!(left, 1, "nothing is left beside it");
    Ok(())
}
