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

/// Where a pair is found, with what a row other than a connect asks of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    number: u32,
    remote: u32,
    dport: u16,
    pub(super) v4: bool,
    /// Its place; [`NONE`] of no pair.
    pub(super) place: u32,
    pub(super) target: u32,
}

impl Known {
    /// No pair.
    pub(super) const NONE: Self = Self { number: 0, remote: 0, dport: 0, v4: false, place: NONE, target: NONE };

    #[inline]
    fn key(&self) -> PairKey {
        PairKey { number: self.number, remote: self.remote, dport: self.dport }
    }
}

/// All pairs of a generation, and where each is found.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
    known: HashTable<Known>,
    hasher: RandomState,
}

#[inline]
fn hash(hasher: &RandomState, key: PairKey) -> u64 {
    hasher.hash_one((u64::from(key.number) << 32 | u64::from(key.remote), key.dport))
}

impl Pairs {
    /// A pair, or [`Known::NONE`].
    #[inline]
    pub(super) fn find(&self, key: PairKey) -> Known {
        let is = |known: &Known| known.key() == key;
        self.known.find(hash(&self.hasher, key), is).copied().unwrap_or(Known::NONE)
    }

    /// Fetches a pair that is needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, place: u32) -> u32 {
        self.pairs.get(place as usize).map_or(0, |pair| pair.target)
    }

    /// The pair of a place; places stand as long as the generation.
    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Pair> {
        self.pairs.get_mut(place as usize)
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        let PairKey { number, remote, dport } = pair.key;
        let place = self.pairs.len() as u32;
        let known = Known { number, remote, dport, v4: pair.v4, place, target: pair.target };
        self.pairs.push(pair);
        self.known.insert_unique(hash(&self.hasher, pair.key), known, |known| hash(&self.hasher, known.key()));
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> Vec<Pair> {
        self.known.clear();
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
            assert_eq!(pairs.find(key(at)).place, NONE);
            pairs.insert(Pair::new(key(at), at, Front::default(), true));
        }
        for at in 0..5_000 {
            let Known { place, target, .. } = pairs.find(key(at));
            assert_eq!(target, at);
            assert_eq!(pairs.get_mut(place).map(|pair| pair.target), Some(at));
        }
        assert_eq!(pairs.drain().len(), 5_000);
        assert_eq!(pairs.find(key(0)).place, NONE);
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }
}
