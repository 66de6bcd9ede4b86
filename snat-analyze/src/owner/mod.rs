//! Who owns the connections of a group: the routes, weighed by one rule.
//!
//! The rule, in short (the numbers are quoted below): 0 the node's own namespace goes by process; 4 a nested namespace
//! belongs to the pod around it; 1 the pod that has the address; 2 an address that no pod has, in a namespace whose
//! pod has another of that family, is nobody's; 3 loopback and unlisted families follow the namespace; 5 at last the
//! process. Routes that agree raise the confidence, routes that disagree are named.

mod facts;
mod graph;
mod ids;
mod nodes;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use snat_parse::Addr;

pub(crate) use facts::{Facts, Life, PodKey, PodRow, Process, Sandbox, Shim};
pub(crate) use graph::{Asked, Edge, Graph, Route, Space, containers};
pub(crate) use ids::{Printed, Resolved, SHORT, ShimId, is_masked, short};

use crate::fold::{Group, GroupKey, Map, Mark, PidKey};
use crate::report::{Confidence, UnknownReason};

/// Who connections belong to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OwnerKey {
    Pod(PodKey),
    /// By the name of the process.
    HostProcess(String),
    /// By the name of the thread, if the log has one.
    Node(Option<String>),
    Unknown {
        netns: Option<u64>,
        addr: Addr,
    },
}

impl OwnerKey {
    /// As evidence and contradictions spell it.
    pub(crate) fn spelled(&self) -> String {
        match self {
            Self::Pod(pod) => format!("pod:{pod}"),
            Self::HostProcess(name) => format!("process:{name}"),
            Self::Node(_) => "node".to_owned(),
            Self::Unknown { .. } => "unknown".to_owned(),
        }
    }
}

/// A route that says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dissent {
    pub(crate) route: &'static str,
    pub(crate) owner: String,
    pub(crate) instead_of: String,
    pub(crate) why: &'static str,
    pub(crate) marks: Vec<Mark>,
}

/// Which processes of a group a claim is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Whole,
    Cells(Vec<PidKey>),
}

/// An owner of a group, or of some of its processes, and what that rests on.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) owner: OwnerKey,
    pub(crate) share: Share,
    pub(crate) confidence: Confidence,
    pub(crate) reason: Option<UnknownReason>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) dissent: Vec<Dissent>,
    /// Whether it is for processes in the node's own namespace.
    pub(crate) host: bool,
}

/// What the log asks the graph about.
pub(crate) fn asked(groups: &Map<GroupKey, Group>) -> Asked {
    let mut asked = Asked::default();
    for (key, group) in groups {
        asked.addrs.extend(key.saddr.ip());
        if let Some(netns) = key.netns {
            asked.netns.entry(netns).or_default().extend(key.saddr.ip());
        }
        asked.pids.extend(group.cells.keys().filter_map(|pid| match pid {
            PidKey::Pid(pid) => Some(*pid),
            PidKey::Masked | PidKey::Other => None,
        }));
    }
    asked
}

/// Gives every group, or every process of it, to an owner.
pub(crate) fn resolve(groups: &Map<GroupKey, Group>, graph: &Graph) -> Vec<Vec<Claim>> {
    let rule = Rule { groups, graph, siblings: siblings(groups, graph) };
    groups.iter().map(|(key, group)| rule.group(key, group)).collect()
}

/// Who the addresses seen in a namespace belong to, by rule 1; `None` for an address of nobody known.
type Siblings = BTreeMap<u64, BTreeMap<IpAddr, Option<PodKey>>>;

fn siblings(groups: &Map<GroupKey, Group>, graph: &Graph) -> Siblings {
    let mut found = Siblings::new();
    for key in groups.keys() {
        if let (Some(netns), Some(ip)) = (key.netns, key.saddr.ip())
            && !ip.is_loopback()
        {
            let holder = graph.holder(ip).map(|holder| holder.pod.clone());
            found.entry(netns).or_default().insert(ip, holder);
        }
    }
    found
}

struct Rule<'a> {
    groups: &'a Map<GroupKey, Group>,
    graph: &'a Graph,
    siblings: Siblings,
}

