//! When a closed flow's port comes free, for every hold at once.
//!
//! Closes come in the order of time, so one queue serves all holds: each has a cursor in it, the shorter the hold the
//! further ahead. A flow keeps its place in the queue; a hold has let go of it when its cursor is behind that place.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

use prefetch_index::prefetch_index;

use super::flows::Flow;

/// A hold of nothing would make a close alone a port that never was held.
const SHORTEST: i64 = 1;

/// A closed flow, with all that is known of it: nothing else is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) way: u32,
    pub(super) lane: u32,
    /// Its destination.
    pub(super) spot: u32,
    /// Port number of the first-free simulation.
    pub(super) number: u32,
    /// Number of its last connect in the run.
    pub(super) serial: u32,
    pub(super) sport: u16,
    bits: u8,
}

/// Its close was counted.
const COUNTED: u8 = 1;
/// Its destination is a public one.
const PUBLIC: u8 = 2;
/// Its 4-tuple was opened again: nothing is to be released.
const CANCELLED: u8 = 4;

impl Closed {
    #[inline(always)]
    pub(super) fn of(flow: &Flow, (spot, is_public): (u32, bool)) -> Self {
        let Flow { way, lane, number, serial, sport, counted, .. } = *flow;
        let bits = (u8::from(counted) * COUNTED) | (u8::from(is_public) * PUBLIC);
        Self { way, lane, spot, number, serial, sport, bits }
    }

    pub(super) fn is_counted(&self) -> bool {
        self.bits & COUNTED != 0
    }

    #[inline]
    pub(super) fn is_public(&self) -> bool {
        self.bits & PUBLIC != 0
    }

    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        self.bits & CANCELLED != 0
    }
}

/// Closed flows whose port some hold keeps, with the times of their closes.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    /// Different holds, ascending.
    holds: Vec<Hold>,
    /// Blocks of [`BLOCK`] places; the last is being filled.
    blocks: VecDeque<Block>,
    /// Place of the first block's first.
    start: u64,
    /// A block to be filled again.
    spare: Block,
    /// Place of the queue's front, and the next place.
    base: u64,
    next: u64,
    /// Those in the queue that are not cancelled.
    held: usize,
    /// Before it nothing is due.
    earliest: i64,
}

/// The places that are in the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct InQueue {
    base: u32,
    len: u32,
}

impl InQueue {
    /// Whether a place, of which the last bits are given, is one of them.
    #[inline(always)]
    pub(super) fn has(self, place: u32) -> bool {
        place.wrapping_sub(self.base) < self.len
    }
}

#[derive(Clone, Copy, Debug)]
struct Hold {
    /// Its length, ns.
    length: i64,
    /// The first place that it has not let go of.
    cursor: u64,
    /// When it lets go of that; [`NEVER`] where there is nothing.
    due: i64,
}

const NEVER: i64 = i64::MAX;

type Block = Vec<(i64, Closed)>;

/// Places of a block: what is in the queue never has to be moved.
const BLOCK: usize = 1 << 16;

impl Releases {
    /// `holds` in any order. Also returned: for each of them which of the different ones it is.
    pub(super) fn new(holds: &[i64]) -> (Self, Vec<usize>) {
        let holds: Vec<i64> = holds.iter().map(|hold| (*hold).max(SHORTEST)).collect();
        let mut distinct = holds.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let which = holds.iter().map(|hold| distinct.partition_point(|other| other < hold)).collect();
        let holds = distinct.into_iter().map(|length| Hold { length, cursor: 0, due: NEVER }).collect();
        let blocks = VecDeque::from([Vec::new()]);
        (Self { holds, blocks, start: 0, spare: Vec::new(), base: 0, next: 0, held: 0, earliest: NEVER }, which)
    }

