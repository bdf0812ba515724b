//! Merges two catalogue cases: `cargo run -p kubecause-testkit --example pair -- CASE CASE OUT_DIR` writes what the test of pairs reads.
#![allow(clippy::disallowed_methods, reason = "it writes files")]

use anyhow::{Context, Result};
use kubecause_testkit::Capture;
use std::path::PathBuf;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || args.next().context("usage: pair CASE CASE OUT_DIR");
    let (a, b, out) = (Capture::read_folder(&next()?)?, Capture::read_folder(&next()?)?, next()?);
    let other = b.beside("-yb").at_the_time_of(&a)?;
    a.merged(other)?.write_to(&out)
}
