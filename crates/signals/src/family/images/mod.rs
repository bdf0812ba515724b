//! Images that cannot be pulled, are pulled slowly, or do not fit the node. Reads the waiting reason of containers and
//! the events about their pods; knows nothing about why a registry is out of reach.

mod classify;
mod known;
mod reference;
mod wrong_arch;

use crate::finding::{Finding, Sink};
use crate::signal::{Family, Needs, Signal};
use classify::{Cause, classify, host_asked};
use jiff::Timestamp;
use known::Known;
use kubecause_evidence::kube::{Condition, ContainerStatus, Event, Pod, Waiting};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::Source;
use reference::Reference;
use std::cell::LazyCell;

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const PODS: &[Needs] = &[Needs::Kind(Kind::Pod)];
const PODS_EVENTS: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)];

const SIGNALS: &[Signal] = &[
    Signal::fact("image.pull-failing", "A container waits because its image cannot be pulled.", PODS),
    Signal::fact("image.absent", "The registry answers that it has no such repository or tag.", PODS_EVENTS),
    Signal::fact(
        "image.hidden-without-credentials",
        "The registry says neither missing nor private, the pod sends no credentials, no node holds that repository.",
        PODS_EVENTS,
    ),
    Signal::fact(
        "image.hidden-with-credentials",
        "The registry says neither missing nor private, although the pod sends credentials.",
        PODS_EVENTS,
    ),
    Signal::fact(
        "image.registry-asked",
        "What the registry itself says about the repository; nothing in a capture holds it, so it is never seen.",
        &[Needs::Kind(Kind::Registry)],
    ),
    Signal::fact(
        "image.access-denied",
        "The registry wants credentials, or refuses those it was given.",
        PODS_EVENTS,
    ),
    Signal::fact(
        "image.pull-secret-absent",
        "The registry refuses a pull, and a pull secret that the pod names is not in the list.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Secret)],
    ),
    Signal::fact("image.registry-unreachable", "The registry does not answer, or cannot serve.", PODS_EVENTS),
    Signal::fact(
        "image.invalid-reference",
        "The image's name is no valid reference (InvalidImageName).",
        PODS,
    ),
    Signal::fact(
        "image.never-pulled",
        "The pull policy is Never and the node does not hold the image.",
        PODS,
    ),
    Signal::fact(
        "image.no-such-architecture",
        "The image is not published for the node's architecture.",
        PODS_EVENTS,
    ),
    Signal::fact(
        "image.exec-format-error",
        "A container cannot start: its program is of another format than the node's processor runs.",
        PODS,
    ),
    Signal::fact(
        "image.pull-slow",
        "An image has been pulled for more than three minutes, without an error.",
        PODS_EVENTS,
    ),
];

/// Waiting reasons that concern the image. Source: kubernetes `pkg/kubelet/images/types.go`.
const REASONS: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// What unpacking says on a full disk.
const NO_SPACE: &str = "no space left on device";

/// A pull that lasts longer than this many seconds is slow.
const SLOW_SECONDS: i64 = 180;

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let known = LazyCell::new(|| Known::of(snapshot));
    for pod in snapshot.pods.all() {
        if pod.is_finished() || pod.metadata.is_deleting() || pod.is_ready() {
            continue;
        }
        for (_, status) in pod.statuses().filter(|(_, s)| !s.ready) {
            if let Some(waiting) = &status.state.waiting {
                if REASONS.contains(&waiting.reason.as_str()) {
                    failing(snapshot, pod, status, waiting, &known, sink);
                    continue;
                }
                slow(snapshot, pod, status, sink);
            }
            wrong_arch::look(snapshot, pod, status, sink);
        }
    }
}

/// One container whose image cannot be pulled.
struct Failing<'a> {
    subject: Subject,
    image: &'a str,
    at: Option<Timestamp>,
    source: Source,
    reference: String,
    text: String,
    since: Option<Timestamp>,
}

impl Failing<'_> {
    fn finding(&self, signal: &'static str) -> Finding {
        Finding::new(signal, self.subject.clone())
            .since(self.since)
            .cite(self.source, self.at, self.reference.clone(), &self.text)
            .param("image", self.image)
            .param("registry", Reference::parse(self.image).registry)
    }
}

fn failing(
    snapshot: &Snapshot,
    pod: &Pod,
    status: &ContainerStatus,
    waiting: &Waiting,
    known: &LazyCell<Known, impl FnOnce() -> Known>,
    sink: &mut Sink,
) {
    let subject = pod.metadata.subject(Kind::Pod).with_container(&status.name);
    let image = pod.spec.container(&status.name).map_or(&*status.image, |c| &*c.image);
    let events = pull_events(snapshot, &subject, image);
    let said = events.iter().rev().find_map(|e| Some((classify(&e.message, image)?, *e)));
    let own = classify(&waiting.message, image).or(match waiting.reason.as_str() {
        "InvalidImageName" => Some(Cause::Invalid),
        "ErrImageNeverPull" => Some(Cause::NeverPulled),
        _ => None,
    });
    // The node's disk is full: that is the node's matter, and the pod a symptom of it.
    let node = snapshot.nodes.get("", &pod.spec.node_name);
    let pressed = node.is_none_or(|n| n.condition("DiskPressure").is_none_or(Condition::is_true));
    if own.is_none()
        && pressed
        && events.iter().map(|e| &e.message).chain([&waiting.message]).any(|m| m.contains(NO_SPACE))
    {
        return;
    }
    let ready = pod.condition("Ready").and_then(|c| c.last_transition_time);
    let mut f = Failing {
        reference: format!("{}/status", subject.object()),
        subject,
        image,
        at: None,
        source: Source::Field,
        text: format!("{}: {}", waiting.reason, waiting.message),
        since: events.iter().filter_map(|e| e.first).min().or(ready),
    };
    sink.add(f.finding("image.pull-failing").param("reason", &waiting.reason));
    if let (None, Some((_, event))) = (own, said) {
        f.at = event.last;
        f.source = Source::Event;
        f.reference = event.reference();
        f.text = format!("{} {}", event.reason, event.message);
    }
    if let Some(cause) = own.or(said.map(|(cause, _)| cause)) {
        if matches!(cause, Cause::Hidden | Cause::Denied) {
            pull_secret(snapshot, pod, &f, sink);
        }
        sink.add(specific(pod, &f, cause, known));
    }
}

