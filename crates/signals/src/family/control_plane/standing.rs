//! What stands still when the controller manager does not work: each function is one sign, and each has innocent
//! explanations of its own. Only several together mean something.

use jiff::Timestamp;
use kubecause_evidence::kube::{Meta, Workload, WorkloadKind};
use kubecause_evidence::{Kind, Snapshot, Sym};
use kubecause_model::Source;
use rustc_hash::FxHashSet;

/// One sign: its name, where it stands, what it says.
#[derive(Debug)]
pub(super) struct Sign {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) at: Option<Timestamp>,
    pub(super) reference: String,
    pub(super) text: String,
}

impl Sign {
    fn field(name: &'static str, at: Option<Timestamp>, reference: String, text: String) -> Self {
        Self { name, source: Source::Field, at, reference, text }
    }
}

/// Controllers answer within a second; this many are far beyond.
const STILL_SECONDS: i64 = 60;

fn older(snapshot: &Snapshot, at: Option<Timestamp>, seconds: i64) -> bool {
    snapshot.age(at).is_some_and(|age| age > seconds)
}

fn place(kind: &str, meta: &Meta) -> String {
    if meta.namespace.is_empty() {
        format!("{kind}/{}", meta.name)
    } else {
        format!("{kind}/{}/{}", meta.namespace, meta.name)
    }
}

/// A Deployment that never got a ReplicaSet, or a workload that wants pods, has none, and nobody says why.
pub(super) fn workloads(snapshot: &Snapshot) -> Option<Sign> {
    let failing: FxHashSet<(&str, &str)> = snapshot
        .events
        .iter()
        .filter(|e| e.reason == "FailedCreate")
        .map(|e| (e.regarding.namespace.as_str(), e.regarding.name.as_str()))
        .collect();
    let silent = |w: &&Workload| {
        let meta = &w.metadata;
        let blamed =
            failing.contains(&(&*meta.namespace, &*meta.name)) || w.condition("ReplicaFailure").is_some();
        let scales = !matches!(w.kind, WorkloadKind::Job | WorkloadKind::DaemonSet);
        // A controller that saw the object wrote its generation into the status, even when it could not create pods.
        let unseen =
            w.status.observed_generation.unwrap_or(0) == 0 && w.status.replicas == 0 && w.wanted() > 0;
        scales
            && !blamed
            && !meta.is_deleting()
            && unseen
            && older(snapshot, meta.creation_timestamp, STILL_SECONDS)
    };
    // Evidence of another form (a printed table) has no generations at all.
    snapshot.workloads().find(|w| w.status.observed_generation.unwrap_or(0) > 0)?;
    let w = snapshot.workloads().find(|w| silent(w) && w.kind != WorkloadKind::ReplicationController)?;
    let at = w.metadata.creation_timestamp;
    let kind = w.kind.kind();
    let text = format!(
        "{} wants {} replicas; status.observedGeneration was never set",
        w.subject().slash(),
        w.wanted()
    );
    Some(Sign::field("workloads-stand-still", at, place(&kind.as_str().to_lowercase(), &w.metadata), text))
}

/// Specs that no controller has taken up, on several workloads.
pub(super) fn generations(snapshot: &Snapshot) -> Option<Sign> {
    let behind = |w: &&Workload| {
        let (wanted, seen) = (w.metadata.generation.unwrap_or(0), w.status.observed_generation.unwrap_or(0));
        seen > 0 && wanted > seen && !w.metadata.is_deleting()
    };
    let all: Vec<&Workload> =
        snapshot.workloads().filter(|w| w.kind != WorkloadKind::Job).filter(behind).collect();
    let w = all.first()?;
    let seen = w.status.observed_generation.unwrap_or(0);
    let text = format!(
        "{} generation {}, observed {seen}; {} such",
        w.subject().slash(),
        w.metadata.generation.unwrap_or(0),
        all.len()
    );
    Some(Sign::field(
        "generations-lag",
        None,
        place(&w.kind.kind().as_str().to_lowercase(), &w.metadata),
        text,
    ))
}

