//! How containers end, one finding for each that fails now.

use super::lifecycle::{Context, Ended, Exit, pod_reference};
use super::{start, words};
use crate::finding::{Finding, Sink};
use jiff::Timestamp;
use kubecause_evidence::Snapshot;
use kubecause_model::{Source, Span};

/// Says how that container ended.
pub fn observe(context: &Context<'_>, ended: &Ended<'_>, sink: &mut Sink) {
    if !ended.present {
        if ended.exit == Exit::Oom {
            sink.add(oom(context, ended));
        }
        return;
    }
    if ended.init {
        sink.add(init(context.snapshot, ended));
    }
    match ended.exit {
        Exit::Oom => sink.add(oom(context, ended)),
        Exit::NotStarted => start::could_not_start(context.snapshot, ended, sink),
        Exit::Own if !ended.init => {
            sink.add(with_words(
                context.snapshot,
                ended,
                base("container.app-exit", context.snapshot, ended),
            ));
        }
        Exit::Signal if !ended.init => sink.add(base("container.killed-by-signal", context.snapshot, ended)),
        Exit::Own | Exit::Signal | Exit::Probe(_) | Exit::Unknown => {}
    }
}

/// The finding with what all of them say: exit code, restarts, length of the run.
fn base(signal: &'static str, snapshot: &Snapshot, ended: &Ended<'_>) -> Finding {
    let end = ended.end;
    let span = if ended.present {
        Span { first: since(snapshot, ended), last: end.finished_at, ongoing: true }
    } else {
        Span::past(end.started_at, end.finished_at)
    };
    let mut finding = Finding::new(signal, ended.subject())
        .span(span)
        .cite(Source::Field, end.finished_at, pod_reference(ended.pod), ended.describe())
        .param("container", &ended.status.name)
        .param("exit_code", end.code())
        .param("restarts", ended.status.restart_count);
    if let Some(run) = ended.run_seconds() {
        finding = finding.param("run_seconds", run);
    }
    finding
}

/// Since when it fails: the first back-off, else the start of the run that ended.
fn since(snapshot: &Snapshot, ended: &Ended<'_>) -> Option<Timestamp> {
    let subject = ended.subject();
    let of_this = |c: Option<&str>| c.is_none_or(|c| *c == *ended.status.name);
    let back_offs = snapshot.events_about(&subject).filter(|e| {
        e.reason == "BackOff" && of_this(e.regarding.container()) && e.message.contains("restarting failed")
    });
    back_offs.filter_map(|e| e.first).min().or(ended.end.started_at).or(ended.end.finished_at)
}

/// Adds what the container said last, from its log or its termination message.
fn with_words(snapshot: &Snapshot, ended: &Ended<'_>, finding: Finding) -> Finding {
    if let Some(said) = words::last_words(snapshot, ended) {
        return finding.param("last_words", words::short(said.line)).cite(
            Source::Log,
            said.log.time_of(said.line).or(ended.end.finished_at),
            said.log.reference(said.number),
            said.line,
        );
    }
    let message = ended.end.message.trim();
    let last = message.lines().next_back().unwrap_or_default();
    if last.is_empty() {
        return finding;
    }
    let text = format!("terminated: {message}");
    finding.param("last_words", words::short(last)).cite(
        Source::Field,
        ended.end.finished_at,
        pod_reference(ended.pod),
        text,
    )
}

fn init(snapshot: &Snapshot, ended: &Ended<'_>) -> Finding {
    with_words(snapshot, ended, base("container.init-failing", snapshot, ended))
}

fn oom(context: &Context<'_>, ended: &Ended<'_>) -> Finding {
    let resources = &ended.spec.resources;
    // A table does not show what is asked for.
    let absent = if ended.pod.metadata.is_partial { "?" } else { "none" };
    let limit = resources.limits.text("memory").unwrap_or(absent);
    let mut finding = base("container.oom-killed", context.snapshot, ended)
        .param("limit", limit)
        .param("request", resources.requests.text("memory").unwrap_or(absent));
    let text = format!("resources.limits.memory = {limit}");
    finding = finding.cite(Source::Field, None, pod_reference(ended.pod), text);
    if let Some(kill) = context.memory_kill(ended.pod, ended.status) {
        let at = kill.log.time_of(kill.line);
        finding = finding.cite(Source::Log, at, kill.log.reference(kill.number), kill.line);
    }
    finding
}
