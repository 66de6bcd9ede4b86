//! What stands out, what to do about it, whom to call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confidence, OwnerRef, Place};

/// Something that stands out in a capture: by a rule, and with what that rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Finding {
    /// The rule, as a word: `snat-analyze explain CODE` prints its page.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub title: String,
    /// What was seen, with its numbers.
    pub detail: String,
    /// Lines to look at; none where it rests on numbers alone.
    pub evidence: Vec<Place>,
    /// What to do.
    pub advice: String,
    /// The page that explains it.
    pub doc: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It may lead to failures, or it makes the answer doubtful.
    Warning,
    /// Connects fail.
    Critical,
}

impl Severity {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A way to have more ports, or to need fewer; or one that is often tried and will not help here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Remedy {
    /// A word for programs.
    pub code: String,
    /// When it takes effect.
    pub when: When,
    /// What to do, with the numbers of this node.
    pub what: String,
    /// The command that does it, where there is one.
    pub command: Option<String>,
}

/// When a remedy takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum When {
    /// At once.
    Now,
    /// It needs some planning.
    ThisWeek,
    /// It needs a change of the programs, and ends it.
    ForGood,
    /// It is often tried, and will not help here.
    DoesNotHelp,
}

/// The ledger under the rules of another NAT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WhatIf {
    /// Name of the profile.
    pub profile: String,
    /// Ports that the node would have; null where the nodes share them.
    pub ports: Option<u64>,
    /// What that number rests on.
    pub explained: String,
    /// Connections at once to one destination through one address, where the NAT has such a limit.
    pub per_destination: Option<u64>,
    /// Seconds that a port would be held after a close.
    pub hold_s: f64,
    /// The same after a reset.
    pub hold_reset_s: f64,
    /// What the ports would be counted for: a destination, or all together; null without any public destination.
    pub destination: Option<String>,
    /// Ports held to it at once, at most; null without times.
    pub held: Option<u64>,
    /// Where that settles at the rate of the trace.
    pub plateau: Option<f64>,
    /// The larger of both over the node's ports; null where they are shared.
    pub share: Option<f64>,
}

/// Whose owner is to be called: that of the first row of the ranking, with all pods of its workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Callee {
    /// The first owner that is known; null where there is none, or where too much belongs to nobody known.
    pub owner: Option<OwnerRef>,
    /// `namespace/name` of its workload, for a pod.
    pub workload: Option<String>,
    /// Pods of that workload in the ranking.
    pub pods: u64,
    /// How sure the owner is.
    pub confidence: Confidence,
    /// The destination that decides.
    pub destination: String,
    /// Ports that they held to it when it was fullest.
    pub held: u64,
    /// All that were held to it then.
    pub of: u64,
    /// The part of it.
    pub share: Option<f64>,
    /// Where that settles, in a trace that is shorter than a port is held.
    pub plateau: Option<f64>,
    /// Connects of theirs to it that hang.
    pub hang: u64,
    /// Seconds from connect to close, the median of the first owner's connections.
    pub life_s: Option<f64>,
    /// Ports to it that nobody known held.
    pub unknown_held: u64,
}
