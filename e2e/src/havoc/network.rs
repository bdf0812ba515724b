//! Pod networking on a node: no addresses, no configuration, a lock that somebody holds.

use super::*;
use crate::process::{Process, run};

pub(super) const ALL: &[Havoc] = &[
    Havoc {
        name: "cni-no-addresses",
        says: "the range of worker-1's pod addresses holds five",
        smoke: false,
        root: (&["cni-ip-exhausted"], VICTIM),
        allowed: &[],
        until: &[(EVENT_LIST, "/message", "no IP addresses available in range set")],
        settles: None,
        put_in: |c| {
            let node = Node { addresses: Some((200, 204)), ..victim(c)?.clone() };
            node.write_cni()?;
            c.api.apply(&on_victim("newcomer", 8, "sleep 86400", ""))
        },
        take_out: |c| {
            victim(c)?.write_cni()?;
            delete(c, &["deployment", "newcomer"])
        },
    },
    Havoc {
        name: "cni-not-configured",
        says: "the CNI configuration of worker-1 is gone",
        smoke: true,
        root: (&["cni-not-initialized"], VICTIM),
        allowed: &[],
        until: &[(
            NODE_LIST,
            NODE_CONDITIONS,
            "cni plugin not initialized|network is not ready|NetworkPluginNotReady",
        )],
        settles: None,
        put_in: |c| Ok(std::fs::remove_file(victim(c)?.cni_config())?),
        take_out: |c| victim(c)?.write_cni(),
    },
    Havoc {
        name: "xtables-lock-held",
        says: "something on worker-1 holds the xtables lock while pods with host ports start",
        smoke: false,
        root: (&["iptables-lock-contention"], VICTIM),
        allowed: &[],
        until: &[(
            EVENT_LIST,
            "/message",
            "xtables lock|FailedCreatePodSandBox|failed to setup network|DeadlineExceeded",
        )],
        settles: None,
        put_in: |c| {
            // Only the old iptables has such a lock.
            run("update-alternatives", &["--set", "iptables", "/usr/sbin/iptables-legacy"])?;
            let holder = lock_holder(c);
            holder.start(
                Path::new("flock"),
                &["--no-fork", "/run/xtables.lock", "sleep", "3600"],
                &c.lab.root.join("flock.log"),
            )?;
            let ports = "        ports: [{containerPort: 8080, hostPort: 30555}]\n";
            c.api.apply(&on_victim("newcomer", 1, "sleep 86400", ports))
        },
        take_out: |c| {
            lock_holder(c).kill()?;
            run("update-alternatives", &["--auto", "iptables"])?;
            delete(c, &["deployment", "newcomer"])
        },
    },
];

fn lock_holder(cluster: &Cluster) -> Process {
    Process::at(cluster.lab.root.join("flock.pid"))
}
