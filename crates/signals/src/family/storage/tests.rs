use super::*;
use crate::finding::Finding;
use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

const TAKEN: &str = "2026-01-01T00:10:00Z";
const OLD: &str = "2026-01-01T00:00:00Z";

fn seen(objects: &[(&str, &str)]) -> Vec<Finding> {
    seen_with(objects, &[])
}

fn seen_with(objects: &[(&str, &str)], not_listed: &[Kind]) -> Vec<Finding> {
    let mut b = SnapshotBuilder::default();
    b.taken_at(TAKEN.parse().ok());
    let kinds = [
        Kind::Pod,
        Kind::Node,
        Kind::Event,
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::VolumeAttachment,
    ];
    for kind in kinds.into_iter().filter(|k| !not_listed.contains(k)) {
        b.access(kind, Access::Listed);
    }
    for (kind, json) in objects {
        let parsed = Ingest::parse(kind, json);
        assert!(parsed.is_ok(), "{json}");
        parsed.into_iter().for_each(|o| b.push(o));
    }
    let mut sink = Sink::default();
    observe(&b.finish(), &mut sink);
    sink.finish().all().to_vec()
}

fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|f| f.signal).collect()
}

fn claim(spec: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"data","namespace":"shop","uid":"11111111-0000-0000-0000-000000000001","creationTimestamp":"{OLD}"}},
        "spec":{{"accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":"10Gi"}}}}{spec}}},
        "status":{{"phase":"Pending"}}}}"#
    )
}

fn volume(name: &str, spec: &str, phase: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"tier":"slow"}}}},"spec":{{"storageClassName":"manual","capacity":{{"storage":"20Gi"}},
        "accessModes":["ReadWriteOnce"]{spec}}},"status":{{"phase":"{phase}"}}}}"#
    )
}

const FAST: &str = r#","storageClassName":"fast-ssd""#;
const MANUAL: &str = r#","storageClassName":"manual""#;

#[test]
fn a_class_that_does_not_exist_is_named() {
    let class = r#"{"metadata":{"name":"fast-sdd"},"provisioner":"x"}"#;
    let found = seen(&[("PersistentVolumeClaim", &claim(FAST)), ("StorageClass", class)]);
    assert_eq!(ids(&found), ["claim.class-missing", "claim.unbound"]);
    assert!(found.iter().any(|f| f.params.get("near").is_some_and(|n| n == "fast-sdd")));
}

#[test]
fn without_the_list_of_classes_the_event_decides() {
    let event = r#"{"metadata":{"name":"e","namespace":"shop"},"reason":"ProvisioningFailed","count":9,"type":"Warning",
        "message":"storageclass.storage.k8s.io \"fast-ssd\" not found","firstTimestamp":"2026-01-01T00:00:10Z",
        "lastTimestamp":"2026-01-01T00:09:50Z",
        "involvedObject":{"kind":"PersistentVolumeClaim","namespace":"shop","name":"data"}}"#;
    let claim = claim(FAST);
    let closed = [Kind::StorageClass, Kind::PersistentVolume];
    assert!(seen_with(&[("PersistentVolumeClaim", &claim)], &closed).is_empty());
    let told = seen_with(&[("PersistentVolumeClaim", &claim), ("Event", event)], &closed);
    assert_eq!(ids(&told), ["claim.class-missing", "claim.unbound"]);
}

#[test]
fn no_class_and_no_default_is_a_fault_and_a_default_is_none() {
    assert_eq!(
        ids(&seen(&[("PersistentVolumeClaim", &claim(""))])),
        ["claim.no-default-class", "claim.unbound"]
    );
    let class = r#"{"metadata":{"name":"std","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},
        "provisioner":"x","volumeBindingMode":"WaitForFirstConsumer"}"#;
    assert!(seen(&[("PersistentVolumeClaim", &claim("")), ("StorageClass", class)]).is_empty());
}

