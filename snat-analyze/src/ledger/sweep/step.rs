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

/// One row of one run of the tracer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Nanoseconds; `None` where the run has no TIME, or where the cell was masked.
    pub(crate) time: Option<i64>,
    /// 1-based; orders rows of one time.
    pub(crate) line: u64,
    pub(crate) kind: StepKind,
    /// The IP column: 4 or 6. A socket of family 6 with an IPv4 remote address is a v4-mapped one.
    pub(crate) family: Option<u8>,
    pub(crate) netns: Option<u64>,
    /// Addresses and ports: `None` where masked or cut.
    pub(crate) saddr: Option<IpAddr>,
    pub(crate) sport: Option<u16>,
    pub(crate) daddr: Option<IpAddr>,
    pub(crate) dport: Option<u16>,
    /// Dense number of (netns, saddr), given by the fold.
    pub(crate) group: usize,
    /// Dense number of (group, process), given by the fold.
    pub(crate) cell: usize,
    /// Whether the process looks like a proxy of a mesh.
    pub(crate) proxy: bool,
    /// Whether a connection to this destination takes a port of the node (egress class after the user's rules). One
    /// destination has one answer: the first one counts.
    pub(crate) public: bool,
}

/// Local and remote end: what makes a flow. The group is the namespace and the local address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub(crate) group: u32,
    pub(crate) sport: u16,
    pub(crate) daddr: IpAddr,
    pub(crate) dport: u16,
}

impl Step {
    /// `None` where an end is masked. Port 0 is no port: old tracers print it for every IPv6 row.
    pub(super) fn key(&self) -> Option<FlowKey> {
        let port = |port: Option<u16>| port.filter(|port| *port != 0);
        self.saddr?;
        Some(FlowKey {
            group: self.group as u32,
            sport: port(self.sport)?,
            daddr: self.daddr?,
            dport: port(self.dport)?,
        })
    }

    /// A socket of family 6 with an IPv4 remote address: its connect is never in the log.
    pub(super) fn is_mapped(&self) -> bool {
        self.family == Some(6) && self.daddr.is_some_and(|addr| addr.is_ipv4())
    }
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
#[derive(Clone, Debug, Default)]
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
}

/// The instant that something happens at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// `None` in a run without TIME.
    pub(super) time: Option<i64>,
    /// Whether the instant lies inside what is measured.
    pub(super) measured: bool,
}
