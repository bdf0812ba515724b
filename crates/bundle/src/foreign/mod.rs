//! Captures that other tools write: what each of their files is, in the terms of a plain capture. Each layout is one file here that
//! says how it is recognised and what a path in it means; none reads anything.
//!
//! Such a capture is never complete: a kind counts as listed only where its files say so, see [`Part`].

mod cluster_dump;
mod must_gather;
mod node_logs;
mod support_bundle;

use crate::place::Place;

/// The tool whose layout a set of files has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// `kubectl cluster-info dump --output-directory`.
    ClusterDump,
    /// A troubleshoot support bundle.
    SupportBundle,
    /// An OpenShift must-gather.
    MustGather,
    /// Logs and measurements of one node or of several, as the EKS collector, `kind export logs`, Harvester and sos write them.
    NodeLogs,
}

/// What part of a resource a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of it.
    All,
    /// All in that namespace.
    Namespace(&'a str),
    /// One object, in that namespace where it has one; the files together are all that there were when they were collected.
    One(Option<&'a str>),
}

impl Foreign {
    const ALL: [Self; 4] = [Self::SupportBundle, Self::MustGather, Self::ClusterDump, Self::NodeLogs];

    /// The layout of those sorted paths and its top folder, with a `/` at the end or nothing.
    pub fn detect(paths: &[String]) -> Option<(Self, String)> {
        Self::ALL.into_iter().find_map(|layout| {
            let top = match layout {
                Self::ClusterDump => cluster_dump::top(paths),
                Self::SupportBundle => support_bundle::top(paths),
                Self::MustGather => must_gather::top(paths),
                Self::NodeLogs => node_logs::top(paths),
            };
            top.map(|top| (layout, top))
        })
    }

    /// What the file at that path below the top is.
    pub fn place(self, path: &str) -> Place<'_> {
        let parts: Vec<&str> = path.split('/').collect();
        match self {
            Self::ClusterDump => cluster_dump::place(&parts),
            Self::SupportBundle => support_bundle::place(&parts),
            Self::MustGather => must_gather::place(&parts),
            Self::NodeLogs => node_logs::place(&parts),
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterDump => "kubectl cluster-info dump",
            Self::SupportBundle => "support bundle",
            Self::MustGather => "must-gather",
            Self::NodeLogs => "node logs",
        }
    }
}

/// The top folder of the first path in which `marker` stands, at the beginning or behind a `/`.
fn top_before(paths: &[String], marker: &str) -> Option<String> {
    paths.iter().find_map(|path| {
        if path.starts_with(marker) {
            return Some(String::new());
        }
        let at = path
            .match_indices(marker)
            .map(|(at, _)| at)
            .find(|at| path.as_bytes().get(at.wrapping_sub(1)) == Some(&b'/'))?;
        path.get(..at).map(str::to_owned)
    })
}

/// A file's name without the end that says its format; `None` for another format.
fn data_stem(file: &str) -> Option<&str> {
    [".json", ".yaml", ".yml"].iter().find_map(|end| file.strip_suffix(end)).filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(paths: &[&str]) -> Option<(Foreign, String)> {
        let mut paths: Vec<String> = paths.iter().map(|p| (*p).to_owned()).collect();
        paths.sort();
        Foreign::detect(&paths)
    }

    #[test]
    fn each_layout_is_told_by_its_paths() {
        for (paths, layout, top) in [
            (
                &["d/nodes.json", "d/kube-system/pods.json", "d/kube-system/events.json"][..],
                Foreign::ClusterDump,
                "d/",
            ),
            (
                &[
                    "support-bundle-2026-11-22/cluster-resources/pods/shop.json",
                    "support-bundle-2026-11-22/version.yaml",
                ],
                Foreign::SupportBundle,
                "support-bundle-2026-11-22/",
            ),
            (
                &[
                    "must-gather.local.1/quay-io-x/namespaces/shop/core/pods.yaml",
                    "must-gather.local.1/timestamp",
                ],
                Foreign::MustGather,
                "must-gather.local.1/quay-io-x/",
            ),
            (&["kubelet/kubelet.log", "system/ps.txt"], Foreign::NodeLogs, ""),
            (
                &["kind-worker/kubelet.log", "kind-worker2/kubelet.log", "kind-version.txt"],
                Foreign::NodeLogs,
                "",
            ),
            (&["logs/nodes/n1/logs/kubelet.log"], Foreign::NodeLogs, "logs/nodes/"),
            (&["sosreport-w1-2026/sos_commands/logs/journalctl_--no-pager"], Foreign::NodeLogs, ""),
        ] {
            assert_eq!(detect(paths), Some((layout, top.to_owned())), "{paths:?}");
        }
        assert_eq!(detect(&["pods.json", "nodes.json"]), None);
        assert_eq!(detect(&["README.md", "src/main.rs"]), None);
    }
}
