//! Logs as they were read, and the lines in them.

mod clock;
mod line;
mod long;

pub use clock::Clock;
pub use line::{HasYear, Level, Stamp, parse_level, parse_stamp};
pub use long::{BLOCK, LogText, LongLog, Sieve};

use crate::Str;
use jiff::Timestamp;
use std::ops::Range;

/// Who wrote a log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogSource {
    /// kubelet.
    Kubelet,
    /// containerd or CRI-O.
    Runtime,
    /// dockerd.
    Docker,
    /// The kernel: dmesg, kern.log.
    Kernel,
    /// Everything at once: `/var/log/messages`, syslog, the whole journal.
    System,
    /// kube-proxy.
    KubeProxy,
    /// A component of the control plane.
    Component(Str),
    /// A container.
    Container,
    /// Anything else, by file name.
    Other(Str),
}

/// One log, whole or, where it is very long, what is kept of it. Lines are parsed when something asks for them.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Who wrote it.
    pub source: LogSource,
    /// Where it stands in the capture, for citations: `nodes/worker-1/kubelet.log`.
    pub path: Str,
    /// The text; bytes that were no UTF-8 are replaced.
    pub text: Box<str>,
    /// The client's own words, where it could not retrieve the log.
    pub unavailable: Option<String>,
    clock: Clock,
    /// Where its lines stood, where they are not all there.
    places: Option<long::Places>,
}

/// How a client that could not retrieve a log begins (kubectl, kubelet). `error: ` alone is how many an application
/// begins its last line, so that of kubectl counts with its own words only.
const EXCUSES: [&str; 8] = [
    "unable to retrieve container logs for",
    "Error from server",
    "Unable to connect to the server",
    "error: You must be logged in to the server",
    "error: a container name must be specified for pod",
    "error: timed out waiting for the condition",
    "error: unable to retrieve container logs",
    "failed to try resolving symlinks in path",
];

/// What is read of a line, in bytes: no message is this long, and a pattern over a gigabyte without a line break would
/// take minutes.
const LINE_MAX: usize = 32 * 1024;

fn clip(line: &str) -> &str {
    line.get(..line.floor_char_boundary(LINE_MAX)).unwrap_or(line)
}

/// Whether it is a client inside of the container that was refused: one who asks for a log is refused `pods/log`, or the pod.
fn of_the_workload(excuse: &str) -> bool {
    excuse.contains(" cannot ")
        && excuse.contains(" resource ")
        && !excuse.contains("\"pods/log\"")
        && !excuse.contains("cannot get resource \"pods\"")
}

impl LogFile {
    /// A log. A container's log that holds only the client's excuse is marked unavailable.
    pub fn new(source: LogSource, path: impl Into<Str>, text: impl Into<LogText>) -> Self {
        let LogText { text, places } = text.into();
        let short = text.trim();
        let excuse = source == LogSource::Container
            && short.lines().nth(2).is_none()
            && EXCUSES.iter().any(|e| short.starts_with(e))
            && !of_the_workload(short);
        let unavailable = excuse.then(|| kubecause_model::one_line(short, 200));
        Self { source, path: path.into(), text, unavailable, clock: Clock::default(), places }
    }

    /// Fixes the year and the zone of times that lack them.
    pub fn anchor(&mut self, taken_at: Option<Timestamp>) {
        self.clock = Clock::anchored(&self.text, taken_at);
    }

    /// Fixes the moment that times since boot count from.
    pub fn anchor_boot(&mut self, booted_at: Option<Timestamp>) {
        self.clock = self.clock.booted(booted_at);
    }

    /// The lines with their numbers, counted from 1, each cut after 32 KiB. Empty for a log that could not be retrieved.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.available().lines().enumerate().map(|(i, line)| (self.number(i), clip(line)))
    }

    /// The text; nothing for a log that could not be retrieved.
    fn available(&self) -> &str {
        if self.unavailable.is_some() { "" } else { &self.text }
    }

    /// The number of the line at that place of what is kept.
    fn number(&self, at: usize) -> usize {
        self.places.as_ref().map_or(at + 1, |p| p.numbers.get(at).map_or(p.total, |n| *n as usize))
    }

    /// How many lines it has, those that are not kept included.
    pub fn line_count(&self) -> usize {
        self.places.as_ref().map_or_else(|| self.available().lines().count(), |p| p.total)
    }

    /// The lines that `next` finds, with their numbers and cut as by [`Self::lines`]. It is given the whole text and a place, and
    /// says where the next line lies that begins there or later, or holds that place.
    pub fn lines_that(
        &self,
        next: impl Fn(&[u8], usize) -> Option<Range<usize>>,
    ) -> impl Iterator<Item = (usize, &str)> {
        let text = self.available();
        let (mut at, mut counted, mut place) = (0, 0, 0);
        std::iter::from_fn(move || {
            let bytes = text.as_bytes();
            let line = if at < bytes.len() { next(bytes, at) } else { None }?;
            place += memchr::memchr_iter(b'\n', bytes.get(counted..line.start)?).count();
            (at, counted) = (line.end + 1, line.start);
            let line = text.get(line)?;
            Some((self.number(place), clip(line.strip_suffix('\r').unwrap_or(line))))
        })
    }

    /// The lines that hold one of these words, with their numbers.
    pub fn lines_with(&self, words: &'static [&'static str]) -> impl Iterator<Item = (usize, &str)> {
        let finders: Vec<_> = words.iter().map(|w| memchr::memmem::Finder::new(w).into_owned()).collect();
        // Where each word comes next, so that none is looked for twice over the same text.
        let places = std::cell::RefCell::new(vec![Some(0_usize); finders.len()]);
        self.lines_that(move |text, from| {
            let mut places = places.borrow_mut();
            for (place, finder) in places.iter_mut().zip(&finders) {
                if place.is_some_and(|p| p < from || p == 0) {
                    *place = finder.find(text.get(from..)?).map(|at| from + at);
                }
            }
            let hit = places.iter().flatten().min().copied()?;
            let start = memchr::memrchr(b'\n', text.get(..hit)?).map_or(0, |i| i + 1);
            let end = memchr::memchr(b'\n', text.get(hit..)?).map_or(text.len(), |i| hit + i);
            Some(start..end)
        })
    }

    /// When that line was written, where it says so and its clock could be anchored.
    pub fn time_of(&self, line: &str) -> Option<Timestamp> {
        self.clock.resolve(parse_stamp(line)?)
    }

    /// When the last line that has a time was written.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.available().lines().rev().take(200).find_map(|line| self.time_of(line))
    }

    /// When the first line that has a time was written.
    pub fn first_time(&self) -> Option<Timestamp> {
        self.lines().take(200).find_map(|(_, line)| self.time_of(line))
    }

    /// The last lines that are not empty, at most `max`, oldest first, with their numbers.
    pub fn tail(&self, max: usize) -> Vec<(usize, &str)> {
        let text = self.available();
        let (total, whole) = (self.line_count(), self.places.as_ref().map_or(usize::MAX, |p| p.tail));
        let back = text.lines().rev().enumerate().take(whole).filter(|(_, l)| !l.trim().is_empty());
        let mut tail: Vec<_> = back.take(max).map(|(i, line)| (total - i, clip(line))).collect();
        tail.reverse();
        tail
    }

    /// How a citation names that line.
    pub fn reference(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}
