//! Runs a program and takes its measure.

use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run cost.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// From start to end.
    pub wall: Duration,
    /// Of all its threads.
    pub cpu: Duration,
    /// The most memory that it ever held, in bytes; 0 where the system does not tell.
    pub peak: u64,
    /// Bytes that it read.
    pub read: u64,
    /// What it printed.
    pub said: String,
}

/// So often everything is run; the least counts.
const RUNS: usize = 3;

/// The least of some runs. What a program returns does not matter: that there are incidents is no failure here.
pub fn cost<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[S]) -> Result<Cost> {
    let mut least = once(program.as_ref(), args)?;
    for _ in 1..RUNS {
        let next = once(program.as_ref(), args)?;
        least.wall = least.wall.min(next.wall);
        least.cpu = least.cpu.min(next.cpu);
        least.peak = least.peak.min(next.peak);
    }
    Ok(least)
}

/// Whether a program is there.
pub fn is_there(program: &str) -> bool {
    let started = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.is_ok_and(|s| s.success())
}

fn once<S: AsRef<OsStr>>(program: &OsStr, args: &[S]) -> Result<Cost> {
    let said = tempfile::NamedTempFile::new()?;
    let before = children();
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(File::create(said.path())?)
        .spawn()
        .with_context(|| program.display().to_string())?;
    let proc = format!("/proc/{}", child.id());
    let mut cost = Cost::default();
    // The kernel keeps the peak; it is only to be asked once more before the end.
    while child.try_wait()?.is_none() {
        cost.peak = cost.peak.max(field(&proc, "status", "VmHWM:") * 1024);
        cost.read = cost.read.max(field(&proc, "io", "rchar:"));
        std::thread::sleep(Duration::from_millis(2));
    }
    cost.wall = start.elapsed();
    cost.cpu = children().saturating_sub(before);
    cost.said = std::fs::read_to_string(said.path()).unwrap_or_default();
    Ok(cost)
}

/// A number of a file of `/proc`.
fn field(proc: &str, file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(Path::new(proc).join(file)).unwrap_or_default();
    let value = text.lines().find_map(|l| l.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.unwrap_or_default()
}

/// The CPU time of all children that have ended. Source: proc(5), `cutime` and `cstime`, in hundredths of a second.
fn children() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(13).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// `1.23 s`, `45 ms`.
pub fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s >= 1.0 => format!("{s:.2} s"),
        s => format!("{:.0} ms", s * 1e3),
    }
}

/// `1.2 GB`, `45 MB`.
pub fn bytes(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        mb if mb >= 1000.0 => format!("{:.2} GB", mb / 1e3),
        mb => format!("{mb:.0} MB"),
    }
}

/// A row of a table.
pub fn row<S: AsRef<str>>(cells: &[S]) {
    println!("| {} |", cells.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" | "));
}

/// The head of a table.
pub fn head(cells: &[&str]) {
    row(cells);
    println!("|{}", "---|".repeat(cells.len()));
}
