//! Processes on their way to destinations, by the numbers that the reader gave them: what a connect of a pair that is
//! known needs, in a cache line.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

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

/// All pairs of a generation, and where each is found: an index of places with room for twice as many, in which the next
/// slot is tried next. Pairs are never taken out one by one, so it needs no more than that.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
    slots: Vec<Slot>,
    seed: u64,
}

/// Where a pair is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The hash of its key: its last bits say where it is looked for first.
    tag: u32,
    /// The place of the pair; [`NONE`] in a free slot.
    place: u32,
}

const FREE: Slot = Slot { tag: 0, place: NONE };

/// The slots of an index of few pairs.
const LEAST: usize = 64;

impl Default for Pairs {
    fn default() -> Self {
        Self { pairs: Vec::new(), slots: vec![FREE; LEAST], seed: RandomState::default().hash_one(LEAST) }
    }
}

impl Pairs {
    #[inline]
    fn tag(&self, key: PairKey) -> u32 {
        let ends = u64::from(key.number) << 32 | u64::from(key.remote);
        let mixed = u128::from(ends ^ self.seed) * u128::from(0x9e37_79b9_7f4a_7c15 ^ u64::from(key.dport) << 20);
        ((mixed >> 64) as u64 ^ mixed as u64) as u32
    }

    /// The place that may be that of a pair, seen from its hash alone; [`NONE`] where there is none.
    #[inline]
    pub(super) fn guess(&self, key: PairKey) -> u32 {
        let tag = self.tag(key);
        let mut at = tag as usize & (self.slots.len() - 1);
        loop {
            let slot = self.slots[at];
            if slot.tag == tag || slot.place == NONE {
                return slot.place;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The place of a pair, or [`NONE`].
    pub(super) fn find(&self, key: PairKey) -> u32 {
        let tag = self.tag(key);
        let mut at = tag as usize & (self.slots.len() - 1);
        loop {
            let slot = self.slots[at];
            if slot.place == NONE || (slot.tag == tag && self.is(slot.place, key)) {
                return slot.place;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Whether a pair is in a place.
    #[inline]
    pub(super) fn is(&self, place: u32, key: PairKey) -> bool {
        self.pairs.get(place as usize).is_some_and(|pair| pair.key == key)
    }

    /// The pair of a place; places stand as long as the generation.
    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Pair> {
        self.pairs.get_mut(place as usize)
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        self.pairs.push(pair);
        if self.pairs.len() * 2 > self.slots.len() {
            self.slots = vec![FREE; self.slots.len() * 2];
            (0..self.pairs.len()).for_each(|place| self.enter(place));
        } else {
            self.enter(self.pairs.len() - 1);
        }
    }

    fn enter(&mut self, place: usize) {
        let tag = self.tag(self.pairs[place].key);
        let mut at = tag as usize & (self.slots.len() - 1);
        while self.slots[at].place != NONE {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = Slot { tag, place: place as u32 };
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> Vec<Pair> {
        std::mem::take(self).pairs
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
            assert!(pairs.is(place, key(at)));
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
