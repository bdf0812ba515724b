//! A log that is longer than anybody keeps: read a block at a time, of which the beginning, the end, and the lines that something asks
//! for are kept. What is kept does not grow with the log.

use super::LogSource;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

/// Says which lines of a log anything asks for.
pub trait Sieve: fmt::Debug + Send + Sync {
    /// The first such line of a text of whole lines at or after a place, which is the beginning of a line.
    fn next(&self, source: &LogSource, text: &[u8], from: usize) -> Option<Range<usize>>;
}

/// The text of a log: all of it, or what is kept of it.
#[derive(Debug, Clone, Default)]
pub struct LogText {
    /// The lines.
    pub(super) text: Box<str>,
    /// What the lines that are kept were in the whole.
    pub(super) places: Option<Places>,
}

/// Where lines that were kept stood.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Their numbers, counted from 1.
    pub(super) numbers: Box<[u32]>,
    /// How many lines there were.
    pub(super) total: usize,
    /// How many of the last ones are all there.
    pub(super) tail: usize,
}

impl From<String> for LogText {
    fn from(text: String) -> Self {
        Self { text: text.into(), places: None }
    }
}

impl From<&str> for LogText {
    fn from(text: &str) -> Self {
        Self { text: text.into(), places: None }
    }
}

impl From<Box<str>> for LogText {
    fn from(text: Box<str>) -> Self {
        Self { text, places: None }
    }
}

impl LogText {
    /// The text, whole or what is kept of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same as a string of its own.
    pub fn into_string(self) -> String {
        self.text.into()
    }
}

/// A log while it is read.
#[derive(Debug)]
pub struct LongLog<'s> {
    sieve: &'s dyn Sieve,
    source: LogSource,
    /// What was read last and is no whole block yet.
    block: Vec<u8>,
    /// The block before, whose lines may belong to the end.
    before: Vec<u8>,
    /// How many lines stand before `before`, and how many before `block`.
    lines: (usize, usize),
    /// Lines of the beginning, and the first ones that are asked for.
    early: Vec<(u32, String)>,
    early_bytes: usize,
    /// The last ones that are asked for.
    late: VecDeque<(u32, String)>,
    late_bytes: usize,
    dropped: usize,
}

/// So much is looked at at once; the end that is kept is as long, or twice as long.
pub const BLOCK: usize = 4 << 20;
/// So many lines of the beginning are kept.
const HEAD: usize = 500;
/// So many lines of the end are kept, where they are no longer than a block.
const TAIL: usize = 20_000;
/// So many bytes of lines that are asked for are kept, of the first ones and of the last ones.
const KEPT: usize = 16 << 20;

impl<'s> LongLog<'s> {
    /// A log of that source, of which nothing is read yet.
    pub fn new(sieve: &'s dyn Sieve, source: LogSource) -> Self {
        let (block, before) = (Vec::with_capacity(BLOCK * 2), Vec::new());
        let (early, late) = (Vec::new(), VecDeque::new());
        Self {
            sieve,
            source,
            block,
            before,
            lines: (0, 0),
            early,
            early_bytes: 0,
            late,
            late_bytes: 0,
            dropped: 0,
        }
    }

    /// Takes what was read next.
    pub fn feed(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(BLOCK) {
            self.block.extend_from_slice(part);
            if self.block.len() >= BLOCK {
                // A line that is longer than a block is cut.
                let end = memchr::memrchr(b'\n', &self.block).map_or(self.block.len(), |i| i + 1);
                let rest = self.block.split_off(end);
                self.take_block(rest);
            }
        }
    }

    /// How many lines were asked for and are not kept, because there are so many.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Keeps what is to be kept of the block; what comes after it is the beginning of the next.
    fn take_block(&mut self, rest: Vec<u8>) {
        let first = self.lines.1;
        let mut count = 0;
        if first == 0 {
            let head = self.block.split_inclusive(|b| *b == b'\n').take(HEAD);
            let head: Vec<String> = head.map(line).collect();
            head.into_iter().zip(1..).for_each(|(text, number)| self.keep(number, text));
        }
        let (sieve, source, block) = (self.sieve, &self.source, &self.block);
        let found: Vec<(usize, Vec<(usize, String)>)> =
            pieces(block).into_par_iter().map(|piece| sift(sieve, source, piece)).collect();
        for (lines, kept) in found {
            for (at, text) in kept {
                let number = first + count + at + 1;
                if number > HEAD {
                    self.keep(u32::try_from(number).unwrap_or(u32::MAX), text);
                }
            }
            count += lines;
        }
        self.lines = (first, first + count);
        self.before = std::mem::replace(&mut self.block, rest);
    }

    fn keep(&mut self, number: u32, text: String) {
        if self.early_bytes < KEPT {
            self.early_bytes += text.len();
            self.early.push((number, text));
            return;
        }
        self.late_bytes += text.len();
        self.late.push_back((number, text));
        while self.late_bytes > KEPT
            && let Some((_, gone)) = self.late.pop_front()
        {
            self.late_bytes -= gone.len();
            self.dropped += 1;
        }
    }