const ADDRESS_WINS: &str = "the pod that has the address wins over the present holder of the namespace";
const ADDRESS_OVER_PROCESS: &str = "the pod that has the address wins over the process, whose PID may be reused";
const REUSED: &str = "the namespace number was reused, or the address belonged to a pod that is gone";
const HELD_BEFORE: &str =
    "the namespace shows addresses of somebody else, too; loopback and unlisted families follow its present holder";

impl Rule<'_> {
    fn group(&self, key: &GroupKey, group: &Group) -> Vec<Claim> {
        let space = self.graph.space(key.netns);
        if matches!(space, Space::Host) || self.is_host_address(key) {
            return self.host(key, group);
        }
        if let Space::Nested(route @ Route::Pod { pod, .. }) = space {
            return vec![self.claim(OwnerKey::Pod(pod.clone()), key, group, Some(route), false)];
        }
        let by_space = match space {
            Space::Row(route) => Some(route),
            _ => None,
        };
        let ip = key.saddr.ip();
        if let Some(holder) = ip.filter(|ip| !ip.is_loopback()).and_then(|ip| self.graph.holder(ip)) {
            return vec![self.claim(OwnerKey::Pod(holder.pod.clone()), key, group, by_space, true)];
        }
        if let Some(route @ Route::Pod { pod, .. }) = by_space {
            return self.by_namespace(key, group, route, pod);
        }
        if let Some(pod) = self.by_sibling(key) {
            let mut claim = self.claim(OwnerKey::Pod(pod.clone()), key, group, None, false);
            claim.edges.extend(self.sibling_edges(key, &pod));
            return vec![claim];
        }
        self.by_process(key, group, by_space)
    }

    /// Without a row for PID 1 a group whose address is the node's is the node's, even where the log has no namespaces.
    fn is_host_address(&self, key: &GroupKey) -> bool {
        key.netns.is_none() && key.saddr.ip().is_some_and(|ip| self.graph.node_addresses.contains(&ip))
    }

    /// Rule 0: process by process, whatever the address.
    fn host(&self, key: &GroupKey, group: &Group) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for (pid, cell) in &group.cells {
            let route = match pid {
                PidKey::Pid(pid) => self.graph.process(*pid),
                PidKey::Masked | PidKey::Other => None,
            };
            let owner = match route {
                Some(Route::Pod { pod, .. }) => OwnerKey::Pod(pod.clone()),
                Some(Route::Outside { name, .. }) => OwnerKey::HostProcess(name.clone()),
                _ => OwnerKey::Node(cell.comm.clone()),
            };
            let confidence = match (&owner, route) {
                (OwnerKey::Node(_), _) => Confidence::Weak,
                (_, Some(route)) => process_strength(route),
                _ => Confidence::Likely,
            };
            let mut edges = route.map(|route| route.edges().to_vec()).unwrap_or_default();
            if let Some(first) = edges.first_mut() {
                first.marks.push(cell.first.clone());
            }
            claims.push(Claim {
                owner,
                share: Share::Cells(vec![*pid]),
                confidence,
                reason: None,
                edges,
                dissent: Vec::new(),
                host: true,
            });
        }
        if claims.is_empty() {
            claims.push(self.unknown(key, UnknownReason::NoAddress, &[]));
        }
        claims
    }

    /// Rules 2 and 3: the namespace's row leads to a pod that does not have this address.
    fn by_namespace(&self, key: &GroupKey, group: &Group, route: &Route, pod: &PodKey) -> Vec<Claim> {
        let Some(ip) = key.saddr.ip() else {
            // A masked address is no other address: the namespace decides.
            return vec![self.claim(OwnerKey::Pod(pod.clone()), key, group, Some(route), false)];
        };
        let same_family = |other: &&IpAddr| other.is_ipv4() == ip.is_ipv4();
        let other = self.graph.addresses.get(pod).and_then(|own| own.iter().find(same_family));
        if other.is_some() && !ip.is_loopback() {
            let mut claim = self.unknown(key, UnknownReason::ReusedNamespace, route.edges());
            claim.dissent.push(Dissent {
                route: "namespace",
                owner: format!("pod:{pod}"),
                instead_of: claim.owner.spelled(),
                why: REUSED,
                marks: self.first_marks(route, group),
            });
            return vec![claim];
        }
        let others = self.foreign_siblings(key, pod);
        if others.is_empty() {
            return vec![self.claim(OwnerKey::Pod(pod.clone()), key, group, Some(route), false)];
        }
        self.split_by_process(key, group, route, pod, &others)
    }

    /// Other owners that the addresses of the same namespace show.
    fn foreign_siblings(&self, key: &GroupKey, pod: &PodKey) -> Vec<IpAddr> {
        let Some(seen) = key.netns.and_then(|netns| self.siblings.get(&netns)) else { return Vec::new() };
        let own = self.graph.addresses.get(pod);
        let family_listed =
            |ip: &IpAddr| own.is_some_and(|own| own.iter().any(|other| other.is_ipv4() == ip.is_ipv4()));
        let foreign = |(ip, holder): (&IpAddr, &Option<PodKey>)| match holder {
            Some(holder) => (holder != pod).then_some(*ip),
            None => family_listed(ip).then_some(*ip),
        };
        seen.iter().filter_map(foreign).collect()
    }

    /// A namespace that two pods had one after the other: each process goes where its other connections went; what no
    /// process tells follows the present holder, with the doubt said.
    fn split_by_process(
        &self,
        key: &GroupKey,
        group: &Group,
        route: &Route,
        pod: &PodKey,
        others: &[IpAddr],
    ) -> Vec<Claim> {
        let mut held: Vec<PidKey> = Vec::new();
        let mut claims: Vec<Claim> = Vec::new();
        for pid in group.cells.keys() {
            let by_tree = match pid {
                PidKey::Pid(pid) => self.graph.process(*pid).and_then(Route::pod),
                PidKey::Masked | PidKey::Other => None,
            };
            let elsewhere = others.iter().find(|ip| {
                let other = GroupKey { netns: key.netns, saddr: Addr::Ip(**ip) };
                matches!(pid, PidKey::Pid(_))
                    && self.groups.get(&other).is_some_and(|group| group.cells.contains_key(pid))
            });
            match elsewhere {
                Some(ip) if by_tree != Some(pod) => {
                    let holder = key
                        .netns
                        .and_then(|netns| self.siblings.get(&netns))
                        .and_then(|seen| seen.get(ip))
                        .cloned()
                        .flatten();
                    let mut claim = match holder {
                        Some(holder) => self.claim(OwnerKey::Pod(holder), key, group, None, false),
                        None => self.unknown(key, UnknownReason::ReusedNamespace, &[]),
                    };
                    claim.share = Share::Cells(vec![*pid]);
                    claim.confidence = claim.confidence.min(Confidence::Likely);
                    claim.dissent.push(Dissent {
                        route: "namespace",
                        owner: format!("pod:{pod}"),
                        instead_of: claim.owner.spelled(),
                        why: "the process also used an address that the present holder of the namespace does not have",
                        marks: self.first_marks(route, group),
                    });
                    claims.push(claim);
                }
                _ => held.push(*pid),
            }
        }
        if !held.is_empty() {
            let mut claim = self.claim(OwnerKey::Pod(pod.clone()), key, group, Some(route), false);
            claim.share = Share::Cells(held);
            claim.confidence = claim.confidence.min(Confidence::Likely);
            for ip in others {
                let holder = key
                    .netns
                    .and_then(|netns| self.siblings.get(&netns))
                    .and_then(|seen| seen.get(ip))
                    .cloned()
                    .flatten();
                claim.dissent.push(Dissent {
                    route: "address",
                    owner: holder.map_or_else(|| format!("addr:{ip}"), |holder| format!("pod:{holder}")),
                    instead_of: format!("pod:{pod}"),
                    why: HELD_BEFORE,
                    marks: vec![group.first.clone()],
                });
            }
            claims.push(claim);
        }
        claims
    }

    /// The namespace has no row, but its other addresses are all one pod's: loopback and unlisted families are, too.
    fn by_sibling(&self, key: &GroupKey) -> Option<PodKey> {
        let ip = key.saddr.ip()?;
        let seen = self.siblings.get(&key.netns?)?;
        let others: BTreeSet<&PodKey> = seen.values().flatten().collect();
        let only = (others.len() == 1).then(|| others.first().copied()).flatten()?;
        let own = self.graph.addresses.get(only)?;
        let listed = |ip: &IpAddr| own.iter().any(|other| other.is_ipv4() == ip.is_ipv4());
        let foreign = seen.iter().any(|(ip, holder)| holder.is_none() && listed(ip));
        (!foreign && (ip.is_loopback() || !listed(&ip))).then(|| only.clone())
    }

    fn sibling_edges(&self, key: &GroupKey, pod: &PodKey) -> Vec<Edge> {
        let Some(seen) = key.netns.and_then(|netns| self.siblings.get(&netns)) else { return Vec::new() };
        let of_pod = seen.iter().find(|(_, holder)| holder.as_ref() == Some(pod)).map(|(ip, _)| *ip);
        of_pod
            .map(|ip| self.address_edge(ip, &GroupKey { netns: key.netns, saddr: Addr::Ip(ip) }))
            .into_iter()
            .flatten()
            .collect()
    }

    /// Rule 5: neither address nor namespace tells; a connecting process under a shim does.
    fn by_process(&self, key: &GroupKey, group: &Group, by_space: Option<&Route>) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        let mut unknown: Vec<PidKey> = Vec::new();
        let mut failed: Option<&Route> = by_space;
        for (pid, cell) in &group.cells {
            let route = match pid {
                PidKey::Pid(pid) => self.graph.process(*pid),
                PidKey::Masked | PidKey::Other => None,
            };
            match route {
                Some(route @ Route::Pod { pod, edges, .. }) => {
                    let mut edges = edges.clone();
                    if let Some(first) = edges.first_mut() {
                        first.marks.push(cell.first.clone());
                    }
                    claims.push(Claim {
                        owner: OwnerKey::Pod(pod.clone()),
                        share: Share::Cells(vec![*pid]),
                        confidence: process_strength(route),
                        reason: None,
                        edges,
                        dissent: Vec::new(),
                        host: false,
                    });
                }
                // A namespace of its own, for a process of the node: row and process agree that no pod is near.
                Some(route @ Route::Outside { name, edges }) if matches!(by_space, Some(Route::Outside { .. })) => {
                    claims.push(Claim {
                        owner: OwnerKey::HostProcess(name.clone()),
                        share: Share::Cells(vec![*pid]),
                        confidence: process_strength(route),
                        reason: None,
                        edges: edges.clone(),
                        dissent: Vec::new(),
                        host: false,
                    });
                }
                _ => {
                    if let Some(found @ (Route::Masked { .. } | Route::Ambiguous { .. })) = route
                        && !matches!(failed, Some(Route::Masked { .. } | Route::Ambiguous { .. }))
                    {
                        failed = Some(found);
                    }
                    unknown.push(*pid);
                }
            }
        }
        if !unknown.is_empty() || claims.is_empty() {
            let reason = match (failed, self.graph.space(key.netns)) {
                (Some(Route::Masked { .. }), _) => UnknownReason::IdMasked,
                (Some(Route::Ambiguous { .. }), _) => UnknownReason::AmbiguousId,
                (_, Space::NoRow) if key.netns.is_some() => UnknownReason::NoNamespaceRow,
                _ => UnknownReason::NoAddress,
            };
            let mut claim = self.unknown(key, reason, failed.map(Route::edges).unwrap_or_default());
            if !claims.is_empty() {
                claim.share = Share::Cells(unknown);
            }
            claims.push(claim);
        }
        claims
    }

    fn unknown(&self, key: &GroupKey, reason: UnknownReason, edges: &[Edge]) -> Claim {
        Claim {
            owner: OwnerKey::Unknown { netns: key.netns, addr: key.saddr.clone() },
            share: Share::Whole,
            confidence: Confidence::Weak,
            reason: Some(reason),
            edges: edges.to_vec(),
            dissent: Vec::new(),
            host: false,
        }
    }

    /// A pod's claim: which routes agree with it makes its confidence, which do not is named.
    fn claim(
        &self,
        owner: OwnerKey,
        key: &GroupKey,
        group: &Group,
        by_space: Option<&Route>,
        by_address: bool,
    ) -> Claim {
        let OwnerKey::Pod(pod) = &owner else { return self.unknown(key, UnknownReason::NoAddress, &[]) };
        let mut edges = Vec::new();
        let mut dissent = Vec::new();
        let address = by_address.then(|| key.saddr.ip()).flatten();
        if let Some(ip) = address {
            edges.extend(self.address_edge(ip, key));
        }
        let mut namespace = None;
        match by_space {
            Some(route) if route.pod() == Some(pod) => {
                namespace = Some(route);
                let mut way = route.edges().to_vec();
                if let Some(first) = way.first_mut() {
                    first.marks.push(group.first.clone());
                }
                edges.extend(way);
            }
            Some(route) => {
                if let Some(other) = route.pod() {
                    dissent.push(Dissent {
                        route: "namespace",
                        owner: format!("pod:{other}"),
                        instead_of: owner.spelled(),
                        why: ADDRESS_WINS,
                        marks: self.first_marks(route, group),
                    });
                }
            }
            None => {}
        }
        let mut process = None;
        for (pid, cell) in &group.cells {
            let PidKey::Pid(number) = pid else { continue };
            let Some(route) = self.graph.process(*number) else { continue };
            match route.pod() {
                Some(found) if found == pod && process.is_some() => {}
                Some(found) if found == pod => {
                    process = Some(route);
                    let mut way = route.edges().to_vec();
                    if let Some(first) = way.first_mut() {
                        first.marks.push(cell.first.clone());
                    }
                    edges.extend(way);
                }
                Some(found) if cell.connects > 0 => {
                    let mut marks = first_mark(route);
                    marks.push(cell.first.clone());
                    dissent.push(Dissent {
                        route: "process",
                        owner: format!("pod:{found}"),
                        instead_of: owner.spelled(),
                        why: ADDRESS_OVER_PROCESS,
                        marks,
                    });
                }
                _ => {}
            }
        }
        let confidence = match (address, namespace, process) {
            (Some(_), None, None) => Confidence::Likely,
            (Some(_), _, _) => Confidence::Certain,
            (None, Some(Route::Pod { whole: true, .. }), _) => Confidence::Certain,
            (None, Some(Route::Pod { long: false, .. }), _) => Confidence::Weak,
            (None, Some(_), Some(_)) => Confidence::Certain,
            (None, Some(_), None) => Confidence::Likely,
            (None, None, Some(route)) => process_strength(route),
            (None, None, None) => Confidence::Likely,
        };
        let confidence = if dissent.is_empty() { confidence } else { confidence.min(Confidence::Likely) };
        Claim { owner, share: Share::Whole, confidence, reason: None, edges, dissent, host: false }
    }

    fn address_edge(&self, ip: IpAddr, key: &GroupKey) -> Option<Edge> {
        let holder = self.graph.holder(ip)?;
        let mut marks = vec![holder.mark.clone()];
        marks.extend(self.groups.get(key).map(|group| group.first.clone()));
        Some(Edge { edge: "address-pod", from: format!("addr:{ip}"), to: format!("pod:{}", holder.pod), marks })
    }

    fn first_marks(&self, route: &Route, group: &Group) -> Vec<Mark> {
        let mut marks = first_mark(route);
        marks.push(group.first.clone());
        marks
    }
}

fn first_mark(route: &Route) -> Vec<Mark> {
    route.edges().first().and_then(|edge| edge.marks.first()).cloned().into_iter().collect()
}

/// A process alone never makes an owner certain: PIDs are reused within minutes.
fn process_strength(route: &Route) -> Confidence {
    match route {
        Route::Pod { long: false, .. } => Confidence::Weak,
        _ => Confidence::Likely,
    }
}
