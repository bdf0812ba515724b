//! How long a diagnosis of made-up clusters takes, step by step, beside the floor: one pass of serde over the same bytes that keeps
//! nothing. `cargo bench --bench sizes`, or with sizes of its own: `cargo bench --bench sizes -- 100:3000 500:15000`.
#![allow(clippy::disallowed_methods, reason = "it reads files and the clock")]

use anyhow::{Context, Result};
use kubecause_bundle::Input;
use kubecause_model::Scope;
use kubecause_testkit::{Kit, Synth};
use serde::de::IgnoredAny;
use std::path::Path;
use std::time::{Duration, Instant};

const SIZES: [&str; 2] = ["20:500", "100:3000"];
const RUNS: usize = 5;

fn main() -> Result<()> {
    let mut sizes: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if sizes.is_empty() {
        sizes = SIZES.map(str::to_owned).to_vec();
    }
    let (load, kit) = timed(Kit::new)?;
    println!("loading signals and modes: {} ms", millis(load));
    println!(
        "{:>7} {:>8} {:>7} {:>9} {:>9} {:>11} {:>9}",
        "nodes", "pods", "MB", "floor ms", "read ms", "conclude ms", "incidents"
    );
    for size in sizes {
        let (nodes, pods) = size.split_once(':').context("sizes are NODES:PODS")?;
        let synth = Synth { nodes: nodes.parse()?, pods: pods.parse()?, faults: 8, ..Synth::default() };
        let dir = tempfile::tempdir()?;
        synth.write(dir.path())?;
        let input = [Input::Path(dir.path().to_owned())];
        let (floor, bytes) = best(|| floor(dir.path()))?;
        let (read, bundle) = best(|| Ok(kit.read(&input)?))?;
        let (conclude, diagnosis) = best(|| Ok(kit.conclude(&bundle.snapshot, &Scope::default())))?;
        println!(
            "{:>7} {:>8} {:>7.1} {:>9} {:>9} {:>11} {:>9}",
            synth.nodes,
            synth.pods,
            bytes as f64 / 1e6,
            millis(floor),
            millis(read),
            millis(conclude),
            diagnosis.incidents.len()
        );
    }
    Ok(())
}

/// One pass over the objects that keeps nothing: nobody who reads them as JSON is faster.
fn floor(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder.join("cluster"))? {
        let text = std::fs::read(entry?.path())?;
        serde_json::from_slice::<IgnoredAny>(&text)?;
        bytes += text.len() as u64;
    }
    Ok(bytes)
}

/// The shortest of some runs, and what the last one gave.
fn best<T>(mut run: impl FnMut() -> Result<T>) -> Result<(Duration, T)> {
    let (mut shortest, mut last) = timed(&mut run)?;
    for _ in 1..RUNS {
        let (time, value) = timed(&mut run)?;
        shortest = shortest.min(time);
        last = value;
    }
    Ok((shortest, last))
}

fn timed<T>(run: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Instant::now();
    let value = run()?;
    Ok((start.elapsed(), value))
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
