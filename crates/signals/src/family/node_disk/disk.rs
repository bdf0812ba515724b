//! Disk pressure of a node: which file system, which signal, which threshold, and what was measured.

use super::filesystems::{Disks, Space};
use super::records::Record;
use super::thresholds::Thresholds;
use super::words::{self, Resource, Why};
use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use jiff::Timestamp;
use kubecause_evidence::kube::{Condition, Node};
use kubecause_evidence::log::LogSource;
use kubecause_evidence::node::NodeFacts;
use kubecause_evidence::{Kind, Snapshot, Str, Subject, quantity};
use kubecause_model::{Source, Span};

/// A threshold that is crossed, with both values in the signal's unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Crossed {
    /// `nodefs.available` …
    pub(super) signal: String,
    /// The threshold as it is written.
    pub(super) written: String,
    /// The threshold in bytes or inodes.
    pub(super) threshold: f64,
    /// What is left.
    pub(super) available: f64,
    /// What there is in all.
    pub(super) capacity: f64,
}

impl Crossed {
    pub(super) fn is_inodes(&self) -> bool {
        self.signal.ends_with("inodesFree")
    }

    /// How much must be freed before the threshold is met again.
    pub(super) fn missing(&self) -> f64 {
        (self.threshold - self.available).max(0.0)
    }

    /// A value of this signal for people.
    pub(super) fn show(&self, value: f64) -> String {
        if self.is_inodes() { format!("{value:.0}") } else { quantity::bytes(value) }
    }
}

/// All that is known about one node's disk.
pub(super) struct NodeDisk<'a> {
    pub(super) name: Str,
    pub(super) node: Option<&'a Node>,
    pub(super) facts: Option<&'a NodeFacts>,
    pub(super) disks: Disks,
    pub(super) thresholds: Thresholds,
    /// What is crossed by measure, or by what the last eviction's message says.
    pub(super) crossed: Vec<Crossed>,
    /// Whether the node says now that it is under pressure.
    pub(super) pressed: bool,
    /// Since when it says so.
    pub(super) since: Option<Timestamp>,
    /// Pods that this node evicted for want of disk or inodes.
    pub(super) evictions: Vec<&'a Record>,
}

