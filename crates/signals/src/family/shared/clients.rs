//! What clients of the API say alike: their tokens are refused, a conversion webhook fails, kubelets refuse to be measured. One client alone may
//! have a fault of its own; those of two workloads share it.

use crate::finding::{Finding, Findings, Sink};
use kubecause_evidence::{Kind, Snapshot, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// So many workloads must be refused.
const WORKLOADS: usize = 2;

pub(super) fn correlate(snapshot: &Snapshot, findings: &Findings, sink: &mut Sink) {
    tokens(snapshot, findings).into_iter().for_each(|f| sink.add(f));
    conversions(findings).into_iter().for_each(|f| sink.add(f));
    scrapes(findings).into_iter().for_each(|f| sink.add(f));
}

/// A server of metrics that is refused, naming a node that refuses it.
fn scrapes(findings: &Findings) -> Vec<Finding> {
    let refused = findings.of("log.metrics-scrape-refused").filter(|f| f.span.ongoing);
    let naming = |found: &Finding| {
        let mut same = found.clone();
        same.signal = "app.metrics-scrape-refused";
        match found.params.get("scraped") {
            Some(node) => same.naming(Subject::node(node.as_str())),
            None => same,
        }
    };
    refused.filter(|f| f.subject.kind == Kind::Pod).map(naming).collect()
}

fn tokens(snapshot: &Snapshot, findings: &Findings) -> Option<Finding> {
    // A component that only speaks HTTP to others would bear no time; a client of the API always does.
    let refused: Vec<&Finding> = findings
        .of("log.api-token-refused")
        .filter(|f| f.span.ongoing && f.span.last.is_some() && f.subject.kind == Kind::Pod)
        .collect();
    let workloads: BTreeSet<Subject> =
        refused.iter().map(|f| snapshot.top_owner(&f.subject.object()).object()).collect();
    if workloads.len() < WORKLOADS {
        return None;
    }
    let mut finding =
        Finding::new("shared.tokens-refused", Subject::cluster()).param("clients", workloads.len());
    for found in refused {
        finding.span = finding.span.join(found.span);
        finding.evidence.extend(found.evidence.iter().take(1).cloned());
        finding.names.push(found.subject.object());
    }
    finding.evidence.truncate(4);
    Some(finding)
}

/// One finding per webhook's Service, naming who needs it.
fn conversions(findings: &Findings) -> Vec<Finding> {
    let mut by_service: BTreeMap<Subject, Finding> = BTreeMap::new();
    for found in findings.of("log.conversion-webhook-failed").filter(|f| f.span.ongoing) {
        let of = |name: &str| found.params.get(name).map(String::as_str);
        let (Some(service), Some(namespace)) = (of("service"), of("service_namespace")) else { continue };
        let subject = Subject::new(Kind::Service, namespace, service);
        let slot = by_service
            .entry(subject.clone())
            .or_insert_with(|| Finding::new("shared.conversion-fails", subject).span(found.span));
        slot.span = slot.span.join(found.span);
        slot.params.extend(found.params.clone());
        slot.evidence.extend(found.evidence.iter().take(1).cloned());
        slot.evidence.truncate(4);
        slot.names.push(found.subject.object());
    }
    by_service.into_values().collect()
}
