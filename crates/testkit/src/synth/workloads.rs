//! Workloads, Services, EndpointSlices, claims and volumes of a made-up cluster.

use super::fault::Fault;
use super::plan::{Plan, Pod, Runs, SINCE, Workload};
use super::pods::template;
use serde_json::{Value, json};

/// The metadata of an object.
pub fn meta(plan: &Plan, kind: &str, namespace: &str, name: &str, age: i64) -> Value {
    let mut meta =
        json!({"name": name, "uid": plan.uid(kind, namespace, name), "creationTimestamp": Plan::ago(age)});
    if !namespace.is_empty() {
        meta["namespace"] = json!(namespace);
    }
    meta
}

/// How old a workload itself is: older than its newest template.
fn made(workload: &Workload) -> i64 {
    workload.age + 45 * 86_400
}

fn selector(workload: &Workload) -> Value {
    json!({"matchLabels": {"app": workload.name}})
}

/// A Deployment, StatefulSet or DaemonSet.
pub fn object(plan: &Plan, workload: &Workload) -> Value {
    let pods: Vec<Pod> = plan.pods(workload).collect();
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    let kind = match workload.runs {
        Runs::Deployment => "Deployment",
        Runs::StatefulSet => "StatefulSet",
        Runs::DaemonSet => "DaemonSet",
    };
    let mut meta = meta(plan, kind, &workload.namespace, &workload.name, made(workload));
    meta["generation"] = json!(4);
    let mut spec = json!({"selector": selector(workload), "revisionHistoryLimit": 10,
        "template": {"metadata": {"labels": {"app": workload.name}}, "spec": template(workload, workload.fault)}});
    let status = match workload.runs {
        Runs::Deployment => deployment(plan, workload, &mut spec, &pods, ready),
        Runs::StatefulSet => stateful_set(plan, workload, &mut spec, &pods, ready),
        Runs::DaemonSet => {
            let all = workload.replicas;
            json!({"desiredNumberScheduled": all, "currentNumberScheduled": all, "updatedNumberScheduled": all,
                "numberReady": ready, "numberAvailable": ready, "numberUnavailable": all - ready, "numberMisscheduled": 0,
                "observedGeneration": 4})
        }
    };
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec, "status": status})
}

fn deployment(plan: &Plan, workload: &Workload, spec: &mut Value, pods: &[Pod], ready: usize) -> Value {
    spec["replicas"] = json!(workload.replicas);
    spec["progressDeadlineSeconds"] = json!(600);
    spec["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let one = |kind: &str, good: bool, reason: &str, message: String, since: i64| {
        json!({"type": kind, "status": if good { "True" } else { "False" }, "reason": reason, "message": message,
            "lastTransitionTime": Plan::ago(since), "lastUpdateTime": Plan::ago(since)})
    };
    let enough = ready + workload.replicas / 4 >= workload.replicas;
    let set = format!("{}-{}", workload.name, plan.hash(workload, 0));
    let newest = pods.iter().filter(|p| p.hash == plan.hash(workload, 0)).count();
    let mut conditions = vec![if enough {
        let message = "Deployment has minimum availability.".to_owned();
        one("Available", true, "MinimumReplicasAvailable", message, workload.age - 20)
    } else {
        let message = "Deployment does not have minimum availability.".to_owned();
        let since = if workload.fault.is_some() { SINCE } else { super::nodes::HUNG };
        one("Available", false, "MinimumReplicasUnavailable", message, since)
    }];
    conditions.push(if workload.fault.is_some_and(Fault::fails_pods) {
        let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
        one("Progressing", false, "ProgressDeadlineExceeded", message, SINCE - 600)
    } else {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        one("Progressing", true, "NewReplicaSetAvailable", message, workload.age - 20)
    });
    if workload.fault == Some(Fault::QuotaFull) {
        let message = super::events::denied(plan, workload);
        conditions.push(one("ReplicaFailure", true, "FailedCreate", message, SINCE));
    }
    let missing = workload.replicas - ready;
    json!({"replicas": pods.len(), "updatedReplicas": newest, "readyReplicas": ready, "availableReplicas": ready,
        "unavailableReplicas": missing, "observedGeneration": 4, "conditions": conditions})
}

