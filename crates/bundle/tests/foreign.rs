//! What other tools write: each layout in the forms that it has, and what it never holds. The paths are those of the tools' own code,
//! which `src/foreign` names.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::*;
use kubecause_bundle::{Bundle, Snapshot};
use kubecause_evidence::{Kind, Why};

const LINE: &str = "Nov 22 17:40:05 w1 kubelet[812]: E1122 17:40:05.123456 812 generic.go:312] x\n";

fn namespaces(names: &[&str]) -> String {
    let all: Vec<String> =
        names.iter().map(|n| format!(r#"{{"kind":"Namespace","metadata":{{"name":"{n}"}}}}"#)).collect();
    list(&all)
}

const ALL: [&str; 4] = ["default", "kube-public", "kube-system", "shop"];

fn read(list: &[(&str, &str)]) -> Bundle {
    read_bytes(gzip(&tar(&files(list)))).unwrap()
}

fn nodes(s: &Snapshot) -> Vec<&str> {
    s.node_facts.keys().map(|n| &**n).collect()
}

#[test]
fn a_support_bundle_of_some_namespaces_is_no_list_of_all() {
    let pods = list(&[pod("a")]);
    let of = |names: &[&str]| {
        let mut all = vec![("cluster-resources/namespaces.json".to_owned(), namespaces(names))];
        for name in names {
            let own = if *name == "shop" { pods.clone() } else { list(&[]) };
            all.push((format!("cluster-resources/pods/{name}.json"), own));
        }
        let borrowed: Vec<(&str, &str)> = all.iter().map(|(p, c)| (p.as_str(), c.as_str())).collect();
        read(&borrowed).snapshot
    };
    let whole = of(&ALL);
    assert!(whole.has(&Kind::Pod) && whole.has(&Kind::Namespace));
    let some = of(&["shop"]);
    assert_eq!(missing(&some, &Kind::Pod), Some(Why::NotCollected));
    assert_eq!(missing(&some, &Kind::Namespace), Some(Why::NotCollected));
    assert!(some.has_in(&Kind::Pod, "shop"));
    assert!(has_gap(&some, "other namespaces", Why::NotCollected));
}

#[test]
fn bare_arrays_and_errors_of_a_support_bundle() {
    let s = read(&[
        ("sb/cluster-resources/nodes.json", r#"[{"metadata":{"name":"n1"}}]"#),
        ("sb/cluster-resources/pods/shop.json", r#"[{"metadata":{"name":"a","namespace":"shop"}}]"#),
        ("sb/cluster-resources/pods-errors.json", "{}"),
        ("sb/cluster-resources/storage-errors.json", r#"["storageclasses is forbidden: User \"x\""]"#),
        ("sb/cluster-resources/statefulsets-errors.json", r#"{"shop":"context deadline exceeded"}"#),
        ("sb/cluster-resources/auth-cani-list/shop.json", "[]"),
        ("sb/cluster-resources/image-pull-secrets/shop/regcred.json", "{}"),
        ("sb/host-collectors/journald/kubelet.txt", LINE),
        ("sb/host-collectors/system/memory.json", r#"{"total":1}"#),
        ("sb/node-metrics/n1.json", r#"{"node":{"nodeName":"n1"}}"#),
        ("sb/analysis.json", "[]"),
    ])
    .snapshot;
    assert_eq!(names(&s), ["a"]);
    assert!(s.has(&Kind::Node));
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::NotCollected), "other namespaces may have pods");
    assert_eq!(missing(&s, &Kind::StorageClass), Some(Why::Forbidden));
    assert_eq!(missing(&s, &Kind::StatefulSet), Some(Why::TimedOut));
    assert_eq!(missing(&s, &Kind::Secret), Some(Why::NotCollected));
    assert_eq!(nodes(&s), ["n1", "w1"], "a host's log names its own host");
}

#[test]
fn replicasets_stand_in_a_folder_that_is_called_errors() {
    let sets = r#"{"kind":"ReplicaSetList","apiVersion":"apps/v1","items":[{"metadata":{"name":"web-1","namespace":"shop"}}]}"#;
    let own = ("sb/cluster-resources/replicasets/shop.json", sets);
    let odd = ("sb/cluster-resources/statefulsets-errors.json/shop.json", sets);
    for place in [own, odd] {
        let s = read(&[place, ("sb/cluster-resources/replicasets-errors.json", "{}")]).snapshot;
        assert!(s.has_in(&Kind::ReplicaSet, "shop"), "{}", place.0);
        assert!(s.replica_sets.get("shop", "web-1").is_some(), "{}", place.0);
        assert!(!s.has_in(&Kind::StatefulSet, "shop"), "{}", place.0);
    }
}

#[test]
fn a_must_gather_of_several_images() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: shop\n";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
    let node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: w1\n";
    let events = "apiVersion: v1\nkind: EventList\nitems: []\n";
    let with = |version: &str| {
        read(&[
            (
                "must-gather.local.1/timestamp",
                "2026-11-22 17:00:00.1 +0000 UTC m=+1.2\n2026-11-22 17:40:14.1 +0000 UTC m=+9.9\n",
            ),
            ("must-gather.local.1/event-filter.html", "<html>"),
            ("must-gather.local.1/a/version", version),
            ("must-gather.local.1/a/namespaces/shop/shop.yaml", namespace),
            ("must-gather.local.1/a/namespaces/shop/core/pods.yaml", ""),
            ("must-gather.local.1/a/namespaces/shop/core/events.yaml", events),
            ("must-gather.local.1/a/namespaces/shop/core/configmaps.yaml", ""),
            ("must-gather.local.1/a/namespaces/shop/pods/a/a.yaml", pod),
            (
                "must-gather.local.1/a/namespaces/shop/pods/a/app/app/logs/current.log",
                "2026-11-22T17:00:00Z hi\n",
            ),
            ("must-gather.local.1/a/namespaces/shop/pods/a/app/app/logs/previous.insecure.log", ""),
            ("must-gather.local.1/a/audit_logs/kube-apiserver/w1-audit.log", "{}"),
            ("must-gather.local.1/b/cluster-scoped-resources/core/nodes/w1.yaml", node),
            (
                "must-gather.local.1/b/cluster-scoped-resources/core/namespaces/other.yaml",
                &namespace.replace("shop", "other"),
            ),
            ("must-gather.local.1/b/host_service_logs/masters/kubelet_service.log", LINE),
            ("must-gather.local.1/b/host_service_logs/masters/crio_service.log", ""),
        ])
        .snapshot
    };
    let s = with("openshift/must-gather\nv4.20\n");
    assert_eq!((names(&s), nodes(&s)), (vec!["a".to_owned()], vec!["w1"]));
    assert_eq!(s.taken_at, "2026-11-22T17:40:14Z".parse().ok());
    assert!(s.has(&Kind::Node) && s.has_in(&Kind::Pod, "shop") && s.has_in(&Kind::Event, "shop"));
    for kind in [Kind::Pod, Kind::Event, Kind::Namespace, Kind::ConfigMap, Kind::PersistentVolume] {
        assert_eq!(missing(&s, &kind), Some(Why::NotCollected), "{kind}");
    }
    assert!(!s.has_in(&Kind::ConfigMap, "shop"), "an empty file lists nothing");
    assert_eq!(s.container_logs.len(), 1);
    // What somebody inspected by name is not all that there is.
    let s = with("");
    assert!(!s.has(&Kind::Node) || s.nodes.all().is_empty(), "without the tool's mark one node is one node");
}

#[test]
fn a_harvester_bundle() {
    let node = zip(&files(&[
        ("w1/logs/kubelet.log", LINE),
        ("w1/logs/kernel.log.1", "x\n"),
        ("w1/configs/etc/hostname", "w1"),
    ]));
    let namespaces: String = ALL
        .iter()
        .map(|n| format!("- metadata:\n    name: {n}\n  apiVersion: v1\n  kind: Namespace\n"))
        .collect();
    let mut all = files(&[
        (
            "sb/metadata.yaml",
            "projectname: Harvester\nbundlecreatedat: \"2026-11-22T17:40:14Z\"\nkubernetesversion: v1.32.4+rke2r1\n",
        ),
        (
            "sb/bundleGenerationError.log",
            "Failed to get /apis/apps/v1/namespaces/default/deployments: forbidden\n",
        ),
        ("sb/yamls/cluster/v1/namespaces.yaml", &format!("apiVersion: v1\nitems:\n{namespaces}kind: List\n")),
        ("sb/yamls/cluster/metrics.k8s.io/v1beta1/nodes.yaml", "apiVersion: v1\nitems: []\nkind: List\n"),
        (
            "sb/yamls/namespaced/shop/v1/pods.yaml",
            "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    creationTimestamp: \"null\"\n    name: a\n    namespace: shop\n  spec:\n    nodeName: \"null\"\nkind: List\n",
        ),
        ("sb/yamls/namespaced/default/kubernetes/services.yaml", "apiVersion: v1\nitems: []\nkind: List\n"),
        ("sb/logs/shop/a/app.log", "2026-11-22T17:00:00Z hi\n"),
    ]);
    all.push(("sb/nodes/w1.zip".to_owned(), node));
    let bundle = read_bytes(zip(&all)).unwrap();
    let s = &bundle.snapshot;
    assert_eq!(bundle.description, "Harvester support bundle in a zip, 7 files");
    assert_eq!(
        (s.taken_at, s.version.as_deref()),
        ("2026-11-22T17:40:14Z".parse().ok(), Some("v1.32.4+rke2r1"))
    );
    assert_eq!(s.pods.all().iter().map(|p| &*p.spec.node_name).collect::<Vec<_>>(), [""]);
    assert!(s.has(&Kind::Namespace) && s.has_in(&Kind::Pod, "shop") && s.has_in(&Kind::Service, "default"));
    for kind in [Kind::Pod, Kind::Service, Kind::Node, Kind::Deployment] {
        assert_eq!(missing(s, &kind), Some(Why::NotCollected), "{kind}");
    }
    assert!(
        has_gap(s, "bundleGenerationError.log", Why::Forbidden)
            && has_gap(s, "other namespaces", Why::NotCollected)
    );
    assert_eq!((nodes(s), s.container_logs.len()), (vec!["w1"], 1));
    assert_eq!(s.node_facts.values().map(|f| f.logs.len()).sum::<usize>(), 1, "not those of a boot before");
}

#[test]
fn logs_that_kind_exports() {
    let run = |n: u32| format!("2026-11-22T17:0{n}:00Z stdout F run {n}\n");
    let at = |n: u32| format!("logs/kind-worker/pods/shop_a_123/app/{n}.log");
    let mut all: Files = (0..3).map(|n| (at(n), run(n).into_bytes())).collect();
    all.push(("logs/kind-worker/pods/shop_a_123/app/0.log.20261122-170000".to_owned(), run(9).into_bytes()));
    all.push(("logs/kind-worker/kubelet.log".to_owned(), LINE.into()));
    all.push(("logs/kind-worker/journal.log".to_owned(), LINE.into()));
    all.push(("logs/kind-version.txt".to_owned(), b"kind v0.30.0\n".to_vec()));
    let bundle = folder(&all).read().unwrap();
    assert!(bundle.description.starts_with("node logs"), "{}", bundle.description);
    let s = &bundle.snapshot;
    assert_eq!(nodes(s), ["kind-worker"]);
    let logs: Vec<(bool, String)> =
        s.container_logs.iter().map(|(key, log)| (key.previous, log.text.trim().to_owned())).collect();
    assert_eq!(logs, [(false, run(2).trim().to_owned()), (true, run(1).trim().to_owned())]);
    assert!(Kind::KNOWN.iter().all(|kind| !s.has(kind)));
}

#[test]
fn a_node_of_eks() {
    let s = read(&[
        ("kubelet/kubelet.log", LINE),
        ("kubelet/kubelet_service.txt", "[Unit]\n"),
        ("containerd/containerd-log.txt", "Nov 22 17:40:05 w1 containerd[1]: x\n"),
        ("ipamd/pods.json", "{}"),
        ("networking/conntrack.txt", "*** Output of conntrack -S *** \ncpu=0 found=27 invalid=0\n"),
        ("sysctls/sysctl_all.txt", "kernel.pid_max = 32768\nnet.netfilter.nf_conntrack_count = 5\nnet.netfilter.nf_conntrack_max = 10\n"),
        ("storage/mounts.txt", "/dev/root on / type ext4 (rw)\n\nFilesystem Size Used Avail Use% Mounted on\n/dev/root 20G 19G 1G 95% /\n"),
        ("system/ps.txt", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\nroot 1 0.0 0.1 1 1 ? Ss 10:00 0:01 init\n"),
    ])
    .snapshot;
    assert_eq!(nodes(&s), ["w1"], "its lines name it");
    let facts = s.node_facts.values().next().unwrap();
    assert_eq!((facts.pid_max, facts.conntrack, facts.logs.len()), (Some(32768), Some((5, 10)), 2));
    assert_eq!((facts.df.len(), facts.processes.len()), (1, 1));
}

#[test]
fn a_sos_report() {
    const KUBECTL: &str = "sosreport-x-2026/sos_commands/kubernetes/cluster-info/kubectl_--kubeconfig_.etc.kubernetes.admin.conf_get";
    let pods = "NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE\nshop        a      1/1     Running   0          2m\n";
    let nodes_json = list(&[r#"{"kind":"Node","metadata":{"name":"w1.example.org"}}"#.to_owned()]);
    let tables = [
        (format!("{KUBECTL}_--all-namespaces_true_pods"), pods.to_owned()),
        (format!("{KUBECTL}_-o_json_nodes"), nodes_json),
        (format!("{KUBECTL}_--raw_.metrics"), "x 1\n".to_owned()),
    ];
    let mut all = files(&[
        ("sosreport-x-2026/sos_commands/host/hostname", "w1\n"),
        ("sosreport-x-2026/sos_commands/date/date", "Sun Nov 22 17:40:14 UTC 2026\n"),
        ("sosreport-x-2026/sos_commands/kubernetes/journalctl_--no-pager_--unit_kubelet", LINE),
        ("sosreport-x-2026/sos_commands/crio/journalctl_--no-pager_--unit_crio", LINE),
        ("sosreport-x-2026/sos_commands/logs/journalctl_--disk-usage", "Archived\n"),
        ("sosreport-x-2026/sos_commands/logs/journalctl_--no-pager_--boot_-1", LINE),
        ("sosreport-x-2026/proc/loadavg", "0.2 0.3 0.4 2/335 5973\n"),
    ]);
    all.extend(tables.into_iter().map(|(path, text)| (path, text.into_bytes())));
    let bundle = read_bytes(xz(&tar(&all))).unwrap();
    assert!(bundle.description.starts_with("sos report in a tar.xz"), "{}", bundle.description);
    let s = &bundle.snapshot;
    assert_eq!((names(s), nodes(s)), (vec!["a".to_owned()], vec!["w1.example.org"]));
    assert_eq!(s.taken_at, "2026-11-22T17:40:14Z".parse().ok());
    assert!(s.has(&Kind::Node) && s.has(&Kind::Pod));
    assert_eq!(missing(s, &Kind::Deployment), Some(Why::NotCollected));
    let facts = s.node_facts.values().next().unwrap();
    assert_eq!((facts.logs.len(), facts.loadavg.is_some()), (2, true));
}

#[test]
fn a_node_of_rancher() {
    let pods = "NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE   IP           NODE   NOMINATED NODE   READINESS GATES\n\
                shop        a      1/1     Running   0          2m    10.42.0.7    w1     <none>           <none>\n";
    let bundle = read(&[
        ("w1-2026-11-22/systeminfo/hostname", "w1\n"),
        ("w1-2026-11-22/systeminfo/date", "Sun Nov 22 17:40:14 UTC 2026\n"),
        ("w1-2026-11-22/systeminfo/sysctla", "kernel.pid_max = 32768\n"),
        ("w1-2026-11-22/journald/rke2-server", LINE),
        ("w1-2026-11-22/rke2/agent-logs/kubelet.log", "E1122 17:40:05.123456 812 generic.go:312] x\n"),
        (
            "w1-2026-11-22/rke2/agent-logs/kubelet-2026-11-21T00-00-00.000.log",
            "E1121 17:40:05.123456 812 x.go:1] x\n",
        ),
        ("w1-2026-11-22/rke2/kubectl/pods", pods),
        ("w1-2026-11-22/rke2/kubectl/version", "Client Version: v1\n"),
        ("w1-2026-11-22/rke2/podlogs/kube-system-coredns-1", "x\n"),
    ]);
    assert!(bundle.description.starts_with("Rancher node logs"), "{}", bundle.description);
    let s = &bundle.snapshot;
    assert_eq!((names(s), nodes(s)), (vec!["a".to_owned()], vec!["w1"]));
    assert_eq!(s.taken_at, "2026-11-22T17:40:14Z".parse().ok());
    let facts = s.node_facts.values().next().unwrap();
    assert_eq!((facts.pid_max, facts.logs.len()), (Some(32768), 2));
    assert!(s.has(&Kind::Pod) && !s.has(&Kind::Node));
}

#[test]
fn a_printed_dump() {
    let of = |kind: &str, link: &str, items: &str| {
        format!(
            r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"selfLink":"{link}"}},"items":[{items}]}}"#
        )
    };
    let mut text = of("Node", "/api/v1/nodes", r#"{"metadata":{"name":"n1"}}"#);
    let kinds = ["Event", "ReplicationController", "Service", "DaemonSet", "Deployment", "ReplicaSet"];
    for kind in kinds {
        text += &format!("\n{}", of(kind, "", ""));
    }
    text += &format!("\n{}\n", of("Pod", "", &pod("a")));
    text += "==== START logs for container app of pod shop/a ====\nhello\n==== END logs for container app of pod shop/a ====\n";
    for kind in kinds {
        text += &format!("{}\n", of(kind, "", ""));
    }
    text += &of("Pod", "", "");
    let bundle = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(bundle.description, "kubectl cluster-info dump, 2 objects");
    let s = &bundle.snapshot;
    assert!(s.has(&Kind::Node) && s.has_in(&Kind::Event, "shop") && !s.has(&Kind::Event));
    assert_eq!(names(s), ["a"]);
    let log = s.container_logs.iter().next().map(|(key, log)| (key.pod.to_string(), log.text.to_string()));
    assert_eq!(log, Some(("a".to_owned(), "hello\n".to_owned())));
    // A dump that ends too early lists nothing.
    let cut = text.get(..text.len() - 30).unwrap();
    let s = read_bytes(cut.as_bytes()).unwrap().snapshot;
    assert!(!s.has(&Kind::Node) || s.gaps.iter().any(|g| g.why == Why::Truncated));
}