    /// Different holds.
    #[inline(always)]
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Where a place is, in which block.
    #[inline(always)]
    fn at(&self, place: u64) -> (usize, usize) {
        let at = place.wrapping_sub(self.start) as usize;
        (at / BLOCK, at % BLOCK)
    }

    /// What was pushed to a place; it may have left the queue just now.
    #[inline(always)]
    fn entry(&self, place: u64) -> Option<&(i64, Closed)> {
        let (block, at) = self.at(place);
        self.blocks.get(block)?.get(at)
    }

    /// Puts a flow that closed at `time` into the queue.
    #[inline(always)]
    pub(super) fn push(&mut self, time: i64, closed: Closed) -> u64 {
        let place = self.next;
        for hold in self.holds.iter_mut().filter(|hold| hold.cursor == place) {
            hold.due = time.saturating_add(hold.length);
            self.earliest = self.earliest.min(hold.due);
        }
        if place.wrapping_sub(self.start) as usize == self.blocks.len() * BLOCK {
            self.next_block();
        }
        if let Some(block) = self.blocks.back_mut() {
            block.push((time, closed));
        }
        self.next += 1;
        self.held += 1;
        place
    }

    #[cold]
    fn next_block(&mut self) {
        let mut block = mem::take(&mut self.spare);
        block.reserve_exact(BLOCK);
        self.blocks.push_back(block);
    }

    /// The blocks before the queue's front are free.
    #[cold]
    fn free_blocks(&mut self) {
        while self.base.wrapping_sub(self.start) as usize >= BLOCK
            && self.blocks.len() > 1
            && let Some(mut block) = self.blocks.pop_front()
        {
            self.start += BLOCK as u64;
            block.clear();
            self.spare = block;
        }
    }

