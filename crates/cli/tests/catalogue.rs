//! Catalogues of one's own: the example that ships, what is wrong with one, silences.
#![allow(clippy::disallowed_methods, reason = "tests start the binary and write files")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn example() -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/catalogue").display().to_string()
}

fn case(name: &str) -> String {
    format!("{}/shop/licence-expired/cases/{name}", example())
}

/// Runs the binary with that configuration folder; returns its exit code and all that it printed.
fn run_in(config: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubecause"));
    command.args(args).env_clear().env("COLUMNS", "100").env("XDG_CONFIG_HOME", config).stdin(Stdio::null());
    let output = command.output().expect("the binary starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn run(args: &[&str]) -> (Option<i32>, String) {
    run_in(Path::new("/does/not/exist"), args)
}

/// A catalogue with these files.
fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    dir
}

#[test]
fn the_example_is_sound_and_its_cases_pass() {
    let (code, text) = run(&["modes", "lint", &example()]);
    assert_eq!((code, text.as_str()), (Some(0), "nothing is wrong\n"));
    let (code, text) = run(&["modes", "test", &example()]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("pass  replicas-above-licence/positive-rollout")
            && text.ends_with("5 cases, all pass\n"),
        "{text}"
    );
}

#[test]
fn a_mode_of_ones_own_explains_a_shipped_one() {
    let capture = case("positive-refuses-to-start");
    let (code, text) = run(&["diagnose", "-f", &capture, "-o", "json"]);
    assert!(
        code == Some(1) && text.contains("\"mode\": \"app-crashing\"") && !text.contains("licence-expired"),
        "{text}"
    );
    let (code, text) = run(&["diagnose", "-f", &capture, "--catalogue", &example(), "--lang", "zh"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("does not start: licence SHOP-2231 is over"), "{text}");
}

#[test]
fn the_configured_catalogue_is_taken_and_a_missing_one_is_no_error() {
    let capture = case("positive-refuses-to-start");
    let config = tempfile::tempdir().expect("a folder");
    let args = ["diagnose", "-f", capture.as_str(), "-o", "json"];
    assert!(!run_in(config.path(), &args).1.contains("licence-expired"));
    let own = config.path().join("kubecause/catalogue");
    std::fs::create_dir_all(&own).expect("a folder");
    assert_eq!(run_in(config.path(), &args).0, Some(1), "an empty one is none");
    let toml = std::fs::read_to_string(format!("{}/signals/licence.toml", example())).expect("the example");
    std::fs::create_dir_all(own.join("signals")).expect("a folder");
    std::fs::write(own.join("signals/licence.toml"), toml).expect("a file");
    let mode = std::fs::read_to_string(format!("{}/shop/licence-expired/mode.toml", example()))
        .expect("the example");
    std::fs::create_dir_all(own.join("shop/licence-expired")).expect("a folder");
    std::fs::write(own.join("shop/licence-expired/mode.toml"), mode).expect("a file");
    assert!(run_in(config.path(), &args).1.contains("licence-expired"));
    assert!(run_in(config.path(), &["modes", "shop"]).1.contains("licence-expired"));
    // Named a second time it is still one.
    let own = own.display().to_string();
    assert_eq!(run_in(config.path(), &["modes", "shop", "--catalogue", &own]).0, Some(0));
}

#[test]
fn modes_and_pages_of_ones_own_are_found() {
    let (code, text) = run(&["modes", "list", "shop", "--catalogue", &example()]);
    assert!(code == Some(0) && text.lines().count() == 2, "{text}");
    let (code, text) =
        run(&["explain", "--lang", "zh", "--catalogue", &example(), "FATAL licence X expired on 2026-03-09"]);
    assert!(code == Some(0) && text.contains("licence-expired") && text.contains("What happens"), "{text}");
    assert_eq!(run(&["modes", "shop"]).0, Some(64));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let mode = "kind = \"root\"\nsubject = \"pod\"\ntitle = { en = \"x {gone}\" }\n[when]\nrequired = [\"no.such-signal\"]\n";
    let dir = written(&[
        ("a/new-one/mode.toml", mode),
        ("a/broken/mode.toml", "kind = \"root\"\nsubjekt = 3\n"),
        (
            "a/app-crashing/mode.toml",
            "kind = \"note\"\nsubject = \"pod\"\ntitle = { en = \"x\" }\n[when]\nproof = [\"pod.not-ready\"]\n",
        ),
        (
            "silences.toml",
            "[[silence]]\nmode = \"gone\"\nsubject = \"*\"\nuntil = 2026-12-01T00:00:00Z\nwhy = \"x\"\n",
        ),
    ]);
    let path = dir.path().display().to_string();
    let (code, text) = run(&["modes", "lint", &path]);
    assert_eq!(code, Some(1));
    for part in [
        "a/new-one/mode.toml:5: signal \"no.such-signal\" does not exist",
        "a/new-one/mode.toml:3: placeholder {gone} is not among its params",
        "a/new-one/en.md: there is no page",
        "a/new-one: no case shows it",
        "a/broken/mode.toml:2: unknown field `subjekt`",
        "a/app-crashing/mode.toml: a mode \"app-crashing\" ships",
        "silences.toml:2: there is no mode \"gone\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for args in [
        ["modes", "test", &path].as_slice(),
        &["diagnose", "--catalogue", &path, "-f", &path],
        &["explain", "x", "--catalogue", &path],
    ] {
        let (code, text) = run(args);
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains("does not exist") && !text.contains("there is no page"), "{text}");
    }
    let rules = written(&[(
        "signals/x.toml",
        "[[object]]\nid = 'x.y'\ndoc = 'd'\nkinds = ['Pod']\nwhen = 'object.a >'\nmatches = ['a: 1']\n",
    )]);
    let (code, text) = run(&["modes", "lint", &rules.path().display().to_string()]);
    assert!(code == Some(1) && text.contains("signals/x.toml:2: signal x.y: when: "), "{text}");
    assert_eq!(run(&["diagnose", "--catalogue", "/does/not/exist", "-f", &path]).0, Some(78));
    assert_eq!(run(&["diagnose", "--silences", "/does/not/exist", "-f", &path]).0, Some(78));
}

