//! Load of a node: processors, processes that wait for the disk, process ids, connections, containers and probes.

use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Event, Node};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::node::{NodeFacts, Process};
use kubecause_evidence::{Snapshot, Str, Subject};
use kubecause_model::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Load over 15 minutes per core from which a node counts as overloaded (S: load above 2 per core delays probes).
const LOAD_PER_CORE: f64 = 2.0;

pub(super) fn observe(snapshot: &Snapshot, name: &Str, sink: &mut Sink) {
    let node = snapshot.nodes.get("", name);
    if let Some(node) = node {
        pid_pressure(name, node, sink);
        if is_relist_late(snapshot, name, node) {
            containers(snapshot, name, sink);
        }
        old_kernel(name, node, sink);
    }
    let Some(facts) = snapshot.node_facts.get(name) else { return };
    threads(name, facts, sink);
    conntrack(name, facts, sink);
    stalls(name, facts, sink);
    if let Some(cores) = node.and_then(|n| n.status.capacity.value("cpu")) {
        cpu(name, facts, cores, sink);
    }
}

fn metric(signal: &'static str, name: &Str, file: &str, text: String) -> Finding {
    Finding::new(signal, Subject::node(name.clone())).cite(
        Source::Metric,
        None,
        format!("nodes/{name}/{file}"),
        text,
    )
}

fn pid_pressure(name: &Str, node: &Node, sink: &mut Sink) {
    let Some(c) = node.condition("PIDPressure").filter(|c| c.is_true()) else { return };
    let at = c.last_transition_time;
    let text = format!("PIDPressure=True {}: {}", c.reason, c.message);
    let subject = Subject::node(name.clone());
    sink.add(Finding::new("node.pid-pressure", subject).since(at).cite(
        Source::Condition,
        at,
        format!("nodes/{name}"),
        text,
    ));
}

/// `node.threads-near-limit`: nine in ten process ids are taken. Threads take ids too.
fn threads(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let counted =
        facts.pid_max.zip(facts.thread_count).map(|(max, now)| (max as f64, now as f64, "thread_count.txt"));
    let rlimit = facts.stats.as_ref().and_then(|s| s.node.rlimit.as_ref());
    let said = rlimit.and_then(|r| Some((r.maxpid? as f64, r.curproc? as f64, "stats-summary.json")));
    let Some((max, now, file)) = counted.or(said).filter(|(max, now, _)| *max > 0.0 && now / max >= 0.9)
    else {
        return;
    };
    let mut finding =
        metric("node.threads-near-limit", name, file, format!("{now:.0} threads of at most {max:.0}"))
            .param("threads", format!("{now:.0}"))
            .param("limit", format!("{max:.0}"));
    let most = facts.processes.iter().filter_map(|p| Some((p.threads?, p))).max_by_key(|(n, p)| (*n, p.pid));
    if let Some((count, process)) = most.filter(|(n, _)| *n as f64 >= max * 0.1) {
        finding = finding.param("process", &process.command).param("process_threads", count);
    }
    sink.add(finding);
}

/// `node.conntrack-near-limit`: the table of tracked connections is as good as full.
fn conntrack(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let Some((now, max)) = facts.conntrack.filter(|(now, max)| *max > 0 && *now as f64 >= *max as f64 * 0.98)
    else {
        return;
    };
    let finding =
        metric("node.conntrack-near-limit", name, "conntrack.txt", format!("{now} of {max} entries"));
    sink.add(finding.param("entries", now).param("limit", max));
}

/// `node.processes-blocked` and `node.io-pressure`.
fn stalls(name: &Str, facts: &NodeFacts, sink: &mut Sink) {
    let blocked: Vec<&str> =
        facts.processes.iter().filter(|p| is_blocked(p)).map(|p| p.command.as_str()).collect();
    if blocked.len() >= 3 {
        let some = blocked.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let text = format!("{} processes in uninterruptible sleep: {some}", blocked.len());
        sink.add(metric("node.processes-blocked", name, "ps.txt", text).param("blocked", blocked.len()));
    }
    let psi = facts.stats.as_ref().and_then(|s| s.node.io.as_ref()?.psi.as_ref());
    if let Some(psi) = psi.filter(|p| p.full.avg60 >= 40.0 || p.full.avg300 >= 25.0) {
        let text = format!("io full: avg60={:.1} avg300={:.1}", psi.full.avg60, psi.full.avg300);
        let share = format!("{:.0}%", psi.full.avg60.max(psi.full.avg300));
        sink.add(metric("node.io-pressure", name, "stats-summary.json", text).param("stalled", share));
    }
}

/// In uninterruptible sleep; the kernel's own workers are there for a moment all the time.
fn is_blocked(process: &Process) -> bool {
    process.state.starts_with('D')
        && !process.command.starts_with("kworker")
        && !process.command.starts_with("[kworker")
}

/// `node.cpu-load-high`: high for 15 minutes, and still.
fn cpu(name: &Str, facts: &NodeFacts, cores: f64, sink: &mut Sink) {
    let Some(load) = facts.loadavg.filter(|_| cores >= 1.0) else { return };
    let [_, five, fifteen] = load.load;
    if fifteen / cores >= LOAD_PER_CORE && five / cores >= LOAD_PER_CORE * 0.75 {
        let text = format!("load over 15 min {fifteen} on {cores:.0} cores");
        let finding = metric("node.cpu-load-high", name, "loadavg.txt", text);
        sink.add(finding.param("load", fifteen).param("cores", format!("{cores:.0}")));
    }
}

