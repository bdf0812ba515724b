//! From findings and modes to incidents.
//!
//! 1. `instance`: which modes hold on which subjects, how surely, or what refutes them.
//! 2. `graph`: which instance explains which, along the relations; loops collapse.
//! 3. `choose`: the fewest roots that explain the most; what is left over becomes an alternative.
//! 4. `incident`: roots are folded onto workloads and shared causes and told with their chain, proof and fixes.
//! 5. `verdict`: what no cause explains, what could not be seen, and the answer in one word.
//!
//! Knows nothing about formats and does no I/O. The same Snapshot always gives the same Diagnosis.

mod alternatives;
mod changes;
mod choose;
mod graph;
mod incident;
mod inputs;
mod instance;
mod lookup;
mod scope;
mod severity;
mod silence;
mod verdict;
mod words;

pub use verdict::unseen;

use kubecause_catalogue::Catalogue;
use kubecause_evidence::Snapshot;
use kubecause_model::{Diagnosis, Scope};
use kubecause_signals::{Findings, Signals};

/// What the engine works with: borrowed, never changed.
pub(crate) struct Context<'a> {
    snapshot: &'a Snapshot,
    findings: &'a Findings,
    catalogue: &'a Catalogue,
    lookup: lookup::Lookup<'a>,
    explainers: graph::Explainers<'a>,
}

/// Names what broke first in a Snapshot, and what followed from it.
pub fn diagnose(snapshot: &Snapshot, signals: &Signals, catalogue: &Catalogue, scope: &Scope) -> Diagnosis {
    let findings = signals.observe(snapshot);
    let lookup = lookup::Lookup::new(snapshot, signals, &findings);
    let explainers = graph::explainers(catalogue);
    let context = Context { snapshot, findings: &findings, catalogue, lookup, explainers };
    let instances = instance::instantiate(&context);
    let graph = graph::Graph::new(&context, instances);
    let choice = choose::choose(&graph);
    let incidents = incident::tell(&context, &graph, &choice);
    verdict::conclude(&context, &graph, &choice, incidents, scope)
}
