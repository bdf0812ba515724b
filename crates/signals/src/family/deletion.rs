//! Objects that were deleted and do not go: finalizers that nobody removes, namespaces that stay Terminating. What
//! must wait by design (a claim that is mounted, a volume that is bound, dependants that go first) is left out.

use crate::finding::{Finding, Sink};
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::kube::{Meta, Namespace, Pod};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use rustc_hash::{FxHashMap, FxHashSet};

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "deletion.finalizer-remains",
        "An object was deleted, its grace is over, nothing of it runs, and finalizers are left.",
        &[],
    ),
    Signal::fact(
        "deletion.finalizer-of-control-plane",
        "The finalizer that is left is one that the controller manager itself removes.",
        &[],
    ),
    Signal::fact(
        "namespace.terminating-overdue",
        "A namespace has been Terminating for more than a minute.",
        &[Needs::Kind(Kind::Namespace)],
    ),
    Signal::fact(
        "namespace.finalizers-named",
        "A namespace says which finalizers remain in it, and none of the objects that hold them was seen.",
        &[Needs::Kind(Kind::Namespace)],
    ),
];

/// Seconds past the grace period before a deletion is overdue.
const PATIENCE_SECONDS: i64 = crate::patience::DELETION.seconds;
/// Foreground and orphan deletion wait for the garbage collector, which works in batches.
const COLLECTOR_SECONDS: i64 = 600;
/// A namespace's content is deleted kind by kind.
const NAMESPACE_SECONDS: i64 = crate::patience::NAMESPACE_DELETION.seconds;

/// Finalizers that the controller manager of Kubernetes removes.
const CONTROL_PLANE: [&str; 5] = [
    "kubernetes.io/pvc-protection",
    "kubernetes.io/pv-protection",
    "foregroundDeletion",
    "orphan",
    "batch.kubernetes.io/job-tracking",
];

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let busy = Busy::of(snapshot);
    let mut held: FxHashSet<&str> = FxHashSet::default();
    let look = |kind: Kind, meta: &Meta, sink: &mut Sink| -> bool {
        let Some(finding) = held_by_finalizer(snapshot, &busy, kind, meta) else { return false };
        let own = meta.finalizers.iter().all(|f| CONTROL_PLANE.contains(&f.as_str()));
        if own {
            let mut same = finding.clone();
            same.signal = "deletion.finalizer-of-control-plane";
            sink.add(same);
        }
        sink.add(finding);
        true
    };
    for (kind, meta) in deleted(snapshot) {
        if look(kind, meta, sink) {
            held.insert(&meta.namespace);
        }
    }
    for namespace in snapshot.namespaces.all() {
        terminating(snapshot, namespace, held.contains(namespace.metadata.name.as_str()), sink);
    }
}

/// Every object that is being deleted and has finalizers.
fn deleted(snapshot: &Snapshot) -> impl Iterator<Item = (Kind, &Meta)> {
    fn of<'a, T: 'a>(
        kind: Kind,
        all: &'a [T],
        meta: fn(&T) -> &Meta,
    ) -> impl Iterator<Item = (Kind, &'a Meta)> {
        all.iter()
            .map(meta)
            .filter(|m| m.is_deleting() && !m.finalizers.is_empty())
            .map(move |m| (kind.clone(), m))
    }
    let workloads =
        snapshot.workloads().filter(|w| w.metadata.is_deleting() && !w.metadata.finalizers.is_empty());
    let others =
        snapshot.others.iter().filter(|(_, o)| o.metadata.is_deleting() && !o.metadata.finalizers.is_empty());
    of(Kind::Pod, snapshot.pods.all(), |o| &o.metadata)
        .chain(of(Kind::Node, snapshot.nodes.all(), |o| &o.metadata))
        .chain(of(Kind::CronJob, snapshot.cron_jobs.all(), |o| &o.metadata))
        .chain(of(Kind::Service, snapshot.services.all(), |o| &o.metadata))
        .chain(of(Kind::Ingress, snapshot.ingresses.all(), |o| &o.metadata))
        .chain(of(Kind::NetworkPolicy, snapshot.network_policies.all(), |o| &o.metadata))
        .chain(of(Kind::PersistentVolumeClaim, snapshot.claims.all(), |o| &o.metadata))
        .chain(of(Kind::PersistentVolume, snapshot.volumes.all(), |o| &o.metadata))
        .chain(of(Kind::ConfigMap, snapshot.config_maps.all(), |o| &o.metadata))
        .chain(of(Kind::Secret, snapshot.secrets.all(), |o| &o.metadata))
        .chain(of(Kind::ServiceAccount, snapshot.service_accounts.all(), |o| &o.metadata))
        .chain(of(Kind::CustomResourceDefinition, snapshot.crds.all(), |o| &o.metadata))
        .chain(of(Kind::Namespace, snapshot.namespaces.all(), |o| &o.metadata))
        .chain(workloads.map(|w| (w.kind.kind(), &w.metadata)))
        .chain(others.map(|(kind, o)| (kind.clone(), &o.metadata)))
}

