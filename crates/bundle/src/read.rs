//! The way from inputs to a snapshot.

use crate::error::ReadError;
use crate::files::{self, plural};
use crate::input::Input;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::session::{self, Beside};
use crate::source::{Packing, Shape, Source};
use crate::tree::{Content, Want, fetch};
use crate::{archive, dir, dump, loose, nested, text};
use kubecause_evidence::log::Sieve;
use kubecause_evidence::{Inputs, Snapshot, SnapshotBuilder, Watcher, Why};
use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What was read.
#[derive(Debug)]
pub struct Bundle {
    /// The evidence.
    pub snapshot: Snapshot,
    /// What the inputs were: `plain capture, 27 files`.
    pub description: String,
}

/// Reads inputs into one snapshot.
///
/// # Errors
/// Where an input cannot be opened, is empty, or is nothing that kubecause knows.
pub fn read(inputs: &[Input]) -> Result<Bundle, ReadError> {
    read_within(inputs, &Limits::default())
}

/// [`read`] within other bounds than the usual ones.
///
/// # Errors
/// As [`read`].
pub fn read_within(inputs: &[Input], limits: &Limits) -> Result<Bundle, ReadError> {
    read_watched(inputs, limits, None, None)
}

/// [`read_within`], with somebody who is asked about each object while its JSON is at hand, and somebody who says which lines of
/// long logs are worth keeping. Without the latter the end of a long log is kept, which may be much.
///
/// # Errors
/// As [`read`].
pub fn read_watched(
    inputs: &[Input],
    limits: &Limits,
    watcher: Option<Arc<dyn Watcher>>,
    sieve: Option<Arc<dyn Sieve>>,
) -> Result<Bundle, ReadError> {
    if inputs.is_empty() {
        return Err(ReadError::NoInput);
    }
    let (mut described, mut read) = (Vec::new(), Vec::new());
    for input in inputs {
        let mut intake = Intake::watched(watcher.clone(), sieve.clone(), limits.number);
        let description = one(input, limits, &mut intake)?;
        read.push((intake.finish(), description.starts_with(KUBECTL), input.name()));
        described.push(description);
    }
    // Of inputs of one time, or of none, the later named counts as the newer.
    read.sort_by_key(|(snapshot, ..)| snapshot.taken_at);
    let joined = read.into_iter().reduce(|(older, _, name), (newer, scoped, newest)| {
        let inputs = Inputs { older: &name, newer: &newest, scoped };
        (SnapshotBuilder::join(older, newer, inputs), scoped, newest)
    });
    let snapshot = joined.map(|(snapshot, ..)| snapshot).ok_or(ReadError::NoInput)?;
    Ok(Bundle { snapshot, description: described.join("; ") })
}

/// How the description of kubectl's output begins, which does not tell whether it was asked for one namespace only.
const KUBECTL: &str = "kubectl output";

fn one(input: &Input, limits: &Limits, intake: &mut Intake) -> Result<String, ReadError> {
    let name = input.name();
    let io = |source| ReadError::Io { path: name.clone(), source };
    let source = match input {
        Input::Path(path) if path.is_dir() => return directory(&name, path, limits, intake),
        Input::Path(path) => Source::of(path, limits).map_err(io)?,
        Input::Stdin => Source::of_stream(io::stdin().lock(), limits).map_err(io)?,
        Input::Bytes { bytes, .. } => Source::Bytes(bytes.into()),
    };
    match source.shape().map_err(io)? {
        Shape::Empty => Err(ReadError::Empty { path: name }),
        Shape::Foreign(format) => Err(ReadError::Unknown {
            path: name,
            hint: format!(" (it is {format}, which must be unpacked first)"),
        }),
        Shape::Single(packing) => single(&name, &source, packing, limits, intake),
        shape => {
            let limits = &limits.of_packed(source.length());
            let budget = || Cell::new(limits.unpacked);
            let listing = archive::list(&source, shape, limits, &budget());
            let form = format!(" in a {}", shape.name());
            let known = listing.gaps.iter().any(|gap| gap.why == Why::TooLarge);
            let mut beyond = None;
            let mut visit = |want: &dyn Fn(&str) -> Want, take: &mut dyn FnMut(&str, Content)| {
                beyond = archive::read(&source, shape, limits, &budget(), want, take);
            };
            let read = files::read(&name, &form, listing, limits, intake, &mut visit)?;
            beyond.filter(|_| !known).into_iter().for_each(|gap| intake.builder.gap(gap));
            Ok(read)
        }
    }
}

