//! Bytes → text, whatever the encoding, without a copy where the bytes are already UTF-8.

/// The text of a file. A byte order mark is dropped, UTF-16 (as `PowerShell` redirects it) is decoded, and bytes that are
/// no UTF-8 are replaced.
pub fn decode(bytes: Vec<u8>) -> String {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(read);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_encoding_is_tolerated() {
        assert_eq!(decode(b"plain".to_vec()), "plain");
        assert_eq!(decode(b"\xEF\xBB\xBF{}".to_vec()), "{}");
        assert_eq!(decode(b"\xFF\xFE{\0}\0".to_vec()), "{}");
        assert_eq!(decode(b"\xFE\xFF\0{\0}".to_vec()), "{}");
        assert_eq!(decode(b"a\xFFb".to_vec()), "a\u{FFFD}b");
        assert_eq!(decode(b"\xFF\xFE{".to_vec()), "");
    }
}
