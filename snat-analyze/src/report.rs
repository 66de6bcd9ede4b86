//! The one model that every renderer shows, and the wire format of `-o json`. Versioned: a change of meaning raises
//! [`SCHEMA_VERSION`]. Absent or unknown is null or missing, never 0.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::egress::Class;
use crate::ledger::Allocation;
pub use crate::verdict::{Missing, Reason, State, Strength};

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
}

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
    /// Connects that a proxy of a mesh made again, known by its process: the first of the two holds no port.
    pub mesh_doubles: u64,
    /// Connects that look like those, by the name of a thread alone: both are counted.
    pub mesh_doubles_suspected: u64,
}

/// Ports held over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeline {
    /// One for each run of the tracer: they have no common clock.
    pub runs: Vec<RunTimeline>,
}

/// Ports held over time in one run of the tracer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RunTimeline {
    /// 1 for the first.
    pub run: u64,
    /// Where the first bucket starts, in seconds of the trace.
    pub start_s: f64,
    /// Where the last one ends.
    pub end_s: f64,
    /// Width of a bucket.
    pub bucket_s: f64,
    /// Buckets.
    pub buckets: u64,
    /// The sums over all public destinations by address family, then destinations, the fullest first.
    pub series: Vec<Series>,
    /// Public destinations without a series here: less full ones.
    pub destinations_not_shown: u64,
}

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SeriesKind {
    /// All public IPv4 destinations together, as if no port were used for two.
    Ipv4,
    /// The same of IPv6.
    Ipv6,
    /// One destination.
    Destination,
}

/// A destination over time, or the sum over all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Series {
    /// What it is of.
    pub kind: SeriesKind,
    /// Remote address; null for a sum.
    pub addr: Option<String>,
    /// Remote port; null for a sum.
    pub port: Option<u16>,
    /// `tcp`.
    pub proto: String,
    /// Ports held at once, at most.
    pub ports_peak: u64,
    /// When that was, in seconds of the trace.
    pub at_s: Option<f64>,
    /// The first bucket in which it is known: a destination that held few ports is not followed.
    pub from: u64,
    /// The most ports held in each bucket.
    pub held: Vec<u32>,
    /// The most connections open in each bucket.
    pub open: Vec<u32>,
    /// Who held how many of `held`; they add up to it. The owner that held most first.
    pub owners: Vec<OwnerSeries>,
}

/// An owner's part of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OwnerSeries {
    /// Who.
    pub owner: OwnerRef,
    /// Ports held when the series was at its largest in each bucket.
    pub held: Vec<u32>,
}

/// An owner of the ranking, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OwnerRef {
    /// What kind of owner.
    pub kind: OwnerKind,
    /// Namespace of the pod.
    pub namespace: Option<String>,
    /// Name of the pod.
    pub pod: Option<String>,
    /// Process or thread name of those that are no pods.
    pub comm: Option<String>,
    /// Whether the pod lives in the node's namespace; null where nothing says so.
    pub host_network: Option<bool>,
    /// Namespaces of an unknown owner.
    pub netns: Vec<u64>,
    /// Local addresses of an unknown owner.
    pub addrs: Vec<String>,
}

