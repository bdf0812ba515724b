//! zip members, by the directory at the archive's end; where that is cut off, one after the other from its beginning.

use super::{Bounded, Exact, Members, Visit, too_large};
use crate::source::Source;
use std::io::{self, Read};
use zip::read::ZipFile;

/// Visits the files of a zip.
pub fn walk(source: &Source<'_>, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let Ok(mut archive) = zip::ZipArchive::new(source.open()?) else {
        return stream(source, members, visit);
    };
    for i in 0..archive.len() {
        members.count()?;
        let name = archive.name_for_index(i).and_then(Result::ok).unwrap_or_default().into_owned();
        match archive.by_index(i) {
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
        && let Some(path) = members.path(&name)
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
