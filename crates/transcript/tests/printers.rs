//! Tables of kubectl old and new, read back into what their columns prove.

use kubecause_evidence::Kind;
use kubecause_transcript::{Part, Transcript, read};
use serde_json::{Value, json};

fn of(text: &str) -> Transcript {
    read(&[Part { name: "x.txt", text }]).unwrap_or_default()
}

fn object<'a>(found: &'a Transcript, kind: &str, name: &str) -> &'a Value {
    let is = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
    found.objects.iter().find(is).unwrap_or(&Value::Null)
}

#[test]
fn the_status_of_pods() {
    let found = of("$ kubectl get pods -n n -o wide\n\
        NAME   READY   STATUS                  RESTARTS        AGE   IP           NODE     NOMINATED NODE   READINESS GATES\n\
        a      0/1     CrashLoopBackOff        12 (115s ago)   40m   10.244.0.7   node-1   <none>           <none>\n\
        b      1/2     Running                 0               40m   10.244.0.8   node-1   <none>           <none>\n\
        c      0/1     Init:0/1                0               40m   <none>       node-1   <none>           <none>\n\
        d      0/1     Init:CrashLoopBackOff   7 (2m ago)      40m   10.244.0.9   node-1   <none>           <none>\n\
        e      1/1     Terminating             0               40m   10.244.0.6   node-1   <none>           <none>\n\
        f      0/1     Evicted                 0               40m   <none>       node-1   <none>           <none>\n\
        g      0/1     ImagePullBackOff        0               40m   10.244.0.5   node-1   <none>           <none>\n\
        h      0/1     Pending                 0               40m   <none>       <none>   <none>           <none>\n\
        i      0/1     ExitCode:3              2 (9s ago)      40m   10.244.0.4   node-1   <none>           <none>\n");
    let pod = |name: &str| object(&found, "Pod", name);
    let state = |name: &str| &pod(name)["status"]["containerStatuses"][0]["state"];
    assert_eq!(state("a"), &json!({ "waiting": { "reason": "CrashLoopBackOff" } }));
    assert_eq!(pod("a")["status"]["containerStatuses"][0]["restartCount"], 12);
    assert_eq!(
        pod("b")["status"]["containerStatuses"][1],
        json!({ "name": "<container-2>", "ready": false, "restartCount": 0, "state": { "running": {} } })
    );
    assert_eq!(
        (&pod("c")["status"]["phase"], pod("c")["status"].get("initContainerStatuses")),
        (&json!("Pending"), None)
    );
    assert_eq!(
        pod("d")["status"]["initContainerStatuses"][0]["state"]["waiting"]["reason"],
        "CrashLoopBackOff"
    );
    assert!(
        pod("e")["metadata"]["deletionTimestamp"].is_string() && pod("e")["status"]["phase"] == "Running"
    );
    assert_eq!(
        (&pod("f")["status"]["phase"], &pod("f")["status"]["reason"]),
        (&json!("Failed"), &json!("Evicted"))
    );
    assert_eq!(
        (&pod("g")["status"]["phase"], &pod("g")["spec"]["nodeName"]),
        (&json!("Pending"), &json!("node-1"))
    );
    assert!(
        pod("h")["status"].get("containerStatuses").is_none() && pod("h")["spec"].get("nodeName").is_none()
    );
    assert_eq!(state("i")["terminated"]["exitCode"], 3);
    assert!(found.objects.iter().all(|o| o["metadata"]["kubecausePartial"] == true));
    assert_eq!(found.listed, [(Kind::Pod, Some("n".to_owned()))]);
}

#[test]
fn events_of_1_8_and_of_today() {
    let old = of("# kubectl get events -n n\n\
        LASTSEEN   FIRSTSEEN   COUNT     NAME                    KIND      SUBOBJECT              TYPE      REASON    SOURCE                MESSAGE\n\
        1m         10m         7         web-1.14f7c2a1b2c3d4e5   Pod       spec.containers{web}   Warning   BackOff   kubelet, node-1       Back-off restarting failed container\n");
    let event = &old.objects[0];
    assert_eq!(
        event["involvedObject"],
        json!({ "kind": "Pod", "name": "web-1", "namespace": "n", "fieldPath": "spec.containers{web}" })
    );
    assert_eq!((&event["count"], &event["source"]["host"]), (&json!(7), &json!("node-1")));
    let new = of("$ kubectl events -n n\n\
        LAST SEEN            TYPE      REASON    OBJECT      MESSAGE\n\
        1m (x7 over 10m)     Warning   BackOff   Pod/web-1   Back-off restarting failed container\n");
    let (a, b) = (event, &new.objects[0]);
    for field in ["count", "firstTimestamp", "lastTimestamp", "reason", "type", "message"] {
        assert_eq!(a[field], b[field], "{field}");
    }
}

#[test]
fn workloads_of_1_8_and_of_today() {
    for text in [
        "$ kubectl get deploy -n n\nNAME      DESIRED   CURRENT   UP-TO-DATE   AVAILABLE   AGE\nweb       3         3         3            1           5d\n",
        "$ kubectl get deploy -n n\nNAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    1/3     3            1           5d\n",
    ] {
        let found = of(text);
        let web = object(&found, "Deployment", "web");
        assert_eq!(
            (&web["spec"]["replicas"], &web["status"]["availableReplicas"], &web["status"]["replicas"]),
            (&json!(3), &json!(1), &json!(3))
        );
    }
}

#[test]
fn what_is_not_shown_is_not_none() {
    let listed = |text: &str| of(text).listed;
    assert_eq!(listed("$ kubectl get pvc -A\nNo resources found\n"), [(Kind::PersistentVolumeClaim, None)]);
    assert_eq!(
        listed("$ kubectl get pods\nNo resources found in shop namespace.\n"),
        [(Kind::Pod, Some("shop".to_owned()))]
    );
    let row = "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5d\n";
    for command in ["get pods a", "get pods -l app=a", "get pods | grep a", "get pods --field-selector=x=y"] {
        assert_eq!(listed(&format!("$ kubectl {command}\n{row}")), [], "{command}");
    }
    assert_eq!(listed(&format!("$ kubectl get pods\n{row}...\n")), []);
    assert_eq!(listed(row), []);
    let refused = of(
        "$ kubectl get pods,secrets -n n\nNAME    READY   STATUS    RESTARTS   AGE\npod/a   1/1     Running   0          5d\nError from server (Forbidden): secrets is forbidden: User \"x\" cannot list resource \"secrets\"\n",
    );
    assert_eq!(refused.listed, [(Kind::Pod, Some("n".to_owned()))]);
    assert_eq!(refused.missing.first().map(|m| &m.0), Some(&Kind::Secret));
    assert!(read(&[Part { name: "x", text: "hello world\nnothing to see\n" }]).is_none());
}
