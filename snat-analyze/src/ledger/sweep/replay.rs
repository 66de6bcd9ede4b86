//! What a sweep has found.

use std::net::IpAddr;

use crate::fold::Map;

use super::lives::Lives;
use super::series::Bucket;

/// What ports are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A destination (TCP).
    Dest { addr: IpAddr, port: u16 },
    /// All public destinations of one address family together: each family is an inventory of its own.
    Sum { v6: bool },
}

/// A value over the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peak {
    /// At the end of what was measured.
    pub(crate) now: u32,
    pub(crate) peak: u32,
    /// The first instant at which it was largest, ns; `None` without TIME, or where there never was any.
    pub(crate) at: Option<i64>,
}

/// One group's or one process's part of a [`Peak`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) now: u32,
    /// Its own peak, whenever that was.
    pub(crate) peak: u32,
    /// Its value at the node's peak; these add up, over processes to their group's, over groups to the node's peak.
    pub(crate) at_node_peak: u32,
}

/// A group or process on one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share {
    /// The fold's dense number.
    pub(crate) of: usize,
    pub(crate) connects: u64,
    /// Closes that began a hold.
    pub(crate) closes: u64,
    /// Flows open at the end.
    pub(crate) open: u32,
    /// Under the first hold; all 0 in a run without TIME.
    pub(crate) held: Part,
}

/// A destination or a sum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot {
    pub(crate) place: Place,
    pub(crate) public: bool,
    pub(crate) connects: u64,
    /// Closes that began a hold: of flows whose connect is in the log, and v4-mapped ones alone.
    pub(crate) closes: u64,
    /// Closes alone: v4-mapped ones, and plain ones (counted here only where the destination is known otherwise).
    pub(crate) lone_mapped: u64,
    pub(crate) lone_plain: u64,
    pub(crate) open: Peak,
    /// Of those open at the end, how many have been for longer than the idle time: if they were silent, they hold
    /// nothing.
    pub(crate) past_idle: u32,
    /// For each of [`super::Rules::holds`], in its order; empty in a run without TIME.
    pub(crate) held: Vec<Peak>,
    /// Ascending by number.
    pub(crate) groups: Vec<Share>,
    pub(crate) cells: Vec<Share>,
}

/// Rows by what became of them, inside of what is measured; `late` and `unkeyed` over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) connects: u64,
    pub(crate) accepts: u64,
    pub(crate) closes: u64,
    /// Came after rows over two seconds later, and were applied when they came.
    pub(crate) late: u64,
    /// An end is masked, or a port is 0: not replayed.
    pub(crate) unkeyed: u64,
    /// Connects on a flow that is open: its close is lost.
    pub(crate) reopened: u64,
    /// Connects on a 4-tuple whose port the first hold still keeps.
    pub(crate) reused: u64,
    /// Closes of accepted flows, and closes alone whose local port accepted in that group before.
    pub(crate) inbound: u64,
    pub(crate) inbound_guessed: u64,
    /// Closes alone: held from then on, and not held at all.
    pub(crate) lone_mapped: u64,
    pub(crate) lone_plain: u64,
    /// Connects, and closes alone, of flows beyond [`super::Rules::flows`]: no port.
    pub(crate) beyond: u64,
}

impl Counts {
    fn with(&self, more: &Self) -> Self {
        Self {
            connects: self.connects + more.connects,
            accepts: self.accepts + more.accepts,
            closes: self.closes + more.closes,
            late: self.late + more.late,
            unkeyed: self.unkeyed + more.unkeyed,
            reopened: self.reopened + more.reopened,
            reused: self.reused + more.reused,
            inbound: self.inbound + more.inbound,
            inbound_guessed: self.inbound_guessed + more.inbound_guessed,
            lone_mapped: self.lone_mapped + more.lone_mapped,
            lone_plain: self.lone_plain + more.lone_plain,
            beyond: self.beyond + more.beyond,
        }
    }
}

/// Largest values per bucket of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) place: Place,
    /// The first bucket in which it is known (the instant at which the destination became worth a series, or came back).
    pub(crate) from: usize,
    /// Under the first hold, from bucket 0 on; zeros before `from`.
    pub(crate) values: Vec<Bucket>,
}

/// Series on one grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Start of bucket 0 and width, ns.
    pub(crate) origin: i64,
    pub(crate) width: i64,
    /// How often buckets became wider, see [`wider`].
    pub(crate) widened: usize,
    /// Sums first, then destinations, by place.
    pub(crate) series: Vec<Series>,
}

/// Open flows whose ends are kept.
pub(crate) const OPEN: usize = 65_536;

/// Number of the group, local port, remote address and port.
pub(crate) type OpenEnds = (usize, u16, IpAddr, u16);

/// One run, replayed.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    /// Whether the run has TIME. Without, only opens and their order are known.
    pub(crate) timed: bool,
    /// First and last instant that was measured, ns.
    pub(crate) window: Option<(i64, i64)>,
    /// [`super::Rules::holds`].
    pub(crate) holds: Vec<i64>,
    pub(crate) counts: Counts,
    /// Public destinations and sums in the order in which they came up, then the others.
    pub(crate) spots: Vec<Spot>,
    /// Different port numbers in use when every new flow takes the lowest that its destination leaves free: v4, v6.
    pub(crate) expected_used_ports: [Option<Peak>; 2],
    pub(crate) timeline: Option<Timeline>,
    /// Public destinations that a connect went to, minute by minute from the start of the window: IPv4 and IPv6.
    pub(crate) reached: [Vec<u32>; 2],
    /// Connects of applications that a proxy made again and that hold nothing, by the numbers of the two processes: the
    /// proxy's, the application's.
    pub(crate) doubles: Vec<((usize, usize), u64)>,
    /// Local and remote ends of public flows that are open at the end, at most [`OPEN`] of them.
    pub(crate) open: Vec<OpenEnds>,
    /// By group; may be shorter than there are groups. Outbound flows with both ends in the trace.
    pub(crate) lives: Vec<Lives>,
}

impl Replay {
    /// Length of what was measured.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.window.map(|(low, high)| high.saturating_sub(low) as f64 / 1e9)
    }

    /// Where the held value settles at this rate: open at the end + closes a second × hold (ns).
    pub(crate) fn plateau(&self, open: u32, closes: u64, hold: i64) -> Option<f64> {
        let seconds = self.seconds().filter(|seconds| *seconds > 0.0)?;
        Some(f64::from(open) + closes as f64 / seconds * (hold as f64 / 1e9))
    }

    /// Together with what was found of other destinations, none of which is public, in the same run.
    pub(super) fn with(mut self, others: Self) -> Self {
        self.counts = self.counts.with(&others.counts);
        self.spots.extend(others.spots);
        let mut doubles: Map<(usize, usize), u64> = self.doubles.into_iter().collect();
        others.doubles.into_iter().for_each(|(pair, count)| *doubles.entry(pair).or_default() += count);
        self.doubles = doubles.into_iter().collect();
        let known = self.lives.len().min(others.lives.len());
        self.lives.iter_mut().zip(&others.lives).for_each(|(lives, more)| lives.merge(more));
        self.lives.extend(others.lives.into_iter().skip(known));
        self
    }

    /// The spot of a place.
    #[cfg(test)]
    pub(crate) fn spot(&self, place: Place) -> Option<&Spot> {
        self.spots.iter().find(|spot| spot.place == place)
    }
}
