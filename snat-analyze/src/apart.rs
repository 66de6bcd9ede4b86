//! Work on a thread of its own: pieces of it go there through a bounded queue, come back, and are filled again.

use std::mem;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// A thread that works on pieces in their order, and what it works with.
#[derive(Debug)]
pub(crate) struct Apart<T, P> {
    full: SyncSender<P>,
    empty: Receiver<P>,
    work: JoinHandle<Option<Box<T>>>,
}

impl<T: Send + 'static, P: Send + 'static> Apart<T, P> {
    /// Gives the worker a thread, where it takes the pieces by `work_on`, which leaves them empty. So many may wait for it;
    /// one more is worked on, and one is filled. The worker comes back where no thread is to be had.
    pub(crate) fn new(name: &str, worker: Box<T>, waiting: usize, work_on: fn(&mut T, &mut P)) -> Result<Self, Box<T>> {
        let (full, pieces) = sync_channel(waiting);
        let (back, empty) = channel();
        let (hand, take) = channel();
        let thread = thread::Builder::new().name(name.to_owned());
        let Ok(work) = thread.spawn(move || run(&take, &pieces, &back, work_on)) else { return Err(worker) };
        // A thread that is gone already is told of when it is joined.
        let _ = hand.send(worker);
        Ok(Self { full, empty, work })
    }

    /// Hands a piece over, and waits while too many of them wait; the next one to fill. `None`: the thread is gone,
    /// and to be joined.
    pub(crate) fn hand_over(&self, piece: P, new: impl FnOnce() -> P) -> Option<P> {
        self.full.send(piece).ok()?;
        Some(self.empty.try_recv().unwrap_or_else(|_| new()))
    }

    /// Waits until all pieces are worked on: the worker comes back, and the pieces that nobody fills again. A panic of
    /// the thread goes on here.
    pub(crate) fn join(self) -> (Box<T>, Vec<P>) {
        drop(self.full);
        let work = self.work.join();
        match work {
            Ok(Some(worker)) => (worker, self.empty.try_iter().collect()),
            Ok(None) => resume_unwind(Box::new("the work never came to its thread")),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Works until nobody hands pieces over any more.
fn run<T, P>(
    take: &Receiver<Box<T>>,
    pieces: &Receiver<P>,
    back: &Sender<P>,
    work_on: fn(&mut T, &mut P),
) -> Option<Box<T>> {
    let mut worker = take.recv().ok()?;
    for mut piece in pieces {
        work_on(&mut worker, &mut piece);
        // At the end nobody fills it again.
        let _ = back.send(piece);
    }
    Some(worker)
}

/// So few items are not worth a thread.
const FEW: usize = 16;

/// The same of every item, in their order, on two threads where there may be so many.
pub(crate) fn of_all<T: Send, R: Send>(threads: usize, mut items: Vec<T>, of: impl Fn(T) -> R + Sync) -> Vec<R> {
    if threads < 2 || items.len() < FEW {
        return items.into_iter().map(of).collect();
    }
    let rest = Mutex::new(items.split_off(items.len() / 2));
    let take = || rest.lock().map(|mut rest| mem::take(&mut *rest)).unwrap_or_default();
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || take().into_iter().map(&of).collect::<Vec<R>>());
        let mut found: Vec<R> = items.into_iter().map(&of).collect();
        match thread {
            Ok(thread) => found.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic))),
            // No thread is to be had.
            Err(_) => found.extend(take().into_iter().map(&of)),
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const WAITING: usize = 4;

    #[test]
    fn pieces_come_in_their_order_and_come_back() {
        let feed = |all: &mut Vec<u8>, piece: &mut Vec<u8>| all.append(piece);
        let apart = Apart::new("test", Box::default(), WAITING, feed).unwrap();
        let (mut piece, mut made) = (Vec::new(), 1);
        for byte in 0..200 {
            piece.push(byte);
            let new = || {
                made += 1;
                Vec::new()
            };
            piece = apart.hand_over(piece, new).unwrap();
            assert!(piece.is_empty());
        }
        let (all, back) = apart.join();
        assert_eq!(*all, (0..200).collect::<Vec<u8>>());
        // One was filled last and is not among them.
        assert!(made <= WAITING + 2 && back.len() == made - 1, "{made} were made, {} are back", back.len());
    }

    #[test]
    fn all_items_are_worked_on_in_their_order() {
        for threads in [1, 2, 4] {
            for count in [0, 1, 15, 16, 17, 1_000] {
                let found = of_all(threads, (0..count).collect(), |item: usize| item * 2);
                assert_eq!(found, (0..count).map(|item| item * 2).collect::<Vec<_>>());
            }
        }
        let fails = || of_all(2, (0..20).collect(), |item: u8| if item == 13 { panic!("at {item}") } else { item });
        let panic = catch_unwind(AssertUnwindSafe(fails)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 13");
    }

    #[test]
    fn a_panic_goes_on_where_the_work_is_waited_for() {
        let fails = |_: &mut u8, piece: &mut u8| panic!("at {piece}");
        let apart = Apart::new("test", Box::new(0), WAITING, fails).unwrap();
        let mut handed = 0;
        while apart.hand_over(7, || 0).is_some() {
            handed += 1;
        }
        assert!(handed <= WAITING + 2, "{handed}");
        let panic = catch_unwind(AssertUnwindSafe(|| apart.join())).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 7");
    }
}
