//! Time and memory per object while a cluster doubles.

use super::Bench;
use super::floor::size;
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
    println!("An empty run takes {} and {}.\n", time(start.wall), bytes(start.peak));
    head(&[
        "objects",
        "bytes",
        "time",
        "CPU time",
        "peak",
        "CPU time per object",
        "memory per object",
        "floor: CPU time",
        "floor: peak",
    ]);
    let mut objects = 10_000;
    while objects <= most {
        let place = bench.place("growth");
        Synth { faults: FAULTS, ..Synth::of_objects(objects) }.write(&place)?;
        let (all, count) = size(&place.join("cluster"))?;
        let whole = cost(&bench.program, &["diagnose".as_ref(), "--from".as_ref(), place.as_os_str()])?;
        let own = std::env::current_exe()?;
        let floor = cost(own, &["floor-json".as_ref(), place.join("cluster").as_os_str()])?;
        let more = whole.cpu.saturating_sub(start.cpu).as_secs_f64();
        row(&[
            count.to_string(),
            bytes(all),
            time(whole.wall),
            time(whole.cpu),
            bytes(whole.peak),
            format!("{:.1} µs", more * 1e6 / count as f64),
            format!("{:.2} KB", whole.peak.saturating_sub(start.peak) as f64 / 1e3 / count as f64),
            time(floor.cpu),
            bytes(floor.peak),
        ]);
        std::fs::remove_dir_all(&place)?;
        objects *= 2;
    }
    Ok(())
}
