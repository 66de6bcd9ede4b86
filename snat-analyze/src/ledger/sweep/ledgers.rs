//! Both ledgers of a run, that of all connects and that without a mesh's doubles: kept where the log is folded, or, once
//! the run is long, on a thread of their own. What they find never depends on that: they are told the same, in the same
//! order.

use std::mem;

use super::Sweep;
use super::lanes::{Ends, Lane};
use super::replay::Replay;
use super::step::{Row, Rules, StepKind};
use crate::apart::Apart;

/// Rows after which a thread is worth its start.
const LONG: usize = 20_000;
/// Words that are heard at once where the ledgers are kept here.
const FEW: usize = 512;
/// Words that are handed over at once.
const HEAP: usize = 2_048;
/// Words whose lanes are fetched at once.
const AHEAD: usize = 64;

/// The ledgers, told row by row.
#[derive(Debug)]
pub(crate) struct Ledgers {
    heap: Heap,
    at: At,
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
    bits: u8,
}

const TIMED: u8 = 1;
const MAPPED: u8 = 2;
const PROXY: u8 = 4;
const ACCEPT: u8 = 8;
const CLOSE: u8 = 16;

impl Word {
    #[inline]
    fn of(what: What, row: &Row, target: u32) -> Self {
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        let bits = bit(row.time.is_some(), TIMED)
            | bit(row.mapped, MAPPED)
            | bit(row.proxy, PROXY)
            | bit(row.kind == StepKind::Accept, ACCEPT)
            | bit(row.kind == StepKind::Close, CLOSE);
        Self { time: row.time.unwrap_or(0), line: row.line, target, sport: row.sport, what, bits }
    }

    fn alone(what: What, time: Option<i64>) -> Self {
        let bits = if time.is_some() { TIMED } else { 0 };
        Self { time: time.unwrap_or(0), line: 0, target: 0, sport: 0, what, bits }
    }

    #[inline]
    fn time(&self) -> Option<i64> {
        (self.bits & TIMED != 0).then_some(self.time)
    }

    #[inline]
    fn row(&self) -> Row {
        let has = |bit: u8| self.bits & bit != 0;
        let kind = match (has(ACCEPT), has(CLOSE)) {
            (true, _) => StepKind::Accept,
            (_, true) => StepKind::Close,
            _ => StepKind::Connect,
        };
        let (time, line, sport) = (self.time(), self.line, self.sport);
        Row { time, line, kind, sport, mapped: has(MAPPED), proxy: has(PROXY) }
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
    /// The numbers of each target in both.
    lanes: Vec<[Lane; 2]>,
}

impl Ledgers {
    /// `threads`: how many there may be, this one counted.
    pub(crate) fn new(rules: &Rules, threads: usize) -> Self {
        let at = At::Here(Box::new(Pair::new(rules)));
        Self { heap: Heap::default(), at, words: 0, may_go: threads > 1, has_mesh: false }
    }

    /// The next target: rows name it by its place.
    pub(crate) fn know(&mut self, ends: &Ends) {
        self.tell(Word::alone(What::Know, None), Some(ends));
    }

    /// The next row of the log, of a target.
    #[inline]
    pub(crate) fn row(&mut self, row: &Row, target: u32) {
        self.tell(Word::of(What::Row, row, target), None);
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

    #[inline]
    fn tell(&mut self, word: Word, ends: Option<&Ends>) {
        self.heap.ends.extend(ends);
        self.heap.words.push(word);
        let most = if matches!(self.at, At::Here(_)) { FEW } else { HEAP };
        if self.heap.words.len() >= most {
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
        }
    }
}

impl Pair {
    fn new(rules: &Rules) -> Self {
        Self { sweep: Sweep::new(rules), mesh: None, lanes: Vec::new() }
    }

    fn hear_all(&mut self, heap: &mut Heap) {
        let mut ends = heap.ends.drain(..);
        for words in heap.words.chunks(AHEAD) {
            // The numbers of targets lie anywhere in memory: all at once they come sooner.
            let number = |word: &Word| self.lanes.get(word.target as usize).map_or(0, |[lane, _]| lane.lane);
            std::hint::black_box(words.iter().fold(0, |touched, word| touched ^ number(word)));
            words.iter().for_each(|word| self.hear(word, || ends.next()));
        }
        heap.words.clear();
    }

    #[inline]
    fn hear(&mut self, word: &Word, mut ends: impl FnMut() -> Option<Ends>) {
        match word.what {
            What::Row => {
                let Some([lane, of_mesh]) = self.lanes.get(word.target as usize).copied() else {
                    // No row is lost: one of no target is counted as not replayed.
                    return self.both(|sweep| sweep.unkeyed(word.time()));
                };
                let row = word.row();
                self.sweep.row(&row, lane);
                if let Some(mesh) = &mut self.mesh {
                    mesh.row(&row, of_mesh);
                }
            }
            What::Stranger => match ends() {
                Some(ends) => self.both(|sweep| sweep.stranger(&word.row(), &ends)),
                None => self.both(|sweep| sweep.unkeyed(word.time())),
            },
            What::Behind => self.both(|sweep| sweep.behind(&word.row())),
            What::Unkeyed => self.both(|sweep| sweep.unkeyed(word.time())),
            What::Know => {
                let Some(ends) = ends() else { return };
                let lane = self.sweep.know(&ends);
                self.lanes.push([lane, self.mesh.as_mut().map_or(lane, |mesh| mesh.know(&ends))]);
            }
            What::Mesh => {
                self.mesh = Some(Box::new(self.sweep.less_doubles()));
                self.lanes.iter_mut().for_each(|lanes| lanes[1] = lanes[0]);
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
