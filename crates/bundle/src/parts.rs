//! Which resources a capture by another tool holds all of, when each of its files holds one namespace or one object.

use crate::intake::Intake;
use crate::place::kind_of;
use kubecause_evidence::{Access, Kind, Why};
use std::collections::{BTreeMap, BTreeSet};

/// What was read of one resource in one namespace.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// A list was read to its end.
    listed: bool,
    /// Objects that have a file each, of a kind that the tool collects whole.
    single: bool,
    /// Why a file could not be read to its end.
    broken: Option<Why>,
}

/// What was read of each resource, by namespace; objects without one have the empty name.
#[derive(Debug, Default)]
pub struct Parts {
    seen: BTreeMap<String, BTreeMap<String, Seen>>,
}

impl Parts {
    /// A list of a namespace was read, with that result.
    pub fn list(&mut self, resource: &str, namespace: &str, access: Access) {
        let seen = self.of(resource, namespace);
        match access {
            Access::Listed => seen.listed = true,
            Access::Missing(why) => seen.broken = Some(why),
        }
    }

    /// One object was read that has a file of its own.
    pub fn single(&mut self, resource: &str, namespace: &str) {
        self.of(resource, namespace).single = true;
    }

    fn of(&mut self, resource: &str, namespace: &str) -> &mut Seen {
        self.seen.entry(resource.to_owned()).or_default().entry(namespace.to_owned()).or_default()
    }

    /// Says what was listed: everywhere, where every namespace of the cluster was read, else in which namespaces. `gathered` says that
    /// the tool collected what it does, not only single objects that somebody named.
    pub fn finish(&self, gathered: bool, intake: &mut Intake) {
        let known: BTreeSet<String> = intake.builder.names_of_namespaces().collect();
        let read: BTreeSet<String> = self.seen.values().flat_map(BTreeMap::keys).cloned().collect();
        let namespaces = if known.is_empty() { &read } else { &known };
        let all = is_a_cluster(namespaces);
        for (resource, parts) in &self.seen {
            let kind = kind_of(resource);
            let is_whole = |ns: &str, s: &Seen| {
                let single = s.single && if ns.is_empty() { gathered } else { known.contains(ns) };
                s.broken.is_none() && (s.listed || single)
            };
            let complete: BTreeSet<&String> =
                parts.iter().filter(|(ns, s)| is_whole(ns, s)).map(|(ns, _)| ns).collect();
            let broken = parts.values().find_map(|s| s.broken);
            let covers = all && namespaces.iter().filter(|ns| !ns.is_empty()).all(|ns| complete.contains(ns));
            let access = match broken {
                Some(why) => Access::Missing(why),
                None if covers || complete.contains(&String::new()) => Access::Listed,
                None => Access::Missing(Why::NotCollected),
            };
            intake.resource(resource, &kind, access);
            if access != Access::Listed {
                for namespace in complete {
                    intake.builder.listed_in(kind.clone(), namespace);
                }
            }
        }
        self.say_what_is_missing(&known, intake);
    }

    /// One gap for the namespaces that are not in the capture.
    fn say_what_is_missing(&self, namespaces: &BTreeSet<String>, intake: &mut Intake) {
        let Some(pods) = self.seen.get("pods") else { return };
        let missing: Vec<&String> = namespaces.iter().filter(|ns| !pods.contains_key(*ns)).collect();
        let read: BTreeSet<String> = pods.keys().cloned().collect();
        let says = match missing.as_slice() {
            [] if is_a_cluster(if namespaces.is_empty() { &read } else { namespaces }) => return,
            [] => format!("only {} may have been collected", short(&read)),
            [one] => format!("namespace {one} was not collected"),
            many => format!("{} namespaces were not collected", many.len()),
        };
        intake.gap("other namespaces", Why::NotCollected, says);
    }
}

/// Whether those are the namespaces of a cluster, and not some that somebody asked for: it always has these. Source: kubernetes
/// pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go, and `default` that the API server makes itself.
pub fn is_a_cluster(namespaces: &BTreeSet<String>) -> bool {
    ["default", "kube-public", "kube-system"].iter().all(|ns| namespaces.contains(*ns))
}

/// The first of many names.
fn short(names: &BTreeSet<String>) -> String {
    const MOST: usize = 8;
    let first: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    match names.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Whether a kind is one that kubecause reads.
pub fn is_read(resource: &str) -> bool {
    !matches!(kind_of(resource), Kind::Other(_))
}
