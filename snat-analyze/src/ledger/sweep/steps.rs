//! Rows as the tests write them, with all that a row may say.

use std::net::IpAddr;

use super::lanes::Lane;
use super::stage::Move;
use super::step::Bits;
use super::{Ends, Home, Row, StepKind, Sweep};

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

impl Sweep {
    /// Takes the next row of the log.
    pub(crate) fn step(&mut self, step: Step) {
        // Port 0 is no port: old tracers print it for every IPv6 row.
        let port = |port: Option<u16>| port.filter(|port| *port != 0);
        let (Some(_), Some(sport), Some(daddr), Some(dport)) =
            (step.saddr, port(step.sport), step.daddr, port(step.dport))
        else {
            return self.unkeyed(step.time);
        };
        let ends = Ends {
            group: step.group as u32,
            cell: step.cell as u32,
            home: step.netns.map_or(Home::Addr(step.saddr), Home::Netns),
            daddr,
            dport,
            public: step.public,
        };
        let mapped = step.family == Some(6) && daddr.is_ipv4();
        let row = Row { time: step.time, line: step.line, kind: step.kind, sport, mapped, proxy: step.proxy };
        // Rows of a way that is known are told of both ways by the fold.
        let known = self.stage.lanes.way(&ends).is_some() && step.line.is_multiple_of(2);
        if step.kind == StepKind::Connect || known {
            let Lane { lane, way } = self.know(&ends);
            let time = step.time.unwrap_or_default();
            self.hear(time, row.line, Move { lane, way, sport, bits: Bits::of(&row) });
        } else {
            self.stranger(&row, &ends);
        }
    }
}
