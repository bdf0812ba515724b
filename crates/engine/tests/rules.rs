//! The engine's rules on catalogues of two or three modes.

use kubecause_catalogue::{Catalogue, Mode, Silence};
use kubecause_engine::diagnose;
use kubecause_evidence::{Access, Ingest, Kind, Snapshot, SnapshotBuilder};
use kubecause_model::{Confidence, Diagnosis, Idle, Scope, Verdict};
use kubecause_signals::Signals;

/// A cluster with one pod that has not been ready for an hour.
fn snapshot() -> Snapshot {
    let mut builder = SnapshotBuilder::default();
    let pod = r#"{"metadata":{"name":"a","namespace":"n","creationTimestamp":"2026-11-22T11:00:00Z"},
        "spec":{"nodeName":"w","containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}}"#;
    builder.push(Ingest::parse("Pod", pod).expect("a pod"));
    builder.push(Ingest::parse("Node", r#"{"metadata":{"name":"w"}}"#).expect("a node"));
    for kind in [
        Kind::Pod,
        Kind::Node,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::PersistentVolumeClaim,
    ] {
        builder.access(kind, Access::Listed);
    }
    builder.taken_at("2026-11-22T12:00:00Z".parse().ok());
    builder.finish()
}

fn mode(id: &str, kind: &str, rest: &str) -> Mode {
    let text =
        format!("kind = \"{kind}\"\nsubject = \"pod\"\ntitle = {{ en = \"{id}\", zh = \"{id}\" }}\n{rest}");
    Mode::parse("test", id, &text, "", "").expect("a mode")
}

fn run(modes: &[(&str, &str, &str)]) -> Diagnosis {
    let mut catalogue = Catalogue::default();
    for (id, kind, rest) in modes {
        catalogue.insert(mode(id, kind, rest));
    }
    let signals = Signals::builtin().expect("the signals");
    diagnose(&snapshot(), &signals, &catalogue, &Scope::default())
}

fn roots(d: &Diagnosis) -> Vec<(&str, Confidence)> {
    d.incidents.iter().map(|i| (i.root.mode.as_str(), i.root.confidence)).collect()
}

const SEEN: &str = "[when]\nrequired = [\"pod.not-ready\"]\n";

#[test]
fn a_cause_takes_its_effect_along() {
    let cause = format!("{SEEN}[[explains]]\nmode = \"effect\"\n");
    let d = run(&[("cause", "root", &cause), ("effect", "link", SEEN)]);
    assert_eq!(roots(&d), [("cause", Confidence::Confirmed)]);
    let chain: Vec<_> = d.incidents.iter().flat_map(|i| &i.chain).collect();
    assert!(matches!(chain.as_slice(), [link] if link.mode == "effect" && link.explained_by.mode == "cause"));
}

#[test]
fn a_loop_has_one_root_and_it_is_no_link() {
    let a = format!("{SEEN}[[explains]]\nmode = \"b\"\n");
    let b = format!("{SEEN}[[explains]]\nmode = \"a\"\n");
    assert_eq!(roots(&run(&[("a", "link", &a), ("b", "root", &b)])), [("b", Confidence::Confirmed)]);
}

#[test]
fn a_symptom_without_a_cause_is_unexplained_and_not_healthy() {
    let d = run(&[]);
    assert!(d.incidents.is_empty());
    assert_eq!(d.verdict, Verdict::Unknown);
    assert!(matches!(d.unexplained.as_slice(), [u] if u.signal == "pod.not-ready"));
}

#[test]
fn what_was_looked_for_and_is_not_there_rules_out() {
    let open = "[when]\nrequired = [\"pod.not-ready\", \"pod.unschedulable\"]\n";
    assert_eq!(roots(&run(&[("a", "root", open)])), []);
}

#[test]
fn what_could_not_be_looked_at_lowers_to_probable() {
    let closed = "[when]\nrequired = [\"pod.not-ready\", \"kubelet.pleg-unhealthy\"]\n";
    assert_eq!(roots(&run(&[("a", "root", closed)])), [("a", Confidence::Probable)]);
    // What a mode is not known by makes nothing of it.
    let turned = "[when]\nrequired = [\"kubelet.pleg-unhealthy\", \"pod.not-ready\"]\n";
    assert_eq!(roots(&run(&[("a", "root", turned)])), []);
}

#[test]
fn a_refuted_cause_is_told_and_not_blamed() {
    let refuted = "[when]\nrequired = [\"pod.not-ready\"]\nrefutes = [\"pod.not-ready\"]\n[[explains]]\nmode = \"link\"\n";
    let d = run(&[("cause", "root", refuted), ("link", "link", SEEN)]);
    assert_eq!(roots(&d), [("link", Confidence::Confirmed)]);
    assert!(d.incidents.iter().flat_map(|i| &i.refuted).any(|(cause, _)| cause.mode == "cause"));
}

#[test]
fn a_link_without_a_cause_names_the_causes_that_could_not_be_looked_for() {
    let closed = "[when]\nrequired = [\"kubelet.pleg-unhealthy\"]\n[[explains]]\nmode = \"link\"\n\
        [[look]]\nrun = \"journalctl -u kubelet\"\nwhy = { en = \"a\", zh = \"b\" }\n";
    let d = run(&[("cause", "root", closed), ("link", "link", SEEN)]);
    assert_eq!(roots(&d), [("link", Confidence::Confirmed)]);
    let other = d.incidents.iter().flat_map(|i| &i.alternatives).next().expect("an alternative");
    assert_eq!((other.mode.as_str(), other.confidence), ("cause", Confidence::Possible));
    assert!(other.look.as_ref().is_some_and(|l| l.run == "journalctl -u kubelet"));
}

#[test]
fn a_probable_rival_becomes_an_alternative_and_a_confirmed_one_stays() {
    let cause = |more: &str| format!("{SEEN}{more}[[explains]]\nmode = \"link\"\n");
    let (sure, unsure) = (cause(""), cause("at-most-probable = true\n"));
    let d = run(&[("a", "root", &unsure), ("b", "root", &sure), ("link", "link", SEEN)]);
    assert_eq!(roots(&d), [("b", Confidence::Confirmed)]);
    assert!(d.incidents.iter().flat_map(|i| &i.alternatives).any(|a| a.mode == "a"));
    let d = run(&[("a", "root", &sure), ("b", "root", &sure), ("link", "link", SEEN)]);
    assert_eq!(roots(&d).len(), 2);
}

/// A pod that was killed for memory at that time and runs since, but is not Ready for five minutes, behind a Service.
fn after_a_kill(at: &str) -> Snapshot {
    let mut builder = SnapshotBuilder::default();
    let pod = serde_json::json!({
        "metadata": {"name": "a", "namespace": "n", "labels": {"app": "a"}, "creationTimestamp": "2026-11-01T11:00:00Z"},
        "spec": {"nodeName": "w", "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T11:55:00Z"}],
            "containerStatuses": [{"name": "c", "ready": true, "restartCount": 1, "state": {"running": {"startedAt": at}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": at, "finishedAt": at}}}]},
    });
    let service = r#"{"metadata":{"name":"s","namespace":"n","creationTimestamp":"2026-11-01T11:00:00Z"},
        "spec":{"selector":{"app":"a"},"clusterIP":"10.96.0.9","ports":[{"port":80}]}}"#;
    builder.push(Ingest::parse("Pod", &pod.to_string()).expect("a pod"));
    builder.push(Ingest::parse("Service", service).expect("a service"));
    for kind in [Kind::Pod, Kind::Service] {
        builder.access(kind, Access::Listed);
    }
    builder.taken_at("2026-11-22T12:00:00Z".parse().ok());
    builder.finish()
}

#[test]
fn whatever_explains_has_not_been_over_for_long() {
    let mut catalogue = Catalogue::default();
    let killed = "[when]\nproof = [\"container.oom-killed\"]\n";
    let empty = "explained-by-any = [\"service-pods\"]\n[when]\nproof = [\"service.backends-not-ready\"]\n";
    catalogue.insert(mode("killed", "root", killed));
    let mut link = mode("empty", "link", &empty);
    link.subject = kubecause_catalogue::SubjectClass::Object;
    catalogue.insert(link);
    let signals = Signals::builtin().expect("the signals");
    let told = |at: &str| {
        let d = diagnose(&after_a_kill(at), &signals, &catalogue, &Scope::default());
        d.incidents.iter().map(|i| i.root.mode.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("2026-11-22T11:50:00Z"), ["killed"]);
    assert_eq!(told("2026-11-20T11:50:00Z"), ["empty"], "a kill of two days ago explains nothing today");
}

#[test]
fn notes_are_no_incidents() {
    let d = run(&[("hint", "note", SEEN)]);
    assert!(d.incidents.is_empty());
    assert!(matches!(d.notes.as_slice(), [n] if n.mode == "hint"));
}

/// A pod of a Deployment, the two revisions of which differ in a memory limit and in an environment value.
fn changed_deployment() -> Snapshot {
    let mut builder = SnapshotBuilder::default();
    let mut push = |kind: &str, object: serde_json::Value| {
        builder.push(Ingest::parse(kind, &object.to_string()).expect("an object"));
    };
    let template = |memory: &str, password: &str| {
        let env = serde_json::json!([{"name": "DB_PASSWORD", "value": password}]);
        let limits = serde_json::json!({"limits": {"memory": memory}});
        serde_json::json!({"spec": {"containers": [{"name": "app", "image": "i", "resources": limits, "env": env}]}})
    };
    let revisions =
        [("1", "2026-11-22T09:00:00Z", "512Mi", "hunter2"), ("2", "2026-11-22T11:30:00Z", "64Mi", "hunter3")];
    for (number, at, memory, password) in revisions {
        push(
            "ReplicaSet",
            serde_json::json!({
                "metadata": {"name": format!("cart-{number}"), "namespace": "n", "creationTimestamp": at,
                    "annotations": {"deployment.kubernetes.io/revision": number},
                    "ownerReferences": [{"kind": "Deployment", "name": "cart", "controller": true}]},
                "spec": {"template": template(memory, password)},
            }),
        );
    }
    let fields = serde_json::json!({"f:spec": {"f:replicas": {}}});
    push(
        "Deployment",
        serde_json::json!({
            "metadata": {"name": "cart", "namespace": "n", "creationTimestamp": "2026-11-22T09:00:00Z", "managedFields": [
                {"manager": "kubectl-scale", "operation": "Update", "time": "2026-11-22T11:40:00Z", "fieldsV1": fields},
                {"manager": "helm", "operation": "Update", "time": "2026-11-01T11:40:00Z", "fieldsV1": fields}]},
            "spec": {"replicas": 1},
        }),
    );
    push(
        "Pod",
        serde_json::json!({
            "metadata": {"name": "cart-2-a", "namespace": "n", "creationTimestamp": "2026-11-22T11:30:00Z",
                "ownerReferences": [{"kind": "ReplicaSet", "name": "cart-2", "controller": true}]},
            "spec": {"nodeName": "w", "containers": [{"name": "app", "image": "i"}]},
            "status": {"phase": "Running", "conditions": [
                {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T11:45:00Z"}]},
        }),
    );
    builder.access(Kind::Pod, Access::Listed);
    builder.taken_at("2026-11-22T12:00:00Z".parse().ok());
    builder.finish()
}

#[test]
fn what_changed_before_is_told_by_revision_and_writer_and_no_value_of_a_variable_is_shown() {
    let mut catalogue = Catalogue::default();
    catalogue.insert(mode("a", "root", SEEN));
    let signals = Signals::builtin().expect("the signals");
    let d = diagnose(&changed_deployment(), &signals, &catalogue, &Scope::default());
    let changes: Vec<_> = d.incidents.iter().flat_map(|i| &i.changes).collect();
    let told: Vec<_> = changes
        .iter()
        .map(|c| (c.field.as_str(), c.from.as_str(), c.to.as_str(), c.revision, c.by.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("app.limits.memory", "512Mi", "64Mi", Some(2), None),
            ("app.env.DB_PASSWORD", "", "", Some(2), None),
            ("spec.replicas", "", "", None, Some("kubectl-scale")),
        ]
    );
}

#[test]
fn a_silence_takes_an_incident_out_and_leaves_nothing_unexplained() {
    let silence = |until: &str, subject: &str| {
        let text =
            format!("[[silence]]\nmode = 'cause'\nsubject = '{subject}'\nuntil = {until}\nwhy = 'known'\n");
        let mut catalogue = Catalogue::default();
        catalogue.insert(mode("cause", "root", SEEN));
        let silences = Silence::parse(&text, |id| catalogue.get(id).is_some()).expect("it is sound");
        catalogue.silence(silences);
        diagnose(&snapshot(), &Signals::builtin().expect("the signals"), &catalogue, &Scope::default())
    };
    let quiet = silence("2026-11-22T12:00:01Z", "Pod/n/*");
    assert!(quiet.incidents.is_empty() && quiet.unexplained.is_empty() && quiet.idle_silences.is_empty());
    assert_eq!(quiet.verdict, Verdict::Healthy);
    assert_eq!(quiet.silenced.iter().map(|s| (&*s.mode, &*s.why)).collect::<Vec<_>>(), [("cause", "known")]);
    // It ends at that very moment; and one that is about another pod is idle.
    for (until, subject, state) in
        [("2026-11-22T12:00:00Z", "*", Idle::Expired), ("2026-11-22T12:00:01Z", "Pod/n/b", Idle::Unmatched)]
    {
        let loud = silence(until, subject);
        assert_eq!((loud.verdict, loud.incidents.len(), loud.silenced.len()), (Verdict::Faults, 1, 0));
        assert_eq!(loud.idle_silences.iter().map(|s| s.state).collect::<Vec<_>>(), [state]);
    }
}
