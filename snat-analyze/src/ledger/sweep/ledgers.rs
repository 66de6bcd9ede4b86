//! Both ledgers of a run, that of all connects and that without a mesh's doubles: kept where the log is folded, or, once
//! the run is long, on a thread of their own. What they find never depends on that: they are told the same, in the same
//! order.

use std::mem;

use super::Sweep;
use super::lanes::{Ends, Lane};
use super::replay::Replay;
use super::stage::Move;
use super::step::{Bits, Row, Rules};
use crate::apart::Apart;

/// Rows after which a thread is worth its start.
const LONG: usize = 20_000;
/// Words that are heard at once where the ledgers are kept here.
const FEW: usize = 512;
/// Words that are handed over at once.
const HEAP: usize = 2_048;

/// The ledgers, told row by row.
#[derive(Debug)]
pub(crate) struct Ledgers {
    heap: Heap,
    at: At,
    /// Words that are handed over at once.
    most: usize,
    /// Words so far.
    words: usize,
    may_go: bool,
    has_mesh: bool,
}

#[derive(Debug)]
enum At {
    Here(Box<Pair>),
    Apart(Apart<Pair, Heap>),
}

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// A row of a target, by its number.
    Row,
    /// A row whose ends no connect made known: they are the next ones of the heap.
    Stranger,
    Behind,
    Unkeyed,
    /// The next target's ends: they are the next ones of the heap.
    Know,
    /// From now on there are two ledgers.
    Mesh,
}

/// What the ledgers are told: a row, packed.
#[derive(Clone, Copy, Debug)]
struct Word {
    time: i64,
    line: u64,
    target: u32,
    sport: u16,
    what: What,
    bits: Bits,
}

impl Word {
    #[inline]
    fn of(what: What, row: &Row, target: u32) -> Self {
        let bits = Bits::of(row);
        Self { time: row.time.unwrap_or(0), line: row.line, target, sport: row.sport, what, bits }
    }

    fn alone(what: What, time: Option<i64>) -> Self {
        let bits = Bits::timed(time.is_some());
        Self { time: time.unwrap_or(0), line: 0, target: 0, sport: 0, what, bits }
    }

    fn time(&self) -> Option<i64> {
        self.bits.is_timed().then_some(self.time)
    }

    fn row(&self) -> Row {
        Row {
            time: self.time(),
            line: self.line,
            kind: self.bits.kind(),
            sport: self.sport,
            mapped: self.bits.is_mapped(),
            proxy: self.bits.is_proxy(),
        }
    }
}

/// Words in their order, and the ends that belong to some of them.
#[derive(Debug, Default)]
struct Heap {
    words: Vec<Word>,
    ends: Vec<Ends>,
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
}

impl Ledgers {
    /// `threads`: how many there may be, this one counted.
    pub(crate) fn new(rules: &Rules, threads: usize) -> Self {
        let at = At::Here(Box::new(Pair::new(rules)));
        Self { heap: Heap::default(), at, most: FEW, words: 0, may_go: threads > 1, has_mesh: false }
    }

    /// The next target: rows name it by its place.
    pub(crate) fn know(&mut self, ends: &Ends) {
        self.tell(Word::alone(What::Know, None), Some(ends));
    }

    /// The next row of the log, of a target.
    #[inline]
    pub(crate) fn row(&mut self, row: &Row, target: u32) {
        self.heap.words.push(Word::of(What::Row, row, target));
        if self.heap.words.len() >= self.most {
            self.hand_over();
        }
    }

    /// The next row of the log, one that is no connect and whose ends no connect made known.
    pub(crate) fn stranger(&mut self, row: &Row, ends: &Ends) {
        self.tell(Word::of(What::Stranger, row, 0), Some(ends));
    }

    /// The next row of the log, one behind what is measured.
    pub(crate) fn behind(&mut self, row: &Row) {
        self.tell(Word::of(What::Behind, row, 0), None);
    }

    /// The next row of the log, one that is not replayed.
    pub(crate) fn unkeyed(&mut self, time: Option<i64>) {
        self.tell(Word::alone(What::Unkeyed, time), None);
    }

    /// A proxy connects: from its first connect on there is a ledger without what it makes again.
    #[inline]
    pub(crate) fn proxy_connects(&mut self) {
        if !mem::replace(&mut self.has_mesh, true) {
            self.tell(Word::alone(What::Mesh, None), None);
        }
    }

