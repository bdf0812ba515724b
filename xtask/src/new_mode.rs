//! `cargo xtask new-mode`: the folder of a failure mode with everything that the tests ask for.

use anyhow::{Context, Result, bail, ensure};
use kubecause_catalogue::{HEADINGS_EN, HEADINGS_ZH, Mode, headings};
use std::fs;
use std::path::Path;

const MODE: &str = r#"# What the fields mean: crates/catalogue/src/mode.rs
kind = "root"
subject = "AREA_SUBJECT"
references = []

[title]
en = "{name}: say what is wrong"
zh = "{name}：说明出了什么问题"

[params]

[when]
required = ["family.signal"]

[[look]]
run = "kubectl describe node {name}"
why = { en = "what each outcome would mean", zh = "每种结果意味着什么" }

[[fix]]
title = { en = "What the fix does", zh = "该修复做什么" }
risk = "read-only"
[[fix.step]]
run = "kubectl get node {name}"
why = { en = "why it is done", zh = "为什么这样做" }
"#;

const EXPECT: &str = r#"{"roots": [], "allowed": [], "says": "the fault in words", "source": "where the evidence comes from"}
"#;

const CAPTURE: &str = r#"{"schema": "plain-capture/v1", "takenAt": "2026-01-01T00:00:00Z", "kinds": {"nodes": "empty", "pods": "empty"}}
"#;

pub fn run(repository: &Path, area: &str, id: &str, dry_run: bool) -> Result<()> {
    for word in [area, id] {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        ensure!(
            !word.is_empty() && word.bytes().all(good),
            "{word:?}: use lower-case words joined by hyphens"
        );
    }
    let page =
        |headings: &[&str]| headings.iter().fold(String::new(), |page, h| page + "## " + h + "\n\n…\n\n");
    let subject = match area {
        "node" => "node",
        "pod" => "container",
        "workload" | "scheduling" => "workload",
        _ => "object",
    };
    let files = [
        ("mode.toml", MODE.replace("AREA_SUBJECT", subject)),
        ("en.md", page(&HEADINGS_EN)),
        ("zh.md", page(&HEADINGS_ZH)),
        ("cases/positive/expect.json", EXPECT.to_owned()),
        ("cases/positive/capture.json", CAPTURE.to_owned()),
        ("cases/near-miss/expect.json", EXPECT.to_owned()),
        ("cases/near-miss/capture.json", CAPTURE.to_owned()),
    ];
    let [(_, toml), (_, en), (_, zh), ..] = &files;
    Mode::parse(area, id, toml, en, zh).context("the scaffold does not parse")?;
    ensure!(headings(en) == HEADINGS_EN && headings(zh) == HEADINGS_ZH, "the scaffold lacks headings");
    let folder = repository.join("catalogue").join(area).join(id);
    if folder.exists() {
        bail!("{} exists already", folder.display());
    }
    if dry_run {
        println!("{area}/{id} would be written: {} files", files.len());
        return Ok(());
    }
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, content)?;
    }
    println!(
        "catalogue/{area}/{id}: fill in mode.toml, both pages and the cases, then `cargo test -p kubecause-testkit`"
    );
    Ok(())
}
