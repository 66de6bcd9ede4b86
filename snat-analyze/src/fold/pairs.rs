//! Processes on their way to destinations, by the numbers that the reader gave them: what a connect of a pair that is
//! known needs, in a cache line.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::same::Front;

/// Of nothing.
pub(super) const NONE: u32 = u32::MAX;

/// A process, by its dense number, and a remote address, by its number of the batch's generation, and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PairKey {
    pub(super) number: u32,
    pub(super) remote: u32,
    pub(super) dport: u16,
}

/// What is known of a pair.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Pair {
    key: PairKey,
    /// Local port of its last connect.
    pub(super) sport: u16,
    /// The target that it is.
    pub(super) target: u32,
    /// What the hash of all its connects begins with.
    pub(super) front: Front,
    /// Connects inside of what is measured that the target is not told of yet.
    pub(super) connects: u64,
    /// Line of its last connect, if it is one that the target's text gives again.
    pub(super) line: u64,
    pub(super) time: i64,
    /// Number of the process's cells in such lines; [`NONE`] where the text is not of that kind.
    pub(super) origin: u32,
    pub(super) v4: bool,
}

impl Pair {
    pub(super) fn new(key: PairKey, target: u32, front: Front, v4: bool) -> Self {
        Self { key, sport: 0, target, front, connects: 0, line: 0, time: 0, origin: NONE, v4 }
    }
}

/// All pairs of a generation, and where each is found.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
    /// With the keys, so that a pair is looked at only where it is counted.
    places: HashTable<(PairKey, u32)>,
    hasher: RandomState,
}

#[inline]
fn hash(hasher: &RandomState, key: PairKey) -> u64 {
    hasher.hash_one((u64::from(key.number) << 32 | u64::from(key.remote), key.dport))
}

impl Pairs {
    /// The place of a pair, or [`NONE`].
    #[inline]
    pub(super) fn find(&self, key: PairKey) -> u32 {
        self.places.find(hash(&self.hasher, key), |(known, _)| *known == key).map_or(NONE, |(_, place)| *place)
    }

    /// The pair of a place; places stand as long as the generation.
    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Pair> {
        self.pairs.get_mut(place as usize)
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        let (key, place) = (pair.key, self.pairs.len() as u32);
        self.pairs.push(pair);
        let of = |(key, _): &(PairKey, u32)| hash(&self.hasher, *key);
        self.places.insert_unique(of(&(key, place)), (key, place), of);
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> Vec<Pair> {
        self.places.clear();
        std::mem::take(&mut self.pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let mut pairs = Pairs::default();
        let key = |at: u32| PairKey { number: at % 50, remote: at / 50, dport: (at % 3) as u16 };
        for at in 0..5_000 {
            assert_eq!(pairs.find(key(at)), NONE);
            pairs.insert(Pair::new(key(at), at, Front::default(), true));
        }
        for at in 0..5_000 {
            let place = pairs.find(key(at));
            assert_eq!(pairs.get_mut(place).map(|pair| pair.target), Some(at));
        }
        assert_eq!(pairs.drain().len(), 5_000);
        assert_eq!(pairs.find(key(0)), NONE);
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }
}
