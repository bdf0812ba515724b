//! `kubecause diagnose` on the cluster that `kubectl` would talk to.

use crate::{EX_NOPERM, EX_UNAVAILABLE, EX_USAGE, Failure};
use clap::Args;
use kubecause_live::{OpenError, Options, Session};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// Which cluster to ask.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live cluster")]
pub struct ClusterArgs {
    /// The kubeconfig to use [default: $KUBECONFIG, ~/.kube/config, the service account of the pod]
    #[arg(long, value_name = "PATH")]
    pub kubeconfig: Option<PathBuf>,

    /// The context to use [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Make requests as this user
    #[arg(long = "as", value_name = "USER")]
    pub as_user: Option<String>,

    /// Make requests as a member of this group; may be given several times
    #[arg(long = "as-group", value_name = "GROUP", requires = "as_user")]
    pub as_groups: Vec<String>,

    /// The longest time for one request
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "20s")]
    pub request_timeout: Duration,
}

/// Which cluster to ask, and how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live cluster")]
pub struct LiveArgs {
    #[command(flatten)]
    pub cluster: ClusterArgs,

    /// The longest time for all requests; what is not seen by then is named
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub budget: Duration,

    /// Only list; do not look closer at nodes and containers that are in question
    #[arg(long)]
    pub no_looks: bool,

    /// Say on standard error what was looked at closer, what it cost, and what it settled
    #[arg(long, conflicts_with = "no_looks")]
    pub explain_looks: bool,
}

/// `1m30s`, `30s`, `500ms`, or seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is no time; write 30s, 2m or 500ms");
    let mut total = Duration::ZERO;
    let mut rest = text;
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok().filter(|d| !d.is_zero()).ok_or_else(bad);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        let number: f64 = number.parse().map_err(|_| bad())?;
        total += Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())?;
        rest = tail;
    }
    if total.is_zero() { Err(bad()) } else { Ok(total) }
}

impl LiveArgs {
    /// Opens the cluster.
    pub fn open(&self, namespace: Option<&str>) -> Result<Session, Failure> {
        self.cluster.open(namespace, self.budget, std::io::stderr().is_terminal())
    }
}

impl ClusterArgs {
    /// Opens the cluster, with a budget for all requests.
    pub fn open(
        &self,
        namespace: Option<&str>,
        budget: Duration,
        progress: bool,
    ) -> Result<Session, Failure> {
        let options = Options {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            as_user: self.as_user.clone(),
            as_groups: self.as_groups.clone(),
            namespace: namespace.map(ToOwned::to_owned),
            request_timeout: self.request_timeout,
            budget,
            page: None,
            progress,
        };
        Session::open(&options).map_err(|error| {
            let code = match &error {
                OpenError::Config(_) => EX_USAGE,
                OpenError::Unreachable { .. } => EX_UNAVAILABLE,
                OpenError::Unauthorized { .. } => EX_NOPERM,
            };
            Failure { code, why: error.into() }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, millis) in
            [("30s", 30_000), ("1m30s", 90_000), ("500ms", 500), ("2", 2000), ("1.5s", 1500)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "0s", "soon", "5x", "-1s", "s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