fn stateful_set(plan: &Plan, workload: &Workload, spec: &mut Value, pods: &[Pod], ready: usize) -> Value {
    spec["replicas"] = json!(workload.replicas);
    spec["serviceName"] = json!(workload.name);
    spec["podManagementPolicy"] = json!("OrderedReady");
    spec["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
    spec["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": claim_spec(workload)}]);
    let revision = format!("{}-{}", workload.name, plan.hash(workload, 0));
    json!({"replicas": pods.len(), "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": pods.len(),
        "updatedReplicas": pods.len(), "currentRevision": revision, "updateRevision": revision, "collisionCount": 0,
        "observedGeneration": 4})
}

/// The ReplicaSets of a Deployment: that of its template, and some that are scaled to nothing.
pub fn replica_sets(plan: &Plan, workload: &Workload) -> Vec<Value> {
    if workload.runs != Runs::Deployment {
        return Vec::new();
    }
    let pods: Vec<Pod> = plan.pods(workload).collect();
    let older = plan.rng(&["history", &workload.namespace, &workload.name]).below(3);
    let rollout = workload.fault.is_some_and(Fault::is_of_a_rollout);
    let one = |back: usize| {
        let hash = plan.hash(workload, back);
        let own: Vec<&Pod> = pods.iter().filter(|p| p.hash == hash).collect();
        let ready = own.iter().filter(|p| p.is_ready()).count();
        let name = format!("{}-{hash}", workload.name);
        let age = match (back, rollout) {
            (0, true) => SINCE,
            (0, false) => workload.age,
            (back, _) => workload.age + back as i64 * 86_400,
        };
        let mut meta = meta(plan, "ReplicaSet", &workload.namespace, &name, age);
        let labels = json!({"app": workload.name, "pod-template-hash": hash});
        meta["labels"] = labels.clone();
        meta["generation"] = json!(2);
        meta["annotations"] = json!({"deployment.kubernetes.io/revision": (4 - back).to_string(),
            "deployment.kubernetes.io/desired-replicas": workload.replicas.to_string()});
        let uid = plan.uid("Deployment", &workload.namespace, &workload.name);
        meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name,
            "uid": uid, "controller": true, "blockOwnerDeletion": true}]);
        let short = usize::from(back == 0 && workload.fault == Some(Fault::QuotaFull));
        let fault = workload.fault.filter(|_| back == 0);
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta,
            "spec": {"replicas": own.len() + short, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": template(workload, fault)}},
            "status": {"replicas": own.len(), "fullyLabeledReplicas": own.len(), "readyReplicas": ready,
                "availableReplicas": ready, "observedGeneration": 2}})
    };
    (0..=older.max(usize::from(rollout))).map(one).collect()
}

/// The Service of a workload.
pub fn service(plan: &Plan, workload: &Workload) -> Value {
    let mut rng = plan.rng(&["service", &workload.namespace, &workload.name]);
    let ip = format!("10.{}.{}.{}", 96 + rng.below(16), rng.below(256), 1 + rng.below(250));
    let headless = workload.runs == Runs::StatefulSet;
    let app = if workload.fault == Some(Fault::SelectorDiffers) {
        format!("{}-v2", workload.name)
    } else {
        workload.name.clone()
    };
    json!({"apiVersion": "v1", "kind": "Service",
        "metadata": meta(plan, "Service", &workload.namespace, &workload.name, made(workload)),
        "spec": {"type": "ClusterIP", "clusterIP": if headless { "None".to_owned() } else { ip }, "selector": {"app": app},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}], "sessionAffinity": "None"},
        "status": {"loadBalancer": {}}})
}