/// Seconds after which the node controller calls a silent node Unknown: 40 to 50 by default, with a wide margin.
const DEAD_NODE_SECONDS: i64 = 300;

/// A node that is silent for minutes and still Ready, while others renew their leases.
pub(super) fn dead_node_ready(snapshot: &Snapshot) -> Option<Sign> {
    let lease = |name: &str| snapshot.leases.get("kube-node-lease", name);
    let renewed = |name: &str| lease(name).and_then(|l| l.spec.renew_time);
    let others_renew = snapshot
        .leases
        .in_namespace("kube-node-lease")
        .iter()
        .any(|l| snapshot.age(l.spec.renew_time).is_some_and(|age| age <= STILL_SECONDS));
    let silent = |n: &&kubecause_evidence::kube::Node| {
        let beat = n.condition("Ready").and_then(|c| c.last_heartbeat_time);
        let last = renewed(&n.metadata.name).max(beat);
        n.is_ready() && renewed(&n.metadata.name).is_some() && older(snapshot, last, DEAD_NODE_SECONDS)
    };
    let node = snapshot.nodes.all().iter().find(silent).filter(|_| others_renew)?;
    let at = renewed(&node.metadata.name);
    let text = format!(
        "Ready=True, although its lease was not renewed for {} s",
        snapshot.age(at).unwrap_or_default()
    );
    Some(Sign {
        name: "dead-node-ready",
        source: Source::Condition,
        at,
        reference: place("nodes", &node.metadata),
        text,
    })
}

/// Namespaces that lack what every namespace gets, made after all of those that have it: the work stopped in between.
pub(super) fn namespaces(snapshot: &Snapshot) -> Vec<Sign> {
    let mut established: Vec<_> = snapshot
        .namespaces
        .all()
        .iter()
        .filter(|n| !n.metadata.is_deleting() && n.status.phase != "Terminating")
        .filter(|n| older(snapshot, n.metadata.creation_timestamp, STILL_SECONDS))
        .collect();
    established.sort_by_key(|n| n.metadata.creation_timestamp);
    let mut signs = Vec::new();
    let mut look = |listed: bool, name: &'static str, what: &str, has: &dyn Fn(&Sym) -> bool| {
        let served = established.iter().take_while(|n| has(&n.metadata.name)).count();
        let rest = established.get(served..).unwrap_or_default();
        let none_of_the_rest = !rest.iter().any(|n| has(&n.metadata.name));
        // Two that have it show that it is made here, and that more than one namespace was looked at.
        if let Some(ns) = rest.first().filter(|_| listed && served >= 2 && none_of_the_rest) {
            let text = format!("has no {what}, which every namespace gets at once");
            signs.push(Sign::field(
                name,
                ns.metadata.creation_timestamp,
                place("namespaces", &ns.metadata),
                text,
            ));
        }
    };
    let root_ca = |ns: &Sym| snapshot.config_maps.get(ns, "kube-root-ca.crt").is_some();
    look(snapshot.has(&Kind::ConfigMap), "no-root-ca", "ConfigMap kube-root-ca.crt", &root_ca);
    let account = |ns: &Sym| snapshot.service_accounts.get(ns, "default").is_some();
    look(snapshot.has(&Kind::ServiceAccount), "no-default-account", "ServiceAccount default", &account);
    signs
}

