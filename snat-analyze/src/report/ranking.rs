//! Owners and destinations, and what they rest on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::egress::Class;

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

impl OwnerRef {
    /// In one text: `default/nginx`, `node process kubelet`, `unknown: netns 4026532785, 10.244.3.9`.
    pub fn label(&self) -> String {
        match self.kind {
            OwnerKind::Pod => {
                let name = self.pod.as_deref().unwrap_or("?");
                let name =
                    self.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
                if self.host_network == Some(true) { format!("{name} (host)") } else { name }
            }
            OwnerKind::HostProcess => format!("node process {}", self.comm.as_deref().unwrap_or("?")),
            OwnerKind::Node => format!("node, thread {}", self.comm.as_deref().unwrap_or("of unknown name")),
            OwnerKind::Unknown => {
                let netns = self.netns.first().map(|netns| format!("netns {netns}, ")).unwrap_or_default();
                format!("unknown: {netns}{}", self.addrs.first().map(String::as_str).unwrap_or("?"))
            }
        }
    }
}

impl Owner {
    /// Like [`OwnerRef::label`].
    pub fn label(&self) -> String {
        OwnerRef::from(self).label()
    }
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