#[test]
fn a_claim_that_waits_for_its_consumer_is_no_fault() {
    let class =
        r#"{"metadata":{"name":"fast-ssd"},"provisioner":"x","volumeBindingMode":"WaitForFirstConsumer"}"#;
    assert!(seen(&[("PersistentVolumeClaim", &claim(FAST)), ("StorageClass", class)]).is_empty());
}

#[test]
fn the_volume_that_comes_nearest_says_what_is_wrong() {
    let one = |claim: &str, volume: &str| {
        let found = seen(&[("PersistentVolumeClaim", claim), ("PersistentVolume", volume)]);
        let ids = ids(&found);
        ids.iter()
            .find(|i| **i != "claim.unbound")
            .or(ids.first())
            .map(|i| (*i).to_owned())
            .unwrap_or_default()
    };
    let manual = claim(MANUAL);
    let big = manual.replace("10Gi", "50Gi");
    assert_eq!(one(&big, &volume("pv1", "", "Available")), "claim.capacity-mismatch");
    let many = manual.replace("ReadWriteOnce", "ReadWriteMany");
    assert_eq!(one(&many, &volume("pv1", "", "Available")), "claim.access-mode-mismatch");
    let selects = claim(&format!("{MANUAL},\"selector\":{{\"matchLabels\":{{\"tier\":\"fast\"}}}}"));
    assert_eq!(one(&selects, &volume("pv1", "", "Available")), "claim.selector-mismatch");
    let held =
        r#","claimRef":{"namespace":"shop","name":"data","uid":"22222222-0000-0000-0000-000000000002"}"#;
    assert_eq!(one(&manual, &volume("pv1", held, "Released")), "claim.volume-taken");
    assert_eq!(one(&manual, &volume("pv1", "", "Available")), "claim.unbound");
}

#[test]
fn a_named_volume_is_judged_alone() {
    let named = claim(&format!("{MANUAL},\"volumeName\":\"pv1\""));
    let found = seen(&[("PersistentVolumeClaim", &named)]);
    assert_eq!(ids(&found), ["claim.named-volume-missing", "claim.unbound"]);
    let held = r#","claimRef":{"namespace":"other","name":"x"}"#;
    let found =
        seen(&[("PersistentVolumeClaim", &named), ("PersistentVolume", &volume("pv1", held, "Bound"))]);
    assert_eq!(ids(&found), ["claim.unbound", "claim.volume-taken"]);
}

fn pod(extra: &str, status: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"db-0","namespace":"shop","creationTimestamp":"{OLD}"}},"spec":{{{extra}"containers":[{{"name":"db",
        "volumeMounts":[{{"name":"d","mountPath":"/data"}}]}}],
        "volumes":[{{"name":"d","persistentVolumeClaim":{{"claimName":"data"}}}}]}},"status":{{"phase":"Pending"{status}}}}}"#
    )
}

#[test]
fn a_claim_that_no_one_made_is_missing_for_its_pod() {
    let other = claim("").replace("\"data\"", "\"dat\"").replace("Pending", "Bound");
    let found = seen(&[("Pod", &pod("", "")), ("PersistentVolumeClaim", &other)]);
    assert_eq!(ids(&found), ["claim.missing"]);
    assert!(found.iter().all(|f| f.params.get("near").is_some_and(|n| n == "dat")));
    assert!(seen_with(&[("Pod", &pod("", ""))], &[Kind::PersistentVolumeClaim]).is_empty());
    let young = pod("", "").replace(OLD, "2026-01-01T00:09:50Z");
    assert!(seen(&[("Pod", &young)]).is_empty());
    let said = r#","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
        "message":"0/2 nodes are available: persistentvolumeclaim \"data\" not found."}]"#;
    let told = pod("", said).replace(OLD, "2026-01-01T00:09:50Z");
    assert_eq!(ids(&seen(&[("Pod", &told)])), ["claim.missing"], "the scheduler looked for it");
    assert!(
        seen_with(&[("Pod", &told)], &[Kind::PersistentVolumeClaim]).is_empty(),
        "it may be there by now"
    );
}

