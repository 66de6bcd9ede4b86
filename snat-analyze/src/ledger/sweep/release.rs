//! When a closed flow's port comes free, for every hold at once.
//!
//! Closes come in the order of time, so one queue serves all holds: each has a cursor in it, the shorter the hold the
//! further ahead. A flow keeps its place in the queue; a hold has let go of it when its cursor is behind that place.

use std::collections::VecDeque;

use super::flows::Flow;

/// A hold of nothing would make a close alone a port that never was held.
const SHORTEST: i64 = 1;

/// A closed flow, with all that is known of it: nothing else is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Its close was counted.
    pub(super) counted: bool,
    /// Its 4-tuple was opened again: nothing is to be released.
    cancelled: bool,
}

impl Closed {
    #[inline]
    pub(super) fn of(flow: &Flow, spot: u32) -> Self {
        let Flow { way, lane, number, serial, sport, counted, .. } = *flow;
        Self { way, lane, spot, number, serial, sport, counted, cancelled: false }
    }
}

/// Closed flows whose port some hold keeps.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    /// Different holds, ascending.
    holds: Vec<Hold>,
    queue: VecDeque<(i64, Closed)>,
    /// Place of the queue's front.
    base: u64,
    /// Before it nothing is due.
    earliest: i64,
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

impl Releases {
    /// `holds` in any order. Also returned: for each of them which of the different ones it is.
    pub(super) fn new(holds: &[i64]) -> (Self, Vec<usize>) {
        let holds: Vec<i64> = holds.iter().map(|hold| (*hold).max(SHORTEST)).collect();
        let mut distinct = holds.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let which = holds.iter().map(|hold| distinct.partition_point(|other| other < hold)).collect();
        let holds = distinct.into_iter().map(|length| Hold { length, cursor: 0, due: NEVER }).collect();
        (Self { holds, queue: VecDeque::new(), base: 0, earliest: NEVER }, which)
    }

    /// Different holds.
    #[inline]
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Puts a flow that closed at `time` into the queue.
    #[inline]
    pub(super) fn push(&mut self, time: i64, closed: Closed) -> u64 {
        let place = self.base + self.queue.len() as u64;
        for hold in self.holds.iter_mut().filter(|hold| hold.cursor == place) {
            hold.due = time.saturating_add(hold.length);
            self.earliest = self.earliest.min(hold.due);
        }
        self.queue.push_back((time, closed));
        place
    }

    /// Place of the queue's front.
    #[inline]
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// What was pushed to a place, while any hold keeps it.
    #[inline]
    pub(super) fn get(&self, place: u64) -> Option<&Closed> {
        self.queue.get((place - self.base) as usize).map(|(_, closed)| closed)
    }

    /// Takes the pending releases of a place out.
    pub(super) fn cancel(&mut self, place: u64) {
        if let Some((_, closed)) = self.queue.get_mut((place - self.base) as usize) {
            closed.cancelled = true;
        }
    }

    /// Whether the hold still keeps what was pushed to the place.
    pub(super) fn keeps(&self, hold: usize, place: u64) -> bool {
        self.holds[hold].cursor <= place
    }

    /// Whether anything may be due at `time`.
    #[inline]
    pub(super) fn is_due(&self, time: i64) -> bool {
        self.earliest <= time
    }

    /// All that was due has been taken.
    #[inline]
    pub(super) fn done(&mut self) {
        self.earliest = self.holds.iter().fold(NEVER, |earliest, hold| earliest.min(hold.due));
    }

    /// The next release of one hold that is due at `time`: when it is, and its place.
    #[inline]
    pub(super) fn next(&mut self, which: usize, time: i64) -> Option<(i64, u64, Closed)> {
        let last = which + 1 == self.holds.len();
        let hold = &mut self.holds[which];
        while hold.due <= time {
            let end = hold.due;
            let place = hold.cursor;
            let at = (place - self.base) as usize;
            let (_, closed) = *self.queue.get(at)?;
            hold.cursor += 1;
            hold.due = self.queue.get(at + 1).map_or(NEVER, |(closed_at, _)| closed_at.saturating_add(hold.length));
            if last {
                self.queue.pop_front();
                self.base += 1;
            }
            if !closed.cancelled {
                return Some((end, place, closed));
            }
        }
        None
    }

    /// Flows that the longest hold lets go of until `time`.
    pub(super) fn leaving(&self, time: i64) -> impl Iterator<Item = &Closed> {
        let hold = self.holds.last().map_or(0, |hold| hold.length);
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
        let closed = |way| Closed::of(&Flow::new(way, 0, 1), 0);
        let place = releases.push(100, closed(7));
        assert!(!releases.is_due(104) && releases.next(0, 104).is_none());
        assert!(releases.is_due(105));
        assert_eq!(releases.next(0, 105), Some((105, place, closed(7))));
        assert!(!releases.keeps(0, place) && releases.keeps(1, place));
        releases.done();
        assert!(!releases.is_due(119) && releases.is_due(120));
        assert!(releases.next(1, 119).is_none());
        assert_eq!(releases.next(1, 130).map(|(time, _, _)| time), Some(120));
        let place = releases.push(200, closed(8));
        releases.cancel(place);
        assert!(releases.next(0, 900).is_none() && releases.next(1, 900).is_none());
        assert_eq!(releases.len(), 0);
    }
}
