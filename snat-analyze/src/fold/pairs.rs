//! Processes on their way to destinations, by the numbers that the reader gave them: what a connect of a pair that is
//! known needs, in a cache line.

use super::index::mixed;
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
    /// The target that it is; [`NONE`] in a free slot.
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

const LEAST: usize = 64;

/// All pairs of a generation: open addressing, the next slot is tried next.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    slots: Vec<Pair>,
    len: usize,
    seed: u64,
}

impl Pairs {
    pub(super) fn new(seed: u64) -> Self {
        Self { slots: vec![Self::free(); LEAST], len: 0, seed }
    }

    fn free() -> Pair {
        Pair::new(PairKey { number: NONE, remote: NONE, dport: 0 }, NONE, Front::default(), false)
    }

    #[inline]
    pub(super) fn hash(&self, key: PairKey) -> u32 {
        mixed(self.seed ^ (u64::from(key.number) << 32 | u64::from(key.remote)), u64::from(key.dport)) as u32
    }

    /// Fetches what is needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, hash: u32) -> u32 {
        self.slots[hash as usize & (self.slots.len() - 1)].target
    }

    #[inline]
    pub(super) fn find(&mut self, hash: u32, key: PairKey) -> Option<&mut Pair> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.slots[at];
            if slot.target == NONE {
                return None;
            }
            if slot.key == key {
                return self.slots.get_mut(at);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        if self.len * 8 >= self.slots.len() * 5 {
            let more = vec![Self::free(); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, more);
            old.into_iter().filter(|pair| pair.target != NONE).for_each(|pair| self.put(pair));
        }
        self.len += 1;
        self.put(pair);
    }

    fn put(&mut self, pair: Pair) {
        let mask = self.slots.len() - 1;
        let mut at = self.hash(pair.key) as usize & mask;
        while self.slots[at].target != NONE {
            at = (at + 1) & mask;
        }
        self.slots[at] = pair;
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pair> + use<> {
        let old = std::mem::replace(&mut self.slots, vec![Self::free(); LEAST]);
        self.len = 0;
        old.into_iter().filter(|pair| pair.target != NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let mut pairs = Pairs::new(7);
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
        assert!(pairs.find(0, key(0)).is_none());
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }
}
