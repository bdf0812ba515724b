//! The name that was probably meant.

/// The candidate that is a slip of the pen away from `wanted`: at most two edits, fewer for short names; or equal but
/// for case and separators. The nearest one, the first by name among equals.
pub(crate) fn near<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = match wanted.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    let plain =
        |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted_plain = plain(wanted);
    let scored = candidates.filter(|c| *c != wanted).filter_map(|c| {
        if c.len().abs_diff(wanted.len()) > 3 {
            return None;
        }
        let distance = if plain(c) == wanted_plain { 0 } else { edits(wanted, c) };
        (distance <= most).then_some((distance, c))
    });
    scored.min().map(|(_, c)| c)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut cost = at(&row, j) + usize::from(x != *y);
            cost = cost.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = j > 0 && last == Some(*y) && b.get(j - 1) == Some(&x);
            if swapped {
                cost = cost.min(at(&before, j - 1).saturating_add(1));
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(x);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_names_are_not() {
        let names = ["app-config", "appsettings", "billing"];
        assert_eq!(near("app-settings", names.into_iter()), Some("appsettings"));
        assert_eq!(near("app-cofnig", names.into_iter()), Some("app-config"));
        assert_eq!(near("frontned", ["frontend"].into_iter()), Some("frontend"));
        assert_eq!(near("cart", names.into_iter()), None);
        assert_eq!(near("app-config", ["app-config"].into_iter()), None);
        assert_eq!(near("v2", ["v1"].into_iter()), None);
    }

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(edits("frontned", "frontend"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", ""), 3);
    }
}
