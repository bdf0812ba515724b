//! Resource names as people type them and as tables print them → kinds.
//!
//! Source: kubernetes `pkg/registry/**/storage.go` (`Categories`).

use kubecause_evidence::{Kind, word_to_kind};

/// What the category `all` holds.
const ALL: [Kind; 10] = [
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

/// The kind of a resource: plural, singular, short, with a group or without (`deployments.apps`, `Pod`, `svc`).
/// `None` for one that kubecause does not read.
pub fn of(resource: &str) -> Option<Kind> {
    let name = resource.split('.').next().unwrap_or(resource);
    if foreign(resource) {
        return None;
    }
    let known = |k: &Kind| !matches!(k, Kind::Cluster | Kind::Component | Kind::Registry | Kind::Image);
    word_to_kind(name).filter(known)
}

/// Whether a resource belongs to a group whose kinds are not those of the same name here.
fn foreign(resource: &str) -> bool {
    const NATIVE: [&str; 6] = ["", "apps", "batch", "autoscaling", "policy", "extensions"];
    let group = resource.split_once('.').map_or("", |(_, group)| group);
    // `deployment.v1.apps` states the version too.
    let versioned = group
        .split_once('.')
        .filter(|(v, _)| v.starts_with('v') && v.ends_with(|c: char| c.is_ascii_digit()));
    let group = versioned.map_or(group, |(_, group)| group);
    let core =
        group.ends_with(".k8s.io") && !group.ends_with("metrics.k8s.io") && !group.contains(".x-k8s.io");
    !NATIVE.contains(&group) && !core
}

/// The kinds that one word of a command names; `all` names several.
pub fn named(word: &str) -> Vec<Kind> {
    if word == "all" { ALL.to_vec() } else { of(word).into_iter().collect() }
}

/// Whether objects of the kind live in namespaces.
pub fn is_namespaced(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Node
            | Kind::Namespace
            | Kind::PersistentVolume
            | Kind::StorageClass
            | Kind::VolumeAttachment
            | Kind::CSINode
            | Kind::CSIDriver
            | Kind::IngressClass
            | Kind::PriorityClass
            | Kind::RuntimeClass
            | Kind::ValidatingWebhookConfiguration
            | Kind::MutatingWebhookConfiguration
            | Kind::APIService
            | Kind::CustomResourceDefinition
    )
}

/// Whether a table's row shows all that signals read of the kind, so that nothing is taken for absent that was only not shown.
pub fn a_row_is_whole(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::StorageClass
            | Kind::ServiceAccount
            | Kind::Secret
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::PriorityClass
            | Kind::RuntimeClass
            | Kind::APIService
            | Kind::CustomResourceDefinition
            | Kind::Event
    )
}

/// Whether the row of a table is worth an object: for these kinds a row without the rest would say what is not so
/// (a policy without rules denies all, a webhook without a failure policy fails).
pub fn a_row_is_useful(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::NetworkPolicy
            | Kind::ValidatingWebhookConfiguration
            | Kind::MutatingWebhookConfiguration
            | Kind::PodDisruptionBudget
            | Kind::LimitRange
            | Kind::Lease
            | Kind::ControllerRevision
            | Kind::EndpointSlice
            | Kind::CSINode
            | Kind::VolumeAttachment
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_resource() {
        for (word, kind) in [
            ("pods", Some(Kind::Pod)),
            ("po", Some(Kind::Pod)),
            ("Pod", Some(Kind::Pod)),
            ("deployments.apps", Some(Kind::Deployment)),
            ("deployment.v1.apps", Some(Kind::Deployment)),
            ("deployment.extensions", Some(Kind::Deployment)),
            ("persistentvolumeclaim", Some(Kind::PersistentVolumeClaim)),
            ("ingress.networking.k8s.io", Some(Kind::Ingress)),
            ("endpoints", Some(Kind::Endpoints)),
            ("events", Some(Kind::Event)),
            ("horizontalpodautoscaler.autoscaling", Some(Kind::HorizontalPodAutoscaler)),
            ("nodes.metrics.k8s.io", None),
            ("services.serving.knative.dev", None),
            ("widgets", None),
            ("", None),
        ] {
            assert_eq!(of(word), kind, "{word}");
        }
        assert_eq!(named("all").len(), 10);
    }
}
