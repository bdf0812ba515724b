//! Made-up clusters: every fault that was put in is found with its root, and nothing besides.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use anyhow::Result;
use kubecause_testkit::{Capture, Expect, Kit, Synth};

const SMALL: Synth = Synth { nodes: 20, pods: 500, faults: 8, seed: 0, logs: 0 };

#[test]
fn every_fault_is_found_and_nothing_besides() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for seed in 1..=6 {
        let dir = tempfile::tempdir()?;
        let injected = Synth { seed, ..SMALL }.write(dir.path())?;
        assert_eq!(injected.len(), SMALL.faults);
        let diagnosis = kit.diagnose(dir.path())?;
        let expect = Expect::read(dir.path())?;
        wrong.extend(expect.judge(&diagnosis).map(|w| format!("seed {seed}: {w}")));
        if diagnosis.incidents.len() != SMALL.faults {
            let roots: Vec<_> =
                diagnosis.incidents.iter().map(|i| format!("{}@{}", i.root.mode, i.root.subject)).collect();
            wrong.push(format!("seed {seed}: {} incidents: {roots:?}", roots.len()));
        }
        wrong.extend(
            diagnosis
                .unexplained
                .iter()
                .map(|u| format!("seed {seed}: unexplained {}@{}", u.signal, u.subject)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn without_faults_the_cluster_is_healthy() -> Result<()> {
    let kit = Kit::new()?;
    for seed in 1..=3 {
        let dir = tempfile::tempdir()?;
        Synth { seed, faults: 0, ..SMALL }.write(dir.path())?;
        let diagnosis = kit.diagnose(dir.path())?;
        let roots: Vec<_> =
            diagnosis.incidents.iter().map(|i| format!("{}@{}", i.root.mode, i.root.subject)).collect();
        assert_eq!(
            diagnosis.verdict.as_str(),
            "healthy",
            "seed {seed}: {roots:?} {:?}",
            diagnosis.unexplained
        );
    }
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_bytes() -> Result<()> {
    let write = |seed| -> Result<Vec<(String, Vec<u8>)>> {
        let dir = tempfile::tempdir()?;
        Synth { seed, ..SMALL }.write(dir.path())?;
        let capture = Capture::read_folder(dir.path())?;
        Ok(capture.names().map(|n| (n.to_owned(), capture.file(n).unwrap_or_default().to_vec())).collect())
    };
    assert!(write(7)? == write(7)?, "two runs differ");
    assert!(write(7)? != write(8)?, "the seed changes nothing");
    Ok(())
}

#[test]
fn it_has_the_size_that_was_asked_for() -> Result<()> {
    let dir = tempfile::tempdir()?;
    Synth { nodes: 7, pods: 300, seed: 3, ..Synth::default() }.write(dir.path())?;
    let count = |file: &str| -> Result<usize> {
        let list: serde_json::Value =
            serde_json::from_slice(&std::fs::read(dir.path().join("cluster").join(file))?)?;
        Ok(list["items"].as_array().map_or(0, Vec::len))
    };
    assert_eq!((count("nodes.json")?, count("pods.json")?), (7, 300));
    Ok(())
}
