//! Long logs: the same capture with logs and without, beside ripgrep with the same patterns and `wc -l`.

use super::Bench;
use super::floor::files;
use super::run::{bytes, cost, head, is_there, row, time};
use anyhow::Result;
use kubecause_testkit::Synth;
use std::path::Path;

pub fn run(bench: &Bench) -> Result<()> {
    let sizes: &[u64] = if bench.full { &[128, 256, 512, 1024] } else { &[16, 64] };
    head(&["logs", "what", "time", "CPU time", "peak", "CPU time per GB"]);
    for mib in sizes {
        let place = bench.place("logs");
        let synth = Synth { faults: 8, ..Synth::default() };
        synth.write(&place)?;
        let without = cost(&bench.program, &["diagnose".as_ref(), "--from".as_ref(), place.as_os_str()])?;
        Synth { logs: mib << 20, ..synth }.write(&place)?;
        let logs: Vec<_> =
            files(&place)?.into_iter().filter(|f| f.extension().is_some_and(|e| e == "log")).collect();
        let all = logs.iter().filter_map(|l| l.metadata().ok()).map(|m| m.len()).sum::<u64>();
        let line = |what: &str, run: super::run::Cost| {
            let per = format!("{:.2} s", run.cpu.as_secs_f64() * 1e9 / all as f64);
            row(&[bytes(all).as_str(), what, &time(run.wall), &time(run.cpu), &bytes(run.peak), &per]);
        };
        let whole = cost(&bench.program, &["diagnose".as_ref(), "--from".as_ref(), place.as_os_str()])?;
        line("kubecause, all of it", whole.clone());
        let mut own = whole;
        own.wall = own.wall.saturating_sub(without.wall);
        own.cpu = own.cpu.saturating_sub(without.cpu);
        line("kubecause, without what it takes when there are no logs", own);
        if is_there("rg") {
            let patterns = bench.place("patterns.txt");
            std::fs::write(&patterns, patterns_of_logs()?.join("\n"))?;
            let mut args = vec!["-c".as_ref(), "-uuu".as_ref(), "--no-messages".as_ref(), "-f".as_ref()];
            args.push(patterns.as_os_str());
            args.extend(logs.iter().map(|l| l.as_os_str()));
            line("rg -c -f patterns", cost("rg", &args)?);
        }
        let args: Vec<_> = std::iter::once("-l".as_ref()).chain(logs.iter().map(|l| l.as_os_str())).collect();
        line("wc -l", cost("wc", &args)?);
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}

/// The expressions of all log patterns that ship.
fn patterns_of_logs() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../signals/patterns");
    let mut all = Vec::new();
    for file in files(&folder)? {
        let text: toml::Table = std::fs::read_to_string(&file)?.parse()?;
        let logs = text.get("log").and_then(toml::Value::as_array).into_iter().flatten();
        all.extend(logs.filter_map(|l| Some(nameless(l.get("pattern")?.as_str()?))));
    }
    Ok(all)
}

/// The same in a group of its own and without names, which must not occur twice where all are one expression.
fn nameless(expression: &str) -> String {
    let mut parts = expression.split("(?P<");
    let mut all = format!("(?:{}", parts.next().unwrap_or_default());
    for part in parts {
        all.push_str("(?:");
        all.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    all + ")"
}
