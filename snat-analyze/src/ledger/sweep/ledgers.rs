//! Both ledgers of a run, that of all connects and that without a mesh's doubles: kept where the log is folded, or, once
//! the run is long, by whoever has time. What they find never depends on that: they are told the same, in the same
//! order.
//!
//! Rows are put in the order of their times before they are handed over; what time it is, and whether there are times at
//! all, is seen here, too.

use std::mem;

use super::lanes::{Ends, Lane, NONE};
use super::order::{Order, PENDING};
use super::replay::Replay;
use super::step::{Bits, Row, Rules, Told};
use super::{End, Sweep};
use crate::apart::free;
use crate::crew::{Crew, Post, Rank};

/// Rows after which a thread is worth its start.
const LONG: usize = 4_096;
/// Rows that are heard at once where the ledgers are kept here.
const FEW: usize = 512;
/// Rows that are handed over at once.
const HEAP: usize = 2_048;

/// Heaps that may wait: while they are worked on, the log may end, and what was folded be put together.
const WAITING: usize = if cfg!(test) { 2 } else { 64 };

/// The ledgers, told row by row.
#[derive(Debug)]
pub(crate) struct Ledgers {
    clock: Clock,
    order: Order<Told>,
    /// Smallest and largest TIME; the other way round before the first.
    span: (i64, i64),
    unkeyed: u64,
    /// Ends of rows that wait and that no connect made known, and places that are free again.
    waiting: Vec<Ends>,
    vacant: Vec<u32>,
    heap: Heap,
    at: Where,
    /// Targets, and rows of a run without TIME, that are handed over at once.
    most: usize,
    /// Rows so far.
    rows: usize,
    /// Who may keep them elsewhere.
    crew: Crew,
    has_mesh: bool,
}

/// Whether the run has TIME.
#[derive(Debug)]
enum Clock {
    /// Not known yet: rows without TIME so far, with their lines.
    Unknown(Vec<(u64, Told)>),
    /// TIME of the row before; a row whose own is masked takes it over.
    Runs(i64),
    None,
}

/// Where the ledgers are kept.
#[derive(Debug)]
enum Where {
    Here(Box<Pair>),
    Apart(Post<Box<Pair>, Heap>),
}

/// Ledgers of a log that is over.
#[derive(Debug)]
pub(crate) struct Ended(Ending);

#[derive(Debug)]
enum Ending {
    /// There are still rows to be worked on.
    Apart(Post<Box<Pair>, Heap>),
    Found(Option<Box<Replays>>),
}

impl Ended {
    /// Waits until all rows are worked on; nothing is kept then but what was found.
    pub(crate) fn settle(&mut self) {
        self.0 = match mem::replace(&mut self.0, Ending::Found(None)) {
            Ending::Apart(post) => {
                let (mut pair, _) = post.join();
                let found = pair.found.take().map(Box::new);
                free(pair);
                Ending::Found(found)
            }
            found => found,
        };
    }

    /// What was found: that of all, and that without doubles if there is one.
    pub(crate) fn found(mut self) -> Option<Replays> {
        self.settle();
        match self.0 {
            Ending::Found(found) => found.map(|found| *found),
            Ending::Apart(_) => None,
        }
    }
}

/// Rows in their order, and what is to be known before them.
#[derive(Debug, Default)]
struct Heap {
    /// The ends of the next targets.
    targets: Vec<Ends>,
    /// The run has no TIME, and its rows come now.
    untimed: bool,
    /// From now on there are two ledgers.
    mesh: bool,
    rows: Vec<(i64, Told)>,
    /// Ends of the rows whose ends no connect made known.
    strangers: Vec<Ends>,
    /// The log is over with them.
    end: Option<End>,
}

/// The ledgers themselves.
#[derive(Debug)]
struct Pair {
    sweep: Sweep,
    mesh: Option<Box<Sweep>>,
    /// The numbers of each target.
    lanes: Vec<Lane>,
    /// The same in the ledger of the mesh.
    of_mesh: Vec<Lane>,
    /// Rows of targets that nobody told of: no row is lost.
    unknown: u64,
    /// There once the log is over.
    found: Option<Replays>,
}

/// What was found: of all connects, and less a mesh's doubles if there is one.
type Replays = (Replay, Option<Replay>);

