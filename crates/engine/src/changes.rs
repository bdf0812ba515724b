//! What was changed shortly before an incident: the newest revision of the workload that it is about, field by field, and the last
//! edits of the objects that its proof names.

use crate::Context;
use jiff::Timestamp;
use kubecause_evidence::kube::{
    Container, EnvVar, HasRevisions, PodTemplate, Probe, Resources, Revision, Volume,
};
use kubecause_evidence::{Kind, Labels, Subject, Sym};
use kubecause_model::{Change, one_line};

/// A change made more than this many seconds before the first sign of an incident is not shown with it.
const WINDOW_SECONDS: i64 = 24 * 3600;
/// A change may be this many seconds younger than the first sign: two clocks, and times without fractions.
const SLACK_SECONDS: i64 = 60;
/// Longer values are cut.
const VALUE_CHARS: usize = 80;

/// The changes of these objects (the subject first, then what the proof names) that were made not long before `since`.
pub(crate) fn before(context: &Context<'_>, objects: &[Subject], since: Option<Timestamp>) -> Vec<Change> {
    let near = |at: Option<Timestamp>| match (at, since) {
        (Some(at), Some(since)) => {
            (-SLACK_SECONDS..=WINDOW_SECONDS).contains(&(since.as_second() - at.as_second()))
        }
        _ => true,
    };
    let mut all = Vec::new();
    for object in objects {
        let known = all.len();
        all.extend(revision(context, object).into_iter().filter(|c| near(c.at)));
        // A writer's last change of the template is that revision, told with its values.
        let told = all.len() > known;
        let edits = edits(context, object).filter(|c| c.at.is_some() && near(c.at));
        all.extend(edits.filter(|c| !(told && c.field.starts_with("spec.template"))));
    }
    all
}

fn edits<'a>(context: &Context<'a>, object: &'a Subject) -> impl Iterator<Item = Change> + use<'a> {
    let change = |at, field: &Sym, by: &Sym| Change {
        at,
        object: object.object(),
        field: field.to_string(),
        from: String::new(),
        to: String::new(),
        revision: None,
        by: Some(by.to_string()),
    };
    let edits = context.snapshot.edits(object).iter();
    edits.flat_map(move |e| e.fields.iter().map(move |f| change(e.at, f, &e.manager)))
}

/// The fields in which the workload's newest revision differs from the one before.
fn revision(context: &Context<'_>, subject: &Subject) -> Vec<Change> {
    let revisions = match subject.kind {
        Kind::Deployment => context.snapshot.replica_set_revisions(subject),
        Kind::StatefulSet | Kind::DaemonSet => context.snapshot.controller_revisions_of(subject),
        _ => return Vec::new(),
    };
    let [.., (_, _, old), newest] = revisions.as_slice() else { return Vec::new() };
    let (number, at, new): &Revision<'_> = newest;
    let change = |d: Difference| Change {
        at: *at,
        object: subject.object(),
        field: d.field,
        from: one_line(&d.from, VALUE_CHARS),
        to: one_line(&d.to, VALUE_CHARS),
        revision: Some(*number),
        by: None,
    };
    differences(old, new).into_iter().map(change).collect()
}

/// A field that differs. Both values are empty where they are not to be shown.
struct Difference {
    field: String,
    from: String,
    to: String,
}

/// Collects the fields that differ.
#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn compare(&mut self, field: impl Into<String>, from: String, to: String) {
        if from != to {
            self.0.push(Difference { field: field.into(), from, to });
        }
    }

    /// Pair by pair: `limits.memory: 512Mi → 64Mi` says more than two lists.
    fn compare_labels(&mut self, field: &str, old: &Labels, new: &Labels) {
        let gone = old.iter().filter(|(key, _)| new.get(key).is_none()).map(|(key, _)| key);
        for key in new.iter().map(|(key, _)| key).chain(gone) {
            let value = |labels: &Labels| labels.get(key).unwrap_or_default().to_owned();
            self.compare(format!("{field}.{key}"), value(old), value(new));
        }
    }

    fn compare_resources(&mut self, field: &str, old: &Resources, new: &Resources) {
        self.compare_labels(field, &old.0, &new.0);
    }

    /// Values may be secret: a variable that changed is named, where it comes from is shown.
    fn compare_env(&mut self, container: &str, old: &[EnvVar], new: &[EnvVar]) {
        let find = |list: &'_ [EnvVar], name: &Sym| list.iter().position(|e| e.name == *name);
        for var in new {
            let before = find(old, &var.name).and_then(|i| old.get(i));
            let differs = before.is_none_or(|b| b.value != var.value || origin(b) != origin(var));
            if differs {
                let from = before.map_or(String::new(), origin);
                self.0.push(Difference {
                    field: format!("{container}.env.{}", var.name),
                    from,
                    to: origin(var),
                });
            }
        }
        for gone in old.iter().filter(|e| find(new, &e.name).is_none()) {
            let field = format!("{container}.env.{}", gone.name);
            self.0.push(Difference { field, from: "…".to_owned(), to: String::new() });
        }
    }
}

