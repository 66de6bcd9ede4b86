//! Processes on their way to destinations, by the numbers that the reader gave them. A small table says where a pair is, and
//! all that a row needs of it is in one cache line there. Both are asked for ahead, one after the other.

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
    /// The target that it is.
    pub(super) target: u32,
    /// What the ledgers call that.
    pub(super) alias: u32,
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
    #[inline(always)]
    fn known(&self, at: u32) -> Known {
        let Self { alias, v4, .. } = *self;
        Known { at, alias, v4 }
    }

    pub(super) fn new(key: PairKey, (target, alias): (u32, u32), front: Front, v4: bool) -> Self {
        Self { key, sport: 0, target, alias, front, connects: 0, line: 0, time: 0, origin: NONE, v4 }
    }
}

/// Where a pair is found, until all are forgotten, and what every row asks of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    at: u32,
    pub(super) alias: u32,
    pub(super) v4: bool,
}

/// Places of a small table.
const LEAST: usize = 64;

/// Where a pair may be.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// What is left of its hash.
    rest: u32,
    /// [`NONE`] where there is none.
    at: u32,
}

impl Slot {
    const FREE: Self = Self { rest: 0, at: NONE };
}

/// All pairs of a generation: open addressing, the next place is tried next.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    /// A power of two, at least three eighths of them free.
    slots: Vec<Slot>,
    pairs: Vec<Pair>,
    seeds: [u64; 2],
}

impl Default for Pairs {
    fn default() -> Self {
        let hasher = RandomState::default();
        let seeds = [hasher.hash_one(0_u8), hasher.hash_one(1_u8)];
        Self { slots: vec![Slot::FREE; LEAST], pairs: Vec::new(), seeds }
    }
}

/// Any odd number without a pattern.
const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of a product.
#[inline(always)]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

impl Pairs {
    #[inline(always)]
    pub(super) fn hash(&self, key: PairKey) -> u64 {
        let [one, other] = self.seeds;
        let ends = u64::from(key.number) << 32 | u64::from(key.remote);
        // Numbers that follow each other are to lie apart.
        folded(folded(ends ^ one, MIXED) ^ u64::from(key.dport), other | 1)
    }

    #[inline(always)]
    fn first(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// Asks for what says where a pair is that is needed soon.
    #[inline(always)]
    pub(super) fn fetch_slot(&self, hash: u64) {
        prefetch_index(&self.slots, self.first(hash));
    }

    /// Asks for the pair itself: where it is, if it is there.
    #[inline(always)]
    pub(super) fn fetch(&self, hash: u64) -> u32 {
        let at = self.find_slot(hash, |_| true);
        if at != NONE {
            prefetch_index(&self.pairs, at as usize);
        }
        at
    }

    /// The first that is it of those that a hash leads to.
    #[inline(always)]
    fn find_slot(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> u32 {
        let mut place = self.first(hash);
        loop {
            let Slot { rest, at } = self.slots[place];
            if at == NONE || (rest == (hash >> 32) as u32 && is_it(at)) {
                return at;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// A pair, if there is one, that is most likely there where it was asked for.
    #[inline(always)]
    pub(super) fn find_at(&self, at: u32, key: PairKey) -> Option<Known> {
        match self.pairs.get(at as usize) {
            Some(pair) if pair.key == key => Some(pair.known(at)),
            _ => self.find(key),
        }
    }

    #[inline(never)]
    pub(super) fn find(&self, key: PairKey) -> Option<Known> {
        let at = self.find_slot(self.hash(key), |at| self.pairs[at as usize].key == key);
        self.pairs.get(at as usize).map(|pair| pair.known(at))
    }

    /// The pair that was found.
    #[inline(always)]
    pub(super) fn get_mut(&mut self, known: Known) -> &mut Pair {
        &mut self.pairs[known.at as usize]
    }

    /// Adds a pair that is not there.
    pub(super) fn insert(&mut self, pair: Pair) {
        let at = self.pairs.len() as u32;
        self.pairs.push(pair);
        if self.pairs.len() * 8 > self.slots.len() * 5 {
            self.slots = vec![Slot::FREE; self.slots.len() * 2];
            (0..=at).for_each(|at| self.put(at));
        } else {
            self.put(at);
        }
    }

    fn put(&mut self, at: u32) {
        let hash = self.hash(self.pairs[at as usize].key);
        let mut place = self.first(hash);
        while self.slots[place].at != NONE {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = Slot { rest: (hash >> 32) as u32, at };
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pair> + use<> {
        self.slots = vec![Slot::FREE; LEAST];
        std::mem::take(&mut self.pairs).into_iter()
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
            assert!(pairs.find(key(at)).is_none() && pairs.find_at(at / 2, key(at)).is_none());
            pairs.insert(Pair::new(key(at), (at, at + 1), Front::NOTHING, at % 2 == 0));
        }
        for at in 0..5_000 {
            let asked = pairs.fetch(pairs.hash(key(at)));
            assert_eq!(asked, at);
            // It may not have been there when it was asked for.
            for asked in [asked, NONE, 7] {
                let known = pairs.find_at(asked, key(at)).unwrap();
                assert_eq!((known.at, known.alias, known.v4), (at, at + 1, at % 2 == 0));
                assert_eq!(pairs.get_mut(known).target, at);
            }
        }
        assert_eq!(pairs.slots.len(), 8_192);
        assert_eq!(pairs.drain().count(), 5_000);
        assert!(pairs.find(key(0)).is_none());
        assert_eq!(pairs.fetch(pairs.hash(key(0))), NONE);
    }

    /// Numbers follow each other: whether one process goes to many addresses, or many go to one, few places are looked at.
    #[test]
    fn numbers_that_follow_each_other_lie_apart() {
        type Pattern = fn(u32) -> PairKey;
        let patterns: [Pattern; 3] = [
            |at| PairKey { number: 0, remote: at, dport: 443 },
            |at| PairKey { number: at, remote: 3, dport: 443 },
            |at| PairKey { number: at % 100, remote: at / 100, dport: (at % 2) as u16 },
        ];
        for (pattern, _) in patterns.iter().flat_map(|pattern| (0..20).map(move |seed| (pattern, seed))) {
            let mut pairs = Pairs::default();
            (0..20_000).for_each(|at| pairs.insert(Pair::new(pattern(at), (at, at), Front::NOTHING, true)));
            let places: usize =
                pairs.slots.iter().enumerate().filter(|(_, slot)| slot.at != NONE).fold(0, |all, (place, slot)| {
                    let first = pairs.first(pairs.hash(pairs.pairs[slot.at as usize].key));
                    all + (place.wrapping_sub(first) & (pairs.slots.len() - 1)) + 1
                });
            // Of a table that is five eighths full it would be 1.8 by chance.
            assert!(places < 2 * 20_000, "{places}");
        }
    }

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!((size_of::<Pair>(), size_of::<Slot>()), (64, 8));
    }
}
