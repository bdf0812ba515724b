//! Two cases of the catalogue in one capture: both roots are named and no third. Pairs are drawn with a fixed seed.

#![allow(clippy::disallowed_methods, reason = "a test may be asked for more pairs")]

use anyhow::Result;
use kubecause_testkit::{Capture, Expect, Kit, Rename, catalogue_cases};

/// How many pairs are drawn. `PAIRS` in the environment asks for more.
const PAIRS: usize = 400;

struct Case {
    name: String,
    capture: Capture,
    expect: Expect,
}

impl Case {
    fn mode(&self) -> Option<&str> {
        self.name.split('/').next()
    }
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

/// Pairs that cannot be one cluster, and why: `apart.toml`.
#[derive(serde::Deserialize)]
struct Apart {
    #[serde(default)]
    apart: Vec<Rule>,
}

#[derive(serde::Deserialize)]
struct Rule {
    /// Starts of the names of cases.
    cases: Vec<String>,
    /// Starts of the names of those they cannot stand beside; or files whose presence makes the contradiction.
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    why: String,
}

impl Rule {
    fn parts(&self, a: &Case, b: &Case) -> bool {
        let one = self.cases.iter().any(|c| a.name.starts_with(c.as_str()));
        let by_name = self.with.iter().any(|c| b.name.starts_with(c.as_str()));
        let by_file = self.files.iter().any(|f| b.capture.names().any(|n| n.starts_with(f.as_str())));
        one && (by_name || by_file)
    }
}

/// Whether one of the two stands on something not having been looked at that the other looked at: then alone, with those
/// lists looked at and empty, it does not hold either.
fn looked_elsewhere(kit: &Kit, a: &Case, b: &Case) -> Result<bool> {
    for (one, other) in [(a, b), (b, a)] {
        let diagnosis = kit.diagnose_capture(&one.capture.looking_like(&other.capture))?;
        if one.expect.judge(&diagnosis).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the pair holds once it is admitted that of each kind that one of the two did not look at only a part was seen: what
/// was wrong came from taking the other's list for the whole.
fn holds_in_part(kit: &Kit, merged: &Capture, expect: &Expect, a: &Case, b: &Case) -> Result<bool> {
    let diagnosis = kit.diagnose_capture(&merged.seen_in_part(&a.capture, &b.capture))?;
    Ok(expect.judge_in_any_order(&diagnosis).is_none())
}

#[test]
fn two_cases_stay_two() -> Result<()> {
    let kit = Kit::new()?;
    let all = cases()?;
    let rules: Apart = toml::from_str(include_str!("apart.toml"))?;
    assert!(rules.apart.iter().all(|r| !r.why.is_empty()));
    let asked = std::env::var("PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(PAIRS);
    let (mut state, mut wrong, mut held, mut drawn) = (7, Vec::new(), 0, 0);
    while held + wrong.len() < asked {
        drawn += 1;
        let (a, b) = (&all[next(&mut state, all.len())], &all[next(&mut state, all.len())]);
        if a.mode() == b.mode() || rules.apart.iter().any(|r| r.parts(a, b) || r.parts(b, a)) {
            continue;
        }
        let other = b.capture.clone().beside("-yb").at_the_time_of(&a.capture)?;
        let merged = a.capture.clone().merged(other)?;
        let expect = a.expect.clone().and(b.expect.clone().beside("-yb"));
        match expect.judge_in_any_order(&kit.diagnose_capture(&merged)?) {
            None => held += 1,
            Some(_) if looked_elsewhere(&kit, a, b)? => {}
            Some(_) if holds_in_part(&kit, &merged, &expect, a, b)? => {}
            Some(why) => wrong.push(format!("{} + {}: {why}", a.name, b.name)),
        }
    }
    assert!(wrong.is_empty(), "{} pairs of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(drawn < asked * 5 / 4, "{drawn} pairs were drawn for {asked}: too many are left out");
    Ok(())
}
