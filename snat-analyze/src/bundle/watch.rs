//! How far the reading is, told to the visitor, who may end it.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::limits::Meter;
use super::{EntryName, Visit};

/// How far the reading of all sources is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// What is being read: an entry, or a part of an archive that is passed over.
    pub entry: &'a EntryName,
    /// Unpacked bytes of all entries read so far.
    pub bytes: u64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(entry: &'a EntryName, bytes: u64) -> Self {
        Self { entry, bytes }
    }
}

/// The visitor, shared by whoever may have to ask it.
#[derive(Clone)]
pub(super) struct Watch<'a> {
    visit: Rc<RefCell<&'a mut dyn Visit>>,
    entry: Rc<RefCell<EntryName>>,
    total: Meter,
    stopped: Rc<Cell<bool>>,
}

impl<'a> Watch<'a> {
    /// `total` counts the unpacked bytes of all entries.
    pub(super) fn new(visit: &'a mut dyn Visit, total: Meter) -> Self {
        let nothing = EntryName { bundle: String::new(), path: String::new() };
        Self {
            visit: Rc::new(RefCell::new(visit)),
            entry: Rc::new(RefCell::new(nothing)),
            total,
            stopped: Rc::default(),
        }
    }

    /// What is read from here on.
    pub(super) fn at(&self, entry: EntryName) {
        *self.entry.borrow_mut() = entry;
    }

    /// Gives an entry to the visitor.
    pub(super) fn entry(&self, entry: EntryName, reader: &mut dyn Read) -> io::Result<()> {
        self.visit.borrow_mut().entry(entry, reader)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Asks the visitor, unless it is within an entry: there it has its own say.
    pub(super) fn asks_to_stop(&self) -> bool {
        if !self.stopped.get()
            && let Ok(mut visit) = self.visit.try_borrow_mut()
        {
            let entry = self.entry.borrow();
            let asked = visit.progress(&Progress::new(&entry, self.total.bytes()));
            self.stopped.set(asked == ControlFlow::Break(()));
        }
        self.stopped.get()
    }
}

/// So many bytes go through a reader between two questions.
const ASKED_EVERY: u64 = 1 << 18;

/// Asks on the way whether to go on, and reads nothing once the answer was no.
pub(super) struct Watched<'a, R> {
    inner: R,
    watch: Watch<'a>,
    since: u64,
}

impl<'a, R> Watched<'a, R> {
    pub(super) fn new(inner: R, watch: Watch<'a>) -> Self {
        Self { inner, watch, since: 0 }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stop = if self.since < ASKED_EVERY {
            self.watch.is_stopped()
        } else {
            self.since = 0;
            self.watch.asks_to_stop()
        };
        if stop {
            return Err(io::Error::other("cancelled"));
        }
        let got = self.inner.read(buffer)?;
        self.since += got as u64;
        Ok(got)
    }
}
