//! Healthy clusters full of noise: restarts of long ago, leftovers, rollouts under way, logs with harmless errors.
//! Nothing may be reported of them, nor may anything stay unexplained.

use anyhow::Result;
use kubecause_model::Diagnosis;
use kubecause_testkit::{Capture, Kit, healthy_fixtures};

/// What a diagnosis of a healthy cluster says too much.
fn alarms(name: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let incidents = diagnosis.incidents.iter().map(|i| format!("{name}: {}@{}", i.root.mode, i.root.subject));
    let unexplained =
        diagnosis.unexplained.iter().map(|u| format!("{name}: unexplained {}@{}", u.signal, u.subject));
    incidents.chain(unexplained).collect()
}

/// Runs every capture through `change` and collects what is said too much.
fn each(change: impl Fn(Capture) -> Capture) -> Result<Vec<String>> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, path) in healthy_fixtures()? {
        let capture = change(Capture::read_archive(&path)?);
        wrong.extend(alarms(&name, &kit.diagnose_capture(&capture)?));
    }
    Ok(wrong)
}

#[test]
fn nothing_is_reported() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, path) in healthy_fixtures()? {
        let diagnosis = kit.diagnose(&path)?;
        wrong.extend(alarms(&name, &diagnosis));
        if diagnosis.verdict.as_str() != "healthy" {
            wrong.push(format!("{name}: verdict {}", diagnosis.verdict.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn nothing_is_reported_where_something_was_not_collected() -> Result<()> {
    let parts: [&[&str]; 5] = [
        &["cluster/events"],
        &["logs/"],
        &["nodes/", "control-plane/"],
        &["cluster/replicasets"],
        &["cluster/leases"],
    ];
    for part in parts {
        let wrong = each(|c| c.without(|f| part.iter().any(|p| f.starts_with(p))))?;
        assert!(wrong.is_empty(), "without {part:?}:\n{}", wrong.join("\n"));
    }
    Ok(())
}
