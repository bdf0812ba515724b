//! Captures that other tools write: what each of their files is, in the terms of a plain capture. Each layout is one file here that
//! says how it is recognised and what a path in it means; none reads anything.
//!
//! Such a capture is never complete: a kind counts as listed only where its files say so, see [`Part`].

mod cluster_dump;
mod harvester;
mod must_gather;
mod node_logs;
mod rancher;
mod sos;
mod support_bundle;

use crate::place::Place;
use std::borrow::Cow;

/// The tool whose layout a set of files has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// `kubectl cluster-info dump --output-directory`.
    ClusterDump,
    /// A troubleshoot support bundle.
    SupportBundle,
    /// An OpenShift must-gather.
    MustGather,
    /// A support bundle of Harvester or Longhorn.
    Harvester,
    /// What Rancher's logs collector takes of a node.
    Rancher,
    /// A sos report.
    Sos,
    /// Logs and measurements of one node or of several, as the EKS collector and `kind export logs` write them.
    NodeLogs,
}

/// What part of a resource a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of it.
    All,
    /// All in that namespace.
    Namespace(&'a str),
    /// One object, in that namespace where it has one, of a kind that the tool collects whole.
    One(Option<&'a str>),
    /// One object, whatever others there are.
    Single,
}

impl Foreign {
    const ALL: [Self; 7] = [
        Self::SupportBundle,
        Self::MustGather,
        Self::Harvester,
        Self::ClusterDump,
        Self::Rancher,
        Self::Sos,
        Self::NodeLogs,
    ];

    /// The layout of those sorted paths and its top folders, each with a `/` at the end or nothing.
    pub fn detect(paths: &[String]) -> Option<(Self, Vec<String>)> {
        Self::ALL.into_iter().find_map(|layout| {
            let one = |top: Option<String>| top.into_iter().collect();
            let tops: Vec<String> = match layout {
                Self::ClusterDump => one(cluster_dump::top(paths)),
                Self::SupportBundle => one(support_bundle::top(paths)),
                Self::MustGather => must_gather::tops(paths),
                Self::Harvester => one(harvester::top(paths)),
                Self::Rancher => one(rancher::top(paths)),
                Self::Sos => sos::tops(paths),
                Self::NodeLogs => one(node_logs::top(paths)),
            };
            (!tops.is_empty()).then_some((layout, tops))
        })
    }

    /// What the file at that path below the top is.
    pub fn place(self, path: &str) -> Place<'_> {
        let parts: Vec<&str> = path.split('/').collect();
        match self {
            Self::ClusterDump => cluster_dump::place(&parts),
            Self::SupportBundle => support_bundle::place(&parts),
            Self::MustGather => must_gather::place(&parts),
            Self::Harvester => harvester::place(&parts),
            Self::Rancher => rancher::place(&parts),
            Self::Sos => sos::place(&parts),
            Self::NodeLogs => node_logs::place(&parts),
        }
    }

    /// The text of a file of objects as the API server would have sent it.
    pub fn mend(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Harvester => harvester::mend(text),
            Self::ClusterDump => crate::internal::to_api(text).map_or(Cow::Borrowed(text), Cow::Owned),
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether one object of a kind that the tool collects whole stands for all of them only where the tool says that it ran as such.
    pub fn must_say_so(self) -> bool {
        self == Self::MustGather
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterDump => "kubectl cluster-info dump",
            Self::SupportBundle => "support bundle",
            Self::MustGather => "must-gather",
            Self::Harvester => "Harvester support bundle",
            Self::Rancher => "Rancher node logs",
            Self::Sos => "sos report",
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

    fn detect(paths: &[&str]) -> Option<(Foreign, Vec<String>)> {
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
            (&["sosreport-w1-2026/sos_commands/logs/journalctl_--no-pager"], Foreign::Sos, ""),
            (
                &["sb/yamls/cluster/v1/nodes.yaml", "sb/nodes/w1/w1/logs/kubelet.log", "sb/logs/a/b/c.log"],
                Foreign::Harvester,
                "sb/",
            ),
            (&["w1-2026/systeminfo/hostname", "w1-2026/rke2/kubectl/pods"], Foreign::Rancher, ""),
            (&["kubelet/kubelet.log", "ipamd/pods.json"], Foreign::NodeLogs, ""),
        ] {
            assert_eq!(detect(paths), Some((layout, vec![top.to_owned()])), "{paths:?}");
        }
        let images = ["m/a/namespaces/x/core/events.yaml", "m/b/cluster-scoped-resources/core/nodes/n.yaml"];
        assert_eq!(detect(&images), Some((Foreign::MustGather, vec!["m/a/".to_owned(), "m/b/".to_owned()])));
        assert_eq!(detect(&["pods.json", "nodes.json"]), None);
        assert_eq!(detect(&["README.md", "src/main.rs"]), None);
    }
}