#[test]
fn a_shipped_mode_is_replaced_only_when_that_is_said() {
    let mode = "kind = \"root\"\nreplaces = true\nsubject = \"container\"\ntitle = { en = \"our own words\" }\n[when]\nproof = [\"container.app-exit\"]\n";
    let dir = written(&[("pod/app-crashing/mode.toml", mode)]);
    let path = dir.path().display().to_string();
    let (code, text) = run(&["diagnose", "-f", &case("near-only-warns"), "--catalogue", &path]);
    assert!(code == Some(1) && text.contains("our own words"), "{text}");
    let dir = written(&[("pod/not-shipped/mode.toml", mode)]);
    let (code, text) = run(&["modes", "pod", "--catalogue", &dir.path().display().to_string()]);
    assert!(code == Some(78) && text.contains("no mode \"not-shipped\" ships"), "{text}");
}

#[test]
fn a_mode_of_ones_own_is_explained_by_a_shipped_one() {
    let mode = "kind = \"root\"\nsubject = \"container\"\ntitle = { en = \"it ended\" }\n[when]\nrequired = [\"container.app-exit\"]\n\
                [[explained-by]]\nmode = \"app-crashing\"\nvia = \"same\"\n";
    let dir = written(&[("shop/ended/mode.toml", mode)]);
    let path = dir.path().display().to_string();
    let (_, text) = run(&["diagnose", "-f", &case("near-only-warns"), "--catalogue", &path, "-o", "json"]);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["incidents"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["incidents"][0]["root"]["mode"], "app-crashing");
    assert_eq!(value["incidents"][0]["chain"][0]["mode"], "ended");
}

fn silences(until: &str, subject: &str) -> tempfile::TempDir {
    let text = format!(
        "[[silence]]\nmode = \"licence-expired\"\nsubject = \"{subject}\"\nuntil = {until}\nwhy = \"known\"\n"
    );
    written(&[("s.toml", &text)])
}

