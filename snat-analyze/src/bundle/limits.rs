//! What a bundle may cost: bounds that a hostile archive runs into and an honest one never sees.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bounds on reading. Beyond one of them the archive is left, with a notice; what was read so far stays.
///
/// With the defaults no archive takes a process to 200 MiB: `held` is for everything that archives keep in memory at one
/// time, in whatever nesting, the headers of a member of a tar may have 1 MiB, 1,000 notices of each code are kept, and
/// an entry is read in pieces. What the rows of honest dumps take comes on top.
///
/// ```
/// use snat_analyze::{Analysis, Options, Source};
///
/// let mut options = Options::default();
/// options.limits.bytes = 70;
/// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
/// let report = Analysis::of(vec![Source::texts("case", [("tcptracer.log", log.repeat(9))])], &options)?;
/// assert_eq!(report.notices[0].code, "limit");
/// # Ok::<(), snat_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all entries together, unpacked.
    pub bytes: u64,
    /// Entries of all bundles together, and as many archives in archives. Of an entry the report keeps some kilobytes;
    /// their paths together may have 16 MiB.
    pub entries: usize,
    /// Unpacked bytes for each packed one, from `ratio_from` unpacked bytes on. It holds for each compressed stream and
    /// each zip, and from sixteen times as many bytes on for a whole file with all that is nested in it.
    pub ratio: u64,
    /// Less than this may unpack from any size.
    pub ratio_from: u64,
    /// Archives in archives; a compression counts as one.
    pub depth: usize,
    /// Bytes of text of the dumps whose rows are kept, of all bundles together: rows take about twelve times that. A
    /// log is folded while it is read, and not among them. What is beyond is rejected, and said.
    pub dumps: usize,
    /// Bytes of one line.
    pub line: usize,
    /// Bytes of memory that archives take at one time, all together: a zip that does not lie in a file of its own, the
    /// list of members of a zip, a JSON text that may be the wrapper of a run-command, and the windows of xz and zstd
    /// (`xz -9` asks for 64 MiB; `zstd --long` for 128, which is more than the default gives).
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 40,
            entries: 30_000,
            ratio: 500,
            ratio_from: 64 << 20,
            depth: 4,
            dumps: 12 << 20,
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

/// Reads up to a mark that can be moved. Within the headers of an archive it bounds what a parser may take in.
pub(super) struct Fenced<R> {
    inner: R,
    passed: Meter,
    mark: Rc<Cell<u64>>,
}

impl<R> Fenced<R> {
    /// `passed` counts what is read.
    pub(super) fn new(inner: R, passed: Meter, mark: Rc<Cell<u64>>) -> Self {
        Self { inner, passed, mark }
    }
}

impl<R: Read> Read for Fenced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.passed.bytes() > self.mark.get() {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "headers that are too long"));
        }
        let got = self.inner.read(buffer)?;
        self.passed.add(got as u64);
        Ok(got)
    }
}

impl<R: io::Seek> io::Seek for Fenced<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
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

/// Whether so many bytes are more than the packed ones can honestly hold.
pub(super) fn is_bomb(unpacked: u64, packed: u64, ratio: u64, from: u64) -> bool {
    unpacked > from && unpacked / ratio.max(1) > packed
}

/// Fails once more was unpacked than the packed bytes can honestly hold.
pub(super) struct Unpacked<R> {
    inner: R,
    packed: Meter,
    unpacked: Meter,
    /// Packed bytes that were others'.
    before: u64,
    ratio: u64,
    ratio_from: u64,
}

impl<R> Unpacked<R> {
    /// `packed` is what is read from, `unpacked` what came out of it so far, of this reader or of others beside it.
    pub(super) fn new(inner: R, packed: Meter, unpacked: Meter, limits: &Limits) -> Self {
        Self { inner, packed, unpacked, before: 0, ratio: limits.ratio.max(1), ratio_from: limits.ratio_from }
    }

    /// The same, where what `packed` counted so far belongs to others.
    pub(super) fn from_here(inner: R, packed: Meter, limits: &Limits) -> Self {
        let before = packed.bytes();
        Self { before, ..Self::new(inner, packed, Meter::default(), limits) }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.unpacked.add(got as u64);
        let packed = self.packed.bytes() - self.before;
        if is_bomb(self.unpacked.bytes(), packed, self.ratio, self.ratio_from) {
            let message = format!("unpacks to more than {} times its size", self.ratio);
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        }
        Ok(got)
    }
}
