//! The first-free-port simulation: ports in a row, each new flow takes the lowest that its destination does not use.
//!
//! The number of different ports in use lies between the fullest destination and the sum; it is what a metric of used
//! ports should show.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::counts::Tally;
use super::step::Now;

/// Port numbers of one destination. Numbers below `next` are taken or in `free`.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    next: u32,
    free: BinaryHeap<Reverse<u32>>,
}

impl Numbers {
    fn take(&mut self) -> u32 {
        match self.free.pop() {
            Some(Reverse(number)) => number,
            None => {
                self.next += 1;
                self.next - 1
            }
        }
    }
}

/// Port numbers of one address family, over all its destinations.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// Destinations that use each number.
    uses: Vec<u32>,
    /// Numbers in use.
    pub(super) used: Tally,
}

impl Pool {
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

    pub(super) fn give_back(&mut self, numbers: &mut Numbers, number: u32) {
        numbers.free.push(Reverse(number));
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
        let now = Now { time: Some(1), measured: true };
        let (mut pool, mut a, mut b) = (Pool::default(), Numbers::default(), Numbers::default());
        assert_eq!([pool.take(&mut a, now), pool.take(&mut a, now), pool.take(&mut b, now)], [0, 1, 0]);
        pool.give_back(&mut a, 0);
        assert_eq!((pool.used.now, pool.used.peak), (2, 2));
        assert_eq!(pool.take(&mut a, now), 0);
        pool.give_back(&mut b, 0);
        pool.give_back(&mut a, 0);
        assert_eq!((pool.used.now, pool.used.peak), (1, 2));
    }
}
