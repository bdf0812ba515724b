//! Where an input's bytes come from, and what they are, told by the bytes themselves.

use crate::limits::Limits;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// Bytes that can be read from their beginning as often as needed.
#[derive(Debug)]
pub enum Source<'a> {
    /// A regular file.
    File(PathBuf),
    /// Bytes in memory: standard input, a pipe.
    Bytes(Cow<'a, [u8]>),
}

/// A reader that can seek.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// Zstandard.
    Zstd,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A tar, packed or not.
    Tar(Packing),
    /// A zip.
    Zip,
    /// One file, packed or not.
    Single(Packing),
    /// A format that is not read.
    Foreign(&'static str),
    /// Nothing.
    Empty,
}

impl Shape {
    /// What people call it: `tar.gz`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tar(Packing::None) => "tar",
            Self::Tar(Packing::Gzip) => "tar.gz",
            Self::Tar(Packing::Xz) => "tar.xz",
            Self::Tar(Packing::Zstd) => "tar.zst",
            Self::Zip => "zip",
            Self::Foreign(name) => name,
            Self::Single(_) | Self::Empty => "file",
        }
    }
}

impl Source<'_> {
    /// The source of a path that is no directory. A pipe is read whole, as it can be read only once.
    ///
    /// # Errors
    /// Where it cannot be opened or read, or is longer than the bound on objects.
    pub fn of(path: &Path, limits: &Limits) -> io::Result<Self> {
        if path.metadata()?.is_file() {
            File::open(path)?;
            return Ok(Self::File(path.to_owned()));
        }
        Self::of_stream(File::open(path)?, limits)
    }

    /// The source of a stream, which is read whole.
    ///
    /// # Errors
    /// Where it cannot be read, or is longer than the bound on objects.
    pub fn of_stream(stream: impl Read, limits: &Limits) -> io::Result<Self> {
        let mut bytes = Vec::new();
        stream.take(limits.objects.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limits.objects {
            let says = format!("it is longer than {} MiB; store it in a file", limits.objects >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, says));
        }
        Ok(Self::Bytes(Cow::Owned(bytes)))
    }

    /// How many bytes it has; 0 where that cannot be told.
    pub fn length(&self) -> u64 {
        match self {
            Self::File(path) => path.metadata().map_or(0, |meta| meta.len()),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// A reader from the beginning.
    ///
    /// # Errors
    /// Where the file cannot be opened any more.
    pub fn open(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        self.open_buffered(1 << 16)
    }

    /// A reader from the beginning that reads ahead by so many bytes: few for one who seeks a lot.
    ///
    /// # Errors
    /// Where the file cannot be opened any more.
    pub fn open_buffered(&self, ahead: usize) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(BufReader::with_capacity(ahead, File::open(path)?)),
            Self::Bytes(bytes) => Box::new(Cursor::new(&**bytes)),
        })
    }

    /// A reader of the unpacked bytes.
    ///
    /// # Errors
    /// Where the file cannot be opened, or its head is broken.
    pub fn unpack(&self, packing: Packing) -> io::Result<Box<dyn Read + '_>> {
        /// What an xz file may ask for to be unpacked; `xz -9` asks for 65 MiB.
        const XZ_MEMORY: u64 = 128 << 20;
        let raw = self.open()?;
        Ok(match packing {
            Packing::None => raw,
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(raw)),
            Packing::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::read::XzDecoder::new_stream(raw, stream))
            }
            Packing::Zstd => Box::new(zstd::Decoder::new(raw)?),
        })
    }

    /// What the bytes are.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn shape(&self) -> io::Result<Shape> {
        let head = head_of(self.open()?)?;
        let packing = match head.as_slice() {
            [] => return Ok(Shape::Empty),
            [0x1F, 0x8B, ..] => Packing::Gzip,
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            // The second is a frame that holds no data, as some tools begin with.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Packing::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Ok(Shape::Zip),
            [b'B', b'Z', b'h', ..] => return Ok(Shape::Foreign("bzip2")),
            [b'7', b'z', 0xBC, 0xAF, ..] => return Ok(Shape::Foreign("7z")),
            [b'R', b'a', b'r', b'!', ..] => return Ok(Shape::Foreign("rar")),
            [0x04, 0x22, 0x4D, 0x18, ..] => return Ok(Shape::Foreign("lz4")),
            _ => Packing::None,
        };
        let head =
            if packing == Packing::None { head } else { head_of(self.unpack(packing)?).unwrap_or_default() };
        Ok(if is_tar(&head) { Shape::Tar(packing) } else { Shape::Single(packing) })
    }
}

/// The first kilobyte.
fn head_of(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    match reader.take(1024).read_to_end(&mut head) {
        Err(e) if head.is_empty() => Err(e),
        _ => Ok(head),
    }
}

/// Whether bytes begin with a tar header: its checksum holds. Source: POSIX `pax`, ustar interchange format.
fn is_tar(head: &[u8]) -> bool {
    let Some((header, _)) = head.split_at_checked(512) else { return false };
    let Some(stated) = header.get(148..156).and_then(octal) else { return false };
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) })
        .sum();
    sum == stated && header.iter().any(|b| *b != 0)
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_not_the_name() {
        let shape = |bytes: &[u8]| Source::Bytes(Cow::Borrowed(bytes)).shape().ok();
        assert_eq!(shape(b""), Some(Shape::Empty));
        assert_eq!(shape(b"{}"), Some(Shape::Single(Packing::None)));
        assert_eq!(shape(b"BZh91AY"), Some(Shape::Foreign("bzip2")));
        assert_eq!(shape(&[0x1F, 0x8B, 8]), Some(Shape::Single(Packing::Gzip)));
        assert_eq!(shape(&[0; 1024]), Some(Shape::Single(Packing::None)));
    }
}
