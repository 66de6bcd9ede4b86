//! Both ledgers of a run, that of all connects and that without a mesh's doubles: kept where the log is folded, or, once
//! the run is long, on a thread of their own. What they find never depends on that: they are told the same, in the same
//! order.

use std::mem;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::Sweep;
use super::lanes::{Ends, Lane};
use super::replay::Replay;
use super::step::{Row, Rules};

/// Rows after which a thread is worth its start.
const LONG: usize = 20_000;
/// Words that are handed over at once, and heaps of them that may wait.
const HEAP: usize = 8_192;
const WAITING: usize = 8;

/// The ledgers, told row by row.
#[derive(Debug)]
pub(crate) struct Ledgers {
    at: At,
    rows: usize,
    may_go: bool,
    has_mesh: bool,
}

#[derive(Debug)]
enum At {
    Here(Box<Pair>),
    Apart(Apart),
}

/// What the ledgers are told.
#[derive(Clone, Copy, Debug)]
enum Word {
    /// A row of a target, by its number.
    Row(Row, u32),
    /// A row whose ends no connect made known: they are the next ones of the heap.
    Stranger(Row),
    Behind(Row),
    Unkeyed(Option<i64>),
    /// The next target's ends: they are the next ones of the heap.
    Know,
    /// From now on there are two ledgers.
    Mesh,
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

/// The thread that keeps them.
#[derive(Debug)]
struct Apart {
    full: SyncSender<Heap>,
    empty: Receiver<Heap>,
    heap: Heap,
    work: JoinHandle<Option<Box<Pair>>>,
}

impl Ledgers {
    /// `threads`: how many there may be, this one counted.
    pub(crate) fn new(rules: &Rules, threads: usize) -> Self {
        let pair = Pair { sweep: Sweep::new(rules), mesh: None, lanes: Vec::new() };
        Self { at: At::Here(Box::new(pair)), rows: 0, may_go: threads > 1, has_mesh: false }
    }

    /// The next target: rows name it by its place.
    pub(crate) fn know(&mut self, ends: &Ends) {
        self.tell(Word::Know, Some(ends));
    }

    /// The next row of the log, of a target.
    #[inline]
    pub(crate) fn row(&mut self, row: &Row, target: u32) {
        self.tell(Word::Row(*row, target), None);
    }

    /// The next row of the log, one that is no connect and whose ends no connect made known.
    pub(crate) fn stranger(&mut self, row: &Row, ends: &Ends) {
        self.tell(Word::Stranger(*row), Some(ends));
    }

    /// The next row of the log, one behind what is measured.
    pub(crate) fn behind(&mut self, row: &Row) {
        self.tell(Word::Behind(*row), None);
    }

    /// The next row of the log, one that is not replayed.
    pub(crate) fn unkeyed(&mut self, time: Option<i64>) {
        self.tell(Word::Unkeyed(time), None);
    }

    /// A proxy connects: from its first connect on there is a ledger without what it makes again.
    #[inline]
    pub(crate) fn proxy_connects(&mut self) {
        if !mem::replace(&mut self.has_mesh, true) {
            self.tell(Word::Mesh, None);
        }
    }

    /// The log is over: that of all, and that without doubles if there is one.
    pub(crate) fn finish(self) -> (Replay, Option<Replay>) {
        let pair = match self.at {
            At::Here(pair) => pair,
            At::Apart(apart) => apart.join(),
        };
        (pair.sweep.finish(), pair.mesh.map(|mesh| mesh.finish()))
    }

    #[inline]
    fn tell(&mut self, word: Word, ends: Option<&Ends>) {
        match &mut self.at {
            At::Here(pair) => {
                pair.hear(&word, || ends.copied());
                self.rows += 1;
                if self.rows == LONG && self.may_go {
                    self.part();
                }
            }
            At::Apart(apart) => {
                apart.heap.ends.extend(ends);
                apart.heap.words.push(word);
                if apart.heap.words.len() == HEAP {
                    apart.hand_over();
                }
            }
        }
    }

    /// Gives the ledgers a thread; they stay here where none is to be had.
    #[cold]
    fn part(&mut self) {
        let (full, heaps) = sync_channel(WAITING);
        let (back, empty) = channel();
        let (hand, take) = channel();
        let thread = thread::Builder::new().name("ledger".to_owned());
        let Ok(work) = thread.spawn(move || keep(&take, &heaps, &back)) else { return };
        let apart = Apart { full, empty, heap: Heap::default(), work };
        if let At::Here(pair) = mem::replace(&mut self.at, At::Apart(apart)) {
            // A thread that is gone already is told of when it is joined.
            let _ = hand.send(pair);
        }
    }
}

/// Keeps the ledgers until nobody tells them anything any more.
fn keep(take: &Receiver<Box<Pair>>, heaps: &Receiver<Heap>, back: &Sender<Heap>) -> Option<Box<Pair>> {
    let mut pair = take.recv().ok()?;
    for mut heap in heaps {
        pair.hear_all(&mut heap);
        // At the end nobody fills it again.
        let _ = back.send(heap);
    }
    Some(pair)
}

impl Apart {
    fn hand_over(&mut self) {
        let next = self.empty.try_recv().unwrap_or_default();
        // A thread that is gone is told of when it is joined.
        let _ = self.full.send(mem::replace(&mut self.heap, next));
    }

    fn join(mut self) -> Box<Pair> {
        self.hand_over();
        drop(self.full);
        match self.work.join() {
            Ok(Some(pair)) => pair,
            Ok(None) => resume_unwind(Box::new("the ledgers never came to their thread")),
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Pair {
    fn hear_all(&mut self, heap: &mut Heap) {
        let mut ends = heap.ends.drain(..);
        for word in heap.words.drain(..) {
            self.hear(&word, || ends.next());
        }
    }

    #[inline]
    fn hear(&mut self, word: &Word, mut ends: impl FnMut() -> Option<Ends>) {
        match word {
            Word::Row(row, target) => {
                let Some([lane, of_mesh]) = self.lanes.get(*target as usize).copied() else {
                    // No row is lost: one of no target is counted as not replayed.
                    return self.both(|sweep| sweep.unkeyed(row.time));
                };
                self.sweep.row(row, lane);
                if let Some(mesh) = &mut self.mesh {
                    mesh.row(row, of_mesh);
                }
            }
            Word::Stranger(row) => match ends() {
                Some(ends) => self.both(|sweep| sweep.stranger(row, &ends)),
                None => self.both(|sweep| sweep.unkeyed(row.time)),
            },
            Word::Behind(row) => self.both(|sweep| sweep.behind(row)),
            Word::Unkeyed(time) => self.both(|sweep| sweep.unkeyed(*time)),
            Word::Know => {
                let Some(ends) = ends() else { return };
                let lane = self.sweep.know(&ends);
                self.lanes.push([lane, self.mesh.as_mut().map_or(lane, |mesh| mesh.know(&ends))]);
            }
            Word::Mesh => {
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
