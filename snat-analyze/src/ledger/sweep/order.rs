//! Rows nearly in order to rows in order: the tracer's rings are one a processor, and printed in turns. Those that come in
//! order are not touched again, but handed on as they lie.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::step::SECOND;

/// How far back in time a row may come, ns.
pub(super) const WINDOW: i64 = 2 * SECOND;
/// Rows that wait for earlier ones.
pub(super) const PENDING: usize = 65_536;

/// A row that did not come in order: its time, its line, and where it waits.
type At = (i64, u64, u32);

/// Rows with their times.
pub(super) type Rows<T> = Vec<(i64, T)>;

/// Sorts by (time, line) within [`WINDOW`] and [`PENDING`] rows. Rows come in the order of their lines.
#[derive(Clone, Debug)]
pub(super) struct Order<T> {
    /// Rows that came in order, most do: the oldest in blocks, the latest in the tail.
    blocks: VecDeque<Rows<T>>,
    tail: Rows<T>,
    /// Rows of the first block that were taken already.
    start: usize,
    /// Those that were not, in all blocks and in the tail.
    queued: usize,
    /// Time of the last row that came in order.
    last: i64,
    /// The others, the earliest on top.
    heap: BinaryHeap<Reverse<At>>,
    rows: Vec<Option<T>>,
    free: Vec<u32>,
    /// Rows that got ripe one by one.
    ripe: Rows<T>,
    /// Blocks of ripe rows, to be taken before those.
    done: VecDeque<Rows<T>>,
    spare: Vec<Rows<T>>,
    /// Rows of a block.
    pub(super) most: usize,
    newest: i64,
    /// Time of the last row that got ripe: nothing is applied before it any more.
    mark: i64,
    /// Rows that came too late and were applied at the mark.
    pub(super) late: u64,
}

/// Blocks that are kept to be filled again.
const SPARE: usize = 8;

