//! Archives from a recipe: what a sound archiver writes, and what none does. The name of a part begins with the letter of what
//! the member is, and goes on with its path:
//!
//! | letter | tar | zip |
//! |---|---|---|
//! | `f` | a file | a file, stored |
//! | `r` | its content 1,000 times | the same, deflated |
//! | `d` `l` `h` `p` `s` | folder, link, hard link, pipe, sparse file | folder, link, and files |
//! | `L` `x` `g` | a long name, pax records, global pax records | files |
//! | `n` | says that it is longer than it is | the same |
//! | `o` | a file | overlaps with the first |
//! | `6` | size in base 256 | 64-bit sizes |
//! | `a` | an archive of the rest, which is within it | the same |
//!
//! The first part says what is packed how: `tar`, `tgz`, `txz`, `tzst`, `zip`, then how many bytes are cut off at the end and which
//! byte is changed.

use super::files::parts;
use super::same_twice;
use std::io::Write;

/// No recipe makes more than this many bytes.
const MOST: usize = 1 << 20;

/// An archive as the recipe has it, read and diagnosed twice.
pub fn archive(bytes: &[u8]) {
    same_twice(&[("input", &pack(bytes))]);
}

/// A member: its letter, its name, its content.
type Member<'a> = (u8, &'a [u8], Vec<u8>);

/// The archive that a recipe describes.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut all = parts(bytes);
    let Some((form, damage)) = all.next() else { return Vec::new() };
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut left = MOST;
    for (name, content) in all {
        let (letter, name) = name.split_first().unwrap_or((&b'f', b""));
        let content = if *letter == b'r' {
            content.repeat(1_000.min(left / content.len().max(1)))
        } else {
            content.to_vec()
        };
        left = left.saturating_sub(content.len());
        members.push((*letter, name, content));
    }
    // What stands behind an `a` is within it.
    while let Some(at) = members.iter().rposition(|(letter, ..)| *letter == b'a') {
        let inner: Vec<Member<'_>> = members.split_off(at + 1);
        if let Some((letter, _, content)) = members.get_mut(at) {
            (*letter, *content) = (b'f', archive_of(content, &inner));
        }
    }
    spoil(archive_of(form, &members), damage)
}

fn archive_of(form: &[u8], members: &[Member<'_>]) -> Vec<u8> {
    match form {
        b"zip" => zip(members),
        b"tgz" => gzip(&tar(members)),
        b"txz" => xz(&tar(members)),
        b"tzst" => zstd::encode_all(tar(members).as_slice(), 1).unwrap_or_default(),
        _ => tar(members),
    }
}

/// Cuts and changes: `200,17,255` cuts 200 bytes off and makes byte 17 into 255.
fn spoil(mut bytes: Vec<u8>, damage: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(damage);
    let mut numbers = text.trim().split(',').map(|n| n.parse::<usize>().unwrap_or_default());
    bytes.truncate(bytes.len().saturating_sub(numbers.next().unwrap_or_default()));
    while let (Some(at), Some(to)) = (numbers.next(), numbers.next()) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to as u8;
        }
    }
    bytes
}

/// A tar of plain files.
pub fn tar_of(files: &[(&[u8], &[u8])]) -> Vec<u8> {
    let members: Vec<Member<'_>> =
        files.iter().map(|(path, content)| (b'f', *path, content.to_vec())).collect();
    tar(&members)
}

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (letter, name, content) in members {
        let kind = match letter {
            b'd' => b'5',
            b'l' => b'2',
            b'h' => b'1',
            b'p' => b'6',
            b's' => b'S',
            b'L' => b'L',
            b'x' => b'x',
            b'g' => b'g',
            _ => b'0',
        };
        let name = if name.len() > 100 {
            tar_member(&mut out, b'L', b"././@LongLink", name, name.len() as u64, false);
            name.get(..100).unwrap_or(name)
        } else {
            name
        };
        let size = content.len() as u64 + if *letter == b'n' { 1 << 33 } else { 0 };
        tar_member(&mut out, kind, name, content, size, *letter == b'6');
    }
    out.extend([0; 1024]);
    out
}

fn tar_member(out: &mut Vec<u8>, kind: u8, name: &[u8], content: &[u8], size: u64, binary: bool) {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, field: &[u8]| {
        if let Some(to) = header.get_mut(at..at + field.len()) {
            to.copy_from_slice(field);
        }
    };
    put(0, name.get(..name.len().min(100)).unwrap_or_default());
    put(100, b"0000644\0");
    if binary {
        put(124, &[0x80, 0, 0, 0]);
        put(128, &size.to_be_bytes());
    } else {
        put(124, format!("{size:011o}\0").as_bytes());
    }
    put(136, b"00000000000\0        ");
    put(156, &[kind]);
    put(257, b"ustar\0\x30\x30");
    let sum: u64 = header.iter().map(|b| u64::from(*b)).sum();
    for (to, from) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *to = from;
    }
    out.extend(header);
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
}

fn zip(members: &[Member<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (letter, name, content) in members {
        let name = name.get(..name.len().min(0xFFFF)).unwrap_or(name);
        let (method, packed) = if *letter == b'r' { (8_u16, deflate(content)) } else { (0, content.clone()) };
        let lie = if *letter == b'n' { 1 << 20 } else { 0 };
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let extra = if *letter == b'6' {
            [&[1, 0, 16, 0][..], &(content.len() as u64).to_le_bytes(), &u64::MAX.to_le_bytes()].concat()
        } else {
            Vec::new()
        };
        let size = |real: usize| if *letter == b'6' { u32::MAX } else { real as u32 + lie };
        let fields = [
            &20_u16.to_le_bytes()[..],
            &[0, 0],
            &method.to_le_bytes(),
            &[0, 0, 0x21, 0],
            &sum.sum().to_le_bytes(),
            &size(packed.len()).to_le_bytes(),
            &size(content.len()).to_le_bytes(),
            &(name.len() as u16).to_le_bytes(),
            &(extra.len() as u16).to_le_bytes(),
        ]
        .concat();
        let at = if *letter == b'o' { 0 } else { out.len() as u32 };
        let mode: u32 = if *letter == b'l' { 0o120_777 } else { 0o100_644 };
        directory.extend(b"PK\x01\x02\x14\x03".iter().chain(&fields));
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.iter().chain(&extra));
        if *letter != b'o' {
            out.extend(b"PK\x03\x04".iter().chain(&fields).chain(name).chain(&extra).chain(&packed));
        }
    }
    let (at, length, count) = (out.len() as u32, directory.len() as u32, members.len() as u16);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes().into_iter().chain(count.to_le_bytes()));
    out.extend(length.to_le_bytes().into_iter().chain(at.to_le_bytes()));
    out.extend([0, 0]);
    out
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}
