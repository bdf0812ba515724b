//! What was changed shortly before an incident: the last two revisions of the workload that it is about, field by field.

use crate::Context;
use jiff::Timestamp;
use kubecause_evidence::kube::{Container, HasRevisions, PodTemplate};
use kubecause_evidence::{Kind, Subject};
use kubecause_model::Change;

/// A revision made more than this many seconds before the first sign of an incident is not shown with it.
const WINDOW_SECONDS: i64 = 24 * 3600;

/// The fields in which the workload's newest revision differs from the one before, when it was made before `since` and
/// not long before.
pub(crate) fn before(context: &Context<'_>, subject: &Subject, since: Option<Timestamp>) -> Vec<Change> {
    let revisions = match subject.kind {
        Kind::Deployment => context.snapshot.replica_set_revisions(subject),
        Kind::StatefulSet | Kind::DaemonSet => context.snapshot.controller_revisions_of(subject),
        _ => return Vec::new(),
    };
    let [.., (_, _, old), (_, at, new)] = revisions.as_slice() else { return Vec::new() };
    if let (Some(at), Some(since)) = (at, since) {
        let lead = since.as_second() - at.as_second();
        if !(-60..=WINDOW_SECONDS).contains(&lead) {
            return Vec::new();
        }
    }
    let change = |(field, from, to): (String, String, String)| Change {
        at: *at,
        object: subject.object(),
        field,
        from,
        to,
    };
    differences(old, new).into_iter().map(change).collect()
}

fn differences(old: &PodTemplate, new: &PodTemplate) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for container in new.spec.all_containers() {
        match old.spec.container(&container.name) {
            Some(before) => compare(before, container, &mut out),
            None => out.push((
                format!("containers[{}]", container.name),
                String::new(),
                container.image.to_string(),
            )),
        }
    }
    for gone in old.spec.all_containers().filter(|c| new.spec.container(&c.name).is_none()) {
        out.push((format!("containers[{}]", gone.name), gone.image.to_string(), String::new()));
    }
    let mut differ = |field: &str, from: String, to: String| {
        if from != to {
            out.push((field.to_owned(), from, to));
        }
    };
    differ(
        "serviceAccountName",
        old.spec.service_account_name.to_string(),
        new.spec.service_account_name.to_string(),
    );
    differ("nodeSelector", old.spec.node_selector.to_string(), new.spec.node_selector.to_string());
    out
}

fn compare(old: &Container, new: &Container, out: &mut Vec<(String, String, String)>) {
    let words =
        |list: &[kubecause_evidence::Sym]| list.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" ");
    let short = |text: String| kubecause_model::one_line(&text, 80);
    let names = |c: &Container| c.env.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(",");
    let probe = |p: &Option<kubecause_evidence::kube::Probe>| {
        p.as_ref().map_or(String::new(), |p| {
            let t = p.timing();
            let port = p.port().map(|p| format!("port {p}, ")).unwrap_or_default();
            format!("{port}delay {}s, period {}s, {} failures", t.initial_delay, t.period, t.failures)
        })
    };
    let fields = [
        ("image", old.image.to_string(), new.image.to_string()),
        ("command", words(&old.command), words(&new.command)),
        ("args", words(&old.args), words(&new.args)),
        ("resources.limits", old.resources.limits.0.to_string(), new.resources.limits.0.to_string()),
        ("resources.requests", old.resources.requests.0.to_string(), new.resources.requests.0.to_string()),
        ("env names", names(old), names(new)),
        ("livenessProbe", probe(&old.liveness_probe), probe(&new.liveness_probe)),
        ("readinessProbe", probe(&old.readiness_probe), probe(&new.readiness_probe)),
        ("startupProbe", probe(&old.startup_probe), probe(&new.startup_probe)),
    ];
    for (field, from, to) in fields.into_iter().filter(|(_, from, to)| from != to) {
        out.push((format!("{}.{field}", new.name), short(from), short(to)));
    }
}
