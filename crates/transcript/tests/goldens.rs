//! What kubectl's own printers wrote, read back and compared with the objects that they were given. See goldens/README.md.

use jiff::Timestamp;
use kubecause_evidence::Ingest;
use kubecause_transcript::describe::{Asked, moment, read, read_asked};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::HashMap;

const OBJECTS: &str = include_str!("../goldens/objects.json");
const GOLDENS: [(&str, &str); 3] = [
    ("1.36", include_str!("../goldens/kubectl-1.36.txt")),
    ("1.24", include_str!("../goldens/kubectl-1.24.txt")),
    ("1.18", include_str!("../goldens/kubectl-1.18.txt")),
];

fn taken_at() -> Timestamp {
    "2026-11-22T17:50:00Z".parse().expect("time")
}

fn originals() -> Vec<Value> {
    let mut list: Value = serde_json::from_str(OBJECTS).expect("objects.json");
    let mut items = list["items"].as_array_mut().map(std::mem::take).expect("items");
    items.iter_mut().filter(|o| o["kind"] == "Event").for_each(settle);
    items
}

/// An event has its times, its count and its source in one of several places; the printer shows one of each.
fn settle(event: &mut Value) {
    let or = |a: &Value, b: &Value| if a.is_null() { b.clone() } else { a.clone() };
    let first = or(&event["firstTimestamp"], &event["eventTime"]);
    let last = or(&event["series"]["lastObservedTime"], &or(&event["lastTimestamp"], &first));
    let source = or(&event["source"]["component"], &event["reportingComponent"]);
    let count = or(&event["series"]["count"], &event["count"]);
    event["source"] = serde_json::json!({"component": source, "host": event["source"]["host"]});
    (event["firstTimestamp"], event["lastTimestamp"], event["count"]) = (first, last, count);
}

fn name(object: &Value) -> String {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let (meta, about) = (&object["metadata"], &object["involvedObject"]);
    if object["kind"] == "Event" {
        // The printer trims messages.
        let message = plain(object["message"].as_str().unwrap_or_default());
        return format!("Event {} {} {message}", text(&about["name"]), text(&object["reason"]));
    }
    // The namespace of a daemon set is printed since 1.26 or so.
    if object["kind"] == "DaemonSet" {
        return format!("DaemonSet {}", text(&meta["name"]));
    }
    format!("{} {}/{}", text(&object["kind"]), text(&meta["namespace"]), text(&meta["name"]))
}

/// Without the blanks around lines, which no tree of lines keeps.
fn plain(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// What an element of a list is known by.
fn identity(value: &Value) -> Option<String> {
    const KEYS: &[&str] = &[
        "name",
        "key",
        "type",
        "topologyKey",
        "ip",
        "mountPath",
        "host",
        "path",
        "hostname",
        "containerPort",
        "conditionType",
    ];
    let own = KEYS.iter().find_map(|k| value.get(k)).map(ToString::to_string);
    let resource = value.get("resource").map(|r| r["name"].to_string());
    resource.or_else(|| Some(own? + &value.get("effect").map(ToString::to_string).unwrap_or_default()))
}

fn partner<'a>(value: &Value, at: usize, among: &'a [Value]) -> Option<&'a Value> {
    let same = |other: &&Value| identity(value).is_some() && identity(value) == identity(other);
    among.iter().find(same).or_else(|| among.iter().find(|o| *o == value)).or_else(|| among.get(at))
}

fn is_near(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (a.parse::<Timestamp>(), b.parse::<Timestamp>()) else { return false };
    let age = taken_at().duration_since(b).as_secs();
    // Ages are printed to the second below ten minutes, to the minute below eight hours.
    a.duration_since(b).as_secs().abs() <= if age < 600 { 1 } else { 60 }
}

/// Everything that was read must be so in the original; `wrong` gets what is not.
fn within(read: &Value, original: &Value, path: &str, wrong: &mut Vec<String>) {
    match (read, original) {
        (Value::Object(read), Value::Object(original)) => {
            for (key, value) in read {
                let path = format!("{path}.{key}");
                match original.get(key) {
                    _ if ["apiVersion", "runningPods", "derivedFrom"].contains(&key.as_str()) => {}
                    Some(other) => within(value, other, &path, wrong),
                    // What the API leaves out, the printer writes out.
                    None if *value == false || *value == 0 || value.is_null() => {}
                    None => wrong.push(format!("{path} = {value} is not in the original")),
                }
            }
        }
        (Value::Array(read), Value::Array(original)) => {
            for (at, value) in read.iter().enumerate() {
                match partner(value, at, original) {
                    Some(other) => within(value, other, &format!("{path}[]"), wrong),
                    None => wrong.push(format!("{path}[{at}] = {value} is not in the original")),
                }
            }
        }
        // A value that is cut off.
        (Value::String(a), Value::String(b)) if is_long(path) && plain(b).starts_with(&plain(a)) => {}
        (Value::String(a), Value::String(b)) if plain(a) == plain(b) || is_near(a, b) => {}
        (Value::Null, _) => {}
        (a, b) if a == b => {}
        (a, b) => wrong.push(format!("{path}: read {a}, is {b}")),
    }
}

