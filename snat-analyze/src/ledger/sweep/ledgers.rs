//! Both ledgers of a run, that of all connects and that without a mesh's doubles: kept where the log is folded, or, once
//! the run is long, by whoever has time. What they find never depends on that: they are told the same, in the same
//! order.
//!
//! Rows are put in the order of their times before they are handed over; what time it is, and whether there are times at
//! all, is seen here, too. Then they go to the side of their destination: public ones and others have no counter in common,
//! so that two may work on them at once.

use std::mem;

use super::lanes::{Ends, Lane, NONE};
use super::order::{Order, PENDING};
use super::replay::Replay;
use super::step::{Bits, Row, Rules, StepKind, Told};
use super::{End, Sweep};
use crate::apart::free;
use crate::crew::{Crew, Post, Rank};

/// Rows after which a thread is worth its start.
const LONG: usize = if cfg!(test) { 64 } else { 4_096 };
/// Rows of a block: of fewer, what a ledger needs has to come to the processor's cache too often.
const HEAP: usize = 2_048;

/// Heaps of a side that may wait: while they are worked on, the log may end, and what was folded be put together.
const WAITING: usize = if cfg!(test) { 2 } else { 32 };

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
    /// Rows of a run without TIME that are not shared out yet.
    untimed: Vec<(i64, Told)>,
    /// That of public destinations, and that of the others.
    sides: [Side; 2],
    /// Rows of a block, and targets that are handed over at once. A side is handed its rows when they are half as many, so that
    /// most blocks are handed on as soon as they are shared out.
    most: usize,
    /// Rows so far.
    rows: usize,
    /// Who may keep them elsewhere.
    crew: Crew,
    has_mesh: bool,
}

/// Which of [`Ledgers::sides`]; of the others there is [`OTHER`] in what rows name a target by.
const PUBLIC: usize = 0;
const OTHERS: usize = 1;

/// What says of a target that it is of the others; the rest is its number there.
const OTHER: u32 = 1 << 31;

/// The ledgers of some destinations, and what they are told next.
#[derive(Debug)]
struct Side {
    targets: u32,
    heap: Heap,
    at: Where,
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
    /// There may still be rows to be worked on.
    Sides(Box<[Side; 2]>),
    Found(Option<Box<Replays>>),
}

impl Ended {
    /// Waits until all rows are worked on; nothing is kept then but what was found.
    pub(crate) fn settle(&mut self) {
        self.0 = match mem::replace(&mut self.0, Ending::Found(None)) {
            Ending::Sides(sides) => {
                let [public, others] = sides.map(Side::found);
                Ending::Found(public.zip(others).map(|(public, others)| Box::new(together(public, others))))
            }
            found => found,
        };
    }

    /// What was found: that of all, and that without doubles if there is one.
    pub(crate) fn found(mut self) -> Option<Replays> {
        self.settle();
        match self.0 {
            Ending::Found(found) => found.map(|found| *found),
            Ending::Sides(_) => None,
        }
    }
}

