//! What the kernel log says about kills for memory inside of a container's limit.

use crate::family::asked;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Snapshot, Str};
use rustc_hash::FxHashMap;

/// One kill.
#[derive(Debug, Clone, Copy)]
pub struct MemoryKill<'a> {
    /// The log that holds it.
    pub log: &'a LogFile,
    /// The line's number.
    pub number: usize,
    /// The line.
    pub line: &'a str,
}

/// All kills of the kernel logs by node and container.
#[derive(Debug, Default)]
pub struct MemoryKills<'a> {
    by_container: FxHashMap<(Str, String), MemoryKill<'a>>,
}

/// Length of a container's id, in hex digits.
const ID_LEN: usize = 64;

impl<'a> MemoryKills<'a> {
    /// Reads `oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/kubepods…/cri-containerd-<id>.scope` (Linux 5.0 and newer,
    /// `mm/oom_kill.c`) and `Task in /kubepods/…/<id> killed as a result of limit of …` (older, `mm/memcontrol.c`).
    pub fn read(snapshot: &'a Snapshot) -> Self {
        let mut kills = Self::default();
        for (node, facts) in &snapshot.node_facts {
            let logs = [LogSource::Kernel, LogSource::System];
            for log in logs.iter().flat_map(|source| facts.logs_of(source)) {
                for (number, line) in log.lines_with(asked::KILLED_IN_LIMIT) {
                    for id in ids(line) {
                        kills
                            .by_container
                            .insert((node.clone(), id.to_owned()), MemoryKill { log, number, line });
                    }
                }
            }
        }
        kills
    }

    /// The kill in the container of that id (`containerd://…`) on that node.
    pub fn of(&self, node: &str, container_id: &str) -> Option<&MemoryKill<'a>> {
        let id = container_id.split_once("://")?.1;
        self.by_container.get(&(node.into(), id.to_owned()))
    }
}

fn ids(line: &str) -> impl Iterator<Item = &str> {
    let hex = |part: &&str| part.len() == ID_LEN && part.bytes().all(|b| b.is_ascii_hexdigit());
    line.split(|c: char| !c.is_ascii_alphanumeric()).filter(hex)
}

#[cfg(test)]
mod tests {
    use super::ids;
    use crate::family::asked::KILLED_IN_LIMIT;

    #[test]
    fn a_kill_names_its_container() {
        let id = "0447a362d2cf4719ae2a4f5ad0f96f702aacf8ee38d1c73b445ce41bdaa8d24a";
        let line = format!(
            "[ 10.1] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-{id}.scope,mems_allowed=0,oom_memcg=/kubepods.slice/x,task=node,pid=1,uid=0"
        );
        let in_limit = |line: &str| KILLED_IN_LIMIT.iter().any(|words| line.contains(words));
        assert!(in_limit(&line));
        assert_eq!(ids(&line).collect::<Vec<_>>(), [id]);
        assert!(!in_limit("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=node"));
    }
}
