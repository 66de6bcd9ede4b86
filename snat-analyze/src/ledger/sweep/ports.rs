//! The first-free-port simulation: ports in a row, each new flow takes the lowest that its destination does not use.
//!
//! The number of different ports in use lies between the fullest destination and the sum; it is what a metric of used
//! ports should show.

use super::step::Now;
use super::tally::Count;

/// Words of port numbers that lie with the destination's other numbers.
const NEAR: usize = 6;

/// Port numbers of one destination: a bit for each that is taken, and one for each 64 that all are. Most destinations use
/// no more than a cache line of them.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(super) struct Numbers {
    near: [u64; NEAR],
    /// Of the first 4,096 numbers.
    full: u64,
    /// Those behind the near ones.
    far: Option<Box<Far>>,
}

#[derive(Clone, Debug, Default)]
struct Far {
    taken: Vec<u64>,
    /// Of those behind the first 4,096.
    more: More,
}

#[derive(Clone, Debug, Default)]
struct More {
    full: Vec<u64>,
    /// No word of `full` before this one has a gap.
    from: usize,
}

impl Numbers {
    /// The lowest that is free.
    #[inline]
    fn take(&mut self) -> u32 {
        let word = self.free_word();
        let bits = self.word(word);
        let bit = bits.trailing_ones();
        *bits |= 1 << bit;
        if *bits == u64::MAX {
            *self.full_word(word) |= 1 << (word % 64);
        }
        word as u32 * 64 + bit
    }

    /// The numbers of a word; the next one behind all is there when it is asked for.
    #[inline]
    fn word(&mut self, word: usize) -> &mut u64 {
        match word.checked_sub(NEAR) {
            None => &mut self.near[word],
            Some(at) => self.far.get_or_insert_default().word(at),
        }
    }

    /// The first word of `taken` that has a gap.
    #[inline]
    fn free_word(&mut self) -> usize {
        if self.full != u64::MAX {
            self.full.trailing_ones() as usize
        } else {
            self.far.get_or_insert_default().more.free()
        }
    }

    #[inline]
    fn full_word(&mut self, word: usize) -> &mut u64 {
        match (word / 64).checked_sub(1) {
            None => &mut self.full,
            Some(at) => self.far.get_or_insert_default().more.word(at),
        }
    }

    #[inline]
    fn give_back(&mut self, number: u32) {
        let word = number as usize / 64;
        *self.word(word) &= !(1 << (number % 64));
        *self.full_word(word) &= !(1 << (word % 64));
    }
}

impl Far {
    #[inline]
    fn word(&mut self, at: usize) -> &mut u64 {
        if at == self.taken.len() {
            self.taken.push(0);
        }
        &mut self.taken[at]
    }
}

impl More {
    #[cold]
    fn free(&mut self) -> usize {
        while self.full.get(self.from) == Some(&u64::MAX) {
            self.from += 1;
        }
        if self.from == self.full.len() {
            self.full.push(0);
        }
        (self.from + 1) * 64 + self.full[self.from].trailing_ones() as usize
    }

    /// A word of it, which may get a gap.
    #[cold]
    fn word(&mut self, at: usize) -> &mut u64 {
        self.from = self.from.min(at);
        &mut self.full[at]
    }
}

/// Port numbers of one address family, over all its destinations.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// Destinations that use each number.
    uses: Vec<u32>,
    /// Numbers in use.
    pub(super) used: Count,
}

impl Pool {
    #[inline(always)]
    pub(super) fn take(&mut self, numbers: &mut Numbers, now: Now) -> u32 {
        let number = numbers.take();
        let at = number as usize;
        if self.uses.len() <= at {
            self.uses.resize(at + 1, 0);
        }
        self.uses[at] += 1;
        if self.uses[at] == 1 {
            self.used.add(now);
        }
        number
    }

    #[inline(always)]
    pub(super) fn give_back(&mut self, numbers: &mut Numbers, number: u32) {
        numbers.give_back(number);
        let uses = &mut self.uses[number as usize];
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.used.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_share_a_port_and_the_lowest_goes_first() {
        let now = Now::at(1, true);
        let (mut pool, mut a, mut b) = (Pool::default(), Numbers::default(), Numbers::default());
        assert_eq!([pool.take(&mut a, now), pool.take(&mut a, now), pool.take(&mut b, now)], [0, 1, 0]);
        pool.give_back(&mut a, 0);
        assert_eq!((pool.used.value.now, pool.used.value.peak), (2, 2));
        assert_eq!(pool.take(&mut a, now), 0);
        pool.give_back(&mut b, 0);
        pool.give_back(&mut a, 0);
        assert_eq!((pool.used.value.now, pool.used.value.peak), (1, 2));
    }

    #[test]
    fn the_lowest_of_many_is_found() {
        let mut numbers = Numbers::default();
        assert!((0..10_000).all(|number| numbers.take() == number));
        for number in [9_999, 4_096, 63, 64] {
            numbers.give_back(number);
        }
        assert_eq!([(); 5].map(|()| numbers.take()), [63, 64, 4_096, 9_999, 10_000]);
    }
}
