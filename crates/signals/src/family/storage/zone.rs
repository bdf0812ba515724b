//! Pods whose volume is where none of their nodes is: a zone, or one machine for a local volume.

use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::kube::{
    Node, NodeSelectorTerm, NodeSelectorTerms, PersistentVolume, Pod, Toleration,
};
use kubecause_evidence::{Kind, Labels, Snapshot, Subject};
use kubecause_model::{Citation, Source};

/// The scheduler's words, up to 1.32 and after. Source: kubernetes `pkg/scheduler/framework/plugins/volumebinding`.
const WORDS: [&str; 3] = [
    "had volume node affinity conflict",
    "didn't match PersistentVolume's node affinity",
    "had no available volume zone",
];

/// The taints of control plane nodes: such a node is no home for the pods of others.
const ROLE: &str = "node-role.kubernetes.io/";
/// A pod that waits for less than this is only on its way.
const PATIENCE_SECONDS: i64 = 30;
/// How many nodes a finding names at most.
const NAMES_MAX: usize = 8;

pub(super) fn look(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all() {
        let young = snapshot.age(pod.metadata.creation_timestamp).is_some_and(|age| age < PATIENCE_SECONDS);
        if young || pod.is_scheduled() || pod.is_finished() || pod.metadata.is_deleting() {
            continue;
        }
        let Some(word) = word(snapshot, pod).filter(|w| WORDS.iter().any(|known| w.message.contains(known)))
        else {
            continue;
        };
        let cite = |signal| {
            let mut found = Finding::new(signal, pod.metadata.subject(Kind::Pod)).since(word.since);
            found.evidence.push(word.citation.clone());
            found
        };
        sink.add(place(snapshot, pod, cite("volume.affinity-conflict")));
        if rejects_all(word.message) {
            sink.add(place(snapshot, pod, cite("volume.affinity-conflict-everywhere")));
        }
        for volume in volumes(snapshot, pod) {
            if let Some(machine) = lost_machine(snapshot, volume) {
                let found = with_volume(cite("volume.home-node-gone"), volume).param("machine", machine);
                sink.add(found);
            }
            match homes(snapshot, pod, volume) {
                Some(homes) if homes.is_empty() => sink.add(with_volume(cite("volume.no-node-fits"), volume)),
                Some(homes) => {
                    sink.add(with_homes(with_volume(cite("volume.home-nodes-refuse"), volume), &homes));
                }
                None => {}
            }
        }
    }
}

/// Why the scheduler placed a pod nowhere.
struct Word<'a> {
    message: &'a str,
    since: Option<Timestamp>,
    citation: Citation,
}

/// The condition's message; where it has none, as in a description, the last event's.
fn word<'a>(snapshot: &'a Snapshot, pod: &'a Pod) -> Option<Word<'a>> {
    let subject = pod.metadata.subject(Kind::Pod);
    let condition = pod.condition("PodScheduled");
    if let Some(c) = condition.filter(|c| c.is_false() && !c.message.is_empty()) {
        let at = c.last_transition_time;
        let text = format!("{}: {}", c.reason, c.message);
        let citation = Citation::new(Source::Condition, at, format!("pods/{subject}/status"), text);
        return Some(Word { message: &c.message, since: at, citation });
    }
    if condition.is_some_and(|c| !c.is_false()) {
        return None;
    }
    let event = snapshot.events_about(&subject).filter(|e| e.reason == "FailedScheduling").last()?;
    let text = format!("{} {}", event.reason, event.message);
    let citation = Citation::new(Source::Event, event.last, event.reference(), text);
    Some(Word { message: &event.message, since: event.first.or(event.last), citation })
}

/// Whether the message counts as many conflicts as there are nodes: `0/2 nodes are available: 2 node(s) had …`. Nodes
/// of the control plane and nodes that the pod itself excludes are no way out.
pub(super) fn rejects_all(message: &str) -> bool {
    let body = message.split("preemption:").next().unwrap_or(message);
    let total =
        body.split_once('/').and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<u32>().ok());
    let list = body.split_once(": ").map_or("", |(_, list)| list);
    let counted = list.split(", ").filter_map(|piece| {
        let (count, text) = piece.trim().split_once(' ')?;
        Some((count.parse::<u32>().ok()?, text))
    });
    let (mut conflicts, mut excluded) = (0, 0);
    for (count, text) in counted {
        if WORDS.iter().any(|w| text.contains(w)) {
            conflicts += count;
        } else if text.contains(ROLE)
            || text.contains("Pod's node affinity/selector")
            || text.contains("node selector")
        {
            excluded += count;
        }
    }
    conflicts > 0 && total.is_some_and(|total| total > 0 && conflicts + excluded >= total)
}

