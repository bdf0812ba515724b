//! What the objects alone show, where events and conditions are missing: an absent service account, a full quota, a
//! missing governing Service; and workloads that want nothing.

use super::denied::settled;
use super::{at, lacks_pods};
use crate::family::asked;
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{PodSpec, ResourceQuota, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Snapshot, Subject, quantity};
use kubecause_model::Source;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for w in snapshot.workloads() {
        if w.metadata.is_deleting() {
            continue;
        }
        if lacks_pods(w) && settled(snapshot, w) {
            absent_account(snapshot, w, sink);
            super::classes::absent(snapshot, w, sink);
            full_quota(snapshot, w, sink);
        }
        if w.kind == WorkloadKind::StatefulSet {
            governing(snapshot, w, sink);
        }
        scaled_to_zero(snapshot, w, sink);
    }
}

fn absent_account(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    let name = &w.spec.template.spec.service_account_name;
    let ns = &w.metadata.namespace;
    if !snapshot.has_in(&Kind::ServiceAccount, ns)
        || name.is_empty()
        || snapshot.service_accounts.get(ns, name).is_some()
    {
        return;
    }
    let found = Finding::new("workload.serviceaccount-absent", snapshot.top_owner(&w.subject()))
        .since(w.metadata.creation_timestamp)
        .param("serviceaccount", name)
        .naming(Subject::new(Kind::ServiceAccount, ns, name))
        .cite(
            Source::Field,
            None,
            at(&w.subject()),
            format!("spec.serviceAccountName: {name}; serviceaccounts/{ns}/{name}: ∅"),
        );
    sink.add(found);
}

/// A quota counts pods or the sum of their requests; one with no room for another pod of this template.
fn full_quota(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    for quota in snapshot.quotas.in_namespace(&w.metadata.namespace) {
        let Some((resource, used, hard)) = no_room(quota, &w.spec.template.spec) else { continue };
        let name = &quota.metadata.name;
        let found = Finding::new("workload.quota-full", snapshot.top_owner(&w.subject()))
            .since(None)
            .param("quota", name)
            .param("resource", &resource)
            .param("used", &used)
            .param("limited", &hard)
            .naming(quota.metadata.subject(Kind::ResourceQuota))
            .cite(
                Source::Field,
                None,
                format!("resourcequotas/{}/{name}", w.metadata.namespace),
                format!("status.used[{resource}]: {used}; status.hard[{resource}]: {hard}"),
            );
        sink.add(found);
        return;
    }
}

fn no_room(quota: &ResourceQuota, template: &PodSpec) -> Option<(String, String, String)> {
    for (resource, hard) in quota.status.hard.0.iter() {
        let needed = match resource.as_str() {
            "pods" | "count/pods" => 1.0,
            "cpu" | "requests.cpu" => sum(template, "cpu", false),
            "memory" | "requests.memory" => sum(template, "memory", false),
            "limits.cpu" => sum(template, "cpu", true),
            "limits.memory" => sum(template, "memory", true),
            _ => continue,
        };
        let used = quota.status.used.text(resource).unwrap_or("0");
        let (Some(limit), Some(taken)) = (quantity::parse(hard), quantity::parse(used)) else { continue };
        if needed > 0.0 && taken + needed > limit + 1e-6 {
            return Some((resource.to_string(), used.to_owned(), hard.to_string()));
        }
    }
    None
}

fn sum(spec: &PodSpec, resource: &str, limits: bool) -> f64 {
    let of = |c: &kubecause_evidence::kube::Container| {
        let needs = if limits { &c.resources.limits } else { &c.resources.requests };
        needs.value(resource).unwrap_or(0.0)
    };
    spec.containers.iter().map(of).sum()
}

/// `pod.service.namespace.svc` needs the Service. Only a StatefulSet that is not whole may suffer from it.
fn governing(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    let (ns, service) = (&w.metadata.namespace, &w.spec.service_name);
    if service.is_empty()
        || !snapshot.has_in(&Kind::Service, ns)
        || snapshot.services.get(ns, service).is_some()
    {
        return;
    }
    let base = |id| {
        Finding::new(id, w.subject()).since(w.metadata.creation_timestamp).param("service", service).cite(
            Source::Field,
            None,
            at(&w.subject()),
            format!("spec.serviceName: {service}; services/{ns}/{service}: ∅"),
        )
    };
    if w.available() < w.wanted() {
        sink.add(base("workload.governing-service-missing"));
    }
    if let Some((reference, text)) = asks_for_members(snapshot, w) {
        sink.add(base("workload.governing-name-used").cite(Source::Field, None, reference, text));
    }
    let part = format!(".{service}");
    let logs = snapshot.container_logs.iter().filter(|(key, _)| *key.namespace == **ns);
    for (key, log) in logs {
        let hit = log.lines_with(asked::UNRESOLVED).find(|(_, l)| l.contains(&part));
        if let Some((number, line)) = hit {
            let found = base("workload.governing-name-unresolved").param("pod", &key.pod);
            sink.add(found.cite(Source::Log, log.time_of(line), log.reference(number), line));
            return;
        }
    }
}

/// A container of the namespace whose command, arguments or environment hold a member's name: `db-0.db`.
fn asks_for_members(snapshot: &Snapshot, w: &Workload) -> Option<(String, String)> {
    let (name, ns, service) = (&w.metadata.name, &w.metadata.namespace, &w.spec.service_name);
    let names: Vec<String> = (0..w.wanted().clamp(1, 9)).map(|i| format!("{name}-{i}.{service}")).collect();
    let ends = |rest: &str| rest.bytes().next().is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'-');
    let holds = |text: &str| names.iter().any(|n| text.split(n.as_str()).skip(1).any(ends));
    snapshot.pods.in_namespace(ns).iter().find_map(|pod| {
        let texts = pod.spec.all_containers().flat_map(|c| {
            let env = c.env.iter().map(|e| &*e.value);
            c.command.iter().chain(c.args.iter()).map(|word| &**word).chain(env)
        });
        let text = texts.into_iter().find(|text| holds(text))?;
        Some((format!("pods/{ns}/{}", pod.metadata.name), kubecause_model::one_line(text, 200)))
    })
}

fn scaled_to_zero(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    let scalable = matches!(
        w.kind,
        WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::ReplicationController
    );
    let alone = w.kind == WorkloadKind::ReplicaSet && snapshot.owners(&w.metadata).is_empty();
    if (scalable || alone) && w.spec.replicas == Some(0) {
        let subject = w.subject();
        let found = Finding::new("workload.scaled-to-zero", subject.clone()).since(None);
        sink.add(found.cite(Source::Field, None, at(&subject), "spec.replicas 0"));
    }
}
