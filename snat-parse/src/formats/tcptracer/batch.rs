//! Events as columns: what the reader fills and the fold reads. Kept between chunks, so that a line allocates nothing.

use crate::formats::tcptracer::dictionary::Dictionary;
use crate::formats::tcptracer::plain::{Even, Plain};
use crate::formats::tcptracer::{Event, Kind};

/// A stretch of the chunk, or of the spill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u32,
    /// The highest bit is set where it lies in the spill.
    len: u32,
}

const SPILLED: u32 = 1 << 31;

/// What a row says, and where.
#[derive(Clone, Copy, Debug)]
struct Packed {
    line: u64,
    time: i64,
    text: Span,
    origin: u32,
    remote: u32,
    sport: u16,
    dport: u16,
    kind: Kind,
    cells: Cells,
}

/// Cells that a row has, and whether somebody masked one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cells(u8);

impl Cells {
    const TIME: u8 = 1;
    const SPORT: u8 = 2;
    const DPORT: u8 = 4;
    const MASKED: u8 = 8;
    /// The row is plain.
    const PLAIN: u8 = 16;
    /// All of a plain row.
    const OF_PLAIN: Self = Self(Self::TIME | Self::SPORT | Self::DPORT | Self::PLAIN);

    fn of(event: &Event<'_>) -> Self {
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        Self(
            bit(event.time.is_some(), Self::TIME)
                | bit(event.sport.is_some(), Self::SPORT)
                | bit(event.dport.is_some(), Self::DPORT)
                | bit(event.masked, Self::MASKED),
        )
    }

    #[inline]
    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Columns of a run of events. Texts are stretches of the chunk that they were read from; processes and remote
/// addresses are numbers of a dictionary that outlives the chunk.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    rows: Vec<Packed>,
    /// The first row of each run, ascending, and the run.
    runs: Vec<(usize, u32)>,
    /// Lines that do not stand in the chunk in one piece.
    spill: Vec<u8>,
    names: Dictionary,
}