impl Ledgers {
    pub(crate) fn new(rules: &Rules, crew: &Crew) -> Self {
        Self {
            clock: Clock::Unknown(Vec::new()),
            order: Order::new(FEW),
            span: (i64::MAX, i64::MIN),
            unkeyed: 0,
            waiting: Vec::new(),
            vacant: Vec::new(),
            heap: Heap::default(),
            at: Where::Here(Box::new(Pair::new(rules))),
            most: FEW,
            rows: 0,
            crew: crew.clone(),
            has_mesh: false,
        }
    }

    /// The next target: rows name it by its place.
    pub(crate) fn know(&mut self, ends: &Ends) {
        self.heap.targets.push(*ends);
        if self.heap.targets.len() >= self.most {
            self.hand_over();
        }
    }

    /// The next row of the log, of a target.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: &Row, target: u32) {
        self.time(row.time);
        self.push(row.line, Told { target, sport: row.sport, bits: Bits::of(row) });
    }

    /// The next row of the log, one that is no connect and whose ends no connect made known.
    pub(crate) fn stranger(&mut self, row: &Row, ends: &Ends) {
        self.time(row.time);
        let target = match self.vacant.pop() {
            Some(at) => {
                self.waiting[at as usize] = *ends;
                at
            }
            None => {
                self.waiting.push(*ends);
                self.waiting.len() as u32 - 1
            }
        };
        self.push(row.line, Told { target, sport: row.sport, bits: Bits::of(row).stranger() });
    }

    /// The next row of the log, one behind what is measured: it says what time it is.
    pub(crate) fn behind(&mut self, row: &Row) {
        self.time(row.time);
        self.push(row.line, Told { target: NONE, sport: row.sport, bits: Bits::of(row).only_time() });
    }

    /// The next row of the log, one that is not replayed: an end is masked, or a port is 0.
    pub(crate) fn unkeyed(&mut self, time: Option<i64>) {
        self.time(time);
        self.unkeyed += 1;
    }

    /// A proxy connects: from its first connect on there is a ledger without what it makes again.
    #[inline]
    pub(crate) fn proxy_connects(&mut self) {
        if !self.has_mesh {
            self.has_mesh = true;
            self.hand_over();
            self.heap.mesh = true;
        }
    }

    /// The log is over. What was found is there sooner or later.
    pub(crate) fn end(mut self) -> Ended {
        self.has_no_time();
        self.order.end();
        self.hand_over_ripe();
        let span = Some(self.span).filter(|(low, high)| matches!(self.clock, Clock::Runs(_)) && low <= high);
        self.heap.end = Some(End { span, late: self.order.late, unkeyed: self.unkeyed });
        self.hand_over();
        match self.at {
            Where::Here(pair) => Ended(Ending::Found(pair.found.map(Box::new))),
            Where::Apart(post) => Ended(Ending::Apart(post)),
        }
    }

    #[inline(always)]
    fn push(&mut self, line: u64, told: Told) {
        match &mut self.clock {
            Clock::Runs(time) => {
                if self.order.push(*time, line, told) {
                    self.hand_over_ripe();
                }
            }
            Clock::Unknown(rows) => {
                rows.push((line, told));
                if rows.len() > PENDING {
                    self.has_no_time();
                }
            }
            Clock::None => {
                self.heap.rows.push((0, told));
                if self.heap.rows.len() >= self.most {
                    self.hand_over();
                }
            }
        }
    }

    #[inline(never)]
    fn hand_over_ripe(&mut self) {
        while let Some(mut rows) = self.order.take() {
            // Only those of a run without TIME are there already.
            if !self.heap.rows.is_empty() {
                self.hand_over();
            }
            mem::swap(&mut self.heap.rows, &mut rows);
            self.order.give_back(rows);
            self.hand_over();
        }
    }

    #[inline(always)]
    fn time(&mut self, time: Option<i64>) {
        let Some(time) = time else { return };
        let (low, high) = &mut self.span;
        (*low, *high) = ((*low).min(time), (*high).max(time));
        match &mut self.clock {
            Clock::Runs(last) => *last = time,
            Clock::Unknown(_) => self.time_is_known(time),
            Clock::None => {}
        }
    }

    /// The first TIME of the run: rows before it, whose own is masked, take it over.
    #[cold]
    fn time_is_known(&mut self, time: i64) {
        if let Clock::Unknown(rows) = mem::replace(&mut self.clock, Clock::Runs(time)) {
            rows.into_iter().for_each(|(line, told)| self.push(line, told));
        }
    }

    #[cold]
    fn has_no_time(&mut self) {
        if let Clock::Unknown(rows) = &mut self.clock {
            let rows = mem::take(rows);
            self.clock = Clock::None;
            self.heap.untimed = true;
            rows.into_iter().for_each(|(line, told)| self.push(line, told));
        }
    }

    fn hand_over(&mut self) {
        self.heap.call(&self.waiting, &mut self.vacant);
        self.rows = self.rows.saturating_add(self.heap.rows.len());
        match &mut self.at {
            Where::Here(pair) => {
                pair.hear(&mut self.heap);
                if self.rows >= LONG && self.crew.is_many() && pair.found.is_none() {
                    self.part();
                }
            }
            Where::Apart(post) => {
                // A panic is told of where it is joined.
                self.heap = post.hand_over(mem::take(&mut self.heap), Heap::default).unwrap_or_default();
            }
        }
    }

    /// The ledgers are kept by whoever has time; here where nobody else is.
    #[cold]
    fn part(&mut self) {
        let here = Where::Here(Box::new(Pair::new(&Rules::default())));
        if let Where::Here(mut pair) = mem::replace(&mut self.at, here) {
            pair.sweep.part(&self.crew);
            (self.at, self.most) = match self.crew.post(Rank::Ledger, pair, WAITING, |pair, heap| pair.hear(heap)) {
                Ok(post) => (Where::Apart(post), HEAP),
                Err(pair) => (Where::Here(pair), self.most),
            };
            self.order.most = self.most;
        }
    }

    /// So many rows are handed over at once, to others if they go `apart`.
    #[cfg(test)]
    pub(super) fn cut(&mut self, most: usize, apart: bool) {
        if apart {
            self.crew = Crew::new(2 + most % 3);
            self.part();
        }
        (self.most, self.order.most) = (most, most);
    }

    /// What is kept at the moment.
    #[cfg(test)]
    pub(super) fn size(&mut self) -> super::Size {
        self.hand_over();
        let Where::Here(pair) = &self.at else { panic!("the ledgers are apart") };
        super::Size { pending: self.order.pending(), ..pair.sweep.size() }
    }
}

