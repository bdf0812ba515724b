//! Patterns over the lines of logs: all patterns of a log's source in one pass over it.

use super::lazy::LazyRegex;
use super::sift::Sift;
use super::{About, PatternError, Prove, compile, is_telling, leak, params};
use crate::finding::{Finding, Sink};
use crate::freshness::{EndedBy, is_recent};
use crate::signal::{Needs, Signal};
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Params, Source, Span};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::ops::Range;

/// `[[log]]` of a pattern file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogSpec {
    id: String,
    doc: String,
    source: String,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    rejects: Vec<String>,
    /// Who writes it: `kubelet`, `runtime`, `docker`, `kernel`, `kube-proxy`, `container`, or a component's name.
    from: Vec<String>,
    /// What a line must say; named groups become params. The groups `pod_namespace` and `pod_name` together put the
    /// finding on that pod instead of the node.
    pattern: String,
    /// How often it must occur in one log before it counts.
    #[serde(default = "once")]
    at_least: u64,
    /// What shows that it is over, where something does.
    #[serde(default)]
    ended_by: Option<EndedBy>,
}

fn once() -> u64 {
    1
}

#[derive(Debug)]
struct LogPattern {
    id: &'static str,
    regex: LazyRegex,
    at_least: u64,
    ended_by: Option<EndedBy>,
}

#[derive(Debug)]
pub(super) struct LogPatterns {
    all: Vec<LogPattern>,
    by_source: FxHashMap<LogSource, Sift>,
    /// For sources that have no pattern: families look at them all the same.
    others: Sift,
}

/// The system log holds what all of these wrote.
const IN_SYSTEM_LOG: [LogSource; 5] =
    [LogSource::Kubelet, LogSource::Runtime, LogSource::Docker, LogSource::Kernel, LogSource::KubeProxy];

fn source_of(name: &str) -> LogSource {
    match name {
        "kubelet" => LogSource::Kubelet,
        "runtime" => LogSource::Runtime,
        "docker" => LogSource::Docker,
        "kernel" => LogSource::Kernel,
        "kube-proxy" => LogSource::KubeProxy,
        "container" => LogSource::Container,
        component => LogSource::Component(component.into()),
    }
}

fn needs_of(source: &LogSource) -> Needs {
    match source {
        LogSource::Container => Needs::ContainerLog,
        LogSource::Component(name) => Needs::ComponentLog(leak(name.to_string())),
        other => Needs::NodeLog(other.clone()),
    }
}

impl LogPatterns {
    pub(super) fn compile(
        specs: Vec<LogSpec>,
        signals: &mut Vec<Signal>,
        prove: Prove,
        wrong: &mut Vec<PatternError>,
    ) -> Self {
        let mut all = Vec::new();
        let mut by_source: FxHashMap<LogSource, Sift> = FxHashMap::default();
        for s in specs {
            let about =
                About { id: s.id, doc: s.doc, source: s.source, matches: s.matches, rejects: s.rejects };
            let regex = match compile(&about, &s.pattern, prove) {
                Ok(regex) => regex,
                Err(error) => {
                    wrong.push(error);
                    continue;
                }
            };
            if about.matches.is_empty() {
                wrong.push(PatternError::new(about.id, "a log pattern needs a line that matches"));
                continue;
            }
            let sources: Vec<LogSource> = s.from.iter().map(|f| source_of(f)).collect();
            let system = sources.iter().any(|s| IN_SYSTEM_LOG.contains(s)).then_some(LogSource::System);
            let first: Vec<Needs> = sources.first().map(needs_of).into_iter().collect();
            for source in sources.into_iter().chain(system) {
                by_source.entry(source).or_default().push(all.len(), &s.pattern);
            }
            let id = leak(about.id);
            signals.push(Signal::fact(id, leak(about.doc), Box::leak(first.into_boxed_slice())));
            all.push(LogPattern { id, regex, at_least: s.at_least, ended_by: s.ended_by });
        }
        Self { all, by_source, others: Sift::default() }
    }

    /// The next line of a text that a pattern matches or a family looks for.
    pub(super) fn next(&self, source: &LogSource, text: &[u8], from: usize) -> Option<Range<usize>> {
        let sift = self.by_source.get(source).unwrap_or(&self.others);
        let mut at = from;
        while at < text.len() {
            let range = if sift.anywhere().is_empty() {
                sift.next(text, at)?
            } else {
                at..memchr::memchr(b'\n', text.get(at..)?).map_or(text.len(), |i| at + i)
            };
            let line = text.get(range.clone())?;
            if sift.is_asked_for(line) || self.is_matched(sift, line) {
                return Some(range);
            }
            at = range.end + 1;
        }
        None
    }

