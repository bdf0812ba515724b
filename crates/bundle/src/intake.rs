//! What has been read so far, of one or of several inputs: objects, logs, gaps, and which resources were listed.

use crate::objects::{self, Tally};
use jiff::Timestamp;
use kubecause_evidence::log::{LogFile, LogSource, Sieve};
use kubecause_evidence::{Access, Failure, Gap, Kind, Snapshot, SnapshotBuilder, Str, Subject, Watcher, Why};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Collects what the layouts read.
#[derive(Debug, Default)]
pub struct Intake {
    /// Where objects, logs and facts go.
    pub builder: SnapshotBuilder,
    /// How many objects were read.
    pub objects: usize,
    /// How many bytes of logs are kept.
    pub log_bytes: u64,
    /// How many bytes other files had together that hold no objects.
    pub small_bytes: u64,
    /// Per resource, such as `events.events.k8s.io`, whether it was listed.
    resources: BTreeMap<String, (Kind, Access)>,
    taken_at: Option<Timestamp>,
    watcher: Option<Arc<dyn Watcher>>,
    sieve: Option<Arc<dyn Sieve>>,
    /// No more objects than this are taken.
    most: Option<usize>,
}

impl Intake {
    /// An intake that asks `watcher` about the objects that it reads, and takes no more of them than `most`.
    /// Of long logs it keeps what `sieve` asks for.
    pub fn watched(watcher: Option<Arc<dyn Watcher>>, sieve: Option<Arc<dyn Sieve>>, most: usize) -> Self {
        let mut intake = Self { watcher, sieve, most: Some(most), ..Self::default() };
        if let Some(watcher) = &intake.watcher {
            intake.builder.asked(watcher.rules());
        }
        intake
    }

    /// What says which lines of long logs to keep.
    pub fn sieve(&self) -> Option<Arc<dyn Sieve>> {
        self.sieve.clone()
    }

    /// Adds a gap.
    pub fn gap(&mut self, what: impl Into<String>, why: Why, matters: impl Into<String>) {
        self.builder.gap(Gap::new(what, why, matters));
    }

    /// Reads the objects of a text into the snapshot.
    pub fn objects(&mut self, text: &str, path: &str, file_kind: Option<&Kind>) -> Tally {
        let room = self.most.map_or(usize::MAX, |most| most.saturating_sub(self.objects));
        let tally = objects::read(text, path, file_kind, self.watcher.as_deref(), room, &mut self.builder);
        self.objects += tally.total();
        tally
    }

    /// Asks the watcher about an object of which only a part may be known: what holds for the part is remarked, what does not
    /// hold may still do so for the whole.
    pub fn ask_in_part(&mut self, kind: &Kind, object: &serde_json::Value) {
        let Some(watcher) = self.watcher.as_deref().filter(|w| w.wants(kind)) else { return };
        let mut remarks = watcher.look(kind, &object.to_string());
        let meta =
            |key: &str| object.pointer(&format!("/metadata/{key}")).and_then(serde_json::Value::as_str);
        let (namespace, name) = (meta("namespace").unwrap_or_default(), meta("name").unwrap_or_default());
        let subject = Subject::new(kind.clone(), namespace, name);
        let open = |rule: &Str| !remarks.hold.iter().any(|r| r.rule == *rule);
        let unsure = |rule| {
            let says = "only a part of the object is in the terminal's text".to_owned();
            Failure { rule, subject: subject.clone(), says }
        };
        remarks.failed = watcher.rules_for(kind).into_iter().filter(open).map(unsure).collect();
        self.builder.remarks(remarks);
    }

    /// Says whether a resource was listed. Of several answers for one resource the worst counts, only that it was not
    /// collected yields to any other.
    pub fn resource(&mut self, resource: &str, kind: &Kind, access: Access) {
        let (_, old) = self.resources.entry(resource.to_owned()).or_insert_with(|| (kind.clone(), access));
        if rank(access) > rank(*old) {
            *old = access;
        }
    }

    /// Says when the evidence was taken; of several inputs, the latest counts.
    pub fn taken_at(&mut self, at: Option<Timestamp>) {
        self.taken_at = self.taken_at.max(at);
    }

