//! Patterns over events.

use super::lazy::LazyRegex;
use super::{About, PatternError, Prove, compile, is_telling, leak, params};
use crate::finding::{Finding, Sink};
use crate::freshness::{EndedBy, became_ready_after, is_recent, is_recurring, still_failing};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::Event;
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// So many events are looked at by one task of the thread pool.
const CHUNK: usize = 2048;

/// `[[event]]` of a pattern file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventSpec {
    id: String,
    doc: String,
    source: String,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    rejects: Vec<String>,
    /// The event's reason is one of these.
    reasons: Vec<String>,
    /// The object that it regards is of one of these kinds; empty means any.
    #[serde(default)]
    kinds: Vec<String>,
    /// What the message must say; named groups become params.
    #[serde(default = "anything")]
    message: String,
    /// What the finding is on: `object` (default), `node` (the host that reported it), or `owner` (the top workload).
    #[serde(default)]
    on: On,
    /// What shows that it is over, where something does.
    #[serde(default)]
    ended_by: Option<EndedBy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum On {
    #[default]
    Object,
    Node,
    Owner,
}

fn anything() -> String {
    ".".into()
}

#[derive(Debug)]
struct EventPattern {
    id: &'static str,
    kinds: Vec<Kind>,
    message: LazyRegex,
    on: On,
    ended_by: Option<EndedBy>,
}

#[derive(Debug)]
pub(super) struct EventPatterns {
    by_reason: FxHashMap<String, Vec<usize>>,
    all: Vec<EventPattern>,
}

impl EventPatterns {
    pub(super) fn compile(
        specs: Vec<EventSpec>,
        signals: &mut Vec<Signal>,
        prove: Prove,
        wrong: &mut Vec<PatternError>,
    ) -> Self {
        let mut out = Self { by_reason: FxHashMap::default(), all: Vec::new() };
        for s in specs {
            let about =
                About { id: s.id, doc: s.doc, source: s.source, matches: s.matches, rejects: s.rejects };
            let message = match compile(&about, &s.message, prove) {
                Ok(message) => message,
                Err(error) => {
                    wrong.push(error);
                    continue;
                }
            };
            for reason in s.reasons {
                out.by_reason.entry(reason).or_default().push(out.all.len());
            }
            let id = leak(about.id);
            signals.push(Signal::fact(id, leak(about.doc), &[Needs::Kind(Kind::Event)]));
            let kinds = s.kinds.iter().map(|k| Kind::from_name(k)).collect();
            out.all.push(EventPattern { id, kinds, message, on: s.on, ended_by: s.ended_by });
        }
        out
    }

    pub(super) fn matching(&self, text: &str) -> Vec<&'static str> {
        self.all.iter().filter(|p| is_telling(&p.message) && p.message.is_match(text)).map(|p| p.id).collect()
    }

    pub(super) fn with_reason(&self, reason: &str) -> Vec<&'static str> {
        let same = self.by_reason.iter().filter(|(r, _)| r.eq_ignore_ascii_case(reason));
        let mut ids: Vec<_> =
            same.flat_map(|(_, i)| i).filter_map(|i| self.all.get(*i)).map(|p| p.id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn observe(&self, snapshot: &Snapshot, sink: &mut Sink) {
        let look = |events: &[Event]| {
            let mut sink = Sink::default();
            events.iter().for_each(|event| self.look(snapshot, event, &mut sink));
            sink
        };
        let found: Vec<Sink> = snapshot.events.par_chunks(CHUNK).map(look).collect();
        found.into_iter().for_each(|found| sink.append(found));
    }

    fn look(&self, snapshot: &Snapshot, event: &Event, sink: &mut Sink) {
        for i in self.by_reason.get(&*event.reason).into_iter().flatten() {
            let Some(pattern) = self.all.get(*i) else { continue };
            if pattern.fits(event)
                && let Some(finding) = pattern.find(snapshot, event)
            {
                sink.add(finding);
            }
        }
    }
}

impl EventPattern {
    fn fits(&self, event: &Event) -> bool {
        let kind_fits =
            self.kinds.is_empty() || self.kinds.iter().any(|k| event.regarding.kind == *k.as_str());
        kind_fits && self.message.is_match(&event.message)
    }

    fn find(&self, snapshot: &Snapshot, event: &Event) -> Option<Finding> {
        let regarding = event.regarding.subject();
        let subject = match self.on {
            On::Object => regarding.clone(),
            On::Owner => snapshot.top_owner(&regarding),
            On::Node => snapshot
                .node_of(&regarding)
                .or_else(|| (!event.host.is_empty()).then(|| Subject::node(&event.host)))?,
        };
        let present = is_recent(snapshot, event.last) || is_recurring(snapshot, event);
        let over = self.on == On::Node && became_ready_after(snapshot, &subject, event.last)
            || self.ended_by.is_some_and(|end| end.is_seen(snapshot, &subject, event.last));
        let ongoing = present && !over && still_failing(snapshot, &regarding, event.last);
        let span = Span { first: event.first, last: event.last, ongoing };
        let mut finding = Finding::new(self.id, subject.clone()).span(span).cite(
            Source::Event,
            event.last,
            event.reference(),
            format!("{} {}", event.reason, event.message),
        );
        finding.count = u64::from(event.count);
        finding.params = params(&self.message, &event.message);
        if subject.object() != regarding.object() {
            finding.names.push(regarding);
        }
        Some(finding)
    }
}
