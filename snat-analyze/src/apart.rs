//! Bytes that are worked on by another thread than the one that reads them: through a bounded queue of buffers, which
//! come back and are filled again.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// Bytes of a buffer.
const BUFFER: usize = 1 << 18;
/// Buffers that may wait for the thread. One more is worked on, and one is filled.
const WAITING: usize = 4;

/// A buffer, and how much of it is filled.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    filled: usize,
}

impl Piece {
    fn new() -> Self {
        Self { bytes: vec![0; BUFFER], filled: 0 }
    }

    /// What may still be filled.
    pub(crate) fn rest(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// So many more bytes of it are filled; whether there is no room for another.
    pub(crate) fn fill(&mut self, got: usize) -> bool {
        self.filled += got;
        self.filled >= self.bytes.len()
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// What was filled is not needed any more.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }
}

/// Buffers that nobody uses, kept for whoever needs one: entries may be many, and a heap has as many holes.
#[derive(Debug, Default)]
pub(crate) struct Spare(Vec<Piece>);

impl Spare {
    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Piece {
        self.0.pop().unwrap_or_else(Piece::new)
    }

    pub(crate) fn give(&mut self, mut piece: Piece) {
        piece.clear();
        self.0.push(piece);
    }
}

/// A thread that works on pieces in their order, and what it works with.
#[derive(Debug)]
pub(crate) struct Apart<T> {
    full: SyncSender<Piece>,
    empty: Receiver<Piece>,
    work: JoinHandle<Option<Box<T>>>,
}

impl<T: Send + 'static> Apart<T> {
    /// Gives the worker a thread, where it takes the pieces by `feed`. The worker comes back where no thread is to be
    /// had.
    pub(crate) fn new(name: &str, worker: Box<T>, feed: fn(&mut T, &[u8])) -> Result<Self, Box<T>> {
        let (full, pieces) = sync_channel(WAITING);
        let (back, empty) = channel();
        let (hand, take) = channel();
        let thread = thread::Builder::new().name(name.to_owned());
        let Ok(work) = thread.spawn(move || run(&take, &pieces, &back, feed)) else { return Err(worker) };
        // A thread that is gone already is told of when it is joined.
        let _ = hand.send(worker);
        Ok(Self { full, empty, work })
    }

    /// Hands a piece over, and waits while too many of them wait; the next one to fill. `None`: the thread is gone,
    /// and to be joined.
    pub(crate) fn hand_over(&self, piece: Piece, spare: &mut Spare) -> Option<Piece> {
        self.full.send(piece).ok()?;
        Some(self.empty.try_recv().unwrap_or_else(|_| spare.take()))
    }

    /// Waits until all pieces are worked on: the worker comes back. A panic of the thread goes on here.
    pub(crate) fn join(self, spare: &mut Spare) -> Box<T> {
        drop(self.full);
        let work = self.work.join();
        self.empty.try_iter().for_each(|piece| spare.give(piece));
        match work {
            Ok(Some(worker)) => worker,
            Ok(None) => resume_unwind(Box::new("the work never came to its thread")),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Works until nobody hands pieces over any more.
fn run<T>(
    take: &Receiver<Box<T>>,
    pieces: &Receiver<Piece>,
    back: &Sender<Piece>,
    feed: fn(&mut T, &[u8]),
) -> Option<Box<T>> {
    let mut worker = take.recv().ok()?;
    for mut piece in pieces {
        feed(&mut worker, piece.filled());
        piece.clear();
        // At the end nobody fills it again.
        let _ = back.send(piece);
    }
    Some(worker)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn filled(mut piece: Piece, byte: u8) -> Piece {
        piece.rest()[0] = byte;
        piece.fill(1);
        piece
    }

    #[test]
    fn pieces_come_in_their_order_and_buffers_come_back() {
        let mut spare = Spare::default();
        let feed = |all: &mut Vec<u8>, bytes: &[u8]| all.extend(bytes);
        let apart = Apart::new("test", Box::default(), feed).unwrap();
        let mut piece = spare.take();
        for byte in 0..200 {
            piece = apart.hand_over(filled(piece, byte), &mut spare).unwrap();
            assert!(piece.filled().is_empty());
        }
        assert_eq!(*apart.join(&mut spare), (0..200).collect::<Vec<u8>>());
        // One was filled last and is not among them.
        assert!(spare.0.len() <= WAITING + 1, "{}", spare.0.len());
    }

    #[test]
    fn a_panic_goes_on_where_the_work_is_waited_for() {
        let mut spare = Spare::default();
        let apart = Apart::new("test", Box::new(0), |_: &mut u8, bytes| panic!("at {}", bytes[0])).unwrap();
        let mut next = Some(spare.take());
        let mut handed = 0;
        while let Some(piece) = next {
            next = apart.hand_over(filled(piece, 7), &mut spare);
            handed += 1;
        }
        assert!(handed <= WAITING + 3, "{handed}");
        let panic = catch_unwind(AssertUnwindSafe(|| apart.join(&mut spare))).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 7");
    }
}
