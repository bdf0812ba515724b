//! Rows of pods: READY, STATUS and RESTARTS read back into phase and container states.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printPod`.

use super::Row;
use crate::age;
use serde_json::{Map, Value, json};

/// What stands for the name of an init container that is not shown.
const INIT_CONTAINER: &str = "<init-container>";

/// What stands for a name of which it is only known that there is one.
const NOT_SHOWN: &str = "<not shown>";

/// Reasons that stand in a pod's own status, with its phase.
const POD_REASONS: [&str; 11] = [
    "Evicted",
    "NodeLost",
    "NodeAffinity",
    "Shutdown",
    "NodeShutdown",
    "Terminated",
    "UnexpectedAdmissionError",
    "DeadlineExceeded",
    "Preempting",
    "TopologyAffinityError",
    "AdmissionFailed",
];

/// Reasons for which a container has ended; all other words are reasons to wait.
const ENDED: [&str; 7] = [
    "Completed",
    "Error",
    "OOMKilled",
    "ContainerCannotRun",
    "StartError",
    "DeadlineExceeded",
    "ContainerStatusUnknown",
];

pub fn read(row: &Row<'_>) -> Map<String, Value> {
    let mut spec = Map::new();
    let mut status = Map::new();
    let mut meta = Map::new();
    if let Some(node) = row.get("NODE") {
        spec.insert("nodeName".into(), json!(node));
    }
    if let Some(ip) = row.get("IP") {
        status.insert("podIP".into(), json!(ip));
    }
    if let Some(node) = row.get("NOMINATED NODE") {
        status.insert("nominatedNodeName".into(), json!(node));
    }
    let word = row.get("STATUS").unwrap_or_default();
    let (ready, total) = row.ratio("READY").unwrap_or_default();
    let (restarts, ago) = row.get("RESTARTS").and_then(age::restarts).unwrap_or_default();
    let old = row.get("AGE").and_then(age::seconds).is_some_and(|age| age > 60);
    let told = Told { word, ready, total, restarts, ended: ago.map(|s| row.around.ago(s)), old };
    told.status(&mut status);
    if word == "Terminating" {
        // When the deletion was asked for is not shown: the moment of the transcript is the latest that it can be.
        meta.insert("deletionTimestamp".into(), json!(row.around.ago(0)));
    }
    if word == "SchedulingGated" {
        spec.insert("schedulingGates".into(), json!([{ "name": NOT_SHOWN }]));
    }
    if word.starts_with("Init:") {
        spec.insert("initContainers".into(), json!([{ "name": INIT_CONTAINER }]));
    }
    if total > 0 {
        let names = (0..total.min(64)).map(|i| json!({ "name": told.name(i) }));
        spec.insert("containers".into(), names.collect());
    }
    [("metadata", meta), ("spec", spec), ("status", status)]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), Value::Object(v)))
        .collect()
}

struct Told<'a> {
    word: &'a str,
    ready: i64,
    total: i64,
    restarts: i64,
    /// When the container that restarted last had ended.
    ended: Option<String>,
    /// Whether it is older than a first restart takes.
    old: bool,
}

