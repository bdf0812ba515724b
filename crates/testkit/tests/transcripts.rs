//! Pasted terminals of a real cluster: as they are, and as people paste them.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_model::{Diagnosis, Scope};
use kubecause_testkit::{Capture, Expect, Kit, transcript_fixtures};

struct Case {
    name: String,
    text: String,
    expect: Expect,
}

impl Case {
    /// The commands with their outputs.
    fn blocks(&self) -> Vec<(&str, &str)> {
        self.text
            .split("\n$ ")
            .map(|b| b.trim_start_matches("$ "))
            .filter_map(|b| b.split_once('\n'))
            .collect()
    }
}

fn all() -> Result<Vec<Case>> {
    let read = |(name, path): (String, std::path::PathBuf)| {
        let files = Capture::read_archive(&path)?;
        let text = String::from_utf8(files.file("session.txt").context("session.txt")?.to_vec())?;
        let expect = Expect::parse(files.file("expect.json").unwrap_or_default())?;
        Ok(Case { name, text, expect })
    };
    transcript_fixtures()?.into_iter().map(read).collect()
}

fn diagnose(kit: &Kit, text: String) -> Result<Diagnosis> {
    let input = Input::Bytes { name: "session.txt".to_owned(), bytes: text.into_bytes() };
    let bundle = kubecause_bundle::read(&[input])?;
    Ok(kubecause_engine::diagnose(&bundle.snapshot, &kit.signals, &kit.catalogue, &Scope::default()))
}

/// Every case, changed, gives its root and no other.
fn each(change: impl Fn(&Case) -> String) -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for case in all()? {
        let diagnosis = diagnose(&kit, change(&case))?;
        wrong.extend(case.expect.judge(&diagnosis).map(|why| format!("{}: {why}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn they_give_their_roots() -> Result<()> {
    assert!(transcript_fixtures()?.len() >= 9);
    each(|case| case.text.clone())
}

#[test]
fn prompts_and_noise_do_not_matter() -> Result<()> {
    each(|c| c.text.replace("\n$ ", "\n[root@ops-1 ~]# ").replace('\n', "\r\n"))?;
    each(|c| c.text.replace("$ kubectl", "ops@laptop:~/x (prod)$ kubectl") + "ops@laptop:~/x (prod)$ \n")?;
    each(|c| c.text.replace("$ kubectl", "PS C:\\Users\\ops> kubectl.exe"))?;
    each(|c| c.text.replace("\n$ kubectl", "\n\n排查如下：\n# kubectl"))?;
    each(|c| {
        c.text.replace("Warning", "\x1b[33mWarning\x1b[0m").replace("\n$ ", "\n\x1b]0;x\x07\x1b[1m$ \x1b[0m")
    })?;
    each(|c| format!("```\n{}\n```\n", c.text))
}

#[test]
fn the_order_of_commands_does_not_matter() -> Result<()> {
    each(|case| {
        let blocks: Vec<String> =
            case.blocks().iter().rev().map(|(c, out)| format!("$ {c}\n{out}\n")).collect();
        blocks.concat()
    })
}

#[test]
fn one_file_a_command() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for case in all()? {
        let folder = tempfile::tempdir()?;
        for (i, (command, output)) in case.blocks().into_iter().enumerate() {
            let (name, text) = if i % 2 == 0 {
                (format!("{}.txt", command.replace('/', "_")), output.to_owned())
            } else {
                (format!("{i}.txt"), format!("$ {command}\n{output}\n"))
            };
            std::fs::write(folder.path().join(name), text)?;
        }
        let diagnosis = kit.diagnose(folder.path())?;
        wrong.extend(case.expect.judge(&diagnosis).map(|why| format!("{}: {why}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What one command shows may not suffice; it never proves another cause.
#[test]
fn one_command_alone_invents_nothing() -> Result<()> {
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for case in all()? {
        let mut expect = case.expect.clone();
        for (command, output) in case.blocks() {
            for text in [format!("$ {command}\n{output}\n"), output.to_owned()] {
                // Some print nothing, and some print nothing that can be told without the command.
                let Ok(diagnosis) = diagnose(&kit, text) else { continue };
                if diagnosis.incidents.is_empty() {
                    continue;
                }
                expect.also.clear();
                wrong.extend(expect.judge(&diagnosis).map(|why| format!("{}: {command}: {why}", case.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
