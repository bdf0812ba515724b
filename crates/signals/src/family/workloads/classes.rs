//! Pods that are refused because of a class that does not exist, or because the template makes no valid pod.

use super::words::{Refusal, between};
use super::{at, lacks_pods};
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::Workload;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;

/// Source: kubernetes plugin/pkg/admission/priority/admission.go; the first word had a capital before 1.12.
pub(super) fn priority_class(text: &str) -> Option<Refusal> {
    let name = between(text, "PriorityClass with name ", " was found")?;
    let mut refusal = Refusal::new("workload.denied-no-priorityclass").with("class", name);
    refusal.names.push(Subject::cluster_wide(Kind::PriorityClass, name));
    Some(refusal)
}

/// Source: kubernetes plugin/pkg/admission/runtimeclass/admission.go.
pub(super) fn runtime_class(text: &str) -> Option<Refusal> {
    let name = between(text, "pod rejected: RuntimeClass \"", "\" not found")?;
    let mut refusal = Refusal::new("workload.denied-no-runtimeclass").with("class", name);
    refusal.names.push(Subject::cluster_wide(Kind::RuntimeClass, name));
    Some(refusal)
}

/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go `NewInvalid`.
pub(super) fn invalid(text: &str) -> Option<Refusal> {
    let (_, rest) = text.split_once("Pod \"")?;
    let (_, says) = rest.split_once("\" is invalid: ")?;
    let first = says.trim_start_matches('[').trim_end_matches(']');
    let field = first.split(": ").next().filter(|f| !f.contains(' ')).unwrap_or_default();
    Some(Refusal::new("workload.template-invalid").with("field", field).with("says", first))
}

/// The classes that a template names, held against the lists, where the workload lacks pods.
pub(super) fn absent(snapshot: &Snapshot, w: &Workload, sink: &mut Sink) {
    if !lacks_pods(w) {
        return;
    }
    let spec = &w.spec.template.spec;
    let known = |kind: &Kind, name: &str| match kind {
        Kind::PriorityClass => snapshot.priority_classes.get("", name).is_some(),
        _ => snapshot.runtime_classes.get("", name).is_some(),
    };
    let named = [
        (
            Kind::PriorityClass,
            &spec.priority_class_name,
            "workload.priorityclass-absent",
            "priorityClassName",
        ),
        (Kind::RuntimeClass, &spec.runtime_class_name, "workload.runtimeclass-absent", "runtimeClassName"),
    ];
    for (kind, name, signal, field) in named {
        if name.is_empty() || !snapshot.has(&kind) || known(&kind, name) {
            continue;
        }
        let text = format!("{field} {name}, which is not among the classes of the cluster");
        let found = Finding::new(signal, snapshot.top_owner(&w.subject()))
            .since(w.metadata.creation_timestamp)
            .param("class", name)
            .naming(Subject::cluster_wide(kind, name))
            .cite(Source::Field, None, at(&w.subject()), text);
        sink.add(found);
    }
}
