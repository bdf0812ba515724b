//! What this program does as a child of itself: the floors, and a diagnosis step by step.

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_model::{Diagnosis, Scope};
use kubecause_report::{Format, TextOptions, render};
use kubecause_testkit::{Expect, Kit};
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Does the task of that name; false where there is none.
pub fn child(task: &str, path: &Path) -> Result<bool> {
    match task {
        "floor-json" => files(path)?.iter().try_for_each(|f| {
            serde_json::from_slice::<IgnoredAny>(&std::fs::read(f)?)
                .map(drop)
                .context(f.display().to_string())
        })?,
        "floor-yaml" => files(path)?.iter().try_for_each(|f| -> Result<()> {
            serde_saphyr::from_str::<IgnoredAny>(&std::fs::read_to_string(f)?)?;
            Ok(())
        })?,
        "steps" => steps(path)?,
        "diagnose" => {
            let diagnosis = Kit::new()?.diagnose(path)?;
            println!("{}", render(Format::Text, &diagnosis, &TextOptions::default()));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// All files below a folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { all.extend(files(&path)?) } else { all.push(path) }
    }
    all.sort();
    Ok(all)
}

/// How many bytes, and how many objects where each stands on a line of its own, as `cargo xtask synth` writes them.
pub fn size(folder: &Path) -> Result<(u64, usize)> {
    let (mut bytes, mut objects) = (0, 0);
    for file in files(folder)? {
        let text = std::fs::read(&file)?;
        bytes += text.len() as u64;
        objects += text.iter().filter(|b| **b == b'\n').count().saturating_sub(2);
    }
    Ok((bytes, objects))
}

/// How long the largest file is: what a reader holds that reads each whole.
pub fn largest(folder: &Path) -> Result<u64> {
    let mut most = 0;
    for file in files(folder)? {
        most = most.max(std::fs::metadata(file)?.len());
    }
    Ok(most)
}

/// Prints `read observe engine render`, in milliseconds, then `incidents missed extra unexplained lines`.
fn steps(folder: &Path) -> Result<()> {
    let kit = Kit::new()?;
    let mut last = Instant::now();
    let mut lap = || {
        let millis = last.elapsed().as_secs_f64() * 1e3;
        last = Instant::now();
        millis
    };
    let bundle = kit.read(&[Input::Path(folder.to_owned())])?;
    let read = lap();
    drop(kit.signals.observe(&bundle.snapshot));
    let observe = lap();
    let diagnosis = kit.conclude(&bundle.snapshot, &Scope::default());
    let both = lap();
    let text = render(Format::Text, &diagnosis, &TextOptions::default());
    let render = lap();
    let (missed, extra) = compare(&Expect::read(folder)?, &diagnosis);
    println!(
        "{read:.0} {observe:.0} {:.0} {render:.0} {} {missed} {extra} {} {}",
        (both - observe).max(0.0),
        diagnosis.incidents.len(),
        diagnosis.unexplained.len(),
        text.lines().count()
    );
    Ok(())
}

/// How many roots were missed, and how many incidents are none of those that were put in. The first few are named.
fn compare(expect: &Expect, diagnosis: &Diagnosis) -> (usize, usize) {
    let mut wanted: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for want in &expect.roots {
        let namespace = want.namespace.as_deref().unwrap_or_default();
        want.mode.iter().for_each(|m| wanted.entry((m, namespace)).or_default().push(&want.name));
    }
    let mut extra: Vec<String> = Vec::new();
    for root in diagnosis.incidents.iter().map(|i| &i.root) {
        let ids = [Some(root.mode.as_str()), root.refines.as_deref()];
        let mut is_wanted = false;
        for id in ids.into_iter().flatten() {
            let Some(names) = wanted.get_mut(&(id, root.subject.ns())) else { continue };
            if let Some(at) = names.iter().position(|n| root.subject.name.starts_with(n)) {
                names.swap_remove(at);
                is_wanted = true;
                break;
            }
        }
        if !is_wanted {
            extra.push(format!("extra {}@{}", root.mode, root.subject));
        }
    }
    let missed =
        wanted.iter().flat_map(|(key, names)| names.iter().map(move |n| format!("missed {key:?} {n}")));
    let missed: Vec<String> = missed.collect();
    missed.iter().chain(&extra).take(20).for_each(|line| eprintln!("{line}"));
    (missed.len(), extra.len())
}