impl<T: Copy> Order<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            tail: Vec::new(),
            start: 0,
            queued: 0,
            last: i64::MIN,
            heap: BinaryHeap::new(),
            rows: Vec::new(),
            free: Vec::new(),
            ripe: Vec::new(),
            done: VecDeque::new(),
            spare: Vec::new(),
            most,
            newest: i64::MIN,
            mark: i64::MIN,
            late: 0,
        }
    }

    /// Takes a row; whether there are blocks to be taken.
    #[inline(always)]
    pub(super) fn push(&mut self, time: i64, line: u64, row: T) -> bool {
        if time >= self.newest {
            self.newest = time;
        } else if time < self.mark.max(self.newest.saturating_sub(WINDOW)) {
            // Only such a row may be late: what got ripe meanwhile is looked for first.
            self.settle();
            self.late += u64::from(time < self.mark);
        }
        let time = time.max(self.mark);
        if time >= self.last {
            self.last = time;
            self.queued += 1;
            self.tail.push((time, row));
            if self.tail.len() >= self.most {
                self.end_block();
                self.ripen();
            }
        } else {
            self.out_of_order(time, line, row);
        }
        if self.pending() > PENDING {
            self.overflows();
        }
        !self.done.is_empty()
    }

    /// The next block of rows in their order; empty it, and give it back.
    pub(super) fn take(&mut self) -> Option<Rows<T>> {
        self.done.pop_front()
    }

    pub(super) fn give_back(&mut self, rows: Rows<T>) {
        if self.spare.len() < SPARE {
            self.spare.push(rows);
        }
    }

    fn end_block(&mut self) {
        let next = self.spare.pop().unwrap_or_default();
        self.blocks.push_back(std::mem::replace(&mut self.tail, next));
        self.tail.reserve(self.most.min(PENDING));
    }

    /// Takes out blocks that are ripe as a whole, and, while any row waits that did not come in order, row by row.
    #[inline(never)]
    fn ripen(&mut self) {
        let until = self.newest.saturating_sub(WINDOW);
        loop {
            if self.heap.is_empty() {
                match self.blocks.front().and_then(|block| block.last()) {
                    Some((time, _)) if *time <= until => self.block(),
                    _ => break,
                }
            } else if self.earliest().is_some_and(|time| time <= until) {
                self.next();
            } else {
                break;
            }
        }
    }

    /// The first block is ripe.
    fn block(&mut self) {
        let Some(mut rows) = self.blocks.pop_front() else { return };
        let from = std::mem::take(&mut self.start);
        self.queued -= rows.len() - from;
        self.mark = rows.last().map_or(self.mark, |(time, _)| *time);
        if from == 0 && self.ripe.is_empty() {
            self.done.push_back(rows);
        } else {
            self.ripe.extend_from_slice(&rows[from..]);
            rows.clear();
            self.give_back(rows);
            self.hand_on(self.most);
        }
    }

    /// Takes out all that is ripe, to the row.
    #[cold]
    fn settle(&mut self) {
        self.ripen();
        if !self.heap.is_empty() {
            return;
        }
        if self.blocks.is_empty() {
            self.end_block();
        }
        let until = self.newest.saturating_sub(WINDOW);
        let Some(rows) = self.blocks.front().and_then(|block| block.get(self.start..)) else { return };
        let rows = &rows[..rows.partition_point(|(time, _)| *time <= until)];
        self.ripe.extend_from_slice(rows);
        self.mark = rows.last().map_or(self.mark, |(time, _)| *time);
        (self.start, self.queued) = (self.start + rows.len(), self.queued - rows.len());
        self.hand_on(self.most);
    }

    /// More rows wait than may.
    #[cold]
    fn overflows(&mut self) {
        self.settle();
        while self.pending() > PENDING {
            self.next();
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

    /// No more rows: what waits is to be taken now.
    pub(super) fn end(&mut self) {
        while !self.heap.is_empty() {
            self.next();
        }
        self.end_block();
        while !self.blocks.is_empty() {
            self.block();
        }
        self.hand_on(1);
    }

    /// Makes a block of the rows that got ripe one by one, where they are so many.
    fn hand_on(&mut self, least: usize) {
        if self.ripe.len() >= least {
            let next = self.spare.pop().unwrap_or_default();
            self.done.push_back(std::mem::replace(&mut self.ripe, next));
        }
    }

    /// Time of the next row that came in order.
    fn front(&self) -> Option<i64> {
        let rows = self.blocks.front().map_or(&self.tail, |block| block);
        rows.get(self.start).map(|(time, _)| *time)
    }

    fn earliest(&self) -> Option<i64> {
        let heaped = self.heap.peek().map(|Reverse((time, ..))| *time);
        self.front().into_iter().chain(heaped).min()
    }

    /// The next row is ripe. Of two at one time the one that came in order is of the earlier line: behind one that is in
    /// the heap, only later ones come in order.
    fn next(&mut self) {
        let row = match (self.heap.peek(), self.front()) {
            (Some(Reverse((heaped, ..))), queued) if queued.is_none_or(|queued| *heaped < queued) => {
                let Some(Reverse((time, _, at))) = self.heap.pop() else { return };
                self.free.push(at);
                let Some(row) = self.rows[at as usize].take() else { return };
                (time, row)
            }
            _ => {
                if self.blocks.is_empty() {
                    self.end_block();
                }
                let Some(block) = self.blocks.front_mut() else { return };
                let Some(row) = block.get(self.start).copied() else { return };
                (self.start, self.queued) = (self.start + 1, self.queued - 1);
                if self.start == block.len() {
                    self.start = 0;
                    block.clear();
                    self.blocks.pop_front().into_iter().for_each(|block| self.give_back(block));
                }
                row
            }
        };
        self.mark = row.0;
        self.ripe.push(row);
        self.hand_on(self.most);
    }

    /// Rows that wait.
    #[inline(always)]
    pub(super) fn pending(&self) -> usize {
        self.queued + self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(order: &mut Order<u64>, out: &mut Vec<(i64, u64)>) {
        while let Some(mut rows) = order.take() {
            out.append(&mut rows);
            order.give_back(rows);
        }
    }

    fn sorted(rows: &[i64], most: usize) -> (Vec<(i64, u64)>, u64) {
        let (mut order, mut out) = (Order::new(most), Vec::new());
        for (line, time) in rows.iter().enumerate() {
            if order.push(*time, line as u64, line as u64) {
                taken(&mut order, &mut out);
            }
        }
        order.end();
        taken(&mut order, &mut out);
        (out, order.late)
    }

    #[test]
    fn rows_within_the_window_are_sorted() {
        let (out, late) = sorted(&[3 * SECOND, SECOND, SECOND, 2 * SECOND], 4);
        assert_eq!((out, late), (vec![(SECOND, 1), (SECOND, 2), (2 * SECOND, 3), (3 * SECOND, 0)], 0));
    }

    #[test]
    fn a_late_row_is_applied_at_the_mark() {
        let (out, late) = sorted(&[SECOND, 2 * SECOND, 9 * SECOND, SECOND], 4);
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
            let found = one_by_one(&rows);
            lates += found.1;
            for most in [1, 5, 64] {
                assert_eq!(sorted(&rows, most), found);
            }
        }
        assert!(lates > 1_000, "{lates}");
    }

    #[test]
    fn the_rows_that_wait_are_bounded() {
        let (mut order, mut last, mut sorted) = (Order::new(64), i64::MIN, true);
        for line in 0..200_000_i64 {
            // Every third comes after one that is later.
            order.push(SECOND + line - line % 3 * 2, line as u64, ());
            while let Some(rows) = order.take() {
                for (time, ()) in rows {
                    sorted &= time >= last;
                    last = time;
                }
            }
            assert!(order.pending() <= PENDING);
        }
        assert!(sorted && order.late == 0 && order.rows.len() <= PENDING + 1);
    }
}
