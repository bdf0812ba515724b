//! The floor of reading a plain capture: one pass of serde over its objects that keeps nothing, a file at a time.
//! `cargo run --release -p kubecause-testkit --example floor -- DIR`; `/usr/bin/time -v` tells its time and memory.
#![allow(clippy::disallowed_methods, reason = "it reads files")]

use anyhow::{Context, Result};
use serde::de::IgnoredAny;
use std::path::Path;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("which capture?")?;
    let mut bytes = 0;
    for entry in std::fs::read_dir(Path::new(&folder).join("cluster"))? {
        let path = entry?.path();
        let text = std::fs::read(&path)?;
        serde_json::from_slice::<IgnoredAny>(&text).with_context(|| path.display().to_string())?;
        bytes += text.len();
    }
    println!("{:.1} MB", bytes as f64 / 1e6);
    Ok(())
}