    /// When the evidence was taken, as far as it tells by now.
    pub fn time(&self) -> Option<Timestamp> {
        self.taken_at.or_else(|| self.builder.newest_time())
    }

    /// Whether that kind was asked for, with whatever result.
    pub fn was_answered(&self, kind: &Kind) -> bool {
        self.resources.values().any(|(k, access)| k == kind && *access != Access::Missing(Why::NotCollected))
    }

    /// Adds a gap where a log holds only the client's excuse. A container that has not started has no log to miss.
    pub fn excuse(&mut self, log: &LogFile) {
        if let Some(words) = log.unavailable.as_ref().filter(|w| !w.contains("is waiting to start")) {
            self.builder.gap(Gap::new(&*log.path, why_of(words), words.clone()));
        }
    }

    /// The snapshot. A kind that several resources hold (events, ingresses) was listed when one of them was.
    pub fn finish(mut self) -> Snapshot {
        let mut kinds: FxHashMap<Kind, Access> = FxHashMap::default();
        for (kind, access) in self.resources.into_values() {
            let slot = kinds.entry(kind).or_insert(access);
            if *slot != Access::Listed && (access == Access::Listed || rank(access) > rank(*slot)) {
                *slot = access;
            }
        }
        for (kind, access) in kinds {
            self.builder.access(kind, access);
        }
        self.builder.taken_at(self.taken_at);
        self.builder.finish()
    }
}

/// Which of two answers for one resource counts: the higher.
fn rank(access: Access) -> u8 {
    match access {
        Access::Missing(Why::NotCollected) => 0,
        Access::Listed => 1,
        Access::Missing(Why::Forbidden) => 9,
        Access::Missing(Why::TimedOut) => 8,
        Access::Missing(Why::Failed) => 7,
        Access::Missing(Why::Truncated) => 6,
        Access::Missing(Why::Unparsable) => 5,
        Access::Missing(Why::Redacted) => 4,
        Access::Missing(Why::TooLarge) => 3,
    }
}

/// What a client's words mean, where it printed an error instead of an answer.
pub fn why_of(words: &str) -> Why {
    let words = words.to_ascii_lowercase();
    let says = |any: &[&str]| any.iter().any(|w| words.contains(w));
    if says(&["forbidden", "unauthorized", "must be logged in", "permission denied", "403"]) {
        Why::Forbidden
    } else if says(&["timed out", "timeout", "deadline exceeded"]) {
        Why::TimedOut
    } else {
        Why::Failed
    }
}

/// Whether a file of that name is a node's log, and whose.
pub fn node_log(name: &str) -> Option<LogSource> {
    let known_text = [".txt", ".json", ".toml", ".yaml", ".error"].iter().any(|end| name.ends_with(end));
    kubecause_evidence::node::log_source(name)
        .filter(|source| !known_text || !matches!(source, LogSource::Other(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_a_reason() {
        for (words, why) in [
            ("Error from server (Forbidden): pods is forbidden: User \"x\" cannot list", Why::Forbidden),
            ("error: You must be logged in to the server (Unauthorized)", Why::Forbidden),
            ("Unable to connect to the server: dial tcp: i/o timeout", Why::TimedOut),
            ("context deadline exceeded", Why::TimedOut),
            ("error: the server doesn't have a resource type \"x\"", Why::Failed),
        ] {
            assert_eq!(why_of(words), why, "{words}");
        }
    }

    #[test]
    fn the_worst_answer_of_a_resource_and_the_best_of_a_kind() {
        let mut intake = Intake::default();
        intake.resource("pods", &Kind::Pod, Access::Listed);
        intake.resource("pods", &Kind::Pod, Access::Missing(Why::Forbidden));
        intake.resource("events", &Kind::Event, Access::Listed);
        intake.resource("events.events.k8s.io", &Kind::Event, Access::Missing(Why::Forbidden));
        intake.resource("nodes", &Kind::Node, Access::Missing(Why::NotCollected));
        intake.resource("nodes", &Kind::Node, Access::Listed);
        let snapshot = intake.finish();
        assert_eq!(snapshot.access(&Kind::Pod), Access::Missing(Why::Forbidden));
        assert!(snapshot.has(&Kind::Event) && snapshot.has(&Kind::Node));
    }
}
