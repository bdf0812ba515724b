//! Rows of Deployments, `ReplicaSet`s, `StatefulSet`s, `DaemonSet`s, controllers and jobs.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printDeployment`, `printReplicaSet`, `printStatefulSet`,
//! `printDaemonSet`, `printJob`, `printCronJob`; the columns DESIRED and CURRENT of Deployments and `StatefulSet`s are those before 1.13.

use super::{Row, pairs, selector};
use crate::age;
use kubecause_evidence::Kind;
use serde_json::{Map, Value, json};

fn parts(spec: Map<String, Value>, status: Map<String, Value>) -> Map<String, Value> {
    [("spec".to_owned(), Value::Object(spec)), ("status".to_owned(), Value::Object(status))]
        .into_iter()
        .collect()
}

pub fn read(row: &Row<'_>, kind: &Kind) -> Map<String, Value> {
    let mut spec = template(row, kind);
    let mut status = Map::new();
    let (ready, wanted) = match row.ratio("READY") {
        Some((ready, wanted)) => (Some(ready), Some(wanted)),
        None => (row.number("READY"), row.number("DESIRED")),
    };
    let current = row.number("CURRENT");
    let updated = row.number("UP-TO-DATE");
    // Old tables of Deployments have no READY: what is available was ready.
    let available = row.number("AVAILABLE").or(ready).or(current);
    let exist = current.or([ready, updated, available].into_iter().flatten().max());
    let mut put = |name: &str, value: Option<i64>| {
        if let Some(value) = value {
            status.insert(name.to_owned(), json!(value));
        }
    };
    if *kind == Kind::DaemonSet {
        put("desiredNumberScheduled", wanted);
        put("currentNumberScheduled", current);
        put("numberReady", ready);
        put("updatedNumberScheduled", updated);
        put("numberAvailable", row.number("AVAILABLE"));
        put("numberUnavailable", wanted.zip(row.number("AVAILABLE")).map(|(w, a)| (w - a).max(0)));
    } else {
        put("replicas", exist);
        put("readyReplicas", ready.or(available));
        put("availableReplicas", available);
        put("updatedReplicas", updated);
        put("unavailableReplicas", wanted.zip(available).map(|(w, a)| (w - a).max(0)));
        if let Some(wanted) = wanted {
            spec.insert("replicas".into(), json!(wanted));
        }
    }
    parts(spec, status)
}

/// The selector, and with it labels that the template must carry; the containers and their images.
fn template(row: &Row<'_>, kind: &Kind) -> Map<String, Value> {
    let mut spec = Map::new();
    let mut template = json!({});
    if let Some(text) = row.any(&["SELECTOR", "POD SELECTOR"])
        && let Some(found) = selector(text)
    {
        let bare = *kind == Kind::ReplicationController;
        spec.insert("selector".into(), if bare { pairs(text) } else { found });
        template["metadata"] = json!({ "labels": pairs(text) });
    }
    let (names, images) = (row.any(&["CONTAINERS", "CONTAINER(S)"]), row.any(&["IMAGES", "IMAGE(S)"]));
    if let (Some(names), Some(images)) = (names, images) {
        let both = names.split(',').zip(images.split(','));
        let containers: Vec<Value> =
            both.map(|(n, i)| json!({ "name": n.trim(), "image": i.trim() })).collect();
        template["spec"] = json!({ "containers": containers });
    }
    if template.as_object().is_some_and(|t| !t.is_empty()) {
        spec.insert("template".into(), template);
    }
    spec
}

pub fn job(row: &Row<'_>) -> Map<String, Value> {
    let mut spec = template(row, &Kind::Job);
    let mut status = Map::new();
    // `1/3`, or `0/1 of 3` for a work queue.
    let text = row.get("COMPLETIONS").map(|t| t.split(" of ").next().unwrap_or(t));
    let shown = text
        .and_then(|t| t.split_once('/'))
        .and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    let (done, wanted): (Option<i64>, Option<i64>) = match shown {
        Some((done, wanted)) => (Some(done), Some(wanted)),
        None => (row.number("SUCCESSFUL"), row.number("DESIRED")),
    };
    if let Some(wanted) = wanted {
        spec.insert("completions".into(), json!(wanted));
    }
    if let Some(done) = done {
        status.insert("succeeded".into(), json!(done));
    }
    let word = row.get("STATUS").unwrap_or_default();
    let complete = word == "Complete" || (word.is_empty() && done.is_some() && done >= wanted);
    let condition = |kind: &str| json!([{ "type": kind, "status": "True" }]);
    if complete {
        status.insert("conditions".into(), condition("Complete"));
        // The duration is that from the start to the end; a job starts when it is made.
        if let (Some(age), Some(took)) =
            (row.get("AGE").and_then(age::seconds), row.get("DURATION").and_then(age::seconds))
        {
            status.insert("completionTime".into(), json!(row.around.ago((age - took).max(0))));
        }
    } else if matches!(word, "Failed" | "FailureTarget" | "Suspended") {
        status.insert("conditions".into(), condition(word));
    }
    if word == "Suspended" {
        spec.insert("suspend".into(), json!(true));
    }
    parts(spec, status)
}

pub fn cron(row: &Row<'_>) -> Map<String, Value> {
    let mut spec = Map::new();
    let mut status = Map::new();
    if let Some(schedule) = row.get("SCHEDULE") {
        spec.insert("schedule".into(), json!(schedule));
    }
    if let Some(zone) = row.get("TIMEZONE") {
        spec.insert("timeZone".into(), json!(zone));
    }
    spec.insert("suspend".into(), json!(row.get("SUSPEND") == Some("True")));
    if let Some(last) = row.get("LAST SCHEDULE").and_then(age::seconds) {
        status.insert("lastScheduleTime".into(), json!(row.around.ago(last)));
    }
    parts(spec, status)
}
