//! The binary `kubecause`: arguments, wiring, exit codes. It holds no logic of its own.

#![allow(clippy::disallowed_methods, reason = "the binary reads its environment")]

mod args;
mod capture;
mod catalogue;
mod diagnose;
mod explain;
mod inspect;
mod live;
mod modes;
mod objects;
mod selector;
mod terminal;
mod watch;

use args::{Cli, Command};
use clap::{CommandFactory, FromArgMatches, error::ErrorKind};
use std::process::ExitCode;

/// Wrong use: an unknown flag, an object that is not there. Values of 64 and above follow `sysexits.h`.
const EX_USAGE: u8 = 64;
/// The input cannot be read.
const EX_NOINPUT: u8 = 66;
/// The API server cannot be asked.
const EX_UNAVAILABLE: u8 = 69;
/// The output cannot be written.
const EX_CANTCREAT: u8 = 73;
/// The API server does not accept the credentials.
const EX_NOPERM: u8 = 77;
/// A fault of kubecause itself.
const EX_SOFTWARE: u8 = 70;

/// A catalogue or a file of silences cannot be used.
const EX_CONFIG: u8 = 78;

/// An error with the exit code that it ends the program with.
#[derive(Debug)]
struct Failure {
    code: u8,
    why: anyhow::Error,
}

impl Failure {
    fn usage(why: impl Into<anyhow::Error>) -> Self {
        Self { code: EX_USAGE, why: why.into() }
    }

    fn input(why: impl Into<anyhow::Error>) -> Self {
        Self { code: EX_NOINPUT, why: why.into() }
    }

    fn config(why: impl Into<anyhow::Error>) -> Self {
        Self { code: EX_CONFIG, why: why.into() }
    }

    fn internal(why: impl Into<anyhow::Error>) -> Self {
        Self { code: EX_SOFTWARE, why: why.into() }
    }
}

/// The command under the name by which it was called: `kubectl-cause` on the path makes it the plugin `kubectl cause`.
fn command() -> clap::Command {
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let plugin = called.as_deref().and_then(|p| p.file_stem()).is_some_and(|name| name == "kubectl-cause");
    if plugin { Cli::command().name("kubectl-cause").bin_name("kubectl cause") } else { Cli::command() }
}

fn main() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { EX_USAGE });
        }
    };
    let done = match cli.command {
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Capture(args) => capture::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Modes(args) => modes::run(&args),
        Command::Completions { shell } => {
            let mut command = command();
            let name = command.get_name().to_owned();
            clap_complete::generate(shell, &mut command, name, &mut std::io::stdout());
            Ok(0)
        }
        Command::Man => {
            let all = command();
            let pages = std::iter::once(&all).chain(all.get_subcommands()).cloned();
            let mut out = std::io::stdout();
            let rendered: std::io::Result<()> =
                pages.map(clap_mangen::Man::new).try_for_each(|page| page.render(&mut out));
            rendered.map(|()| 0).map_err(Failure::internal)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("kubecause: {:#}", failure.why);
            ExitCode::from(failure.code)
        }
    }
}
