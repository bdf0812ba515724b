//! Pods of a made-up cluster, as the API shows them.

use super::fault::Fault;
use super::plan::{Plan, Pod, Runs, SINCE, Workload};
use serde_json::{Value, json};

/// A pod's template: what its workload says, with the fault that is in it.
pub fn template(workload: &Workload, fault: Option<Fault>) -> Value {
    let name = &workload.name;
    let mut requests =
        json!({"cpu": format!("{}m", workload.cpu), "memory": format!("{}Mi", workload.memory)});
    let mut env = json!([{"name": "LOG_LEVEL", "value": "info"}]);
    let mut spec = json!({"serviceAccountName": "default", "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30, "securityContext": {}});
    match fault {
        Some(Fault::RequestTooLarge) => requests = json!({"cpu": "4000", "memory": "128Mi"}),
        Some(Fault::LabelNowhere) => spec["nodeSelector"] = json!({"hardware": "nvme-large"}),
        Some(Fault::ConfigMapMissing) => {
            env = json!([{"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": format!("{name}-settings"), "key": "region"}}}]);
        }
        Some(Fault::SecretMissing) => {
            env = json!([{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": format!("{name}-token"), "key": "token"}}}]);
        }
        _ => {}
    }
    let mut container = json!({"name": name, "image": image(workload, fault), "imagePullPolicy": "IfNotPresent",
        "env": env, "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": requests, "limits": {"memory": format!("{}Mi", workload.memory * 2)}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"});
    if workload.runs != Runs::DaemonSet {
        container["readinessProbe"] = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
            "periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3});
    }
    if workload.runs == Runs::StatefulSet {
        container["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    }
    spec["containers"] = json!([container]);
    spec
}

/// The image of a workload.
fn image(workload: &Workload, fault: Option<Fault>) -> String {
    let tag = if fault == Some(Fault::ImageAbsent) { "2.14.0-rc" } else { "2.13.4" };
    format!("registry.example.com/{}/{}:{tag}", workload.namespace, workload.name)
}

/// The labels of a pod.
fn labels(workload: &Workload, pod: &Pod) -> Value {
    let name = &workload.name;
    match workload.runs {
        Runs::Deployment => json!({"app": name, "pod-template-hash": pod.hash}),
        _ => json!({"app": name, "controller-revision-hash": format!("{name}-{}", pod.hash)}),
    }
}

/// Who owns a pod.
fn owner(plan: &Plan, workload: &Workload, pod: &Pod) -> Value {
    let (kind, name) = match workload.runs {
        Runs::Deployment => ("ReplicaSet", format!("{}-{}", workload.name, pod.hash)),
        Runs::StatefulSet => ("StatefulSet", workload.name.clone()),
        Runs::DaemonSet => ("DaemonSet", workload.name.clone()),
    };
    let uid = plan.uid(kind, &workload.namespace, &name);
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}])
}

/// A pod.
pub fn object(plan: &Plan, workload: &Workload, pod: &Pod) -> Value {
    let mut spec = template(workload, pod.fault);
    spec["serviceAccount"] = json!("default");
    spec["priority"] = json!(0);
    spec["tolerations"] = tolerations(workload);
    if workload.runs == Runs::StatefulSet {
        spec["volumes"] =
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": format!("data-{}", pod.name)}}]);
    }
    if let Some(node) = pod.node {
        spec["nodeName"] = json!(Plan::node(node));
    }
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod.name, "namespace": workload.namespace, "uid": pod.uid,
            "creationTimestamp": Plan::ago(pod.age), "labels": labels(workload, pod),
            "ownerReferences": owner(plan, workload, pod)},
        "spec": spec, "status": status(plan, workload, pod)})
}

fn tolerations(workload: &Workload) -> Value {
    if workload.runs == Runs::DaemonSet {
        return json!([{"operator": "Exists"}]);
    }
    json!([{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}])
}

/// What the scheduler says of a pod that fits nowhere.
pub fn unschedulable(plan: &Plan, fault: Fault) -> String {
    let (all, hung) = (plan.nodes, plan.hung.len());
    let lost = if hung > 0 {
        format!("{hung} node(s) had untolerated taint {{node.kubernetes.io/not-ready: }}, ")
    } else {
        String::new()
    };
    let free = all - hung;
    let why = match fault {
        Fault::RequestTooLarge => format!("{lost}{free} Insufficient cpu"),
        Fault::LabelNowhere => format!("{lost}{free} node(s) didn't match Pod's node affinity/selector"),
        _ => "pod has unbound immediate PersistentVolumeClaims".to_owned(),
    };
    let helpless =
        format!("preemption: 0/{all} nodes are available: {all} Preemption is not helpful for scheduling.");
    format!("0/{all} nodes are available: {why}. {helpless}")
}

fn status(plan: &Plan, workload: &Workload, pod: &Pod) -> Value {
    let Some(node) = pod.node else {
        let message = pod.fault.map(|f| unschedulable(plan, f));
        return json!({"phase": "Pending", "qosClass": "Burstable", "conditions": [{"type": "PodScheduled",
            "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": Plan::ago(pod.age)}]});
    };
    let container = container_status(plan, workload, pod);
    let phase = if pod.fault.is_some_and(Fault::is_of_a_rollout) { "Pending" } else { "Running" };
    let host = super::nodes::address(node);
    json!({"phase": phase, "qosClass": "Burstable", "hostIP": host, "hostIPs": [{"ip": host}], "podIP": pod.address,
        "podIPs": [{"ip": pod.address}], "startTime": Plan::ago(pod.age), "conditions": conditions(workload, pod),
        "containerStatuses": [container]})
}

fn conditions(workload: &Workload, pod: &Pod) -> Value {
    let good = |kind: &str, ago: i64| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": Plan::ago(ago)});
    let bad = |kind: &str| {
        json!({"type": kind, "status": "False", "lastProbeTime": null, "lastTransitionTime": Plan::ago(pod.age),
            "reason": "ContainersNotReady", "message": format!("containers with unready status: [{}]", workload.name)})
    };
    let (ready, containers) = if pod.fault.is_some() {
        (bad("Ready"), bad("ContainersReady"))
    } else if pod.lost {
        let lost = json!({"type": "Ready", "status": "False", "lastProbeTime": null, "lastTransitionTime": Plan::ago(super::nodes::HUNG)});
        (lost, good("ContainersReady", pod.age - 8))
    } else {
        (good("Ready", pod.age - 8), good("ContainersReady", pod.age - 8))
    };
    json!([
        good("PodReadyToStartContainers", pod.age - 2),
        good("Initialized", pod.age),
        ready,
        containers,
        good("PodScheduled", pod.age)
    ])
}

/// What kubelet says of an image that is not there.
pub fn absent(workload: &Workload) -> String {
    let image = image(workload, Some(Fault::ImageAbsent));
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    )
}

