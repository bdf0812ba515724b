//! The way from inputs to a snapshot.

use crate::error::ReadError;
use crate::input::Input;
use crate::intake::Intake;
use crate::layout::{self, Layout};
use crate::limits::Limits;
use crate::place::Place;
use crate::plain::Plain;
use crate::tree::{Content, Listing, Want};
use crate::{dir, loose, text};
use kubecause_evidence::{Snapshot, Why};
use std::path::Path;

/// What was read.
#[derive(Debug)]
pub struct Bundle {
    /// The evidence.
    pub snapshot: Snapshot,
    /// What the input was: `plain capture, 27 files`.
    pub description: String,
}

/// Reads inputs into one snapshot.
///
/// # Errors
/// Where an input cannot be opened, is empty, or is nothing that kubecause knows.
pub fn read(inputs: &[Input]) -> Result<Bundle, ReadError> {
    read_within(inputs, &Limits::default())
}

/// [`read`] with other bounds.
pub(crate) fn read_within(inputs: &[Input], limits: &Limits) -> Result<Bundle, ReadError> {
    if inputs.is_empty() {
        return Err(ReadError::NoInput);
    }
    let mut intake = Intake::default();
    let mut described = Vec::new();
    for input in inputs {
        described.push(one(input, limits, &mut intake)?);
    }
    Ok(Bundle { snapshot: intake.finish(), description: described.join("; ") })
}

fn one(input: &Input, limits: &Limits, intake: &mut Intake) -> Result<String, ReadError> {
    let name = input.name();
    let io = |source| ReadError::Io { path: name.clone(), source };
    match input {
        Input::Path(path) if path.is_dir() => {
            let listing = dir::list(path, limits).map_err(io)?;
            files(&name, listing, limits, intake, &mut |paths, want, take| {
                paths.iter().for_each(|p| take(p, dir::read(path, p, want(p))));
            })
        }
        _ => Err(ReadError::Unknown { path: name, hint: String::new() }),
    }
}

/// Reads some paths: which, how much of each, and what to do with it.
type Visit<'a> = &'a mut dyn FnMut(&[String], &dyn Fn(&str) -> Want, &mut dyn FnMut(&str, Content));

fn files(
    name: &str,
    listing: Listing,
    limits: &Limits,
    intake: &mut Intake,
    visit: Visit<'_>,
) -> Result<String, ReadError> {
    if listing.paths.is_empty() && listing.gaps.is_empty() {
        return Err(ReadError::Empty { path: name.to_owned() });
    }
    let count = listing.paths.len();
    let described = match layout::detect(&listing.paths) {
        Layout::Several(tops) => {
            let first = tops.first().cloned().unwrap_or_default();
            return Err(ReadError::Several { path: name.to_owned(), count: tops.len(), first });
        }
        Layout::Plain(top) => {
            plain(&top, &listing.paths, limits, intake, visit);
            format!("plain capture, {}", plural(count, "file"))
        }
        Layout::Loose => {
            let read = loose_files(&listing.paths, limits, intake, visit);
            if read == 0 {
                let hint = format!(" ({} in it, none with Kubernetes objects)", plural(count, "file"));
                return Err(ReadError::Unknown { path: name.to_owned(), hint });
            }
            format!("kubectl output, {}", plural(read, "file"))
        }
    };
    listing.gaps.into_iter().for_each(|g| intake.builder.gap(g));
    Ok(described)
}

fn plain(top: &str, paths: &[String], limits: &Limits, intake: &mut Intake, visit: Visit<'_>) {
    let mut capture = Plain::default();
    let want = |path: &str| path.strip_prefix(top).map_or(Want::Skip, |path| wanted(path, limits));
    visit(paths, &want, &mut |path, content| {
        let Some(path) = path.strip_prefix(top) else { return };
        let is_log = matches!(wanted(path, limits), Want::Tail(_));
        match contents(path, content, is_log, limits, intake) {
            Ok((text, cut)) => {
                capture.file(path, text, intake);
                if let Some(why) = cut.filter(|_| !is_log) {
                    capture.unreadable(path, why);
                }
            }
            Err(why) => capture.unreadable(path, why),
        }
    });
    capture.finish(intake);
}

/// How much of a file of a plain capture is wanted.
fn wanted(path: &str, limits: &Limits) -> Want {
    match Place::of(path) {
        Place::Unknown => Want::Skip,
        Place::Transcript => Want::Whole(0),
        Place::Resource(_) => Want::Whole(limits.objects),
        Place::ContainerLog(..) | Place::Component(_) => Want::Tail(limits.log),
        Place::Node(_, name) if crate::intake::node_log(name).is_some() => Want::Tail(limits.log),
        _ => Want::Whole(limits.small),
    }
}

/// A file's text, and why it is not all of it; gaps say the same to people.
fn contents(
    path: &str,
    content: Content,
    is_log: bool,
    limits: &Limits,
    intake: &mut Intake,
) -> Result<(String, Option<Why>), Why> {
    let (bytes, cut) = match content {
        Content::Bytes(bytes) => (bytes, None),
        Content::Tail(bytes) => {
            intake.gap(path, Why::TooLarge, format!("only its last {} MiB are read", limits.log >> 20));
            (bytes, Some(Why::TooLarge))
        }
        Content::Cut(bytes, says) => {
            intake.gap(path, Why::Truncated, says);
            (bytes, Some(Why::Truncated))
        }
        Content::TooLarge => {
            intake.gap(path, Why::TooLarge, "it is longer than kubecause reads");
            return Err(Why::TooLarge);
        }
        Content::Failed(why, says) => {
            intake.gap(path, why, says);
            return Err(why);
        }
    };
    if is_log {
        intake.log_bytes += bytes.len() as u64;
        if intake.log_bytes > limits.logs {
            intake.log_bytes -= bytes.len() as u64;
            intake.gap(path, Why::TooLarge, format!("all logs together are longer than {} MiB", limits.logs >> 20));
            return Err(Why::TooLarge);
        }
    }
    Ok((text::decode(bytes), cut))
}

/// Reads files that may hold objects each; returns how many did.
fn loose_files(paths: &[String], limits: &Limits, intake: &mut Intake, visit: Visit<'_>) -> usize {
    let mut read = 0;
    let want = |path: &str| match extension(path) {
        "json" | "yaml" | "yml" => Want::Whole(limits.objects),
        "" => Want::Whole(limits.small),
        _ => Want::Skip,
    };
    visit(paths, &want, &mut |path, content| {
        if want(path) == Want::Skip {
            return;
        }
        let Ok((text, _)) = contents(path, content, false, limits, intake) else { return };
        if loose::file(path, &text, intake) {
            read += 1;
        } else if !extension(path).is_empty() {
            intake.gap(path, Why::Unparsable, "it holds no Kubernetes objects");
        }
    });
    read
}

fn extension(path: &str) -> &str {
    let name = Path::new(path);
    name.extension().and_then(|e| e.to_str()).unwrap_or_default()
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
