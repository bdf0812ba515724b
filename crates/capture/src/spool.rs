//! A list that is not yet complete. An entry of a tar says its length first, so the list waits, compressed and already
//! masked, in a file without a name; memory holds no more than a page of it.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use zstd::stream::{read::Decoder, write::Encoder};

/// The list so far.
pub struct Spool {
    out: Encoder<'static, File>,
    length: u64,
    objects: usize,
}

const HEAD: &[u8] = br#"{"apiVersion":"v1","kind":"List","items":["#;
const TAIL: &[u8] = b"\n]}\n";

impl Spool {
    /// An empty list, in a file without a name in that folder.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        let mut spool = Self { out: Encoder::new(tempfile::tempfile_in(folder)?, 1)?, length: 0, objects: 0 };
        spool.write(HEAD)?;
        Ok(spool)
    }

    /// How many objects it holds.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// One more object.
    pub fn push(&mut self, json: &[u8]) -> io::Result<()> {
        self.write(if self.objects == 0 { b"\n" } else { b",\n" })?;
        self.objects += 1;
        self.write(json)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// The whole list: its length, and its text.
    pub fn finish(mut self) -> io::Result<(u64, impl Read)> {
        self.write(TAIL)?;
        let length = self.length;
        let mut file = self.out.finish()?;
        file.rewind()?;
        Ok((length, Decoder::new(file)?))
    }
}