/// Values of several lines.
fn is_long(path: &str) -> bool {
    [".data.", ".annotations."].iter().any(|p| path.contains(p)) || path.ends_with(".message")
}

fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(v, &format!("{path}.{k}"), out)),
        Value::Array(list) => list.iter().for_each(|v| leaves(v, &format!("{path}[]"), out)),
        Value::Null | Value::Bool(false) => {}
        Value::String(text) if text.is_empty() => {}
        Value::Number(n) if n.as_i64() == Some(0) => {}
        _ => out.push(path.to_owned()),
    }
}

#[test]
fn what_is_read_is_what_was_printed() {
    let originals = originals();
    for (version, text) in GOLDENS {
        let mut wrong = Vec::new();
        let mut seen = 0;
        for object in read(text, None, taken_at()) {
            let name = name(&object);
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            if let Err(error) = Ingest::parse(&kind, &object.to_string()) {
                wrong.push(format!("{name}: {error}"));
            }
            match originals.iter().find(|o| self::name(o) == name) {
                Some(original) => within(&object, original, &name, &mut wrong),
                // The endpoints that the description of a service shows may come from slices.
                None if kind == "Endpoints" => continue,
                None => wrong.push(format!("{name} was never there")),
            }
            seen += 1;
        }
        assert!(wrong.is_empty(), "kubectl {version}:\n{}", wrong.join("\n"));
        assert!(seen > 40, "kubectl {version}: only {seen} objects");
    }
}