impl From<&Owner> for OwnerRef {
    fn from(owner: &Owner) -> Self {
        let unknown = owner.kind == OwnerKind::Unknown;
        Self {
            kind: owner.kind,
            namespace: owner.namespace.clone(),
            pod: owner.pod.clone(),
            comm: owner.comm.clone(),
            host_network: owner.host_network,
            netns: if unknown { owner.netns.clone() } else { Vec::new() },
            addrs: if unknown { owner.addrs.clone() } else { Vec::new() },
        }
    }
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

/// One owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RankRow {
    /// 1 for the first; null for an unknown owner.
    pub rank: Option<u64>,
    /// Who.
    pub owner: Owner,
    /// Connects to public destinations; null without a log.
    pub connects_public: Option<u64>,
    /// Established outbound TCP sockets to public addresses in the snapshots, each once; null where no snapshot is of
    /// this owner.
    pub established_public: Option<u64>,
    /// Connects to public addresses that hang in the snapshots and were sent again, at most at once; null where no
    /// snapshot is of this owner.
    pub hang: Option<u64>,
    /// Of the node's public connects; null where there is none.
    pub share: Option<f64>,
    /// Public connects per second of the capture; null without times.
    pub rate_per_s: Option<f64>,
    /// Rows of any type with the owner's addresses and namespaces: what the manual recipe would count.
    pub article_count: Option<u64>,
    /// Seconds from connect to close, the median of the flows with both in the log; null where there is none, and for an
    /// owner of some processes of a namespace.
    pub median_life_s: Option<f64>,
    /// The most ports that it held to one public destination at once; null without times.
    pub ports_peak: Option<u64>,
    /// Whether that was added over several addresses or processes, whose peaks may have been at other times.
    pub ports_peak_is_bound: bool,
    /// Ports that it held to the destination that it is ranked by, at that destination's peak. Where one destination
    /// decides, they add up over the owners.
    pub ports_at_node_peak: Option<u64>,
    /// That over the destination's peak.
    pub ports_share: Option<f64>,
    /// Where its ports to one public destination settle at the rate of the log: open at the end and closes a second times
    /// the hold; the largest over destinations. Null without times.
    pub plateau: Option<f64>,
    /// Where it connected to, most connects first.
    pub destinations: Vec<Destination>,
    /// How sure the owner is.
    pub confidence: Confidence,
    /// Routes that say otherwise.
    pub contradictions: Vec<Contradiction>,
    /// What the owner rests on.
    pub evidence: Vec<Evidence>,
}

/// Who a connection belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// What kind of owner.
    pub kind: OwnerKind,
    /// Namespace of the pod.
    pub namespace: Option<String>,
    /// Name of the pod.
    pub pod: Option<String>,
    /// Name without the parts that its controller appended.
    pub workload: Option<String>,
    /// Containers of the pod, by name.
    pub containers: Vec<String>,
    /// Whether the pod lives in the node's namespace; null where nothing says so.
    pub host_network: Option<bool>,
    /// Namespaces that its events came from.
    pub netns: Vec<u64>,
    /// Local addresses of its events.
    pub addrs: Vec<String>,
    /// Process name where known, else the thread's.
    pub comm: Option<String>,
    /// PIDs of its events.
    pub pids: Vec<u64>,
    /// Pods that may be meant, for kind `node`.
    pub candidates: Vec<String>,
    /// Why nobody is named, for kind `unknown`.
    pub reason: Option<UnknownReason>,
}

/// Kinds of owners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    /// A pod.
    Pod,
    /// A process of the node, outside every pod.
    HostProcess,
    /// In the node's namespace; which process is not known.
    Node,
    /// Nobody known.
    #[default]
    Unknown,
}

/// Why an owner is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnknownReason {
    /// No pod has the address, and the namespace leads to no pod.
    NoAddress,
    /// The namespace belongs to a pod with another address now.
    ReusedNamespace,
    /// The id between process and pod is masked.
    IdMasked,
    /// The id between process and pod is cut, and several begin like it.
    AmbiguousId,
    /// The namespace list has no such namespace.
    NoNamespaceRow,
}

impl UnknownReason {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::ReusedNamespace => "reused-namespace",
            Self::IdMasked => "id-masked",
            Self::AmbiguousId => "ambiguous-id",
            Self::NoNamespaceRow => "no-namespace-row",
        }
    }
}

/// How sure an owner is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A name only, or an id shorter than crictl prints it.
    #[default]
    Weak,
    /// One route.
    Likely,
    /// Two independent routes agree, or a whole id leads there.
    Certain,
}

impl Confidence {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A route that leads to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// `address`, `namespace` or `process`.
    pub route: String,
    /// Where that route leads.
    pub owner: String,
    /// What the rule decided.
    pub instead_of: String,
    /// Why the rule decided so.
    pub why: String,
    /// Lines to look at.
    pub places: Vec<Place>,
}

