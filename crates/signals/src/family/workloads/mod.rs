//! Controllers that cannot make their pods, cannot replace them, or no longer try.

mod altered;
mod budget;
mod classes;
mod cron;
mod denied;
mod jobs;
mod objects;
mod overlap;
mod rollout;
mod sidecar;
#[cfg(test)]
mod tests;
mod words;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::Relation;
use kubecause_evidence::kube::{Workload, WorkloadKind};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Citation;

const EVENTS: &[Needs] = &[Needs::Kind(Kind::Event)];
const PODS: &[Needs] = &[Needs::Kind(Kind::Pod)];
const CRON: &[Needs] = &[Needs::Kind(Kind::CronJob)];

/// The signals of this family.
const SIGNALS: &[Signal] = &[
    Signal::fact("workload.denied-by-quota", "Its pods are refused: a ResourceQuota has no room.", EVENTS),
    Signal::fact(
        "workload.quota-full",
        "It lacks pods, and a ResourceQuota of its namespace has no room for one more.",
        &[Needs::Kind(Kind::ResourceQuota)],
    ),
    Signal::fact("workload.denied-by-limit-range", "Its pods are refused: they break a LimitRange.", EVENTS),
    Signal::fact(
        "workload.denied-no-serviceaccount",
        "Its pods are refused: their service account is not found.",
        EVENTS,
    ),
    Signal::fact(
        "workload.serviceaccount-absent",
        "It lacks pods, and the service account that its template names is not in the list.",
        &[Needs::Kind(Kind::ServiceAccount)],
    ),
    Signal::fact(
        "workload.denied-by-pod-security",
        "Its pods are refused by Pod Security or a PodSecurityPolicy.",
        EVENTS,
    ),
    Signal::fact(
        "workload.denied-by-security-context",
        "Its pods are refused for a field of their security context.",
        EVENTS,
    ),
    Signal::fact(
        "workload.webhook-not-answering",
        "Its pods are refused: an admission webhook cannot be called.",
        EVENTS,
    ),
    Signal::fact(
        "workload.denied-by-webhook",
        "Its pods are refused by an admission webhook or policy.",
        EVENTS,
    ),
    Signal::fact(
        "workload.denied-no-priorityclass",
        "Its pods are refused: their priority class does not exist.",
        EVENTS,
    ),
    Signal::fact(
        "workload.priorityclass-absent",
        "It lacks pods, and the priority class that its template names is not in the list.",
        &[Needs::Kind(Kind::PriorityClass)],
    ),
    Signal::fact(
        "workload.denied-no-runtimeclass",
        "Its pods are refused: their runtime class does not exist.",
        EVENTS,
    ),
    Signal::fact(
        "workload.runtimeclass-absent",
        "It lacks pods, and the runtime class that its template names is not in the list.",
        &[Needs::Kind(Kind::RuntimeClass)],
    ),
    Signal::fact(
        "workload.template-invalid",
        "Its pods are refused: the API server finds a field of them invalid.",
        EVENTS,
    ),
    Signal::symptom(
        "workload.create-refused",
        "Its pods are refused, in words that no other signal knows.",
        EVENTS,
        &[Relation::Same, Relation::ObjectNamespace],
    ),
    Signal::fact(
        "workload.rollout-deadline-passed",
        "The Deployment's Progressing condition says ProgressDeadlineExceeded, and replicas are missing.",
        &[Needs::Kind(Kind::Deployment)],
    ),
    Signal::fact(
        "workload.ordered-update-waits",
        "A StatefulSet has an update that waits for a pod that is not Ready.",
        &[Needs::Kind(Kind::StatefulSet), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.pods-of-older-template",
        "Pods of a ReplicationController run another image than its template names.",
        &[Needs::Kind(Kind::ReplicationController), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.governing-service-missing",
        "A StatefulSet that is not whole names a governing Service that does not exist.",
        &[Needs::Kind(Kind::StatefulSet), Needs::Kind(Kind::Service)],
    ),
    Signal::fact(
        "workload.governing-name-used",
        "A container of the namespace asks for a member's name under the missing governing Service.",
        &[Needs::Kind(Kind::StatefulSet), Needs::Kind(Kind::Service), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.governing-name-unresolved",
        "A log fails to resolve a name under the missing governing Service.",
        &[Needs::ContainerLog],
    ),
    Signal::fact(
        "workload.job-failed",
        "A Job gave up within the last day, and no later run made up for it.",
        &[Needs::Kind(Kind::Job)],
    ),
    Signal::fact(
        "workload.job-deadline-exceeded",
        "A Job was stopped within the last day because it ran into its activeDeadlineSeconds.",
        &[Needs::Kind(Kind::Job)],
    ),
    Signal::fact(
        "workload.rollout-paused",
        "A Deployment is paused, and its pods are not all of its newest template.",
        &[Needs::Kind(Kind::Deployment)],
    ),
    Signal::fact(
        "pdb.overlap",
        "A node is being drained, and more than one budget covers a pod on it.",
        &[Needs::Kind(Kind::PodDisruptionBudget), Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact("cronjob.suspended", "A CronJob is suspended and missed a run within the last days.", CRON),
    Signal::fact("cronjob.overdue", "A CronJob was not started for more than two of its periods.", CRON),
    Signal::fact(
        "cronjob.blocked-by-active",
        "A CronJob forbids concurrent runs, and an old run is still active.",
        CRON,
    ),
    Signal::fact(
        "cronjob.deadline-too-short",
        "startingDeadlineSeconds is shorter than the controller's ten-second round.",
        CRON,
    ),
    Signal::fact("workload.scaled-to-zero", "The workload wants no replicas.", PODS),
    Signal::fact(
        "pdb.blocks-drain",
        "A node is being drained, and a budget that can never be met covers pods on it.",
        &[Needs::Kind(Kind::PodDisruptionBudget), Needs::Kind(Kind::Node), Needs::Kind(Kind::Pod)],
    ),
    Signal::fact(
        "workload.failing-part-altered",
        "The container that fails differs from the template that it was made of.",
        PODS,
    ),
    Signal::fact(
        "workload.sidecar-missing",
        "A pod lacks the sidecar that its namespace asks for and that older pods there have.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Namespace)],
    ),
    Signal::fact(
        "workload.sidecar-missing-injector-down",
        "Pods lack the sidecar that their namespace asks for, and the injector has no Ready pod.",
        &[
            Needs::Kind(Kind::Pod),
            Needs::Kind(Kind::Namespace),
            Needs::Kind(Kind::MutatingWebhookConfiguration),
        ],
    ),
];

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    denied::observe(snapshot, sink);
    objects::observe(snapshot, sink);
    rollout::observe(snapshot, sink);
    jobs::observe(snapshot, sink);
    cron::observe(snapshot, sink);
    budget::observe(snapshot, sink);
    overlap::observe(snapshot, sink);
    altered::observe(snapshot, sink);
    sidecar::observe(snapshot, sink);
}

/// Whether the controller still has pods to make, whatever becomes of them.
fn lacks_pods(w: &Workload) -> bool {
    let s = &w.status;
    match w.kind {
        WorkloadKind::DaemonSet => s.current_number_scheduled < s.desired_number_scheduled,
        WorkloadKind::Job => {
            let over = s.completion_time.is_some() || w.condition("Failed").is_some_and(|c| c.is_true());
            !over && !w.spec.suspend && s.active + s.succeeded + s.failed < w.wanted()
        }
        WorkloadKind::Deployment => {
            !w.spec.paused && (s.replicas < w.wanted() || s.updated_replicas < w.wanted())
        }
        _ => s.replicas < w.wanted(),
    }
}

/// How citations name a workload.
fn at(subject: &Subject) -> String {
    format!("{}s/{subject}", subject.kind.as_str().to_lowercase())
}

/// A citation's time, to order records.
fn newest(citations: &[Citation]) -> Option<jiff::Timestamp> {
    citations.iter().filter_map(|c| c.at).max()
}
