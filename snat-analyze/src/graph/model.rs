//! The model that every renderer of the graph shows, and its wire format. Versioned with the report's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::{Callee, Confidence, Contradiction, Input, JoinTally, Node, Notice, Place, Tool, Verdict};

/// The graphs of all captured nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphReport {
    /// Version of the report's model, which this shares.
    pub schema_version: u32,
    /// What made it.
    pub tool: Tool,
    /// One graph a captured node.
    pub nodes: Vec<NodeGraph>,
    /// One row a section of an entry, ordered by bundle, entry, first line.
    pub inputs: Vec<Input>,
    /// What no section shows: links, cut archives, limits, missing dumps.
    pub notices: Vec<Notice>,
}

impl GraphReport {
    /// JSON Schema of this model.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

/// The graph of one node. Namespaces, PIDs and ids mean something within one node only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeGraph {
    /// Which node.
    pub node: Node,
    /// What may be concluded about its ports, as in the report by the usual rules of a NAT.
    pub verdict: Vec<Verdict>,
    /// Whom to call, as in the report.
    pub call: Option<Callee>,
    /// By kind in the order of [`VertexKind`], then by number, then by id; each id once.
    pub vertices: Vec<Vertex>,
    /// In the order of the vertices that they go from, then of those that they go to, then by name; each once. The
    /// graph has no cycle.
    pub edges: Vec<GraphEdge>,
    /// Routes that say otherwise than the rule decided, as in the report.
    pub contradictions: Vec<Contradiction>,
    /// What each join matched and what it lost. The left sides are all that the dumps name, not only what the log asks
    /// about as in the report.
    pub joins: Vec<JoinTally>,
}

/// Something that a way goes through. A field that does not belong to its kind, or that no dump tells, is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vertex {
    /// `netns:4026532785`, `addr:10.244.3.9`, `pid:19832`, `process:kubelet`, `sandbox:6b5f00aa11bb2`,
    /// `container:f630402b99559`, `pod:default/nginx`. What is not unique by itself has `@` and what makes it so:
    /// `addr:127.0.0.1@4026532785` its namespace, `sandbox:masked@18520` the PID of its shim (`masked`, `ambiguous` or
    /// `unknown`), `sandbox:2xxxxxxxxf@default/nginx` the pod on its row, `pid:curl@4026532785` the namespace of several
    /// processes that are kept together.
    pub id: String,
    /// What it is.
    pub kind: VertexKind,
    /// What to call it beside its kind: a number, an address, `19832 bash`, an id as printed, a container's name,
    /// `default/nginx`.
    pub label: String,
    /// Namespace: the node's own. Address: one of a node.
    #[serde(default, skip_serializing_if = "is_false")]
    pub node: bool,
    /// Namespace: made by a process within a pod, beside the one that the runtime made.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nested: bool,
    /// PID: its name in the process tree. Container: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// PID: name of the thread that the log shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// PID: it stands for so many that no tree has, whose threads have one name in one namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// Namespace: command line of its lowest PID, as lsns prints it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Sandbox, container: STATE as printed. Pod: STATUS as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Container: IMAGE as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Container: how often it was started before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Pod: whether it lives in the node's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_network: Option<bool>,
    /// Pod: whether it ended, so that its address may be somebody else's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<bool>,
    /// Pod: how sure the report is that the connections counted for it are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Namespace, address: rows of the log of any type; missing without a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Namespace, address, PID, pod: connect rows of the log; missing without a log. A pod's are those of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connects: Option<u64>,
    /// Of those, to public destinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connects_public: Option<u64>,
    /// Ids of the vertices that may be meant: sandboxes and containers whose id begins like an ambiguous one. A cut
    /// graph need not hold them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Why the way goes no further here, or why none can lead here; missing where nothing is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Broken>,
    /// Lines that show it, at most three: its row in lsns, in a process tree, in a list, or its first event. None where
    /// only the name of a dump does.
    pub places: Vec<Place>,
}

/// What a vertex is, in the order of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VertexKind {
    /// A network namespace, by its inode.
    Netns,
    /// A local address.
    Addr,
    /// A process.
    Pid,
    /// The name of processes outside every pod.
    Process,
    /// A pod sandbox of the container runtime.
    Sandbox,
    /// A container.
    Container,
    /// A pod.
    Pod,
}

impl VertexKind {
    /// The word before the colon of an id.
    pub fn name(self) -> &'static str {
        match self {
            Self::Netns => "netns",
            Self::Addr => "addr",
            Self::Pid => "pid",
            Self::Process => "process",
            Self::Sandbox => "sandbox",
            Self::Container => "container",
            Self::Pod => "pod",
        }
    }
}

/// Why a way breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Broken {
    /// Address: no pod has it, and its namespace leads to no pod. The reasons of other kinds stand at an address, too,
    /// where they are why the report knows no owner of its connections.
    NoAddress,
    /// Address: its namespace belongs to a pod with another address now.
    ReusedNamespace,
    /// Namespace: lsns has no row of it, or there is no lsns.
    NoNamespaceRow,
    /// Namespace: its row names no process.
    NoProcess,
    /// PID: it is masked in the log.
    PidMasked,
    /// PID: stands for the processes of one namespace beyond those that are kept apart.
    TooMany,
    /// PID: no process tree has it.
    NotInTree,
    /// PID: its tree does not begin at PID 1 and shows no shim above it.
    TreeCut,
    /// Sandbox: the shim's arguments hold no id, or are cut before it.
    NoId,
    /// Sandbox, container: the id is masked, here or in the list that could name it.
    IdMasked,
    /// The id is cut and several begin like it, or dumps disagree.
    AmbiguousId,
    /// Sandbox: no list has its id.
    NotListed,
    /// Sandbox, container: its row names no pod.
    NoPodName,
}

impl Broken {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::ReusedNamespace => "reused-namespace",
            Self::NoNamespaceRow => "no-namespace-row",
            Self::NoProcess => "no-process",
            Self::PidMasked => "pid-masked",
            Self::TooMany => "too-many",
            Self::NotInTree => "not-in-tree",
            Self::TreeCut => "tree-cut",
            Self::NoId => "no-id",
            Self::IdMasked => "id-masked",
            Self::AmbiguousId => "ambiguous-id",
            Self::NotListed => "not-listed",
            Self::NoPodName => "no-pod-name",
        }
    }
}

/// One step from a vertex to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphEdge {
    /// `netns-address`, `netns-pid`, `address-pid`, `netstat-pid`, `netstat-pod`, `address-pod`, `pid-process`,
    /// `pid-sandbox`, `pid-container`, `sandbox-container`, `sandbox-pod`, `container-pod`.
    pub edge: String,
    /// Id of a vertex.
    pub from: String,
    /// Id of a vertex.
    pub to: String,
    /// `certain`: by a row that names both, or by a whole id. `likely`: by one route that may be out of date, or an id
    /// of 13 digits or more. `weak`: by a shorter id, or one of several that may be meant.
    pub confidence: Confidence,
    /// `netns-address`, `netns-pid`, `address-pid` from the log: its connect rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connects: Option<u64>,
    /// Of those, to public destinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connects_public: Option<u64>,
    /// The lines that it rests on, at most three.
    pub places: Vec<Place>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
