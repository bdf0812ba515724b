//! Finding many objects by something that they have in common, at a few bytes each.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};

/// What an index knows a key by. Two keys may have one; who looks something up compares what it finds.
pub(super) fn key_of(key: &impl Hash) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// The items of one key: the first and the last link of a chain, and how many.
#[derive(Debug, Clone, Copy)]
struct Chain {
    first: u32,
    last: u32,
    length: u32,
}

/// Items by key, those of one key in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Index {
    chains: FxHashMap<u64, Chain>,
    /// An item, and the next link of its chain.
    links: Vec<(u32, u32)>,
}

impl Index {
    pub(super) fn add(&mut self, key: u64, item: u32) {
        let link = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        self.links.push((item, u32::MAX));
        let chain = self.chains.entry(key).or_insert(Chain { first: link, last: link, length: 0 });
        if chain.length > 0
            && let Some((_, next)) = self.links.get_mut(chain.last as usize)
        {
            *next = link;
        }
        chain.last = link;
        chain.length += 1;
    }

    /// How many items have that key.
    pub(super) fn count(&self, key: u64) -> usize {
        self.chains.get(&key).map_or(0, |chain| chain.length as usize)
    }

    /// The items that have that key, and those of another that it knows by the same number.
    pub(super) fn get(&self, key: u64) -> impl Iterator<Item = u32> + use<'_> {
        let first = self.chains.get(&key).map_or(u32::MAX, |chain| chain.first);
        let links =
            std::iter::successors(self.links.get(first as usize), |(_, next)| self.links.get(*next as usize));
        links.map(|(item, _)| *item)
    }
}

/// A stable sort of things that are expensive to move: each is moved once, and not at all where they are in order.
pub(super) fn sort_large<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.is_sorted_by(|a, b| compare(a, b) != Ordering::Greater) {
        return;
    }
    let mut order: Vec<u32> = (0..).take(items.len()).collect();
    order.sort_by(|a, b| match (items.get(*a as usize), items.get(*b as usize)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    // The item for this place may have been moved to where an earlier one came from.
    for place in 0..items.len() {
        let mut from = place;
        while let Some(next) = order.get(from).map(|next| *next as usize) {
            from = next;
            if from >= place {
                break;
            }
        }
        items.swap(place, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_one_key_are_found_in_their_order() {
        let mut index = Index::default();
        for (item, word) in (0..).zip(["a", "b", "a", "c", "a"]) {
            index.add(key_of(&word), item);
        }
        assert_eq!(index.get(key_of(&"a")).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!((index.count(key_of(&"b")), index.count(key_of(&"z"))), (1, 0));
        assert_eq!(index.get(key_of(&"z")).count(), 0);
    }

    #[test]
    fn a_large_sort_is_a_stable_sort() {
        for seed in 0..50_u64 {
            let next = |i: u64| (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15 ^ (seed << 7)) >> 59;
            let mut items: Vec<(u64, u64)> = (0..seed).map(|i| (next(i), i)).collect();
            let mut sorted = items.clone();
            sorted.sort_by_key(|(key, _)| *key);
            sort_large(&mut items, |a, b| a.0.cmp(&b.0));
            assert_eq!(items, sorted);
        }
    }
}
