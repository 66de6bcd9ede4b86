//! The words of a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a node's own ports were short while the capture ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All ports toward a destination were taken, and connects failed for it.
    Exhausted,
    /// Ports were close to their end, or will be if it goes on like that.
    AtRisk,
    /// Ports were not short on this node while the capture ran.
    NotByThisNode,
    /// What was captured decides nothing.
    CannotTell,
}

/// Why the state is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The ports are shared with other nodes, or none are needed: no node has a number of its own.
    SharedPorts,
    /// The NAT's own count says so.
    Metric,
    /// More ports were taken than the node is thought to have: their number, the hold or the path is another one.
    AllocationDisproved,
    /// As many ports as there are, and connects that hang, while other destinations were reached.
    CeilingAndFailures,
    /// Connects to other destinations hang just the same.
    EgressPath,
    /// As many ports as there are for a minute or longer, while connects went on; what failed was not captured.
    Ceiling,
    /// Three quarters of the ports or more.
    NearTheLimit,
    /// At the rate of the trace, three quarters of the ports or more before the first is given back.
    FillsUp,
    /// Connects hang to a destination that answers others, and far from all ports were taken.
    FailuresWithoutDemand,
    /// Less than three quarters of the ports for longer than a port is held, and no connect hangs.
    DemandBelowTheLimit,
    /// Something that would decide it was not captured.
    EvidenceMissing,
    /// It would be decided if the number of nodes, and with it of ports, were known.
    AllocationUnknown,
}

/// How much a verdict can be relied on, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Nothing speaks for or against it.
    Low,
    /// It rests on an assumption, or on a rate that stays as it is.
    Moderate,
    /// One kind of evidence, which hardly anything else explains.
    Strong,
    /// Several kinds of evidence agree.
    High,
    /// Counted by the NAT itself, or true whatever is assumed.
    Confirmed,
}

/// What keeps a verdict from being decided, or from being surer, the most decisive first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Missing {
    /// Connects that fail: a trace shows none, and too few dumps of sockets do. Or some hang, and whether it was at the
    /// NAT is not known.
    FailedConnects,
    /// The trace has no row of an IPv6 socket: those of Java and .NET may be hidden.
    DualStack,
    /// The trace is too short to have seen a whole hold.
    FullHold,
    /// How many ports the node has.
    Allocation,
    /// That connects leave by the load balancer is assumed.
    Path,
    /// Dumps of sockets of every place that connects may come from.
    SnapshotCover,
    /// The tracer lost samples, or a dump was cut.
    LostSamples,
}
