//! `kubecause inspect` as a user meets it.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn fixture(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cases");
    root.join(format!("{name}.tar.zst")).display().to_string()
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    run_with(args, b"")
}

/// Runs it with that on its standard input.
fn run_with(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubecause"));
    let piped = command.args(args).env_clear().env("COLUMNS", "100").stdin(Stdio::piped());
    let mut child = piped.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that reads nothing closes it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
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

/// A support bundle of one namespace.
fn support_bundle() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let pod = r#"{"metadata":{"name":"a","namespace":"shop","creationTimestamp":"2026-11-22T17:40:14Z"}}"#;
    for (path, text) in [
        (
            "namespaces.json",
            r#"{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"shop"}}]}"#,
        ),
        ("pods/shop.json", &format!(r#"{{"kind":"PodList","apiVersion":"v1","items":[{pod}]}}"#)),
        ("nodes-errors.json", r#"["nodes is forbidden"]"#),
    ] {
        let path = dir.path().join("support-bundle-1/cluster-resources").join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    dir
}

#[test]
fn what_is_missing_is_told_with_what_that_hides() {
    let bundle = support_bundle();
    let path = bundle.path().display().to_string();
    let (code, out, err) = run(&["inspect", &path]);
    assert_eq!(code, Some(0), "{err}");
    let line =
        |word: &str| out.lines().find(|l| l.trim_start().starts_with(word)).unwrap_or_default().to_owned();
    assert!(line("what").contains("support bundle, 3 files"), "{out}");
    assert!(line("taken").contains("2026-11-22 17:40:14 UTC, as its newest records tell"), "{out}");
    assert!(line("Pod ").contains("in shop"), "{out}");
    assert!(line("Pod outside of shop").contains("failing pods"), "{out}");
    assert!(line("nodes ").contains("forbidden"), "{out}");
    assert!(line("StatefulSet").contains("stuck updates"), "{out}");
    let (_, zh, _) = run(&["inspect", &path, "--lang", "zh"]);
    assert!(
        zh.contains("shop 之外的 Pod") && zh.contains("异常的 Pod") && zh.contains("由最新记录推断"),
        "{zh}"
    );
}

#[test]
fn standard_input_is_read_too() {
    let text =
        br#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"shop"}}]}"#;
    let (code, out, err) = run_with(&["inspect", "-"], text);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("standard input\n") && out.contains("kubectl output, 1 object"), "{out}");
    assert_eq!(run_with(&["inspect", "-"], b"").0, Some(66));
}

/// Says where a value has what its schema does not describe, or lacks what it requires.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
        return check(root, &root["$defs"][name], value, at, wrong);
    }
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = match &schema["type"] {
        Value::Array(types) => types.iter().any(|t| t == is),
        one => one == is,
    };
    let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    if !fits || !listed {
        wrong.push(format!("{at}: {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            wrong.push(format!("{at}: lacks {name}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(described) => check(root, described, inner, &format!("{at}.{name}"), wrong),
            None => wrong.push(format!("{at}.{name} is not described")),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        check(root, &schema["items"], inner, &format!("{at}[]"), wrong);
    }
}

#[test]
fn json_obeys_its_schema() {
    const TEXT: &str = include_str!("../../../schema/kubecause.inspect.v1.schema.json");
    let schema: Value = serde_json::from_str(TEXT).expect("the schema is JSON");
    let bundle = support_bundle();
    let path = bundle.path().display().to_string();
    let (code, out, err) =
        run(&["inspect", &path, &fixture("runtime-hang"), &fixture("scheduler-down"), "-o", "json"]);
    assert_eq!(code, Some(0), "{err}");
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    let mut wrong = Vec::new();
    check(&schema, &schema, &answer, "$", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
