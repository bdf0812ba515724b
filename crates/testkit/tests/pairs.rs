//! Two cases of the catalogue in one capture: both roots are named and no third. Pairs are drawn with a fixed seed.

use anyhow::Result;
use kubecause_testkit::{Capture, Expect, Kit, catalogue_cases};

/// How many pairs are drawn. `PAIRS` in the environment asks for more.
const PAIRS: usize = 400;

struct Case {
    name: String,
    capture: Capture,
    expect: Expect,
}

fn cases() -> Result<Vec<Case>> {
    let read = |(mode, name, folder): (String, String, std::path::PathBuf)| {
        let name = format!("{mode}/{name}");
        Ok(Case { name, capture: Capture::read_folder(&folder)?, expect: Expect::read(&folder)? })
    };
    catalogue_cases()?.into_iter().map(read).collect()
}

/// The next of a fixed series of numbers (a linear congruence; only that it spreads matters).
fn next(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap_or_default() % below
}

#[test]
fn two_cases_stay_two() -> Result<()> {
    let kit = Kit::new()?;
    let all = cases()?;
    let mut state = 7;
    let mut wrong = Vec::new();
    let pairs = std::env::var("PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(PAIRS);
    for _ in 0..pairs {
        let (a, b) = (&all[next(&mut state, all.len())], &all[next(&mut state, all.len())]);
        if a.name.split('/').next() == b.name.split('/').next() { continue; }
        let other = b.capture.clone().beside("-yb").at_the_time_of(&a.capture)?;
        let merged = a.capture.clone().merged(other)?;
        let expect = a.expect.clone().and(b.expect.clone().beside("-yb"));
        let diagnosis = kit.diagnose_capture(&merged)?;
        wrong.extend(expect.judge(&diagnosis).map(|why| format!("{} + {}: {why}", a.name, b.name)));
    }
    assert!(wrong.is_empty(), "{} pairs of {pairs}:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
