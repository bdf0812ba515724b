//! zip members, by the directory at the archive's end; where that is cut off, one after the other from its beginning.

use super::{Exact, Members, Visit, too_large};
use crate::source::Source;
use std::io::{self, Read};
use zip::read::ZipFile;

/// Visits the files of a zip.
pub fn walk(source: &Source<'_>, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let mut left = members.limits.unpacked;
    let Ok(mut archive) = zip::ZipArchive::new(source.open()?) else {
        return stream(source, members, &mut left, visit);
    };
    for i in 0..archive.len() {
        members.count()?;
        let name = archive.name_for_index(i).and_then(Result::ok).unwrap_or_default().into_owned();
        match archive.by_index(i) {
            Ok(file) => member(file, members, &mut left, visit)?,
            Err(e) => members.odd(&name, &e.to_string()),
        }
    }
    Ok(())
}

fn stream(
    source: &Source<'_>,
    members: &mut Members<'_>,
    left: &mut u64,
    visit: Visit<'_>,
) -> io::Result<()> {
    let mut reader = source.open()?;
    while let Some(file) = zip::read::read_zipfile_from_stream(&mut reader).map_err(io::Error::other)? {
        members.count()?;
        member(file, members, left, visit)?;
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its directory is missing or broken"))
}

fn member<R: Read>(
    mut file: ZipFile<'_, R>,
    members: &mut Members<'_>,
    left: &mut u64,
    visit: Visit<'_>,
) -> io::Result<()> {
    let name = file.name().map_err(io::Error::other)?.into_owned();
    if file.is_symlink() {
        members.odd(&name, "it is a link, and links are not followed");
    } else if !file.is_dir()
        && let Some(path) = members.path(&name)
    {
        let size = file.size();
        let mut bounded = Counted { inner: &mut file, left, over: false };
        visit(&path, &mut Exact { inner: &mut bounded, left: size });
        if bounded.over {
            return Err(too_large("it unpacks to too much".to_owned()));
        }
    }
    Ok(())
}

/// Takes what it reads from a budget that all members share.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    left: &'a mut u64,
    over: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(count as u64) else {
            self.over = true;
            return Err(too_large("it unpacks to too much".to_owned()));
        };
        *self.left = left;
        Ok(count)
    }
}
