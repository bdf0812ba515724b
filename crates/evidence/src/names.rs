//! The names of resources as people, file names and URLs spell them → kinds.

use kubecause_model::Kind;

/// Short names, as kubectl takes them. Source: kubernetes `pkg/registry/**/storage.go` (`ShortNames`).
const SHORT: [(&str, Kind); 26] = [
    ("po", Kind::Pod),
    ("no", Kind::Node),
    ("ns", Kind::Namespace),
    ("deploy", Kind::Deployment),
    ("rs", Kind::ReplicaSet),
    ("sts", Kind::StatefulSet),
    ("ds", Kind::DaemonSet),
    ("cj", Kind::CronJob),
    ("rc", Kind::ReplicationController),
    ("svc", Kind::Service),
    ("ep", Kind::Endpoints),
    ("ing", Kind::Ingress),
    ("netpol", Kind::NetworkPolicy),
    ("pvc", Kind::PersistentVolumeClaim),
    ("pv", Kind::PersistentVolume),
    ("sc", Kind::StorageClass),
    ("cm", Kind::ConfigMap),
    ("sa", Kind::ServiceAccount),
    ("quota", Kind::ResourceQuota),
    ("limits", Kind::LimitRange),
    ("hpa", Kind::HorizontalPodAutoscaler),
    ("pdb", Kind::PodDisruptionBudget),
    ("ev", Kind::Event),
    ("crd", Kind::CustomResourceDefinition),
    ("crds", Kind::CustomResourceDefinition),
    ("pc", Kind::PriorityClass),
];

/// The kind that one word names: a plural, a singular, a short name; in any case, without a group.
pub fn word_to_kind(word: &str) -> Option<Kind> {
    let word = word.to_ascii_lowercase();
    let short = SHORT.iter().find(|(short, _)| *short == word).map(|(_, kind)| kind.clone());
    let singular = || match word.as_str() {
        "endpoint" => Some(Kind::Endpoints),
        word => Kind::KNOWN.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(word)),
    };
    short.or_else(|| plural_to_kind(&word)).or_else(singular)
}

/// The kind of a resource's plural, as file names and URLs spell it (`pods`, `deployments.apps`).
pub fn plural_to_kind(plural: &str) -> Option<Kind> {
    let plural = plural.split('.').next().unwrap_or(plural).to_ascii_lowercase();
    let irregular = match plural.as_str() {
        "ingresses" => Some(Kind::Ingress),
        "ingressclasses" => Some(Kind::IngressClass),
        "networkpolicies" => Some(Kind::NetworkPolicy),
        "storageclasses" => Some(Kind::StorageClass),
        "priorityclasses" => Some(Kind::PriorityClass),
        "runtimeclasses" => Some(Kind::RuntimeClass),
        "endpoints" => Some(Kind::Endpoints),
        _ => None,
    };
    irregular.or_else(|| {
        let singular = plural.strip_suffix('s')?;
        Kind::KNOWN.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(singular))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        for (word, kind) in [
            ("pods", Some(Kind::Pod)),
            ("PO", Some(Kind::Pod)),
            ("Pod", Some(Kind::Pod)),
            ("ep", Some(Kind::Endpoints)),
            ("endpoint", Some(Kind::Endpoints)),
            ("ingresses", Some(Kind::Ingress)),
            ("hpa", Some(Kind::HorizontalPodAutoscaler)),
            ("horizontalpodautoscalers", Some(Kind::HorizontalPodAutoscaler)),
            ("widgets", None),
            ("", None),
        ] {
            assert_eq!(word_to_kind(word), kind, "{word}");
        }
    }
}