/// One step of the way to an owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `address-pod`, `netns-pid`, `pid-sandbox`, `sandbox-pod`, `pid-process`, `netstat-pod`.
    pub edge: String,
    /// `addr:10.244.3.9`, `netns:4026532785`, …
    pub from: String,
    /// `pid:19832`, `sandbox:6b5f00aa11bb2`, `pod:default/nginx`, …
    pub to: String,
    /// The lines that it rests on.
    pub places: Vec<Place>,
}

/// Where a fact was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Path in the bundle.
    pub entry: String,
    /// 1-based line.
    pub line: u64,
    /// The line, cleaned, at most 200 characters.
    pub text: String,
}

/// A destination of one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Destination {
    /// Remote address.
    pub addr: String,
    /// Remote port; null where masked.
    pub port: Option<u16>,
    /// `tcp`.
    pub proto: String,
    /// Egress class; null where a masked address leaves it open.
    pub class: Option<Class>,
    /// Connect rows.
    pub connects: u64,
    /// The most ports that the owner held to it at once, added over its addresses and processes; null without times.
    pub ports_peak: Option<u64>,
    /// The first of them.
    pub first: Place,
    /// The last of them.
    pub last: Place,
}

/// A destination of the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeDestination {
    /// Remote address.
    pub addr: String,
    /// Remote port; null where masked.
    pub port: Option<u16>,
    /// `tcp`.
    pub proto: String,
    /// Egress class; null where a masked address leaves it open.
    pub class: Option<Class>,
    /// Connect rows.
    pub connects: u64,
    /// Connections open at once, at most; null where it is masked.
    pub open_peak: Option<u64>,
    /// Ports held at once, at most; null without times.
    pub ports_peak: Option<u64>,
    /// The same if every close had been a reset.
    pub ports_peak_reset: Option<u64>,
    /// When the peak was, in seconds of the trace.
    pub at_s: Option<f64>,
    /// Connections open at the end; null where it is masked.
    pub open_at_end: Option<u64>,
    /// Of those, open for longer than the idle time; null without times.
    pub open_past_idle: Option<u64>,
}

/// One section of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Input {
    /// Base name of the bundle, `-` for standard input.
    pub bundle: String,
    /// The node that it was counted for; null for none or all.
    pub node: Option<String>,
    /// Path in the bundle.
    pub entry: String,
    /// 1-based line that the section starts on.
    pub first_line: u64,
    /// Format name, or `unknown`.
    pub format: String,
    /// The tool that an unknown section looks like it is from, by its first lines, and that is not read yet: `ss`,
    /// `conntrack`, `iptables-save`; missing where nothing is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
    /// Bytes of its lines.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Rows.
    pub rows: u64,
    /// Lines that start a row.
    pub data: u64,
    /// Lines that go on with one.
    pub continuation: u64,
    /// Lines without data.
    pub skipped: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// Skipped and rejected lines by their reason.
    pub reasons: BTreeMap<String, u64>,
    /// What the fates count.
    pub tallies: String,
    /// Where the section was cut: `no-header`, `last-line`, `not-looked-at`, `size-at-cap`.
    pub cut: Vec<String>,
    /// The first lines that could not be read, and cells that were masked or cut.
    pub diagnostics: Vec<InputDiagnostic>,
}

/// A line that could not be read, or a cell that is null for a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDiagnostic {
    /// 1-based line of the entry.
    pub line: u64,
    /// Reason name.
    pub code: String,
    /// What was found and what was expected.
    pub message: String,
}

/// Something that happened while a bundle was read, or a dump that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Notice {
    /// Base name of the bundle.
    pub bundle: String,
    /// The node that it concerns; null for all or none.
    pub node: Option<String>,
    /// Path in the bundle; null where it concerns the whole.
    pub entry: Option<String>,
    /// What happened, as a word.
    pub code: String,
    /// What happened, as a lower-case fragment.
    pub message: String,
}
