//! tar members as a stream. Long names are read here, with a bound, and not by the tar crate, which has none.

use super::{Bounded, Exact, Members, Visit};
use std::io::{self, Read};
use tar::EntryType;

/// The longest extended header (long name, pax records) that is read.
const EXTENSION_MAX: u64 = 64 << 10;

/// Visits the files of a tar.
pub fn walk(unpacked: impl Read, members: &mut Members<'_>, visit: Visit<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(Bounded::new(unpacked, members.budget));
    let mut long_name: Option<String> = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        members.count()?;
        let size = entry.size();
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                long_name = extension(&mut entry)?.split('\0').next().map(ToOwned::to_owned);
                continue;
            }
            EntryType::XHeader => {
                long_name = pax_path(&extension(&mut entry)?).or(long_name);
                continue;
            }
            EntryType::XGlobalHeader | EntryType::GNULongLink => continue,
            _ => {}
        }
        let stated = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = long_name.take().unwrap_or(stated);
        match kind {
            EntryType::Directory => {}
            EntryType::Regular | EntryType::Continuous if name.ends_with('/') => {}
            EntryType::Regular | EntryType::Continuous => {
                if let Some(path) = members.path(&name)? {
                    visit(&path, &mut Exact { inner: &mut entry, left: size });
                }
            }
            EntryType::Link | EntryType::Symlink => {
                members.odd(&name, "it is a link, and links are not followed");
            }
            _ => members.odd(&name, "it is no regular file"),
        }
    }
    Ok(())
}

fn extension(entry: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    entry.take(EXTENSION_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The `path` of pax records, each `<length> <key>=<value>\n`.
fn pax_path(records: &str) -> Option<String> {
    records
        .lines()
        .filter_map(|l| l.split_once(' ')?.1.strip_prefix("path="))
        .next_back()
        .map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    #[test]
    fn pax_records() {
        assert_eq!(super::pax_path("20 mtime=1.5\n30 path=a/b\n").as_deref(), Some("a/b"));
        assert_eq!(super::pax_path("path=x\ngarbage"), None);
    }
}
