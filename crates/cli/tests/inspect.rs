//! `kubecause inspect` as a user meets it.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn fixture(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cases");
    root.join(format!("{name}.tar.zst")).display().to_string()
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubecause"));
    let output = command.args(args).env_clear().env("COLUMNS", "100").stdin(Stdio::null()).output();
    let output = output.expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn it_says_what_is_there_and_what_is_not() {
    let (code, out, err) = run(&["inspect", &fixture("runtime-hang")]);
    assert_eq!(code, Some(0), "{err}");
    for word in [
        "plain capture in a tar.zst",
        "taken",
        "Pod ",
        "all",
        "NODES",
        "kubelet.log (",
        "pid_max.txt",
        "MISSING",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (_, zh, _) = run(&["inspect", &fixture("runtime-hang"), "--lang", "zh"]);
    assert!(zh.contains("采集时间") && zh.contains("节点"), "{zh}");
    assert!(out.lines().all(|l| l.chars().count() <= 100), "{out}");
}

#[test]
fn json_holds_the_same() {
    let (code, out, _) = run(&["inspect", &fixture("oomkilled"), &fixture("healthy"), "-o", "json"]);
    assert_eq!(code, Some(0));
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(answer["schema"], "kubecause/inspect/v1");
    let inputs = answer["inputs"].as_array().expect("inputs");
    assert_eq!(inputs.len(), 2);
    for input in inputs {
        assert!(input["takenAt"].as_str().is_some_and(|t| t.ends_with('Z')), "{input}");
        let pods = input["kinds"].as_array().and_then(|k| k.iter().find(|k| k["kind"] == "Pod"));
        let pods = pods.expect("pods");
        assert!(pods["listed"] == true && pods["count"].as_u64() > Some(0), "{pods}");
        assert!(!input["nodes"].as_array().expect("nodes").is_empty());
    }
}

#[test]
fn one_namespace_and_what_was_refused_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write(
        "capture.json",
        r#"{"takenAt":"2026-11-22T17:40:14Z","kinds":{"secrets":"forbidden","jobs.batch":"empty"}}"#,
    );
    write("logs/shop/cart-1/app.log", "2026-11-22T17:00:00Z up\n2026-11-22T17:40:00Z \u{1b}[31mdown\n");
    write("nodes/worker-1/df.txt", "timed out after 5s\n");
    let path = dir.path().display().to_string();
    let (code, out, _) = run(&["inspect", &path]);
    assert_eq!(code, Some(0));
    let line = |word: &str| out.lines().find(|l| l.starts_with(word)).unwrap_or_default().to_owned();
    assert!(line("Secret").contains("no: forbidden"), "{out}");
    assert!(line("Job").contains("all"), "{out}");
    assert!(line("shop/cart-1").ends_with("2026-11-22 17:00:00 – 17:40:00"), "{out}");
    assert!(line("nodes/worker-1/df.txt").contains("timed out"), "{out}");
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn what_cannot_be_read_ends_as_in_diagnose() {
    assert_eq!(run(&["inspect", "/does/not/exist"]).0, Some(66));
    assert_eq!(run(&["inspect"]).0, Some(64));
    let (code, help, _) = run(&["inspect", "--help"]);
    assert!(code == Some(0) && help.contains("kubecause inspect capture.tar.zst"), "{help}");
}
