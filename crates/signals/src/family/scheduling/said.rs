//! What the scheduler said: its message taken apart. The wordings of 1.4 to 1.36.
//! Source: kubernetes pkg/scheduler/framework/types.go (FitError), pkg/scheduler/framework/plugins/*, and before 1.11
//! plugin/pkg/scheduler/algorithm/predicates/error.go.

use kubecause_evidence::Str;

/// Why some nodes were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// Labels: node selector, node affinity, host name.
    Labels,
    /// Host ports.
    Port,
    /// Not enough of that resource.
    Short(Str),
    /// A taint that kubelet, a controller or an autoscaler sets when the node is not fit for use; a cordon.
    Abnormal(Str),
    /// The taint of a control plane node.
    Role(Str),
    /// Any other taint, as far as it was named.
    Taint(Str),
    /// Inter-pod affinity.
    Affinity,
    /// Inter-pod anti-affinity.
    AntiAffinity,
    /// Topology spread.
    Spread,
    /// Claims that are not bound or not there.
    Claims,
    /// The pod's volumes cannot be had on that node.
    Volumes,
}

/// A message taken apart: reasons with the count of nodes, in order of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) parts: Vec<(Reason, u32)>,
}

impl Said {
    /// Takes a `FailedScheduling` or `PodScheduled=False` message apart.
    pub(super) fn parse(message: &str) -> Self {
        let body = ["preemption:", "no new claims to deallocate"]
            .iter()
            .fold(message, |text, end| before(text, end));
        let start =
            ["are available: ", "predicates: ", "predicates:: ", "predicates:", "on nodes : ", "node ("];
        let body = start.iter().find_map(|s| body.split_once(s)).map_or(body, |(_, rest)| rest);
        let mut said = Self::default();
        for piece in pieces(body) {
            let (text, count) = counted(piece);
            if let Some(reason) = classify(text) {
                said.parts.push((reason, count));
            }
        }
        said
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether some node was refused for such a reason.
    pub(super) fn has(&self, test: impl Fn(&Reason) -> bool) -> bool {
        self.parts.iter().any(|(r, _)| test(r))
    }
}

fn before<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or(text, |(head, _)| head)
}

/// The reasons of a list; the comma in `had taint {k: v}, that the pod didn't tolerate` parts nothing.
fn pieces(body: &str) -> impl Iterator<Item = &str> {
    let parts = body.split([',', '\n']).flat_map(|p| p.split(". "));
    parts
        .map(|p| p.trim().trim_end_matches('.').trim())
        .filter(|p| !p.is_empty() && !p.starts_with("that the pod"))
}

/// `2 Insufficient cpu` and `Insufficient cpu (2)` without their count.
fn counted(piece: &str) -> (&str, u32) {
    if let Some((head, rest)) = piece.split_once(' ')
        && let Ok(count) = head.parse()
    {
        return (rest, count);
    }
    if let Some((text, tail)) = piece.rsplit_once(" (")
        && let Ok(count) = tail.trim_end_matches(')').parse()
    {
        return (text, count);
    }
    (piece, 1)
}

fn classify(text: &str) -> Option<Reason> {
    let lower = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    if let Some(resource) = lower.strip_prefix("insufficient ") {
        return Some(Reason::Short(resource.split_whitespace().next()?.into()));
    }
    if has(&["too many pods"]) {
        return Some(Reason::Short("pods".into()));
    }
    if has(&[
        "persistentvolumeclaim",
        "available persistent volumes to bind",
        "volumebindingnomatch",
        "enough free storage",
        "pvc(s) bound to non-existent",
    ]) {
        return Some(Reason::Claims);
    }
    if has(&[
        "persistentvolume",
        "volume node affinity",
        "volume zone",
        "volumezone",
        "volumenodeaffinity",
        "volumebinding",
        "max volume count",
        "maxvolumecount",
        "nodiskconflict",
        "max csi volume",
        "available disk",
        "read-write-once",
    ]) {
        return Some(Reason::Volumes);
    }
    if has(&["taint"]) {
        return Some(taint(text));
    }
    if has(&["unschedulable"]) {
        return Some(Reason::Abnormal("node.kubernetes.io/unschedulable".into()));
    }
    if let Some(key) = old_condition(&lower) {
        return Some(Reason::Abnormal(key.into()));
    }
    if has(&["topology spread", "podtopologyspread", "evenpodsspread"]) {
        return Some(Reason::Spread);
    }
    if has(&["anti-affinity rules"]) && !has(&["affinity/anti-affinity"]) {
        return Some(Reason::AntiAffinity);
    }
    if has(&["pod affinity", "matchinterpodaffinity", "interpodaffinity"]) && !has(&["pod's node affinity"]) {
        return Some(Reason::Affinity);
    }
    if has(&["free ports", "podfitshostports", "podfitsports", "nodeports"]) {
        return Some(Reason::Port);
    }
    let labels = [
        "node selector",
        "node affinity",
        "matchnodeselector",
        "requested node name",
        "requested hostname",
        "hostname",
        "nodeaffinity",
        "nodeselector",
    ];
    has(&labels).then_some(Reason::Labels)
}