#[test]
fn what_is_silenced_does_not_count_and_is_told() {
    let (capture, own) = (case("positive-refuses-to-start"), example());
    let diagnose = |dir: &tempfile::TempDir, format: &str| {
        let file = dir.path().join("s.toml").display().to_string();
        run(&["diagnose", "-f", &capture, "--catalogue", &own, "--silences", &file, "-o", format])
    };
    let quiet = silences("2026-12-01T00:00:00Z", "Deployment/shop/serv*");
    // Nodes were not collected: what is left is not known to be healthy.
    let (code, text) = diagnose(&quiet, "json");
    assert_eq!(code, Some(2), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["incidents"], serde_json::json!([]));
    let told = &value["silenced"][0];
    assert_eq!(
        (
            told["mode"].as_str(),
            told["until"].as_str(),
            told["why"].as_str(),
            told["subject"]["kind"].as_str()
        ),
        (Some("licence-expired"), Some("2026-12-01T00:00:00Z"), Some("known"), Some("Deployment"))
    );
    assert_eq!(value["unexplained"], serde_json::json!([]), "what follows from it is explained");
    for format in ["text", "wide", "markdown", "html"] {
        let (_, text) = diagnose(&quiet, format);
        let line = text.replace('\n', " ");
        assert!(line.contains("silenced until 2026-12-01 00:00:00 UTC: "), "{format}: {text}");
    }
    let over = silences("2026-03-10T10:00:00Z", "*");
    let (code, text) = diagnose(&over, "text");
    assert!(
        code == Some(1) && text.contains("a silence ended 2026-03-10 10:00:00 UTC and holds no more"),
        "{text}"
    );
    let other = silences("2026-12-01T00:00:00Z", "Deployment/shop/other");
    let (code, text) = diagnose(&other, "text");
    assert!(code == Some(1) && !text.contains("silence"), "{text}");
    assert!(diagnose(&other, "wide").1.contains("a silence matches nothing"));
}

#[test]
fn a_new_mode_is_written_where_none_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let own = dir.path().join("own").display().to_string();
    let (code, text) = run(&["modes", "new", &own, "shop", "cart-full"]);
    assert!(code == Some(0) && text.contains("modes lint"), "{text}");
    let (code, text) = run(&["modes", "lint", &own]);
    assert!(code == Some(1) && text.contains("family.signal"), "{text}");
    assert_eq!(run(&["modes", "new", &own, "shop", "cart-full"]).0, Some(64));
    assert_eq!(run(&["modes", "new", &own, "..", "x"]).0, Some(64));
}

#[cfg(unix)]
#[test]
fn a_case_that_does_not_hold_fails() {
    let dir = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp").args(["-r", &example()]).arg(dir.path()).status().expect("cp");
    assert!(copied.success());
    let own = dir.path().join("catalogue");
    let expect = own.join("shop/licence-expired/cases/near-only-warns/expect.json");
    std::fs::write(expect, r#"{"roots": [{"mode": ["licence-expired"]}]}"#).expect("a file");
    let (code, text) = run(&["modes", "test", &own.display().to_string()]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("FAIL  licence-expired/near-only-warns")
            && text.contains("got [\"app-crashing@shop/server"),
        "{text}"
    );
    assert!(text.ends_with("5 cases, 1 failed\n"), "{text}");
}

/// What the documentation shows can be copied: every block of TOML in it, put where it belongs, makes a catalogue.
#[test]
fn what_the_documentation_shows_works() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/user-catalogues.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (mut signals, mut mode, mut silences) = (String::new(), String::new(), String::new());
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        match block.split_whitespace().next() {
            Some("[[log]]" | "[[object]]") => signals.push_str(block),
            Some("kind" | "[[explained-by]]") => mode.push_str(block),
            Some("[[silence]]") => silences.push_str(block),
            other => panic!("{other:?}"),
        }
    }
    let files = [
        ("signals/x.toml", &*signals),
        ("shop/licence-expired/mode.toml", &*mode),
        ("silences.toml", &*silences),
    ];
    let dir = written(&files);
    let (code, text) = run(&["modes", "shop", "--catalogue", &dir.path().display().to_string()]);
    assert!(code == Some(0) && text.contains("licence-expired"), "{text}");
}
