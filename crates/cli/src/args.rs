//! What can be typed.

use crate::live::LiveArgs;
use crate::watch::WatchArgs;
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

/// What says which cluster to ask; a capture is none.
const LIVE: [&str; 8] = [
    "kubeconfig",
    "context",
    "as_user",
    "as_groups",
    "request_timeout",
    "budget",
    "no_looks",
    "explain_looks",
];

#[derive(Debug, Subcommand)]
pub enum Command {
    Diagnose(Box<DiagnoseArgs>),
    Watch(Box<WatchArgs>),
    Capture(Box<CaptureArgs>),
    Explain(ExplainArgs),
    Inspect(InspectArgs),
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
  0   healthy, or nothing at or above --fail-on; what is silenced does not count
  1   at least one incident at or above --fail-on
  2   nothing found, but not enough could be seen to say that nothing is wrong
  64  wrong use     66  the input cannot be read     69  the API server cannot be asked
  77  it does not accept the credentials             70  a fault of kubecause itself
  78  a catalogue or a file of silences cannot be used")]
pub struct DiagnoseArgs {
    /// Only what concerns these objects, as TYPE/NAME (pod/cart-1, deploy/cart, node/worker-1)
    #[arg(value_name = "TYPE/NAME")]
    pub objects: Vec<String>,

    /// What to read: a capture (folder, tar, tar.gz, tar.xz, tar.zst, zip), a file of `kubectl get -o json|yaml`, or `-`
    /// [default: the cluster that kubectl talks to]
    #[arg(long, short = 'f', value_name = "PATH", conflicts_with_all = LIVE)]
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

    #[command(flatten)]
    pub own: Own,

    /// A file of silences besides those of the catalogues, repeatable
    #[arg(long, value_name = "FILE")]
    pub silences: Vec<PathBuf>,
}

/// Write what can be seen of a cluster to an archive
///
/// The archive holds what `kubecause diagnose` reads: lists of objects, logs of containers that fail, what kubelets of nodes in question
/// say. `kubecause diagnose --from FILE` answers from it as it would have on the cluster. Secrets are not asked for, and tokens, keys and
/// passwords in variables, logs and annotations are written as ***.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubecause capture                              kubecause-<context>-<time>.tar.zst in this folder
  kubecause capture -o prod.tar.zst --context prod
  kubecause capture --node worker-1              with what that node's kubelet says
  kubecause capture --dry-run                    what would be collected; nothing is written

Exit codes:
  0   the archive is written; what could not be seen is named in it
  64  wrong use     69  the API server cannot be asked     77  it does not accept the credentials
  73  the archive cannot be written, or is there already   70  a fault of kubecause itself")]
pub struct CaptureArgs {
    /// The archive to write [default: kubecause-CONTEXT-TIME.tar.zst]
    #[arg(long, short = 'o', value_name = "FILE.tar.zst")]
    pub output: Option<PathBuf>,

    /// Replace the archive where it is there already
    #[arg(long)]
    pub force: bool,

    /// The namespace to read where the user may not list the whole cluster
    #[arg(long, short = 'n', value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Look closer at this node, well or not, besides what is in question; repeatable
    #[arg(long, value_name = "NAME", conflicts_with = "no_looks")]
    pub node: Vec<String>,

    /// Look closer at nodes and containers that are in question (the default)
    #[arg(long, conflicts_with_all = ["node", "no_looks"])]
    pub suspects: bool,

    /// Tell what would be collected, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub live: LiveArgs,

    #[command(flatten)]
    pub own: Own,
}

/// Catalogues of one's own.
#[derive(Debug, Args)]
pub struct Own {
    /// A folder with modes, signals and silences of your own, repeatable; besides $XDG_CONFIG_HOME/kubecause/catalogue
    #[arg(long, value_name = "DIR")]
    pub catalogue: Vec<PathBuf>,
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

    #[command(flatten)]
    pub own: Own,
}

/// Tell what a capture holds and what it lacks
///
/// Says for each input what it is, when it was taken, which kinds are in it and whether all of each, the nodes with their files, the
/// logs with their spans of time, and what could not be read. It diagnoses nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubecause inspect capture.tar.zst
  kubecause inspect must-gather/ support-bundle.tar.gz
  kubectl get pods -A -o json | kubecause inspect -
  kubecause inspect capture/ -o json | jq '.inputs[].missing'

Exit codes:
  0   read     64  wrong use     66  an input cannot be read     70  a fault of kubecause itself")]
pub struct InspectArgs {
    /// What to read: a capture (folder, tar, tar.gz, tar.xz, tar.zst, zip), a file of `kubectl get -o json|yaml`, or `-`
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// How to print it
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "text")]
    pub output: ListOutput,

    /// The language of the text [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Language>,
}

/// List the failure modes; check and test your own
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  kubecause modes node                       the modes of one area
  kubecause modes new ./catalogue shop cart-cache-full
  kubecause modes lint ./catalogue           everything that is wrong with it
  kubecause modes test ./catalogue           every case against all modes"
)]
pub struct ModesArgs {
    #[command(subcommand)]
    pub command: Option<ModesCommand>,

    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub enum ModesCommand {
    /// List the failure modes (the default)
    List(ListArgs),
    /// Tell everything that is wrong with a catalogue; exits with 1 if anything is
    Lint {
        /// The catalogue's folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Run the cases of a catalogue against all modes, shipped ones and its own; exits with 1 if one does not hold
    Test {
        /// The catalogue's folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Write the folder of a new mode, ready to be filled in
    New {
        /// The catalogue's folder; it is made where it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The mode's area: node, pod, or one of your own
        area: String,
        /// The mode's id: what is wrong, in lower-case words joined by hyphens
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only modes of this area (node, pod, scheduling …)
    #[arg(value_name = "AREA")]
    pub area: Option<String>,

    /// How to print the list
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "text")]
    pub output: ListOutput,

    /// The language of the titles [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Language>,

    #[command(flatten)]
    pub own: Own,
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
