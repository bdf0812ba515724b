//! HorizontalPodAutoscalers that cannot act.
//! Source of the words: kubernetes pkg/controller/podautoscaler/horizontal.go and replica_calculator.go.

use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use crate::signal::{Family, Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::{Condition, Hpa};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Citation, Source, Span};

const HPAS: &[Needs] = &[Needs::Kind(Kind::HorizontalPodAutoscaler)];

/// The signals of this family.
const SIGNALS: &[Signal] = &[
    Signal::fact("hpa.metrics-unavailable", "The autoscaler gets no metrics for its target.", HPAS),
    Signal::fact("hpa.target-missing", "The object that the autoscaler is to scale does not exist.", HPAS),
    Signal::fact(
        "hpa.requests-missing",
        "A container of the target has no request for the measured resource.",
        HPAS,
    ),
    Signal::fact("hpa.selector-ambiguous", "More than one autoscaler selects the pods of the target.", HPAS),
    Signal::fact(
        "hpa.metrics-api-absent",
        "The API that the autoscaler asks for metrics is not registered with the API server.",
        HPAS,
    ),
    Signal::fact(
        "hpa.metric-unknown",
        "The metrics adapter answers that it does not have the metric that the autoscaler asks for.",
        HPAS,
    ),
    Signal::fact(
        "hpa.limited-at-maximum",
        "The autoscaler wants more than its maximum for ten minutes.",
        HPAS,
    ),
];

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

/// A new autoscaler has no metrics yet; nor has any while the metrics server restarts.
const SETTLED_SECONDS: i64 = crate::patience::AUTOSCALER.seconds;
/// What is applied together may arrive in any order.
const ORDER_SECONDS: i64 = 15;
/// So long at its maximum is no peak.
const AT_MAXIMUM_SECONDS: i64 = 600;

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for hpa in snapshot.hpas.all().iter().filter(|h| !h.metadata.is_deleting()) {
        let older = |than| snapshot.age(hpa.metadata.creation_timestamp).is_none_or(|age| age >= than);
        if older(ORDER_SECONDS) {
            absent_target(snapshot, hpa, sink);
        }
        if !older(SETTLED_SECONDS) {
            continue;
        }
        for word in words(snapshot, hpa) {
            if let Some(found) = read(snapshot, hpa, &word) {
                if found.signal == "hpa.metrics-unavailable" {
                    why_no_metrics(snapshot, &found, &word, sink);
                }
                sink.add(found);
            }
        }
        at_maximum(snapshot, hpa, sink);
    }
}

/// What the controller said of an autoscaler.
struct Word<'a> {
    reason: &'a str,
    message: &'a str,
    at: Option<Timestamp>,
    citation: Citation,
}

/// The conditions that are against it; where it has none at all, its recent events.
fn words<'a>(snapshot: &'a Snapshot, hpa: &'a Hpa) -> Vec<Word<'a>> {
    let subject = hpa.metadata.subject(Kind::HorizontalPodAutoscaler);
    if !hpa.status.conditions.is_empty() {
        let settled =
            |c: &&Condition| snapshot.age(c.last_transition_time).is_none_or(|age| age >= SETTLED_SECONDS);
        let bad = hpa
            .status
            .conditions
            .iter()
            .filter(|c| c.is_false() && (c.kind == "AbleToScale" || c.kind == "ScalingActive"));
        let bad = bad.filter(settled);
        return bad.map(|c| from_condition(&subject, c)).collect();
    }
    let events = snapshot.events_about(&subject).filter(|e| e.is_warning && is_recent(snapshot, e.last));
    let word = |e: &'a kubecause_evidence::kube::Event| {
        let text = format!("{} {}", e.reason, e.message);
        let citation = Citation::new(Source::Event, e.last, e.reference(), text);
        Word { reason: &e.reason, message: &e.message, at: e.first, citation }
    };
    events.map(word).collect()
}

fn from_condition<'a>(subject: &Subject, c: &'a Condition) -> Word<'a> {
    let text = format!("{}={} {}: {}", c.kind, c.status, c.reason, c.message);
    let citation = Citation::new(Source::Condition, c.last_transition_time, reference(subject), text);
    Word { reason: &c.reason, message: &c.message, at: c.last_transition_time, citation }
}

fn reference(subject: &Subject) -> String {
    format!("horizontalpodautoscalers/{subject}")
}

fn target(hpa: &Hpa) -> Subject {
    let t = &hpa.spec.scale_target_ref;
    Subject::new(Kind::from_name(&t.kind), &hpa.metadata.namespace, &t.name)
}

