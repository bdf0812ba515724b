//! Processes of the cluster: each in its own group, its output in a file, its id beside it.

use crate::wait::until;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A process that was started, known by the file that holds its id.
#[derive(Debug, Clone)]
pub struct Process {
    pid_file: PathBuf,
}

impl Process {
    /// The process whose id lies in that file, whether it runs or not.
    pub fn at(pid_file: impl Into<PathBuf>) -> Self {
        Self { pid_file: pid_file.into() }
    }

    /// Starts it, a little before the rest of the machine where that is allowed; output is added to `log`.
    pub fn start<S: AsRef<OsStr>>(&self, program: &Path, args: &[S], log: &Path) -> Result<()> {
        let out = OpenOptions::new().create(true).append(true).open(log)?;
        let child = Command::new("nice")
            .args(["-n", "-5"])
            .arg(program)
            .args(args)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .process_group(0)
            .spawn()
            .with_context(|| program.display().to_string())?;
        std::fs::write(&self.pid_file, child.id().to_string())?;
        // Its end is noticed by its absence from /proc as a running process; a thread reaps it meanwhile.
        std::thread::spawn(move || {
            let mut child = child;
            let _ = child.wait();
        });
        Ok(())
    }

    /// Its id, if it runs.
    pub fn pid(&self) -> Option<u32> {
        let pid: u32 = std::fs::read_to_string(&self.pid_file).ok()?.trim().parse().ok()?;
        state(pid).is_some_and(|s| s != 'Z').then_some(pid)
    }

    /// Sends a signal, by name (`STOP`, `CONT`, `TERM`, `KILL`). One that does not run is left alone.
    pub fn signal(&self, signal: &str) -> Result<()> {
        match self.pid() {
            Some(pid) => kill(pid, signal),
            None => Ok(()),
        }
    }

    /// Ends it: asks first, then kills.
    pub fn stop(&self) -> Result<()> {
        self.signal("CONT")?;
        self.signal("TERM")?;
        let gone =
            until("the process to end", Duration::from_secs(8), || Ok(self.pid().is_none().then_some(())));
        if gone.is_err() {
            self.kill()?;
        }
        Ok(())
    }

    /// Kills it and waits until it is gone.
    pub fn kill(&self) -> Result<()> {
        self.signal("KILL")?;
        until("the process to be gone", Duration::from_secs(10), || Ok(self.pid().is_none().then_some(())))
    }
}

/// The state of a process as `/proc` tells it.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Sends a signal to a process.
pub fn kill(pid: u32, signal: &str) -> Result<()> {
    run("kill", &[&format!("-{signal}"), &pid.to_string()]).map(drop)
}

/// Runs a program to its end and gives what it printed; an error holds what it complained of.
pub fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[S]) -> Result<String> {
    let program = program.as_ref();
    let name = program.to_string_lossy();
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program whose failure does not matter: clearing away what may not be there.
pub fn try_run<S: AsRef<OsStr>>(program: &str, args: &[S]) {
    let _ = Command::new(program).args(args).stdin(Stdio::null()).output();
}

/// Processes that run or wait to, for each processor of this machine, over the last minute.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let all: f64 = text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    all / f64::from(u32::try_from(processors).unwrap_or(1))
}
