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

/// All looks at a node.
pub fn at_node(snapshot: &Snapshot, node: &str) -> Vec<Look> {
    let mut looks = Vec::new();
    of_node(snapshot, &Subject::node(node), &mut looks);
    looks
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
    // Until its next start is due, the run that ended last is this one; the log of the one before is gone by then.
    if let Some(ended) = &status.state.terminated {
        return (ended.exit_code != 0).then_some(false);
    }
    if runs_no_more(status) {
        return Some(true);
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

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_evidence::{Access, Ingest, SnapshotBuilder};
    use kubecause_model::{Params, Root, Severity, Stats, Text, Verdict};

    fn node(name: &str, ready: &str, more: &str) -> (&'static str, String) {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}"}},"status":{{"nodeInfo":{{"containerRuntimeVersion":"cri-o://1.30"}},
            "conditions":[{{"type":"Ready","status":"{ready}"}}{more}]}}}}"#
        );
        ("Node", json)
    }

    fn pod(name: &str, node: &str, status: &str) -> (&'static str, String) {
        let json = format!(
            r#"{{"metadata":{{"namespace":"shop","name":"{name}"}},"spec":{{"nodeName":"{node}"}},
            "status":{{"phase":"Running","containerStatuses":[{{"name":"app",{status}}}]}}}}"#
        );
        ("Pod", json)
    }

    const CRASHED: &str = r#""restartCount":4,"ready":false,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
        "lastState":{"terminated":{"exitCode":1}}"#;

    const ENDED: &str = r#"{"terminated":{"exitCode":2}}"#;

    fn seen(objects: &[(&str, String)]) -> Snapshot {
        let mut builder = SnapshotBuilder::default();
        for (kind, json) in objects {
            builder.push(Ingest::parse(kind, json).expect("an object"));
            builder.access(Kind::from_name(kind), Access::Listed);
        }
        builder.finish()
    }

    fn said(roots: &[(Subject, Confidence)]) -> Diagnosis {
        let incident = |(subject, confidence): &(Subject, Confidence)| Incident {
            id: subject.to_string(),
            severity: Severity::Error,
            since: None,
            last_seen: None,
            ongoing: true,
            root: Root {
                mode: "x".to_owned(),
                refines: None,
                confidence: *confidence,
                subject: subject.clone(),
                params: Params::new(),
                title: Text::default(),
            },
            alternatives: Vec::new(),
            refuted: Vec::new(),
            chain: Vec::new(),
            affected: Vec::new(),
            evidence: Vec::new(),
            changes: Vec::new(),
            fixes: Vec::new(),
            looks: Vec::new(),
        };
        Diagnosis {
            taken_at: None,
            verdict: Verdict::Faults,
            incidents: roots.iter().map(incident).collect(),
            notes: Vec::new(),
            unexplained: Vec::new(),
            gaps: Vec::new(),
            silenced: Vec::new(),
            idle_silences: Vec::new(),
            stats: Stats::default(),
        }
    }

    fn places(snapshot: &Snapshot, diagnosis: &Diagnosis) -> Vec<String> {
        wanted(snapshot, diagnosis).iter().map(|l| l.place.path()).collect()
    }

    #[test]
    fn a_healthy_cluster_is_not_looked_at() {
        let snapshot =
            seen(&[node("a", "True", ""), pod("cart", "a", r#""ready":true,"state":{"running":{}}"#)]);
        assert!(wanted(&snapshot, &said(&[])).is_empty());
    }

    #[test]
    fn a_node_that_is_not_well_is_asked_its_health_first() {
        let pressed = r#",{"type":"DiskPressure","status":"True"}"#;
        for sick in [node("a", "Unknown", ""), node("a", "True", pressed)] {
            let files = ["healthz.txt", "configz.json", "stats-summary.json", "kubelet.log", "crio.log"];
            let found = places(&seen(&[sick, node("b", "True", "")]), &said(&[]));
            assert_eq!(found, files.map(|f| format!("nodes/a/{f}")));
        }
    }

    #[test]
    fn an_accused_node_is_asked_and_one_that_is_gone_is_not() {
        let snapshot = seen(&[node("a", "True", ""), node("b", "True", "")]);
        let accused = |name: &str| said(&[(Subject::node(name), Confidence::Confirmed)]);
        assert!(places(&snapshot, &accused("b")).iter().all(|p| p.starts_with("nodes/b/")));
        assert!(places(&snapshot, &accused("gone")).is_empty());
    }

    #[test]
    fn a_handful_of_nodes_at_a_time() {
        let nodes: Vec<_> = (0..40).map(|i| node(&format!("n{i}"), "False", "")).collect();
        assert_eq!(wanted(&seen(&nodes), &said(&[])).len(), NODES * 5);
    }

    #[test]
    fn what_is_known_is_not_asked_again() {
        let mut builder = SnapshotBuilder::from(seen(&[node("a", "Unknown", "")]));
        builder.node("a").read("nodes/a/healthz.txt", "healthz.txt", "ok");
        builder.node("a").read("nodes/a/kubelet.log", "kubelet.log", "I1122 17:48:05.000000 1 x.go:1] x");
        let found = places(&builder.finish(), &said(&[]));
        assert_eq!(found, ["nodes/a/configz.json", "nodes/a/stats-summary.json", "nodes/a/crio.log"]);
    }

    #[test]
    fn a_crash_is_read_in_the_log_of_the_run_before() {
        let accused = |name: &str| said(&[(Subject::new(Kind::Pod, "shop", name), Confidence::Probable)]);
        let not_ready = r#""ready":false,"state":{"running":{}}"#;
        let ended = &format!(r#""ready":false,"state":{ENDED}"#);
        let snapshot = seen(&[
            node("a", "True", ""),
            node("b", "Unknown", ""),
            pod("crashed", "a", CRASHED),
            pod("deaf", "a", not_ready),
            pod("job", "a", ended),
            pod("done", "a", r#""ready":false,"state":{"terminated":{"exitCode":0}}"#),
            pod("again", "a", &CRASHED.replace(r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, ENDED)),
            pod("away", "b", CRASHED),
        ]);
        let of = |name: &str| -> Vec<String> {
            places(&snapshot, &accused(name)).into_iter().filter(|p| p.starts_with("logs/")).collect()
        };
        assert_eq!(of("crashed"), ["logs/shop/crashed/app.previous.log"]);
        assert_eq!(of("deaf"), ["logs/shop/deaf/app.log"]);
        assert_eq!(of("job"), ["logs/shop/job/app.log"]);
        assert_eq!(of("again"), ["logs/shop/again/app.log"], "the next start is not due yet");
        assert!(of("done").is_empty());
        assert!(of("away").is_empty(), "its kubelet cannot be asked");
    }

    #[test]
    fn an_accused_component_is_read_where_it_runs_as_a_pod() {
        let json = r#"{"metadata":{"namespace":"kube-system","name":"kube-scheduler-m1","labels":{"component":"kube-scheduler"}},
            "spec":{"nodeName":"m1","containers":[{"name":"kube-scheduler"}]},"status":{"phase":"Running"}}"#;
        let snapshot = seen(&[("Pod", json.to_owned())]);
        let looks = wanted(&snapshot, &said(&[(Subject::component("kube-scheduler"), Confidence::Probable)]));
        let [look] = looks.as_slice() else { panic!("{looks:?}") };
        assert_eq!(look.place.path(), "control-plane/kube-scheduler.log");
        assert!(
            look.path.starts_with("/api/v1/namespaces/kube-system/pods/kube-scheduler-m1/log?container=")
        );
        assert!(wanted(&snapshot, &said(&[(Subject::component("etcd"), Confidence::Probable)])).is_empty());
    }
}
