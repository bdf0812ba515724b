//! The captures of a real cluster: as they are, and broken on purpose.

use anyhow::Result;
use kubecause_model::Lang;
use kubecause_testkit::{Capture, Expect, Kit, Rename, fixtures};

fn all() -> Result<Vec<(String, Capture, Expect)>> {
    let read = |(name, path): (String, std::path::PathBuf)| {
        let capture = Capture::read_archive(&path)?;
        let expect = Expect::parse(capture.file("expect.json").unwrap_or_default())?;
        Ok((name, capture, expect))
    };
    fixtures()?.into_iter().map(read).collect()
}

/// Runs every fixture through `change` and collects what does not hold.
fn each(change: impl Fn(Capture, Expect) -> Option<(Capture, Expect)>) -> Result<Vec<String>> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, capture, expect) in all()? {
        let Some((capture, expect)) = change(capture, expect) else { continue };
        let diagnosis = kit.diagnose_capture(&capture)?;
        wrong.extend(expect.judge(&diagnosis).map(|why| format!("{name}: {why}")));
    }
    Ok(wrong)
}

#[test]
fn the_archives_give_their_roots() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, path) in fixtures()? {
        let expect = Expect::parse(Capture::read_archive(&path)?.file("expect.json").unwrap_or_default())?;
        wrong.extend(expect.judge(&kit.diagnose(&path)?).map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn names_do_not_matter() -> Result<()> {
    let wrong = each(|c, e| Some((c.renamed("zq"), e.renamed("zq"))))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn the_root_is_named_without_events() -> Result<()> {
    let wrong = each(|c, e| Some((c.without(|f| f.starts_with("cluster/events")), e)))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn the_root_is_named_without_container_logs() -> Result<()> {
    let wrong = each(|c, e| Some((c.without(|f| f.starts_with("logs/")), e)))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn without_node_files_no_other_cause_is_invented() -> Result<()> {
    let wrong =
        each(|c, e| Some((c.without(|f| f.starts_with("nodes/") || f.starts_with("control-plane/")), e)))?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn order_changes_nothing() -> Result<()> {
    let kit = Kit::new()?;
    for (name, capture, _) in all()? {
        let plain = kubecause_report::json(&kit.diagnose_capture(&capture)?, Lang::En);
        for seed in [1, 2] {
            let shuffled = kit.diagnose_capture(&capture.clone().shuffled(seed))?;
            assert_eq!(plain, kubecause_report::json(&shuffled, Lang::En), "{name}, seed {seed}");
        }
    }
    Ok(())
}

/// Two faults in one capture stay two, and make no third: every pair. The logs of only one control plane can be in a
/// capture; it is that of a pair's cluster whose fault lies in the control plane, or of the first that has one.
#[test]
fn two_faults_stay_two() -> Result<()> {
    let kit = Kit::new()?;
    let all = all()?;
    let control_plane = |name: &str| name.starts_with("control-plane/");
    let rank =
        |(name, c, _): &(String, Capture, Expect)| (name == "scheduler-down", c.names().any(control_plane));
    let mut wrong = Vec::new();
    for (i, first) in all.iter().enumerate() {
        for second in all.iter().skip(i + 1) {
            let (a, b) = if rank(second) > rank(first) { (second, first) } else { (first, second) };
            let other = b.1.clone().without(control_plane).renamed("yb").at_the_time_of(&a.1)?;
            let merged = a.1.clone().merged(other)?;
            let expect = a.2.clone().and(b.2.clone().renamed("yb"));
            let diagnosis = kit.diagnose_capture(&merged)?;
            wrong.extend(expect.judge(&diagnosis).map(|why| format!("{} + {}: {why}", a.0, b.0)));
        }
    }
    assert!(wrong.is_empty(), "{} pairs:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
