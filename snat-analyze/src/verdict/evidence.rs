//! What a verdict rests on: everything that is known of one node, one address family and one protocol, from whatever
//! source. A source that cannot be read yet leaves its field empty.

/// All that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    /// Ports that the node has; `None` where the NAT gives no node a number of its own.
    pub(crate) quota: Option<Quota>,
    /// The NAT's own count.
    pub(crate) metric: Option<Metric>,
    /// The trace; `None` where none was read, or it has no TIME.
    pub(crate) trace: Option<Trace>,
    /// Sockets at an instant, or at several.
    pub(crate) snapshots: Option<Snapshot>,
    /// Seconds that a port is held after a close.
    pub(crate) hold_s: f64,
    /// Public destinations, the one that matters most first: by the most of held and plateau, then of hanging connects.
    pub(crate) dests: Vec<Dest>,
}

/// Ports of the node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Quota {
    pub(crate) ports: u64,
    /// Whether somebody or something says so; otherwise it is the default of a pool whose size is not known.
    pub(crate) known: bool,
    /// Where the number is not known: every number that it may be, from small pools to large ones.
    pub(crate) tiers: Vec<Tier>,
    /// Numbers below are ruled out: the nodes are known, and only more addresses could be behind them.
    pub(crate) least: u64,
}

/// Ports of a node in a pool of so many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) ports: u64,
    /// The largest pool with that number.
    pub(crate) up_to_nodes: u64,
}

/// The NAT's own count over the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Metric {
    pub(crate) failed: u64,
    pub(crate) used: u64,
}

/// What was traced.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    pub(crate) seconds: f64,
    /// The first and the last instant that was measured, in seconds of the trace.
    pub(crate) window: (f64, f64),
    pub(crate) lost_samples: u64,
    /// Whether a row of an IPv6 socket is in it: without any, dual-stack sockets may be hidden.
    pub(crate) dual_stack: bool,
    /// Public destinations that a connect went to, minute by minute from the start of the window.
    pub(crate) reached: Vec<u32>,
}

/// What dumps of sockets show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Whether there is a dump of every place that connects may come from, and of the node itself, in all states.
    pub(crate) covers: bool,
    /// Whether a dump was cut.
    pub(crate) cut: bool,
    /// Dumps of the place that has the fewest, taken at different times.
    pub(crate) rounds: u64,
    /// Whether they show what closed in the last minute.
    pub(crate) time_wait: bool,
}

/// One public destination.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dest {
    pub(crate) name: String,
    /// Ports held at once, at most.
    pub(crate) held: u64,
    /// The same if every close had been a reset.
    pub(crate) held_reset: u64,
    /// Connections open at once, at most.
    pub(crate) open: u64,
    /// Where what is held settles at the rate of the trace.
    pub(crate) plateau: Option<f64>,
    /// Held at the end, and connects a second.
    pub(crate) held_at_end: u64,
    pub(crate) rate_per_s: Option<f64>,
    /// Held over time, and connects; empty where it held too few ports to be followed.
    pub(crate) course: Course,
    /// Distinct connects that hang in a snapshot, at most; and of those, the ones that were sent again.
    pub(crate) hang: u64,
    pub(crate) hang_resent: u64,
    /// Connects in the trace, and closes that began a hold.
    pub(crate) connects: u64,
    pub(crate) closes: u64,
    /// Open at the end of the trace; established, and closed by the peer alone, in a dump.
    pub(crate) open_at_end: u64,
    pub(crate) established: u64,
    pub(crate) close_wait: u64,
    /// Whether any connect to it succeeded: in the trace, or as an established socket.
    pub(crate) answers: bool,
}

/// Values in buckets of time, from the start of the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Course {
    pub(crate) bucket_s: f64,
    /// The most held in each bucket.
    pub(crate) held: Vec<u32>,
    /// Connects in each bucket.
    pub(crate) opened: Vec<u32>,
    /// The most open in each bucket.
    pub(crate) open: Vec<u32>,
}
