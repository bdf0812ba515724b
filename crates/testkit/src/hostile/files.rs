//! Sets of files from one text: parts divided by NUL, each a line that names it and what it holds.

use super::{KIT, archive, same_twice};
use kubecause_catalogue::{Languages, Mode, Silence, problems};
use kubecause_evidence::node::NodeFacts;
use kubecause_evidence::{Kind, Watcher};
use kubecause_rules::Rules;
use kubecause_signals::Patterns;
use std::collections::BTreeSet;

/// The parts of a recipe: name and content.
pub fn parts(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    bytes.split(|b| *b == 0).map(|part| {
        let end = part.iter().position(|b| *b == b'\n').unwrap_or(part.len());
        (part.get(..end).unwrap_or_default(), part.get(end + 1..).unwrap_or_default())
    })
}

/// The recipe of those parts.
pub fn recipe<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let one = |(name, content): (&str, &[u8])| {
        let mut part = [name.as_bytes(), b"\n", content].concat();
        part.retain(|b| *b != 0);
        part
    };
    parts.into_iter().map(one).collect::<Vec<_>>().join(&0)
}

/// A capture, of any tool: paths and what the files hold. An empty part ends the first of two captures that are joined.
pub fn tree(bytes: &[u8]) {
    let mut captures: Vec<Vec<(&[u8], &[u8])>> = vec![Vec::new()];
    for (path, content) in parts(bytes) {
        if path.is_empty() && content.is_empty() && captures.len() == 1 {
            captures.push(Vec::new());
        } else if let Some(last) = captures.last_mut() {
            last.push((path, content));
        }
    }
    let tars: Vec<Vec<u8>> = captures.iter().map(|files| archive::tar_of(files)).collect();
    let inputs: Vec<(&str, &[u8])> = ["one", "two"].into_iter().zip(tars.iter().map(Vec::as_slice)).collect();
    same_twice(&inputs);
}

/// The files of a node's folder that are no logs.
const NODE_FILES: [&str; 20] = [
    "configz.json",
    "stats-summary.json",
    "healthz.txt",
    "df.txt",
    "df-inodes.txt",
    "loadavg.txt",
    "meminfo.txt",
    "ps.txt",
    "pid_max.txt",
    "thread_count.txt",
    "conntrack.txt",
    "iptables_rules.txt",
    "iptables_version.txt",
    "systemd_version.txt",
    "cgroup.txt",
    "uname.txt",
    "mounts.txt",
    "units.txt",
    "runtime_config.toml",
    "containers.txt",
];

/// What a node says of itself: the text as each of its files.
pub fn node(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = || {
        let mut facts = NodeFacts::default();
        for name in NODE_FILES {
            assert!(facts.read(&format!("nodes/n/{name}"), name, &text), "{name} is no file of a node");
        }
        facts
    };
    let facts = read();
    assert_eq!(format!("{facts:?}"), format!("{:?}", read()), "two answers");
    for fs in facts.df.iter().chain(&facts.df_inodes) {
        assert!(!fs.mount.is_empty() && !fs.used_share().is_nan(), "{fs:?}");
    }
    let _ = facts.stats.as_ref().map(|stats| stats.pods_ephemeral_bytes());
    let _ = (facts.files(), facts.booted_at(Some(super::values::moment(0))));
}

/// A user's catalogue: a mode, signals with their rules, silences, and an object that the rules are asked about.
pub fn catalogue(bytes: &[u8]) {
    let kit = KIT.as_ref().expect("what ships loads");
    for (name, content) in parts(bytes) {
        let text = String::from_utf8_lossy(content);
        match name {
            b"mode" => mode(kit, &text),
            b"silences" => {
                let parsed = Silence::parse(&text, |id| kit.catalogue.get(id).is_some());
                for wrong in parsed.err().into_iter().flatten() {
                    assert!(!wrong.why.is_empty());
                }
            }
            b"signals" => signals(&text, bytes),
            _ => {}
        }
    }
}

fn mode(kit: &crate::Kit, text: &str) {
    let page = "# What happens\n";
    match Mode::parse("area", "own", text, page, "") {
        Err(wrong) => assert!(!wrong.why.is_empty()),
        Ok(mode) => {
            let ids: BTreeSet<&str> = kit.signals.all().map(|s| s.id).collect();
            for wrong in problems(&kit.catalogue, &ids, &mode, Languages::Any) {
                assert!(!wrong.what.is_empty());
            }
        }
    }
}

/// Signals that are sound are asked about every part that is called `object`.
fn signals(text: &str, all: &[u8]) {
    let patterns = match Patterns::parse(&[("signals/own.toml", text)]) {
        Ok(patterns) => patterns,
        Err(wrong) => return assert!(!wrong.is_empty()),
    };
    let Ok(rules) = Rules::compile(patterns.object_rules()) else { return };
    for (_, content) in parts(all).filter(|(name, _)| *name == b"object") {
        let json = String::from_utf8_lossy(content);
        for kind in [Kind::Pod, Kind::Secret, Kind::from_name("Widget.example.com")] {
            let look = || format!("{:?}", rules.look(&kind, &json));
            assert_eq!(look(), look(), "two answers");
        }
    }
}
