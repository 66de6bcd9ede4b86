//! Rows as the tests write them, with all that a row may say.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::crew::Crew;

use super::{Ends, Home, Ledgers, Replay, Row, Rules, Size, StepKind};

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

/// The ledgers of one run, told by steps.
pub(crate) struct Steps {
    ledgers: Ledgers,
    /// What the ledgers call targets, as the fold asks them.
    targets: HashMap<(usize, usize, IpAddr, u16), u32>,
}

impl Steps {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self::by(&Crew::default(), rules)
    }

    /// The same, by so many threads.
    pub(crate) fn by(crew: &Crew, rules: &Rules) -> Self {
        Self { ledgers: Ledgers::new(rules, crew), targets: HashMap::new() }
    }

    /// From now on there is a ledger of the mesh, too.
    pub(crate) fn with_mesh(mut self) -> Self {
        self.ledgers.proxy_connects();
        self
    }

    /// So many rows are handed over at once, to a thread of their own if they go `apart`.
    pub(crate) fn cut(mut self, most: usize, apart: bool) -> Self {
        self.ledgers.cut(most, apart);
        self
    }

    /// Takes the next row of the log.
    pub(crate) fn step(&mut self, step: Step) {
        let connects = step.kind == StepKind::Connect;
        if step.proxy && connects {
            self.ledgers.proxy_connects();
        }
        // Port 0 is no port: old tracers print it for every IPv6 row.
        let port = |port: Option<u16>| port.filter(|port| *port != 0);
        let (Some(_), Some(sport), Some(daddr), Some(dport)) =
            (step.saddr, port(step.sport), step.daddr, port(step.dport))
        else {
            return self.ledgers.unkeyed(step.time);
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
        let target = (step.group, step.cell, daddr, dport);
        match self.targets.get(&target) {
            // Rows of a target that is known are told of both ways by the fold.
            Some(known) if connects || (step.kind == StepKind::Close && step.line.is_multiple_of(2)) => {
                self.ledgers.row(&row, *known);
            }
            None if connects => {
                let known = self.ledgers.know(&ends);
                self.targets.insert(target, known);
                self.ledgers.row(&row, known);
            }
            _ => self.ledgers.stranger(&row, &ends),
        }
    }

    pub(crate) fn finish(self) -> Replay {
        self.finish_both().0
    }

    /// That of all connects, and that without a mesh's doubles.
    pub(crate) fn finish_both(self) -> (Replay, Option<Replay>) {
        self.ledgers.end().found().unwrap()
    }

    pub(crate) fn size(&mut self) -> Size {
        self.ledgers.size()
    }
}
