//! Which looks a diagnosis is worth: nodes and containers that are in question, a handful of them, the worst first.
//!
//! A pure function: what was asked for already is the caller's business, and so is what it costs.

use crate::sink::Place;
use kubecause_evidence::kube::{ContainerStatus, Pod};
use kubecause_evidence::{ContainerLogKey, Kind, Snapshot, Subject};
use kubecause_model::{Confidence, Diagnosis, Incident};

/// Nodes that are looked at.
const NODES: usize = 5;
/// Workloads whose containers' logs are read; of each, those of one pod.
const CONTAINERS: usize = 12;
/// Components of the control plane whose logs are read.
const COMPONENTS: usize = 4;

/// Something to look at: one GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Where the answer belongs.
    pub place: Place,
    /// What is in question.
    pub about: Subject,
    /// Path and query of the request.
    pub path: String,
}

impl Look {
    /// The node whose kubelet it asks.
    pub fn node(&self) -> Option<&str> {
        match &self.place {
            Place::Node(node, _) => Some(node),
            _ => None,
        }
    }
}

/// The looks that may settle something that is open.
pub fn wanted(snapshot: &Snapshot, diagnosis: &Diagnosis) -> Vec<Look> {
    let mut looks = Vec::new();
    for node in nodes(snapshot, diagnosis).into_iter().take(NODES) {
        of_node(snapshot, &node, &mut looks);
    }
    for component in components(diagnosis).into_iter().take(COMPONENTS) {
        looks.extend(of_component(snapshot, &component));
    }
    let mut workloads = Vec::new();
    for pod in pods(snapshot, diagnosis) {
        if workloads.len() >= CONTAINERS {
            break;
        }
        let owner = snapshot.top_owner(&pod).object();
        let found = of_pod(snapshot, &pod);
        if !found.is_empty() && !workloads.contains(&owner) {
            workloads.push(owner);
            looks.extend(found);
        }
    }
    looks
}

/// Whether an incident leaves a question open.
fn is_open(incident: &Incident) -> bool {
    incident.root.confidence != Confidence::Confirmed || !incident.alternatives.is_empty()
}

fn add(found: &mut Vec<Subject>, subject: Subject) {
    if !found.contains(&subject) {
        found.push(subject);
    }
}

/// Nodes that are accused, then nodes that say themselves that they are not well, then those where pods do not start
/// for a reason that is not sure.
fn nodes(snapshot: &Snapshot, diagnosis: &Diagnosis) -> Vec<Subject> {
    let mut found = Vec::new();
    let mut node = |subject: &Subject| {
        if subject.kind == Kind::Node {
            add(&mut found, subject.object());
        }
    };
    for incident in diagnosis.incidents.iter().filter(|i| i.ongoing) {
        node(&incident.root.subject);
        incident.chain.iter().for_each(|link| node(&link.subject));
        incident.alternatives.iter().for_each(|other| node(&other.subject));
    }
    diagnosis.unexplained.iter().for_each(|u| node(&u.subject));
    for sick in snapshot.nodes.all() {
        let pressed = |c: &kubecause_evidence::kube::Condition| c.kind.ends_with("Pressure") && c.is_true();
        if !sick.is_ready() || sick.status.conditions.iter().any(pressed) {
            node(&sick.metadata.subject(Kind::Node));
        }
    }
    for incident in diagnosis.incidents.iter().filter(|i| i.ongoing && is_open(i)) {
        let pods = [&incident.root.subject].into_iter().chain(&incident.affected);
        let stuck = pods.filter(|p| snapshot.pod(p).is_some_and(|p| p.status.phase == "Pending"));
        stuck.filter_map(|p| snapshot.node_of(p)).take(1).for_each(|n| node(&n));
    }
    found.retain(|n| snapshot.nodes.get("", &n.name).is_some());
    found
}

/// What a kubelet can say. Its health first: one that does not answer that is asked nothing else.
fn of_node(snapshot: &Snapshot, node: &Subject, looks: &mut Vec<Look>) {
    let facts = snapshot.node_facts.get(&node.name);
    let runtime =
        snapshot.nodes.get("", &node.name).map(|n| n.status.node_info.container_runtime_version.as_str());
    let (unit, log) = match runtime.and_then(|r| r.split_once("://")).map(|(name, _)| name) {
        Some("cri-o") => ("crio", "crio.log"),
        Some("docker") => ("docker", "docker.log"),
        _ => ("containerd", "containerd.log"),
    };
    let query = |unit: &str| format!("logs/?query={unit}&tailLines={LOG_LINES}");
    let root = format!("/api/v1/nodes/{}/proxy", node.name);
    for (file, path) in [
        ("healthz.txt", "healthz".to_owned()),
        ("configz.json", "configz".to_owned()),
        ("stats-summary.json", "stats/summary".to_owned()),
        ("kubelet.log", query("kubelet")),
        (log, query(unit)),
    ] {
        let known = facts.is_some_and(|f| match file {
            "healthz.txt" => f.healthz.is_some(),
            "configz.json" => f.configz.is_some(),
            "stats-summary.json" => f.stats.is_some(),
            _ => f.logs.iter().any(|l| l.path.ends_with(file)),
        });
        if !known {
            let place = Place::Node(node.name.to_string(), file);
            looks.push(Look { place, about: node.clone(), path: format!("{root}/{path}") });
        }
    }
}

