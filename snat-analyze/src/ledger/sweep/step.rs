//! What the sweep is fed with, and the rules that it is told.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepKind {
    Connect,
    Accept,
    Close,
}

/// The kind of a row, and what else is yes or no of it, in a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(u8);

const ACCEPT: u8 = 1;
const CLOSE: u8 = 2;
const MAPPED: u8 = 4;
const PROXY: u8 = 8;
const STRANGER: u8 = 16;
const ONLY_TIME: u8 = 32;
const ONLY_PORT: u8 = 64;

impl Bits {
    #[inline]
    pub(super) fn of(row: &Row) -> Self {
        let kind = match row.kind {
            StepKind::Connect => 0,
            StepKind::Accept => ACCEPT,
            StepKind::Close => CLOSE,
        };
        let bit = |is: bool, bit: u8| u8::from(is) * bit;
        Self(kind | bit(row.mapped, MAPPED) | bit(row.proxy, PROXY))
    }

    #[inline]
    pub(super) fn kind(self) -> StepKind {
        match self.0 & (ACCEPT | CLOSE) {
            0 => StepKind::Connect,
            CLOSE => StepKind::Close,
            _ => StepKind::Accept,
        }
    }

    /// A socket of family 6 with an IPv4 remote address.
    pub(super) fn is_mapped(self) -> bool {
        self.0 & MAPPED != 0
    }

    /// The process looks like a proxy of a mesh.
    #[inline]
    pub(super) fn is_proxy(self) -> bool {
        self.0 & PROXY != 0
    }

    /// The same of a row whose ends no connect has made known.
    pub(super) fn stranger(self) -> Self {
        Self(self.0 | STRANGER)
    }

    pub(super) fn is_stranger(self) -> bool {
        self.0 & STRANGER != 0
    }

    /// The same of a row that says what time it is, and no more.
    pub(super) fn only_time(self) -> Self {
        Self(self.0 | ONLY_TIME)
    }

    /// The same of a row that says which local port of a group accepts, and no more.
    pub(super) fn only_port(self) -> Self {
        Self(self.0 & !STRANGER | ONLY_PORT)
    }

    pub(super) fn is_only_port(self) -> bool {
        self.0 & ONLY_PORT != 0
    }

    /// Whether the row is of a lane.
    #[inline]
    pub(super) fn has_lane(self) -> bool {
        self.0 & (STRANGER | ONLY_TIME | ONLY_PORT) == 0
    }
}

/// What a ledger is told of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Its target, as [`Ledgers::know`](super::ledgers::Ledgers::know) called it, and then its number on its side; of a stranger,
    /// which of those that wait, and then which of the heap's ends are its; its group where the row only says which port accepts.
    pub(super) target: u32,
    pub(super) sport: u16,
    pub(super) bits: Bits,
}

/// Local and remote end of an accepted flow. The group is the namespace and the local address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlowKey {
    pub(super) group: u32,
    pub(super) sport: u16,
    pub(super) daddr: IpAddr,
    pub(super) dport: u16,
}

impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.group) << 32 | u64::from(self.sport) << 16 | u64::from(self.dport));
        hash_addr(self.daddr, state);
    }
}

/// Adds an address as one number, which takes a third of the time that its parts one by one take.
pub(super) fn hash_addr<H: Hasher>(addr: IpAddr, state: &mut H) {
    match addr {
        IpAddr::V4(addr) => state.write_u32(addr.to_bits()),
        IpAddr::V6(addr) => state.write_u128(addr.to_bits()),
    }
}

/// What every row has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Nanoseconds; `None` where the run has no TIME, or where the cell was masked.
    pub(crate) time: Option<i64>,
    /// 1-based; orders rows of one time.
    pub(crate) line: u64,
    pub(crate) kind: StepKind,
    pub(crate) sport: u16,
    /// A socket of family 6 with an IPv4 remote address: its connect is never in the log.
    pub(crate) mapped: bool,
    /// Whether the process looks like a proxy of a mesh.
    pub(crate) proxy: bool,
}

/// How the values per bucket of time are kept.
#[derive(Clone, Debug)]
pub(crate) struct SeriesRules {
    /// Width of a bucket at first, ns.
    pub(crate) bucket: i64,
    /// More buckets than these, and they become wider.
    pub(crate) buckets: usize,
    /// Held ports from which on a destination is worth a series.
    pub(crate) at_least: u32,
    /// Destinations that have one at the same time.
    pub(crate) keep: usize,
    /// Processes' parts over all buckets together; more, and buckets become wider.
    pub(crate) parts: usize,
}

impl Default for SeriesRules {
    fn default() -> Self {
        Self { bucket: SECOND, buckets: 1_440, at_least: 8, keep: 64, parts: 500_000 }
    }
}

/// The NAT's times, and what is measured.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// How long a port stays held after a close, ns: the profile's hold after FIN, then any others (after RST, the
    /// ladder, what-ifs). The same time may stand there twice. The shortest hold is 1 ns, and so is the only one where none is given.
    pub(crate) holds: Vec<i64>,
    /// Only instants in `since..=until` are measured; rows before are replayed, rows behind are left out. Without
    /// meaning in a run without TIME.
    pub(crate) since: Option<i64>,
    pub(crate) until: Option<i64>,
    pub(crate) series: SeriesRules,
    /// Without traffic for so long a flow gives its port back, ns: of one that is open for longer nobody knows.
    pub(crate) idle: Option<i64>,
    /// Flows that are open or held at the same time, to public destinations, and as many to others; those beyond are counted,
    /// and take no port. Their closes then stand alone.
    pub(crate) flows: usize,
}

/// So many flows take a gigabyte and a half in each ledger; a mesh has two, each of them of two sides.
pub(crate) const FLOWS: usize = 10_000_000;

impl Default for Rules {
    fn default() -> Self {
        Self { holds: Vec::new(), since: None, until: None, series: SeriesRules::default(), idle: None, flows: FLOWS }
    }
}

/// The instant that something happens at. Of two parts, so that it goes through calls in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Meaningless in a run without TIME.
    time: i64,
    bits: u8,
}

const TIMED: u8 = 1;
const MEASURED: u8 = 2;

impl Now {
    /// An instant, and whether it lies inside what is measured.
    #[inline(always)]
    pub(super) fn at(time: i64, measured: bool) -> Self {
        Self { time, bits: TIMED | (u8::from(measured) * MEASURED) }
    }

    /// Some instant of a run without TIME.
    pub(super) const UNTIMED: Self = Self { time: 0, bits: MEASURED };

    /// `None` in a run without TIME.
    #[inline(always)]
    pub(super) fn time(self) -> Option<i64> {
        (self.bits & TIMED != 0).then_some(self.time)
    }

    #[inline(always)]
    pub(super) fn measured(self) -> bool {
        self.bits & MEASURED != 0
    }
}
