//! How bad an incident is now: computed from what it affects, never declared.

use crate::Context;
use kubecause_evidence::{Kind, Subject};
use kubecause_model::Severity;

/// The worst of what the incident's own subject and all that it affects have lost.
pub(crate) fn of(context: &Context<'_>, subject: &Subject, affected: &[Subject], ongoing: bool) -> Severity {
    if !ongoing {
        return Severity::Info;
    }
    let worst = affected.iter().chain([subject]).map(|s| loss(context, s, subject)).max();
    worst.unwrap_or(Severity::Warning)
}

fn loss(context: &Context<'_>, object: &Subject, root: &Subject) -> Severity {
    let snapshot = context.snapshot;
    match &object.kind {
        Kind::Cluster | Kind::Component => Severity::Critical,
        Kind::Node => match snapshot.nodes.get("", &object.name) {
            Some(node) if node.is_ready() => Severity::Error,
            _ => Severity::Critical,
        },
        kind if kind.is_workload() => workload(context, object),
        Kind::Pod => pod(context, object),
        Kind::Service => service(context, object),
        Kind::Ingress => Severity::Error,
        Kind::PersistentVolumeClaim | Kind::APIService | Kind::Registry
            if object.object() == root.object() =>
        {
            Severity::Error
        }
        _ => Severity::Warning,
    }
}

/// Replicas lost: none is a warning, some is an error; all, with a Service in front, is critical.
fn workload(context: &Context<'_>, object: &Subject) -> Severity {
    let Some(w) = context.snapshot.workload(object) else { return Severity::Warning };
    if object.kind == Kind::Job {
        return if w.status.succeeded > 0 && w.status.failed == 0 {
            Severity::Warning
        } else {
            Severity::Error
        };
    }
    let (wanted, available) = (w.wanted(), w.available());
    if wanted <= available {
        return Severity::Warning;
    }
    let served = !context.snapshot.reach(kubecause_evidence::Relation::WorkloadServices, object).is_empty();
    if available == 0 && served { Severity::Critical } else { Severity::Error }
}

/// A pod counts through its workload; one that belongs to none, or whose workload was not seen, counts for itself.
fn pod(context: &Context<'_>, object: &Subject) -> Severity {
    let Some(pod) = context.snapshot.pod(object) else { return Severity::Warning };
    let bare = context.snapshot.workload(&context.snapshot.top_owner(object)).is_none();
    let lost = !pod.is_ready() && pod.status.phase != "Succeeded" && !pod.metadata.is_deleting();
    if bare && lost { Severity::Error } else { Severity::Warning }
}

fn service(context: &Context<'_>, object: &Subject) -> Severity {
    let backends = context.snapshot.reach(kubecause_evidence::Relation::ServicePods, object);
    let ready =
        backends.iter().filter_map(|p| context.snapshot.pod(p)).any(kubecause_evidence::kube::Pod::is_ready);
    if ready { Severity::Warning } else { Severity::Error }
}
