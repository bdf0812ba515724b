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
    /// Objects that have a file each.
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

    /// Says what was listed: everywhere, where every namespace of the cluster was read, else in which namespaces. `all` says that
    /// the tool was asked for all namespaces.
    pub fn finish(&self, all: bool, intake: &mut Intake) {
        let namespaces: BTreeSet<String> = intake.builder.names_of_namespaces().collect();
        for (resource, parts) in &self.seen {
            let kind = kind_of(resource);
            let complete: BTreeSet<&String> = parts
                .iter()
                .filter(|(_, s)| s.broken.is_none() && (s.listed || s.single))
                .map(|(ns, _)| ns)
                .collect();
            let broken = parts.values().find_map(|s| s.broken);
            let covers =
                if namespaces.is_empty() { all } else { namespaces.iter().all(|ns| complete.contains(ns)) };
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
        self.say_what_is_missing(&namespaces, all, intake);
    }

    /// One gap for the namespaces that are not in the capture.
    fn say_what_is_missing(&self, namespaces: &BTreeSet<String>, all: bool, intake: &mut Intake) {
        let Some(pods) = self.seen.get("pods") else { return };
        let missing: Vec<&String> = namespaces.iter().filter(|ns| !pods.contains_key(*ns)).collect();
        let read: Vec<&str> = pods.keys().map(String::as_str).collect();
        let says = match missing.as_slice() {
            [] if namespaces.is_empty() && !all => {
                format!("only {} may have been collected", read.join(", "))
            }
            [] => return,
            [one] => format!("namespace {one} was not collected"),
            many => format!("{} namespaces were not collected", many.len()),
        };
        intake.gap("other namespaces", Why::NotCollected, says);
    }
}

/// Whether a kind is one that kubecause reads.
pub fn is_read(resource: &str) -> bool {
    !matches!(kind_of(resource), Kind::Other(_))
}