impl Told<'_> {
    /// What stands for a container's name that is not shown.
    fn name(&self, i: i64) -> String {
        if self.total == 1 { "<container>".to_owned() } else { format!("<container-{}>", i + 1) }
    }

    fn status(&self, status: &mut Map<String, Value>) {
        let phase = match self.word {
            "" => return,
            "Pending" | "ContainerCreating" | "PodInitializing" | "SchedulingGated" => "Pending",
            "Succeeded" | "Completed" => "Succeeded",
            "Failed" => "Failed",
            "Unknown" => "Unknown",
            w if w.starts_with("Init:") => "Pending",
            w if POD_REASONS.contains(&w) || w.starts_with("OutOf") => {
                status.insert("reason".into(), json!(w));
                "Failed"
            }
            _ => "Running",
        };
        let phase = self.unstarted().or(self.gave_up()).unwrap_or(phase);
        status.insert("phase".into(), json!(phase));
        if self.total > 0 {
            let all = self.ready == self.total;
            let yes = |b: bool| if b { "True" } else { "False" };
            let mut conditions = vec![json!({ "type": "Ready", "status": yes(all && phase == "Running") })];
            if self.word == "SchedulingGated" {
                conditions
                    .push(json!({ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }));
            }
            status.insert("conditions".into(), Value::Array(conditions));
        }
        self.containers(status);
    }

    /// A container that never ran leaves the pod Pending, whatever the reason.
    fn unstarted(&self) -> Option<&'static str> {
        const NEVER: [&str; 8] = [
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "CreateContainerConfigError",
            "CreateContainerError",
            "ImageInspectError",
            "RegistryUnavailable",
        ];
        (NEVER.contains(&self.word) && self.ready == 0 && self.restarts == 0).then_some("Pending")
    }

    /// What failed and was never restarted although there was time for it is a pod that runs once.
    fn gave_up(&self) -> Option<&'static str> {
        let failed =
            ENDED.contains(&self.word) && self.word != "Completed" || self.word.starts_with("ExitCode:");
        (failed && self.restarts == 0 && self.ready == 0 && self.old).then_some("Failed")
    }

    /// The states: the word is that of one container that is not ready; of the others only whether they are ready is known.
    fn containers(&self, status: &mut Map<String, Value>) {
        let (list, word) = match self.word.strip_prefix("Init:") {
            Some(word) => ("initContainerStatuses", word),
            None => ("containerStatuses", self.word),
        };
        let Some(state) = state(word) else { return };
        let total = if list == "initContainerStatuses" { 1 } else { self.total.min(64) };
        let mut statuses = Vec::new();
        for i in 0..total {
            let failing = i + 1 == total && self.ready < self.total;
            let ready = list == "containerStatuses" && i < self.ready;
            let name = if list == "initContainerStatuses" { INIT_CONTAINER.to_owned() } else { self.name(i) };
            let mut one = json!({ "name": name, "ready": ready, "restartCount": if i + 1 == total { self.restarts } else { 0 } });
            if failing {
                one["state"] = state.clone();
            } else if ready {
                one["state"] = json!({ "running": {} });
            }
            // An init container is started again only after it failed.
            if failing && list == "initContainerStatuses" && word == "CrashLoopBackOff" {
                one["lastState"] = json!({ "terminated": { "exitCode": UNKNOWN_EXIT, "reason": "Error" } });
                if let Some(ended) = &self.ended {
                    one["lastState"]["terminated"]["finishedAt"] = json!(ended);
                }
            }
            // How the run before ended is not shown; when, only where the state itself is that end.
            if failing
                && one["state"].get("terminated").is_some()
                && let Some(ended) = &self.ended
            {
                one["state"]["terminated"]["finishedAt"] = json!(ended);
            }
            statuses.push(one);
        }
        if !statuses.is_empty() {
            status.insert(list.into(), Value::Array(statuses));
        }
    }
}

/// The state that the word stands for; `None` where it is about the pod and tells nothing of a container.
fn state(word: &str) -> Option<Value> {
    let ended =
        |code: i64, reason: &str| Some(json!({ "terminated": { "exitCode": code, "reason": reason } }));
    if let Some(code) = word.strip_prefix("ExitCode:") {
        return ended(code.parse().ok()?, "");
    }
    if let Some(signal) = word.strip_prefix("Signal:") {
        return ended(128 + signal.parse::<i64>().ok()?, "");
    }
    match word {
        "" | "Pending" | "Unknown" | "Terminating" | "SchedulingGated" | "Failed" | "Succeeded" => None,
        w if POD_REASONS.contains(&w) || w.starts_with("OutOf") => None,
        w if w.contains('/') => None,
        "Running" | "NotReady" => Some(json!({ "running": {} })),
        "OOMKilled" => ended(137, word),
        "Completed" => ended(0, word),
        w if ENDED.contains(&w) => ended(UNKNOWN_EXIT, word),
        w => Some(json!({ "waiting": { "reason": w } })),
    }
}

/// The exit code of a container that ended with an error, where its number is not shown.
const UNKNOWN_EXIT: i64 = -1;
