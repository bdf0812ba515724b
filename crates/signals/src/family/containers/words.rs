//! The last words of a container: the lines of its log that say why it ended.

use super::lifecycle::Ended;
use kubecause_evidence::Snapshot;
use kubecause_evidence::log::LogFile;
use kubecause_model::one_line;

/// What a line that tells of the end says, in lower case.
const TELLING: &[&str] = &[
    "fatal",
    "panic",
    "error",
    "exception",
    "fail",
    "cannot",
    "can't",
    "could not",
    "unable",
    "denied",
    "refused",
    "no such",
    "not found",
    "invalid",
    "missing",
    "traceback",
    "abort",
    "killed",
    "bad ",
    "must ",
    "required",
];

/// A line of a log.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The log.
    pub log: &'a LogFile,
    /// The line's number.
    pub number: usize,
    /// The line.
    pub line: &'a str,
}

/// The logs that can hold the run that ended, the likeliest first: while a container runs, its previous log; while it
/// waits, clients print the last run as the current log, and `previous` is one run older or only an excuse.
pub fn logs<'a>(snapshot: &'a Snapshot, ended: &Ended<'_>) -> impl Iterator<Item = &'a LogFile> {
    let runs = ended.status.state.running.is_some();
    let subject = ended.subject();
    let name = ended.status.name.clone();
    [runs, !runs].into_iter().filter_map(move |previous| snapshot.container_log(&subject, &name, previous))
}

/// The line that says most about the end: the last telling one among the last lines, else the last.
pub fn last_words<'a>(snapshot: &'a Snapshot, ended: &Ended<'_>) -> Option<Words<'a>> {
    logs(snapshot, ended).find_map(words_of)
}

fn words_of(log: &LogFile) -> Option<Words<'_>> {
    let tail = log.tail(15);
    let telling = |line: &str| {
        let line = line.to_lowercase();
        TELLING.iter().any(|word| line.contains(word)) && !is_frame(&line)
    };
    let best = tail.iter().rev().find(|(_, line)| telling(line)).or(tail.last())?;
    Some(Words { log, number: best.0, line: best.1 })
}

/// Whether the line is one frame of a stack trace.
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ")
        || line.starts_with("file \"")
        || line.starts_with("goroutine ")
        || line.starts_with('\t')
}

/// The words as a param: short, one line.
pub fn short(line: &str) -> String {
    one_line(line, 160)
}
