//! The archive: entries one after the other into a compressed tar, which takes its name only when it is whole.

use crate::spool::Spool;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;
use zstd::stream::write::Encoder;

/// How hard it is compressed.
const LEVEL: i32 = 6;

/// An archive that is being written.
pub struct Archive {
    tar: Builder<Encoder<'static, NamedTempFile>>,
    top: String,
    folder: PathBuf,
    time: u64,
}

impl Archive {
    /// An archive beside the file that it will be, whose entries lie in the folder `top`.
    pub fn create(file: &Path, top: String, time: u64) -> io::Result<Self> {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let temporary =
            tempfile::Builder::new().prefix(".kubecause-").suffix(".part").tempfile_in(&folder)?;
        let tar = Builder::new(Encoder::new(temporary, LEVEL)?);
        Ok(Self { tar, top, folder, time })
    }

    /// Where what is not yet ready can be kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a text.
    pub fn text(&mut self, path: &str, text: &str) -> io::Result<()> {
        self.entry(path, text.len() as u64, text.as_bytes())
    }

    /// Adds a list that was spooled.
    pub fn spooled(&mut self, path: &str, spool: Spool) -> io::Result<()> {
        let (length, reader) = spool.finish()?;
        self.entry(path, length, reader)
    }

    fn entry(&mut self, path: &str, size: u64, from: impl Read) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        self.tar.append_data(&mut header, format!("{}/{path}", self.top), from)
    }

    /// Ends the archive and gives it its name. Without `force` a file that is there stays.
    pub fn finish(self, file: &Path, force: bool) -> io::Result<u64> {
        let mut temporary = self.tar.into_inner()?.finish()?;
        temporary.flush()?;
        temporary.as_file().sync_all()?;
        let size = temporary.as_file().metadata()?.len();
        if force { temporary.persist(file) } else { temporary.persist_noclobber(file) }
            .map_err(|e| e.error)?;
        Ok(size)
    }
}
