//! Inputs that mean harm, or that are merely huge.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot build its input must fail"
)]

mod common;

use common::*;
use kubecause_bundle::{Limits, ReadError};
use kubecause_evidence::{Kind, Why};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn links_in_a_folder_are_not_followed() {
    let outside = Folder::new();
    outside.write("secret.json", list(&[pod("outside")]));
    let folder = folder(&files(&[("cluster/nodes.json", &list(&[]))]));
    symlink(outside.path().join("secret.json"), folder.path().join("cluster/pods.json")).unwrap();
    symlink(outside.path(), folder.path().join("logs")).unwrap();
    symlink("..", folder.path().join("cluster/loop")).unwrap();
    let s = folder.read().unwrap().snapshot;
    assert!(names(&s).is_empty());
    assert!(has_gap(&s, "cluster/pods.json", Why::NotCollected) && has_gap(&s, "logs", Why::NotCollected));
}

#[test]
fn a_pipe_in_a_folder_does_not_hang() {
    let folder = folder(&files(&[("cluster/nodes.json", &list(&[]))]));
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("cluster/pods.json")).status();
    assert!(made.unwrap().success());
    assert!(!folder.read().unwrap().snapshot.has(&Kind::Pod));
}

#[test]
fn what_may_not_be_read_is_a_gap_and_the_root_an_error() {
    let folder = folder(&capture());
    let lock =
        |path: &str, mode| fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode));
    lock("cluster/pods.json", 0o000).unwrap();
    if fs::read(folder.path().join("cluster/pods.json")).is_ok() {
        return; // root may read everything
    }
    lock("logs", 0o000).unwrap();
    let s = folder.read().unwrap().snapshot;
    lock("logs", 0o755).unwrap();
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::Forbidden));
    assert!(has_gap(&s, "logs", Why::Forbidden));
    lock("", 0o000).unwrap();
    let error = folder.read();
    lock("", 0o755).unwrap();
    assert!(matches!(error, Err(ReadError::Io { .. })));
}

