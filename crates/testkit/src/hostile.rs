//! What any input must survive: the functions behind the fuzz targets in `fuzz/`, so that their corpora are replayed by plain
//! tests as well. Each takes bytes from anywhere and panics where something does not hold: besides no panic of the code that reads,
//! that the same bytes give the same answer twice, and, where it is cheap, that what was printed reads back.
//!
//! Where bytes alone would seldom come to the point (archives, captures of many files, lines of logs), they are a recipe; what it
//! makes is read.

mod archive;
mod files;
mod lines;
mod values;

use crate::Kit;
use kubecause_bundle::{Input, Inventory, Limits};
use kubecause_model::Scope;
use kubecause_transcript::{Part, describe};
use std::sync::LazyLock;

pub use archive::pack;
pub use files::{parts, recipe};

/// A name, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// The targets by their names in `fuzz/`.
pub const TARGETS: [Target; 17] = [
    ("bundle", bundle),
    ("archive", archive::archive),
    ("tree", files::tree),
    ("objects", objects),
    ("yaml", yaml),
    ("transcript", transcript),
    ("describe", description),
    ("node", files::node),
    ("catalogue", files::catalogue),
    ("klog", lines::klog),
    ("logfmt", lines::logfmt),
    ("jsonlog", lines::json),
    ("syslog", lines::syslog),
    ("kernel", lines::kernel),
    ("cri", lines::cri),
    ("quantity", values::quantity),
    ("time", values::time),
];

static KIT: LazyLock<Option<Kit>> = LazyLock::new(|| Kit::new().ok());

/// Small enough that an input of some kilobytes reaches every bound.
const LIMITS: Limits = Limits {
    files: 1_000,
    names: 1 << 20,
    depth: 8,
    unpacked: 16 << 20,
    free: 2 << 20,
    nested: 4 << 20,
    objects: 8 << 20,
    number: 2_000,
    small: 1 << 20,
    smalls: 4 << 20,
    log: 1 << 20,
    logs: 4 << 20,
};

/// Anything: an archive, a list of objects, a pasted terminal.
fn bundle(bytes: &[u8]) {
    same_twice(&[("input", bytes)]);
}

/// JSON of objects: a list of whatever stands there, and the text as it is.
fn objects(bytes: &[u8]) {
    same_twice(&[("pods.json", bytes)]);
    let list = [&b"{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":["[..], bytes, b"]}"].concat();
    same_twice(&[("list.json", &list)]);
}

/// YAML of objects: a list of whatever stands there, and the text as it is.
fn yaml(bytes: &[u8]) {
    let document = [b"---\n", bytes].concat();
    same_twice(&[("pods.yaml", &document)]);
    let list = [&b"apiVersion: v1\nitems:\n- "[..], bytes, b"\nkind: List\n"].concat();
    same_twice(&[("list.yaml", &list)]);
}

/// Inputs are read and diagnosed twice, with the same answer.
fn same_twice(inputs: &[(&str, &[u8])]) {
    let inputs: Vec<Input> = inputs
        .iter()
        .map(|(name, bytes)| Input::Bytes { name: (*name).to_owned(), bytes: bytes.to_vec() })
        .collect();
    assert_eq!(answer(&inputs), answer(&inputs), "two answers");
}

/// What is said of inputs: what they are, what is in them, what is wrong; or why they cannot be read.
fn answer(inputs: &[Input]) -> [String; 3] {
    let kit = KIT.as_ref().expect("what ships loads");
    match kubecause_bundle::read_watched(inputs, &LIMITS, None, Some(kit.signals.sieve())) {
        Err(error) => {
            let says = error.to_string();
            assert!(says.len() < 2_000, "an error that nobody reads: {} bytes", says.len());
            [says, String::new(), String::new()]
        }
        Ok(read) => {
            let logs: usize = read.snapshot.container_logs.values().map(|log| log.text.len()).sum();
            let most = LIMITS.logs as usize * inputs.len() * 3;
            assert!(logs <= most, "{logs} bytes of logs");
            let held = serde_json::to_string(&Inventory::of(&read.snapshot)).expect("an inventory is plain");
            let diagnosis = kit.conclude(&read.snapshot, &Scope::default());
            [read.description, held, format!("{diagnosis:?}")]
        }
    }
}

/// A pasted terminal: the same twice, and what it shows are objects of a kind.
fn transcript(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = || kubecause_transcript::read(&[Part { name: "terminal.txt", text: &text }]);
    let shown = read();
    assert_eq!(shown, read(), "two answers");
    for object in shown.iter().flat_map(|shown| &shown.objects) {
        assert!(object["kind"].is_string(), "an object without a kind: {object}");
    }
}

/// A description: the same twice, and what it shows are objects of a kind.
fn description(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let taken_at = describe::moment(&text).unwrap_or_else(|| values::moment(0));
    let shown = describe::read(&text, None, taken_at);
    assert_eq!(shown, describe::read(&text, None, taken_at), "two answers");
    for object in &shown {
        assert!(object["kind"].is_string(), "an object without a kind: {object}");
    }
}

/// Runs a target.
pub fn run(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.expect("a target of that name").1(bytes);
}
