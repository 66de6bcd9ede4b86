//! Snapshots: netstat dumps, tied to pods or to the node's processes, each socket counted once.
//!
//! A dump whose local addresses are the node's is the node's, and all such dumps are one: their rows go by process,
//! where the process tree has that PID under that name. Any other dump was made in one namespace, so one pod's address
//! in it gives it to that pod; dumps of several pods, or of pods and the node, run together go row by row. PIDs in a
//! pod's dump may be the container's own and join with nothing. A name such as `netstat-<namespace>_<pod>.txt` or
//! `netstat-<pid>.txt` decides only for dumps without any address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use snat_parse::Addr;
use snat_parse::formats::netstat::State;

use crate::egress::{Class, Rule, classify};
use crate::fold::{Group, GroupKey, Map, Mark};
use crate::owner::{Claim, Edge, Facts, Graph, OwnerKey, PodKey, Route, Share};
use crate::report::{Confidence, JoinTally, SnapshotDump};

use super::stock::Stock;

mod naming;
mod rounds;

use naming::base_name;
pub(crate) use naming::{is_same_name, names, pid_in_name};
use rounds::stock;

/// One end of a socket.
pub(crate) type End = (Option<Addr>, Option<u16>);

/// One row of a dump.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) tcp: bool,
    pub(crate) local: End,
    pub(crate) remote: End,
    /// The word of the STATE column.
    pub(crate) state: Option<String>,
    pub(crate) pid: Option<u32>,
    pub(crate) program: Option<String>,
    /// How often what it sent last was sent again, where the timer is printed.
    pub(crate) resent: Option<u32>,
    pub(crate) mark: Mark,
}

/// One dump: what one call of the tool printed.
#[derive(Clone, Debug)]
pub(crate) struct Dump {
    pub(crate) entry: usize,
    pub(crate) first_line: u64,
    /// The PID that the entry's name gives: the dump is of that one's namespace.
    pub(crate) pid: Option<u32>,
    pub(crate) sockets: Vec<Socket>,
}

/// Which sockets are the same one. What is masked tells sockets apart no longer, so equal rows of one dump are counted
/// by their number: the second such row is another socket than the first.
pub(super) type SocketKey<'a> = (bool, &'a End, &'a End, u32);

/// Numbers the rows of one dump that nothing tells apart.
#[derive(Default)]
struct Vague<'a>(BTreeMap<SocketKey<'a>, u32>);

impl<'a> Vague<'a> {
    fn key(&mut self, socket: &'a Socket) -> SocketKey<'a> {
        let mut key = socket.key();
        if socket.is_vague() {
            let number = self.0.entry(key).or_default();
            key.3 = *number;
            *number += 1;
        }
        key
    }
}

impl Socket {
    fn key(&self) -> SocketKey<'_> {
        (self.tcp, &self.local, &self.remote, 0)
    }

    /// Whether something of its two ends is masked, cut or missing.
    fn is_vague(&self) -> bool {
        let vague = |end: &End| end.1.is_none() || end.0.as_ref().is_none_or(Addr::is_cut);
        !self.is_listening() && (vague(&self.local) || vague(&self.remote))
    }

    fn state(&self) -> Option<State> {
        self.state.as_deref().map(State::of)
    }

    fn is_listening(&self) -> bool {
        self.state() == Some(State::Listen)
    }

    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        let ip = self.local.0.as_ref().and_then(Addr::ip)?;
        (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
    }
}

/// What the snapshots ask the graph about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asks {
    pub(crate) addrs: BTreeSet<IpAddr>,
}

impl Asks {
    pub(crate) fn of(dumps: &[Dump]) -> Self {
        Self { addrs: dumps.iter().flat_map(|dump| &dump.sockets).filter_map(Socket::local_ip).collect() }
    }
}

/// What an owner holds by the snapshots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) established_public: u64,
    pub(crate) addrs: BTreeSet<Addr>,
    pub(crate) pids: BTreeSet<u32>,
    /// Whether the sockets are those of the node's own namespace.
    pub(crate) host: bool,
    pub(crate) edges: Vec<Edge>,
    pub(crate) confidence: Confidence,
    /// Names and ends of the edges.
    known: BTreeSet<(&'static str, String, String)>,
}

/// All snapshots of a capture.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    pub(crate) owners: BTreeMap<OwnerKey, Held>,
    pub(crate) dumps: Vec<SnapshotDump>,
    pub(crate) joins: Vec<JoinTally>,
    pub(crate) stock: Stock,
}

