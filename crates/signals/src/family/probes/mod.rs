//! Probes that fail now: the stanza against the ports, the answers and the time that the container was given.
//!
//! A probe that failed while a container started and passes now is nothing. Readiness never restarts a container;
//! liveness and startup do.

mod flapping;
mod gates;
mod outcome;
mod port;
mod stanza;
mod unserved;

use super::containers::lifecycle::{Context, Ended, Exit, container_subject, last_end, pod_reference};
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use crate::signal::{Family, Needs, Signal};
use jiff::Timestamp;
use kubecause_evidence::kube::{Container, ContainerStatus, Event, Pod, Probe, Terminated};
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::{Source, Span};
use outcome::{Outcome, Which};

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

/// For facts that only ever strengthen a report: where they are not seen, nothing is guessed.
const NONE: &[Needs] = &[];
const EVENTS: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)];

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "probe.liveness-failing",
        "Kubelet kills a container again and again because its liveness probe fails.",
        EVENTS,
    ),
    Signal::fact(
        "probe.readiness-failing",
        "A container runs and is not Ready, and kubelet reports that its readiness probe fails.",
        EVENTS,
    ),
    Signal::fact(
        "probe.startup-failing",
        "Kubelet kills a container again and again because its startup probe fails.",
        EVENTS,
    ),
    Signal::fact(
        "probe.killed-without-oom",
        "A container with a liveness or startup probe ends with 137 or 143 again and again, and nothing says OOM.",
        NONE,
    ),
    Signal::fact(
        "probe.not-ready",
        "A container with a readiness probe runs for longer than the probe's patience and is not Ready.",
        NONE,
    ),
    Signal::fact(
        "probe.port-not-served",
        "A probe is refused on a port that no container of the pod declares, and other evidence says where the application listens.",
        EVENTS,
    ),
    Signal::fact(
        "probe.port-undeclared",
        "A failing probe asks a port that no container of the pod declares, while they declare another.",
        NONE,
    ),
    Signal::fact(
        "probe.protocol-mismatch",
        "A failing probe is answered in another protocol: TLS instead of plain, or the other way round.",
        EVENTS,
    ),
    Signal::fact(
        "probe.path-not-found",
        "A failing probe is answered with 404 or 405: the server is there, the path is not.",
        EVENTS,
    ),
    Signal::fact(
        "probe.too-eager",
        "A probe kills a container each time when its own patience runs out, while nothing listens yet.",
        EVENTS,
    ),
    Signal::fact(
        "probe.ended-at-patience",
        "The last run of a container ended with 137 or 143 when the patience of its liveness or startup probe ran out.",
        NONE,
    ),
    Signal::fact(
        "pod.readiness-gate-unset",
        "All containers of a pod are Ready for minutes, and a readiness gate of it is not set.",
        NONE,
    ),
    Signal::fact(
        "probe.command-missing",
        "A failing probe runs a command that the container's image does not have.",
        EVENTS,
    ),
    Signal::fact(
        "probe.grpc-unserved",
        "A failing gRPC probe reaches a server that offers no health service, or none of that name.",
        EVENTS,
    ),
    Signal::fact("probe.times-out", "A failing probe gets no answer in time.", EVENTS),
    Signal::fact(
        "workload.readiness-flaps",
        "Replicas that ran for long become Ready and unready again and again.",
        EVENTS,
    ),
    Signal::fact(
        "workload.readiness-probe-missing",
        "A workload behind a Service was rolled out within the hour, and a container with ports has no readiness probe.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Service)],
    ),
];

/// A container that runs for less than this many seconds is still starting.
const STARTING: i64 = crate::patience::CONTAINER_START.seconds;

/// A container with its stanza and what is said of it.
#[derive(Debug, Clone, Copy)]
struct Probed<'a> {
    snapshot: &'a Snapshot,
    pod: &'a Pod,
    spec: &'a Container,
    status: &'a ContainerStatus,
}

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let context = Context::new(snapshot);
    for ended in context.ended().filter(|e| e.present && !e.init) {
        killed(snapshot, &ended, sink);
    }
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        for (_, status) in pod.statuses() {
            let Some(spec) = pod.spec.container(&status.name) else { continue };
            let probed = Probed { snapshot, pod, spec, status };
            if let Some(probe) = probed.not_ready() {
                unready(&probed, probe, sink);
            }
            unserved::never_started(&probed, sink);
        }
    }
    flapping::observe(snapshot, sink);
    gates::observe(snapshot, sink);
    stanza::missing(snapshot, sink);
}

