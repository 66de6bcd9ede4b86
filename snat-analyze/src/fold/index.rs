//! A hash table of places: what stands there is kept elsewhere, in order.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

const FREE: u32 = u32::MAX;
const LEAST: usize = 64;

/// Places by the hash of what stands there.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A hash, and a place.
    slots: Vec<(u32, u32)>,
    len: usize,
    seed: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![(0, FREE); LEAST], len: 0, seed: RandomState::default().hash_one(LEAST) }
    }
}

/// Both halves of a product: what differs in any bit of the factors differs in many.
#[inline]
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd1b5_4a32_d192_ed03);
    (product >> 64) as u64 ^ product as u64
}

impl Index {
    /// The hash of a key that comes to two words.
    #[inline]
    pub(super) fn hash(&self, a: u64, b: u64) -> u32 {
        mixed(a ^ self.seed, b) as u32
    }

    #[inline]
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let (found, at) = self.slots[slot];
            if at == FREE {
                return None;
            }
            if found == hash && is(at) {
                return Some(at);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a place that is not there.
    pub(super) fn insert(&mut self, hash: u32, at: u32) {
        if self.len * 2 >= self.slots.len() {
            let more = vec![(0, FREE); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, more);
            old.into_iter().filter(|(_, at)| *at != FREE).for_each(|(hash, at)| self.put(hash, at));
        }
        self.len += 1;
        self.put(hash, at);
    }

    fn put(&mut self, hash: u32, at: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].1 != FREE {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (hash, at);
    }

    /// Takes all places out.
    pub(super) fn clear(&mut self) {
        self.slots.fill((0, FREE));
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let mut index = Index::default();
        let hash = |index: &Index, key: u32| index.hash(u64::from(key), 1);
        for key in 0..5_000 {
            let hash = hash(&index, key);
            assert_eq!(index.find(hash, |at| at == key), None);
            index.insert(hash, key);
        }
        assert!((0..5_000).all(|key| index.find(hash(&index, key), |at| at == key) == Some(key)));
        index.clear();
        assert_eq!(index.find(hash(&index, 7), |at| at == 7), None);
    }
}