/// What is needed to tie dumps to owners.
pub(crate) struct Tie<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) facts: &'a Facts,
    pub(crate) groups: &'a Map<GroupKey, Group>,
    pub(crate) claims: &'a [Vec<Claim>],
    pub(crate) rules: &'a [Rule],
    /// The captured node's own address.
    pub(crate) node_ip: Option<IpAddr>,
    /// Its name.
    pub(crate) node: Option<&'a str>,
    /// Entry paths by index.
    pub(crate) entries: &'a [Arc<str>],
}

/// Who a dump is of.
enum Of<'a> {
    Node,
    Pod(PodKey, Vec<Edge>),
    /// Row by row.
    Rows,
    Nobody(&'a str),
}

/// Where sockets live: those that listen there make other sockets inbound.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot<'a> {
    Node,
    Pod(&'a PodKey),
    Dump(usize),
}

impl Of<'_> {
    fn place(&self, at: usize) -> Spot<'_> {
        match self {
            Of::Node => Spot::Node,
            Of::Pod(pod, _) => Spot::Pod(pod),
            Of::Rows | Of::Nobody(_) => Spot::Dump(at),
        }
    }
}

/// What is asked for every socket.
struct Index<'a> {
    /// Names in the process trees by PID.
    names: BTreeMap<u32, Vec<&'a str>>,
    /// Local ports that accepted in the trace.
    accepts: BTreeMap<&'a Addr, BTreeSet<u16>>,
    /// Who the trace says that an address belongs to.
    claims: BTreeMap<IpAddr, BTreeMap<&'a OwnerKey, &'a Claim>>,
}

impl<'a> Index<'a> {
    fn of(tie: &Tie<'a>) -> Self {
        let mut names: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for row in &tie.facts.processes {
            names.entry(row.pid).or_default().push(&row.name);
        }
        let mut accepts: BTreeMap<&Addr, BTreeSet<u16>> = BTreeMap::new();
        for (key, group) in tie.groups.iter().filter(|(_, group)| !group.accepts.is_empty()) {
            accepts.entry(&key.saddr).or_default().extend(&group.accepts);
        }
        let mut claims: BTreeMap<IpAddr, BTreeMap<&OwnerKey, &Claim>> = BTreeMap::new();
        for ((key, _), of_group) in tie.groups.iter().zip(tie.claims) {
            if let Some(ip) = key.saddr.ip() {
                claims.entry(ip).or_default().extend(of_group.iter().map(|claim| (&claim.owner, claim)));
            }
        }
        Self { names, accepts, claims }
    }

    /// Whether the process tree has the socket's PID under the name of its program.
    fn is_named(&self, socket: &Socket) -> bool {
        let (Some(pid), Some(program)) = (socket.pid, socket.program.as_deref()) else { return false };
        self.names.get(&pid).is_some_and(|names| names.iter().any(|name| is_same_name(name, program)))
    }
}

/// For each socket of the node's dumps the row that tells most: with the process that the tree has under that PID.
fn best_rows<'d>(index: &Index<'_>, dumps: &'d [Dump], of: &[Of<'_>]) -> BTreeMap<SocketKey<'d>, &'d Socket> {
    let mut best: BTreeMap<SocketKey<'d>, &'d Socket> = BTreeMap::new();
    let rank = |socket: &Socket| if index.is_named(socket) { 2 } else { i32::from(socket.program.is_some()) };
    for (dump, _) in dumps.iter().zip(of).filter(|(_, of)| matches!(of, Of::Node)) {
        for socket in &dump.sockets {
            let kept = best.entry(socket.key()).or_insert(socket);
            if rank(socket) > rank(kept) {
                *kept = socket;
            }
        }
    }
    best
}

/// The first port that Linux gives to a client by default.
const EPHEMERAL: u16 = 32_768;

/// What becomes of a socket that was not counted before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Listening,
    NotEstablished,
    Inbound,
    NotPublic,
    Unclear,
    EstablishedPublic,
}