impl<'a> NodeDisk<'a> {
    /// What is known of that node; `records` are those of this node.
    pub(super) fn of(snapshot: &'a Snapshot, name: &Str, records: &[&'a Record]) -> Self {
        let node = snapshot.nodes.get("", name);
        let facts = snapshot.node_facts.get(name);
        let disks = Disks::of(name, node, facts);
        let thresholds = Thresholds::of(name, facts);
        let low = |r: &&&Record| matches!(r.why, Why::NodeLow(Resource::Disk | Resource::Inodes));
        let mut evictions: Vec<&Record> = records.iter().filter(low).copied().collect();
        evictions.sort_by_key(|r| r.at);
        let pressed = is_pressed(snapshot, name, node, facts);
        let since = node.and_then(|n| n.condition("DiskPressure")?.last_transition_time).filter(|_| pressed);
        let mut this = Self {
            since,
            name: name.clone(),
            node,
            facts,
            disks,
            thresholds,
            crossed: Vec::new(),
            pressed,
            evictions,
        };
        this.crossed = this.crossed_by_measure();
        if this.crossed.is_empty() && this.disks.nodefs.is_none() {
            this.crossed = this.crossed_by_message().into_iter().collect();
        }
        this
    }

    /// The node as a subject.
    pub(super) fn subject(&self) -> Subject {
        Subject::node(self.name.clone())
    }

    /// What presses by bytes.
    pub(super) fn bytes(&self) -> Option<&Crossed> {
        self.crossed.iter().find(|c| !c.is_inodes())
    }

    /// The capacity of nodefs, as measured or as the node's object says.
    pub(super) fn capacity(&self) -> Option<f64> {
        let measured = self.disks.nodefs.as_ref().map(|fs| fs.capacity);
        measured.or_else(|| self.node?.status.capacity.value("ephemeral-storage"))
    }

    fn crossed_by_measure(&self) -> Vec<Crossed> {
        let mut found = Vec::new();
        for (fs, space) in [("nodefs", &self.disks.nodefs), ("imagefs", &self.disks.imagefs)] {
            let Some(space) = space else { continue };
            found.extend(self.compare(&format!("{fs}.available"), space.available, space.capacity));
            if let Some((free, all)) = space.inodes {
                found.extend(self.compare(&format!("{fs}.inodesFree"), free, all));
            }
        }
        found
    }

    fn compare(&self, signal: &str, available: f64, capacity: f64) -> Option<Crossed> {
        let (threshold, written) = self.thresholds.first(signal, capacity)?;
        let signal = signal.to_owned();
        (available < threshold).then_some(Crossed { signal, written, threshold, available, capacity })
    }

    /// What the newest eviction says, where nothing was measured on the node: the threshold as a share of the
    /// capacity tells which signal it was.
    fn crossed_by_message(&self) -> Option<Crossed> {
        let record = self.evictions.iter().rev().find(|r| r.message.contains("Threshold quantity"))?;
        let (threshold, available) = words::threshold_and_available(&record.message)?;
        let inodes = record.why == Why::NodeLow(Resource::Inodes);
        let capacity = if inodes { 0.0 } else { self.capacity().unwrap_or_default() };
        let signals: &[&str] = if inodes {
            &["nodefs.inodesFree", "imagefs.inodesFree"]
        } else {
            &["nodefs.available", "imagefs.available"]
        };
        let fits = |signal: &&&str| {
            let expected = self.thresholds.first(signal, capacity).map_or(0.0, |(value, _)| value);
            (expected - threshold).abs() <= threshold * 0.02
        };
        let signal = (*signals.iter().find(fits).or(signals.first())?).to_owned();
        let written = format!("{threshold:.0}");
        Some(Crossed { signal, written, threshold, available, capacity })
    }

    /// The file system that a signal is about.
    pub(super) fn space_of(&self, crossed: &Crossed) -> Option<&Space> {
        if crossed.signal.starts_with("imagefs") {
            self.disks.imagefs.as_ref()
        } else {
            self.disks.nodefs.as_ref()
        }
    }

    /// Adds what is known about the pressure to a finding.
    pub(super) fn describe(&self, mut finding: Finding) -> Finding {
        if let Some(main) = self.crossed.first() {
            finding = finding
                .param("signal", &main.signal)
                .param("filesystem", main.signal.split('.').next().unwrap_or_default())
                .param("threshold", &main.written)
                .param("needed", main.show(main.threshold))
                .param("available", main.show(main.available))
                .param("missing", main.show(main.missing()));
            if main.capacity > 0.0 {
                finding = finding.param("capacity", main.show(main.capacity));
            }
            finding = finding.cite(Source::Metric, None, self.measured_at(main), sentence(main));
        }
        match self.disks.shared {
            Some(true) => finding.param("layout", "nodefs and imagefs are one device"),
            Some(false) => finding.param("layout", "imagefs is a device of its own"),
            None => finding,
        }
        .param("thresholds", self.thresholds.text())
        .param("thresholds_source", &self.thresholds.source)
    }

    fn measured_at(&self, crossed: &Crossed) -> String {
        let measured = self.space_of(crossed).map(|s| s.source.clone());
        let said = || self.evictions.last().map(|r| r.citation.reference.clone());
        measured.or_else(said).unwrap_or_else(|| format!("nodes/{}", self.name))
    }
}

/// Whether the node says that it is under disk pressure: its condition; where its object was not seen, the newest of
/// its events, or else of its log.
fn is_pressed(snapshot: &Snapshot, name: &Str, node: Option<&Node>, facts: Option<&NodeFacts>) -> bool {
    if let Some(node) = node {
        return node.condition("DiskPressure").is_some_and(Condition::is_true);
    }
    if let Some((begun, (_, last), ..)) = last_word(snapshot, &Subject::node(name.clone())) {
        return begun && (last.is_none() || is_recent(snapshot, last));
    }
    let logs = facts.into_iter().flat_map(|f| f.logs_of(&LogSource::Kubelet));
    logs.filter_map(|log| {
        log.lines_with(asked::RECLAIMS)
            .filter(|(_, l)| reclaims_disk(l))
            .last()
            .and_then(|(_, l)| log.time_of(l))
    })
    .any(|at| is_recent(snapshot, Some(at)))
}

