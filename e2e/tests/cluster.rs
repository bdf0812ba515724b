//! Faults in a real cluster. Ignored by `cargo test`: it needs root, half an hour and a machine that it may change.
//!
//! `KUBECAUSE_E2E` names what is run: `smoke`, `all` (the default), or names with commas between them.
#![allow(clippy::disallowed_methods, reason = "a harness reads its environment")]

use anyhow::{Result, bail};
use kubecause_e2e::api::Api;
use kubecause_e2e::capture::Cut;
use kubecause_e2e::havoc::{self, Havoc};
use kubecause_e2e::{Cluster, Fault, Lab, cluster, trial, wait};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is to be run.
struct Choice(String);

impl Choice {
    fn from_env() -> Self {
        Self(std::env::var("KUBECAUSE_E2E").unwrap_or_else(|_| "all".into()))
    }

    fn takes(&self, name: &str, smoke: bool) -> bool {
        match self.0.as_str() {
            "all" => true,
            "smoke" => smoke,
            names => names.split(',').any(|n| n.trim() == name),
        }
    }
}

#[test]
#[ignore = "starts a cluster: just e2e"]
fn every_fault_is_named_and_nothing_else() -> Result<()> {
    let choice = Choice::from_env();
    let lab = Lab::from_env()?;
    let cluster = Cluster::up(&lab)?;
    let mut wrong: Vec<String> = healthy_at_first(&cluster)?.into_iter().collect();
    wrong.extend(manifests(&cluster, &choice)?);
    wrong.extend(by_hand(&cluster, &choice)?);
    wrong.extend(writes_of_the_reader(&lab)?);
    drop(cluster);
    cluster::down(&lab)?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn folder(cluster: &Cluster, name: &str) -> PathBuf {
    cluster.lab.root.join("captures").join(name)
}

fn healthy_at_first(cluster: &Cluster) -> Result<Option<String>> {
    let (answer, _) = trial::ask(cluster, &folder(cluster, "fresh"), &Cut::default())?;
    Ok((answer["verdict"] != "healthy").then(|| format!("a fresh cluster is called {}", answer["verdict"])))
}

/// All manifests stand in the cluster at once, each in its namespace: each must be named by its cut, and the whole must
/// hold nothing that no fault accounts for.
fn manifests(cluster: &Cluster, choice: &Choice) -> Result<Vec<String>> {
    let faults: Vec<Fault> = Fault::all()?.into_iter().filter(|f| choice.takes(&f.name, f.smoke)).collect();
    faults.iter().try_for_each(|f| f.put_in(&cluster.api))?;
    let began = Instant::now();
    let shown: Vec<Result<()>> = faults.iter().map(|f| f.wait(&cluster.api)).collect();
    let stands = faults.iter().map(|f| f.stands).max().unwrap_or_default();
    let stood = || Ok((began.elapsed().as_secs() >= stands).then_some(()));
    wait::until("the faults to have stood", Duration::from_secs(stands + 1), stood)?;
    let mut wrong = Vec::new();
    for (fault, shown) in faults.iter().zip(shown) {
        let said = shown
            .and_then(|()| ask_about(cluster, fault))
            .err()
            .map(|why| format!("{}: {why:#}", fault.name));
        println!("{:24} {}", fault.name, said.as_deref().unwrap_or("holds"));
        wrong.extend(said);
    }
    faults.iter().try_for_each(|f| f.take_out(&cluster.api))?;
    wait_until_gone(&cluster.api, &faults)?;
    Ok(wrong)
}

fn ask_about(cluster: &Cluster, fault: &Fault) -> Result<()> {
    let cut = Cut { namespaces: BTreeSet::from([fault.name.clone()]), objects_only: true };
    let (answer, _) = trial::ask(cluster, &folder(cluster, &fault.name), &cut)?;
    match trial::judge(&answer, &fault.expect()) {
        Some(why) => bail!(why),
        None => Ok(()),
    }
}

fn wait_until_gone(api: &Api, faults: &[Fault]) -> Result<()> {
    wait::until("the namespaces to go", Duration::from_mins(5), || {
        let left = api.list("/api/v1/namespaces")?;
        let ours = |n: &serde_json::Value| faults.iter().any(|f| n["metadata"]["name"] == f.name.as_str());
        Ok((!left.iter().any(ours)).then_some(()))
    })
}

/// One after another: each may bring down anything.
fn by_hand(cluster: &Cluster, choice: &Choice) -> Result<Vec<String>> {
    let chosen: Vec<Havoc> = havoc::all().into_iter().filter(|h| choice.takes(h.name, h.smoke)).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    havoc::open_shop(cluster)?;
    havoc::forget(cluster)?;
    let mut wrong = Vec::new();
    for one in chosen {
        let said = attempt(cluster, &one).err().map(|why| format!("{}: {why:#}", one.name));
        println!("{:24} {}", one.name, said.as_deref().unwrap_or("holds"));
        wrong.extend(said);
        (one.take_out)(cluster)?;
        havoc::wait_for_shop(cluster)?;
        havoc::forget(cluster)?;
    }
    Ok(wrong)
}

fn attempt(cluster: &Cluster, one: &Havoc) -> Result<()> {
    (one.put_in)(cluster)?;
    one.wait(&cluster.api)?;
    let (answer, _) = trial::ask(cluster, &folder(cluster, one.name), &Cut::default())?;
    match trial::judge(&answer, &one.expect()) {
        Some(why) => bail!(why),
        None => Ok(()),
    }
}

/// The audit log shows who wrote: kubecause's own user must not.
fn writes_of_the_reader(lab: &Lab) -> Result<Option<String>> {
    let log = std::fs::read_to_string(lab.audit_log())?;
    let wrote = |line: &&str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let own = event["user"]["username"] == "kubecause";
        let review = event["objectRef"]["resource"].as_str().is_some_and(|r| r.starts_with("selfsubject"));
        own && !review && !matches!(event["verb"].as_str(), Some("get" | "list" | "watch"))
    };
    Ok(log.lines().find(wrote).map(|line| format!("a write: {line}")))
}
