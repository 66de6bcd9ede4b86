//! Ports held over time: what `timeline` shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::{Analysis, Observe};
use crate::bundle::Source;
use crate::error::Error;
use crate::ledger::Allocation;
pub use crate::ledger::Detail;
use crate::options::Options;
use crate::report::{Capture, Input, Node, Notice, Timeline, Tool, Verdict};

/// Ports held over time, node by node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TimelineReport {
    /// [`SCHEMA_VERSION`](crate::report::SCHEMA_VERSION).
    pub schema_version: u32,
    /// What made it.
    pub tool: Tool,
    /// One capture a node.
    pub nodes: Vec<NodeTimeline>,
    /// One row a section of an entry.
    pub inputs: Vec<Input>,
    /// What no section shows.
    pub notices: Vec<Notice>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeTimeline {
    /// Which node.
    pub node: Node,
    /// What was captured of it.
    pub capture: Capture,
    /// Ports that the node has, by which rules, and how long each is held.
    pub allocation: Allocation,
    /// What may be concluded about them, as in the report.
    pub verdict: Vec<Verdict>,
    /// Ports held over time; null without times.
    pub timeline: Option<Timeline>,
}

impl TimelineReport {
    /// Reads the sources and says what was held when, in all the detail there is.
    ///
    /// ```
    /// use snat_analyze::timeline::TimelineReport;
    /// use snat_analyze::{Options, Quiet, Source};
    ///
    /// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n\
    ///     2000000000 close 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
    /// let found = TimelineReport::of(vec![Source::texts("case 42", [("log", log)])], &Options::default(), &mut Quiet)?;
    /// let runs = found.nodes[0].timeline.iter().flat_map(|timeline| &timeline.runs);
    /// let sums: Vec<_> = runs.map(|run| (run.bucket_s, &run.series[0].held, &run.series[0].open)).collect();
    /// // The port is held after the close.
    /// assert_eq!(sums, [(1.0, &vec![1, 1, 1], &vec![1, 1, 0])]);
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Analysis::observed`].
    pub fn of(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Self, Error> {
        let options = Options { timeline: Detail::WHOLE, ..options.clone() };
        let report = Analysis::observed(sources, &options, observer)?;
        let nodes = report.nodes.into_iter().map(|node| NodeTimeline {
            node: node.node,
            capture: node.capture,
            allocation: node.allocation,
            verdict: node.verdict,
            timeline: node.timeline,
        });
        Ok(Self {
            schema_version: report.schema_version,
            tool: report.tool,
            nodes: nodes.collect(),
            inputs: report.inputs,
            notices: report.notices,
        })
    }

    /// JSON Schema of this model.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}