/// What schedulers before 1.12 said instead of a taint.
fn old_condition(lower: &str) -> Option<&'static str> {
    let table = [
        (["nodenotready", "were not ready"], "node.kubernetes.io/not-ready"),
        (["nodeunderdiskpressure", "had disk pressure"], "node.kubernetes.io/disk-pressure"),
        (["nodeundermemorypressure", "had memory pressure"], "node.kubernetes.io/memory-pressure"),
        (["nodeunderpidpressure", "had pid pressure"], "node.kubernetes.io/pid-pressure"),
        (["nodeoutofdisk", "out of disk"], "node.kubernetes.io/out-of-disk"),
        (["nodenetworkunavailable", "unavailable network"], "node.kubernetes.io/network-unavailable"),
        (["nodeunknowncondition", "unknown condition"], "node.kubernetes.io/unreachable"),
    ];
    table.iter().find(|(words, _)| words.iter().any(|w| lower.contains(w))).map(|(_, key)| *key)
}

/// The taint that `had untolerated taint {key: value}` names.
fn taint(text: &str) -> Reason {
    let inner =
        text.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inner, _)| inner);
    let (key, value) = inner.split_once(':').unwrap_or((inner, ""));
    let (key, value) = (key.trim(), value.trim());
    let shown = if value.is_empty() { key.to_owned() } else { format!("{key}={value}") };
    match kind_of_taint(key) {
        TaintKind::Abnormal => Reason::Abnormal(shown.into()),
        TaintKind::Role => Reason::Role(shown.into()),
        TaintKind::Custom => Reason::Taint(shown.into()),
    }
}

/// Who puts a taint there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaintKind {
    /// The node's own state: kubelet, node controller, cloud controller, autoscaler, a cordon.
    Abnormal,
    /// The role of a control plane node.
    Role,
    /// A person.
    Custom,
}

/// Source: k8s.io/api/core/v1/well_known_taints.go; the autoscalers' own keys.
pub(super) fn kind_of_taint(key: &str) -> TaintKind {
    let abnormal = [
        "node.kubernetes.io/",
        "node.cloudprovider.kubernetes.io/",
        "node.alpha.kubernetes.io/",
        "ToBeDeletedByClusterAutoscaler",
        "DeletionCandidateOfClusterAutoscaler",
        "karpenter.sh/disrupt",
    ];
    if abnormal.iter().any(|p| key.starts_with(p)) {
        TaintKind::Abnormal
    } else if key.starts_with("node-role.kubernetes.io/") {
        TaintKind::Role
    } else {
        TaintKind::Custom
    }
}

#[cfg(test)]
mod tests {
    use super::{Reason, Said};

    fn reasons(message: &str) -> Vec<(Reason, u32)> {
        Said::parse(message).parts
    }

    #[test]
    fn new_wordings() {
        let text = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. no new claims to \
            deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
        assert_eq!(reasons(text), [(Reason::Labels, 2)]);
        let text = "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 2 \
            Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No \
            preemption victims found for incoming pod.";
        let not_ready = Reason::Abnormal("node.kubernetes.io/not-ready".into());
        assert_eq!(reasons(text), [(not_ready, 1), (Reason::Short("cpu".into()), 2)]);
        let text = "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.";
        assert_eq!(reasons(text), [(Reason::AntiAffinity, 3)]);
        let text = "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 node(s) didn't match pod topology \
            spread constraints (missing required label).";
        assert_eq!(reasons(text), [(Reason::Taint("".into()), 1), (Reason::Spread, 3)]);
        let text = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
        assert_eq!(reasons(text), [(Reason::Claims, 1)]);
        let text = "0/2 nodes are available: 2 Too many pods.";
        assert_eq!(reasons(text), [(Reason::Short("pods".into()), 2)]);
        let text = "0/3 nodes are available: 2 node(s) did not have enough free storage, 1 node(s) didn't match \
            PersistentVolume's node affinity.";
        assert_eq!(reasons(text), [(Reason::Claims, 2), (Reason::Volumes, 1)]);
    }

    #[test]
    fn volumes_are_told_from_claims() {
        let text = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match PersistentVolume's node affinity.";
        assert_eq!(reasons(text), [(Reason::Short("cpu".into()), 1), (Reason::Volumes, 1)]);
        let text = "0/1 nodes are available: 1 node(s) had volume node affinity conflict.";
        assert_eq!(reasons(text), [(Reason::Volumes, 1)]);
        assert_eq!(reasons("persistentvolumeclaim \"data\" not found"), [(Reason::Claims, 1)]);
    }

    #[test]
    fn old_wordings() {
        let text = "No nodes are available that match all of the predicates: Insufficient cpu (1), MatchNodeSelector (2).";
        assert_eq!(reasons(text), [(Reason::Short("cpu".into()), 1), (Reason::Labels, 2)]);
        let text =
            "No nodes are available that match all of the following predicates:: PodFitsHostPorts (2).";
        assert_eq!(reasons(text), [(Reason::Port, 2)]);
        let text = "0/3 nodes are available: 1 node(s) had taint {dedicated: gpu}, that the pod didn't tolerate, 2 node(s) \
            didn't match node selector.";
        assert_eq!(reasons(text), [(Reason::Taint("dedicated=gpu".into()), 1), (Reason::Labels, 2)]);
        let text = "0/5 nodes are available: 1 NodeUnschedulable, 1 node(s) had taints that the pod didn't tolerate, 3 \
            MatchInterPodAffinity.";
        let cordon = Reason::Abnormal("node.kubernetes.io/unschedulable".into());
        assert_eq!(reasons(text), [(cordon, 1), (Reason::Taint("".into()), 1), (Reason::Affinity, 3)]);
    }

    #[test]
    fn other_texts_say_nothing() {
        assert!(Said::parse("").is_empty());
        assert!(Said::parse("skip schedule deleting pod: shop/cart-1").is_empty());
        assert!(Said::parse("Successfully assigned shop/cart-1 to worker-1").is_empty());
    }
}
