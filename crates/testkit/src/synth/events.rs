//! Events of a made-up cluster: those of the last hour, as the API server keeps them.

use super::fault::Fault;
use super::nodes::HUNG;
use super::plan::{Plan, Pod, Runs, SINCE, Workload};
use super::pods::{absent, unschedulable, waiting};
use serde_json::{Value, json};

/// Object, when it first and last came, how often.
struct Event<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    uid: String,
    reason: &'a str,
    message: String,
    by: (&'a str, String),
    first: i64,
    last: i64,
    count: usize,
}

impl Event<'_> {
    fn object(&self, plan: &Plan) -> Value {
        let names = [self.namespace, self.name, self.reason, &self.first.to_string()];
        let mut rng = plan.rng(&names);
        let namespace = if self.namespace.is_empty() { "default" } else { self.namespace };
        let version = if self.kind == "Deployment" || self.kind == "ReplicaSet" { "apps/v1" } else { "v1" };
        let warning = !matches!(
            self.reason,
            "Scheduled" | "Pulled" | "Created" | "Started" | "ScalingReplicaSet" | "NodeNotReady"
        );
        let mut involved =
            json!({"apiVersion": version, "kind": self.kind, "name": self.name, "uid": self.uid});
        if !self.namespace.is_empty() {
            involved["namespace"] = json!(self.namespace);
        }
        let mut source = json!({"component": self.by.0});
        if !self.by.1.is_empty() {
            source["host"] = json!(self.by.1);
        }
        json!({"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{}.{}", self.name, rng.hex(16)), "namespace": namespace, "uid": rng.uid(),
                "creationTimestamp": Plan::ago(self.first)},
            "involvedObject": involved, "reason": self.reason, "message": self.message, "source": source,
            "type": if warning { "Warning" } else { "Normal" }, "count": self.count,
            "firstTimestamp": Plan::ago(self.first), "lastTimestamp": Plan::ago(self.last),
            "reportingComponent": self.by.0, "reportingInstance": self.by.1})
    }
}

/// What the API server answers where the quota of a namespace is used up.
pub fn denied(plan: &Plan, workload: &Workload) -> String {
    let name = format!("{}-{}", workload.name, plan.hash(workload, 0));
    format!(
        "pods \"{name}-{}\" is forbidden: exceeded quota: team, requested: pods=1, used: pods={limit}, limited: pods={limit}",
        plan.rng(&["denied", &name]).suffix(5),
        limit = quota(plan, &workload.namespace)
    )
}

/// How many pods the quota of a namespace allows.
pub fn quota(plan: &Plan, namespace: &str) -> usize {
    plan.quotas.get(namespace).copied().unwrap_or_default()
}

/// The events of a workload and its pods.
pub fn of_workload(plan: &Plan, workload: &Workload, mut put: impl FnMut(Value)) {
    if workload.fault == Some(Fault::QuotaFull) {
        let name = format!("{}-{}", workload.name, plan.hash(workload, 0));
        let event = Event {
            kind: "ReplicaSet",
            namespace: &workload.namespace,
            name: &name,
            uid: plan.uid("ReplicaSet", &workload.namespace, &name),
            reason: "FailedCreate",
            message: format!("Error creating: {}", denied(plan, workload)),
            by: ("replicaset-controller", String::new()),
            first: SINCE,
            last: 100,
            count: 12,
        };
        put(event.object(plan));
    }
    if workload.runs == Runs::Deployment && workload.age < 3_600 {
        let set = format!("{}-{}", workload.name, plan.hash(workload, 0));
        let event = Event {
            kind: "Deployment",
            namespace: &workload.namespace,
            name: &workload.name,
            uid: plan.uid("Deployment", &workload.namespace, &workload.name),
            reason: "ScalingReplicaSet",
            message: format!("Scaled up replica set {set} from 0 to {}", workload.replicas),
            by: ("deployment-controller", String::new()),
            first: workload.age,
            last: workload.age,
            count: 1,
        };
        put(event.object(plan));
    }
    for pod in plan.pods(workload) {
        of_pod(plan, workload, &pod, &mut put);
    }
    if workload.fault == Some(Fault::ClassMissing) {
        for pod in plan.pods(workload) {
            let name = format!("data-{}", pod.name);
            let event = Event {
                kind: "PersistentVolumeClaim",
                namespace: &workload.namespace,
                name: &name,
                uid: plan.uid("PersistentVolumeClaim", &workload.namespace, &name),
                reason: "ProvisioningFailed",
                message: "storageclass.storage.k8s.io \"fast-local\" not found".to_owned(),
                by: ("persistentvolume-controller", String::new()),
                first: SINCE,
                last: 10,
                count: 113,
            };
            put(event.object(plan));
        }
    }
}

