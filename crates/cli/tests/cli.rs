//! The binary as a user meets it: arguments, exit codes, languages.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/cases")
        .join(format!("{name}.tar.zst"));
    path.display().to_string()
}

fn kubecause(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubecause"));
    command.args(args).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    told(kubecause(args).output().expect("the binary starts"))
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_exit_code_says_what_was_found() {
    assert_eq!(run(&["diagnose", "--from", &fixture("healthy")]).0, Some(0));
    assert_eq!(run(&["diagnose", "--from", &fixture("oomkilled")]).0, Some(1));
    assert_eq!(run(&["diagnose", "--from", &fixture("oomkilled"), "--fail-on", "critical"]).0, Some(0));
    assert_eq!(run(&["diagnose", "--from", "/does/not/exist"]).0, Some(66));
    assert_eq!(run(&["diagnose"]).0, Some(64));
    assert_eq!(run(&["diagnose", "--from", &fixture("healthy"), "pod/nobody"]).0, Some(64));
    assert_eq!(run(&["diagnose", "--from", &fixture("healthy"), "-n", "nowhere"]).0, Some(64));
    assert_eq!(run(&["--version"]).0, Some(0));
    assert_eq!(run(&["explain", "zzz-no-such-thing"]).0, Some(64));
}

#[test]
fn errors_say_what_to_do() {
    let (_, out, err) = run(&["diagnose", "--from", &fixture("healthy"), "pod/frontend"]);
    assert!(out.is_empty());
    assert!(err.contains("is not in this capture") && err.contains("did you mean"), "{err}");
    let (_, _, err) = run(&["diagnose", "--from", &fixture("healthy"), "spaceship/enterprise"]);
    assert!(err.contains("no type that kubecause knows"), "{err}");
}

#[test]
fn a_named_object_gets_its_own_answer() {
    let (code, out, _) = run(&[
        "diagnose",
        "--from",
        &fixture("oomkilled"),
        "deploy/cache-warmer",
        "-n",
        "oomkilled",
        "-o",
        "json",
    ]);
    assert_eq!(code, Some(1));
    assert!(out.contains("\"container-oom-killed\""), "{out}");
    let (code, out, _) = run(&["diagnose", "--from", &fixture("oomkilled"), "node/worker-2"]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn the_node_explains_the_pod_that_waits_on_it() {
    let archive = fixture("runtime-hang");
    let (code, out, _) =
        run(&["diagnose", "--from", &archive, "pod/frontend-6f9dcdb697-gdpc9", "-n", "shop", "-o", "json"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("\"container-runtime-hung\""), "{out}");
}

#[test]
fn the_language_comes_from_the_flag_or_the_locale() {
    let archive = fixture("oomkilled");
    let args = ["diagnose", "--from", archive.as_str()];
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let (_, out, _) = told(kubecause(&args).env("LANG", "zh_CN.UTF-8").output().expect("the binary starts"));
    assert!(chinese(&out), "{out}");
    let (_, out, _) = told(kubecause(&args).env("LANG", "en_US.UTF-8").output().expect("the binary starts"));
    assert!(!chinese(&out), "{out}");
    let (_, out, _) = run(&[&args[..], &["--lang", "zh"]].concat());
    assert!(chinese(&out), "{out}");
}

#[test]
fn colour_only_when_asked_off_a_terminal() {
    let archive = fixture("oomkilled");
    assert!(!run(&["diagnose", "--from", &archive]).1.contains('\u{1b}'));
    assert!(run(&["diagnose", "--from", &archive, "--color", "always"]).1.contains('\u{1b}'));
}

#[test]
fn standard_input_is_read() {
    let list = r#"{"apiVersion":"v1","kind":"List","items":[]}"#;
    let mut child = kubecause(&["diagnose", "--from", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), list.as_bytes()).expect("it reads");
    let (code, _, err) = told(child.wait_with_output().expect("it ends"));
    assert!(matches!(code, Some(2 | 66)), "{code:?} {err}");
}

#[test]
fn every_format_is_printed() {
    let archive = fixture("readiness-wrong-port");
    for (format, mark) in [
        ("text", "orders"),
        ("wide", "orders"),
        ("json", "kubecause/v1"),
        ("markdown", "#"),
        ("html", "<html"),
    ] {
        let (code, out, err) = run(&["diagnose", "--from", &archive, "-o", format]);
        assert_eq!(code, Some(1), "{format}: {err}");
        assert!(out.contains(mark), "{format}: {out}");
    }
}

#[test]
fn pages_are_found_by_id_reason_and_message() {
    for words in ["image-gc-failing", "ImageGCFailed"] {
        let (code, out, _) = run(&["explain", words]);
        assert_eq!(code, Some(0), "{words}");
        assert!(out.contains("image-gc-failing"), "{words}: {out}");
    }
    for (reason, general, special) in [
        ("FailedScheduling", "insufficient-resources", "claim-in-use-by-other-pod"),
        ("BackOff", "app-crashing", "container-killed-by-signal"),
        ("EvictionThresholdMet", "node-disk-pressure", "eviction-threshold-misfit"),
    ] {
        let (_, out, _) = run(&["explain", reason]);
        let (first, then) = (out.find(general), out.find(special));
        assert!(first.is_some() && first < then, "{reason}: {out}");
    }
    assert!(run(&["explain", "MatchNodeSelector"]).1.contains("pod-rejected-by-kubelet"));
    let (code, out, _) =
        run(&["explain", "PLEG is not healthy: pleg was last seen active 3m12.1s ago; threshold is 3m0s"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("pleg-unhealthy"), "{out}");
}

#[test]
fn modes_completions_and_the_man_page_are_printed() {
    assert!(run(&["modes"]).1.contains("container-runtime-hung"));
    assert!(run(&["modes", "node", "-o", "json"]).1.contains("\"id\""));
    assert_eq!(run(&["modes", "nowhere"]).0, Some(64));
    assert!(run(&["completions", "bash"]).1.contains("kubecause"));
    assert!(run(&["man"]).1.contains(".TH"));
}

#[cfg(unix)]
#[test]
fn linked_as_a_kubectl_plugin_it_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let link = dir.path().join("kubectl-cause");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kubecause"), &link).expect("a link");
    let output = Command::new(&link).arg("--help").output().expect("the binary starts");
    assert!(told(output).1.contains("kubectl cause"));
}
