//! The seed corpora of the fuzz targets, through the functions that the targets call.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use anyhow::{Context, Result};
use kubecause_testkit::{hostile, repository};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_input_of_the_corpora_is_survived() -> Result<()> {
    for (target, run) in hostile::TARGETS {
        let folder = repository().join("fuzz/corpus").join(target);
        let mut inputs: Vec<_> =
            fs::read_dir(&folder).context(target)?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        inputs.sort();
        assert!(inputs.len() >= 5, "{target}: a corpus of {}", inputs.len());
        for input in inputs {
            let bytes = fs::read(&input)?;
            println!("{}", input.display());
            run(&bytes);
            // What is cut is what arrives most often.
            run(bytes.get(..bytes.len() / 2).unwrap_or_default());
        }
    }
    Ok(())
}

#[test]
fn every_target_has_its_program() -> Result<()> {
    let mut programs = BTreeSet::new();
    for entry in fs::read_dir(repository().join("fuzz/fuzz_targets"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        programs.insert(name.trim_end_matches(".rs").to_owned());
    }
    let targets: BTreeSet<String> = hostile::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(programs, targets);
    Ok(())
}
