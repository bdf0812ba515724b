//! A list that is no JSON from some item on: the items after it are told by brackets and quotes alone, so that the
//! damage costs the items that it touches and not the rest of the file.

/// The items that stand in `rest`, which begins behind an item or behind the opening bracket of the list. `None` where
/// the list has no end: then nothing in it can be trusted.
pub fn items(rest: &str) -> Option<Vec<&str>> {
    let bytes = rest.as_bytes();
    let mut found = Vec::new();
    let (mut depth, mut start, mut quoted, mut at) = (0_usize, 0, false, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if depth > 0 => quoted = !quoted,
            b'\\' if quoted => at += 1,
            _ if quoted => {}
            b'{' | b'[' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b']' if depth == 0 => return Some(found),
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.extend(rest.get(start..=at));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn brackets_and_quotes_tell() {
        let rest = r#" ,{"a":***}, {"b":"]}\""} ,{"c":[{}]}]}"#;
        assert_eq!(items(rest), Some(vec![r#"{"a":***}"#, r#"{"b":"]}\""}"#, r#"{"c":[{}]}"#]));
        assert_eq!(items(r#"{"a":1},{"b":"#), None);
        assert_eq!(items("]"), Some(vec![]));
        assert_eq!(items(""), None);
    }
}