fn read(snapshot: &Snapshot, hpa: &Hpa, word: &Word<'_>) -> Option<Finding> {
    let metrics = [
        "FailedGetResourceMetric",
        "FailedGetContainerResourceMetric",
        "FailedGetPodsMetric",
        "FailedGetObjectMetric",
        "FailedGetExternalMetric",
        "FailedComputeMetricsReplicas",
        "FailedGetMetrics",
    ];
    let signal = if word.message.contains("missing request for ") {
        "hpa.requests-missing"
    } else if word.reason == "AmbiguousSelector" {
        "hpa.selector-ambiguous"
    } else if metrics.contains(&word.reason) {
        "hpa.metrics-unavailable"
    } else if word.reason == "FailedGetScale" && word.message.contains("not found") {
        "hpa.target-missing"
    } else {
        return None;
    };
    let subject = hpa.metadata.subject(Kind::HorizontalPodAutoscaler);
    let target = target(hpa);
    let span = Span { first: word.at, last: snapshot.taken_at, ongoing: true };
    let mut found =
        Finding::new(signal, subject).span(span).param("target", target.slash()).param("reason", word.reason);
    found.evidence.push(word.citation.clone());
    if let Some(resource) = word.message.split("missing request for ").nth(1) {
        let mut parts = resource.split_whitespace();
        found = found.param("resource", parts.next().unwrap_or_default().trim_end_matches('.'));
        let container = resource.split("container ").nth(1).and_then(|c| c.split_whitespace().next());
        found = found.param("container_name", container.unwrap_or_default());
    }
    if let Some((_, list)) = word.message.split_once("controlled by multiple HPAs: ") {
        found = found
            .param("autoscalers", list.trim_matches(['[', ']']).split(' ').collect::<Vec<_>>().join(", "));
    }
    Some(found.naming(target))
}

/// Whether nobody serves the metrics, or the adapter does not have this one. Source: kubernetes
/// staging/src/k8s.io/metrics/pkg/client; kubernetes-sigs/custom-metrics-apiserver pkg/provider/errors.go.
fn why_no_metrics(snapshot: &Snapshot, found: &Finding, word: &Word<'_>, sink: &mut Sink) {
    let text = word.message;
    let like = |signal| Finding { signal, ..found.clone() };
    if let Some((_, rest)) = text.split_once("the server could not find the metric ") {
        let metric = rest.split(" for ").next().unwrap_or(rest);
        sink.add(like("hpa.metric-unknown").param("metric", metric));
        return;
    }
    let unregistered = text.contains("the server could not find the requested resource (get ")
        || text.contains("metrics.k8s.io) registered");
    let api = ["external.metrics.k8s.io", "custom.metrics.k8s.io", "metrics.k8s.io"];
    let Some(api) = api.into_iter().find(|a| text.contains(a)).filter(|_| unregistered) else { return };
    let served = snapshot.api_services.all().iter().any(|a| a.spec.group == api);
    if !served {
        sink.add(like("hpa.metrics-api-absent").param("api", api));
    }
}

/// The target's kind was listed, and the target is not in the list.
fn absent_target(snapshot: &Snapshot, hpa: &Hpa, sink: &mut Sink) {
    let target = target(hpa);
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet, Kind::ReplicationController];
    if !kinds.contains(&target.kind)
        || !snapshot.has_in(&target.kind, target.ns())
        || snapshot.workload(&target).is_some()
    {
        return;
    }
    let subject = hpa.metadata.subject(Kind::HorizontalPodAutoscaler);
    let text = format!("scaleTargetRef {}: not found", target.slash());
    let found =
        Finding::new("hpa.target-missing", subject.clone()).since(None).param("target", target.slash());
    sink.add(found.cite(Source::Field, None, reference(&subject), text));
}

