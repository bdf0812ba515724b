//! Deployments, replica sets, stateful sets, daemon sets, replication controllers, jobs and cron jobs.

use super::conditions::conditions;
use super::json::{Obj, boolean, counts, leading, number};
use super::meta::bracketed;
use super::pod::template;
use super::select::selector;
use super::time::{absolute, age};
use super::tree::{Block, shown, split_key};

/// Fills `spec` and `status` of what makes pods.
pub(super) fn workload(kind: &str, root: Block<'_>, out: &mut Obj) {
    if kind == "ReplicationController" {
        out.map("spec.selector", super::meta::listed(root.value("Selector").unwrap_or_default()));
    } else {
        out.put("spec.selector", root.value("Selector").and_then(selector));
    }
    out.put("spec.template", template(root));
    out.list("status.conditions", conditions(root.body("Conditions")));
    match kind {
        "Deployment" => deployment(root, out),
        "ReplicaSet" | "ReplicationController" => replicas(root, out),
        "StatefulSet" => stateful(root, out),
        "DaemonSet" => daemon(root, out),
        _ => job(root, out),
    }
}

fn deployment(root: Block<'_>, out: &mut Obj) {
    let text = root.value("Replicas").unwrap_or_default();
    for (word, count) in counts(text) {
        match word {
            "desired" => out.set("spec.replicas", count),
            "updated" => out.set("status.updatedReplicas", count),
            "total" => out.set("status.replicas", count),
            "available" => out.set("status.availableReplicas", count),
            "unavailable" => out.set("status.unavailableReplicas", count),
            _ => {}
        }
    }
    out.put("spec.strategy.type", root.value("StrategyType"));
    out.put("spec.minReadySeconds", root.value("MinReadySeconds").and_then(number).filter(|n| *n > 0));
    if let Some((unavailable, surge)) =
        root.value("RollingUpdateStrategy").and_then(|r| r.split_once(" max unavailable, "))
    {
        let surge = surge.trim_end_matches(" max surge");
        out.put("spec.strategy.rollingUpdate.maxUnavailable", amount(unavailable));
        out.put("spec.strategy.rollingUpdate.maxSurge", amount(surge));
    }
}

/// `25%` or `1`.
fn amount(text: &str) -> Option<serde_json::Value> {
    number(text).map(Into::into).or_else(|| shown(text).map(Into::into))
}

/// How many pods run: the printer does not say how many of them are ready. The field is not one of the API.
fn running(root: Block<'_>, out: &mut Obj) {
    let found = counts(root.value("Pods Status").unwrap_or_default()).find(|(word, _)| *word == "Running");
    out.put("status.runningPods", found.map(|(_, count)| count));
}

fn replicas(root: Block<'_>, out: &mut Obj) {
    running(root, out);
    for (word, count) in counts(root.value("Replicas").unwrap_or_default()) {
        match word {
            "current" => out.set("status.replicas", count),
            "desired" => out.set("spec.replicas", count),
            _ => {}
        }
    }
}

fn stateful(root: Block<'_>, out: &mut Obj) {
    running(root, out);
    for (word, count) in counts(root.value("Replicas").unwrap_or_default()) {
        match word {
            "desired" => out.set("spec.replicas", count),
            "total" => out.set("status.replicas", count),
            _ => {}
        }
    }
    if let Some(strategy) = root.get("Update Strategy") {
        out.put("spec.updateStrategy.type", shown(strategy.value()));
        // Some versions print where the number is kept instead of the number.
        let partition = strategy.body.value("Partition").and_then(number).filter(|n| *n < 1_000_000);
        out.put("spec.updateStrategy.rollingUpdate.partition", partition);
    }
    out.list("spec.volumeClaimTemplates", claim_templates(root.body("Volume Claims")));
}