impl<'a> Probed<'a> {
    /// The probe of that kind.
    fn probe(&self, which: Which) -> Option<&'a Probe> {
        match which {
            Which::Liveness => self.spec.liveness_probe.as_ref(),
            Which::Readiness => self.spec.readiness_probe.as_ref(),
            Which::Startup => self.spec.startup_probe.as_ref(),
        }
    }

    /// The newest report that this probe fails, with how; the events of a container come in several forms.
    fn report(&self, which: Which) -> Option<(&'a Event, Outcome)> {
        let subject = self.pod.metadata.subject(Kind::Pod);
        let about = self.snapshot.events_about(&subject);
        let of_this = about.filter(|e| e.regarding.container().is_none_or(|c| *c == *self.status.name));
        let failures = of_this.filter(|e| matches!(&*e.reason, "Unhealthy" | "ProbeWarning"));
        let parsed = failures.filter_map(|e| outcome::parse(&e.message).map(|(w, o)| (e, w, o)));
        parsed.filter(|(_, w, _)| *w == which).max_by_key(|(e, ..)| (e.last, e.count)).map(|(e, _, o)| (e, o))
    }

    /// The readiness probe of a container that runs for longer than its patience and is not Ready. What no start-up shows
    /// is not waited for.
    fn not_ready(&self) -> Option<&'a Probe> {
        let probe = self.probe(Which::Readiness)?;
        let running = self.status.state.running.as_ref()?;
        let patience = probe.timing().patience().max(STARTING);
        let long_enough = self.snapshot.age(running.started_at).is_none_or(|age| age >= patience)
            || self.can_never_pass(running.started_at);
        (!self.status.ready && self.status.started != Some(false) && long_enough).then_some(probe)
    }

    /// Whether the readiness probe fails in a way that no longer start mends: a server that is up answers in the other protocol,
    /// again, or the probe names a port that the container does not have. A server that is still starting refuses, hangs, or
    /// answers 404 and 503, all of which it may get over.
    fn can_never_pass(&self, started: Option<Timestamp>) -> bool {
        let again = |e: &Event| e.count >= 2 && started.is_some() && e.last > started;
        self.report(Which::Readiness)
            .is_some_and(|(e, how)| matches!(how, Outcome::Protocol | Outcome::UnknownPort) && again(e))
    }

    fn finding(&self, signal: &'static str, which: Which, probe: &Probe) -> Finding {
        let t = probe.timing();
        let mut finding = Finding::new(signal, container_subject(self.pod, &self.status.name))
            .param("container", &self.status.name)
            .param("probe", which.as_str())
            .param("patience", t.patience())
            .cite(Source::Field, None, pod_reference(self.pod), stanza::text(which, probe));
        if let Some(port) = probe.port() {
            finding = finding.param("port", port);
        }
        finding
    }
}

fn cite_event(finding: Finding, event: &Event) -> Finding {
    finding.cite(Source::Event, event.last, event.reference(), format!("{} {}", event.reason, event.message))
}

fn unready(probed: &Probed<'_>, probe: &Probe, sink: &mut Sink) {
    let since = probed.pod.condition("Ready").and_then(|c| c.last_transition_time);
    let base = |signal| probed.finding(signal, Which::Readiness, probe).since(since);
    let state = format!("status.containerStatuses[{}]: running, ready: false", probed.status.name);
    sink.add(base("probe.not-ready").cite(Source::Field, since, pod_reference(probed.pod), state));
    let snapshot = probed.snapshot;
    let Some((event, outcome)) = probed.report(Which::Readiness) else {
        if !snapshot.has_in(&Kind::Event, &probed.pod.metadata.namespace) {
            port::undeclared(probed, Which::Readiness, probe, &base, sink);
        }
        return;
    };
    if !is_recent(snapshot, event.last) && !is_recurring(snapshot, event) {
        return;
    }
    let mut finding = cite_event(base("probe.readiness-failing"), event);
    finding.count = u64::from(event.count);
    sink.add(finding);
    specific(probed, Which::Readiness, probe, (event, outcome), &base, sink);
}

