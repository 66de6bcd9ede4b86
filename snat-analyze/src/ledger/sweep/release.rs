//! When a closed flow's port comes free, for every hold at once.
//!
//! Closes come in the order of time, so one queue serves all holds: each has a cursor in it, the shorter the hold the
//! further ahead. A flow keeps its place in the queue; a hold has let go of it when its cursor is behind that place. One
//! hold may be late: it is asked now and then, so its cursor may lie behind those of longer ones.

use std::collections::VecDeque;
use std::mem;

use super::flows::Flow;

/// A hold of nothing would make a close alone a port that never was held.
const SHORTEST: i64 = 1;

/// A closed flow. There may be millions, so it says no more than it has to: its way and its destination are those of the lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) lane: u32,
    /// Port number of the first-free simulation.
    pub(super) number: u32,
    /// Number of its last connect in the run.
    pub(super) serial: u32,
    /// Nanoseconds behind the close before it, or [`LEAP`].
    behind: u32,
    pub(super) sport: u16,
    bits: u16,
}

/// Its close was counted.
const COUNTED: u16 = 1;
/// Its 4-tuple was opened again: nothing is to be released.
const CANCELLED: u16 = 2;

/// The time of a close is kept aside.
const LEAP: u32 = u32::MAX;

impl Closed {
    #[inline(always)]
    pub(super) fn of(flow: &Flow) -> Self {
        let Flow { lane, number, serial, sport, counted, .. } = *flow;
        Self { lane, number, serial, behind: LEAP, sport, bits: u16::from(counted) * COUNTED }
    }

    pub(super) fn is_counted(&self) -> bool {
        self.bits & COUNTED != 0
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
    /// A ring of blocks, as many as a power of two, of [`BLOCK`] places each: what is in the queue never has to be moved.
    ring: Vec<Block>,
    /// Blocks before this one have left the ring; the last of them is to be filled again.
    first: u64,
    spare: Block,
    /// Place of the queue's front, and the next place.
    base: u64,
    next: u64,
    /// Time of the last close; before the first, the least that there is.
    last: i64,
    /// Places, ascending, with the times of closes that are too far behind the one before, at least those that some hold keeps.
    leaps: VecDeque<(u64, i64)>,
    /// Those in the queue that are cancelled.
    cancelled: u64,
    /// Before it nothing is due, but of the hold that is late.
    earliest: i64,
    /// Whether some hold may have nothing to let go of.
    is_idle: bool,
    /// The hold that is late, if one is.
    late: Option<usize>,
}

/// The places that are in the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct InQueue {
    pub(super) base: u32,
    pub(super) len: u32,
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
    /// Time of the close before that one; before the first, the least that there is.
    before: i64,
    /// When it lets go of that; [`NEVER`] where there is nothing.
    due: i64,
}

const NEVER: i64 = i64::MAX;

type Block = Vec<Closed>;

/// Places of a block.
const BLOCK: u64 = if cfg!(test) { 1 << 3 } else { 1 << 16 };

impl Releases {
    /// `holds` in any order. Also returned: for each of them which of the different ones it is.
    pub(super) fn new(holds: &[i64]) -> (Self, Vec<usize>) {
        let holds: Vec<i64> = holds.iter().map(|hold| (*hold).max(SHORTEST)).collect();
        let mut distinct = holds.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let which = holds.iter().map(|hold| distinct.partition_point(|other| other < hold)).collect();
        let holds =
            distinct.into_iter().map(|length| Hold { length, cursor: 0, before: i64::MIN, due: NEVER }).collect();
        let new = Self {
            holds,
            ring: vec![Vec::new(); 2],
            first: 0,
            spare: Vec::new(),
            base: 0,
            next: 0,
            last: i64::MIN,
            leaps: VecDeque::new(),
            cancelled: 0,
            earliest: NEVER,
            is_idle: true,
            late: None,
        };
        (new, which)
    }

    /// From now on this hold is late: nothing is said to be due for its sake.
    pub(super) fn be_late(&mut self, which: usize) {
        self.late = Some(which);
    }

    /// The hold that is late, if one is.
    #[inline(always)]
    pub(super) fn late(&self) -> Option<usize> {
        self.late
    }

    /// Different holds.
    #[inline(always)]
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Where the block of a place is.
    #[inline(always)]
    fn block(&self, place: u64) -> usize {
        (place / BLOCK) as usize & (self.ring.len() - 1)
    }

