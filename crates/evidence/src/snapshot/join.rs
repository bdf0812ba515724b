//! Two snapshots of one cluster as one: of each object what the newer says, and of what the newer did not look at what the older
//! says. An object that the newer would have seen, and did not, is gone, and with it its logs.

use super::builder::{SnapshotBuilder, order};
use super::tally::tables;
use super::{Access, HasMeta, Snapshot, Table};
use crate::node::NodeFacts;
use crate::{Gap, Kind, Str, Why};
use std::collections::BTreeSet;

/// The newer snapshot, as one that may have been asked for one namespace only without saying so.
struct Newer<'s> {
    snapshot: &'s Snapshot,
    scoped: bool,
}

impl Newer<'_> {
    /// The only namespace that a listing shows, where that may be all that was asked for.
    fn only<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<BTreeSet<&'n str>> {
        let first = names.next();
        let same = first.is_none_or(|first| !first.is_empty() && names.all(|n| n == first));
        (self.scoped && same).then(|| first.into_iter().collect())
    }

    /// What of the older table stays.
    fn keep<T: HasMeta>(&self, kind: &Kind, older: Table<T>, newer: &Table<T>) -> Vec<T> {
        let only = self.only(newer.items.iter().map(|o| o.meta().namespace.as_str()));
        let stays = |o: &T| {
            let (namespace, name) = (o.meta().namespace.as_str(), o.meta().name.as_str());
            let seen = only.as_ref().is_none_or(|only| only.contains(namespace));
            newer.get(namespace, name).is_none() && !(seen && self.snapshot.has_in(kind, namespace))
        };
        older.items.into_iter().filter(stays).collect()
    }
}

impl SnapshotBuilder {
    /// Joins two snapshots. `scoped` says that the newer's listings may be of one namespace only, as output of kubectl does not tell.
    /// `name` is what the older is called in gaps.
    pub fn join(mut older: Snapshot, newer: Snapshot, scoped: bool, name: &str) -> Snapshot {
        let from = Newer { snapshot: &newer, scoped };
        accesses(&mut older, &from, name);
        macro_rules! keep {
            ($($field:ident: $kind:ident),* $(,)?) => {
                $(older.$field.items = from.keep(&Kind::$kind, std::mem::take(&mut older.$field), &newer.$field);)*
            };
        }
        tables!(keep);
        let kind = Kind::ValidatingWebhookConfiguration;
        older.webhooks.items = from.keep(&kind, std::mem::take(&mut older.webhooks), &newer.webhooks);
        events(&mut older, &from);
        older.others.retain(|(kind, o)| {
            let same = |(k, n): &(Kind, crate::kube::Bare)| {
                k == kind
                    && n.metadata.namespace == o.metadata.namespace
                    && n.metadata.name == o.metadata.name
            };
            !newer.has_in(kind, o.metadata.namespace.as_str()) && !newer.others.iter().any(same)
        });
        logs(&mut older, &newer);
        older.remarks.retain(|r| {
            !newer.has_in(&r.subject.kind, r.subject.ns())
                && !newer.remarks.iter().any(|n| n.subject == r.subject)
        });
        older.gaps.retain(|gap| is_open(gap, &newer));
        pour(older, newer)
    }
}

/// Whether a gap of the older is one still: the newer did not list the kind that it names.
fn is_open(gap: &Gap, newer: &Snapshot) -> bool {
    let file = gap.what.rsplit('/').next().unwrap_or_default();
    let resource = file.split('.').next().unwrap_or_default();
    !crate::plural_to_kind(resource).is_some_and(|kind| newer.has(&kind))
}