    /// The log is over: that of all, and that without doubles if there is one.
    pub(crate) fn finish(mut self) -> (Replay, Option<Replay>) {
        self.hand_over();
        let pair = match self.at {
            At::Here(pair) => pair,
            At::Apart(apart) => apart.join().0,
        };
        (pair.sweep.finish(), pair.mesh.map(|mesh| mesh.finish()))
    }

    fn tell(&mut self, word: Word, ends: Option<&Ends>) {
        self.heap.ends.extend(ends);
        self.heap.words.push(word);
        if self.heap.words.len() >= self.most {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        self.words = self.words.saturating_add(self.heap.words.len());
        match &mut self.at {
            At::Here(pair) => {
                pair.hear_all(&mut self.heap);
                if self.words >= LONG && self.may_go {
                    self.part();
                }
            }
            At::Apart(apart) => {
                // A thread that is gone is told of when it is joined.
                self.heap = apart.hand_over(mem::take(&mut self.heap), Heap::default).unwrap_or_default();
            }
        }
    }

    /// Gives the ledgers a thread; they stay here where none is to be had.
    #[cold]
    fn part(&mut self) {
        self.may_go = false;
        let here = At::Here(Box::new(Pair::new(&Rules::default())));
        if let At::Here(pair) = mem::replace(&mut self.at, here) {
            self.at = Apart::new("ledger", pair, Pair::hear_all).map_or_else(At::Here, At::Apart);
            self.most = HEAP;
        }
    }
}

impl Pair {
    fn new(rules: &Rules) -> Self {
        Self { sweep: Sweep::new(rules), mesh: None, lanes: Vec::new(), of_mesh: Vec::new() }
    }

    fn hear_all(&mut self, heap: &mut Heap) {
        let mut ends = heap.ends.drain(..);
        for word in heap.words.drain(..) {
            if word.what == What::Row
                && let Some(&Lane { lane, way }) = self.lanes.get(word.target as usize)
            {
                let row = Move { lane, way, sport: word.sport, bits: word.bits };
                self.sweep.hear(word.time, word.line, row);
                if let (Some(mesh), Some(&Lane { lane, way })) =
                    (&mut self.mesh, self.of_mesh.get(word.target as usize))
                {
                    mesh.hear(word.time, word.line, Move { lane, way, ..row });
                }
            } else {
                self.hear(&word, || ends.next());
            }
        }
    }

    /// Hears what is no row of a target.
    fn hear(&mut self, word: &Word, mut ends: impl FnMut() -> Option<Ends>) {
        match word.what {
            What::Stranger => match ends() {
                Some(ends) => self.both(|sweep| sweep.stranger(&word.row(), &ends)),
                None => self.both(|sweep| sweep.unkeyed(word.time())),
            },
            What::Behind => self.both(|sweep| sweep.behind(&word.row())),
            // No row is lost: one of no target is counted as not replayed.
            What::Row | What::Unkeyed => self.both(|sweep| sweep.unkeyed(word.time())),
            What::Know => {
                let Some(ends) = ends() else { return };
                self.lanes.push(self.sweep.know(&ends));
                self.of_mesh.extend(self.mesh.as_mut().map(|mesh| mesh.know(&ends)));
            }
            What::Mesh => {
                self.mesh = Some(Box::new(self.sweep.less_doubles()));
                self.of_mesh.clone_from(&self.lanes);
            }
        }
    }

    fn both(&mut self, tell: impl Fn(&mut Sweep)) {
        tell(&mut self.sweep);
        self.mesh.iter_mut().for_each(|mesh| tell(mesh));
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::StepKind;
    use super::*;

    #[test]
    fn a_word_says_what_the_row_says() {
        for kind in [StepKind::Connect, StepKind::Accept, StepKind::Close] {
            for (time, mapped, proxy) in [(None, false, true), (Some(-5), true, false), (Some(0), true, true)] {
                let row = Row { time, line: 7, kind, sport: 9, mapped, proxy };
                assert_eq!(format!("{:?}", Word::of(What::Row, &row, 1).row()), format!("{row:?}"));
            }
        }
        assert!(size_of::<Word>() <= 24);
    }
}
