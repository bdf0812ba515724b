//! Which kind of object a description is of, from what only that kind's description shows.

use super::tree::Block;

/// Field of the first level → the kind that shows it.
const TELLING: [(&str, &str); 36] = [
    ("StrategyType", "Deployment"),
    ("OldReplicaSets", "Deployment"),
    ("Desired Number of Nodes Scheduled", "DaemonSet"),
    ("Schedule", "CronJob"),
    ("Concurrency Policy", "CronJob"),
    ("Pods Statuses", "Job"),
    ("Parallelism", "Job"),
    ("Volume Claims", "StatefulSet"),
    ("Update Strategy", "StatefulSet"),
    ("System Info", "Node"),
    ("Non-terminated Pods", "Node"),
    ("Allocatable", "Node"),
    ("Taints", "Node"),
    ("Unschedulable", "Node"),
    ("Init Containers", "Pod"),
    ("Containers", "Pod"),
    ("QoS Class", "Pod"),
    ("Start Time", "Pod"),
    ("Node", "Pod"),
    ("Session Affinity", "Service"),
    ("TargetPort", "Service"),
    ("Subsets", "Endpoints"),
    ("AddressType", "EndpointSlice"),
    ("Default backend", "Ingress"),
    ("Rules", "Ingress"),
    ("Reclaim Policy", "PersistentVolume"),
    ("Node Affinity", "PersistentVolume"),
    ("Used By", "PersistentVolumeClaim"),
    ("Mounted By", "PersistentVolumeClaim"),
    ("Volume", "PersistentVolumeClaim"),
    ("Provisioner", "StorageClass"),
    ("IsDefaultClass", "StorageClass"),
    ("Min replicas", "HorizontalPodAutoscaler"),
    ("Image pull secrets", "ServiceAccount"),
    ("GlobalDefault", "PriorityClass"),
    ("Controller", "IngressClass"),
];

/// The kind that a description shows itself to be of.
pub(super) fn recognise(root: Block<'_>) -> Option<&str> {
    if let (Some(kind), true) = (root.value("Kind"), root.has("API Version")) {
        return Some(kind);
    }
    if let Some((_, kind)) = TELLING.iter().find(|(key, _)| root.has(key)) {
        return Some(kind);
    }
    by_table(root).or_else(|| by_rest(root))
}

