//! Each signal of this family beside what looks like it.

use crate::finding::{Findings, Sink};
use crate::testing;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Gap, Kind, Snapshot, SnapshotBuilder, Why};

fn builder(objects: &[(&str, &str)]) -> SnapshotBuilder {
    let listed = [
        Kind::Pod,
        Kind::Service,
        Kind::Namespace,
        Kind::ConfigMap,
        Kind::ServiceAccount,
        Kind::Lease,
        Kind::EndpointSlice,
    ];
    testing::builder("2026-11-22T17:40:14Z", &listed, objects)
}

fn see(snapshot: &Snapshot) -> Findings {
    let mut sink = Sink::default();
    super::observe(snapshot, &mut sink);
    sink.finish()
}

fn ids(b: SnapshotBuilder) -> Vec<&'static str> {
    see(&b.finish()).all().iter().map(|f| f.signal).collect()
}

const FRESH: (&str, &str) = (
    "Lease",
    r#"{"metadata":{"name":"a","namespace":"kube-node-lease"},"spec":{"renewTime":"2026-11-22T17:40:09.000000Z"}}"#,
);
const STALE: (&str, &str) = (
    "Lease",
    r#"{"metadata":{"name":"kube-controller-manager","namespace":"kube-system"},"spec":{"holderIdentity":"cp-1_x","renewTime":"2026-11-22T17:00:00.000000Z"}}"#,
);
const UNSEEN: (&str, &str) = (
    "Deployment",
    r#"{"metadata":{"name":"api","namespace":"new","creationTimestamp":"2026-11-22T17:30:00Z"},"spec":{"replicas":2},"status":{}}"#,
);
const SEEN: (&str, &str) = (
    "Deployment",
    r#"{"metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-11-22T16:30:00Z"},"spec":{"replicas":1},"status":{"observedGeneration":1,"replicas":1}}"#,
);

#[test]
fn one_sign_is_not_two() {
    assert_eq!(ids(builder(&[FRESH, STALE])), ["controllers.sign"]);
    assert_eq!(ids(builder(&[SEEN, UNSEEN])), ["controllers.sign"]);
    assert_eq!(ids(builder(&[FRESH, STALE, SEEN, UNSEEN])), ["controllers.stopped"]);
    assert!(ids(builder(&[SEEN, FRESH])).is_empty());
    assert!(ids(builder(&[UNSEEN])).is_empty(), "evidence without any generation says nothing");
}

#[test]
fn a_stale_lease_counts_while_others_are_renewed() {
    assert!(
        ids(builder(&[STALE])).is_empty(),
        "all leases are old: the capture's time or the API is in question"
    );
}

