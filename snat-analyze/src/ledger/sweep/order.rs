//! Rows nearly in order to rows in order: the tracer's rings are one a processor, and printed in turns.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::step::SECOND;

/// How far back in time a row may come, ns.
pub(super) const WINDOW: i64 = 2 * SECOND;
/// Rows that wait for earlier ones.
pub(super) const PENDING: usize = 65_536;

/// Sorts by (time, line) within [`WINDOW`] and [`PENDING`] rows.
#[derive(Clone, Debug)]
pub(super) struct Order<T> {
    /// Time, line and place of the waiting rows; the earliest on top.
    heap: BinaryHeap<Reverse<(i64, u64, u32)>>,
    rows: Vec<Option<T>>,
    free: Vec<u32>,
    newest: i64,
    /// Time of the last row handed on: nothing is applied before it any more.
    mark: i64,
    /// Rows that came too late and were applied at the mark.
    pub(super) late: u64,
}

impl<T> Order<T> {
    pub(super) fn new() -> Self {
        Self { heap: BinaryHeap::new(), rows: Vec::new(), free: Vec::new(), newest: i64::MIN, mark: i64::MIN, late: 0 }
    }

    /// Takes a row and hands on those for which no earlier one can come.
    pub(super) fn push(&mut self, time: i64, line: u64, row: T, apply: &mut impl FnMut(i64, T)) {
        self.late += u64::from(time < self.mark);
        self.newest = self.newest.max(time);
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.rows.push(None);
                self.rows.len() as u32 - 1
            }
        };
        self.rows[at as usize] = Some(row);
        self.heap.push(Reverse((time.max(self.mark), line, at)));
        let ripe = self.newest.saturating_sub(WINDOW);
        while let Some(Reverse((time, _, _))) = self.heap.peek()
            && (*time <= ripe || self.heap.len() > PENDING)
        {
            self.next(apply);
        }
    }

    /// Hands on all that waits.
    pub(super) fn drain(&mut self, apply: &mut impl FnMut(i64, T)) {
        while !self.heap.is_empty() {
            self.next(apply);
        }
    }

    fn next(&mut self, apply: &mut impl FnMut(i64, T)) {
        let Some(Reverse((time, _, at))) = self.heap.pop() else { return };
        self.free.push(at);
        self.mark = time;
        if let Some(row) = self.rows[at as usize].take() {
            apply(time, row);
        }
    }

    /// Rows that wait.
    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(rows: &[i64]) -> (Vec<(i64, u64)>, u64) {
        let (mut order, mut out) = (Order::new(), Vec::new());
        for (line, time) in rows.iter().enumerate() {
            order.push(*time, line as u64, line as u64, &mut |time, line| out.push((time, line)));
        }
        order.drain(&mut |time, line| out.push((time, line)));
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

    #[test]
    fn the_rows_that_wait_are_bounded() {
        let (mut order, mut last, mut sorted) = (Order::new(), i64::MIN, true);
        for line in 0..200_000_i64 {
            order.push(SECOND + line, line as u64, (), &mut |time, ()| {
                sorted &= time >= last;
                last = time;
            });
            assert!(order.pending() <= PENDING);
        }
        assert!(sorted && order.late == 0 && order.rows.len() <= PENDING + 1);
    }
}
