//! Which node, and what was captured of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;

/// The captured node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub name: Option<String>,
    /// Its address in the cluster.
    pub internal_ip: Option<String>,
    /// Nodes of the cluster, where a whole node list says so.
    pub pool_size: Option<u64>,
    /// How the name was found.
    pub source: Option<NodeSource>,
}

/// How the node's name was found, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NodeSource {
    /// Its namespace's addresses in the log are an INTERNAL-IP of the node list.
    NodeList,
    /// The addresses of its pods are in the log.
    Pods,
    /// A shell prompt in a dump.
    Prompt,
    /// The folder that the dumps lie in.
    Folder,
}

/// What was captured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Capture {
    /// Seconds from the first to the last event, summed over runs; null without times.
    pub duration_s: Option<f64>,
    /// Runs of the tracer that were counted.
    pub runs: u64,
    /// Runs left out because they show the events of another run under other flags.
    pub same_events: Vec<SameEvents>,
    /// Rows of the log.
    pub events: u64,
    /// Of those, of IPv6 sockets, which dual-stack sockets are, too. Without any the tracer ran with -4, most likely.
    pub ipv6_events: u64,
    /// Connect rows by egress class; `unreadable` are those to masked addresses of no certain class.
    pub connects_by_class: BTreeMap<String, u64>,
    /// Connect rows to public destinations; null without a log.
    pub connects_public: Option<u64>,
    /// Established outbound TCP sockets to public addresses in the snapshots, each once; null without a snapshot.
    pub established_public: Option<u64>,
    /// Dumps of sockets, and what became of their rows.
    pub snapshots: Vec<SnapshotDump>,
    /// Accept rows.
    pub accepts: u64,
    /// Close rows.
    pub closes: u64,
    /// The window that was asked for, in seconds of the trace.
    pub since_s: Option<f64>,
    /// Its end.
    pub until_s: Option<f64>,
    /// Rows of the log outside of that window: not counted, but what was open before is known.
    pub events_outside: u64,
    /// Long times without any row, longest first: traces that were joined, a clock that was set, or a quiet node.
    pub gaps: Vec<Gap>,
    /// What became of connections whose two ends are not both in the log; null without a log.
    pub flows: Option<Flows>,
    /// Closes whose connect is not in the log and that are not inbound.
    pub unmatched_closes: u64,
    /// The most ports held at once over all public destinations together, as if no port were used for two; null without
    /// times.
    pub ports_peak_sum: Option<u64>,
    /// The most port numbers in use at once, were each new connection given the lowest that its destination leaves free:
    /// for comparison with a metric of used ports, nothing more; null without times.
    pub expected_used_ports_metric: Option<u64>,
    /// Samples that the tracer said it lost.
    pub lost_samples: u64,
    /// Connect rows of processes beyond those that are kept apart in one group.
    pub connects_of_other_pids: u64,
    /// Public connects to documentation ranges (198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32), counted as public.
    pub connects_documentation: u64,
    /// What each join matched and what it lost.
    pub joins: Vec<JoinTally>,
}

/// A time without any row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Its length.
    pub seconds: f64,
    /// The row that ended it.
    pub until: Place,
}

/// Connections whose course the log does not show from end to end, and rows that say little.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Flows {
    /// Closes of connections that the other end opened, by their accept.
    pub inbound_closes: u64,
    /// The same where only the local port says so: it accepted others.
    pub inbound_closes_guessed: u64,
    /// Closes alone of IPv6 sockets with an IPv4 address, whose connects are never in a log: a port each, from then on.
    pub lone_closes_mapped: u64,
    /// Other closes alone: opened before the trace, or never; no port.
    pub lone_closes: u64,
    /// Connects with the ends of a connection whose port was still held: one port.
    pub opened_again: u64,
    /// Connects with the ends of a connection that is open: its close is lost.
    pub opened_while_open: u64,
    /// Public connections that are open at the end.
    pub open_at_end: u64,
    /// Of those, for longer than the idle time: if they were silent, the NAT has dropped them, and they hold nothing.
    pub open_past_idle: u64,
    /// Rows with a masked address or port: counted, not replayed.
    pub without_ends: u64,
    /// Rows over two seconds behind others: taken as if they were then.
    pub late: u64,
    /// Connections beyond those that the ledger follows at a time, ten million to public destinations and as many to others:
    /// counted, and without a port, so that what was held is at least what is said. Their closes stand alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub beyond_bound: u64,
    /// Connects that a proxy of a mesh made again, known by its process: the first of the two holds no port.
    pub mesh_doubles: u64,
    /// Connects that look like those, by the name of a thread alone: both are counted.
    pub mesh_doubles_suspected: u64,
}

/// A dump of sockets. Its rows are the sum of `repeated`, `listening`, `not_established`, `inbound`, `not_public`,
/// `unclear` and `established_public`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SnapshotDump {
    /// The tool that made it: `netstat`.
    pub tool: String,
    /// Path in the bundle.
    pub entry: String,
    /// 1-based line that it starts on.
    pub first_line: u64,
    /// `pod:<namespace>/<name>`, or `node`, whose sockets go by process; null where nobody is known, or by row.
    pub owner: Option<String>,
    /// Why there is no one owner.
    pub reason: Option<String>,
    /// Sockets in it.
    pub rows: u64,
    /// Of those, shown by another row, or another dump of the same place, too.
    pub repeated: u64,
    /// Waiting for connections.
    pub listening: u64,
    /// Not established, or not TCP.
    pub not_established: u64,
    /// Established by the other end.
    pub inbound: u64,
    /// Established to an address that takes no SNAT port.
    pub not_public: u64,
    /// Of a state with an unknown name, or to an address that is masked beyond its class.
    pub unclear: u64,
    /// Established outbound TCP sockets to public addresses.
    pub established_public: u64,
    /// Of those, without a known owner.
    pub unowned: u64,
    /// Sockets that neither listen nor repeat, by state as printed; `none` where there is none.
    pub states: BTreeMap<String, u64>,
}

/// A run that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SameEvents {
    /// Entry and first line of the run that was left out.
    pub left_out: Place,
    /// Entry and first line of the run that shows the same events.
    pub counted: Place,
}

/// Matched and unmatched rows of the left side of a join; they sum to `left`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinTally {
    /// Name of the edge that the join makes.
    pub join: String,
    /// Rows on the left side.
    pub left: u64,
    /// Of those, with at least one row on the right side.
    pub matched: u64,
    /// Of those, without.
    pub unmatched: u64,
    /// Keys of the first of them, at most eight: namespaces, PIDs, addresses. None where rows and not keys are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