/// What the pod waits for: reason and message.
pub fn waiting(workload: &Workload, pod: &Pod) -> Option<(&'static str, String)> {
    let name = &workload.name;
    Some(match pod.fault? {
        Fault::ConfigMapMissing => {
            ("CreateContainerConfigError", format!("configmap \"{name}-settings\" not found"))
        }
        Fault::SecretMissing => ("CreateContainerConfigError", format!("secret \"{name}-token\" not found")),
        Fault::ImageAbsent => {
            let image = image(workload, pod.fault);
            (
                "ImagePullBackOff",
                format!("Back-off pulling image \"{image}\": ErrImagePull: {}", absent(workload)),
            )
        }
        Fault::OutOfMemory | Fault::Crash => {
            let of = format!("pod={}_{}({})", pod.name, workload.namespace, pod.uid);
            ("CrashLoopBackOff", format!("back-off 5m0s restarting failed container={name} {of}"))
        }
        _ => return None,
    })
}

fn container_status(plan: &Plan, workload: &Workload, pod: &Pod) -> Value {
    let mut rng = plan.rng(&["container", &workload.namespace, &pod.name]);
    let id = |rng: &mut super::rng::Rng| format!("containerd://{}", rng.hex(64));
    let mut status = json!({"name": workload.name, "image": image(workload, pod.fault), "ready": pod.fault.is_none(),
        "started": pod.fault.is_none(), "restartCount": 0, "lastState": {}});
    let Some((reason, message)) = waiting(workload, pod) else {
        status["containerID"] = json!(id(&mut rng));
        status["imageID"] = json!(format!("registry.example.com/{}@sha256:{}", workload.name, rng.hex(64)));
        status["state"] = json!({"running": {"startedAt": Plan::ago(pod.age - 3)}});
        // Old restarts lie about in every cluster.
        if pod.age > 5 * 86_400 && rng.percent(4) {
            let ended = rng.seconds(86_400, pod.age - 86_400);
            status["restartCount"] = json!(1 + rng.below(2));
            status["state"] = json!({"running": {"startedAt": Plan::ago(ended - 2)}});
            status["lastState"] = json!({"terminated": {"exitCode": rng.pick(&[0, 1, 2, 255], 1), "reason": "Error",
                "startedAt": Plan::ago(pod.age - 3), "finishedAt": Plan::ago(ended), "containerID": id(&mut rng)}});
        }
        return status;
    };
    status["state"] = json!({"waiting": {"reason": reason, "message": message}});
    if matches!(pod.fault, Some(Fault::OutOfMemory | Fault::Crash)) {
        let oom = pod.fault == Some(Fault::OutOfMemory);
        let (code, why, ran) = if oom { (137, "OOMKilled", 9) } else { (1, "Error", 1) };
        let ended = rng.seconds(30, 240);
        status["restartCount"] = json!(9);
        status["containerID"] = json!(id(&mut rng));
        status["imageID"] = json!(format!("registry.example.com/{}@sha256:{}", workload.name, rng.hex(64)));
        status["lastState"] = json!({"terminated": {"exitCode": code, "reason": why, "startedAt": Plan::ago(ended + ran),
            "finishedAt": Plan::ago(ended), "containerID": id(&mut rng)}});
    }
    debug_assert!(pod.age <= SINCE, "what waits has a fault");
    status
}