    /// Puts a flow that closed at `time` into the queue.
    #[inline(always)]
    pub(super) fn push(&mut self, time: i64, mut closed: Closed) -> u64 {
        let place = self.next;
        let behind = time.checked_sub(self.last).and_then(|behind| u32::try_from(behind).ok());
        closed.behind = behind.unwrap_or(LEAP);
        if closed.behind == LEAP {
            self.leaps.push_back((place, time));
        }
        self.last = time;
        if self.is_idle {
            self.wakes(time);
        }
        if place.is_multiple_of(BLOCK) {
            self.next_block();
        }
        let block = self.block(place);
        self.ring[block].push(closed);
        self.next += 1;
        place
    }

    /// What comes next is the first for holds that have nothing to let go of.
    #[cold]
    fn wakes(&mut self, time: i64) {
        self.is_idle = false;
        for hold in self.holds.iter_mut().filter(|hold| hold.cursor == self.next) {
            hold.due = time.saturating_add(hold.length);
        }
        self.done();
    }

    /// The next place begins a block.
    #[cold]
    fn next_block(&mut self) {
        let next = self.next / BLOCK;
        let gone = self.holds.iter().fold(self.base, |gone, hold| gone.min(hold.cursor));
        while self.leaps.front().is_some_and(|(place, _)| *place < gone) {
            self.leaps.pop_front();
        }
        while self.first < (gone / BLOCK).min(next) {
            let at = self.block(self.first * BLOCK);
            self.spare = mem::take(&mut self.ring[at]);
            self.first += 1;
        }
        if (next - self.first) as usize >= self.ring.len() {
            let mut ring = vec![Vec::new(); 2 * self.ring.len()];
            for block in self.first..next {
                let (from, to) = (self.block(block * BLOCK), block as usize & (ring.len() - 1));
                ring[to] = mem::take(&mut self.ring[from]);
            }
            self.ring = ring;
        }
        let mut block = mem::take(&mut self.spare);
        block.clear();
        if next > 0 {
            block.reserve_exact(BLOCK as usize);
        }
        let at = self.block(self.next);
        self.ring[at] = block;
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
        (self.next - self.base - self.cancelled) as usize
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
        let entry = self.ring[self.block(place)].get((place % BLOCK) as usize);
        entry.filter(|_| self.base <= place)
    }

    /// Takes the pending releases of a place out.
    pub(super) fn cancel(&mut self, place: u64) {
        if self.get(place).is_some_and(|closed| !closed.is_cancelled()) {
            let block = self.block(place);
            self.ring[block][(place % BLOCK) as usize].bits |= CANCELLED;
            self.cancelled += 1;
        }
    }

    /// Whether the hold still keeps what was pushed to the place. One that is late has to be asked for what is due first.
    pub(super) fn keeps(&self, hold: usize, place: u64) -> bool {
        self.holds[hold].cursor <= place
    }

    /// Whether anything may be due at `time`.
    #[inline(always)]
    pub(super) fn is_due(&self, time: i64) -> bool {
        self.earliest <= time
    }

    /// All that was due has been taken, but of the hold that is late.
    #[inline(always)]
    pub(super) fn done(&mut self) {
        let asked = self.holds.iter().enumerate().filter(|(which, _)| Some(*which) != self.late);
        self.earliest = asked.fold(NEVER, |earliest, (_, hold)| earliest.min(hold.due));
    }

    /// Time of a close that is far behind the one before.
    #[cold]
    fn leap(&self, place: u64) -> i64 {
        let leap = self.leaps.get(self.leaps.partition_point(|(leap, _)| *leap < place));
        debug_assert!(leap.is_some_and(|(leap, _)| *leap == place), "no time of {place} is kept");
        leap.map_or(self.last, |(_, time)| *time)
    }

