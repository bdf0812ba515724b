//! Why a pod finds no node: the arithmetic over all nodes, held against what the scheduler said.

use super::demand::{affine, fits_terms, host_ports, pinned, requests, selects, tolerates};
use super::place::{Places, Refusal};
use super::room::{Room, Rooms, Short};
use super::said::{Reason, Said, TaintKind, kind_of_taint};
use kubecause_evidence::kube::{PersistentVolume, Pod, Taint};
use kubecause_evidence::{Snapshot, Str, Subject, Sym};

/// What keeps the pod from every node that it is meant for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cause {
    Selector,
    NodeAffinity,
    /// The taint as `key=value:effect`.
    Taint(Str),
    Port(i32, Option<Subject>),
    Short(Short),
    /// The request is larger than any node as a whole.
    Oversized(Short),
    /// No node of the cluster has that resource at all.
    Unoffered(Short),
    /// The resource, where only the scheduler named it.
    ShortOf(Str),
    Place(Refusal),
    Claims,
}

/// The cause, and the nodes that show it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) cause: Cause,
    pub(super) nodes: Vec<Sym>,
    /// Whether the objects alone lead to it.
    pub(super) reckoned: bool,
}

/// What one node says to the pod.
struct Answer<'r> {
    room: &'r Room<'r>,
    selects: bool,
    affine: bool,
    /// Whether the volumes of the pod can be had there.
    volumes: bool,
    abnormal: Option<Str>,
    custom: Option<(TaintKind, Str)>,
    short: Vec<Short>,
    port: Option<(i32, Subject)>,
    place: Option<Refusal>,
}

impl Answer<'_> {
    fn meant(&self) -> bool {
        self.selects && self.affine && self.volumes
    }

    fn roomy(&self) -> bool {
        self.short.is_empty() && self.port.is_none() && self.place.is_none()
    }

    fn tainted(&self) -> bool {
        self.abnormal.is_some() || self.custom.is_some()
    }

    fn name(&self) -> Sym {
        self.room.node.metadata.name.clone()
    }
}

/// What the arithmetic came to.
enum Reckoned {
    /// The nodes were not seen.
    Unknown,
    /// Some node should take the pod.
    Fits,
    Refused(Verdict),
}

/// The verdict over a pod that waits; `None` where nothing is known to keep it from a node.
pub(super) fn judge(
    snapshot: &Snapshot,
    rooms: Option<&Rooms<'_>>,
    pod: &Pod,
    said: &Said,
) -> Option<Verdict> {
    // What volumes tie to a place is told, with the nodes of that place, by the storage family.
    if said.has(|r| matches!(r, Reason::Claims | Reason::Volumes)) {
        return Some(Verdict { cause: Cause::Claims, nodes: Vec::new(), reckoned: false });
    }
    match rooms.map_or(Reckoned::Unknown, |rooms| reckon(snapshot, rooms, pod)) {
        Reckoned::Refused(verdict) if said.is_empty() || agrees(&verdict.cause, said) => Some(verdict),
        Reckoned::Refused(_) | Reckoned::Unknown => from_message(pod, said),
        // Labels and taints are seen in full: what was said of them has changed since.
        Reckoned::Fits => from_message(pod, said)
            .filter(|v| !matches!(v.cause, Cause::Selector | Cause::NodeAffinity | Cause::Taint(_))),
    }
}

/// The volumes that the pod's claims are bound to.
fn bound_volumes<'s>(snapshot: &'s Snapshot, pod: &Pod) -> Vec<&'s PersistentVolume> {
    let claims = pod.claim_names().into_iter();
    let claims = claims.filter_map(|name| snapshot.claims.get(&pod.metadata.namespace, &name));
    claims.filter_map(|c| snapshot.volumes.get("", &c.spec.volume_name)).collect()
}

fn agrees(cause: &Cause, said: &Said) -> bool {
    said.has(|reason| match cause {
        Cause::Selector | Cause::NodeAffinity => *reason == Reason::Labels,
        Cause::Taint(_) => matches!(reason, Reason::Abnormal(_) | Reason::Role(_) | Reason::Taint(_)),
        Cause::Port(..) => *reason == Reason::Port,
        Cause::Short(s) | Cause::Oversized(s) | Cause::Unoffered(s) => {
            *reason == Reason::Short(s.resource.arc())
        }
        Cause::ShortOf(_) => matches!(reason, Reason::Short(_)),
        Cause::Place(Refusal::Spread(_)) => *reason == Reason::Spread,
        Cause::Place(_) => matches!(reason, Reason::Affinity | Reason::AntiAffinity),
        Cause::Claims => matches!(reason, Reason::Claims | Reason::Volumes),
    })
}