fn together((public, public_less): Replays, (others, others_less): Replays) -> Replays {
    (public.with(others), public_less.zip(others_less).map(|(public, others)| public.with(others)))
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
            order: Order::new(HEAP),
            span: (i64::MAX, i64::MIN),
            unkeyed: 0,
            waiting: Vec::new(),
            vacant: Vec::new(),
            untimed: Vec::new(),
            sides: [Side::new(rules), Side::new(rules)],
            most: HEAP,
            rows: 0,
            crew: crew.clone(),
            has_mesh: false,
        }
    }

    /// The next target: what rows name it by.
    pub(crate) fn know(&mut self, ends: &Ends) -> u32 {
        let at = side_of(ends.public);
        let side = &mut self.sides[at];
        // Two billion targets are more than there is memory for.
        debug_assert!(side.targets < OTHER, "a target's number is a side's");
        let target = side.targets | if at == OTHERS { OTHER } else { 0 };
        side.targets += 1;
        side.heap.targets.push(*ends);
        if side.heap.targets.len() >= self.most {
            side.hand_over();
        }
        target
    }

    /// The next row of the log, a connect's or a close's, of a target.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: &Row, target: u32) {
        debug_assert!(row.kind != StepKind::Accept, "both sides are to be told of an accept's group");
        self.time(row.time);
        self.push(row.line, Told { target, sport: row.sport, bits: Bits::of(row) });
    }

    /// The next row of the log, an accept or one whose ends no connect made known.
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
            for side in &mut self.sides {
                // What was shared out so far is heard by one ledger.
                side.hand_over();
                side.heap.mesh = true;
            }
        }
    }

    /// The log is over. What was found is there sooner or later.
    pub(crate) fn end(mut self) -> Ended {
        self.has_no_time();
        self.order.end();
        self.share_ripe();
        self.share_untimed();
        let span = Some(self.span).filter(|(low, high)| matches!(self.clock, Clock::Runs(_)) && low <= high);
        // What is of no destination is counted once.
        let [public, others] = &mut self.sides;
        public.heap.end = Some(End { span, late: self.order.late, unkeyed: self.unkeyed });
        others.heap.end = Some(End { span, late: 0, unkeyed: 0 });
        self.sides.iter_mut().for_each(Side::hand_over);
        let is_here = self.sides.iter().all(|side| matches!(side.at, Where::Here(_)));
        let mut ended = Ended(Ending::Sides(Box::new(self.sides)));
        if is_here {
            // There is nothing to wait for, and many logs may be kept.
            ended.settle();
        }
        ended
    }

    #[inline(always)]
    fn push(&mut self, line: u64, told: Told) {
        match &mut self.clock {
            Clock::Runs(time) => {
                if self.order.push(*time, line, told) {
                    self.share_ripe();
                }
            }
            Clock::Unknown(rows) => {
                rows.push((line, told));
                if rows.len() > PENDING {
                    self.has_no_time();
                }
            }
            Clock::None => {
                self.untimed.push((0, told));
                if self.untimed.len() >= self.most {
                    self.share_untimed();
                }
            }
        }
    }

    #[inline(never)]
    fn share_ripe(&mut self) {
        while let Some(mut rows) = self.order.take() {
            self.share(&rows);
            rows.clear();
            self.order.give_back(rows);
        }
    }

    fn share_untimed(&mut self) {
        let mut rows = mem::take(&mut self.untimed);
        self.share(&rows);
        rows.clear();
        self.untimed = rows;
    }

    /// Rows in their order go to their sides. Each side is told what time it is before and behind them.
    fn share(&mut self, rows: &[(i64, Told)]) {
        let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else { return };
        self.sides.iter_mut().for_each(|side| side.heap.tick(*first));
        for (time, told) in rows {
            if told.bits.has_lane() {
                let side = &mut self.sides[if told.target & OTHER == 0 { PUBLIC } else { OTHERS }];
                side.heap.rows.push((*time, Told { target: told.target & !OTHER, ..*told }));
            } else {
                self.share_odd(*time, *told);
            }
        }
        self.sides.iter_mut().for_each(|side| side.heap.tick(*last));
        self.rows = self.rows.saturating_add(rows.len());
        for side in self.sides.iter_mut().filter(|side| side.heap.rows.len() >= self.most / 2) {
            side.hand_over();
        }
        if self.rows >= LONG && self.crew.is_many() && matches!(self.sides[PUBLIC].at, Where::Here(_)) {
            self.part();
        }
    }

    /// The same of a row that is of no target.
    fn share_odd(&mut self, time: i64, told: Told) {
        if !told.bits.is_stranger() {
            // It says what time it is.
            return self.sides[PUBLIC].heap.rows.push((time, Told { target: NONE, ..told }));
        }
        let ends = self.waiting[told.target as usize];
        self.vacant.push(told.target);
        let at = side_of(ends.public);
        let heap = &mut self.sides[at].heap;
        heap.rows.push((time, Told { target: heap.strangers.len() as u32, ..told }));
        heap.strangers.push(ends);
        if told.bits.kind() == StepKind::Accept {
            // A port that accepts does so of callers from anywhere.
            let port = Told { target: ends.group, bits: told.bits.only_port(), ..told };
            self.sides[1 - at].heap.rows.push((time, port));
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
            self.sides.iter_mut().for_each(|side| side.heap.untimed = true);
            rows.into_iter().for_each(|(line, told)| self.push(line, told));
        }
    }

    /// The ledgers are kept by whoever has time; here where nobody else is.
    #[cold]
    fn part(&mut self) {
        self.sides.iter_mut().for_each(|side| side.part(&self.crew));
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
        let none = super::Size { pending: self.order.pending(), waiting: self.waiting.len(), ..Default::default() };
        self.sides.iter_mut().fold(none, |all, side| {
            let pending = all.pending + side.heap.rows.len();
            side.hand_over();
            let Where::Here(pair) = &side.at else { panic!("the ledgers are apart") };
            let own = pair.sweep.size();
            super::Size {
                flows: all.flows + own.flows,
                slots: all.slots + own.slots,
                queue: all.queue + own.queue,
                counters: all.counters + own.counters,
                buckets: all.buckets + own.buckets,
                pending,
                ..all
            }
        })
    }
}

