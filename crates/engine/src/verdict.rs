//! What no cause explains, what could not be seen, and the answer in one word.

use crate::choose::Choice;
use crate::graph::Graph;
use crate::incident::Told;
use crate::scope::Covered;
use crate::{Context, inputs, silence, words};
use kubecause_catalogue::ModeKind;
use kubecause_evidence::{Access, Kind, Snapshot, Subject};
use kubecause_model::{Confidence, Diagnosis, Gap, Note, Scope, Stats, Unexplained, Verdict, Why};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Without these, an incident in the scope could go unseen: nodes and pods show most, workloads show what has no
/// pods, claims show what waits for storage. Events are not among them: what they tell leaves its mark on the status of
/// an object, which is a symptom even when its cause cannot be named.
const NEEDED: [Kind; 6] = [
    Kind::Node,
    Kind::Pod,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::PersistentVolumeClaim,
];

/// What is hidden while a kind is not seen.
const MATTERS: [(Kind, &str); 24] = [
    (Kind::Node, "failing nodes and what follows from them"),
    (Kind::Pod, "failing pods"),
    (Kind::Event, "the reasons that kubelet, scheduler and controllers gave"),
    (Kind::Deployment, "workloads that have no pods"),
    (Kind::ReplicaSet, "which Deployment a pod belongs to, and why pods are not created"),
    (Kind::StatefulSet, "workloads that have no pods, stuck updates"),
    (Kind::DaemonSet, "agents that are missing on nodes"),
    (Kind::Job, "failed jobs"),
    (Kind::CronJob, "schedules that do not run"),
    (Kind::Service, "services without backends"),
    (Kind::EndpointSlice, "whether endpoints follow the pods"),
    (Kind::Ingress, "routes that lead nowhere"),
    (Kind::IngressClass, "routes that no controller takes"),
    (Kind::PersistentVolumeClaim, "pods that wait for storage"),
    (Kind::PersistentVolume, "why a claim does not bind"),
    (Kind::StorageClass, "why a claim does not bind"),
    (Kind::ConfigMap, "references to objects that do not exist"),
    (Kind::ServiceAccount, "references to objects that do not exist"),
    (Kind::ResourceQuota, "how full a quota is"),
    (Kind::Namespace, "namespaces that cannot be deleted"),
    (Kind::Lease, "when nodes and controllers last reported"),
    (Kind::HorizontalPodAutoscaler, "autoscalers that cannot decide"),
    (Kind::APIService, "aggregated APIs that are down"),
    (Kind::NetworkPolicy, "traffic that a policy blocks"),
];

pub(crate) fn conclude(
    context: &Context<'_>,
    graph: &Graph<'_>,
    choice: &Choice,
    told: Vec<Told>,
    scope: &Scope,
) -> Diagnosis {
    let covered = Covered::new(context, scope);
    let accounted: FxHashSet<u32> = told.iter().flat_map(|t| t.findings.iter().copied()).collect();
    let unexplained = unexplained(context, &accounted, &covered);
    let mut gaps = gaps(context, scope, &told);
    let mut all_notes = inputs::notes(context.snapshot, &covered);
    all_notes.extend(notes(context, graph, choice, &told, &covered));
    let (silences, taken_at) = (context.catalogue.silences(), context.snapshot.taken_at);
    let quiet = silence::apply(silences, taken_at, told, |t| covered.incident(t));
    let incidents: Vec<_> = quiet.loud.into_iter().map(|t| t.incident).collect();
    let blind = NEEDED.iter().any(|kind| hides(context, kind, scope));
    let verdict = match (incidents.is_empty(), unexplained.is_empty(), blind) {
        (false, ..) => Verdict::Faults,
        (true, true, false) => Verdict::Healthy,
        _ => Verdict::Unknown,
    };
    gaps.sort();
    gaps.dedup();
    Diagnosis {
        taken_at: context.snapshot.taken_at,
        verdict,
        incidents,
        silenced: quiet.silenced,
        idle_silences: quiet.idle,
        notes: all_notes,
        unexplained,
        gaps,
        stats: stats(context),
    }
}

fn hides(context: &Context<'_>, kind: &Kind, scope: &Scope) -> bool {
    let cluster_wide = *kind == Kind::Node;
    !(context.snapshot.has(kind) || cluster_wide && scope.namespace.is_some())
}

/// A symptom that nothing explains is given this long to pass: a slow start, a rollout under way.
const UNEXPLAINED_AFTER_SECONDS: i64 = 300;

/// Symptoms that go on and that no incident rests on or explains, one a workload.
fn unexplained(context: &Context<'_>, accounted: &FxHashSet<u32>, covered: &Covered) -> Vec<Unexplained> {
    let mut folded: BTreeMap<(String, Subject), Unexplained> = BTreeMap::new();
    for (i, finding) in (0_u32..).zip(context.findings.all()) {
        let is_symptom = context.lookup.signal(finding.signal).is_some_and(|s| s.symptom.is_some());
        let young =
            context.snapshot.age(finding.span.first).is_some_and(|age| age < UNEXPLAINED_AFTER_SECONDS);
        if !is_symptom
            || young
            || !finding.span.ongoing
            || accounted.contains(&i)
            || !covered.subject(&finding.subject)
        {
            continue;
        }
        let subject = context.snapshot.top_owner(&finding.subject).object();
        folded.entry((finding.signal.to_owned(), subject.clone())).or_insert_with(|| Unexplained {
            signal: finding.signal.to_owned(),
            subject,
            evidence: finding.evidence.clone(),
        });
    }
    folded.into_values().collect()
}

