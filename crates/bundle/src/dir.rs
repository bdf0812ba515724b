//! A directory: walked without following links, bounded, only regular files.

use crate::limits::Limits;
use crate::tree::{Content, Listing, Want, fetch_of, is_litter, safe_path};
use kubecause_evidence::{Gap, Why};
use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// So many places that are not read have a gap of their own; the rest are counted in one.
const GAPS_MAX: usize = 50;

/// Lists the files below a directory, in order.
///
/// # Errors
/// Where the directory itself cannot be read. A folder in it that cannot be is a gap.
pub fn list(root: &Path, limits: &Limits) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders: Vec<(PathBuf, String)> = Vec::new();
    let mut seen = folder(fs::read_dir(root)?, "", limits, &mut listing, &mut folders);
    while let Some((path, prefix)) = folders.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => seen += folder(entries, &prefix, limits, &mut listing, &mut folders),
            Err(e) => listing.gaps.push(Gap::new(prefix.trim_end_matches('/'), why_of(&e), e.to_string())),
        }
        let too_many = listing.paths.len() >= limits.files || seen > limits.files.saturating_mul(2);
        if too_many && !folders.is_empty() || listing.paths.len() > limits.files {
            let says = format!("only the first {} files are read", limits.files);
            listing.gaps.insert(0, Gap::new("the directory", Why::TooLarge, says));
            break;
        }
    }
    listing.paths.sort();
    listing.paths.truncate(limits.files);
    if listing.gaps.len() > GAPS_MAX {
        let says = format!("{} more places in it are not read", listing.gaps.len() - GAPS_MAX);
        listing.gaps.truncate(GAPS_MAX);
        listing.gaps.push(Gap::new("the directory", Why::NotCollected, says));
    }
    Ok(listing)
}

/// Lists one folder and counts what is in it; the folders in it are added to `folders`.
fn folder(
    entries: fs::ReadDir,
    prefix: &str,
    limits: &Limits,
    listing: &mut Listing,
    folders: &mut Vec<(PathBuf, String)>,
) -> usize {
    let mut seen = 0;
    for entry in entries.map_while(Result::ok).take(limits.files.saturating_add(1)) {
        seen += 1;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let Some(kind) = entry.file_type().ok().filter(|_| !is_litter(&path)) else { continue };
        if safe_path(&path, limits).is_none_or(|safe| safe != path) {
            listing.gaps.push(Gap::new(path, Why::TooLarge, "its path is too deep or holds odd characters"));
        } else if kind.is_dir() {
            folders.push((entry.path(), format!("{path}/")));
        } else if kind.is_symlink() {
            listing.gaps.push(Gap::new(path, Why::NotCollected, "it is a link, and links are not followed"));
        } else if kind.is_file() {
            listing.paths.push(path);
        }
    }
    seen
}

/// Reads what is wanted of the files below a directory, in their order. While one is taken, the next is read.
pub fn visit(
    root: &Path,
    paths: &[String],
    want: &dyn Fn(&str) -> Want,
    take: &mut dyn FnMut(&str, Content),
) {
    let wanted: Vec<_> = paths.iter().map(|p| (p, want(p))).filter(|(_, want)| !want.is_skip()).collect();
    std::thread::scope(|scope| {
        // Nothing waits in it: no more than one file is held besides the one that is taken.
        let (send, receive) = mpsc::sync_channel(0);
        scope.spawn(move || {
            for (path, want) in wanted {
                if send.send((path, read(root, path, want))).is_err() {
                    break;
                }
            }
        });
        receive.into_iter().for_each(|(path, content)| take(path, content));
    });
}

/// Reads what is wanted of a file below a directory.
fn read(root: &Path, path: &str, want: Want) -> Content {
    let open = || -> io::Result<(fs::File, u64)> {
        let full = root.join(path);
        let meta = fs::symlink_metadata(&full)?;
        if !meta.is_file() {
            return Err(io::Error::other("it is not a regular file any more"));
        }
        let mut file = fs::File::open(&full)?;
        if let Want::Tail(max) = &want
            && meta.len() > max.saturating_mul(2)
        {
            file.seek(SeekFrom::Start(meta.len() - max - 1))?;
        }
        Ok((file, meta.len()))
    };
    match open() {
        Ok((file, length)) => fetch_of(file, want, length),
        Err(e) => Content::Failed(why_of(&e), e.to_string()),
    }
}

fn why_of(e: &io::Error) -> Why {
    if e.kind() == io::ErrorKind::PermissionDenied { Why::Forbidden } else { Why::Failed }
}