/// The bound volumes of the pod's claims that are tied to a place.
fn volumes<'a>(snapshot: &'a Snapshot, pod: &'a Pod) -> impl Iterator<Item = &'a PersistentVolume> {
    let names = pod.claim_names().into_iter();
    let claims = names.filter_map(|n| snapshot.claims.get(&pod.metadata.namespace, &n));
    let volumes = claims.filter_map(|c| snapshot.volumes.get("", &c.spec.volume_name));
    volumes.filter(|v| !v.spec.node_affinity.required.node_selector_terms.is_empty())
}

/// Labels that name one machine, by the part after the slash: `kubernetes.io/hostname`, `topology.topolvm.io/node`,
/// `openebs.io/nodename`.
const MACHINE_LABELS: [&str; 4] = ["hostname", "node", "nodename", "metadata.name"];

/// The name of the only machine that the volume may be used on, where no node fits it.
fn lost_machine(snapshot: &Snapshot, volume: &PersistentVolume) -> Option<String> {
    let required = &volume.spec.node_affinity.required;
    let [term] = &*required.node_selector_terms else { return None };
    let mut rules = term.match_expressions.iter().chain(&term.match_fields);
    let rule = rules.find(|r| {
        let label = r.key.rsplit('/').next().unwrap_or_default();
        MACHINE_LABELS.contains(&label) && r.operator == "In"
    })?;
    let [machine] = &*rule.values else { return None };
    let seen = snapshot.has(&Kind::Node) && !snapshot.nodes.all().is_empty();
    (seen && !snapshot.nodes.all().iter().any(|n| admits(required, n))).then(|| machine.to_string())
}

fn place(snapshot: &Snapshot, pod: &Pod, finding: Finding) -> Finding {
    match volumes(snapshot, pod).next() {
        Some(volume) => with_volume(finding, volume),
        None => finding,
    }
}

fn with_volume(finding: Finding, volume: &PersistentVolume) -> Finding {
    let terms = &volume.spec.node_affinity.required.node_selector_terms;
    let first = terms.first().and_then(|t| t.match_expressions.iter().chain(&t.match_fields).next());
    let values = first.map(|r| r.values.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "));
    finding
        .param("volume", &volume.metadata.name)
        .param("topology", first.map_or("", |r| &r.key))
        .param("zone", values.unwrap_or_default())
        .naming(volume.metadata.subject(Kind::PersistentVolume))
}

fn with_homes(finding: Finding, homes: &[&Node]) -> Finding {
    let names: Vec<&str> = homes.iter().take(NAMES_MAX).map(|n| n.metadata.name.as_str()).collect();
    let finding = finding.param("nodes", names.join(", "));
    homes.iter().take(NAMES_MAX).fold(finding, |f, n| f.naming(Subject::node(&n.metadata.name)))
}

/// The nodes where the volume is and where the pod itself may go, readiness and room aside. `None` where nodes were
/// not listed, or none suits the pod at all: then it does not wait for its volume.
fn homes<'a>(snapshot: &'a Snapshot, pod: &Pod, volume: &PersistentVolume) -> Option<Vec<&'a Node>> {
    let wanted = |n: &&Node| {
        pod.spec.node_selector.all_in(&n.metadata.labels)
            && admits(&pod.spec.affinity.node_affinity.required, n)
            && !is_closed(&pod.spec.tolerations, n)
    };
    let usable: Vec<&Node> = snapshot.nodes.all().iter().filter(wanted).collect();
    if !snapshot.has(&Kind::Node) || usable.is_empty() {
        return None;
    }
    Some(usable.into_iter().filter(|n| admits(&volume.spec.node_affinity.required, n)).collect())
}

/// Whether the node is the control plane's and the pod does not tolerate that.
fn is_closed(tolerations: &[Toleration], node: &Node) -> bool {
    let bears = |key: &str| tolerations.iter().any(|t| t.key.is_empty() || t.key == *key);
    node.spec
        .taints
        .iter()
        .any(|t| t.key.starts_with(ROLE) && t.effect != "PreferNoSchedule" && !bears(&t.key))
}

fn admits(terms: &NodeSelectorTerms, node: &Node) -> bool {
    let name: Labels = [("metadata.name", node.metadata.name.as_str())].into_iter().collect();
    let fits = |t: &NodeSelectorTerm| {
        t.match_expressions.iter().all(|r| r.matches(&node.metadata.labels))
            && t.match_fields.iter().all(|r| r.matches(&name))
    };
    terms.node_selector_terms.is_empty() || terms.node_selector_terms.iter().any(fits)
}
