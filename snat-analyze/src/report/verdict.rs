//! What is concluded, and what is not known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::verdict::{Missing, Reason, State, Strength};

/// What may be concluded about the ports of one address family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Verdict {
    /// `tcp`.
    pub proto: String,
    /// `ipv4` or `ipv6`: each is an inventory of its own.
    pub family: String,
    /// What is concluded.
    pub state: State,
    /// By what.
    pub reason: Reason,
    /// How sure that is.
    pub confidence: Strength,
    /// The row of the decision table that says so, see `docs/verdict.md`.
    pub row: u8,
    /// The time that it holds for; null without a trace that has times.
    pub window: Option<Window>,
    /// What it was decided by.
    pub numbers: Numbers,
    /// So many ports the node had at least: connections open at once, or a measured ceiling, beyond what it was taken to
    /// have.
    pub measured_allocation_at_least: Option<u64>,
}

/// A part of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its start, in seconds of the trace.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// Its length.
    pub seconds: f64,
}

/// What a verdict was decided by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Numbers {
    /// Ports of the node; null where the NAT gives no node a number of its own.
    pub ports: Option<u64>,
    /// Whether somebody or something says so.
    pub ports_known: bool,
    /// Where the size of the pool is not known: the verdict by each number that it may be.
    pub tiers: Vec<TierVerdict>,
    /// Where it is not known: the largest pool for which the verdict would be the same.
    pub same_up_to_nodes: Option<u64>,
    /// Seconds before the end that are known, the trace and what closed sockets show.
    pub look_back_s: f64,
    /// Seconds that a port is held.
    pub hold_s: f64,
    /// The destination that decides; null without any public one.
    pub destination: Option<String>,
    /// Ports held to it, at most.
    pub held: u64,
    /// Ports held to any one destination, at most.
    pub held_most: u64,
    /// The same if every close had been a reset.
    pub held_reset: u64,
    /// Connections open to it, at most.
    pub open: u64,
    /// Where what is held to it settles at this rate.
    pub plateau: Option<f64>,
    /// Seconds after the end of the trace at which its ports are all taken at this rate.
    pub full_in_s: Option<f64>,
    /// Connects to it that hang, and those of them that were sent again.
    pub hang: u64,
    /// Those of them that were sent again.
    pub hang_resent: u64,
    /// Other public destinations that answered: in the trace, or as established sockets.
    pub others_answer: u64,
    /// Other public destinations that connects hang to, sent again.
    pub others_hang: u64,
    /// Dumps of sockets of the place that has the fewest, at different times; 0 without any.
    pub snapshot_rounds: u64,
    /// Whether they are of every place that connects may come from.
    pub snapshots_cover: bool,
}

/// The verdict if the node had so many ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierVerdict {
    /// Ports of the node.
    pub ports: u64,
    /// The largest pool with that number.
    pub up_to_nodes: u64,
    /// The verdict.
    pub state: State,
}

/// A test that anybody with a shell on the node can make while the customer is on the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PhoneTest {
    /// To be run ten times on the node.
    pub command: String,
    /// What its results say.
    pub reading: String,
}

/// Something that the capture cannot show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CannotKnow {
    /// A word for programs.
    pub code: Missing,
    /// What is not known.
    pub what: String,
    /// Why not: of this capture.
    pub why: String,
    /// What would show it.
    pub capture: String,
    /// The same in two or three words.
    pub by: String,
}