impl Snapshots {
    /// Ties the dumps to owners and counts each socket once.
    pub(crate) fn of(tie: &Tie<'_>) -> Self {
        let dumps = &tie.facts.dumps;
        let index = Index::of(tie);
        let of: Vec<Of<'_>> = dumps.iter().map(|dump| tie.dump(dump, &index)).collect();
        let mut snapshots = Self::default();
        let mut rows: Vec<SnapshotDump> = dumps.iter().map(|dump| tie.row(dump)).collect();
        let (mut tied, mut all) = (0, 0);
        // The node's dumps are one: of each socket the row that tells most.
        let best = best_rows(&index, dumps, &of);
        let mut listening: BTreeMap<Spot<'_>, BTreeSet<u16>> = BTreeMap::new();
        for (at, dump) in dumps.iter().enumerate() {
            let ports = dump.sockets.iter().filter(|socket| socket.is_listening()).filter_map(|socket| socket.local.1);
            listening.entry(of[at].place(at)).or_default().extend(ports);
        }
        let mut seen: BTreeSet<(Option<OwnerKey>, SocketKey<'_>)> = BTreeSet::new();
        for (at, dump) in dumps.iter().enumerate() {
            let row = &mut rows[at];
            let listening = &listening[&of[at].place(at)];
            match &of[at] {
                Of::Node => row.owner = Some("node".to_owned()),
                Of::Pod(pod, edges) => {
                    row.owner = Some(format!("pod:{pod}"));
                    // An empty dump says that its pod holds nothing.
                    snapshots.hold(OwnerKey::Pod(pod.clone()), Confidence::Likely, edges);
                }
                Of::Rows => row.reason = Some("addresses of several owners: told apart row by row".to_owned()),
                Of::Nobody(why) => row.reason = Some((*why).to_owned()),
            }
            let mut vague = Vague::default();
            for socket in &dump.sockets {
                all += 1;
                let key = vague.key(socket);
                let owner = match &of[at] {
                    Of::Node => {
                        let told = best.get(&socket.key()).copied().unwrap_or(socket);
                        Some(tie.process(told, &index))
                    }
                    Of::Pod(pod, edges) => Some((OwnerKey::Pod(pod.clone()), edges.clone(), Confidence::Likely)),
                    Of::Rows if tie.is_node(socket) => Some(tie.process(socket, &index)),
                    Of::Rows => tie.by_address(socket, &index),
                    Of::Nobody(_) => None,
                };
                tied += u64::from(owner.is_some());
                // The node's sockets are one set, whoever they go to.
                let set = match (&of[at], &owner) {
                    (Of::Node, _) | (_, None) => None,
                    _ if tie.is_node(socket) => None,
                    (_, Some((owner, _, _))) => Some(owner.clone()),
                };
                if !seen.insert((set, key)) {
                    row.repeated += 1;
                    continue;
                }
                let fate = tie.fate(socket, listening, &index);
                row.count(fate, socket);
                let Some((owner, edges, confidence)) = owner else {
                    row.unowned += u64::from(fate == Fate::EstablishedPublic);
                    if fate == Fate::EstablishedPublic
                        && let Some(addr) = &socket.local.0
                    {
                        let owner = OwnerKey::Unknown { netns: None, addr: addr.clone() };
                        let held = snapshots.hold(owner, Confidence::Weak, &[]);
                        held.established_public += 1;
                        held.addrs.insert(addr.clone());
                    }
                    continue;
                };
                let host = matches!(of[at], Of::Node) || tie.is_node(socket);
                // A pod that a dump is of holds that much, be it nothing; of the node only who holds something is told.
                if fate != Fate::EstablishedPublic && !matches!(owner, OwnerKey::Pod(_)) {
                    continue;
                }
                let held = snapshots.hold(owner, confidence, &edges);
                held.established_public += u64::from(fate == Fate::EstablishedPublic);
                held.host |= host;
                held.addrs.extend(socket.local_ip().map(Addr::Ip));
                held.pids.extend(socket.pid.filter(|_| host));
            }
        }
        snapshots.joins.extend((all > 0).then(|| JoinTally {
            join: "netstat-pod".to_owned(),
            left: all,
            matched: tied,
            unmatched: all - tied,
            missing: Vec::new(),
        }));
        snapshots.dumps = rows;
        snapshots.stock = stock(tie, &index, &of, &listening);
        snapshots
    }

    fn hold(&mut self, owner: OwnerKey, confidence: Confidence, edges: &[Edge]) -> &mut Held {
        let held = self.owners.entry(owner).or_default();
        held.confidence = held.confidence.max(confidence);
        for edge in edges {
            if held.known.insert((edge.edge, edge.from.clone(), edge.to.clone())) {
                held.edges.push(edge.clone());
            }
        }
        held
    }
}

impl SnapshotDump {
    fn count(&mut self, fate: Fate, socket: &Socket) {
        let slot = match fate {
            Fate::Listening => &mut self.listening,
            Fate::NotEstablished => &mut self.not_established,
            Fate::Inbound => &mut self.inbound,
            Fate::NotPublic => &mut self.not_public,
            Fate::Unclear => &mut self.unclear,
            Fate::EstablishedPublic => &mut self.established_public,
        };
        *slot += 1;
        if !matches!(fate, Fate::Listening) {
            let state = socket.state.as_deref().unwrap_or("none");
            *self.states.entry(state.to_owned()).or_default() += 1;
        }
    }
}

impl Tie<'_> {
    fn row(&self, dump: &Dump) -> SnapshotDump {
        SnapshotDump {
            tool: "netstat".to_owned(),
            entry: self.entries.get(dump.entry).map(ToString::to_string).unwrap_or_default(),
            first_line: dump.first_line,
            rows: dump.sockets.len() as u64,
            ..SnapshotDump::default()
        }
    }