/// A tar with one member more, made by hand.
fn tar_with(kind: tar::EntryType, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut odd = header(content.len() as u64);
    odd.set_entry_type(kind);
    odd.as_mut_bytes()[..name.len()].copy_from_slice(name);
    odd.set_cksum();
    builder.append(&odd, content).unwrap();
    let pods = list(&[pod("a")]);
    builder.append_data(&mut header(pods.len() as u64), "cluster/pods.json", pods.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn members_that_lead_outside_or_are_links_are_gaps() {
    for (kind, name) in [
        (tar::EntryType::Regular, "/etc/cluster/pods.json"),
        (tar::EntryType::Regular, "../../cluster/pods.json"),
        (tar::EntryType::Symlink, "cluster/nodes.json"),
        (tar::EntryType::Link, "cluster/nodes.json"),
        (tar::EntryType::Fifo, "cluster/nodes.json"),
        (tar::EntryType::GNUSparse, "cluster/nodes.json"),
    ] {
        let s = read_bytes(tar_with(kind, name.as_bytes(), b"")).unwrap().snapshot;
        assert_eq!(names(&s), ["a"], "{name}");
        assert!(has_gap(&s, name, Why::NotCollected), "{name}: {:?}", s.gaps);
        assert!(!s.has(&Kind::Node));
    }
    let s = read_bytes(zip(&files(&[("../x.json", "{}"), ("cluster/pods.json", &list(&[pod("a")]))])))
        .unwrap()
        .snapshot;
    assert_eq!((names(&s).len(), s.gaps.len()), (1, 1));
}

#[test]
fn long_names_are_read_and_endless_ones_are_not() {
    let long = format!("{}/cluster/pods.json", "d".repeat(200));
    let s = read_bytes(tar(&files(&[(&long, &list(&[pod("a")]))]))).unwrap().snapshot;
    assert_eq!(names(&s), ["a"]);
    let endless = vec![b'x'; 10 << 20];
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        let _ = read_bytes(tar_with(kind, b"././@LongLink", &endless));
    }
}

#[test]
fn what_an_archive_unpacks_to_is_bounded() {
    let limits = Limits { unpacked: 256 << 10, ..Limits::default() };
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.push(("nodes/n/x.bin".to_owned(), vec![0; 4 << 20]));
    for bomb in [gzip(&tar(&files)), zstd(&tar(&files)), xz(&tar(&files))] {
        let s = read_limited(bomb, &limits).unwrap().snapshot;
        assert_eq!(names(&s), ["a"]);
        assert!(has_gap(&s, "the archive", Why::TooLarge), "{:?}", s.gaps);
    }
    files.last_mut().unwrap().0 = "nodes/n/kubelet.log".to_owned();
    let s = read_limited(zip(&files), &limits).unwrap().snapshot;
    assert_eq!(names(&s), ["a"]);
    assert!(s.gaps.iter().any(|g| g.what == "nodes/n/kubelet.log"), "{:?}", s.gaps);
}

#[test]
fn the_number_of_files_is_bounded() {
    let limits = Limits { files: 10, ..Limits::default() };
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.extend((0..50).map(|i| (format!("logs/a/b/c{i}.log"), Vec::new())));
    for archive in [tar(&files), zip(&files)] {
        let s = read_limited(archive, &limits).unwrap().snapshot;
        assert!(has_gap(&s, "the archive", Why::TooLarge));
        assert_eq!(s.container_logs.len(), 9);
    }
    let folder = folder(&files);
    let s = kubecause_bundle::read_within(&[folder.path().to_owned().into()], &limits).unwrap().snapshot;
    assert!(has_gap(&s, "the directory", Why::TooLarge));
}

#[test]
fn a_file_that_is_too_large_is_a_gap_and_a_log_keeps_its_end() {
    let limits = Limits { objects: 1000, log: 1000, logs: 1500, ..Limits::default() };
    let pods: Vec<String> = (0..50).map(|i| pod(&format!("p{i}"))).collect();
    let log = (0..1000).map(|i| format!("line {i}")).collect::<Vec<_>>().join("\n") + "\n";
    let files = files(&[
        ("cluster/pods.json", &list(&pods)),
        ("cluster/nodes.json", &list(&[])),
        ("logs/a/b/c.log", &log),
        ("logs/a/b/d.log", &log),
    ]);
    let folder = folder(&files);
    for input in [folder.path().to_owned().into(), bytes("x", gzip(&tar(&files)))] {
        let s = kubecause_bundle::read_within(&[input], &limits).unwrap().snapshot;
        assert_eq!(missing(&s, &Kind::Pod), Some(Why::TooLarge));
        let logs: Vec<_> = s.container_logs.values().map(|l| &*l.text).collect();
        assert_eq!(logs.len(), 1, "all logs together are bounded too");
        assert!(logs.iter().all(|l| l.starts_with("line ") && l.ends_with("line 999\n") && l.len() <= 1000));
        assert!(has_gap(&s, "logs/a/b/c.log", Why::TooLarge) && has_gap(&s, "logs/a/b/d.log", Why::TooLarge));
    }
}

/// Bytes that do not pack.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn a_truncated_archive_gives_what_was_read() {
    let mut files = capture();
    files.push(("logs/shop/cart-2/app.log".to_owned(), noise(600_000)));
    for whole in [tar(&files), gzip(&tar(&files)), xz(&tar(&files)), zstd(&tar(&files)), zip(&files)] {
        let s = read_bytes(whole.get(..whole.len() * 9 / 10).unwrap()).unwrap().snapshot;
        let broken = |g: &kubecause_evidence::Gap| g.what == "the archive" && g.why == Why::Truncated;
        assert!(s.gaps.iter().any(broken), "{:?}", s.gaps);
        assert_eq!(names(&s), ["cart-1", "cart-2"]);
    }
    let error = read_bytes(zstd(&tar(&capture())).get(..200).unwrap()).unwrap_err().to_string();
    assert!(error.contains("damaged or cut off"), "{error}");
}

#[test]
fn deep_json_and_yaml_do_not_exhaust_the_stack() {
    let deep = format!(
        r#"{{"kind":"Pod","metadata":{{"name":"a"}},"x":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(names(&read_bytes(list(&[deep])).unwrap().snapshot), ["a"], "unknown fields are skipped");
    let labels = format!(r#"{{"kind":"Pod","metadata":{{"name":"b","labels":{}"#, r#"{"a":"#.repeat(100_000));
    assert!(read_bytes(labels).is_err());
    assert!(read_bytes("[".repeat(1_000_000)).is_err());
    let yaml = format!("kind: Pod\nmetadata:\n  name: a\nx: {}\n", "[".repeat(100_000));
    assert!(read_bytes(yaml).is_err());
    let folder = folder(&files(&[("cluster/pods.json", &list(&[pod("a")]))]));
    folder.write(&format!("{}x", "d/".repeat(100)), "");
    assert_eq!(names(&folder.read().unwrap().snapshot), ["a"]);
}

#[test]
fn one_endless_line() {
    let line = "x".repeat(32 << 20);
    let s =
        folder(&files(&[("logs/a/b/c.log", &line), ("cluster/pods.json", &line)])).read().unwrap().snapshot;
    assert_eq!(s.container_logs.values().map(|l| l.text.len()).sum::<usize>(), line.len());
    assert!(read_bytes(line).is_err());
}
