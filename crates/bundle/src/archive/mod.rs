//! Archives: their members are listed and read as a stream, never unpacked to disk. Links, devices and paths that lead
//! outside are gaps; what an archive unpacks to is bounded; one that ends too early gives what stands before the end.

mod tar;
mod zip;

use crate::limits::Limits;
use crate::source::{Shape, Source};
use crate::tree::{Content, Listing, Want, is_litter, safe_path};
use kubecause_evidence::{Gap, Why};
use std::cell::Cell;
use std::io::{self, Read};

/// What a walk over an archive calls for each file: its safe path, and a reader of its bytes.
type Visit<'a> = &'a mut dyn FnMut(&str, &mut dyn Read);

/// Lists the files of an archive. `budget` is how many bytes may still be unpacked.
pub fn list(source: &Source<'_>, shape: Shape, limits: &Limits, budget: &Cell<u64>) -> Listing {
    let mut paths = Vec::new();
    let gaps = walk(source, shape, limits, budget, &mut |path, _| paths.push(path.to_owned()));
    paths.sort();
    paths.dedup();
    Listing { paths, gaps }
}

/// Reads what is wanted of an archive's files, in the order in which they stand in it. Returns what could not be read for its
/// size, which a listing does not show where members can be passed over.
pub fn read(
    source: &Source<'_>,
    shape: Shape,
    limits: &Limits,
    budget: &Cell<u64>,
    want: &dyn Fn(&str) -> Want,
    take: &mut dyn FnMut(&str, Content),
) -> Option<Gap> {
    let gaps = walk(source, shape, limits, budget, &mut |path, reader| match want(path) {
        Want::Skip => {}
        want => take(path, crate::tree::fetch(reader, want)),
    });
    // The other gaps are those that listing found.
    gaps.into_iter().find(|gap| gap.why == Why::TooLarge)
}

fn walk(
    source: &Source<'_>,
    shape: Shape,
    limits: &Limits,
    budget: &Cell<u64>,
    visit: Visit<'_>,
) -> Vec<Gap> {
    let mut found = Members { limits, budget, gaps: Vec::new(), seen: 0, names: 0, odd: 0 };
    let end = match shape {
        Shape::Tar(packing) => source.unpack(packing).and_then(|r| tar::walk(r, &mut found, visit)),
        Shape::Zip => zip::walk(source, &mut found, visit),
        _ => Ok(()),
    };
    if let Err(e) = end {
        let too_large = e.kind() == io::ErrorKind::FileTooLarge;
        let why = if too_large { Why::TooLarge } else { Why::Truncated };
        let says = format!("what stands after its first {} members is not read: {e}", found.seen);
        found.gaps.push(Gap::new("the archive", why, says));
    }
    if found.odd > Members::ODD_MAX {
        let says = format!(
            "{} more members are links or have paths that lead outside",
            found.odd - Members::ODD_MAX
        );
        found.gaps.push(Gap::new("the archive", Why::NotCollected, says));
    }
    found.gaps
}

/// What all walks keep count of.
struct Members<'a> {
    limits: &'a Limits,
    budget: &'a Cell<u64>,
    gaps: Vec<Gap>,
    seen: usize,
    /// Bytes of their paths.
    names: usize,
    odd: usize,
}

impl Members<'_> {
    /// So many members that are not read have a gap of their own; a hostile archive may hold any number.
    const ODD_MAX: usize = 20;

    /// Counts a member.
    fn count(&mut self) -> io::Result<()> {
        self.seen += 1;
        if self.seen > self.limits.files {
            self.seen -= 1;
            return Err(too_large(format!("it holds more than {} members", self.limits.files)));
        }
        Ok(())
    }

    /// Its path, made safe; `None` for one that is not to be read.
    fn path(&mut self, name: &str) -> io::Result<Option<String>> {
        let path = safe_path(name, self.limits);
        if path.is_none() {
            self.odd(name, "its path leads outside, is too deep, or is none");
        }
        self.names += path.as_ref().map_or(0, String::len);
        if self.names > self.limits.names {
            return Err(too_large("the paths of its members are too long together".to_owned()));
        }
        Ok(path.filter(|p| !is_litter(p)))
    }

    /// Notes a member that is not read.
    fn odd(&mut self, name: &str, says: &str) {
        self.odd += 1;
        if self.odd <= Self::ODD_MAX {
            self.gaps.push(Gap::new(kubecause_model::one_line(name, 120), Why::NotCollected, says));
        }
    }
}

fn too_large(says: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, says)
}

/// A reader that takes what it reads from a budget, which others may share, and fails when that is used up.
pub struct Bounded<'a, R> {
    inner: R,
    budget: &'a Cell<u64>,
}

impl<'a, R> Bounded<'a, R> {
    /// A reader within that budget.
    pub fn new(inner: R, budget: &'a Cell<u64>) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.budget.get().checked_sub(count as u64);
        self.budget.set(left.unwrap_or_default());
        left.map(|_| count).ok_or_else(|| too_large("it unpacks to too much".to_owned()))
    }
}

/// A reader of so many bytes that fails where there are fewer.
struct Exact<'a> {
    inner: &'a mut dyn Read,
    left: u64,
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends within it"));
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
