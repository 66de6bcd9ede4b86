//! Events as columns: what the reader fills and the fold reads. Kept between chunks, so that a line allocates nothing.

use crate::formats::tcptracer::{Event, Kind};
use crate::lex::{Addr, AddrRef};

/// A stretch of the chunk, or of the spill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: u32,
    len: u32,
    spilled: bool,
}

/// Columns of a run of events. Texts are stretches of the chunk that they were read from.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    line: Vec<u64>,
    run: Vec<u32>,
    time: Vec<Option<i64>>,
    kind: Vec<Kind>,
    pid: Vec<Option<u32>>,
    comm: Vec<Span>,
    ip: Vec<Option<u8>>,
    saddr: Vec<Address>,
    daddr: Vec<Address>,
    sport: Vec<Option<u16>>,
    dport: Vec<Option<u16>>,
    netns: Vec<Option<u64>>,
    uid: Vec<Option<u32>>,
    masked: Vec<bool>,
    text: Vec<Span>,
    /// Lines that do not stand in the chunk in one piece.
    spill: Vec<u8>,
    /// Masked addresses; `Address::Printed` points into it.
    printed: Vec<Addr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    Ip(std::net::IpAddr),
    Printed(u32),
}

impl Columns {
    /// Takes out all events and keeps the room.
    pub fn clear(&mut self) {
        let Self {
            line,
            run,
            time,
            kind,
            pid,
            comm,
            ip,
            saddr,
            daddr,
            sport,
            dport,
            netns,
            uid,
            masked,
            text,
            spill,
            printed,
        } = self;
        line.clear();
        run.clear();
        time.clear();
        kind.clear();
        pid.clear();
        comm.clear();
        ip.clear();
        saddr.clear();
        daddr.clear();
        sport.clear();
        dport.clear();
        netns.clear();
        uid.clear();
        masked.clear();
        text.clear();
        spill.clear();
        printed.clear();
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Appends an event whose `line` starts at `start` of the chunk.
    #[inline]
    pub(super) fn push(&mut self, number: u64, run: u32, event: &Event<'_>, line: &[u8], start: usize) {
        let comm = stretch(line, event.comm);
        self.add(number, run, event, Span { start: start as u32, len: line.len() as u32, spilled: false }, comm);
    }

    /// Appends an event whose line was put together or cleaned: its text is copied.
    pub(super) fn push_spilled(&mut self, number: u64, run: u32, event: &Event<'_>, line: &[u8]) {
        let start = self.spill.len();
        self.spill.extend_from_slice(line);
        let comm = stretch(line, event.comm);
        self.add(number, run, event, Span { start: start as u32, len: line.len() as u32, spilled: true }, comm);
    }

    #[inline]
    fn add(&mut self, number: u64, run: u32, event: &Event<'_>, text: Span, comm: (u32, u32)) {
        self.line.push(number);
        self.run.push(run);
        self.time.push(event.time);
        self.kind.push(event.kind);
        self.pid.push(event.pid);
        self.comm.push(Span { start: text.start + comm.0, len: comm.1, spilled: text.spilled });
        self.ip.push(event.ip);
        let saddr = self.address(event.saddr);
        self.saddr.push(saddr);
        let daddr = self.address(event.daddr);
        self.daddr.push(daddr);
        self.sport.push(event.sport);
        self.dport.push(event.dport);
        self.netns.push(event.netns);
        self.uid.push(event.uid);
        self.masked.push(event.masked);
        self.text.push(text);
    }

    #[inline]
    fn address(&mut self, addr: AddrRef<'_>) -> Address {
        match addr {
            AddrRef::Ip(ip) => Address::Ip(ip),
            AddrRef::Printed(_) => {
                self.printed.push(addr.to_addr());
                Address::Printed(self.printed.len() as u32 - 1)
            }
        }
    }
}

/// Offset and length of `part` in `whole`; an empty part may lie anywhere.
#[inline]
fn stretch(whole: &[u8], part: &[u8]) -> (u32, u32) {
    let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    if part.is_empty() || start > whole.len() { (0, 0) } else { (start as u32, part.len() as u32) }
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

    fn slice(&self, span: Span) -> &'a [u8] {
        let from = if span.spilled { &self.columns.spill } else { self.chunk };
        &from[span.start as usize..(span.start + span.len) as usize]
    }

    fn addr(&self, address: Address) -> AddrRef<'a> {
        match address {
            Address::Ip(ip) => AddrRef::Ip(ip),
            Address::Printed(at) => match &self.columns.printed[at as usize] {
                Addr::Ip(ip) => AddrRef::Ip(*ip),
                Addr::Printed(text) => AddrRef::Printed(text.as_bytes()),
            },
        }
    }

    /// The event in row `at`.
    ///
    /// # Panics
    /// Where `at` is not below [`Batch::len`].
    #[inline]
    pub fn event(&self, at: usize) -> Event<'a> {
        let c = self.columns;
        Event {
            time: c.time[at],
            kind: c.kind[at],
            pid: c.pid[at],
            comm: self.slice(c.comm[at]),
            ip: c.ip[at],
            saddr: self.addr(c.saddr[at]),
            daddr: self.addr(c.daddr[at]),
            sport: c.sport[at],
            dport: c.dport[at],
            netns: c.netns[at],
            uid: c.uid[at],
            masked: c.masked[at],
        }
    }

    /// 1-based line of the entry that the event starts on.
    pub fn line(&self, at: usize) -> u64 {
        self.columns.line[at]
    }

    /// Run of the event: 0 for the first of the entry, one more after each further banner or header.
    pub fn run(&self, at: usize) -> u32 {
        self.columns.run[at]
    }

    /// The line that the event stands on, without its line end.
    pub fn text(&self, at: usize) -> &'a [u8] {
        self.slice(self.columns.text[at])
    }
}
