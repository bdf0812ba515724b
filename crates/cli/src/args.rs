//! What can be typed.

use crate::live::LiveArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Says what broke first in a Kubernetes cluster, what followed from it, how sure that is, and how to mend it.
///
/// Linked or installed as `kubectl-cause` it is the plugin `kubectl cause`.
#[derive(Debug, Parser)]
#[command(name = "kubecause", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Diagnose(DiagnoseArgs),
    Explain(ExplainArgs),
    Modes(ModesArgs),
    /// Print completions for a shell
    ///
    /// For example: `kubecause completions bash > /etc/bash_completion.d/kubecause`
    Completions {
        /// The shell to print them for
        shell: Shell,
    },
    /// Print the man page
    ///
    /// For example: `kubecause man | man -l -`
    Man,
}

/// Name the root cause of what fails
///
/// Reads the current cluster, or a capture of one, and prints one incident a fault: the root cause, what followed from it, the evidence,
/// what to do, and what could not be seen.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubecause diagnose                                     everything that is wrong in the current cluster
  kubecause diagnose -n shop deploy/cart                 why that Deployment fails
  kubecause diagnose --from capture.tar.zst              the same of a capture
  kubecause diagnose --from capture/ deploy/cart -n shop why that Deployment fails
  kubectl get pods -A -o json | kubecause diagnose --from -
  kubecause diagnose --from capture/ -o json | jq '.incidents[].root.mode'

Exit codes:
  0   healthy, or nothing at or above --fail-on
  1   at least one incident at or above --fail-on
  2   nothing found, but not enough could be seen to say that nothing is wrong
  64  wrong use     66  the input cannot be read     69  the API server cannot be asked
  77  it does not accept the credentials             70  a fault of kubecause itself")]
pub struct DiagnoseArgs {
    /// Only what concerns these objects, as TYPE/NAME (pod/cart-1, deploy/cart, node/worker-1)
    #[arg(value_name = "TYPE/NAME")]
    pub objects: Vec<String>,

    /// What to read: a capture (folder, tar, tar.gz, tar.xz, tar.zst, zip), a file of `kubectl get -o json|yaml`, or `-`
    /// [default: the cluster that kubectl talks to]
    #[arg(long, short = 'f', value_name = "PATH")]
    pub from: Vec<PathBuf>,

    /// Only incidents that touch this namespace
    #[arg(long, short = 'n', value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// All namespaces (the default)
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,

    /// Only what concerns pods and workloads with these labels, such as app=cart
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,

    /// How to print the answer
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "text")]
    pub output: Output,

    /// The language of the answer [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Language>,

    /// Exit with 1 when an incident is at least this severe
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: Severity,

    /// Leave out incidents that are less severe
    #[arg(long, value_name = "SEVERITY", default_value = "info")]
    pub min_severity: Severity,

    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(flatten)]
    pub live: LiveArgs,
}

/// Print the page of a failure mode
///
/// Finds it by id, by the reason of an event, or by a pasted message.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubecause explain container-runtime-hung
  kubecause explain ImageGCFailed
  kubecause explain 'PLEG is not healthy: pleg was last seen active 3m12s ago; threshold is 3m0s'")]
pub struct ExplainArgs {
    /// A mode's id, an event's reason, or a message
    #[arg(value_name = "MODE|EVENT-REASON|MESSAGE", required = true)]
    pub words: Vec<String>,

    /// The language of the page [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Language>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// List the failure modes
#[derive(Debug, Args)]
pub struct ModesArgs {
    /// Only modes of this area (node, pod, scheduling …)
    #[arg(value_name = "AREA")]
    pub area: Option<String>,

    /// How to print the list
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "text")]
    pub output: ListOutput,

    /// The language of the titles [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Language>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people: the first screen is the answer
    Text,
    /// The same with all evidence, incidents and fixes
    Wide,
    /// The contract kubecause/v1
    Json,
    /// For an issue or a chat
    #[value(alias = "md")]
    Markdown,
    /// One page that opens without network
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// A table
    Text,
    /// An array of objects
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// 简体中文
    Zh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Severity {
    /// Worth knowing
    Info,
    /// Degraded or at risk
    Warning,
    /// Something does not work
    Error,
    /// A node, the control plane or all of a service is lost
    Critical,
}

impl From<Severity> for kubecause_model::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
            Severity::Critical => Self::Critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
