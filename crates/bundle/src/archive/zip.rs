//! zip members, by the directory at the archive's end; where that is cut off, one after the other from its beginning.
//!
//! The directory is read entry by entry and never held: it may have millions.

use super::{Bounded, Exact, Members, Visit, too_large};
use crate::source::Source;
use std::io::{self, Read};
use zip::read::{Config, ZipFile};
use zip::unstable::read::ZipIterable;

/// How far ahead the directory is read: an entry or two, as the reader seeks to each.
const ENTRY: usize = 512;
/// How far ahead a member is read.
const MEMBER: usize = 16 << 10;

/// Visits the files of a zip.
pub fn walk(source: &Source<'_>, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let Ok(mut directory) = ZipIterable::try_new(source.open_buffered(ENTRY)?, Config::default()) else {
        return stream(source, members, visit);
    };
    let mut content = source.open_buffered(MEMBER)?;
    for entry in directory.files().map_err(io::Error::other)? {
        let entry = entry.map_err(io::Error::other)?;
        members.count()?;
        let name = entry.name().unwrap_or_default().into_owned();
        match entry.with_reader(&mut content, zip::ZipReadOptions::new()) {
            Ok(file) => member(file, members, visit)?,
            Err(e) => members.odd(&name, &e.to_string()),
        }
    }
    Ok(())
}

fn stream(source: &Source<'_>, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let mut reader = source.open()?;
    while let Some(file) = zip::read::read_zipfile_from_stream(&mut reader).map_err(io::Error::other)? {
        members.count()?;
        member(file, members, visit)?;
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its directory is missing or broken"))
}

fn member<R: Read>(mut file: ZipFile<'_, R>, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let name = file.name().map_err(io::Error::other)?.into_owned();
    if file.is_symlink() {
        members.odd(&name, "it is a link, and links are not followed");
    } else if !file.is_dir()
        && let Some(path) = members.path(&name)?
    {
        let size = file.size();
        let before = members.budget.get();
        let mut bounded = Bounded::new(&mut file, members.budget);
        visit(&path, &mut Exact { inner: &mut bounded, left: size });
        // The reader took nothing, or the last of the budget and more.
        if before > 0 && members.budget.get() == 0 {
            return Err(too_large("it unpacks to too much".to_owned()));
        }
    }
    Ok(())
}
