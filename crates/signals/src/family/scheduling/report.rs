//! A verdict as a finding: params, quoted fields, the objects that it names.

use super::Word;
use super::demand::{host_ports, requests};
use super::place::Refusal;
use super::room::{Short, amount};
use super::verdict::{Cause, Verdict};
use crate::finding::Finding;
use jiff::Timestamp;
use kubecause_evidence::kube::Pod;
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use kubecause_model::{Citation, Source, Span};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// The signal of a cause.
pub(super) fn signal_of(cause: &Cause) -> &'static str {
    match cause {
        Cause::Selector => "sched.selector-matches-no-node",
        Cause::NodeAffinity => "sched.affinity-matches-no-node",
        Cause::Taint(_) => "sched.taint-not-tolerated",
        Cause::Port(..) => "sched.host-port-taken",
        Cause::Short(_) | Cause::ShortOf(_) => "sched.nodes-full",
        Cause::Unoffered(_) => "sched.resource-not-offered",
        Cause::Oversized(_) => "sched.larger-than-any-node",
        Cause::Place(Refusal::Spread(_)) => "sched.spread-leaves-no-node",
        Cause::Place(_) => "sched.pod-rule-leaves-no-node",
        Cause::Claims => "sched.unbound-claims",
    }
}

/// The pods of one workload that wait for one cause.
pub(super) struct Group<'a> {
    first: &'a Pod,
    /// Those of its pods; what many pods share stands here once for each time that another came between.
    verdicts: Vec<Rc<Verdict>>,
    pods: Vec<Subject>,
    since: Option<Timestamp>,
    citation: Option<Citation>,
}

impl<'a> Group<'a> {
    pub(super) fn new(first: &'a Pod) -> Self {
        Self { first, verdicts: Vec::new(), pods: Vec::new(), since: None, citation: None }
    }

    /// Adds a pod; pods of a DaemonSet are each meant for another node.
    pub(super) fn add(&mut self, pod: &Pod, verdict: &Rc<Verdict>, word: Word<'_>) {
        if !pod.metadata.name.is_empty() {
            self.pods.push(pod.metadata.subject(Kind::Pod));
        }
        let since = word.at.or(pod.metadata.creation_timestamp);
        self.since = match (self.since, since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.citation.get_or_insert(word.citation);
        if !self.verdicts.last().is_some_and(|last| Rc::ptr_eq(last, verdict)) {
            self.verdicts.push(Rc::clone(verdict));
        }
    }

    pub(super) fn into_finding(self, snapshot: &Snapshot, signal: &'static str, owner: Subject) -> Finding {
        let Self { first, verdicts, pods, since, citation } = self;
        let Some(verdict) = merged(&verdicts) else { return Finding::new(signal, owner) };
        let span = Span { first: since, last: snapshot.taken_at, ongoing: true };
        let mut finding = Finding::new(signal, owner.clone()).span(span);
        finding.evidence.extend(citation);
        let count = pods.len().max(1) as u64;
        finding.count = count;
        finding = finding.param("pods", count);
        finding = detail(snapshot, finding, first, &verdict, &owner);
        if let [only] = verdict.nodes.as_slice() {
            finding = finding.param("node", only);
        }
        if matches!(verdict.cause, Cause::Taint(_)) {
            for node in &verdict.nodes {
                finding = finding.naming(Subject::node(node));
            }
            finding = finding.param("nodes", list(&verdict.nodes));
        }
        finding.members = pods;
        finding
    }
}

/// The first with the nodes of all, each once, in the order in which they were named.
fn merged(verdicts: &[Rc<Verdict>]) -> Option<Verdict> {
    let (first, others) = verdicts.split_first()?;
    let mut verdict = Verdict::clone(first);
    let mut known: FxHashSet<Sym> = verdict.nodes.iter().cloned().collect();
    for node in others.iter().flat_map(|v| &v.nodes) {
        if known.insert(node.clone()) {
            verdict.nodes.push(node.clone());
        }
    }
    Some(verdict)
}

fn detail(snapshot: &Snapshot, f: Finding, pod: &Pod, verdict: &Verdict, owner: &Subject) -> Finding {
    match &verdict.cause {
        Cause::Selector => selector(snapshot, f, pod),
        Cause::NodeAffinity => affinity(f, pod),
        Cause::Taint(taint) => {
            let f = f.param("taint", taint);
            match verdict.nodes.first() {
                Some(node) => {
                    f.cite(Source::Field, None, format!("nodes/{node}"), format!("spec.taints: {taint}"))
                }
                None => f,
            }
        }
        Cause::Port(port, holder) => {
            let f = if *port > 0 { f.param("host_port", port) } else { f };
            port_detail(snapshot, f, pod, holder.as_ref(), owner)
        }
        Cause::Short(short) | Cause::Oversized(short) => {
            let f = shortage(f, pod, short, verdict.nodes.first());
            if matches!(verdict.cause, Cause::Oversized(_)) {
                f.param("largest", amount(&short.resource, short.allocatable))
            } else {
                f
            }
        }
        Cause::Unoffered(short) => unoffered(snapshot, f, pod, short),
        Cause::ShortOf(resource) => {
            let f = f.param("resource", resource);
            match requests(&pod.spec).get(&Sym::new(resource)) {
                Some(asked) => f.param("asked", amount(resource, *asked)),
                None if &**resource == "pods" => f.param("asked", 1),
                None => f,
            }
        }
        Cause::Place(refusal) => {
            let (rule, key) = match refusal {
                Refusal::Affinity(key) => ("affinity", key),
                Refusal::AntiAffinity(key) => ("anti-affinity", key),
                Refusal::Spread(key) => ("spread", key),
            };
            let f = f.param("topology_key", key).param("nodes", snapshot.nodes.all().len());
            if rule == "spread" { f } else { f.param("rule", rule) }
        }
        Cause::Claims => {
            let claims = pod.claim_names().into_iter();
            claims.fold(f, |f, name| {
                f.naming(Subject::new(Kind::PersistentVolumeClaim, &pod.metadata.namespace, name))
            })
        }
    }
}

/// Which labels are missing, and what nodes have instead.
fn selector(snapshot: &Snapshot, f: Finding, pod: &Pod) -> Finding {
    let wanted = &pod.spec.node_selector;
    if wanted.is_empty() {
        return f;
    }
    let at = format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name);
    let mut f =
        f.param("selector", wanted).cite(Source::Field, None, at, format!("spec.nodeSelector: {wanted}"));
    for (key, value) in wanted.iter() {
        let has = |v: &str| snapshot.nodes.all().iter().any(|n| n.metadata.labels.get(key) == Some(v));
        if snapshot.has(&Kind::Node) && !has(value) {
            f = f.param("missing", format!("{key}={value}"));
            let near = snapshot.nodes.all().iter().find_map(|n| Some((n, n.metadata.labels.get(key)?)));
            if let Some((node, other)) = near {
                let name = &node.metadata.name;
                f = f.param("nearest", format!("{key}={other}"));
                f = f.cite(
                    Source::Field,
                    None,
                    format!("nodes/{name}"),
                    format!("metadata.labels: {key}={other}"),
                );
            }
        }
    }
    f
}

