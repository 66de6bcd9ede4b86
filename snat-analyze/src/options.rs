//! What an analysis is asked for.

use crate::bundle::Limits;
use crate::egress::Rule;
use crate::ledger::{Detail, Overrides, Profile};

/// Options of an analysis. The default is what the command line does without options.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Only this node: its name or its address.
    pub node: Option<String>,
    /// `--snat` and `--no-snat`, in the order in which they were given.
    pub rules: Vec<Rule>,
    /// The rules of the NAT that the connections go through: quota and times.
    pub profile: Profile,
    /// What the user says of them.
    pub overrides: Overrides,
    /// Other rules that the ledger is kept by, too, for comparison.
    pub what_if: Vec<Profile>,
    /// What is measured, in seconds of the trace: connections opened before are known, rows outside are not counted.
    pub since_s: Option<f64>,
    /// The end of it.
    pub until_s: Option<f64>,
    /// How much of the timeline the report has.
    pub timeline: Detail,
    /// Threads that may be used; 0 is one. The report never depends on it.
    pub threads: usize,
    /// What a bundle may cost.
    pub limits: Limits,
}
