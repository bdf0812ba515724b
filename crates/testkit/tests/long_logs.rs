//! Logs that are too long to be kept whole: what is asked for in them is found all the same.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use anyhow::{Context, Result};
use kubecause_testkit::{Capture, Expect, Kit};
use std::path::Path;

/// More than is read of a log at once, twice.
const MORE: usize = 9 << 20;

/// The name of a capture's longest kubelet log, and the same log with so much before and in it that its first half is neither its beginning nor its end.
fn lengthened(capture: &Capture) -> Option<(&str, Vec<u8>)> {
    let is_log = |name: &&str| name.starts_with("nodes/") && name.ends_with("kubelet.log");
    let names = capture.names().filter(is_log);
    let longest = names.max_by_key(|name| capture.file(name).map_or(0, <[u8]>::len))?;
    let text = capture.file(longest)?;
    let noise = b"nobody asks for a line like this one, of which there are many in every log\n";
    let half = text.len() / 2;
    let cut = half + text.get(half..)?.iter().position(|b| *b == b'\n')? + 1;
    let (head, tail) = text.split_at(cut);
    let noise = noise.repeat(MORE / noise.len());
    Some((longest, [&noise, head, &noise, tail].concat()))
}

#[test]
fn what_long_logs_say_is_found() -> Result<()> {
    let kit = Kit::new()?;
    let mut tried = 0;
    for case in ["runtime-hang", "oomkilled", "cni-ip-exhausted"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures/cases")
            .join(format!("{case}.tar.zst"));
        let capture = Capture::read_archive(&path)?;
        let expect = Expect::parse(capture.file("expect.json").context("expect.json")?)?;
        let Some((name, log)) = lengthened(&capture) else { continue };
        tried += 1;
        let dir = tempfile::tempdir()?;
        capture.write_to(dir.path())?;
        std::fs::write(dir.path().join(name), log)?;
        let diagnosis = kit.diagnose(dir.path())?;
        assert_eq!(expect.judge(&diagnosis), None, "{case}");
    }
    assert!(tried > 0, "no case has a kubelet's log");
    Ok(())
}
