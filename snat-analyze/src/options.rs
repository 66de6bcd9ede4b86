//! What an analysis is asked for.

use crate::bundle::Limits;
use crate::egress::Rule;

/// Options of an analysis. The default is what the command line does without options.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Only this node: its name or its address.
    pub node: Option<String>,
    /// `--snat` and `--no-snat`, in the order in which they were given.
    pub rules: Vec<Rule>,
    /// What a bundle may cost.
    pub limits: Limits,
}
