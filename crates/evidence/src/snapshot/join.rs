//! Two snapshots of one cluster as one: of each object what the newer says, and of what the newer did not look at what the older
//! says. An object that the newer would have seen, and did not, is gone, and with it its logs; one of the same name and another uid was
//! made anew, and nothing of the former is its own. A row of a table does not hide what an older input shows in full, see [`Both::settle`].

use super::builder::{SnapshotBuilder, order};
use super::compare::Disagreement;
use super::tally::tables;
use super::{Access, HasMeta, Snapshot, Table};
use crate::kube::Meta;
use crate::node::NodeFacts;
use crate::{Gap, Kind, Str, Subject, Uid, Why};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is known of two inputs that are joined.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'n> {
    /// What the older is called in gaps and notes.
    pub older: &'n str,
    /// What the newer is called.
    pub newer: &'n str,
    /// Whether the newer's listings may be of one namespace only, as output of kubectl does not tell.
    pub scoped: bool,
}

/// The newer snapshot, as one that may have been asked for one namespace only without saying so.
struct Newer<'s> {
    snapshot: &'s Snapshot,
    scoped: bool,
}

/// What the two say of objects that both have.
struct Both<'n> {
    inputs: Inputs<'n>,
    taken: (Option<Timestamp>, Option<Timestamp>),
    disagreements: Vec<Disagreement>,
    /// Objects that were made anew in between.
    anew: BTreeSet<Subject>,
}

