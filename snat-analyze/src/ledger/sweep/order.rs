//! Rows nearly in order to rows in order: the tracer's rings are one a processor, and printed in turns.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::step::SECOND;

/// How far back in time a row may come, ns.
pub(super) const WINDOW: i64 = 2 * SECOND;
/// Rows that wait for earlier ones.
pub(super) const PENDING: usize = 65_536;

/// Rows that are handed on at a time.
pub(super) const HANDED: usize = 64;

/// A row with its time and line.
pub(super) type At<T> = (i64, u64, T);

/// Sorts by (time, line) within [`WINDOW`] and [`PENDING`] rows. Rows come in the order of their lines.
#[derive(Clone, Debug)]
pub(super) struct Order<T> {
    /// Rows that came in order wait in a queue, most do.
    queue: VecDeque<At<T>>,
    /// The others: time, line and place; the earliest on top.
    heap: BinaryHeap<Reverse<At<u32>>>,
    rows: Vec<Option<T>>,
    free: Vec<u32>,
    /// In order, and to be handed on before anything else.
    ripe: Vec<At<T>>,
    newest: i64,
    /// Rows since it was last looked for ripe ones.
    since: usize,
    /// Time of the last row that got ripe: nothing is applied before it any more.
    mark: i64,
    /// Rows that came too late and were applied at the mark.
    pub(super) late: u64,
}

