//! A set of files, from a directory or from an archive → the layout that they have → the snapshot.

use crate::error::ReadError;
use crate::intake::{Intake, node_log};
use crate::layout::{self, Layout};
use crate::limits::Limits;
use crate::nested::Nested;
use crate::place::Place;
use crate::plain::Capture;
use crate::session::{self, Beside, Text};
use crate::tree::{Content, Listing, Want};
use crate::{dump, loose, text};
use kubecause_evidence::Why;
use kubecause_evidence::log::{LogSource, LogText, Sieve};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Reads the files of an input: which and how much of each, and what to do with it.
pub type Visit<'a> = &'a mut dyn FnMut(&dyn Fn(&str) -> Want, &mut dyn FnMut(&str, Content));

/// Reads a set of files; returns what it was. `form` is how they are packed, or nothing.
///
/// # Errors
/// Where there is nothing in it that kubecause knows.
pub fn read(
    name: &str,
    form: &str,
    listing: Listing,
    limits: &Limits,
    intake: &mut Intake,
    visit: Visit<'_>,
) -> Result<String, ReadError> {
    let (mut listing, nested) = Nested::open(listing, limits, visit);
    let visit: Visit<'_> = &mut |want, take| nested.visit(limits, visit, want, take);
    let count = listing.paths.len();
    let hint = match (count, listing.gaps.first()) {
        (0, None) => return Err(ReadError::Empty { path: name.to_owned() }),
        (0, Some(gap)) => format!(" ({}: {})", gap.what, gap.matters),
        _ => format!(" ({} in it, none with Kubernetes objects)", plural(count, "file")),
    };
    let (layout, read) = match layout::detect(&listing.paths) {
        Layout::Several(tops) => {
            let first = tops.first().map(|top| nested.original(top)).unwrap_or_default();
            return Err(ReadError::Several { path: name.to_owned(), count: tops.len(), first });
        }
        Layout::Plain(top) => ("plain capture", capture(Capture::new(None), &[top], limits, intake, visit)),
        Layout::Foreign(layout, tops) => {
            // Its links lead to files that are read at their own place.
            listing.gaps.retain(|g| {
                g.why != Why::NotCollected
                    || below(&tops, &g.what).is_some_and(|p| layout.place(p) != Place::Unknown)
            });
            (layout.name(), capture(Capture::new(Some(layout)), &tops, limits, intake, visit))
        }
        Layout::Loose => ("kubectl output", loose(limits, intake, visit)),
    };
    if read == 0 {
        return Err(ReadError::Unknown { path: name.to_owned(), hint });
    }
    listing.gaps.into_iter().for_each(|g| intake.builder.gap(g));
    Ok(format!("{layout}{form}, {}", plural(read, "file")))
}

/// The path below one of the tops; of what stands beside several, that of a file.
fn below<'p>(tops: &[String], path: &'p str) -> Option<&'p str> {
    let beside = |top: &String| {
        let above = top.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
        path.strip_prefix(top.get(..above)?).filter(|rest| !rest.contains('/'))
    };
    let of = |top: &String| path.strip_prefix(top.as_str());
    tops.iter().find_map(of).or_else(|| tops.iter().filter(|t| !t.is_empty()).find_map(beside))
}

/// Reads a capture below its tops; returns how many files it has. Of files that stand at the same place below several, the first that
/// is not empty counts.
fn capture(
    mut capture: Capture,
    tops: &[String],
    limits: &Limits,
    intake: &mut Intake,
    visit: Visit<'_>,
) -> usize {
    let mut read = 0;
    let mut known: HashSet<String> = HashSet::new();
    let blank = Capture::new(capture.foreign());
    let sieve = intake.sieve();
    let wanted = |path: &str| wanted(blank.place(path), limits, sieve.as_ref());
    let want = |path: &str| below(tops, path).map_or(Want::Skip, wanted);
    visit(&want, &mut |path, content| {
        let Some(path) = below(tops, path).filter(|path| !wanted(path).is_skip()) else {
            return;
        };
        read += 1;
        if tops.len() > 1
            && (matches!(&content, Content::Bytes(bytes) if bytes.is_empty())
                || !known.insert(path.to_owned()))
        {
            return;
        }
        match contents(path, content, wanted(path), limits, intake) {
            Ok((text, cut)) => {
                capture.file(path, text, intake);
                if let Some(why) = cut {
                    capture.unreadable(path, why);
                }
            }
            Err(why) => capture.unreadable(path, why),
        }
    });
    capture.finish(intake);
    read
}