    /// Who the dump is of.
    fn dump(&self, dump: &Dump, index: &Index<'_>) -> Of<'_> {
        let ips: BTreeSet<IpAddr> = dump.sockets.iter().filter_map(Socket::local_ip).collect();
        let nodes: BTreeSet<IpAddr> = ips.intersection(&self.graph.node_addresses).copied().collect();
        if !nodes.is_empty() {
            let here = self.node_ip.is_none_or(|own| nodes.contains(&own));
            let is_pods = |socket: &Socket| {
                socket.local_ip().is_some_and(|ip| !nodes.contains(&ip)) && self.by_address(socket, index).is_some()
            };
            return match here {
                // Dumps of the node and of its pods in one, without a line between them.
                true if dump.sockets.iter().any(is_pods) => Of::Rows,
                true => Of::Node,
                false => Of::Nobody("its local address is another node's"),
            };
        }
        let mut pods: BTreeMap<PodKey, Vec<Edge>> = BTreeMap::new();
        for socket in &dump.sockets {
            if let Some((OwnerKey::Pod(pod), edges, _)) = self.by_address(socket, index) {
                pods.entry(pod).or_insert(edges);
            }
        }
        match (pods.len(), pods.pop_first()) {
            (1, Some((pod, edges))) => Of::Pod(pod, edges),
            (0, _) | (_, None) if dump.sockets.iter().all(|socket| socket.local_ip().is_none()) => {
                match self.by_name(dump) {
                    Some((pod, mark)) => {
                        let path = self.entries.get(dump.entry).map_or("", |path| &**path);
                        let edge = Edge {
                            edge: "netstat-pod",
                            from: format!("entry:{}", base_name(path)),
                            to: format!("pod:{pod}"),
                            marks: vec![mark],
                        };
                        Of::Pod(pod, vec![edge])
                    }
                    None if let Some((pod, edges)) = self.by_pid_in_name(dump) => Of::Pod(pod, edges),
                    None if dump.sockets.is_empty() => {
                        Of::Nobody("empty, and its name holds neither <namespace>_<pod> nor a PID of a pod")
                    }
                    None => Of::Nobody("no row has a local address of a pod or of the node"),
                }
            }
            (0, _) | (_, None) => Of::Nobody("no pod has its local addresses"),
            _ => Of::Rows,
        }
    }

    /// Whether the socket's local address is the captured node's own.
    fn is_node(&self, socket: &Socket) -> bool {
        socket.local_ip().is_some_and(|ip| match self.node_ip {
            Some(own) => ip == own,
            None => self.graph.node_addresses.contains(&ip),
        })
    }

    /// The pod that has the socket's local address: by the pod list, else by what the trace says of that address.
    fn by_address(&self, socket: &Socket, index: &Index<'_>) -> Option<(OwnerKey, Vec<Edge>, Confidence)> {
        let ip = socket.local_ip()?;
        if let Some(holder) = self.graph.holder(ip) {
            let edge = Edge {
                edge: "netstat-pod",
                from: format!("addr:{ip}"),
                to: format!("pod:{}", holder.pod),
                marks: vec![socket.mark.clone(), holder.mark.clone()],
            };
            return Some((OwnerKey::Pod(holder.pod.clone()), vec![edge], Confidence::Likely));
        }
        let found = index.claims.get(&ip)?;
        match (found.len(), found.first_key_value()) {
            (1, Some((owner @ OwnerKey::Pod(pod), claim))) if claim.share == Share::Whole => {
                let edge = Edge {
                    edge: "netstat-pod",
                    from: format!("addr:{ip}"),
                    to: format!("pod:{pod}"),
                    marks: vec![socket.mark.clone()],
                };
                Some(((*owner).clone(), std::iter::once(edge).chain(claim.edges.clone()).collect(), claim.confidence))
            }
            _ => None,
        }
    }

    /// `<namespace>_<pod>` in the name of the entry, for a pod that some list names, and the line that does.
    fn by_name(&self, dump: &Dump) -> Option<(PodKey, Mark)> {
        let path = self.entries.get(dump.entry)?;
        let listed = self.facts.pods.iter().map(|row| (row.key.clone(), &row.mark));
        let sandboxes = self.facts.sandboxes.iter().filter_map(|row| Some((row.key()?, &row.mark)));
        let mut found: BTreeMap<PodKey, &Mark> = BTreeMap::new();
        for (pod, mark) in listed.chain(sandboxes).filter(|(pod, _)| names(path, pod)) {
            found.entry(pod).or_insert(mark);
        }
        match (found.len(), found.pop_first()) {
            (1, Some((pod, mark))) => Some((pod, mark.clone())),
            _ => None,
        }
    }

    /// The pod of the PID whose namespace the dump is of: `netstat-12345.txt`.
    fn by_pid_in_name(&self, dump: &Dump) -> Option<(PodKey, Vec<Edge>)> {
        match self.graph.process(dump.pid?)? {
            route @ Route::Pod { pod, .. } => Some((pod.clone(), route.edges().to_vec())),
            _ => None,
        }
    }

    /// Whose process a socket of the node is.
    fn process(&self, socket: &Socket, index: &Index<'_>) -> (OwnerKey, Vec<Edge>, Confidence) {
        let nobody = || (OwnerKey::Node(socket.program.clone()), Vec::new(), Confidence::Weak);
        let Some(pid) = socket.pid.filter(|_| index.is_named(socket)) else { return nobody() };
        let Some(route) = self.graph.process(pid) else { return nobody() };
        let step =
            |to: String| Edge { edge: "netstat-pod", from: format!("pid:{pid}"), to, marks: vec![socket.mark.clone()] };
        let with = |first: Edge| std::iter::once(first).chain(route.edges().iter().cloned()).collect();
        match route {
            Route::Pod { pod, long, .. } => {
                let confidence = if *long { Confidence::Likely } else { Confidence::Weak };
                (OwnerKey::Pod(pod.clone()), with(step(format!("pod:{pod}"))), confidence)
            }
            Route::Outside { name, .. } => {
                (OwnerKey::HostProcess(name.clone()), with(step(format!("process:{name}"))), Confidence::Likely)
            }
            _ => nobody(),
        }
    }

    fn fate(&self, socket: &Socket, listening: &BTreeSet<u16>, index: &Index<'_>) -> Fate {
        if socket.is_listening() {
            return Fate::Listening;
        }
        match socket.state() {
            // A word that is no state known, and UDP, which has none: they say nothing of a connection.
            Some(State::Other) => return Fate::Unclear,
            Some(State::Established) if socket.tcp => {}
            _ => return Fate::NotEstablished,
        }
        if is_inbound(socket, listening, index) {
            return Fate::Inbound;
        }
        match socket.remote.0.as_ref().map(|addr| classify(addr, socket.remote.1, self.rules)) {
            Some(Some(Class::Public)) => Fate::EstablishedPublic,
            Some(Some(_)) => Fate::NotPublic,
            _ => Fate::Unclear,
        }
    }
}

/// A listening socket on the local port, an accept there in the trace, or the client's port at the other end.
fn is_inbound(socket: &Socket, listening: &BTreeSet<u16>, index: &Index<'_>) -> bool {
    let Some(port) = socket.local.1 else { return false };
    let accepted =
        || socket.local.0.as_ref().and_then(|addr| index.accepts.get(addr)).is_some_and(|own| own.contains(&port));
    let clients = port < EPHEMERAL && socket.remote.1.is_some_and(|remote| remote >= EPHEMERAL);
    listening.contains(&port) || accepted() || clients
}