fn affinity(f: Finding, pod: &Pod) -> Finding {
    let terms = &pod.spec.affinity.node_affinity.required.node_selector_terms;
    let requirements = terms.iter().flat_map(|t| t.match_expressions.iter().chain(t.match_fields.iter()));
    let texts: Vec<String> = requirements
        .take(6)
        .map(|r| {
            let values: Vec<&str> = r.values.iter().map(Sym::as_str).collect();
            format!("{} {} {}", r.key, r.operator, values.join(",")).trim().to_owned()
        })
        .collect();
    if texts.is_empty() {
        return f;
    }
    let text = texts.join("; ");
    let at = format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name);
    f.param("affinity", &text).cite(Source::Field, None, at, format!("required nodeAffinity {text}"))
}

fn port_detail(
    snapshot: &Snapshot,
    f: Finding,
    pod: &Pod,
    holder: Option<&Subject>,
    owner: &Subject,
) -> Finding {
    let mut f = f;
    if snapshot.has(&Kind::Node) {
        f = f.param("nodes", snapshot.nodes.all().len());
    }
    if let Some(workload) = snapshot.workload(owner) {
        f = f.param("wanted", workload.wanted());
    }
    if !host_ports(&pod.spec).is_empty() {
        let at = format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name);
        let ports: Vec<String> = host_ports(&pod.spec).iter().map(|p| p.port.to_string()).collect();
        f = f.cite(Source::Field, None, at, format!("hostPort: {}", ports.join(", ")));
    }
    let Some(holder) = holder else { return f };
    let by = snapshot.top_owner(holder);
    f = f.param("holder", &by);
    f.cite(
        Source::Field,
        None,
        format!("pods/{holder}"),
        format!("spec.nodeName: {}", node_name(snapshot, holder)),
    )
}

fn node_name(snapshot: &Snapshot, pod: &Subject) -> String {
    snapshot.node_of(pod).map(|n| n.name.to_string()).unwrap_or_default()
}

fn shortage(f: Finding, pod: &Pod, short: &Short, node: Option<&Sym>) -> Finding {
    let r = &short.resource;
    let (asked, free) = (amount(r, short.asked), amount(r, short.free));
    let at = format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name);
    let mut f = f.param("resource", r).param("asked", &asked).param("free", &free);
    f = f.cite(Source::Field, None, at, format!("resources.requests[{r}]: {asked}"));
    let Some(node) = node else { return f };
    let text =
        format!("{r}: allocatable {}, free {free}: the most of any node", amount(r, short.allocatable));
    f.param("node", node).cite(Source::Field, None, format!("nodes/{node}"), text)
}

/// The resource, and the node that has it in its capacity while nothing of it can be given.
fn unoffered(snapshot: &Snapshot, f: Finding, pod: &Pod, short: &Short) -> Finding {
    let r = &short.resource;
    let at = format!("pods/{}/{}", pod.metadata.namespace, pod.metadata.name);
    let asked = amount(r, short.asked);
    let f = f
        .cite(Source::Field, None, at, format!("requests {r} {asked}"))
        .param("resource", r)
        .param("asked", &asked)
        .param("nodes", snapshot.nodes.all().len());
    let dead = snapshot.nodes.all().iter().find(|n| n.status.capacity.value(r).is_some_and(|c| c > 0.0));
    match dead {
        Some(node) => {
            let name = &node.metadata.name;
            let capacity = amount(r, node.status.capacity.value(r).unwrap_or(0.0));
            let text = format!("{r}: capacity {capacity}, allocatable 0");
            f.param("node", name).param("capacity", &capacity).cite(
                Source::Field,
                None,
                format!("nodes/{name}"),
                text,
            )
        }
        None => f,
    }
}

/// At most eight names.
fn list(names: &[Sym]) -> String {
    let shown: Vec<&str> = names.iter().take(8).map(Sym::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
