//! Numbers: whole ones of the usual size are read here, all others by `serde_json`.

use super::Unread;
use super::scan::Scan;
use serde::de::Visitor;

/// So many digits always fit into 64 bits.
const SAFE: usize = 18;

/// Goes on behind the number that stands there; its value where it is whole and small.
pub(super) fn plain(scan: &mut Scan<'_>) -> Result<Option<i64>, Unread> {
    let negative = scan.byte() == Some(b'-');
    scan.at += usize::from(negative);
    let start = scan.at;
    let mut value = 0_i64;
    while let Some(digit @ b'0'..=b'9') = scan.byte() {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        scan.at += 1;
    }
    let digits = scan.at - start;
    let leads_with_zero = scan.since(start)?.starts_with('0');
    if digits == 0 || leads_with_zero && digits > 1 {
        return Err(Unread);
    }
    let mut is_whole = true;
    if scan.byte() == Some(b'.') {
        is_whole = false;
        scan.at += 1;
        some_digits(scan)?;
    }
    if matches!(scan.byte(), Some(b'e' | b'E')) {
        is_whole = false;
        scan.at += 1;
        scan.at += usize::from(matches!(scan.byte(), Some(b'+' | b'-')));
        some_digits(scan)?;
    }
    // Minus zero is no whole number to serde_json.
    let is_plain = is_whole && digits <= SAFE && !(negative && value == 0);
    Ok(is_plain.then_some(if negative { -value } else { value }))
}

fn some_digits(scan: &mut Scan<'_>) -> Result<(), Unread> {
    let start = scan.at;
    while matches!(scan.byte(), Some(b'0'..=b'9')) {
        scan.at += 1;
    }
    if scan.at > start { Ok(()) } else { Err(Unread) }
}

/// Gives the number that stands there to a visitor.
pub(super) fn visit<'de, V: Visitor<'de>>(scan: &mut Scan<'_>, visitor: V) -> Result<V::Value, Unread> {
    let start = scan.at;
    if let Some(value) = plain(scan)? {
        return match u64::try_from(value) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_i64(value),
        };
    }
    let number: serde_json::Number = serde_json::from_str(scan.since(start)?).map_err(|_| Unread)?;
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(value), ..) => visitor.visit_u64(value),
        (_, Some(value), _) => visitor.visit_i64(value),
        (_, _, Some(value)) => visitor.visit_f64(value),
        _ => Err(Unread),
    }
}
