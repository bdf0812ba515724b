//! `cargo xtask docs`: what can be derived is generated, committed, and compared in CI.

use anyhow::{Result, anyhow};
use kubecause_catalogue::{Catalogue, Mode, ModeKind};
use kubecause_signals::Signals;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const HEAD: &str = "<!-- Written by `cargo xtask docs`. Do not edit. -->\n\n";

pub fn run(repository: &Path) -> Result<()> {
    let catalogue = Catalogue::builtin()?;
    let signals = Signals::builtin().map_err(|e| anyhow!("{e}"))?;
    let folder = repository.join("docs");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("modes.md"), modes(&catalogue)?)?;
    fs::write(folder.join("signals.md"), signal_list(&catalogue, &signals)?)?;
    fs::write(folder.join("causes.md"), causes(&catalogue)?)?;
    Ok(())
}

fn plain(text: &str) -> String {
    text.replace(['{', '}'], "").replace('|', "\\|")
}

/// Every mode with its titles and a link to its pages, by area.
fn modes(catalogue: &Catalogue) -> Result<String> {
    let mut areas: BTreeMap<&str, Vec<&Mode>> = BTreeMap::new();
    catalogue.all().for_each(|m| areas.entry(&m.area).or_default().push(m));
    let mut out = format!("{HEAD}# Failure modes\n\n{} modes.\n", catalogue.all().count());
    for (area, modes) in areas {
        write!(out, "\n## {area}\n\n| mode | kind | en | zh |\n|---|---|---|---|\n")?;
        for m in modes {
            let kind = match m.kind {
                ModeKind::Root => "root",
                ModeKind::Link => "link",
                ModeKind::Note => "note",
            };
            let page = |lang: &str, title: &str| {
                format!("[{}](../catalogue/{area}/{}/{lang}.md)", plain(title), m.id)
            };
            writeln!(
                out,
                "| `{}` | {kind} | {} | {} |",
                m.id,
                page("en", &m.title.en),
                page("zh", &m.title.zh)
            )?;
        }
    }
    Ok(out)
}

/// Every signal with what it sees and the modes that read it.
fn signal_list(catalogue: &Catalogue, signals: &Signals) -> Result<String> {
    let mut readers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mode in catalogue.all() {
        for entry in mode.entries() {
            readers.entry(&entry.signal).or_default().push(&mode.id);
        }
    }
    let mut all: Vec<_> = signals.all().collect();
    all.sort_by_key(|s| s.id);
    let mut out = format!("{HEAD}# Signals\n\n| signal | what is seen | read by |\n|---|---|---|\n");
    for signal in all {
        let mut by = readers.remove(signal.id).unwrap_or_default();
        by.dedup();
        let by = by.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        writeln!(out, "| `{}` | {} | {by} |", signal.id, plain(signal.doc))?;
    }
    Ok(out)
}

/// What leads to what.
fn causes(catalogue: &Catalogue) -> Result<String> {
    let mut out = format!("{HEAD}# What leads to what\n\n| cause | over | effect |\n|---|---|---|\n");
    for mode in catalogue.all() {
        for e in &mode.explains {
            writeln!(out, "| `{}` | {} | `{}` |", mode.id, e.via.name(), e.what)?;
        }
        for via in &mode.explained_by_any {
            writeln!(out, "| any cause | {} | `{}` |", via.inverse().name(), mode.id)?;
        }
    }
    Ok(out)
}
