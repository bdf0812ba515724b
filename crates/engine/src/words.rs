//! Fills the placeholders of titles, looks and fixes.

use crate::Context;
use kubecause_catalogue::{FixSpec, LookSpec, fill, fill_prose};
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
    let who = who(context, subject, pod, &values);
    values.insert("who".to_owned(), who);
    values
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

pub(crate) fn look(spec: &LookSpec, values: &Params) -> Look {
    Look { run: fill(&spec.run, values), why: text(&spec.why, values) }
}

pub(crate) fn fix(spec: &FixSpec, values: &Params) -> Fix {
    let optional = |s: &Option<String>| s.as_deref().map(|t| fill(t, values));
    let steps = spec.steps.iter().map(|s| FixStep {
        run: fill(&s.run, values),
        why: text(&s.why, values),
        guard: s.guard.as_ref().map(|t| text(t, values)),
        verify: optional(&s.verify),
        undo: optional(&s.undo),
    });
    Fix { title: text(&spec.title, values), risk: spec.risk, steps: steps.collect() }
}