    /// Place of the queue's front.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Entries in the queue, those cancelled included.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        (self.next - self.base) as usize
    }

    /// Flows that some hold keeps.
    #[inline(always)]
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Which places are in the queue.
    #[inline(always)]
    pub(super) fn in_queue(&self) -> InQueue {
        // More than four billion flows are nowhere.
        InQueue { base: self.base as u32, len: u32::try_from(self.next - self.base).unwrap_or(u32::MAX) }
    }

    /// Whether a place, of which the last bits are given, is in the queue.
    #[inline(always)]
    pub(super) fn is_in_queue(&self, place: u32) -> bool {
        self.in_queue().has(place)
    }

    /// The later of two places, of which the last bits are given: one that is not in the queue any more is earlier.
    pub(super) fn later(&self, one: u32, other: u32) -> u32 {
        match self.is_in_queue(one) && self.place(one) > self.place(other) {
            true => one,
            false => other,
        }
    }

    /// The whole place.
    #[inline]
    pub(super) fn place(&self, place: u32) -> u64 {
        self.base + u64::from(place.wrapping_sub(self.base as u32))
    }

    /// What was pushed to a place, while any hold keeps it.
    #[inline]
    pub(super) fn get(&self, place: u64) -> Option<&Closed> {
        if self.base <= place { self.entry(place).map(|(_, closed)| closed) } else { None }
    }

    /// Takes the pending releases of a place out.
    pub(super) fn cancel(&mut self, place: u64) {
        if self.get(place).is_some_and(|closed| !closed.is_cancelled()) {
            let (block, at) = self.at(place);
            self.blocks[block][at].1.bits |= CANCELLED;
            self.held -= 1;
        }
    }

    /// Whether the hold still keeps what was pushed to the place.
    pub(super) fn keeps(&self, hold: usize, place: u64) -> bool {
        self.holds[hold].cursor <= place
    }

    /// Whether anything may be due at `time`.
    #[inline(always)]
    pub(super) fn is_due(&self, time: i64) -> bool {
        self.earliest <= time
    }

    /// All that was due has been taken.
    #[inline(always)]
    pub(super) fn done(&mut self) {
        self.earliest = self.holds.iter().fold(NEVER, |earliest, hold| earliest.min(hold.due));
        if self.base.wrapping_sub(self.start) as usize >= BLOCK {
            self.free_blocks();
        }
    }

    /// The places that one hold lets go of at `time`, the earliest first.
    #[inline(always)]
    pub(super) fn due(&mut self, which: usize, time: i64) -> Range<u64> {
        let last = which + 1 == self.holds.len();
        let mut hold = self.holds[which];
        let from = hold.cursor;
        // At the very last instant of all even a hold of nothing is due.
        while hold.cursor < self.next && hold.due <= time {
            hold.cursor += 1;
            hold.due = self.entry(hold.cursor).map_or(NEVER, |(time, _)| time.saturating_add(hold.length));
        }
        self.holds[which] = hold;
        if last {
            self.base = hold.cursor;
        }
        from..hold.cursor
    }

    /// What one hold lets go of at one of those places, and when; `None` where it is nothing.
    #[inline(always)]
    pub(super) fn leaves(&mut self, which: usize, place: u64) -> Option<(i64, Closed)> {
        let (closed_at, closed) = *self.entry(place)?;
        if closed.is_cancelled() {
            return None;
        }
        self.held -= usize::from(which + 1 == self.holds.len());
        Some((closed_at.saturating_add(self.holds[which].length), closed))
    }

    /// What one hold lets go of at `time`, and when.
    #[cfg(test)]
    pub(super) fn all_due(&mut self, which: usize, time: i64) -> Vec<(i64, Closed)> {
        self.due(which, time).filter_map(|place| self.leaves(which, place)).collect()
    }

    /// Asks for a place that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, place: u64) {
        let (block, at) = self.at(place);
        if let Some(block) = self.blocks.get(block) {
            prefetch_index(block, at);
        }
    }

    /// What a place is of, if it has been taken.
    #[inline(always)]
    pub(super) fn near(&self, place: u64) -> Option<&Closed> {
        self.entry(place).map(|(_, closed)| closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hold_lets_go_at_its_own_time() {
        let (mut releases, which) = Releases::new(&[20, 5, 20]);
        assert_eq!(which, [1, 0, 1]);
        let closed = |way| Closed::of(&Flow::new(way, 0, 1), (0, false));
        let place = releases.push(100, closed(7));
        assert!(!releases.is_due(104) && releases.all_due(0, 104).is_empty());
        assert!(releases.is_due(105));
        assert_eq!(releases.all_due(0, 105), [(105, closed(7))]);
        assert!(!releases.keeps(0, place) && releases.keeps(1, place));
        releases.done();
        assert!(!releases.is_due(119) && releases.is_due(120));
        assert!(releases.all_due(1, 119).is_empty());
        assert_eq!(releases.all_due(1, 130), [(120, closed(7))]);
        let place = releases.push(200, closed(8));
        releases.push(201, closed(9));
        releases.cancel(place);
        assert_eq!(releases.all_due(0, 900), [(206, closed(9))]);
        assert_eq!((releases.len(), releases.held()), (2, 1));
        assert_eq!(releases.all_due(1, 900), [(221, closed(9))]);
        assert_eq!((releases.len(), releases.held()), (0, 0));
    }

    #[test]
    fn the_last_instant_of_all_is_one_as_well() {
        let (mut releases, _) = Releases::new(&[20, 5]);
        assert!(releases.all_due(0, NEVER).is_empty() && releases.all_due(1, NEVER).is_empty());
        let closed = Closed::of(&Flow::new(7, 0, 1), (0, false));
        releases.push(NEVER - 10, closed);
        assert_eq!(releases.all_due(0, NEVER), [(NEVER - 5, closed)]);
        assert_eq!(releases.all_due(1, NEVER), [(NEVER, closed)]);
        assert!(releases.all_due(0, NEVER).is_empty() && releases.all_due(1, NEVER).is_empty());
        assert_eq!((releases.len(), releases.held()), (0, 0));
    }
}
