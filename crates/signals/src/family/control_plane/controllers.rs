//! Whether the controller manager works: two or more signs together.

use super::standing::{self, Sign};
use super::trail::{api_takes_writes, logs_of, pods_failing, pods_of};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use regex::Regex;
use std::sync::LazyLock;

/// Nothing that it does gets done.
pub(super) const STOPPED: Signal = Signal::fact(
    "controllers.stopped",
    "Two or more signs that no controller manager works: workloads that nobody took up, dead nodes that stay Ready, \
     namespaces without their root CA or default account, endpoints that do not follow, a lease that is not renewed, \
     its pods failing, its log ended.",
    &[Needs::Kind(Kind::Namespace), Needs::Kind(Kind::Lease)],
);

/// One such sign.
pub(super) const SIGN: Signal = Signal::fact(
    "controllers.sign",
    "One sign that the controller manager does not work; it has other explanations as long as it stands alone.",
    &[Needs::Kind(Kind::Namespace)],
);

const COMPONENT: &str = "kube-controller-manager";
const PODS_FAILING: &str = "pods-failing";
/// Renewed every two seconds, held for fifteen.
const LEASE_SECONDS: i64 = 60;
/// A controller manager that has nothing to do may be silent for a while.
const SILENT_SECONDS: i64 = 600;

static ENDED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"leaderelection lost|^F\d{4} |Shutting down .*controller|panic: ").ok());

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let mut signs: Vec<Sign> = [
        standing::workloads(snapshot),
        standing::generations(snapshot),
        standing::dead_node_ready(snapshot),
        standing::endpoints(snapshot),
        standing::miscounted(snapshot),
        standing::deletions(snapshot),
        lease(snapshot),
        pods(snapshot),
        log(snapshot),
    ]
    .into_iter()
    .flatten()
    .collect();
    signs.extend(standing::namespaces(snapshot));
    let names: Vec<&str> = signs.iter().map(|s| s.name).collect();
    let signal = if signs.len() > 1 { STOPPED.id } else { SIGN.id };
    let Some(first) = signs.iter().filter_map(|s| s.at).min().or(snapshot.taken_at) else { return };
    if signs.is_empty() {
        return;
    }
    let mut finding = Finding::new(signal, Subject::component(COMPONENT))
        .param("signs", names.join(", "))
        .since(Some(first));
    for sign in &signs {
        finding = finding.cite(sign.source, sign.at, sign.reference.clone(), &sign.text);
    }
    if names.contains(&PODS_FAILING) {
        finding = pods_of(snapshot, COMPONENT).fold(finding, |f, p| f.naming(p.metadata.subject(Kind::Pod)));
    }
    sink.add(finding);
}

/// Its lease is stale while others are renewed. Alone it may be one that a former setup left.
fn lease(snapshot: &Snapshot) -> Option<Sign> {
    let lease = snapshot.leases.get("kube-system", COMPONENT)?;
    let renewed = lease.spec.renew_time;
    let age = snapshot.age(renewed).filter(|age| *age > LEASE_SECONDS && api_takes_writes(snapshot))?;
    let text = format!("not renewed for {age} s by {}", lease.spec.holder_identity);
    let reference = format!("leases/kube-system/{COMPONENT}");
    Some(Sign { name: "lease-stale", source: Source::Field, at: renewed, reference, text })
}

fn pods(snapshot: &Snapshot) -> Option<Sign> {
    let (pod, text) = pods_failing(snapshot, COMPONENT, LEASE_SECONDS)?;
    Some(Sign {
        name: PODS_FAILING,
        source: Source::Condition,
        at: None,
        reference: format!("pods/{pod}"),
        text,
    })
}

/// Its log ended with its own last words, or long before those of the API server.
fn log(snapshot: &Snapshot) -> Option<Sign> {
    let own = logs_of(snapshot, COMPONENT);
    let ends: Vec<_> = own.iter().filter_map(|log| Some((log.last_time()?, *log))).collect();
    let (last, log) = ends.into_iter().max_by_key(|(last, _)| *last)?;
    let server = logs_of(snapshot, "kube-apiserver").into_iter().filter_map(|l| l.last_time()).max()?;
    let behind = server.as_second() - last.as_second();
    let (number, line) = log.tail(5).into_iter().last()?;
    let died = ENDED.as_ref().is_some_and(|r| log.tail(5).iter().any(|(_, l)| r.is_match(l)));
    let silent = snapshot.age(Some(last)).is_some_and(|age| age > SILENT_SECONDS) && behind > SILENT_SECONDS;
    if !(silent || died && behind > LEASE_SECONDS) {
        return None;
    }
    let text = format!("last line of its log, {behind} s before the API server's: {}", line.trim());
    Some(Sign {
        name: "log-ended",
        source: Source::Log,
        at: Some(last),
        reference: log.reference(number),
        text,
    })
}