    fn is_matched(&self, sift: &Sift, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line);
        let matched = |index: &usize| self.all.get(*index).is_some_and(|p| p.regex.is_match(&line));
        sift.anywhere().iter().any(matched) || sift.of(&line).iter().any(matched)
    }

    pub(super) fn matching(&self, text: &str) -> Vec<&'static str> {
        self.all.iter().filter(|p| is_telling(&p.regex) && p.regex.is_match(text)).map(|p| p.id).collect()
    }

    pub(super) fn observe(&self, snapshot: &Snapshot, sink: &mut Sink) {
        for (node, facts) in &snapshot.node_facts {
            for log in &facts.logs {
                self.scan(snapshot, log, &Subject::node(node.clone()), sink);
            }
        }
        for (name, log) in &snapshot.component_logs {
            self.scan(snapshot, log, &Subject::component(name.clone()), sink);
        }
        for (key, log) in &snapshot.container_logs {
            let pod = Subject::new(Kind::Pod, key.namespace.clone(), key.pod.clone());
            self.scan(snapshot, log, &pod.with_container(key.container.clone()), sink);
        }
    }

    fn scan(&self, snapshot: &Snapshot, log: &LogFile, owner: &Subject, sink: &mut Sink) {
        let Some(sift) = self.by_source.get(&log.source) else { return };
        let mut hits: FxHashMap<(usize, Subject), Hit> = FxHashMap::default();
        let mut try_on = |index: usize, number: usize, line: &str| {
            let Some(pattern) = self.all.get(index).filter(|p| p.regex.is_match(line)) else { return };
            let (subject, params) = subject_of(pattern, line, owner);
            hits.entry((index, subject)).or_default().take(log, number, line, params);
        };
        for (number, line) in log.lines_that(|text, from| sift.next(text, from)) {
            sift.of(line).into_iter().for_each(|index| try_on(index, number, line));
        }
        if !sift.anywhere().is_empty() {
            for (number, line) in log.lines() {
                sift.anywhere().iter().for_each(|index| try_on(*index, number, line));
            }
        }
        for ((index, subject), hit) in hits {
            let Some(pattern) = self.all.get(index).filter(|p| hit.count >= p.at_least) else { continue };
            sink.add(hit.into_finding(snapshot, log, pattern, subject, owner));
        }
    }
}

/// The pod that the line names, or who wrote the log; and the params.
fn subject_of(pattern: &LogPattern, line: &str, owner: &Subject) -> (Subject, Params) {
    let mut found = params(&pattern.regex, line);
    match (found.remove("pod_namespace"), found.remove("pod_name")) {
        (Some(ns), Some(name)) => (Subject::new(Kind::Pod, ns.as_str(), name.as_str()), found),
        _ => (owner.clone(), found),
    }
}

/// What one pattern found in one log.
#[derive(Debug, Default)]
struct Hit {
    count: u64,
    span: Span,
    timed: bool,
    first: Option<(usize, String)>,
    last: Option<(usize, String)>,
    params: Params,
}

impl Hit {
    fn take(&mut self, log: &LogFile, number: usize, line: &str, params: Params) {
        let at = log.time_of(line);
        self.timed |= at.is_some();
        self.count += 1;
        self.span = self.span.join(Span::past(at, at));
        self.params.extend(params);
        let quoted = Some((number, line.trim().to_owned()));
        if self.first.is_none() {
            self.first = quoted;
        } else {
            self.last = quoted;
        }
    }

    fn into_finding(
        self,
        snapshot: &Snapshot,
        log: &LogFile,
        pattern: &LogPattern,
        subject: Subject,
        owner: &Subject,
    ) -> Finding {
        let untimed_container = !self.timed && log.source == LogSource::Container;
        let over = pattern.ended_by.is_some_and(|end| end.is_seen(snapshot, &subject, self.span.last));
        let ongoing = untimed_container || is_recent(snapshot, self.span.last) && !over;
        let mut finding = Finding::new(pattern.id, subject.clone()).span(Span { ongoing, ..self.span });
        for (number, text) in self.last.into_iter().chain(self.first) {
            finding = finding.cite(Source::Log, log.time_of(&text), log.reference(number), text);
        }
        finding.count = self.count;
        finding.params = self.params;
        if subject.object() != owner.object() {
            finding.names.push(owner.clone());
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::shipped;

    #[test]
    fn every_example_is_looked_at() {
        let mut everywhere = Vec::new();
        for spec in shipped().expect("shipped patterns").log {
            let mut sift = Sift::default();
            sift.push(7, &spec.pattern);
            if sift.anywhere() == [7] {
                everywhere.push(spec.id);
                continue;
            }
            for line in &spec.matches {
                assert_eq!(sift.of(line), [7], "{}: {line}", spec.id);
            }
        }
        // Each of these is tried on every line of its source.
        assert_eq!(everywhere, ["log.kube-proxy-fatal"]);
    }
}
