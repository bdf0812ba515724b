//! What whole runs of the program cost, from its start to its end, beside the least that anybody could do with the same bytes.
//!
//! `cargo bench -p kubecause-testkit --bench whole` makes captures, builds the program, runs each often enough, and prints tables
//! in Markdown. After `--` come the parts that are wanted (`growth incidents logs archives`) and `--full` for the sizes that
//! `benches/README.md` shows; without it the sizes are such that all parts are done within minutes. With `--self` the program is not
//! built: this one diagnoses in its place, which is the same but for the arguments.
#![allow(clippy::disallowed_methods, reason = "it starts programs, reads files and the clock")]

mod archives;
mod floor;
mod growth;
mod incidents;
mod logs;
mod run;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What all parts need.
pub struct Bench {
    /// The program.
    program: PathBuf,
    /// Where captures are made; it is removed at the end.
    folder: tempfile::TempDir,
    /// Whether the sizes are those of the README.
    full: bool,
}

type Part = (&'static str, fn(&Bench) -> Result<()>);

const PARTS: [Part; 4] = [
    ("growth", growth::run),
    ("incidents", incidents::run),
    ("logs", logs::run),
    ("archives", archives::run),
];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [task, path] | [task, _, path] = args.as_slice()
        && floor::child(task, Path::new(path))?
    {
        return Ok(());
    }
    let (options, wanted): (Vec<&String>, Vec<&String>) = args.iter().partition(|a| a.starts_with("--"));
    if let Some(wrong) = wanted.iter().find(|w| PARTS.iter().all(|(name, _)| name != *w)) {
        bail!("there is no part {wrong}; there are growth, incidents, logs and archives");
    }
    let full = options.iter().any(|o| *o == "--full");
    let own = options.iter().any(|o| *o == "--self");
    let program = if own { std::env::current_exe()? } else { program()? };
    let bench = Bench { program, folder: tempfile::tempdir()?, full };
    println!("load {}, {} CPUs\n", load(), std::thread::available_parallelism()?);
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|w| *w == name) {
            println!("{name}\n");
            part(&bench)?;
            println!();
        }
    }
    Ok(())
}

impl Bench {
    /// A folder for one capture.
    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The program: that of `KUBECAUSE`, or the one that is built here and now.
fn program() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("KUBECAUSE") {
        return Ok(path.into());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status =
        Command::new(cargo).args(["build", "--release", "-p", "kubecause"]).current_dir(&root).status()?;
    if !status.success() {
        bail!("the program does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release/kubecause").canonicalize().context("target/release/kubecause")
}

/// How busy the machine is: others' work is in every figure of time.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