/// Where a variable's value comes from; empty for a literal.
fn origin(var: &EnvVar) -> String {
    let from = &var.value_from;
    let key = |kind: &str, r: &kubecause_evidence::kube::KeyRef| format!("{kind} {}[{}]", r.name, r.key);
    let config = from.config_map_key_ref.as_ref().map(|r| key("ConfigMap", r));
    config.or_else(|| from.secret_key_ref.as_ref().map(|r| key("Secret", r))).unwrap_or_default()
}

fn differences(old: &PodTemplate, new: &PodTemplate) -> Vec<Difference> {
    let mut out = Differences::default();
    for container in new.spec.all_containers() {
        match old.spec.container(&container.name) {
            Some(before) => compare_containers(before, container, &mut out),
            None => out.compare(container.name.to_string(), String::new(), container.image.to_string()),
        }
    }
    for gone in old.spec.all_containers().filter(|c| new.spec.container(&c.name).is_none()) {
        out.compare(gone.name.to_string(), gone.image.to_string(), String::new());
    }
    let (old, new) = (&old.spec, &new.spec);
    out.compare_labels("nodeSelector", &old.node_selector, &new.node_selector);
    let plain = [
        ("serviceAccountName", &old.service_account_name, &new.service_account_name),
        ("schedulerName", &old.scheduler_name, &new.scheduler_name),
        ("priorityClassName", &old.priority_class_name, &new.priority_class_name),
        ("runtimeClassName", &old.runtime_class_name, &new.runtime_class_name),
        ("dnsPolicy", &old.dns_policy, &new.dns_policy),
    ];
    plain.into_iter().for_each(|(field, a, b)| out.compare(field, a.to_string(), b.to_string()));
    out.compare("hostNetwork", old.host_network.to_string(), new.host_network.to_string());
    let names = |volumes: &[Volume]| {
        let each = volumes.iter().filter_map(|v| Some((v.name.as_str(), source(v)?)));
        each.collect::<Labels>()
    };
    out.compare_labels("volumes", &names(&old.volumes), &names(&new.volumes));
    out.0
}

/// The object that a volume mounts.
fn source(volume: &Volume) -> Option<String> {
    let claim =
        volume.persistent_volume_claim.as_ref().map(|c| format!("PersistentVolumeClaim {}", c.claim_name));
    let config = || volume.config_map.as_ref().map(|c| format!("ConfigMap {}", c.name));
    let secret = || volume.secret.as_ref().map(|s| format!("Secret {}", s.secret_name));
    let host = || volume.host_path.as_ref().map(|h| format!("hostPath {}", h.path));
    claim.or_else(config).or_else(secret).or_else(host)
}

fn compare_containers(old: &Container, new: &Container, out: &mut Differences) {
    let words = |list: &[Sym]| list.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" ");
    let name = |field: &str| format!("{}.{field}", new.name);
    out.compare(name("image"), old.image.to_string(), new.image.to_string());
    out.compare(name("command"), words(&old.command), words(&new.command));
    out.compare(name("args"), words(&old.args), words(&new.args));
    out.compare_resources(&name("limits"), &old.resources.limits, &new.resources.limits);
    out.compare_resources(&name("requests"), &old.resources.requests, &new.resources.requests);
    out.compare_env(&new.name, &old.env, &new.env);
    let probes = [
        ("livenessProbe", &old.liveness_probe, &new.liveness_probe),
        ("readinessProbe", &old.readiness_probe, &new.readiness_probe),
        ("startupProbe", &old.startup_probe, &new.startup_probe),
    ];
    probes
        .into_iter()
        .for_each(|(field, a, b)| out.compare(name(field), probe(a.as_ref()), probe(b.as_ref())));
}

/// `port 8080, initialDelaySeconds 5, …`, in the API's own words.
fn probe(probe: Option<&Probe>) -> String {
    let Some(probe) = probe else { return String::new() };
    let t = probe.timing();
    let path = probe.http_get.as_ref().map(|h| format!("{} ", h.path)).unwrap_or_default();
    let port = probe.port().map(|p| format!("port {p}, ")).unwrap_or_default();
    format!(
        "{path}{port}initialDelaySeconds {}, periodSeconds {}, timeoutSeconds {}, failureThreshold {}",
        t.initial_delay, t.period, t.timeout, t.failures
    )
}
