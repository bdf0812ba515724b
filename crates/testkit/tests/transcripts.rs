//! Pasted terminals of a real cluster: as they are, and as people paste them.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_model::{Diagnosis, Root, Scope};
use kubecause_testkit::{Capture, Expect, Kit, fixtures, transcript_fixtures};
use std::collections::{BTreeMap, BTreeSet};

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

fn roots(diagnosis: &Diagnosis) -> BTreeSet<(String, String)> {
    let root = |i: &kubecause_model::Incident| (i.root.mode.clone(), i.root.subject.to_string());
    diagnosis.incidents.iter().map(root).collect()
}

/// The capture and what kubectl prints of it name the same roots.
#[test]
fn a_session_and_its_capture_agree() -> Result<()> {
    let kit = Kit::new()?;
    let captures: BTreeMap<String, std::path::PathBuf> = fixtures()?.into_iter().collect();
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for case in all()? {
        let Some(path) = captures.get(&case.name) else { continue };
        pairs += 1;
        let (capture, session) = (roots(&kit.diagnose(path)?), roots(&diagnose(&kit, case.text.clone())?));
        let allowed = |r: &(String, String)| case.expect.allowed.contains(&r.0);
        if capture.symmetric_difference(&session).any(|r| !allowed(r)) {
            wrong.push(format!("{}: the capture gives {capture:?}, the session {session:?}", case.name));
        }
    }
    assert!(pairs >= 20, "{pairs}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The roots that neither the case nor any link of the whole session's answer knows.
fn strange<'d>(part: &'d Diagnosis, case: &Case, whole: &Diagnosis) -> Vec<&'d Root> {
    let mut known: BTreeSet<&str> = case.expect.allowed.iter().map(String::as_str).collect();
    known.extend(case.expect.roots.iter().flat_map(|w| &w.mode).map(String::as_str));
    for incident in &whole.incidents {
        known.extend(incident.chain.iter().map(|l| l.mode.as_str()));
        known.extend(incident.alternatives.iter().map(|a| a.mode.as_str()));
    }
    part.incidents.iter().map(|i| &i.root).filter(|r| !known.contains(r.mode.as_str())).collect()
}

/// What tables or descriptions alone show never gives a root that the whole does not know.
#[test]
fn parts_of_a_session_invent_nothing() -> Result<()> {
    type Pick = fn(&str) -> bool;
    const PARTS: [(&str, Pick); 5] = [
        ("tables", |c| c.starts_with("kubectl get ")),
        ("descriptions", |c| c.starts_with("kubectl describe ")),
        ("no events", |c| !c.starts_with("kubectl get ev")),
        ("no logs", |c| !c.starts_with("kubectl logs") && !c.starts_with("ssh ")),
        ("pods and events", |c| c.starts_with("kubectl get ev") || c.starts_with("kubectl get po")),
    ];
    let kit = Kit::new()?;
    let mut wrong = Vec::new();
    for case in all()? {
        let whole = diagnose(&kit, case.text.clone())?;
        for (part, pick) in PARTS {
            let shown = case.blocks().into_iter().filter(|(c, _)| pick(c));
            let text: String = shown.map(|(c, out)| format!("$ {c}\n{out}\n")).collect();
            let Ok(found) = diagnose(&kit, text) else { continue };
            let strange = strange(&found, &case, &whole);
            wrong.extend(strange.iter().map(|r| format!("{}, {part}: {}@{}", case.name, r.mode, r.subject)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
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
    each(|c| format!("```\n{}\n```\n", c.text))?;
    each(|c| c.text.lines().map(|l| format!("> {l}\n")).collect())?;
    each(|c| c.text.replace("\n$ ", "\n╭─ops@laptop ~\n╰─❯ "))
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
        let whole = diagnose(&kit, case.text.clone())?;
        for (command, output) in case.blocks() {
            for text in [format!("$ {command}\n{output}\n"), output.to_owned()] {
                // Some print nothing, and some print nothing that can be told without the command.
                let Ok(diagnosis) = diagnose(&kit, text) else { continue };
                let strange = strange(&diagnosis, &case, &whole);
                wrong.extend(
                    strange.iter().map(|r| format!("{}: {command}: {}@{}", case.name, r.mode, r.subject)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Tables of every common kind: what their columns leave out is taken for absent nowhere.
#[test]
fn tables_of_a_healthy_cluster_are_silent() -> Result<()> {
    let kit = Kit::new()?;
    let text = include_str!("data/healthy-tables.txt");
    let diagnosis = diagnose(&kit, text.to_owned())?;
    let roots: Vec<_> = diagnosis.incidents.iter().map(|i| (&i.root.mode, &i.root.subject)).collect();
    assert!(roots.is_empty() && diagnosis.unexplained.is_empty(), "{roots:?} {:?}", diagnosis.unexplained);
    assert_eq!((diagnosis.stats.nodes, diagnosis.stats.pods), (3, 11));
    for block in text.split("[root@ops ~]# ").skip(1) {
        let Ok(alone) = diagnose(&kit, format!("$ {block}")) else { continue };
        let roots: Vec<_> = alone.incidents.iter().map(|i| (&i.root.mode, &i.root.subject)).collect();
        assert!(roots.is_empty(), "{roots:?} of {block}");
    }
    Ok(())
}

/// A node in 2017, as its operator pasted it: the prompt and the log's lines name it, the log states no year.
#[test]
fn a_node_by_its_log_and_its_old_events() -> Result<()> {
    let kit = Kit::new()?;
    let text = "# kubectl describe node-3\n... ...\nEvents:\n  FirstSeen\tLastSeen\tCount\tFrom\tSubObjectPath\tType\tReason\tMessage\n  \
                ---------\t--------\t-----\t----\t-------------\t----\t------\t-------\n  \
                5m\t5m\t1\tkubelet, node-3\t\tNormal\tNodeHasDiskPressure\tNode node-3 status is now: NodeHasDiskPressure\n  \
                5m\t14s\t23\tkubelet, node-3\t\tWarning\tEvictionThresholdMet\tAttempting to reclaim nodefs\n\n\
                再看日志：\n# journalctl -u kubelet -f\n\
                10月 16 09:50:55 node-3 kubelet[17144]: W1016 09:50:55.056703   17144 eviction_manager.go:331] eviction manager: attempting to reclaim nodefs\n\
                10月 16 09:50:55 node-3 kubelet[17144]: E1016 09:50:55.058307   17144 eviction_manager.go:356] eviction manager: eviction thresholds have been met, but no pods are active to evict\n\
                root@node-3:~# df -h\n文件系统        容量  已用  可用 已用% 挂载点\n/dev/sda1       5.8G  5.1G  448M   92% /\n";
    let diagnosis = diagnose(&kit, text.to_owned())?;
    let root = &diagnosis.incidents.first().context("no incident")?.root;
    assert_eq!((root.subject.name.as_ref(), diagnosis.incidents.len()), ("node-3", 1));
    assert!(root.mode.contains("disk") || root.mode.contains("nodefs"), "{}", root.mode);
    Ok(())
}
