//! `lab`: the cluster by hand, to try something on it.
#![allow(clippy::disallowed_methods, reason = "a harness starts processes and reads the clock")]

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use kubecause_e2e::capture::{self, Cut};
use kubecause_e2e::havoc::PATIENCE;
use kubecause_e2e::havoc::{self, Havoc};
use kubecause_e2e::{Cluster, Fault, Lab, assets, cluster, crowd, image, trial};
use std::path::{Path, PathBuf};

/// A real Kubernetes cluster on this machine.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build or find the programs and make the images, and nothing else
    Build,
    /// Start a cluster from nothing
    Up,
    /// Start etcd and an API server alone, with the objects of a plain capture in them
    Crowd {
        /// A folder that `cargo xtask synth` wrote
        capture: PathBuf,
    },
    /// End it and clear what it wrote
    Down,
    /// Put faults in and wait until the API shows them: names of folders under e2e/faults
    Break {
        /// Which; all without any
        names: Vec<String>,
    },
    /// Take faults out
    Mend {
        /// Which
        names: Vec<String>,
    },
    /// Put in what no manifest makes, one after another: wait, diagnose live, take a capture, diagnose it, take it out
    Havoc {
        /// Where the captures go, one folder each
        #[arg(long)]
        to: PathBuf,
        /// Leave it in
        #[arg(long)]
        keep: bool,
        /// Which; all without any
        names: Vec<String>,
    },
    /// Take a capture
    Capture {
        /// A folder that does not exist
        to: PathBuf,
        /// Only these namespaces
        #[arg(short, long)]
        namespace: Vec<String>,
        /// Without the files of nodes and control plane
        #[arg(long)]
        objects_only: bool,
    },
}

fn main() -> Result<()> {
    let lab = Lab::from_env()?;
    match Args::parse().command {
        Command::Build => {
            assets::provide(&lab)?;
            image::make_all(&lab)
        }
        Command::Up => {
            Cluster::up(&lab)?;
            println!("export KUBECONFIG={}", lab.kubeconfig("admin").display());
            Ok(())
        }
        Command::Crowd { capture } => {
            println!("{} objects", crowd::fill(&lab, &capture)?);
            println!("export KUBECONFIG={}", lab.kubeconfig("reader").display());
            Ok(())
        }
        Command::Down => cluster::down(&lab),
        Command::Break { names } => put_in(&Cluster::attach(&lab)?, &names),
        Command::Mend { names } => {
            let cluster = Cluster::attach(&lab)?;
            chosen(&names)?.iter().try_for_each(|f| f.take_out(&cluster.api))
        }
        Command::Havoc { to, keep, names } => wreak(&Cluster::attach(&lab)?, &to, keep, &names),
        Command::Capture { to, namespace, objects_only } => {
            let cut = Cut { namespaces: namespace.into_iter().collect(), objects_only };
            capture::take(&Cluster::attach(&lab)?, &to, &cut)
        }
    }
}

fn wreak(cluster: &Cluster, to: &Path, keep: bool, names: &[String]) -> Result<()> {
    havoc::open_shop(cluster)?;
    for one in havoc::all().iter().filter(|h| names.is_empty() || names.iter().any(|n| n == h.name)) {
        let said = attempt(cluster, to, one);
        println!("{}: {}", one.name, said.unwrap_or_else(|why| format!("{why:#}")));
        if !keep {
            (one.take_out)(cluster)?;
            if let Err(why) = havoc::wait_for_shop(cluster) {
                println!("{}: not healthy again: {why:#}", one.name);
            }
            havoc::forget(cluster)?;
        }
    }
    Ok(())
}

fn attempt(cluster: &Cluster, to: &Path, one: &Havoc) -> Result<String> {
    (one.put_in)(cluster)?;
    one.wait(&cluster.api)?;
    let folder = to.join(one.name);
    let right = trial::until_right(&cluster.lab, &[], PATIENCE, |a| trial::judge(a, &one.expect()))?;
    let _ = std::fs::remove_dir_all(&folder);
    capture::take(cluster, &folder, &Cut::default())?;
    let answer = trial::diagnose(&folder, &[])?;
    std::fs::write(folder.join("expect.json"), serde_json::to_vec_pretty(&one.expect())?)?;
    let wrong = trial::judge(&answer, &one.expect()).unwrap_or_else(|| "holds".into());
    Ok(format!("{wrong} (live: {:.1} s)", right.took.as_secs_f64()))
}

fn chosen(names: &[String]) -> Result<Vec<Fault>> {
    let all = Fault::all()?;
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        all.iter().find(|f| f.name == *name).cloned().with_context(|| format!("no fault {name}"))
    };
    names.iter().map(find).collect()
}

fn put_in(cluster: &Cluster, names: &[String]) -> Result<()> {
    let faults = chosen(names)?;
    faults.iter().try_for_each(|f| f.put_in(&cluster.api))?;
    for fault in faults {
        match fault.wait(&cluster.api) {
            Ok(()) => println!("{}: there", fault.name),
            Err(why) => println!("{}: {why:#}", fault.name),
        }
    }
    Ok(())
}
