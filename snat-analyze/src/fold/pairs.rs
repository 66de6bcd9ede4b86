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

/// All pairs of a generation.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    table: HashTable<Pair>,
    hasher: RandomState,
}

impl Pairs {
    #[inline]
    pub(super) fn hash(&self, key: PairKey) -> u64 {
        self.hasher.hash_one((u64::from(key.number) << 32 | u64::from(key.remote), key.dport))
    }

    /// Fetches what is needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, hash: u64, key: PairKey) -> u32 {
        self.table.find(hash, |pair| pair.key == key).map_or(0, |pair| pair.target)
    }

    #[inline]
    pub(super) fn find(&mut self, hash: u64, key: PairKey) -> Option<&mut Pair> {
        self.table.find_mut(hash, |pair| pair.key == key)
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        let hash = self.hash(pair.key);
        let hasher = &self.hasher;
        let of = |key: PairKey| hasher.hash_one((u64::from(key.number) << 32 | u64::from(key.remote), key.dport));
        self.table.insert_unique(hash, pair, |pair| of(pair.key));
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pair> + use<> {
        std::mem::take(&mut self.table).into_iter()
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
            let hash = pairs.hash(key(at));
            assert!(pairs.find(hash, key(at)).is_none());
            pairs.insert(Pair::new(key(at), at, Front::default(), true));
        }
        for at in 0..5_000 {
            let hash = pairs.hash(key(at));
            assert_eq!(pairs.find(hash, key(at)).map(|pair| pair.target), Some(at));
        }
        assert_eq!(pairs.drain().count(), 5_000);
        let hash = pairs.hash(key(0));
        assert!(pairs.find(hash, key(0)).is_none());
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }
}
