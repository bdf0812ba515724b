//! Limits that the kernel enforces on one pod: the number of its processes.

use super::lifecycle::pod_reference;
use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use kubecause_evidence::log::LogSource;
use kubecause_evidence::{Kind, Snapshot, Uid};
use kubecause_model::{Source, Span};

/// `cgroup: fork rejected by pids controller in /kubepods.slice/…-pod<uid>.slice/…` (Linux, `kernel/cgroup/pids.c`).
const REJECTED: &str = "fork rejected by pids controller in ";

/// Finds pods whose forks the kernel rejected.
pub fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for (node, facts) in &snapshot.node_facts {
        for source in [LogSource::Kernel, LogSource::System] {
            for log in facts.logs_of(&source) {
                for (number, line) in log.lines_with(asked::FORK_REJECTED) {
                    let Some(uid) = line.split_once(REJECTED).and_then(|(_, rest)| pod_uid(rest)) else {
                        continue;
                    };
                    let Some(pod) = snapshot.pods_on(node).find(|p| p.metadata.uid == uid) else { continue };
                    let at = log.time_of(line);
                    let span =
                        Span { first: at, last: at, ongoing: is_recent(snapshot, at) && !pod.is_finished() };
                    sink.add(
                        Finding::new("pod.pids-limit-hit", pod.metadata.subject(Kind::Pod))
                            .span(span)
                            .cite(Source::Log, at, log.reference(number), line)
                            .cite(Source::Field, None, pod_reference(pod), format!("spec.nodeName: {node}")),
                    );
                }
            }
        }
    }
}

/// The pod's uid in a cgroup path; the systemd driver writes it with underscores.
fn pod_uid(path: &str) -> Option<Uid> {
    let (_, rest) = path.rsplit_once("pod").filter(|(before, _)| before.contains("kubepods"))?;
    let text: String = rest.chars().take(36).map(|c| if c == '_' { '-' } else { c }).collect();
    let well_formed = text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    well_formed.then(|| Uid::parse(&text))
}

#[cfg(test)]
mod tests {
    use super::pod_uid;
    use kubecause_evidence::Uid;

    #[test]
    fn both_cgroup_drivers_name_the_pod() {
        let want = Some(Uid::parse("118524c3-730d-4ee1-bf37-0aae9387131f"));
        assert_eq!(
            pod_uid(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod118524c3_730d_4ee1_bf37_0aae9387131f.slice/cri-containerd-ab.scope"
            ),
            want
        );
        assert_eq!(pod_uid("/kubepods/burstable/pod118524c3-730d-4ee1-bf37-0aae9387131f/ab"), want);
        assert_eq!(pod_uid("/system.slice/docker.service"), None);
    }
}