impl Both<'_> {
    /// Goes through the objects that both have: what they say differently is noted, and what a row of the newer shows is put into the
    /// fuller object of the older, which then stands for both.
    fn settle<T: HasMeta + Clone>(&mut self, kind: &Kind, older: &Table<T>, newer: &mut Table<T>) {
        for new in &mut newer.items {
            let (namespace, name) = (new.meta().namespace.as_str(), new.meta().name.as_str());
            let Some(old) = older.get(namespace, name) else { continue };
            if self.is_anew(old.meta(), new.meta()) {
                let (a, b) = (old.meta().uid, new.meta().uid);
                let said = |uid: Uid| if uid.is_none() { String::new() } else { uid.to_string() };
                self.differ(new.meta().subject(kind.clone()), "uid", (said(b), said(a)));
                self.anew.insert(new.meta().subject(kind.clone()));
                continue;
            }
            for ((field, b), (_, a)) in new.shown().into_iter().zip(old.shown()) {
                // What a row does not show is no other value.
                if a != b && !a.is_empty() && !b.is_empty() {
                    self.differ(new.meta().subject(kind.clone()), field, (b, a));
                }
            }
            if new.meta().is_partial && !old.meta().is_partial {
                let mut full = old.clone();
                full.take_row(new);
                *new = full;
            }
        }
    }

    fn differ(&mut self, subject: Subject, field: &'static str, (newer, older): (String, String)) {
        let newer = (newer, Str::from(self.inputs.newer));
        let older = (older, Str::from(self.inputs.older));
        self.disagreements.push(Disagreement { subject, field, newer, older });
    }

    /// Whether two objects of one name are not one object. A row has no uid, but an age, which is exact to the minute while it is short.
    fn is_anew(&self, old: &Meta, new: &Meta) -> bool {
        const EXACT: i64 = 8 * 3600;
        if !old.uid.is_none() && !new.uid.is_none() {
            return old.uid != new.uid;
        }
        let (Some(before), Some(now)) = self.taken else { return false };
        new.creation_timestamp.is_some_and(|made| {
            now.duration_since(made).as_secs() < EXACT && made.duration_since(before).as_secs() > 60
        })
    }

    /// Whether the two are of different clusters, and what shows it.
    fn compare_clusters(&mut self, older: &Snapshot, newer: &Snapshot) {
        let system = |s: &Snapshot| s.namespaces.get("", "kube-system").map(|n| n.metadata.uid);
        let cluster = Subject::new(Kind::Cluster, "", "cluster");
        if let (Some(a), Some(b)) = (system(older), system(newer))
            && !a.is_none()
            && !b.is_none()
        {
            if a != b {
                self.differ(cluster, "kube-system uid", (b.to_string(), a.to_string()));
            }
            return;
        }
        let names = |s: &Snapshot| -> BTreeSet<String> {
            s.nodes.items.iter().map(|n| n.metadata.name.to_string()).collect()
        };
        let (a, b) = (names(older), names(newer));
        if older.has(&Kind::Node)
            && newer.has(&Kind::Node)
            && !a.is_empty()
            && !b.is_empty()
            && a.is_disjoint(&b)
        {
            let first = |names: BTreeSet<String>| names.into_iter().take(3).collect::<Vec<_>>().join(", ");
            self.differ(cluster, "nodes", (first(b), first(a)));
        }
    }
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
    /// Joins two snapshots.
    pub fn join(mut older: Snapshot, mut newer: Snapshot, inputs: Inputs<'_>) -> Snapshot {
        let taken = (older.taken_at, newer.taken_at);
        let mut both = Both { inputs, taken, disagreements: Vec::new(), anew: BTreeSet::new() };
        both.compare_clusters(&older, &newer);
        macro_rules! settle {
            ($($field:ident: $kind:ident),* $(,)?) => {
                $(both.settle(&Kind::$kind, &older.$field, &mut newer.$field);)*
            };
        }
        tables!(settle);
        anchor_anew(&mut older, &mut newer);
        name_nodes(&mut older, &mut newer, inputs);
        let from = Newer { snapshot: &newer, scoped: inputs.scoped };
        accesses(&mut older, &from, inputs.older);
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
        logs(&mut older, &newer, &both.anew);
        older.events.retain(|e| !both.anew.contains(&e.regarding.subject().object()));
        older.disagreements.append(&mut both.disagreements);
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

/// Logs of an input without a time of its own get the other's.
fn anchor_anew(older: &mut Snapshot, newer: &mut Snapshot) {
    let (a, b) = (older.taken_at, newer.taken_at);
    for (snapshot, own, other) in [(&mut *older, a, b), (newer, b, a)] {
        if own.is_some() || other.is_none() {
            continue;
        }
        for facts in snapshot.node_facts.values_mut() {
            let booted_at = facts.booted_at(other);
            facts.logs.iter_mut().for_each(|log| {
                log.anchor(other);
                log.anchor_boot(booted_at);
            });
        }
        let logs = snapshot.component_logs.values_mut().chain(snapshot.container_logs.values_mut());
        logs.for_each(|log| log.anchor(other));
    }
}

/// A machine that calls itself `w1` is the node `w1.example.org`, where no other could be meant. Files of a machine that is no node of the
/// cluster stay only where the nodes are not known.
fn name_nodes(older: &mut Snapshot, newer: &mut Snapshot, inputs: Inputs<'_>) {
    let names = |s: &Snapshot| -> Vec<Str> {
        s.nodes.items.iter().filter(|_| s.has(&Kind::Node)).map(|n| n.metadata.name.arc()).collect()
    };
    let (a, b) = (names(older), names(newer));
    let nodes = if b.is_empty() { a } else { b };
    if nodes.is_empty() {
        return;
    }
    let mut gaps = Vec::new();
    for (facts, input) in [(&mut older.node_facts, inputs.older), (&mut newer.node_facts, inputs.newer)] {
        for (name, own) in std::mem::take(facts) {
            if let Some(node) = node_of(&name, &nodes) {
                facts.entry(node).or_default().complete(own);
            } else {
                let says = format!("its files are in {input}, and the cluster has no node of that name");
                gaps.push(Gap::new(format!("nodes/{name}"), Why::NotCollected, says));
                facts.entry(name).or_default().complete(own);
            }
        }
    }
    older.gaps.append(&mut gaps);
}

fn node_of(name: &str, nodes: &[Str]) -> Option<Str> {
    let short = |name: &str| name.split('.').next().map(str::to_owned);
    let mut same = nodes.iter().filter(|node| short(node) == short(name));
    nodes.iter().find(|node| ***node == *name).cloned().or_else(|| match (same.next(), same.next()) {
        (Some(node), None) => Some(node.clone()),
        _ => None,
    })
}

/// Logs and files of what is gone or was made anew go with it.
fn logs(older: &mut Snapshot, newer: &Snapshot, anew: &BTreeSet<Subject>) {
    let pods = &older.pods;
    let is_there = |namespace: &str, name: &str| {
        newer.pods.get(namespace, name).is_some() || pods.get(namespace, name).is_some()
    };
    let knows_pods = newer.access.contains_key(&Kind::Pod);
    older.container_logs.retain(|key, _| {
        let is_anew = anew.contains(&Subject::new(Kind::Pod, &*key.namespace, &*key.pod));
        !is_anew
            && !newer.container_logs.contains_key(key)
            && (!knows_pods || is_there(&key.namespace, &key.pod))
    });
    older.component_logs.retain(|name, _| !newer.component_logs.contains_key(name));
    let has_node = |name: &Str| {
        let is_anew = anew.contains(&Subject::new(Kind::Node, "", &**name));
        !is_anew && (!newer.has(&Kind::Node) || newer.nodes.get("", name).is_some())
    };
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
    s.disagreements.extend(older.disagreements);
    s.disagreements.sort();
    s.disagreements.dedup();
    s.container_logs.extend(older.container_logs);
    s.component_logs.extend(older.component_logs);
    for (name, facts) in older.node_facts {
        let known = s.node_facts.entry(name).or_default();
        known.complete(facts);
    }
    s.access = older.access;
    s.listed_in = older.listed_in;
    s.taken_from = s.taken_from.or(older.taken_from);
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