fn mount_event(reason: &str, message: &str, count: u32) -> String {
    let message = message.replace('"', "\\\"");
    format!(
        r#"{{"metadata":{{"name":"m","namespace":"shop"}},"reason":"{reason}","message":"{message}","count":{count},
        "firstTimestamp":"2026-01-01T00:05:00Z","lastTimestamp":"2026-01-01T00:09:00Z",
        "involvedObject":{{"kind":"Pod","namespace":"shop","name":"db-0"}}}}"#
    )
}

#[test]
fn failures_to_attach_and_mount_are_sorted_by_their_words() {
    let creating =
        r#","containerStatuses":[{"name":"db","state":{"waiting":{"reason":"ContainerCreating"}}}]"#;
    let pod = pod("\"nodeName\":\"n1\",", creating);
    let bound = claim("").replace("Pending", "Bound");
    let sorted = |reason: &str, message: &str| {
        let event = mount_event(reason, message, 4);
        let found = seen(&[("Pod", &pod), ("PersistentVolumeClaim", &bound), ("Event", &event)]);
        ids(&found).first().copied().map(str::to_owned)
    };
    let is = |reason: &str, message: &str, signal: &str| {
        assert_eq!(sorted(reason, message).as_deref(), Some(signal));
    };
    is(
        "FailedAttachVolume",
        "Multi-Attach error for volume \"pvc-1\" Volume is already exclusively attached to one node and can't be attached to another",
        "volume.multi-attach",
    );
    is(
        "FailedMount",
        "MountVolume.MountDevice failed for volume \"pvc-1\" : kubernetes.io/csi: attacher.MountDevice failed to create \
         newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers",
        "volume.driver-missing",
    );
    is(
        "FailedAttachVolume",
        "AttachVolume.Attach failed for volume \"pvc-1\" : rpc error: code = Internal",
        "volume.attach-failed",
    );
    is(
        "FailedMount",
        "MountVolume.SetUp failed for volume \"pvc-1\" : mount failed: exit status 32",
        "volume.mount-failed",
    );
    is(
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[d], unattached volumes=[d]: timed out waiting for the condition",
        "volume.wait-timed-out",
    );
    is(
        "FailedMount",
        "Unable to mount volumes for pod \"web_shop(93d0bf18)\": timeout expired waiting for volumes to attach or mount for \
         pod \"shop\"/\"web\". list of unmounted volumes=[d]. list of unattached volumes=[d default-token-m646f]",
        "volume.wait-timed-out",
    );
    assert_eq!(
        sorted("FailedMount", "MountVolume.SetUp failed for volume \"c\" : configmap \"x\" not found"),
        None
    );
    assert_eq!(
        sorted(
            "FailedMount",
            "MountVolume.SetUp failed for volume \"k\" : object \"shop\"/\"x\" not registered"
        ),
        None
    );
}

