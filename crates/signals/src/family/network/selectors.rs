//! Services whose selector meets no pod and no workload's template.

use super::super::makers;
use super::near::is_near;
use super::view::{View, place, standing_workloads};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::{Pod, Service, Workload};
use kubecause_evidence::{Kind, Labels, Subject, Sym};
use kubecause_model::Source;
use rustc_hash::FxHashMap;

/// A selector that misses pods which it comes near to.
pub(super) const NEAR_MISS: Signal = Signal::fact(
    "service.selector-near-miss",
    "A Service's selector matches no pod and no workload's template, while a workload beside it carries almost the \
     same labels (spec.selector against spec.template.metadata.labels).",
    &[Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
);

/// A selector that meets nothing although something calls the Service.
pub(super) const MATCHES_NOTHING: Signal = Signal::fact(
    "service.selector-matches-nothing",
    "An Ingress, a webhook, an aggregated API or a failing pod leads to a Service whose selector matches no pod and no \
     workload's template.",
    &[
        Needs::Kind(Kind::Service),
        Needs::Kind(Kind::Pod),
        Needs::Kind(Kind::Deployment),
        Needs::Kind(Kind::StatefulSet),
    ],
);

/// A Service that young may wait for the rest of what is being applied.
const SETTLED_SECONDS: i64 = crate::patience::SERVICE_PODS.seconds;

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    let snapshot = view.snapshot;
    let mut served: FxHashMap<Sym, Vec<&Labels>> = FxHashMap::default();
    for service in view.selecting() {
        served.entry(service.metadata.namespace.clone()).or_default().push(&service.spec.selector);
    }
    for service in view.selecting() {
        let settled = view.older_than(service.metadata.creation_timestamp, SETTLED_SECONDS);
        if !settled
            || !snapshot.sees_pods_of(&service.metadata.namespace)
            || standing_workloads(snapshot, &service.metadata.namespace).any(without_labels)
            || service.spec.cluster_ip == "None"
            || view.selects_any_pod(service)
            || view.has_addresses(service)
            || !view.workloads_behind(service).is_empty()
            || made_later(view, service)
        {
            continue;
        }
        let others = served.get(&service.metadata.namespace).map_or(&[][..], Vec::as_slice);
        if let Some(finding) = near_miss(view, service, others).or_else(|| called(view, service)) {
            sink.add(finding);
        }
    }
}

/// Whether only columns of the workload were seen, and not those that its template's labels stand in.
fn without_labels(w: &Workload) -> bool {
    w.metadata.is_partial && w.spec.template.metadata.labels.is_empty()
}

/// Whether a Job or CronJob, or pods of another kind of owner, may yet carry the labels.
fn made_later(view: &View<'_>, service: &Service) -> bool {
    let jobs = view.snapshot.jobs.in_namespace(&service.metadata.namespace);
    jobs.iter().any(|j| service.spec.selector.all_in(&j.spec.template.metadata.labels))
}

fn near_miss(view: &View<'_>, service: &Service, others: &[&Labels]) -> Option<Finding> {
    let (owner, labels) = nearest(view, service, others)?;
    let meta = &service.metadata;
    let place_of_owner = format!("{}s/{}/{}", owner.kind.as_str().to_lowercase(), meta.namespace, owner.name);
    Some(
        Finding::new(NEAR_MISS.id, meta.subject(Kind::Service))
            .cite(
                Source::Field,
                None,
                place("services", meta),
                format!("spec.selector: {}", service.spec.selector),
            )
            .cite(Source::Field, None, place_of_owner, format!("labels of its pods: {labels}"))
            .param("selector", &service.spec.selector)
            .param("nearest", owner.slash())
            .param("labels", labels)
            .since(meta.creation_timestamp),
    )
}

/// The workload, or the pod of nobody, that the selector was most likely meant for.
fn nearest(view: &View<'_>, service: &Service, others: &[&Labels]) -> Option<(Subject, String)> {
    let namespace = &service.metadata.namespace;
    let fits = |labels: &Labels, name: &str| {
        let is_served = others.iter().any(|s| s.all_in(labels));
        is_near(&service.spec.selector, labels, &service.metadata.name, name, is_served)
    };
    let wanted = |w: &&Workload| w.wanted() > 0 && fits(&w.spec.template.metadata.labels, &w.metadata.name);
    let mut found: Vec<(bool, Subject, String)> = standing_workloads(view.snapshot, namespace)
        .filter(wanted)
        .map(|w| {
            (
                *w.metadata.name != *service.metadata.name,
                w.subject(),
                w.spec.template.metadata.labels.to_string(),
            )
        })
        .collect();
    if found.is_empty() {
        let pods = view.snapshot.pods.in_namespace(namespace).iter();
        // A pod of nobody stands for itself, and one whose workload was not collected stands for that.
        let owner = |p: &Pod| {
            let own = p.metadata.subject(Kind::Pod);
            let top = makers::of_pod(view.snapshot, &own);
            let unseen = || top.kind.is_workload() && !view.snapshot.has_in(&top.kind, namespace);
            (p.metadata.owner_references.is_empty() || top != own && unseen()).then_some(top)
        };
        let fitting = pods.filter(|p| !p.is_finished() && fits(&p.metadata.labels, &p.metadata.name));
        found.extend(fitting.filter_map(|p| Some((false, owner(p)?, stable_labels(&p.metadata.labels)))));
    }
    found.sort();
    found.into_iter().next().map(|(_, owner, labels)| (owner, labels))
}

/// The labels without the one that changes with each rollout.
fn stable_labels(labels: &Labels) -> String {
    let whole = labels.to_string();
    let kept = whole.split(',').filter(|pair| !pair.trim().starts_with("pod-template-hash="));
    kept.collect::<Vec<_>>().join(",")
}

/// Nothing is near, but something leads there.
fn called(view: &View<'_>, service: &Service) -> Option<Finding> {
    let snapshot = view.snapshot;
    let all_workloads =
        [Kind::Deployment, Kind::StatefulSet].iter().all(|k| snapshot.has_in(k, &service.metadata.namespace));
    let meta = &service.metadata;
    // Pods that a controller kubecause does not know makes may be between two lives.
    let some_pods = !snapshot.pods.in_namespace(&meta.namespace).is_empty();
    if !all_workloads || !some_pods {
        return None;
    }
    let by_object = view.caller_of(service).filter(|c| c.kind == Kind::Ingress);
    let by_log = view.calls_of(service).next();
    let said = match (by_object, by_log) {
        (Some(caller), _) => format!("{} leads to it", caller.slash()),
        (None, Some(call)) => format!("pod/{} calls it: {}", call.client.name, call.text),
        (None, None) => return None,
    };
    Some(
        Finding::new(MATCHES_NOTHING.id, meta.subject(Kind::Service))
            .cite(
                Source::Field,
                None,
                place("services", meta),
                format!("spec.selector: {}; {said}", service.spec.selector),
            )
            .param("selector", &service.spec.selector)
            .since(meta.creation_timestamp),
    )
}
