//! Descriptions of old printers, and of chat windows and articles that drop blanks.
//!
//! Forms: pkg/printers/internalversion/describe.go of kubernetes/kubernetes before 1.10, which no longer builds as a module.

use jiff::Timestamp;
use kubecause_evidence::Ingest;
use kubecause_transcript::describe::{Asked, read, read_asked, stamps};
use serde_json::Value;

fn now() -> Timestamp {
    "2017-10-16T02:00:00Z".parse().expect("time")
}

fn of<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default();
        assert!(Ingest::parse(kind, &object.to_string()).is_ok(), "{object}");
    }
    objects.iter().filter(|o| o["kind"] == kind).collect()
}

const NODE: &str = "Name:\t\t\tnode-3
Role:\t\t\t
Labels:\t\t\tbeta.kubernetes.io/arch=amd64
\t\t\tkubernetes.io/hostname=node-3
Annotations:\t\tnode.alpha.kubernetes.io/ttl=0
\t\t\tvolumes.kubernetes.io/controller-managed-attach-detach=true
Taints:\t\t\t<none>
CreationTimestamp:\tSat, 30 Sep 2017 10:25:43 +0800
Conditions:
  Type\t\t\tStatus\tLastHeartbeatTime\t\t\tLastTransitionTime\t\t\tReason\t\t\t\tMessage
  ----\t\t\t------\t-----------------\t\t\t------------------\t\t\t------\t\t\t\t-------
  OutOfDisk \t\tFalse \tMon, 16 Oct 2017 09:59:50 +0800 \tMon, 16 Oct 2017 09:54:13 +0800 \tKubeletHasSufficientDisk \tkubelet has sufficient disk space available
  DiskPressure \t\tTrue \tMon, 16 Oct 2017 09:59:50 +0800 \tMon, 16 Oct 2017 09:54:14 +0800 \tKubeletHasDiskPressure \tkubelet has disk pressure
Addresses:
  InternalIP:\t10.0.0.3
  Hostname:\tnode-3
Capacity:
 cpu:\t\t2
 memory:\t4046424Ki
 pods:\t\t110
Allocatable:
 cpu:\t\t2
System Info:
 Boot ID:\t\t\tabc
 Container Runtime Version:\tdocker://1.12.6
 Kubelet Version:\t\tv1.7.4
ExternalID:\t\t\tnode-3
Non-terminated Pods:\t\t(1 in total)
  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits
  ---------\t----\t\t------------\t----------\t---------------\t-------------
  kube-system\tweave-net-3svfg\t20m (1%)\t0 (0%)\t0 (0%)\t0 (0%)
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  CPU Requests\tCPU Limits\tMemory Requests\tMemory Limits
  ------------\t----------\t---------------\t-------------
  20m (1%)\t0 (0%)\t\t0 (0%)\t\t0 (0%)
Events:
  FirstSeen\tLastSeen\tCount\tFrom\t\t\tSubObjectPath\tType\t\tReason\t\t\tMessage
  ---------\t--------\t-----\t----\t\t\t-------------\t--------\t------\t\t\t-------
  9d\t\t51m\t\t49428\tkubelet, node-3\t\t\tWarning\t\tEvictionThresholdMet\tAttempting to reclaim nodefs
";

#[test]
fn a_node_with_tabs() {
    let found = read(NODE, None, now());
    let node = of(&found, "Node")[0];
    assert_eq!(node["metadata"]["labels"]["kubernetes.io/hostname"], "node-3");
    assert_eq!(node["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"], "0");
    let conditions = node["status"]["conditions"].as_array().expect("conditions");
    assert_eq!(conditions.len(), 2);
    assert_eq!(conditions[1]["reason"], "KubeletHasDiskPressure");
    assert_eq!(conditions[1]["message"], "kubelet has disk pressure");
    assert_eq!(conditions[1]["lastTransitionTime"], "2017-10-16T01:54:14Z");
    assert_eq!(node["status"]["capacity"]["memory"], "4046424Ki");
    assert_eq!(node["status"]["nodeInfo"]["containerRuntimeVersion"], "docker://1.12.6");
    let event = of(&found, "Event")[0];
    assert_eq!((&event["count"], &event["source"]["host"]), (&49_428.into(), &"node-3".into()));
    assert_eq!(stamps(NODE).map(|t| t.to_string()).as_deref(), Some("2017-10-16T01:59:50Z"));
}

