//! Work that is done apart: the same of many items on two threads, with something else beside it, and the freeing of what
//! nobody needs any more.

use std::iter;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread;

/// So few items are not worth a thread.
const FEW: usize = 16;

/// The same of every item, in their order, and something else beside it, on two threads where there may be so many.
pub(crate) fn of_all<T: Send, R: Send, B>(
    threads: usize,
    items: Vec<T>,
    of: impl Fn(T) -> R + Sync,
    beside: impl FnOnce() -> B,
) -> (Vec<R>, B) {
    if threads < 2 || items.len() < FEW {
        return (items.into_iter().map(of).collect(), beside());
    }
    let rest = Mutex::new(items.into_iter().enumerate());
    let next = || rest.lock().ok().and_then(|mut rest| rest.next());
    // Whoever has time takes the next one.
    let work = || iter::from_fn(next).map(|(at, item)| (at, of(item))).collect::<Vec<(usize, R)>>();
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, work);
        let beside = beside();
        let mut found = work();
        // Where no thread is to be had, all was done here.
        if let Ok(thread) = thread {
            found.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        found.sort_unstable_by_key(|(at, _)| *at);
        (found.into_iter().map(|(_, found)| found).collect(), beside)
    })
}

/// Frees memory on a thread of its own, which may outlive the call: nobody waits for that. Where no thread is to be had, it is
/// done here.
pub(crate) fn free<T: Send + 'static>(what: T) {
    let _ = thread::Builder::new().name("frees".to_owned()).spawn(move || drop(what));
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn all_items_are_worked_on_in_their_order() {
        for threads in [1, 2, 4] {
            for count in [0, 1, 15, 16, 17, 1_000] {
                let (found, beside) = of_all(threads, (0..count).collect(), |item: usize| item * 2, || 7);
                assert_eq!((found, beside), ((0..count).map(|item| item * 2).collect::<Vec<_>>(), 7));
            }
        }
        let fails =
            || of_all(2, (0..20).collect(), |item: u8| if item == 13 { panic!("at {item}") } else { item }, || 7);
        let panic = catch_unwind(AssertUnwindSafe(fails)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 13");
    }
}