/// `node.containers-many` and `node.exec-probes-frequent`: what a relist has to look at, and what starts a process in
/// a container each time.
fn containers(snapshot: &Snapshot, name: &Str, sink: &mut Sink) {
    let (mut running, mut pods, mut rate) = (0_usize, 0_usize, 0.0);
    for pod in snapshot.pods_on(name).filter(|p| !p.is_finished()) {
        pods += 1;
        running += pod.statuses().filter(|(_, s)| s.state.running.is_some()).count();
        for container in pod.spec.containers.iter() {
            let probes = [&container.liveness_probe, &container.readiness_probe];
            let exec = probes.into_iter().flatten().filter(|p| p.exec.is_some());
            rate += exec.map(|p| 1.0 / p.timing().period.max(1) as f64).sum::<f64>();
        }
    }
    let field = |signal, text: String| {
        Finding::new(signal, Subject::node(name.clone())).cite(
            Source::Field,
            None,
            format!("nodes/{name} pods"),
            text,
        )
    };
    if running >= 200 {
        let text = format!("{running} containers run in {pods} pods");
        sink.add(field("node.containers-many", text).param("containers", running).param("pods", pods));
    }
    if rate >= 5.0 {
        let text = format!("exec probes start {rate:.1} processes a second");
        sink.add(field("node.exec-probes-frequent", text).param("probes", format!("{rate:.1}")));
    }
}

/// Whether the kubelet's list of containers is late, by the node's condition or by the kubelet's log: without that a
/// full node is just a full node.
fn is_relist_late(snapshot: &Snapshot, name: &Str, node: &Node) -> bool {
    const WORDS: &str = "pleg was last seen active";
    let reported = node.condition("Ready").is_some_and(|c| !c.is_true() && c.message.contains(WORDS));
    let facts = snapshot.node_facts.get(name).into_iter();
    let mut logs = facts.flat_map(|f| f.logs_of(&LogSource::Kubelet));
    reported
        || logs.any(|log| {
            let last = log.lines_with(asked::RELIST_LATE).last();
            last.is_some_and(|(_, line)| is_recent(snapshot, log.time_of(line)))
        })
}

/// `node.kernel-3-10`: the kernel of CentOS and RHEL 7.
fn old_kernel(name: &Str, node: &Node, sink: &mut Sink) {
    let version = &node.status.node_info.kernel_version;
    if version.starts_with("3.10.") {
        let text = format!("kernelVersion {version}");
        let finding = Finding::new("node.kernel-3-10", Subject::node(name.clone())).param("kernel", version);
        sink.add(finding.cite(Source::Field, None, format!("nodes/{name} status.nodeInfo"), text));
    }
}

// ---- probes that time out on one node ----------------------------------------------------------------------

const TIMEOUTS: [&str; 5] = [
    "context deadline exceeded",
    "Client.Timeout exceeded",
    "i/o timeout",
    "timed out after",
    "DeadlineExceeded",
];

fn is_probe_timeout(snapshot: &Snapshot, event: &Event) -> bool {
    event.reason == "Unhealthy"
        && event.regarding.kind == "Pod"
        && TIMEOUTS.iter().any(|t| event.message.contains(t))
        && (is_recent(snapshot, event.last) || is_recurring(snapshot, event))
}

/// `node.probe-timeouts-here`: probes of at least two pods time out on this node, while the same workload is Ready on
/// another node where none does.
pub(super) fn probe_timeouts(snapshot: &Snapshot, sink: &mut Sink) {
    let mut by_node: BTreeMap<Str, BTreeMap<Subject, &Event>> = BTreeMap::new();
    for event in snapshot.events.iter().filter(|e| is_probe_timeout(snapshot, e)) {
        let pod = event.regarding.subject().object();
        if let Some(node) = snapshot.node_of(&pod) {
            by_node.entry(node.name).or_default().insert(pod, event);
        }
    }
    let late: BTreeSet<&Subject> = by_node.values().flat_map(BTreeMap::keys).collect();
    for (node, pods) in by_node.iter().filter(|(_, pods)| pods.len() >= 2) {
        let owners: BTreeSet<Subject> = pods.keys().map(|p| snapshot.top_owner(p)).collect();
        let fine = owners.iter().find(|o| fine_elsewhere(snapshot, o, node, &late));
        let Some(fine) = fine else { continue };
        let mut finding = Finding::new("node.probe-timeouts-here", Subject::node(node.clone()))
            .param("pods", pods.len())
            .param("fine_elsewhere", fine.slash());
        for event in pods.values().take(3) {
            let text = format!("{} {}", event.reason, event.message);
            finding = finding.cite(Source::Event, event.last, event.reference(), text);
        }
        finding.names.extend(pods.keys().cloned());
        finding.names.extend(owners);
        sink.add(finding);
    }
}

fn fine_elsewhere(snapshot: &Snapshot, owner: &Subject, node: &Str, late: &BTreeSet<&Subject>) -> bool {
    let pods = snapshot.reach(kubecause_evidence::Relation::WorkloadPods, owner);
    pods.iter()
        .filter(|p| !late.contains(p))
        .filter_map(|p| snapshot.pod(p))
        .any(|p| p.is_ready() && p.is_scheduled() && *p.spec.node_name != **node)
}