/// What exactly is wrong with the probe, where the answer tells.
fn specific(
    probed: &Probed<'_>,
    which: Which,
    probe: &Probe,
    (event, outcome): (&Event, Outcome),
    base: &impl Fn(&'static str) -> Finding,
    sink: &mut Sink,
) {
    if let Some(found) = unserved::look(probe, event, base) {
        sink.add(found.param("image", &probed.spec.image));
        return;
    }
    let secure_port = || matches!(port::number(probed.spec, probe), Some(443 | 6443 | 8443 | 9443));
    match outcome {
        Outcome::Refused | Outcome::UnknownPort => {
            if let Some(found) = port::not_served(probed, which, probe, outcome, base) {
                sink.add(cite_event(found, event));
            }
        }
        Outcome::Protocol => {
            sink.add(cite_event(stanza::protocol(base("probe.protocol-mismatch"), probe), event));
        }
        Outcome::Status(400) if secure_port() && !stanza::asks_tls(probe) => {
            sink.add(cite_event(stanza::protocol(base("probe.protocol-mismatch"), probe), event));
        }
        Outcome::Status(status @ (404 | 405)) => {
            let path = probe.http_get.as_ref().map(|h| h.path.clone()).unwrap_or_default();
            sink.add(cite_event(
                base("probe.path-not-found").param("path", path).param("status", status),
                event,
            ));
        }
        Outcome::TimedOut => {
            let mut finding = cite_event(base("probe.times-out"), event);
            finding.span.first = event.first.or(finding.span.first);
            sink.add(finding.param("timeout", probe.timing().timeout));
        }
        Outcome::Status(_) | Outcome::Other => {}
    }
}

/// A container that a probe killed, or that ended as if one had.
fn killed(snapshot: &Snapshot, ended: &Ended<'_>, sink: &mut Sink) {
    let Exit::Probe(name) = ended.exit else { return };
    let which = if name == "startup" { Which::Startup } else { Which::Liveness };
    let probed = Probed { snapshot, pod: ended.pod, spec: ended.spec, status: ended.status };
    let Some(probe) = probed.probe(which) else { return };
    let end = ended.end;
    let since = probed.report(which).and_then(|(e, _)| e.first).or(end.started_at);
    let base = |signal| {
        let mut finding = probed
            .finding(signal, which, probe)
            .span(Span { first: since, last: end.finished_at, ongoing: true })
            .cite(Source::Field, end.finished_at, pod_reference(ended.pod), ended.describe())
            .param("exit_code", end.exit_code)
            .param("restarts", ended.status.restart_count);
        if let Some(run) = ended.run_seconds() {
            finding = finding.param("run_seconds", run);
        }
        finding
    };
    let at_patience = stanza::ended_at_patience(ended.pod, probe, end);
    let Some((event, outcome)) = probed.report(which) else {
        if !snapshot.has_in(&Kind::Event, &probed.pod.metadata.namespace) {
            sink.add(base("probe.killed-without-oom"));
            port::undeclared(&probed, which, probe, &base, sink);
            if at_patience && starts_slowly(&probed, which, end) {
                sink.add(stanza::suggestion(base("probe.ended-at-patience"), probe, end));
            }
        }
        // The kill is reported, the failures are not any more.
        if snapshot.has_in(&Kind::Event, &probed.pod.metadata.namespace) {
            sink.add(base(failing(which)));
        }
        return;
    };
    sink.add(cite_event(base(failing(which)), event));
    let mut found = Sink::default();
    specific(&probed, which, probe, (event, outcome), &base, &mut found);
    let found = found.finish();
    let other = found.all().iter().any(|f| f.signal != "probe.times-out");
    let waits = matches!(outcome, Outcome::Refused | Outcome::TimedOut | Outcome::Status(502..=503));
    if !other && waits && at_patience && starts_slowly(&probed, which, end) {
        sink.add(cite_event(stanza::suggestion(base("probe.too-eager"), probe, end), event));
    }
    found.all().iter().cloned().for_each(|f| sink.add(f));
}

fn failing(which: Which) -> &'static str {
    match which {
        Which::Liveness => "probe.liveness-failing",
        Which::Readiness => "probe.readiness-failing",
        Which::Startup => "probe.startup-failing",
    }
}

/// Whether the container may be one that only needs longer: it was killed from its start on, within minutes, and does not say that
/// it listens already. A liveness probe behind a startup probe that passed is not the one that is too eager.
fn starts_slowly(probed: &Probed<'_>, which: Which, end: &Terminated) -> bool {
    const SLOW_AT_MOST: i64 = 300;
    let behind = which == Which::Liveness && probed.spec.startup_probe.is_some();
    let short = super::containers::lifecycle::run_seconds(end).is_some_and(|s| s <= SLOW_AT_MOST);
    let same_end = last_end(probed.status).is_some_and(|e| std::ptr::eq(e, end));
    let port = probed.probe(which).and_then(|p| port::number(probed.spec, p));
    let listens = port::said_in_log(probed);
    !behind && short && same_end && (listens.is_none() || listens != port)
}

#[cfg(test)]
mod tests;
