//! A directory: walked without following links, bounded, only regular files.

use crate::limits::Limits;
use crate::tree::{Content, Listing, Want, fetch, is_litter, safe_path};
use kubecause_evidence::{Gap, Why};
use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Lists the files below a directory, in order.
///
/// # Errors
/// Where the directory itself cannot be read. A folder in it that cannot be is a gap.
pub fn list(root: &Path, limits: &Limits) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
    let mut first = true;
    while let Some((folder, prefix)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if first => return Err(e),
            Err(e) => {
                listing.gaps.push(Gap::new(prefix.trim_end_matches('/'), why_of(&e), e.to_string()));
                continue;
            }
        };
        first = false;
        for entry in entries {
            let Ok(entry) = entry else { break };
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if is_litter(&path) {
                continue;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if safe_path(&path, limits).is_none_or(|safe| safe != path) {
                listing.gaps.push(Gap::new(path, Why::TooLarge, "its path is too deep or holds odd characters"));
            } else if kind.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else if kind.is_symlink() {
                listing.gaps.push(Gap::new(path, Why::NotCollected, "it is a link, and links are not followed"));
            } else if kind.is_file() {
                listing.paths.push(path);
            }
            if listing.paths.len() >= limits.files || folders.len() > limits.files {
                let says = format!("only the first {} files are read", limits.files);
                listing.gaps.push(Gap::new("the directory", Why::TooLarge, says));
                listing.paths.sort();
                return Ok(listing);
            }
        }
    }
    listing.paths.sort();
    Ok(listing)
}

/// Reads what is wanted of a file below a directory.
pub fn read(root: &Path, path: &str, want: Want) -> Content {
    let open = || -> io::Result<fs::File> {
        let full = root.join(path);
        let meta = fs::symlink_metadata(&full)?;
        if !meta.is_file() {
            return Err(io::Error::other("it is not a regular file any more"));
        }
        let mut file = fs::File::open(&full)?;
        if let Want::Tail(max) = want
            && meta.len() > max.saturating_mul(2)
        {
            file.seek(SeekFrom::Start(meta.len() - max - 1))?;
        }
        Ok(file)
    };
    match open() {
        Ok(file) => fetch(file, want),
        Err(e) => Content::Failed(why_of(&e), e.to_string()),
    }
}

fn why_of(e: &io::Error) -> Why {
    if e.kind() == io::ErrorKind::PermissionDenied { Why::Forbidden } else { Why::Failed }
}