fn of_pod(plan: &Plan, workload: &Workload, pod: &Pod, put: &mut impl FnMut(Value)) {
    let event = |reason, message, by, first, last, count| {
        let (kind, namespace, name, uid) =
            ("Pod", workload.namespace.as_str(), pod.name.as_str(), pod.uid.clone());
        Event { kind, namespace, name, uid, reason, message, by, first, last, count }.object(plan)
    };
    let Some(node) = pod.node.map(Plan::node) else {
        let message = pod.fault.map(|f| unschedulable(plan, f)).unwrap_or_default();
        let by = ("default-scheduler", String::new());
        put(event("FailedScheduling", message, by, pod.age, 60, 6));
        return;
    };
    let kubelet = || ("kubelet", node.clone());
    let container = &workload.name;
    if pod.age < 3_600 {
        let of = format!("Successfully assigned {}/{} to {node}", workload.namespace, pod.name);
        put(event("Scheduled", of, ("default-scheduler", String::new()), pod.age, pod.age, 1));
    }
    if pod.age < 3_600 && pod.fault.is_none() {
        for (reason, message) in [
            (
                "Pulled",
                format!(
                    "Container image \"registry.example.com/{container}:2.13.4\" already present on machine"
                ),
            ),
            ("Created", format!("Created container: {container}")),
            ("Started", format!("Started container {container}")),
        ] {
            put(event(reason, message, kubelet(), pod.age - 2, pod.age - 2, 1));
        }
    }
    let mut rng = plan.rng(&["noise", &workload.namespace, &pod.name]);
    if pod.is_ready() && workload.runs != Runs::DaemonSet && rng.percent(2) && pod.age > 3_600 {
        let address = pod.address.clone().unwrap_or_default();
        let message = format!(
            "Readiness probe failed: Get \"http://{address}:8080/healthz\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        );
        let first = rng.seconds(1_500, 3_500);
        put(event("Unhealthy", message, kubelet(), first, first, 1));
    }
    match (pod.fault, waiting(workload, pod)) {
        (Some(Fault::OutOfMemory | Fault::Crash), _) => {
            let of = format!("{}_{}({})", pod.name, workload.namespace, pod.uid);
            let message = format!("Back-off restarting failed container {container} in pod {of}");
            put(event("BackOff", message, kubelet(), pod.age - 30, 20, 110));
        }
        (Some(Fault::ImageAbsent), _) => {
            let image = format!("registry.example.com/{}/{container}:2.14.0-rc", workload.namespace);
            let message = format!("Failed to pull image \"{image}\": {}", absent(workload));
            put(event("Failed", message, kubelet(), pod.age - 2, 90, 8));
        }
        (_, Some((_, message))) => {
            put(event("Failed", format!("Error: {message}"), kubelet(), pod.age - 2, 10, 120));
        }
        _ => {}
    }
}

/// The events of a node.
pub fn of_node(plan: &Plan, number: usize, mut put: impl FnMut(Value)) {
    if !plan.hung.contains(&number) {
        return;
    }
    let name = Plan::node(number);
    let event = Event {
        kind: "Node",
        namespace: "",
        name: &name,
        uid: plan.uid("Node", "", &name),
        reason: "NodeNotReady",
        message: format!("Node {name} status is now: NodeNotReady"),
        by: ("kubelet", name.clone()),
        first: HUNG,
        last: HUNG,
        count: 1,
    };
    put(event.object(plan));
}
