//! The ids that are a promise to users (`catalogue/contract.txt`): each has its kind, answers `explain`, and has a case that
//! shows it.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use anyhow::{Context, Result};
use kubecause_catalogue::ModeKind;
use kubecause_model::Lang;
use kubecause_testkit::{Expect, Kit, catalogue_cases, repository};
use std::collections::BTreeSet;

/// The promised ids with their kinds.
fn contract() -> Result<Vec<(ModeKind, String)>> {
    let text = std::fs::read_to_string(repository().join("catalogue/contract.txt"))?;
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    let entry = |line: &str| {
        let (kind, id) = line.split_once(' ').with_context(|| format!("no kind in {line:?}"))?;
        let kind = match kind {
            "root" => ModeKind::Root,
            "link" => ModeKind::Link,
            "note" => ModeKind::Note,
            other => anyhow::bail!("{other:?} is no kind"),
        };
        Ok((kind, id.to_owned()))
    };
    lines.map(entry).collect()
}

#[test]
fn every_promised_id_is_there_with_its_kind_and_a_page() -> Result<()> {
    let kit = Kit::new()?;
    let promised = contract()?;
    assert!(promised.len() >= 166, "ids are never taken away: {}", promised.len());
    let mut wrong = Vec::new();
    for (kind, id) in &promised {
        let found = kit.catalogue.find(&kit.signals, id);
        match found.first() {
            Some(mode) if mode.id != *id => wrong.push(format!("explain {id} answers {}", mode.id)),
            Some(mode) if mode.kind != *kind => wrong.push(format!("{id} is a {:?}", mode.kind)),
            Some(mode) => {
                let pages = [Lang::En, Lang::Zh].map(|l| kit.catalogue.page(id, l).unwrap_or_default().len());
                if pages.contains(&0) || mode.title.get(Lang::Zh).is_empty() {
                    wrong.push(format!("{id} lacks a page or a title"));
                }
            }
            None => wrong.push(format!("explain {id} answers nothing")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A root or a link is the root of an incident in some case; a note is among the notes of one. What counts is the answer,
/// not what the case would also accept.
#[test]
fn every_promised_id_has_a_case_that_shows_it() -> Result<()> {
    let kit = Kit::new()?;
    let (mut roots, mut notes) = (BTreeSet::new(), BTreeSet::new());
    for (mode, name, folder) in catalogue_cases()? {
        let expect = Expect::read(&folder)?;
        if expect.roots.is_empty() && expect.also.is_empty() {
            continue;
        }
        let diagnosis = kit.diagnose(&folder).with_context(|| format!("{mode}/{name}"))?;
        let wanted = |id: &str| expect.roots.iter().any(|w| w.mode.iter().any(|m| m == id));
        roots.extend(diagnosis.incidents.into_iter().map(|i| i.root.mode).filter(|id| wanted(id)));
        notes.extend(diagnosis.notes.into_iter().map(|n| n.mode).filter(|id| expect.also.contains(id)));
    }
    let without: Vec<String> = contract()?
        .into_iter()
        .filter(|(kind, id)| !if *kind == ModeKind::Note { &notes } else { &roots }.contains(id))
        .map(|(_, id)| id)
        .collect();
    assert!(without.is_empty(), "no case shows {without:?}");
    Ok(())
}