#[test]
fn a_pod_of_1_7() {
    let text = "Name:\t\tweb-1-x
Namespace:\tdefault
Node:\t\tnode-3/10.0.0.3
Start Time:\tMon, 16 Oct 2017 09:50:00 +0800
Labels:\t\tapp=web
Annotations:\tkubernetes.io/created-by={\"kind\":\"SerializedReference\",\"apiVersion\":\"v1\"}
Status:\t\tTerminating (expires Mon, 16 Oct 2017 09:58:00 +0800)
Termination Grace Period:\t30s
IP:\t\t10.44.0.1
Created By:\tReplicaSet/web-1
Controlled By:\tReplicaSet/web-1
Containers:
  web:
    Container ID:\tdocker://1f
    Image:\t\tnginx:1.13
    Port:\t\t80/TCP
    State:\t\tRunning
      Started:\t\tMon, 16 Oct 2017 09:50:05 +0800
    Ready:\t\tTrue
    Restart Count:\t0
    Environment:\t<none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from default-token-abc (ro)
Conditions:
  Type\t\tStatus
  Initialized \tTrue 
  Ready \tTrue 
Volumes:
  default-token-abc:
    Type:\tSecret (a volume populated by a Secret)
    SecretName:\tdefault-token-abc
    Optional:\tfalse
QoS Class:\tBestEffort
Node-Selectors:\t<none>
Tolerations:\tnode.alpha.kubernetes.io/notReady:NoExecute for 300s
\t\tnode.alpha.kubernetes.io/unreachable:NoExecute for 300s
Events:\t\t<none>
";
    let found = read(text, None, now());
    let pod = of(&found, "Pod")[0];
    assert_eq!(pod["metadata"]["deletionTimestamp"], "2017-10-16T01:58:00Z");
    assert_eq!(pod["metadata"]["ownerReferences"].as_array().map(Vec::len), Some(1));
    assert_eq!(pod["spec"]["containers"][0]["ports"][0]["containerPort"], 80);
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"],
        "2017-10-16T01:50:05Z"
    );
    assert_eq!(pod["spec"]["tolerations"][1]["tolerationSeconds"], 300);
    assert_eq!(pod["status"]["conditions"][1]["status"], "True");
    assert!(pod["status"].get("phase").is_none());
}

#[test]
fn a_pod_whose_blanks_are_lost() {
    let text = "Name: api-7c9d-x1
Namespace: shop
Node: worker-1/192.0.2.2
Start Time: Tue, 03 Aug 2021 00:30:00 +0000
Labels: app=api
tier=web
Status: Running
IP: 10.244.1.5
IPs:
IP: 10.244.1.5
Controlled By: ReplicaSet/api-7c9d
Init Containers:
migrate:
Container ID: docker://aa
Image: shop/api:2
Command:
sh
-c
exit 2
State: Waiting
Reason: CrashLoopBackOff
Last State: Terminated
Reason: Error
Exit Code: 2
Started: Tue, 03 Aug 2021 06:02:42 +0000
Finished: Tue, 03 Aug 2021 06:02:42 +0000
Ready: False
Restart Count: 67
Environment: <none>
Mounts:
/data from data (rw)
Containers:
api:
Image: shop/api:2
Host Port: 0/TCP
State: Running
Started: Tue, 03 Aug 2021 00:35:30 +0000
Ready: True
Restart Count: 0
Limits:
memory: 64Mi
Environment:
MODE: fast
Mounts: <none>
Conditions:
Type Status
Initialized True
Ready False
Volumes:
data:
Type: PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
ClaimName: data
ReadOnly: false
QoS Class: Burstable
Node-Selectors: <none>
Events:
Type Reason Age From Message
---- ------ ---- ---- -------
Warning BackOff 2m (x300 over 5h) kubelet Back-off restarting failed container
";
    let now: Timestamp = "2021-08-03T06:05:00Z".parse().expect("time");
    let found = read(text, None, now);
    let pod = of(&found, "Pod")[0];
    assert_eq!(pod["metadata"]["labels"]["tier"], "web");
    let init = &pod["status"]["initContainerStatuses"][0];
    assert_eq!(
        (&init["restartCount"], &init["state"]["waiting"]["reason"]),
        (&67.into(), &"CrashLoopBackOff".into())
    );
    assert_eq!(init["lastState"]["terminated"]["exitCode"], 2);
    assert_eq!(pod["spec"]["initContainers"][0]["command"][2], "exit 2");
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!((&status["ready"], &status["name"]), (&true.into(), &"api".into()));
    assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["memory"], "64Mi");
    assert_eq!(pod["spec"]["containers"][0]["env"][0]["value"], "fast");
    assert_eq!(pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"], "data");
    assert_eq!(pod["status"]["qosClass"], "Burstable");
    assert_eq!(pod["status"]["conditions"][1]["status"], "False");
    let event = of(&found, "Event")[0];
    assert_eq!((&event["count"], &event["involvedObject"]["name"]), (&300.into(), &"api-7c9d-x1".into()));
}

#[test]
fn a_namespace_comes_from_the_command() {
    let text = "Name:           agent
Selector:       app=agent
Node-Selector:  <none>
Labels:         app=agent
Desired Number of Nodes Scheduled: 3
Number of Nodes Scheduled with Available Pods: 3
Events:         <none>
";
    let asked = Asked { kind: Some("ds"), namespace: Some("kube-system"), name: None };
    let found = read_asked(text, asked, now());
    let set = of(&found, "DaemonSet")[0];
    assert_eq!(set["metadata"]["namespace"], "kube-system");
    assert_eq!(set["status"]["numberAvailable"], 3);
}

#[test]
fn reading_takes_time_in_proportion_to_the_text() {
    // The message of each object is looked for only so far; the depth of a tree is bounded.
    let object = "Name:  a\nNamespace:  b\nLabels:  <none>\nContainers:\n  c:\n    Message:  x\n    Image:  i\nEvents:\n  Normal  A  1s  b  c\nmore\n\n\n";
    let text = object.repeat(3_000);
    assert_eq!(read(&text, Some("Pod"), now()).len(), 6_000);
    let deep: String = (0..1500).map(|n| " ".repeat(n) + "Key:\n").collect();
    let text = format!("Name:  a\nNamespace:  b\nAPI Version:  v1\nKind:  Widget\n{deep}");
    assert_eq!(read(&text, None, now()).len(), 1);
}
