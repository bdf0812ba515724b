//! The captures of a real cluster: as they are, and broken on purpose.

use anyhow::Result;
use kubecause_model::Lang;
use kubecause_testkit::{Capture, Expect, Kit, fixtures};

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
    let wrong = each(|c, e| Some((c.without(|f| f.starts_with("nodes/") || f.starts_with("control-plane/")), e)))?;
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

/// Two faults in one capture stay two, and make no third. Captures of whole clusters are not merged with each other:
/// both would bring the logs of one control plane.
#[test]
fn two_faults_stay_two() -> Result<()> {
    let kit = Kit::new()?;
    let all = all()?;
    let whole = |c: &Capture| c.names().any(|n| n.starts_with("control-plane/"));
    let mut wrong = Vec::new();
    for (i, (name_a, a, expect_a)) in all.iter().enumerate() {
        for (name_b, b, expect_b) in all.iter().skip(i + 1).filter(|(_, b, _)| !(whole(a) && whole(b))) {
            let (a, b, ea, eb) = if whole(b) { (b, a, expect_b, expect_a) } else { (a, b, expect_a, expect_b) };
            let other = b.clone().renamed("yb").at_the_time_of(a)?;
            let merged = a.clone().merged(other)?;
            let expect = ea.clone().and(eb.clone().renamed("yb"));
            let diagnosis = kit.diagnose_capture(&merged)?;
            wrong.extend(expect.judge(&diagnosis).map(|why| format!("{name_a} + {name_b}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{} pairs:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
