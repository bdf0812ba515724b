//! Image garbage collection that runs far below a full disk.

use crate::family::asked;
use crate::finding::{Finding, Sink};
use crate::freshness::{EndedBy, is_recent};
use kubecause_evidence::Snapshot;
use kubecause_evidence::kube::Event;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_model::Source;

/// Collection at a use below this many percent deletes what nobody would miss the space of.
const LOW_PERCENT: i64 = 60;

pub(super) fn observe(snapshot: &Snapshot, name: &kubecause_evidence::Str, sink: &mut Sink) {
    let Some(facts) = snapshot.node_facts.get(name) else { return };
    let node = kubecause_evidence::Subject::node(name.clone());
    let config = facts.configz.as_ref();
    let high = config.and_then(|c| c.image_gc_high_threshold_percent);
    let low = config.and_then(|c| c.image_gc_low_threshold_percent);
    let base = |signal| {
        let high = high.map(|h| h.to_string()).unwrap_or_default();
        let low = low.map(|l| l.to_string()).unwrap_or_default();
        let age = config.and_then(|c| c.image_minimum_gc_age.clone()).unwrap_or_default();
        Finding::new(signal, node.clone()).param("high", high).param("low", low).param("minimum_age", age)
    };
    if let Some(high) = high.filter(|h| *h <= LOW_PERCENT && shows(snapshot, name)) {
        let text = format!("imageGCHighThresholdPercent {high}");
        sink.add(base("node.image-gc-threshold-low").cite(
            Source::Field,
            None,
            format!("nodes/{name}/configz.json"),
            text,
        ));
    }
    for log in facts.logs_of(&LogSource::Kubelet).chain(facts.logs_of(&LogSource::System)) {
        if let Some((number, line, usage, limit)) =
            last_run(log).filter(|(.., usage, _)| *usage <= LOW_PERCENT)
        {
            let at = log.time_of(line);
            let finding = base("node.image-gc-below-need").param("usage", usage).param("high", limit);
            let finding = finding.cite(Source::Log, at, log.reference(number), line);
            // The configuration in force says more than a line of the kubelet before it.
            let mended = high.is_some_and(|high| high > LOW_PERCENT)
                || EndedBy::ImagesBelowThreshold.is_seen(snapshot, &node, at);
            let ongoing = is_recent(snapshot, at) && !mended;
            let span = kubecause_model::Span { first: None, last: at, ongoing };
            sink.add(finding.span(span));
        }
    }
}

/// Whether the low threshold shows: collection never gets down to its goal, or the image of the sandbox is gone. A
/// threshold alone, on a disk that stays below it, is nobody's fault.
fn shows(snapshot: &Snapshot, name: &kubecause_evidence::Str) -> bool {
    let node = kubecause_evidence::Subject::node(name.clone());
    let fails = |e: &Event| {
        (e.reason == "ImageGCFailed" || e.reason == "FreeDiskSpaceFailed") && e.message.contains("reed")
    };
    let no_sandbox = |e: &Event| e.host == **name && e.message.contains("failed to get sandbox image");
    snapshot.events_about(&node).any(|e| fails(e) && is_recent(snapshot, e.last))
        || snapshot.events.iter().any(|e| no_sandbox(e) && is_recent(snapshot, e.last))
}

/// The last line that says that collection began: its number and text, the use and the threshold in percent.
/// Source: `pkg/kubelet/images/image_gc_manager.go`, GarbageCollect.
fn last_run(log: &LogFile) -> Option<(usize, &str, i64, i64)> {
    let runs = log.lines_with(asked::IMAGES_OVER);
    runs.filter_map(|(number, line)| {
        let (usage, high) = new_words(line).or_else(|| old_words(line))?;
        Some((number, line, usage, high))
    })
    .last()
}

fn number(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// `"Disk usage on image filesystem is over the high threshold, trying to free bytes down to the low threshold"
/// usage=23 highThreshold=20 …`
fn new_words(line: &str) -> Option<(i64, i64)> {
    Some((number(line.split_once("usage=")?.1)?, number(line.split_once("highThreshold=")?.1)?))
}

/// `Disk usage on "x" (/) is at 23% which is over the high threshold (20%). Trying to free …`
fn old_words(line: &str) -> Option<(i64, i64)> {
    Some((number(line.split_once(" is at ")?.1)?, number(line.split_once("high threshold (")?.1)?))
}

#[cfg(test)]
mod tests {
    use super::{new_words, observe, old_words};
    use crate::finding::Sink;
    use kubecause_evidence::{SnapshotBuilder, Str};

    /// Whether collection that ran at 23 % a minute ago goes on, under that configuration.
    fn runs(high: i64) -> Vec<bool> {
        let mut b = SnapshotBuilder::default();
        b.taken_at("2026-11-22T18:02:00Z".parse().ok());
        let line = "I1122 18:01:00.000000 1 image_gc_manager.go:346] \"Disk usage on image filesystem is over the high threshold, trying to free bytes down to the low threshold\" usage=23 highThreshold=20 amountToFree=1 lowThreshold=10";
        b.node("a").read("nodes/a/kubelet.log", "kubelet.log", line);
        let config = format!(r#"{{"kubeletconfig":{{"imageGCHighThresholdPercent":{high}}}}}"#);
        b.node("a").read("nodes/a/configz.json", "configz.json", &config);
        let mut sink = Sink::default();
        observe(&b.finish(), &Str::from("a"), &mut sink);
        sink.finish().of("node.image-gc-below-need").map(|f| f.span.ongoing).collect()
    }

    #[test]
    fn a_configuration_that_was_set_back_ends_it() {
        assert_eq!(runs(20), [true]);
        assert_eq!(runs(85), [false]);
    }

    #[test]
    fn both_wordings() {
        let new = "I1 1 image_gc_manager.go:346] \"Disk usage on image filesystem is over the high threshold, trying to \
                   free bytes down to the low threshold\" usage=23 highThreshold=20 amountToFree=1 lowThreshold=10";
        assert_eq!(new_words(new), Some((23, 20)));
        let old = "[imageGCManager]: Disk usage on \"/dev/sda1\" (/) is at 91% which is over the high threshold (85%). \
                   Trying to free 5182058496 bytes";
        assert_eq!(old_words(old), Some((91, 85)));
    }
}