/// The EndpointSlices of a workload's Service, of up to a hundred endpoints each.
pub fn slices(plan: &Plan, workload: &Workload) -> Vec<Value> {
    let selects = workload.fault != Some(Fault::SelectorDiffers);
    let pods: Vec<Pod> = plan.pods(workload).filter(|p| selects && p.address.is_some()).collect();
    let endpoint = |pod: &Pod| {
        let ready = pod.is_ready();
        json!({"addresses": [pod.address], "conditions": {"ready": ready, "serving": ready, "terminating": false},
            "nodeName": pod.node.map(Plan::node), "targetRef": {"kind": "Pod", "name": pod.name,
                "namespace": workload.namespace, "uid": pod.uid}})
    };
    let mut chunks: Vec<&[Pod]> = pods.chunks(100).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let one = |(i, chunk): (usize, &&[Pod])| {
        let mut rng = plan.rng(&["slice", &workload.namespace, &workload.name, &i.to_string()]);
        let name = format!("{}-{}", workload.name, rng.suffix(5));
        let mut meta = meta(plan, "EndpointSlice", &workload.namespace, &name, made(workload));
        meta["labels"] = json!({"kubernetes.io/service-name": workload.name,
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"});
        let uid = plan.uid("Service", &workload.namespace, &workload.name);
        meta["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Service", "name": workload.name, "uid": uid,
            "controller": true, "blockOwnerDeletion": true}]);
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta, "addressType": "IPv4",
            "endpoints": chunk.iter().map(endpoint).collect::<Vec<_>>(),
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]})
    };
    chunks.iter().enumerate().map(one).collect()
}

fn claim_spec(workload: &Workload) -> Value {
    let class = if workload.fault == Some(Fault::ClassMissing) { "fast-local" } else { "standard" };
    json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}, "storageClassName": class,
        "volumeMode": "Filesystem"})
}

/// The claims of a StatefulSet, each with the volume and its attachment, where it has them.
pub fn claims(plan: &Plan, workload: &Workload) -> Vec<(Value, Option<(Value, Value)>)> {
    if workload.runs != Runs::StatefulSet {
        return Vec::new();
    }
    let bound = workload.fault != Some(Fault::ClassMissing);
    let one = |pod: Pod| {
        let (namespace, name) = (&workload.namespace, format!("data-{}", pod.name));
        let age = if bound { made(workload) } else { SINCE };
        let uid = plan.uid("PersistentVolumeClaim", namespace, &name);
        let volume = format!("pvc-{uid}");
        let mut spec = claim_spec(workload);
        let mut meta = meta(plan, "PersistentVolumeClaim", namespace, &name, age);
        meta["finalizers"] = json!(["kubernetes.io/pvc-protection"]);
        let mut status = json!({"phase": "Pending"});
        if bound {
            spec["volumeName"] = json!(volume);
            status =
                json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "20Gi"}});
        }
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec, "status": status});
        let volume =
            bound.then(|| (self::volume(plan, workload, &name, age), attachment(plan, &pod, &volume)));
        (claim, volume)
    };
    plan.pods(workload).map(one).collect()
}

fn volume(plan: &Plan, workload: &Workload, claim: &str, age: i64) -> Value {
    let uid = plan.uid("PersistentVolumeClaim", &workload.namespace, claim);
    let name = format!("pvc-{uid}");
    json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta(plan, "PersistentVolume", "", &name, age - 5),
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "20Gi"}, "storageClassName": "standard",
            "volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": workload.namespace, "name": claim, "uid": uid},
            "csi": {"driver": "disk.csi.example.com", "volumeHandle": format!("vol-{}", &uid), "fsType": "ext4"}},
        "status": {"phase": "Bound"}})
}

fn attachment(plan: &Plan, pod: &Pod, volume: &str) -> Value {
    let node = pod.node.map(Plan::node).unwrap_or_default();
    let name = format!("csi-{}", plan.rng(&["attachment", volume]).hex(64));
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
        "metadata": meta(plan, "VolumeAttachment", "", &name, pod.age),
        "spec": {"attacher": "disk.csi.example.com", "nodeName": node, "source": {"persistentVolumeName": volume}},
        "status": {"attached": true}})
}