#[test]
fn a_volume_held_elsewhere_is_seen_without_events() {
    let status = r#","conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-01T00:01:00Z"}]"#;
    let pod = pod("\"nodeName\":\"n2\",", status);
    let bound = claim(r#","volumeName":"pv1""#).replace("Pending", "Bound");
    let pv = volume("pv1", r#","claimRef":{"namespace":"shop","name":"data"}"#, "Bound");
    let attached = r#"{"metadata":{"name":"va"},"spec":{"nodeName":"n1","source":{"persistentVolumeName":"pv1"}},"status":{"attached":true}}"#;
    let found = seen(&[
        ("Pod", &pod),
        ("PersistentVolumeClaim", &bound),
        ("PersistentVolume", &pv),
        ("VolumeAttachment", attached),
    ]);
    assert_eq!(ids(&found), ["volume.multi-attach"]);
    assert!(found.iter().all(|f| f.names.iter().any(|n| *n.name == *"n1")));
}

#[test]
fn a_volume_in_another_zone_is_told_from_a_full_node_in_its_zone() {
    let message = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had volume node affinity conflict.";
    let status = format!(
        r#","conditions":[{{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"{message}"}}]"#
    );
    let bound = claim(r#","volumeName":"pv1""#).replace("Pending", "Bound");
    let zone = r#","nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]}]}}"#;
    let pv = volume("pv1", zone, "Bound");
    let node = |name: &str, zone: &str| {
        format!(r#"{{"metadata":{{"name":"{name}","labels":{{"zone":"{zone}"}}}}}}"#)
    };
    let pod = pod("", &status);
    let run = |a: &str, b: &str| {
        let (a, b) = (node("n1", a), node("n2", b));
        let objects = [
            ("Pod", pod.as_str()),
            ("PersistentVolumeClaim", &bound),
            ("PersistentVolume", &pv),
            ("Node", &a),
            ("Node", &b),
        ];
        seen(&objects).iter().map(|f| f.signal).collect::<Vec<_>>()
    };
    assert_eq!(run("a", "b"), ["volume.affinity-conflict", "volume.home-nodes-refuse"]);
    assert_eq!(run("b", "c"), ["volume.affinity-conflict", "volume.no-node-fits"]);
    assert!(zone::rejects_all("0/2 nodes are available: 2 node(s) had volume node affinity conflict."));
    assert!(zone::rejects_all(
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) \
         didn't match PersistentVolume's node affinity. preemption: 0/3 nodes are available: 3 Preemption is not helpful."
    ));
    assert!(!zone::rejects_all(message));
}

#[test]
fn a_full_volume_is_told_from_a_full_node_disk() {
    let run = |node_bytes: u64, free: u64| {
        let stats = format!(
            r#"{{"node":{{"fs":{{"capacityBytes":{node_bytes},"inodes":5}}}},"pods":[{{"podRef":{{"name":"db-0","namespace":"shop"}},"volume":[{{
            "name":"d","capacityBytes":1000000,"availableBytes":{free},"inodes":5,"inodesFree":4,
            "pvcRef":{{"name":"data","namespace":"shop"}}}}]}}]}}"#
        );
        let mut b = SnapshotBuilder::default();
        b.node("n1").read("nodes/n1/stats-summary.json", "stats-summary.json", &stats);
        let mut sink = Sink::default();
        observe(&b.finish(), &mut sink);
        sink.finish().all().len()
    };
    assert_eq!(run(9_000_000, 1000), 1);
    assert_eq!(run(9_000_000, 100_000), 0);
    assert_eq!(run(1_000_000, 1000), 0);
}

fn grown(conditions: &str) -> String {
    claim(r#","volumeName":"v""#).replace("10Gi", "20Gi").replace(
        r#""phase":"Pending""#,
        &format!(r#""phase":"Bound","capacity":{{"storage":"10Gi"}},"conditions":[{conditions}]"#),
    )
}

#[test]
fn a_claim_that_cannot_grow() {
    let error = grown(
        r#"{"type":"ControllerResizeError","status":"True","message":"quota","lastTransitionTime":"2026-01-01T00:09:00Z"}"#,
    );
    assert_eq!(ids(&seen(&[("PersistentVolumeClaim", &error)])), ["claim.expansion-failing"]);
    let under_way =
        grown(r#"{"type":"Resizing","status":"True","lastTransitionTime":"2026-01-01T00:09:00Z"}"#);
    assert!(seen(&[("PersistentVolumeClaim", &under_way)]).is_empty());
    let small = error.replace("20Gi", "10Gi");
    assert!(seen(&[("PersistentVolumeClaim", &small)]).is_empty(), "it has what it asks for");
}

#[test]
fn a_lost_claim() {
    let lost = claim(r#","volumeName":"v""#).replace("Pending", "Lost");
    assert!(ids(&seen(&[("PersistentVolumeClaim", &lost)])).contains(&"claim.volume-lost"));
    assert!(!ids(&seen(&[("PersistentVolumeClaim", &claim(""))])).contains(&"claim.volume-lost"));
}