fn by_table(root: Block<'_>) -> Option<&'static str> {
    let line = |words: &[&str]| {
        root.entries().any(|e| e.line.text.split_whitespace().take(words.len()).eq(words.iter().copied()))
    };
    let titled = |words: &[&str]| root.has("Namespace") && line(words);
    if titled(&["Resource", "Used", "Hard"]) {
        return Some("ResourceQuota");
    }
    if titled(&["Type", "Resource", "Min", "Max"]) {
        return Some("LimitRange");
    }
    let quota = [
        "No resource quota.",
        "No LimitRange resource.",
        "No resource limits.",
        "Resource Quotas",
        "Resource Limits",
    ];
    root.entries().any(|e| quota.contains(&e.line.text)).then_some("Namespace")
}

fn by_rest(root: Block<'_>) -> Option<&'static str> {
    if root.body("Spec").is_some_and(|s| s.has("PodSelector")) {
        return Some("NetworkPolicy");
    }
    if root.body("Spec").is_some_and(|s| s.has("Drivers")) {
        return Some("CSINode");
    }
    if root.body("Status").is_some_and(|s| s.has("Allowed disruptions"))
        || root.has("Min available")
        || root.has("Max unavailable")
    {
        return Some("PodDisruptionBudget");
    }
    let current = root.value("Replicas").is_some_and(|r| r.contains(" current / "));
    if current {
        // A replica set and a replication controller look alike; their pods' label does not.
        return root
            .value("Selector")
            .is_some_and(|s| s.contains("pod-template-hash"))
            .then_some("ReplicaSet");
    }
    if let Some(replicas) = root.value("Replicas").filter(|r| r.contains(" desired | ")) {
        return Some(if replicas.contains(" updated ") { "Deployment" } else { "StatefulSet" });
    }
    let phase = root.value("Status").is_some_and(|s| matches!(s, "Active" | "Terminating"));
    (phase && !root.has("Namespace")).then_some("Namespace")
}

/// The kind that events are about where nothing else tells: from what kubelet and the node controller write about nodes, or from
/// which of two controllers wrote them.
pub(super) fn of_events(section: &[super::tree::Line<'_>]) -> Option<&'static str> {
    const TELLING: [(&str, &str); 3] = [
        (" status is now: Node", "Node"),
        ("  replicaset-controller  ", "ReplicaSet"),
        ("  replication-controller  ", "ReplicationController"),
    ];
    TELLING.iter().find(|(words, _)| section.iter().any(|l| l.text.contains(words))).map(|(_, kind)| *kind)
}

/// Whether objects of this kind have no namespace.
pub(super) fn is_cluster_wide(kind: &str) -> bool {
    const KINDS: [&str; 14] = [
        "Node",
        "PersistentVolume",
        "StorageClass",
        "Namespace",
        "PriorityClass",
        "RuntimeClass",
        "IngressClass",
        "CSINode",
        "CSIDriver",
        "VolumeAttachment",
        "APIService",
        "CustomResourceDefinition",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ];
    KINDS.contains(&kind)
}

/// The API's name of a kind, however a command writes it: `pods`, `deploy`, `deployments.apps`, `Deployment`.
pub(super) fn canonical(asked: &str) -> String {
    let word = asked.split(['/', '.']).next().unwrap_or(asked);
    let lower = word.to_ascii_lowercase();
    let short = match lower.as_str() {
        "po" => "Pod",
        "no" => "Node",
        "deploy" => "Deployment",
        "rs" => "ReplicaSet",
        "rc" => "ReplicationController",
        "sts" => "StatefulSet",
        "ds" => "DaemonSet",
        "cj" => "CronJob",
        "svc" => "Service",
        "ep" | "endpoints" => "Endpoints",
        "ing" => "Ingress",
        "netpol" | "networkpolicies" => "NetworkPolicy",
        "pvc" => "PersistentVolumeClaim",
        "pv" => "PersistentVolume",
        "sc" => "StorageClass",
        "cm" => "ConfigMap",
        "sa" => "ServiceAccount",
        "ns" => "Namespace",
        "hpa" => "HorizontalPodAutoscaler",
        "pdb" => "PodDisruptionBudget",
        "pc" => "PriorityClass",
        "quota" => "ResourceQuota",
        "limits" => "LimitRange",
        "crd" | "crds" => "CustomResourceDefinition",
        "ev" => "Event",
        _ => return long(word, &lower),
    };
    short.to_owned()
}

fn long(word: &str, lower: &str) -> String {
    const KINDS: [&str; 38] = [
        "Pod",
        "Node",
        "Deployment",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "ControllerRevision",
        "Service",
        "EndpointSlice",
        "Ingress",
        "IngressClass",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StorageClass",
        "VolumeAttachment",
        "CSINode",
        "CSIDriver",
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "ResourceQuota",
        "LimitRange",
        "PriorityClass",
        "RuntimeClass",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "APIService",
        "CustomResourceDefinition",
        "Namespace",
        "Lease",
        "Event",
        "Endpoints",
    ];
    let singular = lower.strip_suffix("es").filter(|s| s.ends_with("ss")).or_else(|| lower.strip_suffix('s'));
    let is = |kind: &&&str| {
        kind.eq_ignore_ascii_case(lower) || singular.is_some_and(|s| kind.eq_ignore_ascii_case(s))
    };
    KINDS.iter().find(is).map_or_else(|| word.to_owned(), |k| (*k).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_as_commands_write_them() {
        for (asked, want) in [
            ("pods", "Pod"),
            ("po", "Pod"),
            ("deployments.apps", "Deployment"),
            ("ingresses", "Ingress"),
            ("ingressclasses", "IngressClass"),
            ("endpoints", "Endpoints"),
            ("Widget", "Widget"),
        ] {
            assert_eq!(canonical(asked), want);
        }
    }
}
