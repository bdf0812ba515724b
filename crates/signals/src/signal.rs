//! What a signal is, and whether its places could be looked at.

use crate::finding::Sink;
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Relation, Snapshot, Subject};

/// One kind of observation.
#[derive(Debug, Clone)]
pub struct Signal {
    /// Its id, `area.what-is-seen`.
    pub id: &'static str,
    /// One sentence: what is seen when it is found, and where the fact comes from.
    pub doc: &'static str,
    /// The places that must all have been looked at before "not found" means "not there".
    pub needs: &'static [Needs],
    /// For a symptom that wants an explanation: the relations over which any cause explains it. A symptom that
    /// none explains is printed as unexplained. `None` for a plain fact.
    pub symptom: Option<&'static [Relation]>,
}

impl Signal {
    /// A fact: it serves modes, and nobody misses an explanation for it.
    pub const fn fact(id: &'static str, doc: &'static str, needs: &'static [Needs]) -> Self {
        Self { id, doc, needs, symptom: None }
    }

    /// A symptom that any cause at the far end of one of `via` explains.
    pub const fn symptom(
        id: &'static str,
        doc: &'static str,
        needs: &'static [Needs],
        via: &'static [Relation],
    ) -> Self {
        Self { id, doc, needs, symptom: Some(via) }
    }
}

/// A place to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// The list of that kind.
    Kind(Kind),
    /// A file of the node in question, by base name without extension: `configz`, `stats-summary`, `df`, `ps` …
    NodeFile(&'static str),
    /// A log of the node in question.
    NodeLog(LogSource),
    /// The log of the container in question.
    ContainerLog,
    /// The log of that control plane component.
    ComponentLog(&'static str),
    /// The answers of that rule over whole objects, which only some readers ask for.
    Rule(&'static str),
}

/// A family of signals: one file, one function.
#[derive(Debug)]
pub struct Family {
    /// The signals that the function can find.
    pub signals: &'static [Signal],
    /// Looks for all of them.
    pub observe: fn(&Snapshot, &mut Sink),
}

/// Whether all places that the signal needs were looked at for that subject.
pub fn is_open(signal: &Signal, snapshot: &Snapshot, subject: &Subject) -> bool {
    signal.needs.iter().all(|need| can_look(need, snapshot, subject))
}

fn can_look(need: &Needs, snapshot: &Snapshot, subject: &Subject) -> bool {
    let facts = || {
        let node = if subject.kind == Kind::Node { Some(subject.clone()) } else { snapshot.node_of(subject) };
        node.and_then(|n| snapshot.node_facts.get(&n.name))
    };
    match need {
        Needs::Kind(kind) => snapshot.has_in(kind, subject.ns()),
        Needs::Rule(rule) => snapshot.was_asked(rule),
        Needs::NodeLog(source) => facts().is_some_and(|f| f.has_log(source)),
        Needs::NodeFile(name) => facts().is_some_and(|f| match *name {
            "configz" => f.configz.is_some(),
            "stats-summary" => f.stats.is_some(),
            "df" => !f.df.is_empty(),
            "df-inodes" => !f.df_inodes.is_empty(),
            "ps" => !f.processes.is_empty(),
            "containers" => f.containers.is_some(),
            "loadavg" => f.loadavg.is_some(),
            "meminfo" => f.meminfo.is_some(),
            "pid_max" => f.pid_max.is_some(),
            "thread_count" => f.thread_count.is_some(),
            "conntrack" => f.conntrack.is_some(),
            "iptables_rules" => f.iptables_rules.is_some(),
            "healthz" => f.healthz.is_some(),
            "units" => f.units.is_some(),
            "iptables_version" => f.iptables_version.is_some(),
            "systemd_version" => f.systemd_version.is_some(),
            _ => false,
        }),
        Needs::ContainerLog => {
            let Some(container) = &subject.container else { return false };
            [false, true]
                .iter()
                .any(|previous| snapshot.container_log(subject, container, *previous).is_some())
        }
        Needs::ComponentLog(name) => snapshot.component_logs.contains_key(*name),
    }
}