#[test]
fn namespaces_made_after_it_stopped() {
    let namespace = |name: &str, at: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}","creationTimestamp":"{at}"}},"status":{{"phase":"Active"}}}}"#
        )
    };
    let root = |ns: &str| format!(r#"{{"metadata":{{"name":"kube-root-ca.crt","namespace":"{ns}"}}}}"#);
    let account = |ns: &str| format!(r#"{{"metadata":{{"name":"default","namespace":"{ns}"}}}}"#);
    let all = [
        ("Namespace", namespace("default", "2026-11-20T09:00:00Z")),
        ("Namespace", namespace("kube-system", "2026-11-20T09:00:01Z")),
        ("Namespace", namespace("new", "2026-11-22T17:30:00Z")),
        ("ConfigMap", root("default")),
        ("ConfigMap", root("kube-system")),
        ("ServiceAccount", account("default")),
        ("ServiceAccount", account("kube-system")),
    ];
    let of = |list: &[(&str, String)]| {
        let borrowed: Vec<(&str, &str)> = list.iter().map(|(k, j)| (*k, j.as_str())).collect();
        ids(builder(&borrowed))
    };
    assert_eq!(of(&all), ["controllers.stopped"]);
    let served: Vec<_> =
        all.iter().cloned().chain([("ConfigMap", root("new")), ("ServiceAccount", account("new"))]).collect();
    assert!(of(&served).is_empty());
    // A capture of one namespace shows nothing of the others.
    let narrow: Vec<_> = all[..3]
        .iter()
        .cloned()
        .chain([("ConfigMap", root("new")), ("ServiceAccount", account("new"))])
        .collect();
    assert!(of(&narrow).is_empty());
}

#[test]
fn readyz_names_what_fails() {
    let mut b = builder(&[]);
    b.readyz("[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed");
    assert_eq!(ids(b), ["etcd.readyz-failed"]);
    let mut b = builder(&[]);
    b.readyz("[+]ping ok\n[+]etcd ok\nreadyz check passed");
    assert!(ids(b).is_empty());
}

#[test]
fn one_refused_list_is_not_the_api() {
    let refused = |b: &mut SnapshotBuilder, kind: &str| {
        b.gap(Gap::new(kind, Why::Failed, "dial tcp 192.0.2.10:6443: connect: connection refused"));
    };
    let mut b = SnapshotBuilder::default();
    ["pods", "nodes", "services"].iter().for_each(|k| refused(&mut b, k));
    assert_eq!(ids(b), ["apiserver.capture-refused"]);
    let mut b = SnapshotBuilder::default();
    refused(&mut b, "pods.metrics.k8s.io");
    assert!(ids(b).is_empty());
}

#[test]
fn what_a_component_says_while_it_starts_means_nothing() {
    let line = |at: &str| {
        format!(
            "W1122 {at}.000000 1 logging.go:55] grpc: createTransport failed: dial tcp 127.0.0.1:2379: connect: connection refused\n"
        )
    };
    let start: String = (10..16).map(|s| line(&format!("17:38:{s}"))).collect();
    let mut b = builder(&[]);
    let log = |text: String| {
        LogFile::new(LogSource::Component("kube-apiserver".into()), "control-plane/kube-apiserver.log", text)
    };
    b.component_log("kube-apiserver", log(start.clone()));
    assert!(ids(b).is_empty());
    let later: String = (30..40).map(|s| line(&format!("17:39:{s}"))).collect();
    let mut b = builder(&[]);
    b.component_log("kube-apiserver", log(format!("I1122 17:00:00.000000 1 server.go:1] start\n{later}")));
    assert_eq!(ids(b), ["etcd.unreachable"]);
    // The server says by now that etcd answers: those lines are history.
    let mut b = builder(&[]);
    b.component_log("kube-apiserver", log(format!("I1122 17:00:00.000000 1 server.go:1] start\n{later}")));
    b.readyz("[+]ping ok\n[+]etcd ok\nreadyz check passed");
    assert!(ids(b).is_empty());
}

#[test]
fn aggregated_apis() {
    let api = |status: &str, since: &str| {
        format!(
            r#"{{"metadata":{{"name":"v1beta1.metrics.k8s.io"}},"spec":{{"group":"metrics.k8s.io","service":{{"namespace":"kube-system","name":"metrics-server"}}}},"status":{{"conditions":[{{"type":"Available","status":"{status}","reason":"MissingEndpoints","lastTransitionTime":"{since}"}}]}}}}"#
        )
    };
    assert_eq!(
        ids(builder(&[("APIService", &api("False", "2026-11-22T17:00:00Z"))])),
        ["apiservice.unavailable"]
    );
    assert!(ids(builder(&[("APIService", &api("True", "2026-11-22T17:00:00Z"))])).is_empty());
    assert!(ids(builder(&[("APIService", &api("False", "2026-11-22T17:40:00Z"))])).is_empty(), "it starts");
}

#[test]
fn certificates_name_whose() {
    let kubelet = |text: &str| {
        let mut b = builder(&[]);
        b.node("a").logs.push(LogFile::new(LogSource::Kubelet, "nodes/a/kubelet.log", text.to_owned()));
        see(&b.finish())
            .all()
            .first()
            .map(|f| (f.subject.to_string(), f.params.get("whose").cloned().unwrap_or_default()))
    };
    let over = "x509: certificate has expired or is not yet valid: current time 2026-11-22T17:39:10Z is after 2026-11-22T08:00:00Z";
    let api = kubelet(&format!(
        "E1122 17:39:10.000000 1 reflector.go:1] Failed to watch *v1.Service: Get \"https://192.0.2.10:6443/api\": {over}"
    ));
    assert_eq!(api, Some(("kube-apiserver".into(), "the API server's serving certificate".into())));
    let own = kubelet(
        "E1122 17:39:10.000000 1 bootstrap.go:266] part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-11-20 08:00:00 +0000 UTC",
    );
    assert_eq!(own.map(|o| o.0), Some("a".into()));
    assert_eq!(
        kubelet(&format!(
            "E1122 17:39:10.000000 1 log.go:32] \"PullImage from image service failed\" err=\"Head https://registry.example.com/v2/: {over}\""
        )),
        None
    );
    assert_eq!(
        kubelet(&format!(
            "E1122 17:39:10.000000 1 reflector.go:1] Get \"https://192.0.2.10:6443/api\": {}",
            over.replace("is after", "is before")
        )),
        None
    );
}

#[test]
fn the_cloud_controller_is_missed_only_where_something_waits() {
    const LEASE: (&str, &str) = (
        "Lease",
        r#"{"metadata":{"name":"cloud-controller-manager","namespace":"kube-system"},"spec":{"holderIdentity":"ccm-1_x","renewTime":"2026-11-22T17:00:00.000000Z"}}"#,
    );
    const WAITING: (&str, &str) = (
        "Service",
        r#"{"metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-11-22T17:00:00Z"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]},"status":{"loadBalancer":{}}}"#,
    );
    assert_eq!(ids(builder(&[FRESH, LEASE, WAITING])), ["cloud-controller.stopped"]);
    assert!(ids(builder(&[FRESH, LEASE])).is_empty());
    assert!(ids(builder(&[FRESH, WAITING])).is_empty());
}
