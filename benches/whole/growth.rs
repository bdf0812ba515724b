//! Time and memory per object while a cluster doubles.

use super::Bench;
use super::floor::{largest, size};
use super::run::{bytes, cost, head, row, time};
use anyhow::Result;
use kubecause_testkit::Synth;

/// So many faults are in each, so that only the size differs.
const FAULTS: usize = 12;

pub fn run(bench: &Bench) -> Result<()> {
    let most = if bench.full { 640_000 } else { 40_000 };
    let empty = bench.place("empty");
    Synth { nodes: 1, pods: 30, ..Synth::default() }.write(&empty)?;
    let start = cost(&bench.program, &["diagnose".as_ref(), "--from".as_ref(), empty.as_os_str()])?;
    println!(
        "A run on 30 pods takes {} and {}, which is in all figures but those per object. A read buffer is as long as the largest file.\n",
        time(start.wall),
        bytes(start.peak)
    );
    head(&[
        "objects",
        "bytes",
        "time",
        "floor: time",
        "time / floor",
        "CPU time",
        "floor: CPU time",
        "CPU time per object",
        "peak",
        "read buffer",
        "memory per object beside it",
        "floor: peak",
    ]);
    let mut objects = 10_000;
    while objects <= most {
        let place = bench.place("growth");
        Synth { faults: FAULTS, ..Synth::of_objects(objects) }.write(&place)?;
        // Only objects: logs have figures of their own.
        let _ = std::fs::remove_dir_all(place.join("nodes"));
        let cluster = place.join("cluster");
        let (all, count) = size(&cluster)?;
        let buffer = largest(&cluster)?;
        let own = std::env::current_exe()?;
        let floor = cost(own, &["floor-json".as_ref(), cluster.as_os_str()])?;
        let whole = cost(&bench.program, &["diagnose".as_ref(), "--from".as_ref(), place.as_os_str()])?;
        let cpu = whole.cpu.saturating_sub(start.cpu).as_secs_f64();
        let held = whole.peak.saturating_sub(start.peak).saturating_sub(buffer);
        row(&[
            count.to_string(),
            bytes(all),
            time(whole.wall),
            time(floor.wall),
            format!("{:.2}", whole.wall.as_secs_f64() / floor.wall.as_secs_f64().max(1e-3)),
            time(whole.cpu),
            time(floor.cpu),
            format!("{:.1} µs", cpu * 1e6 / count as f64),
            bytes(whole.peak),
            bytes(buffer),
            format!("{:.2} KB", held as f64 / 1e3 / count as f64),
            bytes(floor.peak),
        ]);
        std::fs::remove_dir_all(&place)?;
        objects *= 2;
    }
    Ok(())
}
