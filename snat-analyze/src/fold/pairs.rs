//! Processes on their way to destinations, by the numbers that the reader gave them: all that a row of a pair that is
//! known needs is in one cache line, and that is where it is looked for.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

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
    /// The target that it is; [`NONE`] where there is no pair.
    pub(super) target: u32,
    /// What the hash of all its connects begins with.
    pub(super) front: Front,
    /// Connects inside of what is measured that the target is not told of yet.
    pub(super) connects: u64,
    /// Line of its last connect, if it is one that the target's text, or its first line where there is none, gives again.
    pub(super) line: u64,
    pub(super) time: i64,
    /// Number of the process's cells in such lines; [`NONE`] where neither gives any again.
    pub(super) origin: u32,
    v4: bool,
}

impl Pair {
    pub(super) fn new(key: PairKey, target: u32, front: Front, v4: bool) -> Self {
        Self { key, sport: 0, target, front, connects: 0, line: 0, time: 0, origin: NONE, v4 }
    }

    /// No pair.
    const FREE: Self = Self {
        key: PairKey { number: 0, remote: 0, dport: 0 },
        sport: 0,
        target: NONE,
        front: Front::NOTHING,
        connects: 0,
        line: 0,
        time: 0,
        origin: NONE,
        v4: false,
    };
}

/// Where a pair is found, until the next one is added, and what a row other than a connect asks of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) place: u32,
    /// [`NONE`] where there is no pair.
    pub(super) target: u32,
    pub(super) v4: bool,
}

/// The places of few pairs.
const LEAST: usize = 64;

/// All pairs of a generation: open addressing, the next two places are tried next.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    /// A power of two, at least three eighths of them free.
    pairs: Vec<Pair>,
    len: usize,
    seeds: [u64; 2],
}

impl Default for Pairs {
    fn default() -> Self {
        let hasher = RandomState::default();
        let seeds = [hasher.hash_one(0_u8), hasher.hash_one(1_u8)];
        Self { pairs: vec![Pair::FREE; LEAST], len: 0, seeds }
    }
}

impl Pairs {
    #[inline(always)]
    fn first(&self, key: PairKey) -> usize {
        let [one, other] = self.seeds;
        let ends = u64::from(key.number) << 32 | u64::from(key.remote);
        let product = u128::from(ends ^ one) * u128::from(u64::from(key.dport) ^ other);
        ((product >> 64) as u64 ^ product as u64) as usize & (self.pairs.len() - 1)
    }

    /// Asks for where a pair is that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, key: PairKey) {
        let first = self.first(key);
        prefetch_index(&self.pairs, first);
        prefetch_index(&self.pairs, first ^ 1);
    }

    /// A pair, if there is one.
    #[inline(always)]
    pub(super) fn find(&self, key: PairKey) -> Known {
        let mut at = self.first(key);
        loop {
            for place in [at, at ^ 1] {
                let Pair { key: known, target, v4, .. } = self.pairs[place];
                if known == key || target == NONE {
                    // What is free has no target.
                    return Known { place: place as u32, target, v4 };
                }
            }
            at = (at + 2) & (self.pairs.len() - 1);
        }
    }

    /// The pair that was found, if it was one.
    #[inline(always)]
    pub(super) fn get_mut(&mut self, known: Known) -> Option<&mut Pair> {
        self.pairs.get_mut(known.place as usize).filter(|_| known.target != NONE)
    }

    #[cold]
    fn grow(&mut self) {
        let more = vec![Pair::FREE; self.pairs.len() * 2];
        for pair in std::mem::replace(&mut self.pairs, more).into_iter().filter(|pair| pair.target != NONE) {
            let place = self.find(pair.key).place;
            self.pairs[place as usize] = pair;
        }
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        if (self.len + 1) * 8 > self.pairs.len() * 5 {
            self.grow();
        }
        let place = self.find(pair.key).place;
        self.pairs[place as usize] = pair;
        self.len += 1;
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pair> + use<> {
        self.len = 0;
        let pairs = std::mem::replace(&mut self.pairs, vec![Pair::FREE; LEAST]);
        pairs.into_iter().filter(|pair| pair.target != NONE)
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
            assert_eq!(pairs.find(key(at)).target, NONE);
            assert!(pairs.get_mut(pairs.find(key(at))).is_none());
            pairs.insert(Pair::new(key(at), at, Front::NOTHING, at % 2 == 0));
        }
        for at in 0..5_000 {
            let known = pairs.find(key(at));
            assert_eq!((known.target, known.v4), (at, at % 2 == 0));
            assert_eq!(pairs.get_mut(known).map(|pair| pair.target), Some(at));
        }
        assert_eq!(pairs.pairs.len(), 8_192);
        assert_eq!(pairs.drain().count(), 5_000);
        assert_eq!(pairs.find(key(0)).target, NONE);
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }
}