/// A ReplicaSet whose status counts pods that are gone, and that makes no new ones.
pub(super) fn miscounted(snapshot: &Snapshot) -> Option<Sign> {
    if !snapshot.has(&Kind::Pod) {
        return None;
    }
    let wrong = |w: &&Workload| {
        let pods = snapshot.pods_owned_by(w.metadata.uid).count() as i64;
        let seen = !snapshot.pods.in_namespace(&w.metadata.namespace).is_empty();
        seen && !w.metadata.uid.is_none()
            && !w.metadata.is_deleting()
            && pods < w.wanted()
            && w.status.replicas > pods
    };
    let w = snapshot.replica_sets.all().iter().find(wrong)?;
    let pods = snapshot.pods_owned_by(w.metadata.uid).count();
    let text = format!("wants {}, status.replicas {}, {pods} pods exist", w.wanted(), w.status.replicas);
    Some(Sign::field("lost-pods-not-replaced", None, place("replicasets", &w.metadata), text))
}

/// A namespace that is being deleted and has no condition, or a workload that only the garbage collector holds.
pub(super) fn deletions(snapshot: &Snapshot) -> Option<Sign> {
    let since = |m: &Meta| m.deletion_timestamp.filter(|at| older(snapshot, Some(*at), STILL_SECONDS));
    let untouched = snapshot.namespaces.all().iter().find_map(|n| {
        let at =
            since(&n.metadata).filter(|_| n.status.conditions.is_empty() && !n.spec.finalizers.is_empty())?;
        let text = "is being deleted and has no condition: the namespace controller has not looked at it";
        Some(Sign::field(
            "deletions-stand-still",
            Some(at),
            place("namespaces", &n.metadata),
            text.to_owned(),
        ))
    });
    let held = || {
        snapshot.workloads().find_map(|w| {
            let at = since(&w.metadata)?;
            let own = |f: &Sym| *f == "foregroundDeletion" || *f == "orphan";
            let only_ours = !w.metadata.finalizers.is_empty() && w.metadata.finalizers.iter().all(own);
            let alone =
                snapshot.pods_owned_by(w.metadata.uid).next().is_none() && w.kind != WorkloadKind::Deployment;
            let text = format!(
                "{} waits for the garbage collector's finalizer, and owns no pods",
                w.subject().slash()
            );
            (only_ours && alone && snapshot.has(&Kind::Pod)).then(|| {
                Sign::field("deletions-stand-still", Some(at), place("workloads", &w.metadata), text)
            })
        })
    };
    untouched.or_else(held)
}

/// A pod that is Ready for a minute and in no slice of the Service that selects it.
pub(super) fn endpoints(snapshot: &Snapshot) -> Option<Sign> {
    if !snapshot.has(&Kind::EndpointSlice) || !snapshot.has(&Kind::Pod) {
        return None;
    }
    let mut known: FxHashSet<(&str, &str, &str)> = FxHashSet::default();
    for slice in snapshot.endpoint_slices.all() {
        let Some(service) = slice.metadata.labels.get("kubernetes.io/service-name") else { continue };
        for pod in slice.endpoints.iter().map(|e| e.target_ref.name.as_str()) {
            known.insert((slice.metadata.namespace.as_str(), service, pod));
        }
    }
    let services = snapshot.services.all().iter().filter(|s| {
        !s.spec.selector.is_empty()
            && s.spec.kind != "ExternalName"
            && older(snapshot, s.metadata.creation_timestamp, STILL_SECONDS)
    });
    services.into_iter().find_map(|service| {
        let (ns, name) = (&service.metadata.namespace, &service.metadata.name);
        let mut pods = snapshot.pods_labelled(ns, &service.spec.selector);
        let missing = pods.find(|p| {
            let ready = p.condition("Ready").filter(|c| c.is_true()).and_then(|c| c.last_transition_time);
            !p.is_finished()
                && !p.metadata.is_deleting()
                && !p.status.pod_ip.is_empty()
                && older(snapshot, ready, STILL_SECONDS)
                && !known.contains(&(ns, name, &p.metadata.name))
        })?;
        let text = format!(
            "pod {} is Ready for more than a minute and in no slice of the Service",
            missing.metadata.name
        );
        Some(Sign::field("endpoints-stand-still", None, place("services", &service.metadata), text))
    })
}