impl<T: Copy> Order<T> {
    pub(super) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            heap: BinaryHeap::new(),
            rows: Vec::new(),
            free: Vec::new(),
            ripe: Vec::with_capacity(HANDED),
            newest: i64::MIN,
            since: 0,
            mark: i64::MIN,
            late: 0,
        }
    }

    /// Takes a row and hands on those for which no earlier one can come, many at a time.
    #[inline]
    pub(super) fn push(&mut self, time: i64, line: u64, row: T, apply: &mut impl FnMut(&[At<T>])) {
        if time >= self.newest {
            self.newest = time;
        } else if time < self.mark.max(self.newest.saturating_sub(WINDOW)) {
            // Only such a row may be late: what got ripe meanwhile is looked for first.
            self.ripen(apply);
            self.late += u64::from(time < self.mark);
        }
        let time = time.max(self.mark);
        if self.queue.back().is_none_or(|(last, _, _)| *last <= time) {
            self.queue.push_back((time, line, row));
        } else {
            self.out_of_order(time, line, row);
        }
        self.since += 1;
        if self.since >= HANDED || self.queue.len() + self.heap.len() > PENDING {
            self.ripen(apply);
        }
    }

    /// Takes out what is ripe.
    fn ripen(&mut self, apply: &mut impl FnMut(&[At<T>])) {
        self.since = 0;
        let until = self.newest.saturating_sub(WINDOW);
        while let Some(time) = self.earliest()
            && (time <= until || self.queue.len() + self.heap.len() > PENDING)
        {
            if self.heap.is_empty() {
                self.ripen_queue(until, apply);
            } else {
                self.next(apply);
            }
        }
    }

    /// The same while all rows came in order: so many as are handed on at a time.
    fn ripen_queue(&mut self, until: i64, apply: &mut impl FnMut(&[At<T>])) {
        if !self.ripe.is_empty() {
            self.hand_on(apply);
        }
        let over = self.queue.len().saturating_sub(PENDING);
        let (front, _) = self.queue.as_slices();
        let front = &front[..front.len().min(HANDED)];
        let waits = |(at, (time, _, _)): (usize, &At<T>)| *time > until && at >= over;
        let ripe = front.iter().enumerate().position(waits).unwrap_or(front.len());
        let front = &front[..ripe];
        if let Some((time, _, _)) = front.last() {
            self.mark = *time;
            apply(front);
            self.queue.drain(..ripe);
        }
    }

    #[cold]
    fn out_of_order(&mut self, time: i64, line: u64, row: T) {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.rows.push(None);
                self.rows.len() as u32 - 1
            }
        };
        self.rows[at as usize] = Some(row);
        self.heap.push(Reverse((time, line, at)));
    }

    /// Hands on all that waits.
    pub(super) fn drain(&mut self, apply: &mut impl FnMut(&[At<T>])) {
        while self.earliest().is_some() {
            self.next(apply);
        }
        self.hand_on(apply);
    }

    /// Hands on what is ripe.
    pub(super) fn hand_on(&mut self, apply: &mut impl FnMut(&[At<T>])) {
        apply(&self.ripe);
        self.ripe.clear();
    }

    #[inline]
    fn earliest(&self) -> Option<i64> {
        let queued = self.queue.front().map(|(time, _, _)| *time);
        match self.heap.peek() {
            None => queued,
            Some(Reverse((time, _, _))) => Some(queued.map_or(*time, |queued| queued.min(*time))),
        }
    }

    fn next(&mut self, apply: &mut impl FnMut(&[At<T>])) {
        let heaped = self.heap.peek().map(|Reverse((time, line, _))| (*time, *line));
        let queued = self.queue.front().map(|(time, line, _)| (*time, *line));
        let row = match (heaped, queued) {
            (Some(heaped), queued) if queued.is_none_or(|queued| heaped < queued) => {
                let Some(Reverse((time, line, at))) = self.heap.pop() else { return };
                self.free.push(at);
                let Some(row) = self.rows[at as usize].take() else { return };
                (time, line, row)
            }
            _ => {
                let Some(row) = self.queue.pop_front() else { return };
                row
            }
        };
        self.mark = row.0;
        self.ripe.push(row);
        if self.ripe.len() >= HANDED {
            self.hand_on(apply);
        }
    }

    /// Rows that wait.
    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.queue.len() + self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(rows: &[i64]) -> (Vec<(i64, u64)>, u64) {
        let (mut order, mut out) = (Order::new(), Vec::new());
        for (line, time) in rows.iter().enumerate() {
            order.push(*time, line as u64, line as u64, &mut |rows| {
                out.extend(rows.iter().map(|(time, _, row)| (*time, *row)))
            });
        }
        order.drain(&mut |rows| out.extend(rows.iter().map(|(time, _, row)| (*time, *row))));
        (out, order.late)
    }

    #[test]
    fn rows_within_the_window_are_sorted() {
        let (out, late) = sorted(&[3 * SECOND, SECOND, SECOND, 2 * SECOND]);
        assert_eq!((out, late), (vec![(SECOND, 1), (SECOND, 2), (2 * SECOND, 3), (3 * SECOND, 0)], 0));
    }

    #[test]
    fn a_late_row_is_applied_at_the_mark() {
        let (out, late) = sorted(&[SECOND, 2 * SECOND, 9 * SECOND, SECOND]);
        assert_eq!((out[2], late), ((2 * SECOND, 3), 1));
    }

    /// Row by row, as it is told above: what got ripe is known before the next row is looked at.
    fn one_by_one(rows: &[i64]) -> (Vec<(i64, u64)>, u64) {
        let (mut waiting, mut out) = (std::collections::BTreeSet::new(), Vec::new());
        let (mut newest, mut mark, mut late) = (i64::MIN, i64::MIN, 0);
        for (line, time) in rows.iter().enumerate() {
            late += u64::from(*time < mark);
            newest = newest.max(*time);
            waiting.insert((mark.max(*time), line as u64));
            while let Some(first) = waiting.first().copied().filter(|(time, _)| *time <= newest - WINDOW) {
                waiting.remove(&first);
                mark = first.0;
                out.push(first);
            }
        }
        out.extend(waiting);
        (out, late)
    }

    #[test]
    fn rows_ripen_many_at_once_as_they_would_one_by_one() {
        let mut random = fixtures::Random::new(3);
        let mut lates = 0;
        for _ in 0..400 {
            let (mut time, spread, odd) = (0, 1 + random.below(6) as i64, 1 + random.below(200));
            let rows: Vec<i64> = (0..600)
                .map(|_| {
                    time += random.below(90) as i64 * SECOND / 1_000;
                    let back =
                        if random.one_in(odd) { random.below(1_000) as i64 * spread * SECOND / 1_000 } else { 0 };
                    time - back
                })
                .collect();
            let found = sorted(&rows);
            lates += found.1;
            assert_eq!(found, one_by_one(&rows));
        }
        assert!(lates > 1_000, "{lates}");
    }

    #[test]
    fn the_rows_that_wait_are_bounded() {
        let (mut order, mut last, mut sorted) = (Order::new(), i64::MIN, true);
        for line in 0..200_000_i64 {
            order.push(SECOND + line, line as u64, (), &mut |rows| {
                for (time, _, ()) in rows {
                    sorted &= *time >= last;
                    last = *time;
                }
            });
            assert!(order.pending() <= PENDING);
        }
        assert!(sorted && order.late == 0 && order.rows.len() <= PENDING + 1);
    }
}