fn reckon(snapshot: &Snapshot, rooms: &Rooms<'_>, pod: &Pod) -> Reckoned {
    let asked = requests(&pod.spec);
    let ports = host_ports(&pod.spec);
    let places = Places::of(snapshot, rooms, pod);
    let volumes = bound_volumes(snapshot, pod);
    let ask = |room| {
        let mut answer = first_look(room, pod, &volumes);
        if rooms.pods_known {
            answer.short = room.short_of(&asked);
            answer.port = room.taken(&ports).map(|(port, holder)| (port, holder.clone()));
            answer.place = places.refuse(room.node).cloned();
        }
        answer
    };
    let answers: Vec<Answer<'_>> = match pinned(pod).and_then(|name| rooms.get(name)) {
        Some(only) => vec![ask(only)],
        None => rooms.all().iter().map(ask).collect(),
    };
    decide(pod, &answers)
}

fn first_look<'r>(room: &'r Room<'r>, pod: &Pod, volumes: &[&PersistentVolume]) -> Answer<'r> {
    let node = room.node;
    let cordon = node.spec.unschedulable.then(|| Taint {
        key: Sym::new("node.kubernetes.io/unschedulable"),
        effect: Sym::new("NoSchedule"),
        ..Taint::default()
    });
    let mut answer = Answer {
        room,
        selects: selects(pod, node),
        affine: affine(pod, node),
        volumes: volumes.iter().all(|v| fits_terms(&v.spec.node_affinity.required, node)),
        abnormal: None,
        custom: None,
        short: Vec::new(),
        port: None,
        place: None,
    };
    let repels = |t: &&Taint| t.effect != "PreferNoSchedule" && !tolerates(&pod.spec.tolerations, t);
    for taint in node.spec.taints.iter().chain(&cordon).filter(repels) {
        match kind_of_taint(&taint.key) {
            TaintKind::Abnormal => answer.abnormal = Some(shown(taint)),
            kind => answer.custom = Some((kind, shown(taint))),
        }
    }
    answer
}

fn shown(taint: &Taint) -> Str {
    let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
    format!("{}{value}:{}", taint.key, taint.effect).into()
}

fn refused(cause: Cause, nodes: Vec<Sym>) -> Reckoned {
    Reckoned::Refused(Verdict { cause, nodes, reckoned: true })
}

fn decide(pod: &Pod, answers: &[Answer<'_>]) -> Reckoned {
    let meant: Vec<&Answer<'_>> = answers.iter().filter(|a| a.meant()).collect();
    if meant.is_empty() {
        if answers.iter().any(|a| a.selects && a.affine) {
            return refused(Cause::Claims, Vec::new());
        }
        let labels = !pod.spec.node_selector.is_empty() && !answers.iter().any(|a| a.selects);
        let cause = if labels { Cause::Selector } else { Cause::NodeAffinity };
        return refused(cause, Vec::new());
    }
    if meant.iter().any(|a| !a.tainted() && a.roomy()) {
        return Reckoned::Fits;
    }
    // A node that is only out of order for now, and would have taken the pod, is the cause.
    let lost: Vec<_> =
        meant.iter().filter(|a| a.custom.is_none() && a.abnormal.is_some() && a.roomy()).collect();
    if let Some(taint) = lost.iter().find_map(|a| a.abnormal.clone()) {
        return refused(Cause::Taint(taint), lost.iter().map(|a| a.name()).collect());
    }
    let full: Vec<&Answer<'_>> = meant.iter().filter(|a| a.custom.is_none()).copied().collect();
    if full.is_empty() {
        return only_tainted(&meant);
    }
    let everywhere = if pinned(pod).is_none() { answers } else { &[] };
    crowded(&full, everywhere)
}

/// Every node that the pod is meant for carries a taint of a person's making. Those of control plane nodes count only
/// where there are no others.
fn only_tainted(meant: &[&Answer<'_>]) -> Reckoned {
    let mine = |role: bool| -> Vec<&&Answer<'_>> {
        let of_kind =
            |a: &&&Answer<'_>| a.custom.as_ref().is_some_and(|(k, _)| (*k == TaintKind::Role) == role);
        meant.iter().filter(of_kind).collect()
    };
    let custom = Some(mine(false)).filter(|c| !c.is_empty()).unwrap_or_else(|| mine(true));
    let taint =
        custom.iter().find_map(|a| a.custom.as_ref().map(|(_, t)| t.clone())).unwrap_or_else(|| "".into());
    refused(Cause::Taint(taint), custom.iter().map(|a| a.name()).collect())
}

/// The nodes are there and full: the reason that stands alone on most of them, then the one on most of them.
fn crowded(full: &[&Answer<'_>], all: &[Answer<'_>]) -> Reckoned {
    let count = |test: &dyn Fn(&Answer<'_>) -> bool| {
        let hit = full.iter().filter(|a| test(a));
        let kinds = |a: &Answer<'_>| {
            usize::from(a.port.is_some()) + usize::from(!a.short.is_empty()) + usize::from(a.place.is_some())
        };
        hit.fold((0, 0), |(alone, all), a| (alone + usize::from(kinds(a) == 1), all + 1))
    };
    let ports = count(&|a| a.port.is_some());
    let short = count(&|a| !a.short.is_empty());
    let place = count(&|a| a.place.is_some());
    let most = ports.max(short).max(place);
    if most == ports {
        let with: Vec<_> = full.iter().filter(|a| a.port.is_some()).collect();
        let Some((port, holder)) = with.iter().find_map(|a| a.port.clone()) else { return Reckoned::Fits };
        return refused(Cause::Port(port, Some(holder)), with.iter().map(|a| a.name()).collect());
    }
    if most == short {
        return shortage(full, all);
    }
    let with: Vec<_> = full.iter().filter(|a| a.place.is_some()).collect();
    let Some(refusal) = with.iter().find_map(|a| a.place.clone()) else { return Reckoned::Fits };
    refused(Cause::Place(refusal), with.iter().map(|a| a.name()).collect())
}

