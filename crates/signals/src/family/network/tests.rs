//! Each signal of this family beside what looks like it.

use crate::finding::{Findings, Sink};
use crate::testing;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Access, ContainerLogKey, Ingest, Kind, Snapshot, SnapshotBuilder};

const OLD: &str = "2026-11-22T16:40:00Z";

fn builder(objects: &[(&str, String)]) -> SnapshotBuilder {
    let listed = [
        Kind::Pod,
        Kind::Service,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::Ingress,
        Kind::IngressClass,
        Kind::Node,
        Kind::Event,
        Kind::Namespace,
        Kind::NetworkPolicy,
    ];
    testing::builder("2026-11-22T17:40:14Z", &listed, objects)
}

fn see(snapshot: &Snapshot) -> Findings {
    let mut sink = Sink::default();
    super::observe(snapshot, &mut sink);
    sink.finish()
}

fn ids(objects: &[(&str, String)]) -> Vec<&'static str> {
    let found = see(&builder(objects).finish());
    found.all().iter().map(|f| f.signal).collect()
}

fn service(name: &str, spec: &str) -> (&'static str, String) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","creationTimestamp":"{OLD}"}},"spec":{{{spec}}},"status":{{"loadBalancer":{{}}}}}}"#
    );
    ("Service", json)
}

fn deployment(name: &str, app: &str, replicas: u32) -> (&'static str, String) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","creationTimestamp":"{OLD}"}},
        "spec":{{"replicas":{replicas},"template":{{"metadata":{{"labels":{{"app":"{app}"}}}}}}}},"status":{{"observedGeneration":1}}}}"#
    );
    ("Deployment", json)
}

fn pod(name: &str, app: &str, ready: bool, containers: &str) -> (&'static str, String) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","labels":{{"app":"{app}"}},"creationTimestamp":"{OLD}"}},
        "spec":{{"nodeName":"a","dnsPolicy":"ClusterFirst","containers":[{containers}]}},
        "status":{{"phase":"Running","podIP":"10.244.1.5","conditions":[{{"type":"Ready","status":"{}","lastTransitionTime":"{OLD}"}}]}}}}"#,
        if ready { "True" } else { "False" }
    );
    ("Pod", json)
}

const PLAIN: &str = r#"{"name":"c","image":"i"}"#;
const WEB: &str = r#""type":"ClusterIP","clusterIP":"10.96.0.7","selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]"#;

fn log(b: &mut SnapshotBuilder, pod: &str, text: &str) {
    let key =
        ContainerLogKey { namespace: "shop".into(), pod: pod.into(), container: "c".into(), previous: false };
    b.container_log(key, LogFile::new(LogSource::Container, format!("logs/shop/{pod}/c.log"), text));
}