/// What keeps objects for a good reason.
struct Busy<'a> {
    /// Claims that a pod which has not ended mounts.
    claims: FxHashSet<(&'a str, String)>,
    /// How many objects each owner still has.
    children: FxHashMap<kubecause_evidence::Uid, usize>,
}

impl<'a> Busy<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut busy = Self { claims: FxHashSet::default(), children: FxHashMap::default() };
        if deleted(snapshot).next().is_none() {
            return busy;
        }
        for pod in snapshot.pods.all().iter().filter(|p| !p.is_finished()) {
            let ns = pod.metadata.namespace.as_str();
            busy.claims.extend(pod.claim_names().into_iter().map(|c| (ns, c)));
        }
        let pods = snapshot.pods.all().iter().map(|p| &p.metadata);
        for meta in pods.chain(snapshot.workloads().map(|w| &w.metadata)) {
            for owner in &meta.owner_references {
                *busy.children.entry(owner.uid).or_default() += 1;
            }
        }
        busy
    }
}

fn held_by_finalizer(snapshot: &Snapshot, busy: &Busy<'_>, kind: Kind, meta: &Meta) -> Option<Finding> {
    let overdue = snapshot.age(meta.deletion_timestamp)?;
    let grace = meta.deletion_grace_period_seconds.unwrap_or(0).max(0);
    if overdue < grace + PATIENCE_SECONDS {
        return None;
    }
    let subject = meta.subject(kind);
    if subject.kind == Kind::Pod && snapshot.pod(&subject).is_some_and(runs) {
        return None;
    }
    let left: Vec<&str> = meta.finalizers.iter().map(|f| f.as_str()).collect();
    if left.iter().all(|f| waits_by_design(snapshot, busy, &subject, meta, f, overdue)) {
        return None;
    }
    let reference = format!("{}/{subject}/metadata", subject.kind.as_str().to_lowercase());
    let text = format!("deletionTimestamp {} s ago, finalizers: {}", overdue, left.join(", "));
    Some(
        Finding::new("deletion.finalizer-remains", subject)
            .since(meta.deletion_timestamp)
            .cite(Source::Field, meta.deletion_timestamp, reference, text)
            .param("finalizer", left.join(", ")),
    )
}

/// Whether a container of the pod still runs.
fn runs(pod: &Pod) -> bool {
    !pod.is_finished() && pod.statuses().any(|(_, s)| s.state.running.is_some())
}

/// Whether that finalizer has a good reason to be there still.
fn waits_by_design(
    snapshot: &Snapshot,
    busy: &Busy<'_>,
    subject: &Subject,
    meta: &Meta,
    finalizer: &str,
    overdue: i64,
) -> bool {
    match finalizer {
        "kubernetes.io/pvc-protection" => {
            !snapshot.sees_pods_of(subject.ns())
                || busy.claims.contains(&(subject.ns(), subject.name.to_string()))
        }
        "kubernetes.io/pv-protection" => {
            snapshot.volumes.get("", &subject.name).is_some_and(|v| v.status.phase == "Bound")
        }
        // Removed when the last object of the kind is gone: those objects are what is stuck.
        "customresourcecleanup.apiextensions.k8s.io" => true,
        // Detaching is the attacher's work, seen on its VolumeAttachment.
        f if f.starts_with("external-attacher/") => true,
        "foregroundDeletion" | "orphan" => {
            overdue < COLLECTOR_SECONDS || busy.children.get(&meta.uid).is_some_and(|n| *n > 0)
        }
        _ => false,
    }
}

