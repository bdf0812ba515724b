//! How near a selector comes to the labels of pods that it misses: a typed-over value, a renamed key. Labels that are put
//! on at run time (`role=replica`, `vault-active=true`) are not near: their Services select nothing for good reasons.

use kubecause_evidence::Labels;

/// Whether a selector that does not match `labels` was most likely meant to.
pub(super) fn is_near(
    selector: &Labels,
    labels: &Labels,
    service: &str,
    owner: &str,
    owner_is_served: bool,
) -> bool {
    let (mut equal, mut differing, mut dissimilar) = (0, 0, 0);
    for (key, value) in selector.iter() {
        match labels.get(key) {
            Some(found) if found == value.as_str() => equal += 1,
            Some(found) => {
                differing += 1;
                dissimilar += i32::from(!similar(value, found));
            }
            None if renamed(key, value, labels) => differing += 1,
            None => return false,
        }
    }
    if differing == 0 {
        return false;
    }
    if bare_name(service) == bare_name(owner) {
        return true;
    }
    !owner_is_served && (dissimilar == 0 || (equal > 0 && begins_with(owner, bare_name(service))))
}

/// A Service's name without the words that charts put after it.
fn bare_name(name: &str) -> &str {
    let name = name.strip_suffix("-service").unwrap_or(name);
    name.strip_suffix("-svc").unwrap_or(name)
}

/// `web-blue` begins with `web`.
fn begins_with(longer: &str, shorter: &str) -> bool {
    shorter.len() >= 2
        && longer.strip_prefix(shorter).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The same value under another key, or the same key in other letters.
fn renamed(key: &str, value: &str, labels: &Labels) -> bool {
    let telling = value.len() >= 3 && !matches!(value, "true" | "false") && value.parse::<f64>().is_err();
    labels.iter().any(|(k, v)| {
        let same_value = telling && *v == *value;
        let same_key = k.eq_ignore_ascii_case(key) && (*v == *value || similar(value, v));
        same_value || same_key
    })
}

/// Equal but for letters' case, one part of the other at a word's edge, or one or two letters apart.
fn similar(a: &str, b: &str) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let word = short.len() >= 3 && long.split(['-', '_', '.']).any(|w| w == short);
    let edge = short.len() >= 3 && (begins_with(long, short) || long.ends_with(&format!("-{short}")));
    word || edge || (short.len() >= 4 && distance_at_most_two(a, b))
}

/// Levenshtein's distance is at most two. Labels are at most 63 characters long.
fn distance_at_most_two(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 2 || a.len() > 253 {
        return false;
    }
    let b: Vec<u8> = b.bytes().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            left = (diagonal + usize::from(ca != *cb)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().is_some_and(|d| *d <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        text.split(',').filter_map(|p| p.split_once('=')).collect()
    }

    #[test]
    fn a_slip_is_near() {
        let near =
            |s: &str, l: &str, svc: &str, owner: &str| is_near(&labels(s), &labels(l), svc, owner, false);
        assert!(near("app=shopping-cart", "app=cart", "cart", "cart"));
        assert!(near("app=shopping-cart", "app=cart", "public", "cart"));
        assert!(near("app=fronted", "app=frontend", "ui", "frontend"));
        assert!(near("app.kubernetes.io/name=cart", "app=cart", "cart", "cart"));
        assert!(near("app=web,tier=fe", "app=web,tier=frontend", "web", "web"));
        assert!(near("app=web,slot=green", "app=web,slot=blue", "web", "web-blue"));
    }

    #[test]
    fn what_is_chosen_at_run_time_or_belongs_to_another_is_not_near() {
        let near = |s: &str, l: &str, svc: &str, owner: &str, served| {
            is_near(&labels(s), &labels(l), svc, owner, served)
        };
        assert!(!near(
            "app=vault,vault-active=true",
            "app=vault,component=server",
            "vault-active",
            "vault",
            true
        ));
        assert!(!near("cluster=pg,role=replica", "cluster=pg", "pg-ro", "pg", true));
        assert!(!near("app=web,slot=green", "app=web,slot=blue", "web-green", "web-blue", true));
        assert!(!near("app=checkout", "app=payment", "checkout", "payment", false));
        assert!(!near("instance=shop,name=b", "instance=shop,name=worker", "shop-b", "shop-worker", false));
    }

    #[test]
    fn distances() {
        assert!(distance_at_most_two("frontend", "fronted"));
        assert!(!distance_at_most_two("checkout", "payment"));
        assert!(distance_at_most_two("abcd", "abdc"));
        assert!(!distance_at_most_two("abcd", "dcba"));
    }
}
