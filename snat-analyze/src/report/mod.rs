//! The one model that every renderer shows, and the wire format of `-o json`. Versioned: a change of meaning raises
//! [`SCHEMA_VERSION`]. Absent or unknown is null or missing, never 0.

mod capture;
mod findings;
mod input;
mod ranking;
mod timeline;
mod verdict;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use capture::*;
pub use findings::*;
pub use input::*;
pub use ranking::*;
pub use timeline::*;
pub use verdict::*;

use crate::ledger::Allocation;

/// Version of this model.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is said about a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the report.
    pub tool: Tool,
    /// One capture a node.
    pub nodes: Vec<NodeReport>,
    /// One row a section of an entry, ordered by bundle, entry, first line.
    pub inputs: Vec<Input>,
    /// What no section shows: links, cut archives, limits, missing dumps.
    pub notices: Vec<Notice>,
}

impl Report {
    /// JSON Schema of this model.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

/// The program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `snat-analyze`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What is said about one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeReport {
    /// Which node.
    pub node: Node,
    /// What was captured of it.
    pub capture: Capture,
    /// Ports that the node has, by which rules, and how long each is held.
    pub allocation: Allocation,
    /// What may be concluded about the node's ports, one for each address family; empty without a log and a snapshot.
    pub verdict: Vec<Verdict>,
    /// What tells a lack of ports from a broken path in a minute; null where the verdict needs none.
    pub phone_test: Option<PhoneTest>,
    /// Whom to call; null without a public destination.
    pub call: Option<Callee>,
    /// What stands out, the worst first.
    pub findings: Vec<Finding>,
    /// What to do, in the order of time, and what does not help here.
    pub remedies: Vec<Remedy>,
    /// The ledger under other rules, as far as they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if: Vec<WhatIf>,
    /// How many owners there are; the ranking may be cut to fewer.
    pub owners: u64,
    /// Owners: the one to call first, by ports and hanging connects to the destinations that decide. Unknown ones stand in
    /// their place.
    pub ranking: Vec<RankRow>,
    /// Destinations of all owners, most connects first.
    pub destinations: Vec<NodeDestination>,
    /// Ports held over time; null without times.
    pub timeline: Option<Timeline>,
    /// What this capture cannot show, what would decide most first.
    pub cannot_know: Vec<CannotKnow>,
}

/// The verdict that matters of several: the worst, and of equal ones the first.
pub fn main_of(verdicts: &[Verdict]) -> Option<&Verdict> {
    let order = |verdict: &&Verdict| match verdict.state {
        State::Exhausted => 0,
        State::AtRisk => 1,
        State::CannotTell => 2,
        State::NotByThisNode => 3,
    };
    verdicts.iter().min_by_key(order)
}

impl NodeReport {
    /// The verdict that the node is headed by: the worst, and of equal ones the first.
    pub fn main_verdict(&self) -> Option<&Verdict> {
        main_of(&self.verdict)
    }
}

/// Where a fact was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Path in the bundle.
    pub entry: Arc<str>,
    /// 1-based line.
    pub line: u64,
    /// The line, cleaned, at most 200 characters.
    pub text: Arc<str>,
}
