//! One, ten, a thousand and twenty thousand incidents at once: how long each step takes, whether all are found and nothing
//! besides, and how many lines the first answer has.

use super::Bench;
use super::run::{cost, head, row};
use anyhow::Result;
use kubecause_testkit::Synth;

pub fn run(bench: &Bench) -> Result<()> {
    let (nodes, pods, faults): (_, _, &[usize]) = if bench.full {
        (5_000, 150_000, &[1, 10, 1_000, 20_000])
    } else {
        (300, 9_000, &[1, 10, 100, 1_000])
    };
    println!("{nodes} nodes, {pods} pods, times in milliseconds\n");
    head(&[
        "faults",
        "reading",
        "signals",
        "engine",
        "text",
        "incidents",
        "missed",
        "extra",
        "unexplained",
        "lines of text",
    ]);
    for faults in faults {
        let place = bench.place("incidents");
        Synth { nodes, pods, faults: *faults, ..Synth::default() }.write(&place)?;
        let said = cost(std::env::current_exe()?, &["steps".as_ref(), place.as_os_str()])?.said;
        let mut cells = vec![faults.to_string()];
        cells.extend(said.split_whitespace().map(str::to_owned));
        row(&cells);
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}
