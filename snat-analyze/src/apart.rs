//! Work that is done apart: the same of many items, on two threads, and the freeing of what nobody needs any more.

use std::mem;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread;

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
                let found = of_all(threads, (0..count).collect(), |item: usize| item * 2);
                assert_eq!(found, (0..count).map(|item| item * 2).collect::<Vec<_>>());
            }
        }
        let fails = || of_all(2, (0..20).collect(), |item: u8| if item == 13 { panic!("at {item}") } else { item });
        let panic = catch_unwind(AssertUnwindSafe(fails)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 13");
    }
}