    /// One hold lets go of all that is due at `time`, the first first. Told is when, what was pushed, and the queue from that on,
    /// as far as it lies there.
    #[inline(always)]
    pub(super) fn let_go(&mut self, which: usize, time: i64, mut tell: impl FnMut(i64, &Closed, &[Closed])) {
        let Hold { length, mut cursor, mut before, due } = self.holds[which];
        if due > time {
            return;
        }
        let (mut due, mut cancelled) = (NEVER, 0);
        'queue: while cursor < self.next {
            let places = &self.ring[self.block(cursor)][(cursor % BLOCK) as usize..];
            for (at, closed) in places.iter().enumerate() {
                let closed_at = match closed.behind {
                    LEAP => self.leap(cursor + at as u64),
                    behind => before + i64::from(behind),
                };
                let leaves_at = closed_at.saturating_add(length);
                if leaves_at > time {
                    (due, cursor) = (leaves_at, cursor + at as u64);
                    break 'queue;
                }
                before = closed_at;
                if closed.is_cancelled() {
                    cancelled += 1;
                } else {
                    tell(leaves_at, closed, &places[at..]);
                }
            }
            cursor += places.len() as u64;
        }
        self.is_idle |= due == NEVER;
        self.holds[which] = Hold { length, cursor, before, due };
        if which + 1 == self.holds.len() {
            (self.base, self.cancelled) = (cursor, self.cancelled - cancelled);
        }
    }

    /// What one hold lets go of at `time`, and when.
    #[cfg(test)]
    pub(super) fn all_due(&mut self, which: usize, time: i64) -> Vec<(i64, Closed)> {
        let mut all = Vec::new();
        self.let_go(which, time, |due, closed, _| all.push((due, Closed { behind: LEAP, ..*closed })));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hold_lets_go_at_its_own_time() {
        let (mut releases, which) = Releases::new(&[20, 5, 20]);
        assert_eq!(which, [1, 0, 1]);
        let closed = |lane| Closed::of(&Flow::new(0, lane, 1));
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

    /// The short hold is through with a ring that is full of what the long one keeps, where the next place begins a block.
    #[test]
    fn nothing_is_due_by_what_stood_in_a_place_before() {
        let (mut releases, _) = Releases::new(&[5, 1_000]);
        let closed = |lane| Closed::of(&Flow::new(0, lane, 1));
        for blocks in [2, 4, 8] {
            let (full, at) = (blocks * BLOCK, (blocks * 50) as i64);
            while releases.next < full {
                releases.push(at, closed(releases.next as u32));
            }
            assert_eq!((releases.ring.len() as u64, releases.base), (blocks, 0));
            releases.all_due(0, at + 5);
            releases.done();
            assert!(!releases.is_due(at + 20));
            releases.push(at + 20, closed(7));
            assert!(releases.all_due(0, at + 24).is_empty());
            assert_eq!(releases.all_due(0, at + 25), [(at + 25, closed(7))]);
        }
        assert_eq!(releases.all_due(1, 5_000).len() as u64, 8 * BLOCK + 1);
    }

    /// Closes that are as near and as far from each other as can be told apart, beside a list of them.
    #[test]
    fn times_between_closes_are_kept_whatever_they_are() {
        let far = i64::from(LEAP);
        let between = [0, 1, 1_000_000, far - 1, far, far + 1, 60_000_000_000];
        let lengths = [5, far, 100_000_000_000];
        let (mut releases, _) = Releases::new(&lengths);
        // As a stage has it: the second is asked now and then.
        releases.be_late(1);
        let mut random = fixtures::Random::new(11);
        let (mut time, mut all, mut gone) = (i64::MIN + 9, Vec::new(), [0; 3]);
        let mut leaps = 0;
        for at in 0..20_000_u32 {
            time += between[random.below(7) as usize];
            releases.push(time, Closed::of(&Flow::new(0, at, 1)));
            all.push(time);
            leaps = leaps.max(releases.leaps.len());
            for which in [0, 2, 1].into_iter().filter(|which| *which != 1 || at.is_multiple_of(9)) {
                let due = releases.all_due(which, time);
                for (due, closed) in due {
                    let next = gone[which];
                    assert_eq!((due, closed.lane), (all[next] + lengths[which], next as u32));
                    gone[which] += 1;
                }
                let left = all[gone[which]..].first();
                assert!(left.is_none_or(|left| left + lengths[which] > time), "{at}: hold {which}");
            }
        }
        assert!(leaps < 100 && gone.iter().all(|gone| *gone > 19_900), "{leaps} {gone:?}");
    }

    #[test]
    fn the_last_instant_of_all_is_one_as_well() {
        let (mut releases, _) = Releases::new(&[20, 5]);
        assert!(releases.all_due(0, NEVER).is_empty() && releases.all_due(1, NEVER).is_empty());
        let closed = Closed::of(&Flow::new(0, 7, 1));
        releases.push(NEVER - 10, closed);
        assert_eq!(releases.all_due(0, NEVER), [(NEVER - 5, closed)]);
        assert_eq!(releases.all_due(1, NEVER), [(NEVER, closed)]);
        assert!(releases.all_due(0, NEVER).is_empty() && releases.all_due(1, NEVER).is_empty());
        assert_eq!((releases.len(), releases.held()), (0, 0));
    }
}