/// The resource that is short on most nodes; of the nodes the one with the largest hole.
fn shortage(full: &[&Answer<'_>], cluster: &[Answer<'_>]) -> Reckoned {
    let all = || full.iter().flat_map(|a| a.short.iter().map(move |s| (a, s)));
    let resources: std::collections::BTreeSet<&Sym> = all().map(|(_, s)| &s.resource).collect();
    let most = resources.into_iter().max_by_key(|r| all().filter(|(_, s)| s.resource == ***r).count());
    let of_it = || all().filter(|(_, s)| Some(&s.resource) == most);
    let Some((node, hole)) = of_it().max_by(|(_, a), (_, b)| a.free.total_cmp(&b.free)) else {
        return Reckoned::Fits;
    };
    let everywhere = of_it().count() == full.len();
    let oversized = everywhere && of_it().all(|(_, s)| s.asked > s.allocatable);
    let mut nodes = vec![node.name()];
    nodes.extend(of_it().map(|(a, _)| a.name()).filter(|n| *n != node.name()));
    let has = |a: &Answer<'_>| a.room.node.status.allocatable.value(&hole.resource).unwrap_or(0.0) > 0.0;
    if oversized && is_extended(&hole.resource) && !cluster.is_empty() && !cluster.iter().any(has) {
        return refused(Cause::Unoffered(hole.clone()), Vec::new());
    }
    let cause = if oversized { Cause::Oversized(hole.clone()) } else { Cause::Short(hole.clone()) };
    refused(cause, nodes)
}

/// What a device plugin, or the machine's settings, must bring; every node has the rest.
fn is_extended(resource: &str) -> bool {
    resource.contains('/') || resource.starts_with("hugepages-")
}

/// What the message alone leads to. A node that is out of order comes before full ones; taints of control plane
/// nodes and nodes with other labels count only where nothing else was said.
fn from_message(pod: &Pod, said: &Said) -> Option<Verdict> {
    let find = |test: &dyn Fn(&Reason) -> bool| {
        said.parts.iter().filter(|(r, _)| test(r)).max_by_key(|(_, n)| *n).map(|(r, _)| r)
    };
    let crowding = |r: &Reason| {
        matches!(
            r,
            Reason::Short(_) | Reason::Port | Reason::Affinity | Reason::AntiAffinity | Reason::Spread
        )
    };
    let reason = find(&|r| matches!(r, Reason::Abnormal(_)))
        .or_else(|| find(&crowding))
        .or_else(|| find(&|r| matches!(r, Reason::Taint(_))))
        .or_else(|| find(&|r| *r == Reason::Labels))
        .or_else(|| find(&|r| matches!(r, Reason::Role(_))))?;
    let cause = match reason {
        Reason::Abnormal(t) | Reason::Taint(t) | Reason::Role(t) => Cause::Taint(t.clone()),
        Reason::Short(resource) => Cause::ShortOf(resource.clone()),
        Reason::Port => Cause::Port(host_ports(&pod.spec).first().map_or(0, |p| p.port), None),
        Reason::Affinity => Cause::Place(Refusal::Affinity(key_of(pod, false))),
        Reason::AntiAffinity => Cause::Place(Refusal::AntiAffinity(key_of(pod, true))),
        Reason::Spread => {
            let key = pod.spec.topology_spread_constraints.first().map(|s| s.topology_key.clone());
            Cause::Place(Refusal::Spread(key.unwrap_or_default()))
        }
        Reason::Labels => {
            // A description shows the selector and no affinity: where it shows none, the message speaks of the other.
            let selects = !pod.spec.node_selector.is_empty() || pod.metadata.is_partial;
            let affinity = !pod.spec.affinity.node_affinity.required.node_selector_terms.is_empty();
            if pod.spec.node_selector.is_empty() && affinity || !selects {
                Cause::NodeAffinity
            } else {
                Cause::Selector
            }
        }
        Reason::Claims | Reason::Volumes => Cause::Claims,
    };
    Some(Verdict { cause, nodes: Vec::new(), reckoned: false })
}

fn key_of(pod: &Pod, anti: bool) -> Sym {
    let affinity = &pod.spec.affinity;
    let terms = if anti { &affinity.pod_anti_affinity } else { &affinity.pod_affinity };
    terms.required.first().map(|t| t.topology_key.clone()).unwrap_or_default()
}