/// What the printers do not show, or show elsewhere: of any kind, then by kind; paths and their beginnings.
const NOT_SHOWN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            ".metadata.uid",
            ".metadata.resourceVersion",
            ".metadata.generation",
            ".metadata.generateName",
            ".metadata.creationTimestamp",
            ".metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
            ".metadata.annotations.very.long/value",
            ".metadata.ownerReferences[].apiVersion",
            ".metadata.ownerReferences[].blockOwnerDeletion",
            ".metadata.ownerReferences[].uid",
            ".spec.template.spec.containers[].imagePullPolicy",
            ".spec.template.spec.containers[].termination",
            ".spec.template.spec.dnsPolicy",
            ".spec.template.spec.restartPolicy",
            ".spec.template.spec.schedulerName",
            ".spec.template.spec.terminationGracePeriodSeconds",
            ".spec.revisionHistoryLimit",
            ".status.observedGeneration",
            ".status.conditions[].observedGeneration",
        ],
    ),
    ("ConfigMap", &[".binaryData"]),
    ("CronJob", &[".spec.jobTemplate.spec.template.spec.restartPolicy"]),
    ("DaemonSet", &[".spec.updateStrategy", ".status.numberReady", ".status.numberUnavailable"]),
    (
        "Deployment",
        &[".spec.progressDeadlineSeconds", ".status.conditions[].last", ".status.conditions[].message"],
    ),
    (
        "EndpointSlice",
        &[".endpoints[].conditions.serving", ".endpoints[].targetRef.uid", ".metadata.ownerReferences"],
    ),
    (
        "Event",
        &[
            ".action",
            ".count",
            ".eventTime",
            ".involvedObject.apiVersion",
            ".involvedObject.resourceVersion",
            ".involvedObject.uid",
            ".metadata.name",
            ".metadata.namespace",
            ".reporting",
            ".series",
            ".source.host",
        ],
    ),
    (
        "HorizontalPodAutoscaler",
        &[
            ".spec.metrics[].resource.target.type",
            ".spec.scaleTargetRef.apiVersion",
            ".status.conditions[].last",
        ],
    ),
    ("Ingress", &[".spec.rules[].http.paths[].pathType"]),
    ("Job", &[".spec.podReplacementPolicy", ".status.conditions"]),
    ("Lease", &[".metadata.ownerReferences", ".spec.leaseDurationSeconds"]),
    ("Namespace", &[".metadata.deletionTimestamp", ".spec.finalizers"]),
    ("Node", &[".spec.taints[].timeAdded", ".status.daemonEndpoints", ".status.declaredFeatures"]),
    ("PersistentVolume", &[".spec.csi.volumeAttributes"]),
    ("PersistentVolumeClaim", &[".spec.accessModes", ".spec.resources", ".status.phase"]),
    (
        "Pod",
        &[
            ".metadata.finalizers",
            ".spec.containers[].env[].valueFrom.fieldRef.apiVersion",
            ".spec.containers[].env[].valueFrom.resourceFieldRef.containerName",
            ".spec.containers[].env[].valueFrom.resourceFieldRef.divisor",
            ".spec.containers[].imagePullPolicy",
            ".spec.containers[].termination",
            ".spec.dnsPolicy",
            ".spec.enableServiceLinks",
            ".spec.preemptionPolicy",
            ".spec.restartPolicy",
            ".spec.schedulerName",
            ".spec.serviceAccount",
            ".spec.terminationGracePeriodSeconds",
            ".spec.volumes[].csi.volumeAttributes",
            ".spec.volumes[].downwardAPI",
            ".spec.volumes[].ephemeral",
            ".spec.volumes[].projected.defaultMode",
            ".spec.volumes[].projected.sources[].configMap.items",
            ".spec.volumes[].projected.sources[].downwardAPI",
            ".status.allocatedResources",
            ".status.conditions[].lastTransitionTime",
            ".status.conditions[].message",
            ".status.conditions[].reason",
            ".status.containerStatuses[].allocatedResources",
            ".status.containerStatuses[].image",
            ".status.containerStatuses[].lastState.terminated.containerID",
            ".status.containerStatuses[].resources",
            ".status.containerStatuses[].state.terminated.containerID",
            ".status.containerStatuses[].state.waiting.message",
            ".status.containerStatuses[].volumeMounts",
            ".status.hostIPs",
            ".status.initContainerStatuses[].image",
            // Of a pod that is being deleted.
            ".status.phase",
            ".status.resources",
        ],
    ),
    ("ReplicaSet", &[".status.fullyLabeledReplicas"]),
    ("ResourceQuota", &[".spec.hard"]),
    ("Secret", &[".data"]),
    ("Service", &[".spec.clusterIPs"]),
    (
        "StatefulSet",
        &[
            ".spec.persistentVolumeClaimRetentionPolicy",
            ".spec.podManagementPolicy",
            ".spec.serviceName",
            ".status.availableReplicas",
            ".status.currentReplicas",
            ".status.currentRevision",
            ".status.readyReplicas",
            ".status.updateRevision",
            ".status.updatedReplicas",
        ],
    ),
];
/// Descriptions from which their kind cannot be told.
const UNTOLD: [&str; 2] = ["CSINode /worker-1", "ReplicationController shop/old"];