fn terminating(snapshot: &Snapshot, namespace: &Namespace, held: bool, sink: &mut Sink) {
    let meta = &namespace.metadata;
    let phase = namespace.status.phase == "Terminating" || meta.is_deleting();
    let overdue = snapshot.age(meta.deletion_timestamp);
    if !phase || overdue.is_some_and(|age| age < NAMESPACE_SECONDS) {
        return;
    }
    let subject = meta.subject(Kind::Namespace);
    let reference = format!("namespaces/{}", meta.name);
    let conditions = &namespace.status.conditions;
    let said =
        |kind: &str| conditions.iter().find(|c| c.kind == kind && c.is_true()).map(|c| c.message.as_str());
    let mut finding =
        Finding::new("namespace.terminating-overdue", subject.clone()).since(meta.deletion_timestamp);
    finding = finding.cite(Source::Field, meta.deletion_timestamp, reference.clone(), "phase Terminating");
    for c in conditions.iter().filter(|c| c.is_true()) {
        let text = format!("{}={} {}", c.kind, c.status, c.message);
        finding = finding.cite(Source::Condition, c.last_transition_time, reference.clone(), text);
    }
    let after = |text: Option<&str>| {
        text.and_then(|t| t.split_once(": ")).map_or(String::new(), |(_, rest)| rest.to_owned())
    };
    sink.add(
        finding
            .param("remaining", after(said("NamespaceContentRemaining")))
            .param("finalizers", after(said("NamespaceFinalizersRemaining"))),
    );
    if let Some(message) = said("NamespaceFinalizersRemaining").filter(|_| !held) {
        let named = after(Some(message));
        let first = named.split(" in ").next().unwrap_or_default().to_owned();
        let finding = Finding::new("namespace.finalizers-named", subject)
            .since(meta.deletion_timestamp)
            .cite(Source::Condition, None, reference, format!("NamespaceFinalizersRemaining {message}"))
            .param("finalizer", first)
            .param("remaining", after(said("NamespaceContentRemaining")));
        sink.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(objects: &[(&str, &str)]) -> Vec<String> {
        let listed = [Kind::Pod, Kind::Namespace, Kind::PersistentVolumeClaim];
        let b = crate::testing::builder("2026-01-01T00:10:00Z", &listed, objects);
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().iter().map(|f| format!("{} {}", f.signal, f.subject)).collect()
    }

    fn meta(extra: &str) -> String {
        format!(
            r#""metadata":{{"name":"x","namespace":"shop","deletionTimestamp":"2026-01-01T00:05:00Z"{extra}}}"#
        )
    }

    const OWN: &str = r#","deletionGracePeriodSeconds":30,"finalizers":["shop.example.com/cleanup"]"#;

    #[test]
    fn a_pod_whose_containers_are_gone_is_held_by_its_finalizer() {
        let gone = format!(r#"{{{},"status":{{"phase":"Failed"}}}}"#, meta(OWN));
        assert_eq!(seen(&[("Pod", &gone)]), ["deletion.finalizer-remains shop/x"]);
        let status = r#"{"phase":"Running","containerStatuses":[{"name":"c","state":{"running":{}}}]}"#;
        let runs = format!(r#"{{{},"status":{status}}}"#, meta(OWN));
        assert!(seen(&[("Pod", &runs)]).is_empty());
        assert!(seen(&[("Pod", &gone.replace("00:05:00", "00:09:30"))]).is_empty());
        assert!(
            seen(&[("Pod", &gone.replace(",\"finalizers\":[\"shop.example.com/cleanup\"]", ""))]).is_empty()
        );
    }

    #[test]
    fn an_object_of_an_unknown_kind_counts_too() {
        let widget = format!("{{{}}}", meta(OWN));
        assert_eq!(seen(&[("Widget", &widget)]), ["deletion.finalizer-remains shop/x"]);
    }

    #[test]
    fn a_claim_that_is_mounted_waits_by_design() {
        let claim = format!("{{{}}}", meta(r#","finalizers":["kubernetes.io/pvc-protection"]"#));
        let pod = r#"{"metadata":{"name":"p","namespace":"shop"},"spec":{"volumes":[{"name":"v",
            "persistentVolumeClaim":{"claimName":"x"}}]},"status":{"phase":"Running"}}"#;
        assert!(seen(&[("PersistentVolumeClaim", &claim), ("Pod", pod)]).is_empty());
        let ended = pod.replace("Running", "Succeeded");
        let found = seen(&[("PersistentVolumeClaim", &claim), ("Pod", &ended)]);
        assert_eq!(
            found,
            ["deletion.finalizer-of-control-plane shop/x", "deletion.finalizer-remains shop/x"]
        );
    }

    #[test]
    fn foreground_deletion_may_take_its_time() {
        let deployment = format!("{{{}}}", meta(r#","finalizers":["foregroundDeletion"]"#));
        assert!(seen(&[("Deployment", &deployment)]).is_empty());
    }

    #[test]
    fn a_namespace_names_the_finalizers_that_nobody_saw() {
        let namespace = r#"{"metadata":{"name":"shop","deletionTimestamp":"2026-01-01T00:05:00Z"},
            "spec":{"finalizers":["kubernetes"]},"status":{"phase":"Terminating","conditions":[
            {"type":"NamespaceContentRemaining","status":"True","message":"Some resources are remaining: widgets.example.com has 1 resource instances"},
            {"type":"NamespaceFinalizersRemaining","status":"True",
             "message":"Some content in the namespace has finalizers remaining: example.com/cleanup in 1 resource instances"}]}}"#;
        assert_eq!(
            seen(&[("Namespace", namespace)]),
            ["namespace.finalizers-named shop", "namespace.terminating-overdue shop"]
        );
        let widget = format!("{{{}}}", meta(OWN));
        let both = seen(&[("Namespace", namespace), ("Widget", &widget)]);
        assert_eq!(both, ["deletion.finalizer-remains shop/x", "namespace.terminating-overdue shop"]);
        assert!(seen(&[("Namespace", &namespace.replace("00:05:00", "00:09:30"))]).is_empty());
    }
}