/// The last lines that are asked of a node's log.
const LOG_LINES: usize = 3000;
/// The last lines and bytes that are asked of a container's log.
const TAIL: &str = "tailLines=400&limitBytes=262144";

/// Components that are accused.
fn components(diagnosis: &Diagnosis) -> Vec<Subject> {
    let mut found = Vec::new();
    for incident in diagnosis.incidents.iter().filter(|i| i.ongoing) {
        let accused =
            [&incident.root.subject].into_iter().chain(incident.alternatives.iter().map(|a| &a.subject));
        accused.filter(|s| s.kind == Kind::Component).for_each(|s| add(&mut found, s.object()));
    }
    found
}

/// The log of the component's pod, where it runs as one: of the pod that is not ready, else of any.
fn of_component(snapshot: &Snapshot, component: &Subject) -> Option<Look> {
    if snapshot.component_logs.contains_key(&component.name) {
        return None;
    }
    let own = |p: &&Pod| p.metadata.labels.get("component").is_some_and(|c| c == &*component.name);
    let pods = || snapshot.pods.in_namespace("kube-system").iter().filter(own);
    let pod = pods().find(|p| !p.is_ready()).or_else(|| pods().next())?;
    let subject = pod.metadata.subject(Kind::Pod);
    let container = pod.spec.containers.first()?.name.as_str();
    let previous = pod.status.container_statuses.first().is_some_and(runs_no_more);
    let path = log_path(&subject, container, previous);
    Some(Look { place: Place::Component(component.name.to_string()), about: component.clone(), path })
}

/// Pods that incidents are about, open ones first, then pods of symptoms that nothing explains.
fn pods(snapshot: &Snapshot, diagnosis: &Diagnosis) -> Vec<Subject> {
    let ongoing = || diagnosis.incidents.iter().filter(|i| i.ongoing);
    let of =
        |i: &Incident| [i.root.subject.clone()].into_iter().chain(i.affected.clone()).collect::<Vec<_>>();
    let open = ongoing().filter(|i| is_open(i)).flat_map(of);
    let settled = ongoing().filter(|i| !is_open(i)).flat_map(of);
    let unexplained = diagnosis.unexplained.iter().map(|u| u.subject.clone());
    let mut found = Vec::new();
    for subject in open.chain(unexplained).chain(settled) {
        if subject.kind == Kind::Pod {
            add(&mut found, subject.object());
        } else if subject.kind.is_workload() {
            snapshot
                .reach(kubecause_evidence::Relation::WorkloadPods, &subject.object())
                .into_iter()
                .for_each(|pod| add(&mut found, pod.object()));
        }
    }
    found
}

/// The logs of a pod's containers that fail. A kubelet that is not ready cannot be asked for them.
fn of_pod(snapshot: &Snapshot, subject: &Subject) -> Vec<Look> {
    let Some(pod) = snapshot.pod(subject) else { return Vec::new() };
    let asleep = snapshot.nodes.get("", &pod.spec.node_name).is_some_and(|n| !n.is_ready());
    if !pod.is_scheduled() || asleep {
        return Vec::new();
    }
    let look = |status: &ContainerStatus| {
        let previous = run_to_read(status)?;
        let container = status.name.as_str();
        if snapshot.container_log(subject, container, previous).is_some() {
            return None;
        }
        let place = Place::Log(ContainerLogKey {
            namespace: subject.ns().into(),
            pod: subject.name.clone(),
            container: container.into(),
            previous,
        });
        let about = subject.clone().with_container(container);
        Some(Look { place, about, path: log_path(subject, container, previous) })
    };
    let status = &pod.status;
    status.init_container_statuses.iter().chain(&*status.container_statuses).filter_map(look).collect()
}

/// Which run's log tells why a container fails: that of the run before (true), of this run (false), or none.
fn run_to_read(status: &ContainerStatus) -> Option<bool> {
    if runs_no_more(status) {
        return Some(true);
    }
    if let Some(ended) = &status.state.terminated {
        return (ended.exit_code != 0).then_some(false);
    }
    (status.state.running.is_some() && !status.ready).then_some(false)
}

/// Whether it crashed: the last run ended badly, and it waits or has not become ready since.
fn runs_no_more(status: &ContainerStatus) -> bool {
    let ended_badly = status.last_state.terminated.as_ref().is_some_and(|t| t.exit_code != 0);
    ended_badly && (!status.ready || status.restart_count >= 3)
}

fn log_path(pod: &Subject, container: &str, previous: bool) -> String {
    let run = if previous { "&previous=true" } else { "" };
    format!("/api/v1/namespaces/{}/pods/{}/log?container={container}{run}&{TAIL}", pod.ns(), pod.name)
}