fn reclaims_disk(line: &str) -> bool {
    asked::RECLAIMS.iter().any(|w| line.contains(w)) && DISK_WORDS.iter().any(|w| line.contains(w))
}

/// How the eviction manager of any release calls what lies on a disk.
const DISK_WORDS: [&str; 4] = ["ephemeral-storage", "nodefs", "imagefs", "inodes"];

/// One line that puts threshold and measure side by side.
fn sentence(c: &Crossed) -> String {
    let share = |value: f64| {
        if c.capacity > 0.0 { format!(" ({:.1}%)", value / c.capacity * 100.0) } else { String::new() }
    };
    format!(
        "{}: {}{} left of {}, threshold {} = {}",
        c.signal,
        c.show(c.available),
        share(c.available),
        c.show(c.capacity),
        c.written,
        c.show(c.threshold)
    )
}

/// `node.disk-pressure`: the condition; for a node whose object was not seen, the newest of its events.
pub(super) fn pressure(snapshot: &Snapshot, disk: &NodeDisk<'_>, sink: &mut Sink) {
    let subject = disk.subject();
    if let Some(condition) = disk.node.and_then(|n| n.condition("DiskPressure")).filter(|c| c.is_true()) {
        let text = format!("DiskPressure=True {}: {}", condition.reason, condition.message);
        let at = condition.last_transition_time;
        let finding = Finding::new("node.disk-pressure", subject).since(at);
        sink.add(disk.describe(finding.cite(Source::Condition, at, format!("nodes/{}", disk.name), text)));
        return;
    }
    let Some((event_is_pressure, at, reference, text)) = last_word(snapshot, &subject) else { return };
    let gone = disk.node.is_some() || !event_is_pressure;
    if gone && !is_recent(snapshot, at.1) {
        return;
    }
    let span = if gone { Span::past(at.0, at.1) } else { Span { first: at.0, last: at.1, ongoing: true } };
    let finding =
        Finding::new("node.disk-pressure", subject).span(span).cite(Source::Event, at.1, reference, text);
    sink.add(if gone { finding } else { disk.describe(finding) });
}

type LastWord = (bool, (Option<Timestamp>, Option<Timestamp>), String, String);

/// The newest event that says that pressure began or went on, and whether nothing later says that it ended.
fn last_word(snapshot: &Snapshot, node: &Subject) -> Option<LastWord> {
    let events = || snapshot.events_about(node);
    let is_disk = |m: &str| DISK_WORDS.iter().any(|w| m.contains(w));
    let begun = events()
        .filter(|e| {
            e.reason == "NodeHasDiskPressure" || (e.reason == "EvictionThresholdMet" && is_disk(&e.message))
        })
        .max_by_key(|e| e.last)?;
    let ended = events().filter(|e| e.reason == "NodeHasNoDiskPressure").filter_map(|e| e.last).max();
    let text = format!("{} {}", begun.reason, begun.message);
    Some((begun.last >= ended, (begun.first, begun.last), begun.reference(), text))
}

/// Whether anything says that this node's disk is or lately was in trouble: the rest is not looked at closely.
pub(super) fn is_in_question(snapshot: &Snapshot, name: &Str, records: &[&Record]) -> bool {
    const REASONS: [&str; 4] =
        ["NodeHasDiskPressure", "EvictionThresholdMet", "ImageGCFailed", "FreeDiskSpaceFailed"];
    let Some(node) = snapshot.nodes.get("", name) else { return true };
    node.condition("DiskPressure").is_some_and(Condition::is_true)
        || !records.is_empty()
        || snapshot.events_about(&Subject::node(name.clone())).any(|e| REASONS.contains(&e.reason.as_str()))
}

/// The nodes that anything here could be about.
pub(super) fn names(snapshot: &Snapshot) -> Vec<Str> {
    let mut names: Vec<Str> = snapshot.nodes.all().iter().map(|n| n.metadata.name.arc()).collect();
    names.extend(snapshot.node_facts.keys().cloned());
    if !snapshot.has(&Kind::Node) {
        let told = snapshot.events.iter().filter(|e| e.regarding.kind == "Node");
        names.extend(told.map(|e| e.regarding.name.arc()));
    }
    names.sort();
    names.dedup();
    names
}
