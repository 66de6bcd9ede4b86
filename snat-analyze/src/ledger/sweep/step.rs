//! What the sweep is fed with, and the rules that it is told.

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

/// Local and remote end of an accepted flow. The group is the namespace and the local address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlowKey {
    pub(super) group: u32,
    pub(super) sport: u16,
    pub(super) daddr: IpAddr,
    pub(super) dport: u16,
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
    /// Flows that are open or held at the same time; those beyond are counted, and take no port. Their closes then stand
    /// alone.
    pub(crate) flows: usize,
}

/// So many flows take about a gigabyte in each ledger; a mesh has two.
pub(crate) const FLOWS: usize = 10_000_000;

impl Default for Rules {
    fn default() -> Self {
        Self { holds: Vec::new(), since: None, until: None, series: SeriesRules::default(), idle: None, flows: FLOWS }
    }
}

/// The instant that something happens at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// `None` in a run without TIME.
    pub(super) time: Option<i64>,
    /// Whether the instant lies inside what is measured.
    pub(super) measured: bool,
}
