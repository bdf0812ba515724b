//! Containers that fail and are not what their template says: something rewrote the pod on its way in.

use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Container, ContainerStatus, Pod, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Snapshot, Subject, Sym};
use kubecause_model::Source;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let none = snapshot.has(&Kind::MutatingWebhookConfiguration)
        && !snapshot.webhooks.all().iter().any(|c| c.mutating);
    if none {
        return;
    }
    for pod in snapshot.pods.all().iter().filter(|p| !p.is_ready() && !p.is_finished()) {
        let Some(status) = pod.statuses().map(|(_, s)| s).find(|s| fails(s)) else { continue };
        let Some(owner) = owner(snapshot, pod) else { continue };
        let template = owner.spec.template.spec.container(&status.name);
        let (Some(was), Some(is)) = (template, pod.spec.container(&status.name)) else { continue };
        let Some((field, from, to)) = difference(was, is) else { continue };
        let subject = pod.metadata.subject(Kind::Pod);
        if (field == "image") != fails_by_image(snapshot, &subject, status) {
            continue;
        }
        let mut found = Finding::new("workload.failing-part-altered", snapshot.top_owner(&subject))
            .since(None)
            .param("container_name", &status.name)
            .param("field", field)
            .param("from", &from)
            .param("to", &to)
            .cite(
                Source::Field,
                None,
                format!("pods/{subject}"),
                format!("{} {field}: {to}; the template says {from}", status.name),
            );
        for hook in snapshot.webhooks.all().iter().filter(|c| c.mutating).take(5) {
            found = found.param("webhook", &hook.metadata.name);
            found = found.naming(hook.metadata.subject(Kind::MutatingWebhookConfiguration));
        }
        sink.add(found);
    }
}

/// Waiting for anything but its turn.
fn fails(status: &ContainerStatus) -> bool {
    let idle = ["ContainerCreating", "PodInitializing", ""];
    status.state.waiting.as_ref().is_some_and(|w| !idle.contains(&w.reason.as_str()))
}

/// Whether the image itself is what is wrong: it is not there, or not for us. A rewritten image that is pulled well has
/// nothing to do with a crash, nor with a registry that is out of reach.
fn fails_by_image(snapshot: &Snapshot, pod: &Subject, status: &ContainerStatus) -> bool {
    let words = [
        "not found",
        "manifest unknown",
        "denied",
        "nauthorized",
        "invalid reference",
        "couldn't parse image",
    ];
    let wrong = |text: &str| words.iter().any(|w| text.contains(w));
    let waiting = status.state.waiting.as_ref();
    let pulls = waiting.is_some_and(|w| w.reason.contains("Image"));
    let failed = snapshot.events_about(pod).filter(|e| e.reason == "Failed" && e.message.contains("pull"));
    pulls && (waiting.is_some_and(|w| wrong(&w.message)) || failed.into_iter().any(|e| wrong(&e.message)))
}

/// The controller that made the pod, where its template is certain to be the one the pod was made of.
fn owner<'a>(snapshot: &'a Snapshot, pod: &Pod) -> Option<&'a Workload> {
    let meta = &pod.metadata;
    let reference = meta.controller()?;
    let kind = Kind::from_name(&reference.kind);
    let made = snapshot.workload(&Subject::new(kind, &meta.namespace, &reference.name))?;
    let same = match made.kind {
        WorkloadKind::ReplicaSet | WorkloadKind::Job => true,
        WorkloadKind::StatefulSet => {
            meta.labels.get("controller-revision-hash") == Some(made.status.update_revision.as_str())
        }
        _ => false,
    };
    same.then_some(made)
}

fn difference(was: &Container, is: &Container) -> Option<(&'static str, String, String)> {
    let list = |l: &[Sym]| l.iter().map(Sym::as_str).collect::<Vec<_>>().join(" ");
    if was.image != is.image {
        return Some(("image", was.image.to_string(), is.image.to_string()));
    }
    if was.command != is.command {
        return Some(("command", list(&was.command), list(&is.command)));
    }
    (was.args != is.args).then(|| ("args", list(&was.args), list(&is.args)))
}
