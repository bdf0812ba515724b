//! What an input holds and what it lacks, for people who want to know what they have before they ask what is wrong.
//!
//! Judges nothing.

use jiff::Timestamp;
use kubecause_evidence::log::LogFile;
use kubecause_evidence::{Access, Gap, Kind, Snapshot, Str, TakenFrom};
use serde::Serialize;
use std::collections::BTreeMap;

/// What an input holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// When it was taken, as it says itself or as its newest records tell; UTC.
    pub taken_at: Option<String>,
    /// How that is known: `said` by the capture, or as its newest `records` tell.
    pub taken_from: Option<&'static str>,
    /// The API server's version.
    pub version: Option<String>,
    /// The kinds that are in it or that were asked for.
    pub kinds: Vec<Objects>,
    /// The nodes, as objects or by their own files.
    pub nodes: Vec<Node>,
    /// Logs of containers, those of a run before included.
    pub logs: Vec<Log>,
    /// Logs of components of the control plane.
    pub components: Vec<Log>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// What is known of one kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objects {
    /// The kind.
    pub kind: String,
    /// How many objects of it there are.
    pub count: usize,
    /// Whether all objects of it are here.
    pub listed: bool,
    /// The namespaces in which all are here, where not all of the cluster are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed_in: Vec<String>,
    /// Why not all are here, in a word of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// What is known of one node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it is ready; nothing where its object is not here.
    pub ready: Option<bool>,
    /// Its files that are no logs.
    pub files: Vec<&'static str>,
    /// Its logs.
    pub logs: Vec<Log>,
}

/// One log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Where it stands.
    pub path: String,
    /// `namespace/pod` of a container's log.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pod: String,
    /// The container, the component, or the file's name.
    pub name: String,
    /// Whether it is the log of the run before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub previous: bool,
    /// How many lines it has.
    pub lines: usize,
    /// The time of its first line, UTC.
    pub from: Option<String>,
    /// The time of its last line, UTC.
    pub to: Option<String>,
    /// The client's words, where it could not be retrieved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
}

/// What could not be seen.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why, in a word of the contract.
    pub why: &'static str,
    /// What that may hide, or the client's words.
    pub says: String,
}

impl Inventory {
    /// Adds what is missing by somebody else's account.
    pub fn lacks(&mut self, gaps: &[Gap]) {
        self.missing.extend(gaps.iter().map(Missing::of));
    }

    /// Counts what is in a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let component = |(name, log): (&Str, &LogFile)| Log::of(log, name.to_string());
        let container = |(key, log): (&kubecause_evidence::ContainerLogKey, &LogFile)| Log {
            pod: format!("{}/{}", key.namespace, key.pod),
            previous: key.previous,
            ..Log::of(log, key.container.to_string())
        };
        Self {
            taken_at: snapshot.taken_at.map(utc),
            taken_from: snapshot.taken_from.map(|from| match from {
                TakenFrom::Said => "said",
                TakenFrom::Records => "records",
            }),
            version: snapshot.version.clone(),
            kinds: kinds(snapshot),
            nodes: nodes(snapshot),
            logs: snapshot.container_logs.iter().map(container).collect(),
            components: snapshot.component_logs.iter().map(component).collect(),
            missing: snapshot.gaps.iter().map(Missing::of).collect(),
        }
    }
}

impl Missing {
    fn of(gap: &Gap) -> Self {
        Self { what: gap.what.clone(), why: gap.why.as_str(), says: gap.matters.clone() }
    }
}

impl Log {
    fn of(log: &LogFile, name: String) -> Self {
        Self {
            path: log.path.to_string(),
            pod: String::new(),
            name,
            previous: false,
            lines: log.line_count(),
            from: log.first_time().map(utc),
            to: log.last_time().map(utc),
            unavailable: log.unavailable.clone(),
        }
    }
}

fn kinds(snapshot: &Snapshot) -> Vec<Objects> {
    let counts = snapshot.counts();
    let mut kinds: BTreeMap<Kind, Option<Access>> = counts.keys().map(|kind| (kind.clone(), None)).collect();
    kinds.extend(snapshot.kinds().into_iter().map(|(kind, access)| (kind, Some(access))));
    let objects = |(kind, _): (Kind, Option<Access>)| {
        let access = snapshot.access(&kind);
        Objects {
            count: counts.get(&kind).copied().unwrap_or_default(),
            listed: access == Access::Listed,
            listed_in: snapshot.listed_in(&kind).map(ToString::to_string).collect(),
            why: match access {
                Access::Listed => None,
                Access::Missing(why) => Some(why.as_str()),
            },
            kind: kind.as_str().to_owned(),
        }
    };
    kinds.into_iter().map(objects).collect()
}

fn nodes(snapshot: &Snapshot) -> Vec<Node> {
    let objects = snapshot.nodes.all().iter();
    let mut ready: BTreeMap<String, Option<bool>> =
        snapshot.node_facts.keys().map(|name| (name.to_string(), None)).collect();
    ready.extend(objects.map(|n| (n.metadata.name.to_string(), Some(n.is_ready()))));
    let node = |(name, ready): (String, Option<bool>)| {
        let facts = snapshot.node_facts.get(name.as_str());
        let file = |log: &LogFile| Log::of(log, log.path.rsplit('/').next().unwrap_or_default().to_owned());
        Node {
            ready,
            files: facts.map(kubecause_evidence::node::NodeFacts::files).unwrap_or_default(),
            logs: facts.map(|f| f.logs.iter().map(file).collect()).unwrap_or_default(),
            name,
        }
    };
    ready.into_iter().map(node).collect()
}

/// `2026-11-22T17:40:14Z`, without fractions.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