#[test]
fn a_selector_that_misses_its_workload() {
    let near = [service("web", WEB), deployment("web", "webapp", 1), pod("web-1", "webapp", true, PLAIN)];
    assert_eq!(ids(&near), ["service.selector-near-miss"]);
    let stranger =
        [service("web", WEB), deployment("billing", "billing", 1), pod("billing-1", "billing", true, PLAIN)];
    assert!(ids(&stranger).is_empty());
    assert!(ids(&[service("web", WEB)]).is_empty(), "no workload at all may be on its way");
    let by_hand = service("web", r#""type":"ClusterIP","ports":[{"port":80}]"#);
    assert!(ids(&[by_hand, deployment("web", "webapp", 1)]).is_empty());
}

#[test]
fn pods_that_were_not_listed_prove_nothing() {
    let mut b = builder(&[service("web", WEB), deployment("web", "webapp", 1)]);
    b.access(Kind::Pod, Access::Missing(kubecause_evidence::Why::Forbidden));
    assert!(see(&b.finish()).all().is_empty());
}

#[test]
fn backends_that_are_not_ready() {
    assert_eq!(
        ids(&[service("web", WEB), pod("web-1", "web", false, PLAIN)]),
        ["service.backends-not-ready"]
    );
    assert!(ids(&[service("web", WEB), pod("web-1", "web", true, PLAIN)]).is_empty());
    let mixed = [service("web", WEB), pod("web-1", "web", false, PLAIN), pod("web-2", "web", true, PLAIN)];
    assert!(ids(&mixed).is_empty());
}

#[test]
fn zero_replicas_matter_only_to_callers() {
    let sleeping = [service("web", WEB), deployment("web", "web", 0)];
    assert!(ids(&sleeping).is_empty());
    let ingress = r#"{"metadata":{"name":"shop","namespace":"shop"},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}"#;
    let called = [service("web", WEB), deployment("web", "web", 0), ("Ingress", ingress.to_owned())];
    assert_eq!(ids(&called), ["service.scaled-to-zero-called"]);
}

#[test]
fn target_ports() {
    let probed = |ports: &str| {
        format!(
            r#"{{"name":"c","image":"i","ports":[{ports}],"readinessProbe":{{"tcpSocket":{{"port":8080}}}}}}"#
        )
    };
    let named =
        r#""clusterIP":"10.96.0.7","selector":{"app":"web"},"ports":[{"port":80,"targetPort":"http"}]"#;
    let http = r#"{"name":"http","containerPort":8080}"#;
    assert!(ids(&[service("web", named), pod("web-1", "web", true, &probed(http))]).is_empty());
    let admin = r#"{"name":"admin","containerPort":8080}"#;
    assert_eq!(
        ids(&[service("web", named), pod("web-1", "web", true, &probed(admin))]),
        ["service.target-port-name-missing"]
    );
    let udp = r#"{"name":"http","containerPort":8080,"protocol":"UDP"}"#;
    assert_eq!(
        ids(&[service("web", named), pod("web-1", "web", true, &probed(udp))]),
        ["service.named-port-other-protocol"]
    );
    let wrong = r#""clusterIP":"10.96.0.7","selector":{"app":"web"},"ports":[{"port":80,"targetPort":9999}]"#;
    assert_eq!(
        ids(&[service("web", wrong), pod("web-1", "web", true, &probed(http))]),
        ["service.target-port-undeclared"]
    );
    assert!(
        ids(&[service("web", wrong), pod("web-1", "web", true, PLAIN)]).is_empty(),
        "nothing declared, nothing known"
    );
}

#[test]
fn a_refused_caller_proves_the_port() {
    let probed = r#"{"name":"c","image":"i","readinessProbe":{"tcpSocket":{"port":8080}}}"#;
    let wrong = r#""clusterIP":"10.96.0.7","selector":{"app":"web"},"ports":[{"port":80,"targetPort":9999}]"#;
    let mut b = builder(&[
        service("web", wrong),
        pod("web-1", "web", true, probed),
        pod("front-1", "front", true, PLAIN),
    ]);
    log(
        &mut b,
        "front-1",
        "2026-11-22T17:40:01Z GET http://web/: dial tcp 10.96.0.7:80: connect: connection refused\n",
    );
    let found = see(&b.finish());
    assert_eq!(found.of("service.target-port-refused").count(), 1);
    assert_eq!(found.of("service.call-failed").count(), 1);
}

#[test]
fn balancers() {
    let lb = service(
        "web",
        r#""type":"LoadBalancer","clusterIP":"10.96.0.7","selector":{"app":"web"},"ports":[{"port":80}]"#,
    );
    let found = ids(&[lb.clone(), pod("web-1", "web", true, PLAIN)]);
    assert_eq!(found, ["service.load-balancer-pending", "service.no-balancer-controller"]);
    let given = (
        "Service",
        lb.1.replace(r#""loadBalancer":{}"#, r#""loadBalancer":{"ingress":[{"ip":"203.0.113.7"}]}"#),
    );
    assert!(ids(&[given, pod("web-1", "web", true, PLAIN)]).is_empty());
    let young = ("Service", lb.1.replace(OLD, "2026-11-22T17:39:00Z"));
    assert!(ids(&[young, pod("web-1", "web", true, PLAIN)]).is_empty());
}

#[test]
fn ingresses() {
    let ingress = |class: &str, service: &str, port: u16| {
        let json = format!(
            r#"{{"metadata":{{"name":"shop","namespace":"shop","creationTimestamp":"{OLD}"}},"spec":{{{class}"rules":[{{"host":"h","http":{{"paths":[{{"path":"/","backend":{{"service":{{"name":"{service}","port":{{"number":{port}}}}}}}}}]}}}}]}}}}"#
        );
        ("Ingress", json)
    };
    let web = || [service("web", WEB), pod("web-1", "web", true, PLAIN)].into_iter();
    let with = |i| web().chain([i]).collect::<Vec<_>>();
    assert!(ids(&with(ingress("", "web", 80))).is_empty());
    assert_eq!(ids(&with(ingress("", "wep", 80))), ["ingress.backend-missing"]);
    assert_eq!(ids(&with(ingress("", "web", 8080))), ["ingress.backend-missing"]);
    let class = r#""ingressClassName":"nginx","#;
    assert_eq!(ids(&with(ingress(class, "web", 80))), ["ingress.class-missing"]);
    let listed = (
        "IngressClass",
        r#"{"metadata":{"name":"nginx"},"spec":{"controller":"k8s.io/ingress-nginx"}}"#.to_owned(),
    );
    let known: Vec<_> = with(ingress(class, "web", 80)).into_iter().chain([listed]).collect();
    assert!(ids(&known).is_empty());
}

#[test]
fn policies_are_blamed_for_what_fails_only() {
    let deny = r#"{"metadata":{"name":"deny","namespace":"shop"},"spec":{"podSelector":{},"policyTypes":["Ingress"]}}"#;
    let objects = [
        service("web", WEB),
        pod("web-1", "web", true, PLAIN),
        pod("front-1", "front", true, PLAIN),
        ("NetworkPolicy", deny.to_owned()),
    ];
    assert!(ids(&objects).is_empty());
    let mut b = builder(&objects);
    log(&mut b, "front-1", "2026-11-22T17:40:01Z dial tcp 10.96.0.7:80: i/o timeout\n");
    let found = see(&b.finish());
    assert_eq!(found.of("network-policy.blocks-failing-call").count(), 1);
    let admit =
        deny.replace(r#""policyTypes""#, r#""ingress":[{}],"policyTypes""#).replace("\"deny\"", "\"admit\"");
    let mut b = builder(&objects);
    b.push(Ingest::parse("NetworkPolicy", &admit).unwrap_or_else(|e| panic!("{e}")));
    log(&mut b, "front-1", "2026-11-22T17:40:01Z dial tcp 10.96.0.7:80: i/o timeout\n");
    assert_eq!(see(&b.finish()).of("network-policy.blocks-failing-call").count(), 0);
}

#[test]
fn one_workload_that_resolves_nothing_is_its_own_matter() {
    let lookup = "2026-11-22T17:40:01Z lookup a.example.com on 10.96.0.10:53: read udp 10.0.0.1:1->10.96.0.10:53: i/o timeout\n";
    let dns = (
        "Service",
        r#"{"metadata":{"name":"kube-dns","namespace":"kube-system"},"spec":{"selector":{"k8s-app":"kube-dns"},"ports":[{"port":53,"protocol":"UDP"}]}}"#
            .to_owned(),
    );
    let server = (
        "Pod",
        format!(
            r#"{{"metadata":{{"name":"coredns-1","namespace":"kube-system","labels":{{"k8s-app":"kube-dns"}}}},"spec":{{"nodeName":"a","containers":[{PLAIN}]}},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        ),
    );
    let mut b = builder(&[
        dns.clone(),
        server.clone(),
        pod("front-1", "front", true, PLAIN),
        pod("pay-1", "pay", true, PLAIN),
    ]);
    log(&mut b, "front-1", lookup);
    assert_eq!(see(&b.finish()).of("dns.lookups-fail").count(), 0);
    let mut b =
        builder(&[dns, server, pod("front-1", "front", true, PLAIN), pod("pay-1", "pay", true, PLAIN)]);
    log(&mut b, "front-1", lookup);
    log(&mut b, "pay-1", lookup);
    assert_eq!(see(&b.finish()).of("dns.lookups-fail").count(), 1);
}
