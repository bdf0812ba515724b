//! Nodes of a made-up cluster, with their leases and logs.

use super::plan::Plan;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};

/// How long ago the nodes whose runtime hangs were found not ready, in seconds.
pub const HUNG: i64 = 200;

/// A node's address.
pub fn address(number: usize) -> String {
    format!("192.168.{}.{}", number / 250, 2 + number % 250)
}

/// A node.
pub fn object(plan: &Plan, number: usize) -> Value {
    let name = Plan::node(number);
    let hung = plan.hung.contains(&number);
    let (cpu, memory) = plan.capacity();
    let resources = |reserve: usize| {
        json!({"cpu": format!("{}m", cpu - reserve), "memory": format!("{}Mi", memory - reserve),
            "pods": plan.pods_per_node.to_string(), "ephemeral-storage": "206292644Ki", "hugepages-2Mi": "0"})
    };
    let zone = ["a", "b", "c"].get(number % 3).copied().unwrap_or("a");
    let cidr = format!("10.{}.{}.0/24", 64 + number / 256, number % 256);
    let mut spec =
        json!({"podCIDR": cidr, "podCIDRs": [cidr], "providerID": format!("example:///{zone}/{name}")});
    if hung {
        let taint = |effect: &str| json!({"key": "node.kubernetes.io/not-ready", "effect": effect, "timeAdded": Plan::ago(HUNG)});
        spec["taints"] = json!([taint("NoSchedule"), taint("NoExecute")]);
    }
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "uid": plan.uid("Node", "", &name), "creationTimestamp": Plan::ago(60 * 86_400),
            "labels": {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
                "node.kubernetes.io/instance-type": "general-16", "topology.kubernetes.io/region": "region-1",
                "topology.kubernetes.io/zone": format!("region-1{zone}")}},
        "spec": spec,
        "status": {"addresses": [{"type": "InternalIP", "address": address(number)}, {"type": "Hostname", "address": name}],
            "capacity": resources(0), "allocatable": resources(400), "conditions": conditions(hung),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}, "images": images(plan, number),
            "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "osImage": "Ubuntu 24.04.1 LTS",
                "kernelVersion": "6.8.0-51-generic", "containerRuntimeVersion": "containerd://2.0.4",
                "kubeletVersion": "v1.34.2", "kubeProxyVersion": "v1.34.2",
                "bootID": plan.uid("boot", "", &name), "machineID": plan.uid("machine", "", &name)}}})
}

fn images(plan: &Plan, number: usize) -> Value {
    let mut rng = plan.rng(&["images", &number.to_string()]);
    let one = |i: usize, rng: &mut super::rng::Rng| {
        let repository = format!("registry.example.com/base/layer-{i}");
        json!({"names": [format!("{repository}@sha256:{}", rng.hex(64)), format!("{repository}:1.{i}")],
            "sizeBytes": 4_000_000 + rng.below(300_000_000)})
    };
    (0..20).map(|i| one(i, &mut rng)).collect()
}

fn conditions(hung: bool) -> Value {
    let beat = if hung { 12 } else { 25 };
    let one = |kind: &str, status: &str, reason: &str, message: &str, since: i64| {
        json!({"type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": Plan::ago(beat), "lastTransitionTime": Plan::ago(since)})
    };
    let old = 60 * 86_400;
    let ready = if hung {
        let message = "[container runtime is down, PLEG is not healthy: pleg was last seen active 6m20.406033722s ago; threshold is 3m0s]";
        one("Ready", "False", "KubeletNotReady", message, HUNG)
    } else {
        one("Ready", "True", "KubeletReady", "kubelet is posting ready status", old)
    };
    json!([
        one(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
            old
        ),
        one("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", old),
        one("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", old),
        ready
    ])
}

/// A lease: a node's, or that of a component of the control plane.
pub fn lease(plan: &Plan, namespace: &str, name: &str, holder: &str) -> Value {
    let renewed = Plan::ago(3).to_string().replace('Z', ".250000Z");
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace, "uid": plan.uid("Lease", namespace, name),
            "creationTimestamp": Plan::ago(60 * 86_400)},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 40, "renewTime": renewed}})
}

/// Numbers of the nodes whose logs were collected: those that hang, and a few more.
pub fn logged(plan: &Plan) -> Vec<usize> {
    let step = (plan.nodes / 5).max(1);
    (0..plan.nodes).filter(|n| n % step == 0 || plan.hung.contains(n)).collect()
}

/// Kubelet's log of the last hour.
pub fn kubelet_log(plan: &Plan, number: usize, out: &mut impl Write) -> io::Result<()> {
    let hung = plan.hung.contains(&number);
    let mut rng = plan.rng(&["kubelet", &number.to_string()]);
    for tick in (0..720_i64).rev() {
        let ago = tick * 5;
        let stamp = |level: char| {
            let time = Plan::ago(ago).to_string();
            let part = |range| time.get(range).unwrap_or_default();
            let mut text = String::new();
            let _ = write!(text, "{level}{}{} {}", part(5..7), part(8..10), part(11..19));
            text
        };
        let micro = rng.below(1_000_000);
        let pid = 2300 + number % 90;
        if hung && ago < 500 {
            if ago % 60 == 0 {
                let error = "err=\"rpc error: code = DeadlineExceeded desc = context deadline exceeded\"";
                for (place, words) in [
                    ("log.go:32", "ListPodSandbox with filter from runtime service failed"),
                    ("generic.go:256", "GenericPLEG: Unable to retrieve pods"),
                    ("log.go:32", "Status from runtime service failed"),
                ] {
                    writeln!(out, "{}.{micro:06}    {pid} {place}] \"{words}\" {error}", stamp('E'))?;
                }
            }
            continue;
        }
        let volume = rng.uid();
        let line = match tick % 6 {
            0 => "kubelet.go:1753] \"Image garbage collection succeeded\"".to_owned(),
            1 => format!(
                "reconciler_common.go:251] \"operationExecutor.VerifyControllerAttachedVolume started for volume \\\"kube-api-access-{}\\\" (UniqueName: \\\"kubernetes.io/projected/{volume}\\\")\"",
                rng.suffix(5)
            ),
            2 => format!(
                "operation_generator.go:617] \"MountVolume.SetUp succeeded for volume \\\"kube-api-access-{}\\\" (UniqueName: \\\"kubernetes.io/projected/{volume}\\\")\"",
                rng.suffix(5)
            ),
            _ => format!(
                "kubelet.go:2752] \"SyncLoop (PLEG): event for pod\" event={{\"ID\":\"{volume}\",\"Type\":\"ContainerStarted\",\"Data\":\"{}\"}}",
                rng.hex(64)
            ),
        };
        writeln!(out, "{}.{micro:06}    {pid} {line}", stamp('I'))?;
    }
    Ok(())
}
