//! Memory of a node: pressure by the kubelet's account, and the kernel's own OOM killer.

use super::misfit;
use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use jiff::Timestamp;
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot, Str, Subject, Uid, quantity};
use kubecause_model::{Citation, Source, Span};
use rustc_hash::FxHashMap;

/// `node.memory-pressure`, with the pods that hold most.
pub(super) fn pressure(snapshot: &Snapshot, name: &Str, sink: &mut Sink) {
    let measured = misfit::measured_memory(snapshot, name, sink);
    let Some(node) = snapshot.nodes.get("", name) else { return };
    let Some(condition) = node.condition("MemoryPressure").filter(|c| c.is_true()) else { return };
    let text = format!("MemoryPressure=True {}: {}", condition.reason, condition.message);
    let at = condition.last_transition_time;
    let mut finding = Finding::new("node.memory-pressure", Subject::node(name.clone()))
        .since(at)
        .param("capacity", node.status.capacity.text("memory").unwrap_or_default())
        .param("allocatable", node.status.allocatable.text("memory").unwrap_or_default())
        .cite(Source::Condition, at, format!("nodes/{name}"), text);
    if let Some(crossed) = measured {
        finding = finding
            .param("available", quantity::bytes(crossed.available))
            .param("threshold", &crossed.written)
            .param("needed", quantity::bytes(crossed.threshold));
    }
    let most = largest_pods(snapshot, name);
    if !most.is_empty() {
        finding = finding.param("largest", most.join(", "));
    }
    sink.add(finding);
}

/// The three pods with the largest working sets.
fn largest_pods(snapshot: &Snapshot, name: &Str) -> Vec<String> {
    let stats = snapshot.node_facts.get(name).and_then(|f| f.stats.as_ref());
    let mut pods: Vec<(f64, String)> = stats
        .into_iter()
        .flat_map(|s| &s.pods)
        .filter_map(|p| {
            Some((p.memory.working_set_bytes?, format!("{}/{}", p.pod_ref.namespace, p.pod_ref.name)))
        })
        .collect();
    pods.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    pods.into_iter().take(3).map(|(bytes, pod)| format!("{pod} {}", quantity::bytes(bytes))).collect()
}

/// One kill of the OOM killer, as a line of the kernel's log says.
struct Kill {
    at: Option<Timestamp>,
    citation: Citation,
    global: bool,
    pod: Option<Uid>,
    process: String,
}

/// `node.oom-kill-global` for kills outside of any limit; `node.oom-is-container-limit` where all that was seen are
/// kills inside of one. Source: `mm/oom_kill.c`; the line with `constraint=` is of 5.0 and later.
pub(super) fn kills(snapshot: &Snapshot, name: &Str, sink: &mut Sink) {
    let found = read_kills(snapshot, name);
    let (global, inside): (Vec<Kill>, Vec<Kill>) = found.into_iter().partition(|k| k.global);
    let node = Subject::node(name.clone());
    if !global.is_empty() {
        sink.add(global_finding(snapshot, &node, &global));
        return;
    }
    let mut citation = inside.last().map(|k| k.citation.clone());
    if citation.is_none() && !has_kernel_log(snapshot, name) {
        citation = limited_container(snapshot, name);
    }
    if let Some(citation) = citation {
        let mut finding = Finding::new("node.oom-is-container-limit", node);
        finding.evidence.push(citation);
        sink.add(finding);
    }
}

fn has_kernel_log(snapshot: &Snapshot, name: &Str) -> bool {
    let facts = snapshot.node_facts.get(name);
    facts.is_some_and(|f| f.has_log(&LogSource::Kernel) || f.has_log(&LogSource::System))
}

