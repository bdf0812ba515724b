//! Field reports as pasted terminals (`fixtures/articles`): what their programs printed leads to what broke.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use anyhow::{Context, Result};
use kubecause_model::Incident;
use kubecause_testkit::{Expect, Kit, repository};
use std::path::PathBuf;

fn reports() -> Result<Vec<PathBuf>> {
    let folder = repository().join("fixtures/articles");
    let entries = std::fs::read_dir(&folder).context("fixtures/articles")?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    Ok(found)
}

fn incident(kit: &Kit, report: &str) -> Result<Incident> {
    let diagnosis = kit.diagnose(&repository().join("fixtures/articles").join(report))?;
    diagnosis.incidents.into_iter().next().with_context(|| format!("{report} has no incident"))
}

#[test]
fn each_report_leads_to_what_broke() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for path in reports()? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let expect = Expect::read(&path)?;
        wrong.extend(expect.judge(&kit.diagnose(&path)?).map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The set is replaced as a whole: a fix that names one signal would take the thresholds of memory and inodes away.
#[test]
fn the_fix_of_a_threshold_writes_the_whole_set() -> Result<()> {
    let found = incident(&Kit::new()?, "s2-eviction-threshold")?;
    let params = &found.root.params;
    let param = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let in_force = param("thresholds");
    for threshold in ["memory.available<100Mi", "nodefs.available<10%", "nodefs.inodesFree<5%"] {
        assert!(in_force.contains(threshold), "{threshold} is in force: {in_force}");
    }
    let set = param("eviction_hard");
    for threshold in
        ["memory.available<100Mi", "nodefs.available<5%", "nodefs.inodesFree<5%", "imagefs.available<"]
    {
        assert!(set.contains(threshold), "{threshold} is to be written: {set}");
    }
    let steps = found.fixes.iter().flat_map(|f| &f.steps);
    let written = steps.clone().any(|s| format!("{s:?}").contains(set));
    assert!(written, "the fix writes that set");
    let verified = steps.clone().any(|s| format!("{s:?}").contains("kubectl get node ubuntu-k8s-3"));
    assert!(verified, "the fix tells how to see that it took");
    Ok(())
}

/// Files that nobody manages are the other way to fill a small root disk.
#[test]
fn a_small_disk_may_also_be_full_of_files() -> Result<()> {
    let found = incident(&Kit::new()?, "s2-eviction-threshold")?;
    let named = |mode: &str| found.alternatives.iter().any(|a| a.mode == mode);
    assert!(named("nodefs-filled-by-unmanaged-files"), "{:?}", found.alternatives);
    Ok(())
}

/// The systemd trail is false where the cgroup driver is cgroupfs, and the answer says so.
#[test]
fn the_false_trail_is_refuted_by_the_cgroup_driver() -> Result<()> {
    let found = incident(&Kit::new()?, "s4-xtables-lock")?;
    assert_eq!(found.root.mode, "iptables-lock-contention");
    let (_, by) = found
        .refuted
        .iter()
        .find(|(cause, _)| cause.mode == "systemd-dbus-exhausted")
        .with_context(|| format!("refuted: {:?}", found.refuted))?;
    assert!(by.contains("CgroupDriver:cgroupfs") || by.contains("container_manager_linux"), "{by}");
    Ok(())
}
