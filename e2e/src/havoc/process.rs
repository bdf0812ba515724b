//! Processes of the cluster stopped, killed, refused, or started with what they cannot bear.

use super::*;

pub(super) const ALL: &[Havoc] = &[
    Havoc {
        name: "runtime-hung",
        says: "containerd on worker-1 accepts calls and answers none",
        smoke: false,
        root: (&["container-runtime-hung"], VICTIM),
        allowed: &[],
        until: &[(
            NODE_LIST,
            NODE_CONDITIONS,
            "PLEG is not healthy|container runtime is down|stopped posting",
        )],
        settles: None,
        put_in: |c| victim(c)?.containerd().signal("STOP"),
        take_out: |c| victim(c)?.containerd().signal("CONT"),
    },
    Havoc {
        name: "runtime-down",
        says: "containerd on worker-1 was killed and nothing starts it again",
        smoke: false,
        root: (&["container-runtime-down"], VICTIM),
        allowed: &[],
        until: &[(
            NODE_LIST,
            NODE_CONDITIONS,
            "PLEG is not healthy|container runtime is down|runtime|stopped posting",
        )],
        settles: None,
        put_in: |c| victim(c)?.containerd().kill(),
        take_out: |c| victim(c)?.start_containerd(),
    },
    Havoc {
        name: "kubelet-stopped",
        says: "the kubelet of worker-1 was stopped",
        smoke: true,
        root: (&["kubelet-stopped", "node-unreachable"], VICTIM),
        allowed: &[],
        until: &[(NODE_LIST, NODE_CONDITIONS, "Kubelet stopped posting node status")],
        settles: None,
        put_in: |c| victim(c)?.kubelet().stop(),
        take_out: |c| victim(c)?.start_kubelet(),
    },
    Havoc {
        name: "kubelet-unauthorized",
        says: "the API server no longer accepts the credentials of worker-1's kubelet",
        smoke: false,
        root: (&["kubelet-unauthorized"], VICTIM),
        allowed: &[],
        until: &[(NODE_LIST, NODE_CONDITIONS, "Kubelet stopped posting node status")],
        settles: None,
        put_in: |c| swap_token(c, "worker-1-token", "worker-1-expired"),
        take_out: |c| swap_token(c, "worker-1-expired", "worker-1-token"),
    },
    Havoc {
        name: "kubelet-config-invalid",
        says: "the kubelet of worker-1 exits at start: an eviction threshold that does not parse",
        smoke: false,
        // Of a kubelet that does not run the API cannot say why.
        root: (&["kubelet-config-invalid", "kubelet-stopped"], VICTIM),
        allowed: &[],
        until: &[(NODE_LIST, NODE_CONDITIONS, "Kubelet stopped posting node status")],
        settles: None,
        put_in: |c| reconfigure(c, "evictionHard: {nodefs.available: 10 percent}\n"),
        take_out: |c| reconfigure(c, ""),
    },
    Havoc {
        name: "scheduler-down",
        says: "the scheduler is stopped, and new pods wait without a word",
        smoke: false,
        root: (&["scheduler-down"], ""),
        allowed: &[],
        until: &[(POD_LIST, "/status/phase", "Pending")],
        settles: None,
        put_in: |c| {
            c.control_plane.process("kube-scheduler").stop()?;
            c.api.apply(&on_victim("newcomer", 2, "sleep 86400", ""))?;
            wait_for_a_waiting_pod(c, 20)
        },
        take_out: |c| {
            c.control_plane.start("kube-scheduler")?;
            delete(c, &["deployment", "newcomer"])
        },
    },
    Havoc {
        name: "controller-manager-down",
        says: "the controller manager is stopped, and a new Deployment gets no pods",
        smoke: false,
        root: (&["controller-manager-down"], ""),
        allowed: &[],
        until: &[("/apis/apps/v1/namespaces/{ns}/deployments", "/metadata/name", "newcomer")],
        settles: None,
        put_in: |c| {
            c.control_plane.process("kube-controller-manager").stop()?;
            c.api.apply(&on_victim("newcomer", 2, "sleep 86400", ""))?;
            wait_for_stale_lease(c, "kube-controller-manager")
        },
        take_out: |c| {
            c.control_plane.start("kube-controller-manager")?;
            delete(c, &["deployment", "newcomer"])
        },
    },
    Havoc {
        name: "etcd-down",
        says: "etcd is stopped, and the API server answers without its store",
        smoke: false,
        root: (&["etcd-unavailable", "apiserver-unavailable"], ""),
        allowed: &[],
        until: &[],
        settles: None,
        put_in: |c| {
            c.control_plane.process("etcd").stop()?;
            until("readyz to complain", Duration::from_mins(1), || {
                Ok((c.api.ask("/readyz")?.status != 200).then_some(()))
            })
        },
        take_out: |c| {
            c.control_plane.start("etcd")?;
            // Without a store the leases were lost, and who leads ends itself.
            c.wait_for_api(Duration::from_mins(2))?;
            c.control_plane.start("kube-controller-manager")?;
            c.control_plane.start("kube-scheduler")
        },
    },
    Havoc {
        name: "sandboxes-killed",
        says: "something on worker-1 kills the sandboxes of all pods again and again",
        smoke: false,
        root: (&["node-sandboxes-ending"], VICTIM),
        allowed: &[],
        until: &[(EVENT_LIST, "/reason", "SandboxChanged")],
        settles: None,
        put_in: |c| (0..4).try_for_each(|_| kill_sandboxes(c)),
        take_out: |_| Ok(()),
    },
    Havoc {
        name: "pid-limit",
        says: "the pods of worker-1 may have 32 processes, and one wants more",
        smoke: false,
        root: (&["pod-pid-limit-reached"], ""),
        allowed: &[],
        until: &[(POD_LIST, "/status/containerStatuses/*/restartCount", "^[2-9]")],
        settles: None,
        put_in: |c| {
            reconfigure(c, "podPidsLimit: 32\n")?;
            let forks = "i=0; while [ $i -lt 60 ]; do sleep 600 & i=$((i+1)); done; wait";
            c.api.apply(&on_victim("crawler", 1, forks, ""))
        },
        take_out: |c| {
            delete(c, &["deployment", "crawler"])?;
            reconfigure(c, "")
        },
    },
    Havoc {
        name: "nodes-cordoned",
        says: "both nodes are cordoned, and a pod waits",
        smoke: false,
        root: (&["node-cordoned"], ""),
        allowed: &["node-cordoned"],
        until: &[(EVENT_LIST, "/message", "were unschedulable")],
        settles: None,
        put_in: |c| {
            c.api.kubectl(&[&["cordon"], NODES.as_slice()].concat())?;
            c.api.apply(&on_victim("newcomer", 1, "sleep 86400", ""))
        },
        take_out: |c| {
            c.api.kubectl(&[&["uncordon"], NODES.as_slice()].concat())?;
            delete(c, &["deployment", "newcomer"])
        },
    },
    Havoc {
        name: "node-tainted",
        says: "worker-1 has a taint that the pods meant for it do not tolerate",
        smoke: false,
        root: (&["node-tainted", "untolerated-taint"], ""),
        allowed: &[],
        until: &[(EVENT_LIST, "/message", "untolerated taint")],
        settles: None,
        put_in: |c| {
            c.api.kubectl(&["taint", "node", VICTIM, "dedicated=batch:NoSchedule", "--overwrite"])?;
            c.api.apply(&on_victim("newcomer", 1, "sleep 86400", ""))
        },
        take_out: |c| {
            c.api.kubectl(&["taint", "node", VICTIM, "dedicated-"])?;
            delete(c, &["deployment", "newcomer"])
        },
    },
    Havoc {
        name: "namespace-finalizer",
        says: "a namespace cannot be deleted: an object in it has a finalizer that nobody takes away",
        smoke: false,
        root: (&["namespace-stuck-terminating", "finalizer-blocks-deletion"], ""),
        allowed: &["finalizer-blocks-deletion", "namespace-stuck-terminating"],
        until: &[("/api/v1/namespaces", "/status/conditions/*/reason", "SomeFinalizersRemain")],
        settles: Some(("deletion", 30)),
        put_in: |c| {
            c.api.apply("{apiVersion: v1, kind: Namespace, metadata: {name: old-shop}}")?;
            c.api.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: tenants, namespace: old-shop, finalizers: [shop.example.com/archive]}}")?;
            c.api.kubectl(&["delete", "namespace", "old-shop", "--wait=false"]).map(drop)
        },
        take_out: |c| {
            let patch = r#"{"metadata":{"finalizers":null}}"#;
            c.api
                .kubectl(&["patch", "configmap", "tenants", "-n", "old-shop", "--type=merge", "-p", patch])
                .map(drop)
        },
    },
    Havoc {
        name: "namespace-dead-api",
        says: "a namespace cannot be deleted: an aggregated API does not answer, so nobody knows what is in it",
        smoke: false,
        root: (&["apiservice-unavailable"], ""),
        allowed: &["service-selector-mismatch", "namespace-stuck-terminating"],
        until: &[("/api/v1/namespaces", "/status/conditions/*/reason", "DiscoveryFailed")],
        settles: Some(("aggregated-api", 60)),
        put_in: |c| {
            c.api.apply("{apiVersion: v1, kind: Namespace, metadata: {name: old-shop}}")?;
            c.api.apply("{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.stock.example.com}, spec: {group: stock.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: {name: stock-api, namespace: shop, port: 6443}}}")?;
            until("the API to be called unavailable", Duration::from_mins(1), || {
                let text = c.api.text("/apis/apiregistration.k8s.io/v1/apiservices/v1.stock.example.com")?;
                Ok(text.contains("ServiceNotFound").then_some(()))
            })?;
            c.api.kubectl(&["delete", "namespace", "old-shop", "--wait=false"]).map(drop)
        },
        take_out: |c| c.api.kubectl(&["delete", "apiservice", "v1.stock.example.com"]).map(drop),
    },
];