    /// What is kept of it.
    pub fn finish(mut self) -> LogText {
        if self.lines.1 == 0 {
            return LogText::from(String::from_utf8_lossy(&self.block).into_owned());
        }
        let (end, before) = (std::mem::take(&mut self.block), std::mem::take(&mut self.before));
        let mut tail: VecDeque<(usize, &[u8])> = VecDeque::new();
        let split = |b: &u8| *b == b'\n';
        let last = before.split_inclusive(split).chain(end.split_inclusive(split));
        let mut total = self.lines.0;
        for text in last {
            total += 1;
            tail.push_back((total, text));
            if tail.len() > TAIL {
                tail.pop_front();
            }
        }
        let from = tail.front().map_or(total + 1, |(number, _)| *number);
        // The last piece was not sifted yet; only its beginning may lie before the tail.
        let unsifted = from.saturating_sub(self.lines.1 + 1);
        if unsifted > 0 {
            let length = end.split_inclusive(split).take(unsifted).map(<[u8]>::len).sum();
            let (_, kept) = sift(self.sieve, &self.source, end.get(..length).unwrap_or_default());
            for (at, text) in kept {
                self.keep(u32::try_from(self.lines.1 + at + 1).unwrap_or(u32::MAX), text);
            }
        }
        let middle = self.early.into_iter().chain(self.late).filter(|(n, _)| (*n as usize) < from);
        let tail_len = tail.len();
        let all =
            middle.chain(tail.into_iter().map(|(n, t)| (u32::try_from(n).unwrap_or(u32::MAX), line(t))));
        let (mut text, mut numbers) = (String::new(), Vec::new());
        for (number, kept) in all {
            text.push_str(&kept);
            text.push('\n');
            numbers.push(number);
        }
        let places = Places { numbers: numbers.into(), total, tail: tail_len };
        LogText { text: text.into(), places: Some(places) }
    }
}

/// A line without its end, cut where no reader looks further.
fn line(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let cut = bytes.get(..super::LINE_MAX).unwrap_or(bytes);
    String::from_utf8_lossy(cut).replace('\n', " ")
}

/// A block in as many pieces of whole lines as there are threads.
fn pieces(block: &[u8]) -> Vec<&[u8]> {
    let size = block.len() / rayon::current_num_threads().max(1) + 1;
    let (mut out, mut rest) = (Vec::new(), block);
    while !rest.is_empty() {
        let near = size.min(rest.len());
        let end =
            rest.get(near..).and_then(|r| memchr::memchr(b'\n', r)).map_or(rest.len(), |i| near + i + 1);
        let (piece, after) = rest.split_at(end);
        out.push(piece);
        rest = after;
    }
    out
}

/// How many lines a piece has, and those that are asked for, by their place.
fn sift(sieve: &dyn Sieve, source: &LogSource, piece: &[u8]) -> (usize, Vec<(usize, String)>) {
    let count = |part: Option<&[u8]>| memchr::memchr_iter(b'\n', part.unwrap_or_default()).count();
    let (mut at, mut counted, mut lines, mut kept) = (0, 0, 0, Vec::new());
    while at < piece.len()
        && let Some(range) = sieve.next(source, piece, at)
    {
        lines += count(piece.get(counted..range.start));
        counted = range.start;
        at = range.end + 1;
        kept.push((lines, line(piece.get(range).unwrap_or_default())));
    }
    lines += count(piece.get(counted..));
    (lines + usize::from(!piece.is_empty() && !piece.ends_with(b"\n")), kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogFile;

    /// Asks for lines that hold an `x`.
    #[derive(Debug)]
    struct Marked;

    impl Sieve for Marked {
        fn next(&self, _: &LogSource, text: &[u8], from: usize) -> Option<Range<usize>> {
            let hit = from + memchr::memchr(b'x', text.get(from..)?)?;
            let start = memchr::memrchr(b'\n', text.get(..hit)?).map_or(0, |i| i + 1);
            let end = memchr::memchr(b'\n', text.get(hit..)?).map_or(text.len(), |i| hit + i);
            Some(start..end)
        }
    }

    fn read(text: &str, at_once: usize) -> LogFile {
        let mut log = LongLog::new(&Marked, LogSource::Kubelet);
        text.as_bytes().chunks(at_once).for_each(|part| log.feed(part));
        LogFile::new(LogSource::Kubelet, "kubelet.log", log.finish())
    }

    #[test]
    fn what_is_kept_stands_where_it_stood() {
        let lines: Vec<String> = (1..=300_000)
            .map(|n| format!("{n} {}", if n % 1_000 == 0 { "x" } else { "something that nobody asks for" }))
            .collect();
        let text = lines.join("\n");
        let log = read(&text, 77_777);
        assert!(log.text.len() < text.len() / 4, "{} of {}", log.text.len(), text.len());
        assert_eq!(log.line_count(), 300_000);
        assert!(log.lines().all(|(n, line)| lines[n - 1] == line));
        let marked = |(_, line): &(usize, &str)| line.ends_with('x');
        assert_eq!(log.lines().filter(marked).count(), 300, "all that is asked for is there, once");
        assert!(log.lines().take(HEAD).map(|(n, _)| n).eq(1..=HEAD));
        assert_eq!(log.tail(TAIL + 5).len(), TAIL, "the end has no holes");
        assert_eq!(log.tail(2), [(299_999, &*lines[299_998]), (300_000, &*lines[299_999])]);
        assert_eq!(read(&text, 4_000_000).text, log.text, "how it is read does not matter");
    }

    #[test]
    fn a_short_log_is_whole() {
        let log = read("a\nbx\n", 1);
        assert_eq!(log.lines().collect::<Vec<_>>(), [(1, "a"), (2, "bx")]);
    }

    #[test]
    fn of_very_many_lines_the_first_and_the_last_are_kept() {
        let line = "x".repeat(1_000);
        let text = vec![line.as_str(); 60_000].join("\n");
        let mut log = LongLog::new(&Marked, LogSource::Kubelet);
        log.feed(text.as_bytes());
        assert!(log.dropped() > 0);
        let log = log.finish();
        assert!(log.text.len() < 2 * KEPT + 3 * BLOCK, "{}", log.text.len());
    }
}
