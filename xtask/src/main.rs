//! Automation of this repository: `cargo xtask --help`.
#![allow(clippy::disallowed_methods, reason = "automation reads and writes files")]

mod docs;
mod new_mode;
mod rbac;

use clap::{Parser, Subcommand};
use kubecause_testkit::Synth;
use std::path::{Path, PathBuf};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Automation of this repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write the folder of a new failure mode, ready to be filled in
    NewMode {
        /// Its area: node, pod, scheduling …
        area: String,
        /// Its id: what is wrong, in lower-case words joined by hyphens
        id: String,
        /// Only check that what would be written is sound
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the pages under docs/ from the catalogue and the signals
    Docs,
    /// Write a plain capture of a made-up cluster, with faults in it and their truth in expect.json
    Synth {
        /// How many nodes
        #[arg(long, default_value_t = 20)]
        nodes: usize,
        /// How many pods, about
        #[arg(long, default_value_t = 500)]
        pods: usize,
        /// How many objects of all kinds, about, in place of nodes and pods
        #[arg(long, conflicts_with_all = ["nodes", "pods"])]
        objects: Option<usize>,
        /// How many MiB of logs, about; with none there is an hour of some kubelets'
        #[arg(long, default_value_t = 0)]
        logs: u64,
        /// How many faults; with none the cluster is healthy
        #[arg(long, default_value_t = 0)]
        faults: usize,
        /// Other numbers give other clusters; the same gives the same bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write
        out_dir: PathBuf,
    },
    /// Write the roles under deploy/rbac/ from what the live client asks for
    Rbac {
        /// Only say whether they are what would be written
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::NewMode { area, id, dry_run } => new_mode::run(&repository(), &area, &id, dry_run),
        Task::Docs => docs::run(&repository()),
        Task::Synth { nodes, pods, objects, logs, faults, seed, out_dir } => {
            let size = objects.map_or(Synth { nodes, pods, ..Synth::default() }, Synth::of_objects);
            let injected = Synth { faults, seed, logs: logs << 20, ..size }.write(&out_dir)?;
            injected.iter().for_each(|fault| println!("{fault}"));
            Ok(())
        }
        Task::Rbac { check } => rbac::run(&repository(), check),
    }
}

/// The top of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