fn at_maximum(snapshot: &Snapshot, hpa: &Hpa, sink: &mut Sink) {
    let limited = hpa
        .status
        .conditions
        .iter()
        .find(|c| c.kind == "ScalingLimited" && c.is_true() && c.reason == "TooManyReplicas");
    let Some(c) = limited else { return };
    let full = hpa.spec.max_replicas > 0 && hpa.status.current_replicas >= hpa.spec.max_replicas;
    let long = snapshot.age(c.last_transition_time).is_some_and(|age| age >= AT_MAXIMUM_SECONDS);
    if !full || !long {
        return;
    }
    let subject = hpa.metadata.subject(Kind::HorizontalPodAutoscaler);
    let text = format!(
        "ScalingLimited=True {}: {}; {} of {} replicas",
        c.reason, c.message, hpa.status.current_replicas, hpa.spec.max_replicas
    );
    let found = Finding::new("hpa.limited-at-maximum", subject.clone())
        .since(c.last_transition_time)
        .param("maximum", hpa.spec.max_replicas)
        .param("target", target(hpa).slash())
        .naming(target(hpa));
    sink.add(found.cite(Source::Condition, c.last_transition_time, reference(&subject), text));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::finding::Findings;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};
    use serde_json::{Value, json};

    fn see(conditions: Value, status: Value, deployment: bool) -> Findings {
        made_at("2026-11-22T16:00:00Z", conditions, status, deployment)
    }

    fn made_at(created: &str, conditions: Value, status: Value, deployment: bool) -> Findings {
        let mut b = SnapshotBuilder::default();
        let mut status = status;
        status["conditions"] = conditions;
        let spec = json!({"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5});
        let meta = json!({"name": "web", "namespace": "s", "creationTimestamp": created});
        let hpa = json!({"metadata": meta, "spec": spec, "status": status});
        b.push(Ingest::parse("HorizontalPodAutoscaler", &hpa.to_string()).unwrap());
        if deployment {
            b.push(Ingest::parse("Deployment", r#"{"metadata":{"name":"web","namespace":"s"}}"#).unwrap());
        }
        b.access(Kind::Deployment, Access::Listed);
        b.taken_at("2026-11-22T17:40:00Z".parse().ok());
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish()
    }

    fn ids(found: &Findings) -> Vec<&'static str> {
        found.all().iter().map(|f| f.signal).collect()
    }

    #[test]
    fn conditions_are_told_apart() {
        let condition = |kind: &str, reason: &str, message: &str| json!([{"type": kind, "status": "False", "reason": reason, "message": message}]);
        let gets = "the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container app of Pod web-1";
        let found = see(condition("ScalingActive", "FailedGetResourceMetric", gets), json!({}), true);
        assert_eq!(ids(&found), ["hpa.requests-missing"]);
        assert_eq!(
            (found.all()[0].params["resource"].as_str(), found.all()[0].params["container_name"].as_str()),
            ("cpu", "app")
        );
        let gets = "unable to get metrics for resource cpu: the server could not find the requested resource (get pods.metrics.k8s.io)";
        assert_eq!(
            ids(&see(condition("ScalingActive", "FailedGetResourceMetric", gets), json!({}), true)),
            ["hpa.metrics-api-absent", "hpa.metrics-unavailable"]
        );
        let gets = "unable to get metric http_requests: unable to fetch metrics from custom metrics API: the server could not find the metric http_requests for pods";
        assert_eq!(
            ids(&see(condition("ScalingActive", "FailedGetPodsMetric", gets), json!({}), true)),
            ["hpa.metric-unknown", "hpa.metrics-unavailable"]
        );
        let gets = "the HPA controller was unable to get the target's current scale: deployments.apps \"web\" not found";
        assert_eq!(
            ids(&see(condition("AbleToScale", "FailedGetScale", gets), json!({}), false)),
            ["hpa.target-missing"]
        );
        assert!(
            ids(&see(
                condition(
                    "ScalingActive",
                    "ScalingDisabled",
                    "scaling is disabled since the replica count of the target is zero"
                ),
                json!({}),
                true
            ))
            .is_empty()
        );
    }

    #[test]
    fn the_maximum_matters_only_for_long() {
        let limited = |reason: &str, at: &str| json!([{"type": "ScalingLimited", "status": "True", "reason": reason, "lastTransitionTime": at}]);
        let full = json!({"currentReplicas": 5});
        assert_eq!(
            ids(&see(limited("TooManyReplicas", "2026-11-22T17:00:00Z"), full.clone(), true)),
            ["hpa.limited-at-maximum"]
        );
        assert!(ids(&see(limited("TooManyReplicas", "2026-11-22T17:38:00Z"), full, true)).is_empty());
        assert!(
            ids(&see(limited("TooFewReplicas", "2026-11-22T17:00:00Z"), json!({"currentReplicas": 2}), true))
                .is_empty()
        );
    }

    #[test]
    fn the_objects_alone_show_a_missing_target() {
        assert_eq!(ids(&see(json!([]), json!({}), false)), ["hpa.target-missing"]);
        let young = |at: &str| made_at(at, json!([]), json!({}), false);
        assert_eq!(ids(&young("2026-11-22T17:39:40Z")), ["hpa.target-missing"]);
        assert!(ids(&young("2026-11-22T17:39:50Z")).is_empty(), "what is applied with it may follow");
    }
}
