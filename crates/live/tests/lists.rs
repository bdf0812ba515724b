//! A whole cluster through the API gives what the capture of it gives, and asks for each thing once.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod common;

use anyhow::Result;
use common::{diagnose, fixture, sound};
use kubecause_live::RESOURCES;
use kubecause_testkit::{FakeApi, Kit, fixtures};
use std::collections::BTreeMap;

#[test]
fn every_fixture_gives_its_root_live() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for (name, _) in fixtures()? {
        let (capture, expect) = fixture(&name)?;
        let api = FakeApi::serve(capture, sound())?;
        let diagnosis = diagnose(&kit, &api, true)?;
        wrong.extend(expect.judge(&diagnosis).map(|why| format!("{name}: {why}")));
        wrong.extend(api.seen().iter().filter(|s| s.method != "GET").map(|s| format!("{name}: {s:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn each_kind_is_listed_once() -> Result<()> {
    let (capture, _) = fixture("healthy")?;
    let api = FakeApi::serve(capture, sound())?;
    diagnose(&Kit::new()?, &api, false)?;
    let mut lists: BTreeMap<String, usize> = BTreeMap::new();
    for seen in api.seen().iter().filter(|s| s.query.get("limit").is_some_and(|l| l != "1")) {
        *lists.entry(seen.resource().unwrap_or_default()).or_default() += 1;
    }
    assert!(lists.values().all(|n| *n == 1), "{lists:?}");
    assert_eq!(lists.len(), RESOURCES.iter().filter(|r| r.instead_of.is_none()).count());
    Ok(())
}