impl Columns {
    /// Takes out all events and keeps the room.
    pub fn clear(&mut self) {
        let Self { rows, runs, spill, names } = self;
        rows.clear();
        runs.clear();
        spill.clear();
        names.bound();
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows that are appended from here on are of that run.
    pub(super) fn in_run(&mut self, run: u32) {
        if self.runs.last().is_none_or(|(_, last)| *last != run) {
            self.runs.push((self.len(), run));
        }
    }

    /// The namespace of the last row.
    pub(super) fn last_netns(&self) -> Option<u64> {
        self.names.origin(self.rows.last()?.origin).netns
    }

    /// Appends the row at `start` of the chunk if it is an even one and known, as [`Columns::plain`] does; how many bytes
    /// it takes.
    #[inline(always)]
    pub(super) fn even(&mut self, line: u64, chunk: &[u8], start: usize) -> Option<usize> {
        let row = Even::of(chunk.get(start..)?)?;
        let kind = row.kind()?;
        let recent = self.names.recent(&row.origin()?, &row.remote()?);
        let (origin, remote) = if recent.is_some() { recent } else { self.names.older(row) }?;
        let time = row.time()?;
        let (sport, dport) = row.ports()?;
        let text = Span { start: start as u32, len: row.text as u32 };
        self.rows.push(Packed { line, time, text, origin, remote, sport, dport, kind, cells: Cells::OF_PLAIN });
        Some(row.text + 1)
    }

    /// Appends a plain row that starts at `start` of the chunk, of the run that [`Columns::in_run`] named; false where
    /// what it prints is not known yet.
    pub(super) fn plain(&mut self, line: u64, row: &Plain, start: usize) -> bool {
        let Some((origin, remote)) = self.names.known(&row.origin, &row.remote) else { return false };
        let Plain { time, kind, sport, dport, text, .. } = *row;
        let text = Span { start: start as u32, len: text as u32 };
        self.rows.push(Packed { line, time, text, origin, remote, sport, dport, kind, cells: Cells::OF_PLAIN });
        true
    }

    /// The grammar read the last event, from the line at `start` of the chunk: if it is as this row has it, its cells
    /// are known from now on.
    pub(super) fn learn(&mut self, row: &Plain, chunk: &[u8], start: usize) {
        let Some(Packed { text, origin: of, remote: to, .. }) = self.rows.last().copied() else { return };
        let (batch, last) = (Batch::new(self, chunk), self.len() - 1);
        let stands_there = text == Span { start: start as u32, len: row.text as u32 };
        if stands_there && row.is(&batch.event(last), batch.text(last)) {
            self.names.learn((&row.origin, of), (&row.remote, to));
        }
    }

    /// Appends an event whose `line` starts at `start` of the chunk.
    pub(super) fn push(&mut self, number: u64, run: u32, event: &Event<'_>, line: &[u8], start: usize) {
        self.add(number, run, event, Span { start: start as u32, len: line.len() as u32 });
    }

    /// Appends an event whose line was put together or cleaned: its text is copied.
    pub(super) fn push_spilled(&mut self, number: u64, run: u32, event: &Event<'_>, line: &[u8]) {
        let start = self.spill.len();
        self.spill.extend_from_slice(line);
        self.add(number, run, event, Span { start: start as u32, len: line.len() as u32 | SPILLED });
    }

    fn add(&mut self, line: u64, run: u32, event: &Event<'_>, text: Span) {
        self.in_run(run);
        let (origin, remote) = self.names.numbers(event);
        let (sport, dport) = (event.sport.unwrap_or(0), event.dport.unwrap_or(0));
        let (time, kind, cells) = (event.time.unwrap_or(0), event.kind, Cells::of(event));
        self.rows.push(Packed { line, time, text, origin, remote, sport, dport, kind, cells });
    }
}

/// What a row says, with numbers for what many rows share.
#[derive(Clone, Copy, Debug)]
pub struct BatchRow {
    /// [`Event::time`].
    pub time: Option<i64>,
    /// [`Event::kind`].
    pub kind: Kind,
    /// A number for what the row says of its process: PID, thread name, family, local address, namespace and user.
    /// Equal numbers of one [`Batch::generation`] mean equal cells. They are dense, by first sight.
    pub origin: u32,
    /// The same for the remote address.
    pub remote: u32,
    /// [`Event::sport`].
    pub sport: Option<u16>,
    /// [`Event::dport`].
    pub dport: Option<u16>,
    /// Whether the row is one that [`printed_again`](super::printed_again) gives of every other such row of its kind
    /// with equal origin, remote address and remote port.
    pub is_plain: bool,
}

/// Events together with the chunk that they were read from.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    columns: &'a Columns,
    chunk: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The events of `columns`, read from `chunk` and from nothing else.
    pub fn new(columns: &'a Columns, chunk: &'a [u8]) -> Self {
        Self { columns, chunk }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The event in row `at`.
    ///
    /// # Panics
    /// Where `at` is not below [`Batch::len`], as in all that ask for a row.
    #[inline]
    pub fn event(&self, at: usize) -> Event<'a> {
        let names = &self.columns.names;
        let row = self.row(at);
        let origin = names.origin(row.origin);
        Event {
            time: row.time,
            kind: row.kind,
            pid: origin.pid,
            comm: names.comm(origin.comm),
            ip: origin.ip,
            saddr: names.addr_of(origin.saddr),
            daddr: names.addr_of(row.remote),
            sport: row.sport,
            dport: row.dport,
            netns: origin.netns,
            uid: origin.uid,
            masked: self.columns.rows[at].cells.has(Cells::MASKED),
        }
    }

    /// Row `at`, with numbers for what many rows share.
    #[inline]
    pub fn row(&self, at: usize) -> BatchRow {
        let Packed { time, origin, remote, sport, dport, kind, cells, .. } = self.columns.rows[at];
        BatchRow {
            time: cells.has(Cells::TIME).then_some(time),
            kind,
            origin,
            remote,
            sport: cells.has(Cells::SPORT).then_some(sport),
            dport: cells.has(Cells::DPORT).then_some(dport),
            is_plain: cells.has(Cells::PLAIN),
        }
    }

    /// Where it changes, from one batch of a reader to the next, numbers mean something else.
    pub fn generation(&self) -> u32 {
        self.columns.names.generation
    }

    /// 1-based line of the entry that the event starts on.
    #[inline]
    pub fn line(&self, at: usize) -> u64 {
        self.columns.rows[at].line
    }

    /// Run of the event: 0 for the first of the entry, one more after each further banner or header.
    #[inline]
    pub fn run(&self, at: usize) -> u32 {
        let runs = &self.columns.runs[..self.next_run(at)];
        runs.last().map_or(0, |(_, run)| *run)
    }

    /// The row behind the last one of the run that row `at` is of.
    pub fn run_end(&self, at: usize) -> usize {
        self.columns.runs.get(self.next_run(at)).map_or(self.len(), |(first, _)| *first)
    }

    fn next_run(&self, at: usize) -> usize {
        self.columns.runs.partition_point(|(first, _)| *first <= at)
    }

    /// The line that the event stands on, without its line end.
    pub fn text(&self, at: usize) -> &'a [u8] {
        let Span { start, len } = self.columns.rows[at].text;
        let from = if len & SPILLED == 0 { self.chunk } else { &self.columns.spill };
        &from[start as usize..start as usize + (len & !SPILLED) as usize]
    }
}
