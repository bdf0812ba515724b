//! Files with their paths, wherever they lie: in a directory, in an archive, or alone.

use crate::limits::Limits;
use kubecause_evidence::log::{BLOCK, LogSource, LogText, LongLog, Sieve};
use kubecause_evidence::{Gap, Why};
use std::io::{self, Read};
use std::sync::Arc;

/// The files of an input, before any is read.
#[derive(Debug, Default)]
pub struct Listing {
    /// Paths with `/` between folders, sorted, without what must not be read (links, paths that lead outside).
    pub paths: Vec<String>,
    /// What is there and will not be read.
    pub gaps: Vec<Gap>,
}

/// How much of a file is wanted.
#[derive(Debug, Clone)]
pub enum Want {
    /// Nothing.
    Skip,
    /// All, unless it is longer than that.
    Whole(u64),
    /// The end, of at most that length.
    Tail(u64),
    /// All of a log that is no longer than a block; of a longer one what somebody asks for.
    Sift(LogSource, Arc<dyn Sieve>),
}

impl Want {
    /// Whether nothing is wanted.
    pub fn is_skip(&self) -> bool {
        matches!(self, Self::Skip)
    }

    /// Whether it is how logs are read.
    pub fn is_log(&self) -> bool {
        matches!(self, Self::Tail(_) | Self::Sift(..))
    }
}

/// One file's bytes, or why there are none.
#[derive(Debug)]
pub enum Content {
    /// What was wanted.
    Bytes(Vec<u8>),
    /// The end of a longer file.
    Tail(Vec<u8>),
    /// What is kept of a longer log; how many lines that were asked for are not, because they are too many; and the error that ended it.
    Sifted(LogText, usize, Option<String>),
    /// What could be read before an error ended it.
    Cut(Vec<u8>, String),
    /// It is longer than wanted.
    TooLarge,
    /// It could not be read at all.
    Failed(Why, String),
}

/// Reads what is wanted of a file.
pub fn fetch(from: impl Read, want: Want) -> Content {
    fetch_of(from, want, 0)
}

/// Reads what is wanted of a file that is said to be so long.
pub fn fetch_of(mut from: impl Read, want: Want, length: u64) -> Content {
    match want {
        Want::Skip => Content::Bytes(Vec::new()),
        Want::Whole(max) => {
            // One more, so that its end is seen without growing.
            let room = if length > max { 0 } else { length + 1 };
            let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
            match (&mut from).take(max.saturating_add(1)).read_to_end(&mut bytes) {
                Ok(_) if bytes.len() as u64 > max => Content::TooLarge,
                Ok(_) => Content::Bytes(bytes),
                Err(e) => Content::Cut(bytes, e.to_string()),
            }
        }
        Want::Tail(max) => tail(from, usize::try_from(max).unwrap_or(usize::MAX)),
        Want::Sift(source, sieve) => sift(from, source, &*sieve),
    }
}

/// A log, of which no more is held than a few blocks and what is kept.
fn sift(mut from: impl Read, source: LogSource, sieve: &dyn Sieve) -> Content {
    let mut block = Vec::with_capacity(1 << 16);
    match (&mut from).take(BLOCK as u64).read_to_end(&mut block) {
        Err(e) => return Content::Cut(block, e.to_string()),
        Ok(length) if length < BLOCK => return Content::Bytes(block),
        Ok(_) => {}
    }
    let mut log = LongLog::new(sieve, source);
    // UTF-16, as some shells redirect.
    let wide = matches!(block.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
    let mut failed = None;
    while !block.is_empty() {
        if wide {
            block.retain(|b| !matches!(b, 0 | 0xFE | 0xFF));
        }
        log.feed(&block);
        block.clear();
        if failed.is_none() {
            failed = (&mut from).take(BLOCK as u64).read_to_end(&mut block).err();
        }
    }
    let dropped = log.dropped();
    Content::Sifted(log.finish(), dropped, failed.map(|e: io::Error| e.to_string()))
}

/// The last `max` bytes, of which at most twice as many are ever held.
fn tail(mut from: impl Read, max: usize) -> Content {
    let mut bytes = Vec::new();
    let mut is_tail = false;
    loop {
        match (&mut from).take(max.max(1) as u64).read_to_end(&mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(e) => return Content::Cut(bytes, e.to_string()),
        }
        if bytes.len() > max {
            bytes.drain(..bytes.len() - max);
            is_tail = true;
        }
    }
    if !is_tail {
        return Content::Bytes(bytes);
    }
    // The first line is cut; a log of one endless line keeps it.
    if let Some(end) = memchr::memchr(b'\n', &bytes).filter(|end| end + 1 < bytes.len()) {
        bytes.drain(..=end);
    }
    Content::Tail(bytes)
}

/// A path as archives and directories state it, made safe: no empty parts, no `.`; `None` for one that leads outside,
/// is absolute, is too deep, or holds what no file name holds.
pub fn safe_path(path: &str, limits: &Limits) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.contains(['\0', '\n']) || path.len() > 4096 {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    let drive = parts.first().is_some_and(|p| p.len() == 2 && p.ends_with(':'));
    (!parts.is_empty() && !drive && !parts.contains(&"..") && parts.len() <= limits.depth)
        .then(|| parts.join("/"))
}

/// Files that operating systems and editors leave behind.
pub fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| matches!(part, "__MACOSX" | ".git"))
        || name.starts_with("._")
        || matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_outside_are_refused() {
        let limits = Limits::default();
        assert_eq!(safe_path("./a//b/", &limits).as_deref(), Some("a/b"));
        assert_eq!(safe_path("a\\b", &limits).as_deref(), Some("a/b"));
        for bad in ["/etc/passwd", "../x", "a/../../x", "..\\x", "C:\\x", "", ".", "a\0b", &"d/".repeat(99)] {
            assert_eq!(safe_path(bad, &limits), None, "{bad:?}");
        }
    }

    #[test]
    fn a_long_log_keeps_its_end() {
        let log = b"one\ntwo\nthree\n".repeat(3);
        assert!(matches!(fetch(&*log, Want::Tail(100)), Content::Bytes(b) if b == log));
        assert!(matches!(fetch(&*log, Want::Tail(12)), Content::Tail(b) if b == b"two\nthree\n"));
        assert!(matches!(fetch(&[b'x'; 50][..], Want::Tail(20)), Content::Tail(b) if b == [b'x'; 20]));
        assert!(matches!(fetch(&*log, Want::Whole(10)), Content::TooLarge));
    }
}
