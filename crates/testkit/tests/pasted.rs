//! Terminals as people paste them into issues: other locales, folded lines, tabs, quotation marks, parts of descriptions, filters,
//! `watch`, old kubectl. Written by hand in the words of Kubernetes; `data/pasted/roots.tsv` names the root of each, or none.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_model::{Diagnosis, Scope};
use kubecause_testkit::{Expect, Kit, Want};
use std::path::Path;

struct Paste {
    name: String,
    text: String,
    expect: Expect,
}

fn all() -> Result<Vec<Paste>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pasted");
    let roots = std::fs::read_to_string(folder.join("roots.tsv"))?;
    let one = |line: &str| {
        let (name, root) = line.split_once('\t').context("a tab")?;
        let root = root.split_once('@').map(|(mode, subject)| Want {
            mode: vec![mode.to_owned()],
            name: subject.to_owned(),
            ..Want::default()
        });
        let text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).context(name.to_owned())?;
        Ok(Paste {
            name: name.to_owned(),
            text,
            expect: Expect { roots: root.into_iter().collect(), ..Expect::default() },
        })
    };
    roots.lines().map(one).collect()
}

fn diagnose(kit: &Kit, text: String) -> Result<Diagnosis> {
    let input = Input::Bytes { name: "paste.txt".to_owned(), bytes: text.into_bytes() };
    let bundle = kubecause_bundle::read(&[input])?;
    Ok(kubecause_engine::diagnose(&bundle.snapshot, &kit.signals, &kit.catalogue, &Scope::default()))
}

/// Each gives its root and nothing else; those without a fault give nothing, not even something unexplained.
fn each(change: impl Fn(&str) -> String) -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for paste in all()? {
        let diagnosis = diagnose(&kit, change(&paste.text)).with_context(|| paste.name.clone())?;
        wrong.extend(paste.expect.judge(&diagnosis).map(|why| format!("{}: {why}", paste.name)));
        if paste.expect.roots.is_empty() && !diagnosis.unexplained.is_empty() {
            wrong.push(format!("{}: unexplained {:?}", paste.name, diagnosis.unexplained));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn each_gives_its_root_and_no_other() -> Result<()> {
    assert!(all()?.len() >= 40);
    each(ToOwned::to_owned)
}

#[test]
fn another_terminal_gives_the_same() -> Result<()> {
    each(|text| text.replace('\n', "\r\n"))?;
    each(|text| format!("Hello,\n\n```\n{text}```\n\nAny idea?\n"))?;
    each(|text| text.replace("Warning", "\x1b[1;33mWarning\x1b[0m"))
}