fn directory(name: &str, path: &Path, limits: &Limits, intake: &mut Intake) -> Result<String, ReadError> {
    let listing =
        dir::list(path, limits).map_err(|source| ReadError::Io { path: name.to_owned(), source })?;
    let paths = listing.paths.clone();
    // What lies there unpacked is as long as it is; what its archives unpack to is bounded.
    let limits = &Limits { objects: limits.objects, ..limits.of_packed(nested::packed_bytes(path, &paths)) };
    let mut visit = |want: &dyn Fn(&str) -> Want, take: &mut dyn FnMut(&str, Content)| {
        dir::visit(path, &paths, want, take);
    };
    files::read(name, "", listing, limits, intake, &mut visit)
}

/// One file, or standard input, of kubectl's output.
fn single(
    name: &str,
    source: &Source<'_>,
    packing: Packing,
    limits: &Limits,
    intake: &mut Intake,
) -> Result<String, ReadError> {
    let io = |source| ReadError::Io { path: name.to_owned(), source };
    let unknown = |hint: &str| ReadError::Unknown { path: name.to_owned(), hint: hint.to_owned() };
    let limits = match packing {
        Packing::None => limits,
        _ => &limits.of_packed(source.length()),
    };
    let reader = source.unpack(packing).map_err(io)?;
    let (bytes, cut) = match fetch(reader, Want::Whole(limits.objects)) {
        Content::Bytes(bytes) | Content::Tail(bytes) => (bytes, None),
        Content::Cut(bytes, says) if bytes.is_empty() && packing != Packing::None => {
            return Err(unknown(&format!(" (it is packed, but damaged or cut off: {says})")));
        }
        Content::Cut(bytes, says) if bytes.is_empty() => return Err(io(io::Error::other(says))),
        Content::Cut(bytes, says) => {
            intake.gap(name, Why::Truncated, says);
            (bytes, Some(Why::Truncated))
        }
        Content::Sifted(..) | Content::TooLarge => {
            return Err(unknown(" (it is longer than kubecause reads)"));
        }
        Content::Failed(_, says) => return Err(io(io::Error::other(says))),
    };
    let is_binary = bytes.iter().take(4096).filter(|b| **b == 0).count() > 0;
    let text = text::decode(bytes);
    if text.trim().is_empty() {
        return Err(ReadError::Empty { path: name.to_owned() });
    }
    let texts = [(name.to_owned(), text)];
    let [(_, text)] = &texts;
    if !loose::begins_with_an_object(text)
        && let Some(what) = session::read(&texts, Beside::Nothing, intake)
    {
        return Ok(format!("transcript, {what}"));
    }
    if loose::begins_with_an_object(text) && dump::is_one(text) {
        let count = dump::read(name, text, cut, intake);
        return Ok(format!("kubectl cluster-info dump, {}", plural(count, "object")));
    }
    let before = intake.objects;
    let tally = loose::file(name, text, cut, intake);
    if !tally.is_something() {
        return Err(unknown(match tally.partial {
            Some(Why::Truncated) => " (it ends within its first object)",
            Some(_) => " (it is JSON or YAML, but not of Kubernetes objects)",
            None if is_binary => " (it is no text)",
            None => {
                " (it is a text, but neither JSON nor YAML of Kubernetes objects, nor what kubectl prints)"
            }
        }));
    }
    Ok(format!("{KUBECTL}, {}", plural(intake.objects - before, "object")))
}