fn read_kills(snapshot: &Snapshot, name: &Str) -> Vec<Kill> {
    let mut kills: Vec<Kill> = Vec::new();
    for log in snapshot.node_facts.get(name).into_iter().flat_map(|f| &f.logs) {
        if !matches!(log.source, LogSource::Kernel | LogSource::System) {
            continue;
        }
        let mut detailed = false;
        for (number, line) in log.lines_with(asked::KILLED) {
            let is_detail = line.contains("oom-kill:constraint=");
            // The line with the constraint is followed by the shorter one about the same kill.
            if !is_detail && std::mem::take(&mut detailed) {
                continue;
            }
            detailed = is_detail;
            let at = log.time_of(line);
            let global = if is_detail {
                line.contains("CONSTRAINT_NONE")
            } else {
                !line.contains("cgroup out of memory")
            };
            kills.push(Kill {
                at,
                citation: Citation::new(Source::Log, at, log.reference(number), line),
                global,
                pod: pod_uid(line),
                process: process(line).unwrap_or_default().to_owned(),
            });
        }
    }
    kills
}

fn process(line: &str) -> Option<&str> {
    let named = line.split_once(",task=").and_then(|(_, rest)| rest.split(',').next());
    named.or_else(|| super::words::between(line, " (", ")"))
}

/// The uid in a control group's path: `pod1234-…` of cgroupfs, `pod1234_….slice` of systemd.
fn pod_uid(line: &str) -> Option<Uid> {
    let path = line.split_once("task_memcg=")?.1.split(',').next()?;
    let part = path.split('/').find_map(|p| {
        let p = p.strip_suffix(".slice").unwrap_or(p);
        let (_, uid) = p.rsplit_once("pod")?;
        (uid.len() == 36).then(|| uid.replace('_', "-"))
    })?;
    Some(Uid::parse(&part))
}

fn global_finding(snapshot: &Snapshot, node: &Subject, kills: &[Kill]) -> Finding {
    let last = kills.iter().filter_map(|k| k.at).max();
    let first = kills.iter().filter_map(|k| k.at).min();
    let hour = kills.iter().filter(|k| snapshot.age(k.at).is_some_and(|age| age <= 3600)).count();
    let ongoing = is_recent(snapshot, last) || hour >= 3;
    let mut finding = Finding::new("node.oom-kill-global", node.clone()).span(Span { first, last, ongoing });
    finding.count = kills.len() as u64;
    let tail = kills.len().saturating_sub(2);
    finding.evidence.extend(kills.iter().skip(tail).map(|k| k.citation.clone()));
    if let Some(last) = kills.last() {
        finding = finding.param("process", &last.process);
    }
    let by_uid: FxHashMap<Uid, Subject> =
        snapshot.pods_on(&node.name).map(|p| (p.metadata.uid, p.metadata.subject(Kind::Pod))).collect();
    for pod in kills.iter().filter_map(|k| by_uid.get(&k.pod?)) {
        let owner = snapshot.top_owner(pod);
        for name in [pod.clone(), owner] {
            if !finding.names.contains(&name) {
                finding.names.push(name);
            }
        }
    }
    let pods: Vec<String> =
        finding.names.iter().filter(|n| n.kind == Kind::Pod).map(ToString::to_string).collect();
    finding.param("victims", pods.join(", "))
}

/// A container with a memory limit that was OOM-killed within half a minute of the node's last `SystemOOM` event:
/// then its own limit is the nearer explanation.
fn limited_container(snapshot: &Snapshot, name: &Str) -> Option<Citation> {
    let node = Subject::node(name.clone());
    let events = || snapshot.events_about(&node).filter(|e| e.reason == "SystemOOM").filter_map(|e| e.last);
    events().next()?;
    snapshot.pods_on(name).find_map(|pod| {
        pod.statuses().find_map(|(_, status)| {
            let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())?;
            let at = ended.finished_at.filter(|_| ended.reason == "OOMKilled")?;
            let limit = pod.spec.container(&status.name)?.resources.limits.text("memory")?;
            let near = events().any(|e| (e.as_second() - at.as_second()).abs() <= 30);
            let reference = format!("pods/{}", pod.metadata.subject(Kind::Pod));
            let text = format!("container {} OOMKilled, memory limit {limit}", status.name);
            near.then(|| Citation::new(Source::Field, Some(at), reference, text))
        })
    })
}
