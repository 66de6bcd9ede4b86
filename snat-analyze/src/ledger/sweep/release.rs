//! When a closed flow's port comes free, for every hold at once.
//!
//! Closes come in the order of time, so one queue serves all holds: each has a cursor in it, the shorter the hold the
//! further ahead. A flow keeps its place in the queue; a hold has let go of it when its cursor is behind that place.

use std::collections::VecDeque;

use super::flows::Flow;

/// A hold of nothing would make a close alone a port that never was held.
const SHORTEST: i64 = 1;

/// A closed flow, with all that most holds need of it: the flow itself need not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) way: u32,
    pub(super) lane: u32,
    /// Port number of the first-free simulation.
    pub(super) number: u32,
    pub(super) sport: u16,
    /// Its 4-tuple was opened again: nothing is to be released.
    cancelled: bool,
}

impl Closed {
    pub(super) fn of(flow: &Flow) -> Self {
        Self { way: flow.way, lane: flow.lane, number: flow.number, sport: flow.sport, cancelled: false }
    }
}

/// Closed flows whose port some hold keeps.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    /// Different holds, ascending, ns.
    holds: Vec<i64>,
    /// For every hold, the first place that it has not let go of.
    cursors: Vec<u64>,
    queue: VecDeque<(i64, Closed)>,
    /// Place of the queue's front.
    base: u64,
    /// Before it nothing is due.
    earliest: i64,
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
        (Self { holds: distinct, cursors, queue: VecDeque::new(), base: 0, earliest: i64::MAX }, which)
    }

    /// Different holds.
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Puts a flow that closed at `time` into the queue.
    pub(super) fn push(&mut self, time: i64, closed: Closed) -> u64 {
        if let Some(shortest) = self.holds.first() {
            self.earliest = self.earliest.min(time.saturating_add(*shortest));
        }
        self.queue.push_back((time, closed));
        self.base + self.queue.len() as u64 - 1
    }

    /// Takes the pending releases of a place out.
    pub(super) fn cancel(&mut self, place: u64) {
        if let Some((_, closed)) = self.queue.get_mut((place - self.base) as usize) {
            closed.cancelled = true;
        }
    }

    /// Whether the hold still keeps what was pushed to the place.
    pub(super) fn keeps(&self, hold: usize, place: u64) -> bool {
        self.cursors[hold] <= place
    }

    /// Whether anything may be due at `time`.
    pub(super) fn is_due(&self, time: i64) -> bool {
        self.earliest <= time
    }

    /// All that was due has been taken.
    pub(super) fn done(&mut self) {
        let next = |(hold, cursor): (&i64, &u64)| {
            self.queue.get((cursor - self.base) as usize).map(|(time, _)| time.saturating_add(*hold))
        };
        self.earliest = self.holds.iter().zip(&self.cursors).filter_map(next).min().unwrap_or(i64::MAX);
    }

    /// The next release of one hold that is due at `time`, and when it is.
    pub(super) fn next(&mut self, hold: usize, time: i64) -> Option<(i64, Closed)> {
        loop {
            let (closed_at, closed) = *self.queue.get((self.cursors[hold] - self.base) as usize)?;
            let end = closed_at.saturating_add(self.holds[hold]);
            if end > time {
                return None;
            }
            self.cursors[hold] += 1;
            if hold + 1 == self.holds.len() {
                self.queue.pop_front();
                self.base += 1;
            }
            if !closed.cancelled {
                return Some((end, closed));
            }
        }
    }

    /// Flows that the longest hold lets go of until `time`.
    pub(super) fn leaving(&self, time: i64) -> impl Iterator<Item = &Closed> {
        let hold = self.holds.last().copied().unwrap_or(0);
        let due = move |(closed_at, _): &&(i64, Closed)| closed_at.saturating_add(hold) <= time;
        self.queue.iter().take_while(due).map(|(_, closed)| closed)
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
        let closed = |way| Closed::of(&Flow::new(way, 0, 1));
        let place = releases.push(100, closed(7));
        assert!(!releases.is_due(104) && releases.next(0, 104).is_none());
        assert!(releases.is_due(105));
        assert_eq!(releases.next(0, 105), Some((105, closed(7))));
        assert!(!releases.keeps(0, place) && releases.keeps(1, place));
        releases.done();
        assert!(!releases.is_due(119) && releases.is_due(120));
        assert!(releases.next(1, 119).is_none());
        assert_eq!(releases.next(1, 130).map(|(time, _)| time), Some(120));
        let place = releases.push(200, closed(8));
        releases.cancel(place);
        assert!(releases.next(0, 900).is_none() && releases.next(1, 900).is_none());
        assert_eq!(releases.len(), 0);
    }
}
