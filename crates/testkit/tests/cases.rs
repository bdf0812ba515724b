//! Every case in the catalogue against all modes: a new mode cannot steal another's diagnosis.

use kubecause_testkit::{Expect, Kit, catalogue_cases};
use std::collections::BTreeMap;

#[test]
fn every_case_gives_its_root_and_nothing_else() -> anyhow::Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (mode, name, folder) in catalogue_cases()? {
        let judged = Expect::read(&folder).and_then(|e| Ok(e.judge(&kit.diagnose(&folder)?)));
        match judged {
            Ok(None) => {}
            Ok(Some(why)) => wrong.push(format!("{mode}/{name}: {why}")),
            Err(error) => wrong.push(format!("{mode}/{name}: {error:#}")),
        }
    }
    assert!(wrong.is_empty(), "{} cases do not hold:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[test]
fn every_mode_has_a_case_that_shows_it_and_one_that_does_not() -> anyhow::Result<()> {
    let kit = Kit::new()?;
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (mode, name, folder) in catalogue_cases()? {
        let expect = Expect::read(&folder)?;
        assert!(!expect.source.is_empty(), "{mode}/{name}: expect.json does not name its source");
        cases.entry(mode).or_default().push(name);
    }
    let lacks =
        |id: &str, kind: &str| cases.get(id).is_none_or(|names| !names.iter().any(|n| n.starts_with(kind)));
    let missing: Vec<&str> = kit
        .catalogue
        .all()
        .map(|m| m.id.as_str())
        .filter(|id| lacks(id, "positive") || lacks(id, "near"))
        .collect();
    assert!(missing.is_empty(), "modes without a positive or a near-miss case: {missing:?}");
    Ok(())
}
