//! What a bundle may cost: bounds that a hostile archive runs into and an honest one never sees.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bounds on reading. Beyond one of them the archive is left, with a notice; what was read so far stays.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all entries together, unpacked.
    pub bytes: u64,
    /// Entries of all bundles together.
    pub entries: usize,
    /// Unpacked bytes for each packed one, from `ratio_from` unpacked bytes on.
    pub ratio: u64,
    /// Less than this may unpack from any size.
    pub ratio_from: u64,
    /// Archives in archives.
    pub depth: usize,
    /// Bytes of one line.
    pub line: usize,
    /// Bytes of a zip that does not lie in a file of its own: it is held in memory.
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 40,
            entries: 100_000,
            ratio: 500,
            ratio_from: 64 << 20,
            depth: 4,
            line: 1 << 20,
            held: 64 << 20,
        }
    }
}

/// Bytes that went through a reader, shared with whoever checks them.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Rc<Cell<u64>>);

impl Meter {
    pub(super) fn bytes(&self) -> u64 {
        self.0.get()
    }

    pub(super) fn add(&self, bytes: u64) {
        self.0.set(self.0.get().saturating_add(bytes));
    }
}

/// Counts what is read through it.
pub(super) struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R> Metered<R> {
    pub(super) fn new(inner: R, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.meter.add(got as u64);
        Ok(got)
    }
}

/// Fails once more was unpacked than the packed bytes can honestly hold.
pub(super) struct Unpacked<R> {
    inner: R,
    packed: Meter,
    unpacked: Meter,
    ratio: u64,
    ratio_from: u64,
}

impl<R> Unpacked<R> {
    /// `packed` is what is read from, `unpacked` what came out of it so far, of this reader or of others beside it.
    pub(super) fn new(inner: R, packed: Meter, unpacked: Meter, limits: &Limits) -> Self {
        Self { inner, packed, unpacked, ratio: limits.ratio.max(1), ratio_from: limits.ratio_from }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.unpacked.add(got as u64);
        let unpacked = self.unpacked.bytes();
        if unpacked > self.ratio_from && unpacked / self.ratio > self.packed.bytes() {
            let message = format!("unpacks to more than {} times its size", self.ratio);
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        }
        Ok(got)
    }
}
