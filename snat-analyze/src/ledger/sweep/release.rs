//! When a closed flow's port comes free, for every hold at once.
//!
//! Closes come in the order of time, so one queue serves all holds: each has a cursor in it, the shorter the hold the
//! further ahead. A flow keeps its place in the queue; a hold has let go of it when its cursor is behind that place.

use std::collections::VecDeque;

/// A hold of nothing would make a close alone a port that never was held.
const SHORTEST: i64 = 1;

#[derive(Clone, Copy, Debug)]
struct Closed {
    time: i64,
    flow: u32,
    /// Where it is counted: most holds need no more, and the flow itself need not be fetched.
    spots: [Option<u32>; 2],
    /// Its 4-tuple was opened again: nothing is to be released.
    cancelled: bool,
}

/// Closed flows whose port some hold keeps.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    /// Different holds, ascending, ns.
    holds: Vec<i64>,
    /// For every hold, the first place that it has not let go of.
    cursors: Vec<u64>,
    queue: VecDeque<Closed>,
    /// Place of the queue's front.
    base: u64,
}

/// A hold that ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) time: i64,
    pub(super) flow: u32,
    pub(super) spots: [Option<u32>; 2],
}

impl Releases {
    /// `holds` in any order. Also returned: for each of them which of the different ones it is.
    pub(super) fn new(holds: &[i64]) -> (Self, Vec<usize>) {
        let holds: Vec<i64> = holds.iter().map(|hold| (*hold).max(SHORTEST)).collect();
        let mut distinct = holds.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let which = holds.iter().map(|hold| distinct.partition_point(|other| other < hold)).collect();
        let cursors = vec![0; distinct.len()];
        (Self { holds: distinct, cursors, queue: VecDeque::new(), base: 0 }, which)
    }

    /// Different holds.
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Puts a flow that closed at `time` into the queue.
    pub(super) fn push(&mut self, time: i64, flow: u32, spots: [Option<u32>; 2]) -> u64 {
        self.queue.push_back(Closed { time, flow, spots, cancelled: false });
        self.base + self.queue.len() as u64 - 1
    }

    /// Takes the pending releases of a place out.
    pub(super) fn cancel(&mut self, place: u64) {
        if let Some(closed) = self.queue.get_mut((place - self.base) as usize) {
            closed.cancelled = true;
        }
    }

    /// Whether the hold still keeps what was pushed to the place.
    pub(super) fn keeps(&self, hold: usize, place: u64) -> bool {
        self.cursors[hold] <= place
    }

    /// The next release of one hold that is due at `time`.
    pub(super) fn next(&mut self, hold: usize, time: i64) -> Option<Release> {
        loop {
            let closed = *self.queue.get((self.cursors[hold] - self.base) as usize)?;
            let end = closed.time.saturating_add(self.holds[hold]);
            if end > time {
                return None;
            }
            self.cursors[hold] += 1;
            if hold + 1 == self.holds.len() {
                self.queue.pop_front();
                self.base += 1;
            }
            if !closed.cancelled {
                return Some(Release { time: end, flow: closed.flow, spots: closed.spots });
            }
        }
    }

    /// Entries in the queue.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hold_lets_go_at_its_own_time() {
        let (mut releases, which) = Releases::new(&[20, 5, 20]);
        assert_eq!(which, [1, 0, 1]);
        let place = releases.push(100, 7, [Some(0), None]);
        assert!(releases.next(0, 104).is_none());
        assert_eq!(releases.next(0, 105).map(|release| (release.time, release.flow)), Some((105, 7)));
        assert!(!releases.keeps(0, place) && releases.keeps(1, place));
        assert!(releases.next(1, 119).is_none());
        assert_eq!(releases.next(1, 130).map(|release| release.time), Some(120));
        let place = releases.push(200, 8, [Some(0), None]);
        releases.cancel(place);
        assert!(releases.next(0, 900).is_none() && releases.next(1, 900).is_none());
        assert_eq!(releases.len(), 0);
    }
}