/// The side of a destination: rows of the same remote address and port are of the same side.
fn side_of(is_public: bool) -> usize {
    if is_public { PUBLIC } else { OTHERS }
}

impl Side {
    fn new(rules: &Rules) -> Self {
        Self { targets: 0, heap: Heap::default(), at: Where::Here(Box::new(Pair::new(rules))) }
    }

    fn hand_over(&mut self) {
        match &mut self.at {
            Where::Here(pair) => pair.hear(&mut self.heap),
            Where::Apart(post) => {
                // A panic is told of where it is joined.
                self.heap = post.hand_over(mem::take(&mut self.heap), Heap::default).unwrap_or_default();
            }
        }
    }

    fn part(&mut self, crew: &Crew) {
        if let Where::Here(pair) = &mut self.at {
            let mut pair = mem::replace(pair, Box::new(Pair::new(&Rules::default())));
            pair.sweep.part(crew);
            let post = crew.post(Rank::Ledger, pair, WAITING, |pair, heap| pair.hear(heap));
            self.at = post.map_or_else(Where::Here, Where::Apart);
        }
    }

    /// What was found, when all rows are worked on.
    fn found(self) -> Option<Replays> {
        match self.at {
            Where::Here(pair) => pair.found,
            Where::Apart(post) => {
                let (mut pair, _) = post.join();
                let found = pair.found.take();
                free(pair);
                found
            }
        }
    }
}

impl Heap {
    /// It is so late.
    fn tick(&mut self, time: i64) {
        self.rows.push((time, Told { target: NONE, sport: 0, bits: Bits::default().only_time() }));
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

    /// Of a folder of many logs nothing else is kept until all are read.
    #[test]
    fn what_is_kept_here_is_found_at_once() {
        let ended = Ledgers::new(&Rules::default(), &Crew::default()).end();
        assert!(matches!(ended.0, Ending::Found(Some(_))));
    }

    #[test]
    fn a_target_is_called_by_its_side_and_its_number_there() {
        let mut ledgers = Ledgers::new(&Rules::default(), &Crew::default());
        let daddr = [10, 0, 0, 1].into();
        let ends = |public| Ends { group: 0, cell: 0, home: super::super::Home::Netns(1), daddr, dport: 443, public };
        let aliases = [true, false, false, true].map(|public| ledgers.know(&ends(public)));
        assert_eq!(aliases, [0, OTHER, OTHER | 1, 1]);
    }

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
