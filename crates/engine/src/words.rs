//! Fills the placeholders of titles, looks and fixes.

use crate::Context;
use kubecause_catalogue::{FixSpec, LookSpec, StepSpec, fill, fill_prose};
use kubecause_evidence::{Kind, Relation, Subject};
use kubecause_model::{Fix, FixStep, Look, Params, Text};

/// The values for a subject: what it is called, where it runs, and the incident's own params.
pub(crate) fn values(
    context: &Context<'_>,
    subject: &Subject,
    members: &[Subject],
    params: &Params,
) -> Params {
    let snapshot = context.snapshot;
    let pod = members
        .iter()
        .chain([subject])
        .find(|s| s.kind == Kind::Pod)
        .cloned()
        .or_else(|| sick_pod(context, subject));
    let pod = pod.as_ref();
    let node = match &subject.kind {
        Kind::Node => Some(subject.clone()),
        _ => pod.and_then(|p| snapshot.node_of(p)),
    };
    let top = pod.map_or_else(|| subject.object(), |p| snapshot.top_owner(p).object());
    let mut values = Params::new();
    let mut put = |key: &str, value: String| {
        if !value.is_empty() {
            values.insert(key.to_owned(), value);
        }
    };
    put("name", subject.name.to_string());
    put("kind", subject.kind.as_str().to_lowercase());
    put("namespace", subject.ns().to_owned());
    put("container", subject.container.as_deref().unwrap_or(default_container(context, pod)).to_owned());
    put("node", node.map(|n| n.name.to_string()).unwrap_or_default());
    put("pod", pod.map(|p| p.name.to_string()).unwrap_or_default());
    put("workload", top.slash());
    put(
        "resource_path",
        match &subject.namespace {
            Some(ns) => format!("{} -n {ns}", subject.slash()),
            None => subject.slash(),
        },
    );
    values.extend(params.clone());
    if pod.is_some_and(|p| ran_once(context, p, values.get("container"))) {
        values.insert(RAN_ONCE.to_owned(), "true".to_owned());
    }
    let who = who(context, subject, pod, &values);
    values.insert("who".to_owned(), who);
    values
}

/// Whether the container has not been restarted.
fn ran_once(context: &Context<'_>, pod: &Subject, container: Option<&String>) -> bool {
    let Some((pod, container)) = context.snapshot.pod(pod).zip(container) else { return false };
    pod.statuses().any(|(_, s)| s.name == container.as_str() && s.restart_count == 0)
}

/// The subject's name, and its container's where the pod has more than one and the name does not say it already.
fn who(context: &Context<'_>, subject: &Subject, pod: Option<&Subject>, values: &Params) -> String {
    let name = subject.name.to_string();
    let only = |container: &str| {
        let pod = pod.and_then(|p| context.snapshot.pod(p));
        pod.is_some_and(|p| {
            p.spec.containers.len() == 1 && p.spec.containers.iter().all(|c| c.name == *container)
        })
    };
    match values.get("container") {
        Some(container) if *container != name && !only(container) => format!("{name}/{container}"),
        _ => name,
    }
}

/// A workload's first pod that is not ready, else its first.
fn sick_pod(context: &Context<'_>, workload: &Subject) -> Option<Subject> {
    if !workload.kind.is_workload() {
        return None;
    }
    let pods = context.snapshot.reach(Relation::WorkloadPods, workload);
    let sick = |p: &&Subject| context.snapshot.pod(p).is_some_and(|p| !p.is_ready());
    pods.iter().find(sick).or_else(|| pods.first()).cloned()
}

/// The pod's first container, for commands that need one.
fn default_container<'c>(context: &'c Context<'_>, pod: Option<&Subject>) -> &'c str {
    let found = pod.and_then(|p| context.snapshot.pod(p));
    found.and_then(|p| p.spec.containers.first()).map(|c| c.name.as_str()).unwrap_or_default()
}

pub(crate) fn text(spec: &Text, values: &Params) -> Text {
    Text { en: fill_prose(&spec.en, values), zh: fill_prose(&spec.zh, values) }
}

/// `None` where the object knows no such command.
pub(crate) fn look(spec: &LookSpec, values: &Params) -> Option<Look> {
    Some(Look { run: command(&spec.run, values)?, why: text(&spec.why, values) })
}

/// Without the steps that the object knows no command for; `None` where no step is left.
pub(crate) fn fix(spec: &FixSpec, values: &Params) -> Option<Fix> {
    let optional = |s: &Option<String>| s.as_deref().and_then(|t| command(t, values));
    let step = |s: &StepSpec| {
        Some(FixStep {
            run: command(&s.run, values)?,
            why: text(&s.why, values),
            guard: s.guard.as_ref().map(|t| text(t, values)),
            verify: optional(&s.verify),
            undo: optional(&s.undo),
        })
    };
    let steps: Vec<FixStep> = spec.steps.iter().filter_map(step).collect();
    let is_left = !steps.is_empty() || spec.steps.is_empty();
    is_left.then(|| Fix { title: text(&spec.title, values), risk: spec.risk, steps })
}

/// By this name it is told that the container has run once: there is no log of a run before.
const RAN_ONCE: &str = "ran-once";

/// A command as it is to be typed; `None` where kubectl would refuse it.
fn command(spec: &str, values: &Params) -> Option<String> {
    let filled = fill(spec, values);
    if !can_roll(&filled) {
        return None;
    }
    let once = values.contains_key(RAN_ONCE);
    Some(if once { filled.replace(" --previous", "") } else { filled })
}

/// What `kubectl rollout` knows. Source: its help, "Valid resource types include: deployments, daemonsets, statefulsets".
const ROLLS: [&str; 3] = ["deployment/", "daemonset/", "statefulset/"];

/// Whether a command is no `kubectl rollout`, or one of something that has rollouts.
fn can_roll(command: &str) -> bool {
    let target = |rest: &str| rest.split_whitespace().nth(1).is_none_or(|t| !t.contains('/') || rolls(t));
    !command.starts_with("kubectl ") || command.split(" rollout ").skip(1).all(target)
}

fn rolls(target: &str) -> bool {
    ROLLS.iter().any(|kind| target.to_ascii_lowercase().starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_rollouts_is_rolled() {
        let values = |workload: &str| Params::from_iter([("workload".to_owned(), workload.to_owned())]);
        let undo = "kubectl -n shop rollout undo {workload}";
        for has in ["deployment/web", "statefulset/db", "daemonset/agent"] {
            assert_eq!(
                command(undo, &values(has)),
                Some(format!("kubectl -n shop rollout undo {has}")),
                "{has}"
            );
        }
        for none in ["cronjob/cleanup", "job/import", "pod/one", "replicationcontroller/old"] {
            assert_eq!(command(undo, &values(none)), None, "{none}");
        }
        assert!(command("kubectl -n shop get {workload} -o yaml", &values("job/import")).is_some());
    }

    #[test]
    fn what_ran_once_has_no_log_of_a_run_before() {
        let logs = "kubectl -n shop logs a -c b --previous --tail=50";
        let once = Params::from_iter([(RAN_ONCE.to_owned(), "true".to_owned())]);
        assert_eq!(command(logs, &Params::new()).as_deref(), Some(logs));
        assert_eq!(command(logs, &once).as_deref(), Some("kubectl -n shop logs a -c b --tail=50"));
    }
}