fn swap_token(cluster: &Cluster, from: &str, to: &str) -> Result<()> {
    let node = victim(cluster)?;
    let path = cluster.lab.kubeconfig(VICTIM);
    let text = std::fs::read_to_string(&path)?.replace(from, to);
    node.kubelet().stop()?;
    std::fs::write(path, text)?;
    node.start_kubelet()
}

fn wait_for_stale_lease(cluster: &Cluster, name: &str) -> Result<()> {
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{name}");
    until("the lease to go stale", Duration::from_mins(2), || {
        let lease = cluster.api.get(&path)?;
        let renewed: Option<jiff::Timestamp> =
            lease["spec"]["renewTime"].as_str().and_then(|t| t.parse().ok());
        let age = renewed.map_or(0, |t| jiff::Timestamp::now().as_second() - t.as_second());
        Ok((age > 65).then_some(()))
    })
}

/// Kills the pause process of every pod of the frontend on the victim, once, and waits until they run again.
fn kill_sandboxes(cluster: &Cluster) -> Result<()> {
    let node = victim(cluster)?;
    let listed = node.ctr(&["tasks", "list"])?;
    let sandboxes = node.ctr(&["containers", "list"])?;
    let pause: Vec<&str> = sandboxes
        .lines()
        .filter(|l| l.contains("pause"))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        if let (Some(id), Some(Ok(pid))) = (words.next(), words.next().map(str::parse::<u32>))
            && pause.contains(&id)
        {
            // One of those that the runtime ends meanwhile is gone already.
            let _ = crate::process::kill(pid, "KILL");
        }
    }
    // Long enough for the kubelet to notice and to build them anew; what shows it is asked for afterwards.
    wait_for_shop(cluster).or(Ok(()))
}