fn claim_templates(section: Option<Block<'_>>) -> Vec<Obj> {
    let mut out: Vec<Obj> = Vec::new();
    for entry in section.into_iter().flat_map(Block::entries) {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        let Some(value) = shown(value) else { continue };
        if key == "Name" {
            let mut claim = Obj::new();
            claim.set("metadata.name", value);
            out.push(claim);
        }
        let Some(claim) = out.last_mut() else { continue };
        match key {
            "StorageClass" => claim.set("spec.storageClassName", value),
            "Capacity" => claim.set("spec.resources.requests.storage", value),
            "Access Modes" => claim.list("spec.accessModes", bracketed(value)),
            _ => {}
        }
    }
    out
}

fn daemon(root: Block<'_>, out: &mut Obj) {
    for (key, field) in [
        ("Desired Number of Nodes Scheduled", "status.desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "status.currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "status.updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "status.numberAvailable"),
        ("Number of Nodes Misscheduled", "status.numberMisscheduled"),
    ] {
        out.put(field, root.value(key).and_then(number));
    }
    let nodes = root.value("Node-Selector").unwrap_or_default();
    out.map("spec.template.spec.nodeSelector", super::meta::listed(nodes));
}

fn job(root: Block<'_>, out: &mut Obj) {
    for (key, field) in [
        ("Parallelism", "spec.parallelism"),
        ("Completions", "spec.completions"),
        ("Backoff Limit", "spec.backoffLimit"),
        ("TTL Seconds After Finished", "spec.ttlSecondsAfterFinished"),
    ] {
        out.put(field, root.value(key).and_then(number));
    }
    out.put("spec.completionMode", root.value("Completion Mode"));
    out.put("spec.suspend", root.value("Suspend").and_then(boolean));
    out.put("spec.activeDeadlineSeconds", root.value("Active Deadline Seconds").and_then(age));
    let time = |key| root.value(key).and_then(absolute).map(|t| t.to_string());
    out.put("status.startTime", time("Start Time"));
    out.put("status.completionTime", time("Completed At"));
    let text = root.value("Pods Statuses").unwrap_or_default();
    for (word, count) in counts(text) {
        match word {
            "Active" | "Running" => out.set("status.active", count),
            "Succeeded" => out.set("status.succeeded", count),
            "Failed" => out.set("status.failed", count),
            _ => {}
        }
    }
    let ready =
        text.split_once('(').and_then(|(_, r)| leading(r)).filter(|(_, word)| word.starts_with("Ready"));
    out.put("status.ready", ready.map(|r| r.0));
}

/// Fills `spec` and `status` of a cron job.
pub(super) fn cron(root: Block<'_>, out: &mut Obj) {
    out.put("spec.schedule", root.value("Schedule"));
    out.put("spec.concurrencyPolicy", root.value("Concurrency Policy"));
    out.put("spec.suspend", root.value("Suspend").and_then(boolean));
    out.put("spec.timeZone", root.value("Time Zone").or_else(|| root.value("Time zone")));
    for (key, field) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit"),
        ("Failed Job History Limit", "failedJobsHistoryLimit"),
    ] {
        out.put(&format!("spec.{field}"), root.value(key).and_then(number));
    }
    let deadline = root.value("Starting Deadline Seconds").and_then(age);
    out.put("spec.startingDeadlineSeconds", deadline);
    let last = root.value("Last Schedule Time").and_then(absolute);
    out.put("status.lastScheduleTime", last.map(|t| t.to_string()));
    let active = root.value("Active Jobs").unwrap_or_default().split(',').filter_map(|name| {
        let mut job = Obj::new();
        job.set("kind", "Job");
        job.put("namespace", root.value("Namespace"));
        job.set("name", shown(name)?);
        Some(job)
    });
    out.list("status.active", active);
    let inner = "spec.jobTemplate.spec";
    for (key, field) in [("Parallelism", "parallelism"), ("Completions", "completions")] {
        out.put(&format!("{inner}.{field}"), root.value(key).and_then(number));
    }
    out.put(&format!("{inner}.template"), template(root));
}