/// The pull secrets that the pod names and that do not exist, by the list of Secrets.
fn pull_secret(snapshot: &Snapshot, pod: &Pod, f: &Failing<'_>, sink: &mut Sink) {
    let ns = &pod.metadata.namespace;
    let absent = |name: &&str| !name.is_empty() && snapshot.secrets.get(ns, name).is_none();
    let names = pod.spec.image_pull_secrets.iter().map(|s| s.name.as_str());
    let absent: Vec<&str> = names.filter(absent).collect();
    if absent.is_empty() || !snapshot.has(&Kind::Secret) {
        return;
    }
    let text = format!("imagePullSecrets {}: not among the Secrets of {ns}", absent.join(", "));
    let found = f.finding("image.pull-secret-absent").param("secrets", absent.join(", "));
    sink.add(found.cite(Source::Field, None, f.subject.object().to_string(), text));
}

fn specific(
    pod: &Pod,
    f: &Failing<'_>,
    cause: Cause,
    known: &LazyCell<Known, impl FnOnce() -> Known>,
) -> Finding {
    let parsed = Reference::parse(f.image);
    match cause {
        Cause::Invalid => f.finding("image.invalid-reference"),
        Cause::NeverPulled => f.finding("image.never-pulled").param("node", &pod.spec.node_name),
        Cause::Architecture => f.finding("image.no-such-architecture").param("node", &pod.spec.node_name),
        Cause::Unreachable(manner) => {
            let registry = Subject::cluster_wide(Kind::Registry, parsed.registry.as_str());
            let host = host_asked(&f.text).unwrap_or(&parsed.registry);
            f.finding("image.registry-unreachable")
                .param("manner", manner)
                .param("host", host)
                .naming(registry)
        }
        Cause::Absent => f.finding("image.absent").param("near", known.near(&parsed).unwrap_or_default()),
        Cause::Hidden if !pod.spec.image_pull_secrets.is_empty() => {
            f.finding("image.hidden-with-credentials")
        }
        Cause::Hidden if !known.has_repository(&parsed) => f
            .finding("image.hidden-without-credentials")
            .param("near", known.near(&parsed).unwrap_or_default()),
        Cause::Hidden | Cause::Denied => {
            let secrets: Vec<&str> = pod.spec.image_pull_secrets.iter().map(|s| s.name.as_str()).collect();
            f.finding("image.access-denied").param("secrets", secrets.join(", "))
        }
    }
}

/// The events about pulling that container's image, oldest first.
fn pull_events<'a>(snapshot: &'a Snapshot, subject: &Subject, image: &str) -> Vec<&'a Event> {
    const REASONS: [&str; 5] = ["Failed", "InspectFailed", "ErrImageNeverPull", "FailedPull", "BackOff"];
    let container = subject.container.as_deref();
    snapshot
        .events_about(subject)
        .filter(|e| REASONS.contains(&e.reason.as_str()))
        .filter(|e| e.regarding.container().is_none() || e.regarding.container() == container)
        .filter(|e| e.message.contains("mage") || (!image.is_empty() && e.message.contains(image)))
        .collect()
}

fn slow(snapshot: &Snapshot, pod: &Pod, status: &ContainerStatus, sink: &mut Sink) {
    let node = snapshot.nodes.get("", &pod.spec.node_name);
    if node.is_some_and(|n| !n.is_ready()) {
        return;
    }
    let subject = pod.metadata.subject(Kind::Pod).with_container(&status.name);
    // A table of events does not say which container: with one only there is no question.
    let only = pod.spec.containers.len() + pod.spec.init_containers.len() == 1;
    let about = |e: &Event| matches!(e.reason.as_str(), "Pulling" | "Pulled" | "Failed" | "BackOff");
    let mine = |e: &&Event| match e.regarding.container() {
        Some(name) => *name == *status.name,
        None => only && about(e),
    };
    let newest = snapshot.events_about(&subject).filter(mine).max_by_key(|e| e.last);
    let Some(event) = newest.filter(|e| e.reason == "Pulling") else { return };
    let Some(age) = snapshot.age(event.last).filter(|age| *age >= SLOW_SECONDS) else { return };
    let image = pod.spec.container(&status.name).map_or("", |c| &c.image);
    let finding = Finding::new("image.pull-slow", subject)
        .since(event.last)
        .cite(Source::Event, event.last, event.reference(), format!("{} {}", event.reason, event.message))
        .param("image", image)
        .param("registry", Reference::parse(image).registry)
        .param("node", &pod.spec.node_name)
        .param("minutes", age / 60);
    sink.add(finding);
}

#[cfg(test)]
mod tests;