#[test]
fn what_is_printed_is_read() {
    let found = read(GOLDENS[0].1, None, taken_at());
    let mut lost = std::collections::BTreeSet::new();
    for original in originals() {
        let kind = original["kind"].as_str().unwrap_or_default();
        let known = name(&original);
        let Some(object) = found.iter().find(|o| name(o) == known) else {
            if !UNTOLD.contains(&known.as_str()) {
                lost.insert(format!("{known} as a whole"));
            }
            continue;
        };
        let (mut want, mut have) = (Vec::new(), Vec::new());
        leaves(&original, "", &mut want);
        leaves(object, "", &mut have);
        let hidden = |path: &str| {
            let of_kind = NOT_SHOWN.iter().filter(|(k, _)| k.is_empty() || *k == kind);
            of_kind.flat_map(|(_, paths)| *paths).any(|p| path.starts_with(p))
        };
        lost.extend(
            want.into_iter().filter(|p| !have.contains(p) && !hidden(p)).map(|p| format!("{kind} {p}")),
        );
    }
    assert!(lost.is_empty(), "{}", lost.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_cut_text_gives_a_part_of_the_whole() {
    for (version, text) in GOLDENS {
        let whole: HashMap<String, Value> =
            read(text, None, taken_at()).into_iter().map(|o| (name(&o), o)).collect();
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        // Every cut of a text of two thousand lines takes minutes; these are cuts at all kinds of places.
        for end in ends.iter().step_by(37) {
            let cut = text.get(..*end).unwrap_or_default();
            let mut wrong = Vec::new();
            for object in read(cut, None, taken_at()) {
                let known = name(&object);
                match whole.get(&known) {
                    Some(full) => within(&object, full, &known, &mut wrong),
                    // The last event may lack lines of its message.
                    None if object["kind"] == "Event" => {}
                    None => wrong.push(format!("{known} appears")),
                }
            }
            assert!(wrong.is_empty(), "kubectl {version} cut at {end}:\n{}", wrong.join("\n"));
        }
    }
}

#[test]
fn the_moment_of_printing_is_found() {
    // The golden's pods were scheduled before they started: a second and a half hour of rounding at most.
    let found = moment(GOLDENS[0].1).expect("a time");
    assert!(found <= taken_at() && taken_at().duration_since(found).as_secs() < 120, "{found}");
}

#[test]
fn no_value_of_a_secret_comes_through() {
    let all: String = read(GOLDENS[0].1, None, taken_at()).iter().map(ToString::to_string).collect();
    assert!(!all.contains("c2VjcmV0") && !all.contains("6 bytes"));
}

#[test]
fn a_kind_that_the_command_tells() {
    let text = GOLDENS[0].1;
    let at = text.find("Name:         old\n").expect("the controller");
    let found = read(&text[at..], Some("rc"), taken_at());
    assert_eq!(
        (&found[0]["kind"], &found[0]["metadata"]["name"]),
        (&"ReplicationController".into(), &"old".into())
    );
    assert_eq!(found[0]["spec"]["selector"]["app"], "old");
    assert_eq!(found[0]["status"]["conditions"][0]["reason"], "FailedCreate");
}

#[test]
fn events_alone_are_about_what_was_asked_for() {
    let text = "... ...
Events:
  FirstSeen    LastSeen    Count    From            SubObjectPath    Type        Reason            Message
  ---------    --------    -----    ----            -------------    --------    ------            -------
  9d        51m        49428    kubelet, k8s-3            Warning        EvictionThresholdMet    Attempting to reclaim nodefs
  5m        5m        1    kubelet, k8s-3            Normal        NodeHasDiskPressure    Node k8s-3 status is now: NodeHasDiskPressure
";
    assert!(read(text, None, taken_at()).is_empty());
    let found = read_asked(text, Asked { name: Some("k8s-3"), ..Asked::default() }, taken_at());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["involvedObject"]["kind"], "Node");
    assert_eq!(found[0]["count"], 49_428);
}

#[derive(Debug, Clone)]
enum Change {
    Drop,
    Dedent,
    Tabs,
    Single,
    Twice,
    Tail(usize),
    Deeper(usize),
    Colons,
    Wide,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Drop),
        Just(Change::Dedent),
        Just(Change::Tabs),
        Just(Change::Single),
        Just(Change::Twice),
        (0..40_usize).prop_map(Change::Tail),
        (0..30_usize).prop_map(Change::Deeper),
        Just(Change::Colons),
        Just(Change::Wide),
    ]
}

fn changed(line: &str, change: &Change) -> Vec<String> {
    match change {
        Change::Drop => Vec::new(),
        Change::Dedent => vec![line.trim_start().to_owned()],
        Change::Tabs => vec![line.replace("  ", "\t")],
        Change::Single => vec![line.split_whitespace().collect::<Vec<_>>().join(" ")],
        Change::Twice => vec![line.to_owned(), line.to_owned()],
        Change::Tail(n) => vec![line.chars().skip(*n).collect()],
        Change::Deeper(n) => vec![" ".repeat(*n) + line],
        Change::Colons => vec![line.replace(' ', ": ")],
        Change::Wide => vec![line.replace(['a', ' '], "镜像：é")],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(changes in proptest::collection::vec((0..1400_usize, change()), 1..60), whole in proptest::option::of(change())) {
        let (_, text) = GOLDENS[changes.len() % GOLDENS.len()];
        let mut lines: Vec<Vec<String>> = text.lines().map(|l| vec![l.to_owned()]).collect();
        for (at, change) in &changes {
            if let Some(line) = lines.get_mut(*at) {
                *line = line.iter().flat_map(|l| changed(l, change)).collect();
            }
        }
        let mut text = lines.concat().join("\n");
        if let Some(change) = whole {
            text = text.lines().flat_map(|l| changed(l, &change)).collect::<Vec<_>>().join("\n");
        }
        for object in read(&text, None, taken_at()) {
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            let _ = Ingest::parse(&kind, &object.to_string());
        }
        let _ = moment(&text);
    }

    #[test]
    fn nor_does_any_text(text in "(Name:|Containers:|Events:|Data|====|----|  |\t|\n|[a-z:<>(),/]|é){0,400}", kind in proptest::option::of("Pod|Node|Job|Secret|ConfigMap|Ingress|Service|hpa|Widget")) {
        let _ = read(&text, kind.as_deref(), taken_at());
    }
}