impl Heap {
    /// The ends of strangers come with their rows, and need not wait any more.
    fn call(&mut self, waiting: &[Ends], vacant: &mut Vec<u32>) {
        for (_, told) in self.rows.iter_mut().filter(|(_, told)| told.bits.is_stranger()) {
            self.strangers.push(waiting[told.target as usize]);
            vacant.push(mem::replace(&mut told.target, self.strangers.len() as u32 - 1));
        }
    }
}

impl Pair {
    fn new(rules: &Rules) -> Self {
        Self { sweep: Sweep::new(rules), mesh: None, lanes: Vec::new(), of_mesh: Vec::new(), unknown: 0, found: None }
    }

    /// Takes a heap and leaves it empty.
    fn hear(&mut self, heap: &mut Heap) {
        for ends in heap.targets.drain(..) {
            self.lanes.push(self.sweep.know(&ends));
            self.of_mesh.extend(self.mesh.as_mut().map(|mesh| mesh.know(&ends)));
        }
        if mem::take(&mut heap.untimed) {
            self.sweep.has_no_time();
            self.mesh.iter_mut().for_each(|mesh| mesh.has_no_time());
        }
        if mem::take(&mut heap.mesh) {
            self.mesh = Some(Box::new(self.sweep.less_doubles()));
            self.of_mesh.clone_from(&self.lanes);
        }
        self.unknown += self.sweep.apply(&heap.rows, &self.lanes, &heap.strangers);
        if let Some(mesh) = &mut self.mesh {
            mesh.apply(&heap.rows, &self.of_mesh, &heap.strangers);
        }
        heap.rows.clear();
        heap.strangers.clear();
        if let Some(end) = heap.end.take() {
            let end = End { unkeyed: end.unkeyed + self.unknown, ..end };
            self.found = Some((self.sweep.finish(&end), self.mesh.as_mut().map(|mesh| mesh.finish(&end))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::StepKind;
    use super::*;

    #[test]
    fn bits_say_what_the_row_says() {
        for kind in [StepKind::Connect, StepKind::Accept, StepKind::Close] {
            for (mapped, proxy) in [(false, true), (true, false), (true, true)] {
                let bits = Bits::of(&Row { time: None, line: 7, kind, sport: 9, mapped, proxy });
                assert_eq!((bits.kind(), bits.is_mapped(), bits.is_proxy()), (kind, mapped, proxy));
                assert!(bits.has_lane() && !bits.stranger().has_lane() && !bits.only_time().has_lane());
                assert!(bits.stranger().is_stranger() && !bits.only_time().is_stranger());
            }
        }
        assert_eq!(size_of::<(i64, Told)>(), 16);
    }
}
