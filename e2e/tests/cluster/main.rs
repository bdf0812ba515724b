//! Faults in a real cluster. Ignored by `cargo test`: it needs root, an hour and a machine that it may change.
//!
//! `KUBECAUSE_E2E` names what is run: `smoke`, `all` (the default), or names with commas between them.
//! `KUBECAUSE_E2E_SOON=1` makes an answer that comes late a failure; else it is only told.
#![allow(clippy::disallowed_methods, reason = "a harness reads its environment")]

mod api_faults;
mod by_hand;
mod captured;
mod manifests;
mod roles;
mod watching;

use anyhow::Result;
use kubecause_e2e::table::Table;
use kubecause_e2e::{Cluster, Lab, cluster, trial};
use std::time::Duration;

/// What is to be run.
struct Choice(String);

impl Choice {
    fn from_env() -> Self {
        Self(std::env::var("KUBECAUSE_E2E").unwrap_or_else(|_| "all".into()))
    }

    fn is_smoke(&self) -> bool {
        self.0 == "smoke"
    }

    fn takes(&self, name: &str, smoke: bool) -> bool {
        match self.0.as_str() {
            "all" => true,
            "smoke" => smoke,
            names => names.split(',').any(|n| n.trim() == name),
        }
    }
}

/// How long a cluster that was mended may be called anything but healthy.
const HEALING: Duration = Duration::from_mins(5);

#[test]
#[ignore = "starts a cluster: just e2e"]
fn every_fault_is_named_and_nothing_else() -> Result<()> {
    let choice = Choice::from_env();
    let lab = Lab::from_env()?;
    let cluster = Cluster::up(&lab)?;
    let mut wrong: Vec<String> = Vec::new();
    let mut table = Table::default();
    if let Err(why) = healthy(&cluster) {
        wrong.push(format!("a fresh cluster: {why:#}"));
    }
    wrong.extend(manifests::run(&cluster, &choice, &mut table)?);
    if choice.takes(api_faults::NAME, true)
        && let Err(why) = api_faults::run(&cluster, &mut table)
    {
        wrong.push(format!("{}: {why:#}", api_faults::NAME));
    }
    if choice.takes(watching::NAME, true)
        && let Err(why) = watching::run(&cluster, &mut table, choice.is_smoke())
    {
        wrong.push(format!("{}: {why:#}", watching::NAME));
    }
    if choice.takes(roles::NAME, false)
        && let Err(why) = roles::run(&cluster, &mut table)
    {
        wrong.push(format!("{}: {why:#}", roles::NAME));
    }
    wrong.extend(by_hand::run(&cluster, &choice, &mut table)?);
    wrong.extend(writes_of_the_reader(&lab)?);
    println!("\n{table}");
    std::fs::write(lab.root.join("table.txt"), table.to_string())?;
    wrong.extend(table.wrong());
    if std::env::var_os("KUBECAUSE_E2E_SOON").is_some() {
        wrong.extend(table.late().iter().map(|row| format!("{}: late", row.name)));
    }
    drop(cluster);
    cluster::down(&lab)?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Waits until the whole cluster is called healthy, and says how long it took.
fn healthy(cluster: &Cluster) -> Result<Duration> {
    trial::until_right(&cluster.lab, &[], HEALING, trial::not_healthy).map(|right| right.took)
}

/// The audit log shows who wrote: kubecause's own user must not. That it asked at all shows that the log is the right one.
fn writes_of_the_reader(lab: &Lab) -> Result<Option<String>> {
    let log = std::fs::read_to_string(lab.audit_log())?;
    let requests = kubecause_e2e::audit::of_the_reader(&log);
    if requests.is_empty() {
        return Ok(Some("the audit log has no request of kubecause's user".into()));
    }
    println!("{} requests of kubecause's user: {}", requests.len(), kubecause_e2e::audit::summary(&requests));
    Ok(requests.iter().find(|r| r.may_write()).map(|r| format!("a write: {r:?}")))
}