/// How much of a file of a capture is wanted.
fn wanted(place: Place<'_>, limits: &Limits, sieve: Option<&Arc<dyn Sieve>>) -> Want {
    let log = |source| match sieve {
        Some(sieve) => Want::Sift(source, Arc::clone(sieve)),
        None => Want::Tail(limits.log),
    };
    match place {
        Place::Unknown => Want::Skip,
        Place::Resource(_) | Place::Objects(..) | Place::Printed(_) | Place::Described(..) => {
            Want::Whole(limits.objects)
        }
        // What they are is told by their lines, or by other files.
        Place::PodLogs(..) | Place::ContainerRun(..) | Place::HostLog(_) => Want::Tail(limits.log),
        Place::Machine(_, name) if node_log(name).is_some() => Want::Tail(limits.log),
        Place::ContainerLog(..) => log(LogSource::Container),
        Place::Component(name) => log(LogSource::Component(name.into())),
        Place::Node(_, name) => node_log(name).map_or(Want::Whole(limits.small), log),
        _ => Want::Whole(limits.small),
    }
}

/// A file's text, and why it is not all of it; gaps say the same to people.
fn contents(
    path: &str,
    content: Content,
    want: Want,
    limits: &Limits,
    intake: &mut Intake,
) -> Result<(LogText, Option<Why>), Why> {
    let is_log = want.is_log();
    let holds_objects = matches!(want, Want::Whole(most) if most == limits.objects);
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
        Content::Sifted(text, dropped, failed) => {
            if dropped > 0 {
                let says = format!("{dropped} lines in the middle that say something are not kept");
                intake.gap(path, Why::TooLarge, says);
            }
            let cut = failed.is_some().then_some(Why::Truncated);
            failed.into_iter().for_each(|says| intake.gap(path, Why::Truncated, says));
            return kept(path, text, limits, intake).map(|text| (text, cut));
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
    if !is_log && !holds_objects {
        let all = intake.small_bytes + bytes.len() as u64;
        if all > limits.smalls {
            let says = format!("all small files together are longer than {} MiB", limits.smalls >> 20);
            intake.gap(path, Why::TooLarge, says);
            return Err(Why::TooLarge);
        }
        intake.small_bytes = all;
    }
    let text = LogText::from(text::decode(bytes));
    if is_log { kept(path, text, limits, intake).map(|text| (text, cut)) } else { Ok((text, cut)) }
}

/// A log's text, where all that is kept of logs is not too much with it.
fn kept(path: &str, text: LogText, limits: &Limits, intake: &mut Intake) -> Result<LogText, Why> {
    let all = intake.log_bytes + text.as_str().len() as u64;
    if all > limits.logs {
        let says = format!("all that is kept of logs is longer than {} MiB", limits.logs >> 20);
        intake.gap(path, Why::TooLarge, says);
        return Err(Why::TooLarge);
    }
    intake.log_bytes = all;
    Ok(text)
}

/// Reads files that may hold objects each; returns how many did.
fn loose(limits: &Limits, intake: &mut Intake, visit: Visit<'_>) -> usize {
    let mut read = 0;
    let mut texts: Vec<Text> = Vec::new();
    let want = |path: &str| match extension(path) {
        "json" | "yaml" | "yml" => Want::Whole(limits.objects),
        "" | "txt" | "log" | "out" | "md" | "text" => Want::Whole(limits.small),
        _ => Want::Skip,
    };
    visit(&want, &mut |path, content| {
        let named = matches!(extension(path), "json" | "yaml" | "yml");
        if want(path).is_skip() || (!named && !matches!(content, Content::Bytes(_))) {
            return;
        }
        let Ok((text, cut)) = contents(path, content, want(path), limits, intake) else { return };
        let text = text.into_string();
        if !named && !loose::begins_with_an_object(&text) {
            texts.push((path.to_owned(), text));
            return;
        }
        if dump::is_one(&text) {
            read += usize::from(dump::read(path, &text, cut, intake) > 0);
            return;
        }
        let tally = loose::file(path, &text, cut, intake);
        if tally.is_something() {
            read += 1;
        } else if named && tally.partial.is_none() {
            intake.gap(path, Why::Unparsable, "it holds no Kubernetes objects");
        }
    });
    let beside = if read == 0 { Beside::Nothing } else { Beside::ACapture };
    if session::read(&texts, beside, intake).is_some() {
        read += texts.len();
    }
    read
}

fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default()
}

/// `1 file`, `2 files`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