/// The better of both, left in `older`.
fn accesses(older: &mut Snapshot, from: &Newer<'_>, name: &str) {
    let newer = from.snapshot;
    let counts = newer.counts();
    for (kind, access) in newer.access.iter().filter(|(_, a)| **a == Access::Listed) {
        if !from.scoped || !older.has(kind) && counts.contains_key(kind) {
            older.access.insert(kind.clone(), *access);
        }
    }
    for (kind, access) in &older.access {
        if *access == Access::Listed && !newer.has(kind) && !matches!(kind, Kind::Other(_)) {
            let says = format!("only {name}, which is older, lists them: what changed since is not seen");
            older.gaps.push(Gap::new(kind.as_str(), Why::NotCollected, says));
        }
    }
    for (kind, access) in &newer.access {
        older.access.entry(kind.clone()).or_insert(*access);
    }
    for (kind, names) in &newer.listed_in {
        older.listed_in.entry(kind.clone()).or_default().extend(names.iter().cloned());
    }
}

fn events(older: &mut Snapshot, from: &Newer<'_>) {
    let newer = &from.snapshot.events;
    let names: BTreeSet<(&str, &str)> =
        newer.iter().map(|e| (e.namespace.as_str(), e.name.as_str())).collect();
    let only = from.only(newer.iter().map(|e| e.namespace.as_str()));
    older.events.retain(|e| {
        let seen = only.as_ref().is_none_or(|only| only.contains(e.namespace.as_str()));
        let listed = seen && from.snapshot.has_in(&Kind::Event, e.namespace.as_str());
        !listed && !names.contains(&(e.namespace.as_str(), e.name.as_str()))
    });
}

/// Logs and files of what is gone or was made anew go with it.
fn logs(older: &mut Snapshot, newer: &Snapshot) {
    let pods = &older.pods;
    let is_there = |namespace: &str, name: &str| {
        newer.pods.get(namespace, name).is_some() || pods.get(namespace, name).is_some()
    };
    let knows_pods = newer.access.contains_key(&Kind::Pod);
    older.container_logs.retain(|key, _| {
        !newer.container_logs.contains_key(key) && (!knows_pods || is_there(&key.namespace, &key.pod))
    });
    older.component_logs.retain(|name, _| !newer.component_logs.contains_key(name));
    let has_node = |name: &Str| !newer.has(&Kind::Node) || newer.nodes.get("", name).is_some();
    older.node_facts.retain(|name, _| has_node(name));
}

/// The newer, and what is left of the older.
fn pour(older: Snapshot, newer: Snapshot) -> Snapshot {
    let mut s = SnapshotBuilder::from(newer).into_snapshot();
    macro_rules! extend {
        ($($field:ident: $kind:ident),* $(,)?) => { $(s.$field.items.extend(older.$field.items);)* };
    }
    tables!(extend);
    s.webhooks.items.extend(older.webhooks.items);
    s.events.extend(older.events);
    s.others.extend(older.others);
    s.remarks.extend(older.remarks);
    s.gaps.extend(older.gaps);
    s.container_logs.extend(older.container_logs);
    s.component_logs.extend(older.component_logs);
    for (name, facts) in older.node_facts {
        let known = s.node_facts.entry(name).or_default();
        known.complete(facts);
    }
    s.access = older.access;
    s.listed_in = older.listed_in;
    s.taken_at = s.taken_at.or(older.taken_at);
    s.version = s.version.or(older.version);
    s.readyz = s.readyz.or(older.readyz);
    for (rule, asked) in older.asked {
        s.asked.entry(rule).or_insert(asked);
    }
    order(&mut s);
    s
}

impl NodeFacts {
    /// Takes from an older reading what this one lacks.
    fn complete(&mut self, older: Self) {
        macro_rules! fill {
            ($($field:ident),*) => { $(if self.$field.is_none() { self.$field = older.$field; })* };
        }
        fill!(
            configz,
            stats,
            healthz,
            loadavg,
            meminfo,
            pid_max,
            thread_count,
            conntrack,
            iptables_rules,
            iptables_version,
            systemd_version,
            cgroup,
            uname,
            mounts,
            units,
            runtime_config,
            containers
        );
        if self.df.is_empty() {
            self.df = older.df;
        }
        if self.df_inodes.is_empty() {
            self.df_inodes = older.df_inodes;
        }
        if self.processes.is_empty() {
            self.processes = older.processes;
        }
        let logs: Vec<_> = older.logs.into_iter().filter(|log| !self.has_log(&log.source)).collect();
        self.logs.extend(logs);
    }
}
