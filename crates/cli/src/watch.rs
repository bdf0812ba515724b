//! `kubecause watch`.

use crate::args::{Color, Language, Own, Severity};
use crate::live::{ClusterArgs, duration};
use crate::{Failure, catalogue, objects, terminal};
use clap::{Args, ValueEnum};
use kubecause_evidence::Snapshot;
use kubecause_kit::Kit;
use kubecause_live::{Options, Pace, Session};
use kubecause_model::Scope;
use kubecause_watch::{Check, Ended, Form, Look, Show, Want, Watched};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Show the incidents of the current cluster as they open, change and clear
///
/// Lists everything once and keeps it up to date by watches. On a terminal it is a screen with keys (`?` tells them), elsewhere a line
/// a change. A kind whose watch is broken is named, and nothing is called healthy or cleared until it is up to date again.
/// Nothing is ever written to the cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubecause watch                                on a screen, until q
  kubecause watch -n shop                        what concerns that namespace
  kubecause watch | tee incidents.log            a line a change
  kubecause watch -o json | jq -r 'select(.change == \"opened\") | .incident.root.title'
  kubecause watch --until healthy --for 10m      wait until a rollout has left nothing broken

Exit codes, of what was seen last:
  0   healthy, or nothing at or above --fail-on; what is silenced does not count
  1   at least one incident at or above --fail-on
  2   nothing found, but not enough could be seen to say that nothing is wrong
  64  wrong use     69  the API server cannot be asked     77  it does not accept the credentials
  70  a fault of kubecause itself     78  a catalogue or a file of silences cannot be used")]
pub struct WatchArgs {
    /// Only incidents that touch this namespace
    #[arg(long, short = 'n', value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// All namespaces (the default)
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,

    /// How to show it [default: screen on a terminal, else lines]
    #[arg(long, short = 'o', value_name = "FORMAT")]
    pub output: Option<WatchOutput>,

    /// End when the cluster is healthy, or when there is an incident at or above --fail-on
    #[arg(long, value_name = "WHAT")]
    pub until: Option<Until>,

    /// End after that time in any case
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub within: Option<Duration>,

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
    pub cluster: ClusterArgs,

    #[command(flatten)]
    pub own: Own,

    /// A file of silences besides those of the catalogues, repeatable
    #[arg(long, value_name = "FILE")]
    pub silences: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WatchOutput {
    /// A screen with keys
    Screen,
    /// A line a change
    Lines,
    /// A JSON object a change, one a line
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// Everything was looked at, and nothing is wrong
    Healthy,
    /// There is an incident at or above --fail-on
    Incident,
}

/// Watches until somebody wants an end; the exit code says what was seen last.
pub fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let kit = catalogue::load(&args.own, &args.silences)?;
    let session = args.cluster.open(args.namespace.as_deref(), Options::BUDGET, false)?;
    let look = Look {
        lang: terminal::language(args.lang),
        color: terminal::colored(args.color),
        name: name(args, &session),
    };
    let show = show(args);
    let want =
        Want { show, look: look.clone(), until: args.until.map(|u| until(u, args)), within: args.within };
    let (watched, check) = watched(args, kit, session);
    match kubecause_watch::run(&watched, check, &want).map_err(Failure::internal)? {
        Ended::Refused(why) => Err(Failure::usage(anyhow::anyhow!(why))),
        // Nothing was seen.
        Ended::With(None) => Ok(2),
        Ended::With(Some(last)) => {
            if show == Show::Screen {
                let line = kubecause_report::verdict_line(&last, look.lang);
                terminal::print(&line).map_err(Failure::internal)?;
            }
            Ok(kubecause_report::exit_code(&last, args.fail_on.into()))
        }
    }
}

fn show(args: &WatchArgs) -> Show {
    match args.output {
        Some(WatchOutput::Screen) => Show::Screen,
        Some(WatchOutput::Lines) => Show::Lines(Form::Text),
        Some(WatchOutput::Json) => Show::Lines(Form::Json),
        None if std::io::stdout().is_terminal() => Show::Screen,
        None => Show::Lines(Form::Text),
    }
}

fn until(until: Until, args: &WatchArgs) -> kubecause_watch::Until {
    match until {
        Until::Healthy => kubecause_watch::Until::Healthy,
        Until::Incident => kubecause_watch::Until::Incident(args.fail_on.into()),
    }
}

/// What a person calls the cluster, and how much of it is seen.
fn name(args: &WatchArgs, session: &Session) -> String {
    let target = session.target();
    let cluster = target.context.clone().unwrap_or_else(|| target.server.clone());
    let namespace = session.only_namespace().or(args.namespace.as_deref());
    namespace.map_or(cluster.clone(), |namespace| format!("{cluster} / {namespace}"))
}

/// What is watched, and whether it can be.
fn watched(args: &WatchArgs, kit: Kit, session: Session) -> (Watched, Check) {
    let only = session.only_namespace().map(ToOwned::to_owned);
    let asked = args.namespace.clone().filter(|_| only.is_none());
    let scope = Scope { namespace: args.namespace.clone().or(only), objects: Vec::new() };
    let least = args.min_severity.into();
    let diagnose = move |snapshot: &Snapshot, scope: &Scope| {
        kubecause_report::filter(kit.conclude(snapshot, scope), least)
    };
    let check = move |snapshot: &Snapshot| match &asked {
        Some(namespace) => {
            objects::check_namespace(snapshot, namespace, "cluster").map_err(|f| f.why.to_string())
        }
        None => Ok(()),
    };
    let follower = Arc::new(session.follow(Pace::default()));
    (Watched { follower, diagnose: Arc::new(diagnose), scope }, Box::new(check))
}