/// Modes of the kind note that hold, and roots that are over.
fn notes(
    context: &Context<'_>,
    graph: &Graph<'_>,
    choice: &Choice,
    told: &[Told],
    covered: &Covered,
) -> Vec<Note> {
    let used: FxHashSet<usize> = told.iter().flat_map(|t| t.instances.iter().copied()).collect();
    let of_kind = graph
        .instances
        .iter()
        .enumerate()
        .filter(|(_, x)| x.mode.kind == ModeKind::Note && x.confidence().is_some() && x.span.ongoing);
    let over = choice
        .history
        .iter()
        .filter(|i| !used.contains(i))
        .filter_map(|i| Some((*i, graph.instances.get(*i)?)));
    let over =
        over.filter(|(_, x)| x.mode.kind == ModeKind::Root && x.confidence() == Some(Confidence::Confirmed));
    let mut folded: BTreeMap<(String, Subject), Note> = BTreeMap::new();
    for (_, x) in of_kind.chain(over).filter(|(_, x)| covered.subject(&x.subject)) {
        let subject = context.snapshot.top_owner(&x.subject).object();
        let values = words::values(context, &subject, std::slice::from_ref(&x.subject), &x.params);
        let mut text = words::text(&x.mode.title, &values);
        if x.mode.kind != ModeKind::Note {
            text.en.push_str(" (over)");
            text.zh.push_str("（已结束）");
        }
        let note = Note { mode: x.mode.id.clone(), subject: subject.clone(), text };
        folded.entry((x.mode.id.clone(), subject)).or_insert(note);
    }
    folded.into_values().collect()
}

/// The gaps of the reader, the kinds that were not seen, and the places that would have made an incident surer.
fn gaps(context: &Context<'_>, scope: &Scope, told: &[Told]) -> Vec<Gap> {
    let unsettled = unsettled_pods(told);
    let mut all: Vec<Gap> = context.snapshot.gaps.iter().map(|gap| weigh(gap, &unsettled)).collect();
    all.extend(unseen(context.snapshot, scope));
    for t in told {
        let root = &t.incident.root;
        let open = root.confidence != Confidence::Confirmed || !t.incident.alternatives.is_empty();
        if root.subject.kind == Kind::Node
            && open
            && !context.snapshot.node_facts.contains_key(&root.subject.name)
        {
            let what = format!("nodes/{}", root.subject.name);
            all.push(Gap::new(
                what,
                Why::NotCollected,
                "the node's own logs and measurements would settle its cause",
            ));
        }
    }
    all
}

/// Namespace and name of the pods of incidents whose cause is not proven.
fn unsettled_pods(told: &[Told]) -> FxHashSet<(&str, &str)> {
    let open = told.iter().map(|t| &t.incident).filter(|i| i.root.confidence != Confidence::Confirmed);
    let subjects = open.flat_map(|i| i.affected.iter().chain([&i.root.subject]));
    subjects.filter(|s| s.kind == Kind::Pod).map(|s| (s.ns(), &*s.name)).collect()
}

/// The kinds that were not seen, and what that hides.
pub fn unseen(snapshot: &Snapshot, scope: &Scope) -> Vec<Gap> {
    let mut all = Vec::new();
    for (kind, matters) in &MATTERS {
        if let Access::Missing(why) = snapshot.access(kind)
            && !(*kind == Kind::Node && scope.namespace.is_some())
            && !(*kind == Kind::EndpointSlice && snapshot.has(&Kind::Endpoints))
        {
            let seen: Vec<&str> = snapshot.listed_in(kind).map(|ns| &**ns).collect();
            let what = match seen.as_slice() {
                [] => kind.as_str().to_owned(),
                namespaces => format!("{kind} outside of {}", namespaces.join(", ")),
            };
            all.push(Gap::new(what, why, *matters));
        }
    }
    all
}

/// A container's log that could not be retrieved matters where an incident of that pod is not settled. Otherwise the
/// client's words move to the place, and the gap hides nothing.
fn weigh(gap: &Gap, unsettled: &FxHashSet<(&str, &str)>) -> Gap {
    let mut parts = gap.what.split('/');
    let (Some("logs"), Some(ns), Some(pod)) = (parts.next(), parts.next(), parts.next()) else {
        return gap.clone();
    };
    if unsettled.contains(&(ns, pod)) {
        return gap.clone();
    }
    Gap::new(format!("{}: {}", gap.what, gap.matters), gap.why, "")
}

fn stats(context: &Context<'_>) -> Stats {
    let s = context.snapshot;
    Stats {
        version: s.version.clone(),
        nodes: s.nodes.all().len(),
        pods: s.pods.all().len(),
        events: s.events.len(),
        objects: s.object_count(),
        files: s.container_logs.len()
            + s.component_logs.len()
            + s.node_facts.values().map(|n| n.logs.len()).sum::<usize>(),
    }
}
