//! Builds captures: as a folder, as archives, whole and broken.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot build its input must fail"
)]

use kubecause_bundle::{Bundle, Input, Limits, ReadError, Snapshot};
use kubecause_evidence::{Kind, Why};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes away with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bundle-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let full = self.0.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, content).unwrap();
    }

    pub fn read(&self) -> Result<Bundle, ReadError> {
        kubecause_bundle::read(&[Input::Path(self.0.clone())])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Paths and contents.
pub type Files = Vec<(String, Vec<u8>)>;

pub fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect()
}

pub fn folder(files: &Files) -> Folder {
    let folder = Folder::new();
    for (path, content) in files {
        folder.write(path, content);
    }
    folder
}

pub fn pod(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"shop","uid":"{name}"}}}}"#
    )
}

pub fn list(items: &[String]) -> String {
    format!(
        r#"{{"apiVersion":"v1","items":[{}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#,
        items.join(",")
    )
}

pub const MANIFEST: &str = r#"{"schema":"plain-capture/v1","takenAt":"2026-11-22T17:40:14Z","by":"kubectl",
    "kinds":{"pods":"ok","nodes":"ok","services":"empty","secrets":"forbidden","jobs.batch":"error"}}"#;

/// A small capture that holds something of everything.
pub fn capture() -> Files {
    let node = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"worker-1"}}"#.to_owned();
    let event = |name: &str| {
        format!(
            r#"{{"kind":"Event","metadata":{{"name":"{name}","namespace":"shop"}},"reason":"x","message":"y"}}"#
        )
    };
    files(&[
        ("capture.json", MANIFEST),
        ("cluster/pods.json", &list(&[pod("cart-1"), pod("cart-2")])),
        ("cluster/nodes.json", &list(&[node])),
        ("cluster/events.json", &list(&[event("a"), event("b")])),
        ("cluster/events.events.k8s.io.json", &list(&[event("b"), event("c")])),
        ("cluster/version.json", r#"{"serverVersion":{"gitVersion":"v1.36.2"}}"#),
        ("cluster/readyz.txt", "[+]ping ok\n"),
        ("logs/shop/cart-1/app.log", "hello\n"),
        ("logs/shop/cart-1/app.previous.log", "unable to retrieve container logs for containerd://x"),
        ("nodes/worker-1/kubelet.log", "E1122 17:40:05.123456    2203 generic.go:312] x\n"),
        ("nodes/worker-1/pid_max.txt", "32768\n"),
        ("nodes/worker-1/df.txt", "timed out after 5s\n"),
        ("control-plane/kube-scheduler.log", "I1122 17:40:05.123456 1 x.go:1] x\n"),
        ("operator/get.txt", "$ kubectl get pods\n"),
        ("expect.json", "{}"),
    ])
}

/// The same files below one folder.
pub fn below(top: &str, files: &Files) -> Files {
    files.iter().map(|(path, content)| (format!("{top}/{path}"), content.clone())).collect()
}

pub fn tar(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = header(content.len() as u64);
        builder.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub fn zip(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Input {
    Input::Bytes { name: name.to_owned(), bytes: bytes.into() }
}

pub fn read_bytes(content: impl Into<Vec<u8>>) -> Result<Bundle, ReadError> {
    kubecause_bundle::read(&[bytes("input", content)])
}

pub fn read_limited(content: impl Into<Vec<u8>>, limits: &Limits) -> Result<Bundle, ReadError> {
    kubecause_bundle::read_within(&[bytes("input", content)], limits)
}

pub fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.pods.all().iter().map(|p| p.metadata.name.to_string()).collect()
}

/// Whether there is a gap about that place, for that reason.
pub fn has_gap(snapshot: &Snapshot, what: &str, why: Why) -> bool {
    snapshot.gaps.iter().any(|g| g.what == what && g.why == why)
}

pub fn missing(snapshot: &Snapshot, kind: &Kind) -> Option<Why> {
    match snapshot.access(kind) {
        kubecause_evidence::Access::Listed => None,
        kubecause_evidence::Access::Missing(why) => Some(why),
    }
}

/// What a reader would notice, to compare two readings.
pub fn essence(snapshot: &Snapshot) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        snapshot.taken_at,
        snapshot.version,
        names(snapshot),
        snapshot.events.iter().map(|e| e.name.to_string()).collect::<Vec<_>>(),
        snapshot.container_logs.keys().collect::<Vec<_>>(),
        snapshot.node_facts.keys().collect::<Vec<_>>(),
        snapshot.gaps,
        Kind::KNOWN.iter().map(|k| snapshot.access(k)).collect::<Vec<_>>(),
    )
}
