//! The routes from a namespace, a process or an address to a pod, joined in polars, with the lines that each step
//! rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{Facts, Life, PodKey, Process, Sandbox};
use super::ids::{self, Resolved};
use crate::error::Error;
use crate::fold::Mark;
use crate::frames::{Joined, Keyed, left_join};
use crate::report::JoinTally;

/// One step, before its places are resolved to entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) edge: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) marks: Vec<Mark>,
}

/// Where the way from a process or a namespace ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// At a pod. `whole`: by an id of 64 digits; `long`: by at least the 13 that crictl prints.
    Pod { pod: PodKey, whole: bool, long: bool, sandbox: String, edges: Vec<Edge> },
    /// At a process outside every shim, of a tree that shows all its ancestors.
    Outside { name: String, edges: Vec<Edge> },
    /// The id of the shim is masked, there or in crictl's list.
    Masked { edges: Vec<Edge> },
    /// The id is cut and several begin like it, or dumps disagree.
    Ambiguous { edges: Vec<Edge> },
    /// It breaks off.
    Nowhere { edges: Vec<Edge> },
}

impl Route {
    pub(crate) fn pod(&self) -> Option<&PodKey> {
        match self {
            Self::Pod { pod, .. } => Some(pod),
            _ => None,
        }
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        match self {
            Self::Pod { edges, .. }
            | Self::Outside { edges, .. }
            | Self::Masked { edges }
            | Self::Ambiguous { edges }
            | Self::Nowhere { edges } => edges,
        }
    }
}

/// What a namespace is.
#[derive(Clone, Debug)]
pub(crate) enum Space {
    /// The node's own.
    Host,
    /// One that a process within a pod made.
    Nested(Route),
    /// What its row leads to.
    Row(Route),
    /// lsns has no row of it.
    NoRow,
}

/// A pod that has an address.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) pod: PodKey,
    pub(crate) mark: Mark,
}

/// What the owners are resolved from.
#[derive(Debug)]
pub(crate) struct Graph {
    spaces: BTreeMap<u64, Space>,
    processes: BTreeMap<u32, Route>,
    holders: BTreeMap<IpAddr, Holder>,
    /// Addresses of each pod, as far as the pod list shows them.
    pub(crate) addresses: BTreeMap<PodKey, BTreeSet<IpAddr>>,
    /// Addresses that are a node's: by the node list, or without one those that living pods share.
    pub(crate) node_addresses: BTreeSet<IpAddr>,
    pub(crate) joins: Vec<JoinTally>,
}

/// What the log asks about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Namespaces with their local addresses.
    pub(crate) netns: BTreeMap<u64, BTreeSet<IpAddr>>,
    pub(crate) addrs: BTreeSet<IpAddr>,
    /// Local addresses that only snapshots show.
    pub(crate) sockets: BTreeSet<IpAddr>,
    pub(crate) pids: BTreeSet<u32>,
}

impl Graph {
    /// Joins the facts of one capture for what its log asks about. `node` is the captured node's name, if known.
    pub(crate) fn build(facts: &Facts, asked: &Asked, node: Option<&str>) -> Result<Self, Error> {
        let mut joins = Vec::new();
        let mut keep = |joined: Joined| {
            joins.push(joined.tally);
            joined.matches
        };
        let (pods, _) = facts.pods_of(node);

        let ways = Ways::join(facts, &mut keep)?;
        // netns → lsns row → process.
        let spaces = Keyed::of(asked.netns.keys().map(|ns| (Some(ns.to_string()), None)));
        let rows = Keyed::of(facts.namespaces.iter().map(|row| (Some(row.ns.to_string()), Some(&row.mark))));
        let of_space = keep(left_join("netns-pid", &spaces, &rows)?);
        let pids = Keyed::of(facts.namespaces.iter().map(|row| (row.pid.map(|pid| pid.to_string()), Some(&row.mark))));
        let of_row = keep(left_join("pid-process", &pids, &ways.processes)?);
        let connecting = Keyed::of(asked.pids.iter().map(|pid| (Some(pid.to_string()), None)));
        let of_pid = keep(left_join("connect-process", &connecting, &ways.processes)?);
        // address → pod.
        let lists = Keyed::of(pods.iter().map(|row| (row.ip.map(|ip| ip.to_string()), Some(&row.mark))));
        let keyed = |addrs: &BTreeSet<IpAddr>| Keyed::of(addrs.iter().map(|ip| (Some(ip.to_string()), None)));
        let of_addr = keep(left_join("address-pod", &keyed(&asked.addrs), &lists)?);
        // Those of snapshots alone; whether each socket has an owner is counted with the snapshots.
        let of_socket = left_join("netstat-address", &keyed(&asked.sockets), &lists)?.matches;

        let mut node_addresses: BTreeSet<IpAddr> = facts.nodes.iter().filter_map(|node| node.internal_ip).collect();
        let has_node_list = !node_addresses.is_empty();
        let mut holders = BTreeMap::new();
        for (ip, found) in asked.addrs.iter().zip(&of_addr).chain(asked.sockets.iter().zip(&of_socket)) {
            if node_addresses.contains(ip) {
                continue;
            }
            let best = found.iter().map(|at| pods[*at].life).max();
            let with_best: Vec<_> = found.iter().map(|at| pods[*at]).filter(|row| Some(row.life) == best).collect();
            let distinct: BTreeSet<&PodKey> = with_best.iter().map(|row| &row.key).collect();
            match (distinct.len(), with_best.last()) {
                (1, Some(row)) => {
                    holders.insert(*ip, Holder { pod: row.key.clone(), mark: row.mark.clone() });
                }
                (0, _) | (_, None) => {}
                // Without a node list the address that living pods share is taken for the node's.
                _ if best == Some(Life::Live) && !has_node_list => {
                    node_addresses.insert(*ip);
                }
                _ => {}
            }
        }
        let mut addresses: BTreeMap<PodKey, BTreeSet<IpAddr>> = BTreeMap::new();
        for row in &pods {
            addresses.entry(row.key.clone()).or_default().extend(row.ip);
        }
        let mut graph = Self {
            spaces: BTreeMap::new(),
            processes: BTreeMap::new(),
            holders,
            addresses,
            node_addresses,
            joins: Vec::new(),
        };
        for (pid, found) in asked.pids.iter().zip(&of_pid) {
            let routes = found.iter().map(|at| ways.route(facts, *at)).collect();
            graph.processes.insert(*pid, agree(routes));
        }
        graph.socket_processes(facts, &ways);
        graph.spaces(facts, asked, &ways, &of_space, &of_row);
        graph.joins = joins;
        Ok(graph)
    }

    /// Routes of the processes that the node's dumps of sockets, or the names of dumps, name and the log does not.
    fn socket_processes(&mut self, facts: &Facts, ways: &Ways<'_>) {
        let of_node = |dump: &&crate::ledger::Dump| {
            dump.sockets.iter().any(|socket| {
                let ip = socket.local.0.as_ref().and_then(snat_parse::Addr::ip);
                ip.is_some_and(|ip| self.node_addresses.contains(&ip))
            })
        };
        let pids: BTreeSet<u32> = facts
            .dumps
            .iter()
            .filter(of_node)
            .flat_map(|dump| &dump.sockets)
            .filter_map(|socket| socket.pid)
            .chain(facts.dumps.iter().filter_map(|dump| dump.pid))
            .filter(|pid| !self.processes.contains_key(pid))
            .collect();
        let mut found: BTreeMap<u32, Vec<Route>> = BTreeMap::new();
        for (at, row) in facts.processes.iter().enumerate() {
            if pids.contains(&row.pid) {
                found.entry(row.pid).or_default().push(ways.route(facts, at));
            }
        }
        self.processes.extend(found.into_iter().map(|(pid, routes)| (pid, agree(routes))));
    }

    fn spaces(
        &mut self,
        facts: &Facts,
        asked: &Asked,
        ways: &Ways<'_>,
        of_space: &[Vec<usize>],
        of_row: &[Vec<usize>],
    ) {
        // Every row of lsns, also of namespaces without events: a nested one is told by its sibling.
        let routes: Vec<Route> = facts
            .namespaces
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let found = of_row.get(at).map(Vec::as_slice).unwrap_or_default();
                let mut route = agree(found.iter().map(|at| ways.route(facts, *at)).collect());
                if let Some(pid) = row.pid {
                    let first = Edge {
                        edge: "netns-pid",
                        from: format!("netns:{}", row.ns),
                        to: format!("pid:{pid}"),
                        marks: vec![row.mark.clone()],
                    };
                    route.prepend(first);
                }
                route
            })
            .collect();
        let has_host_row = facts.namespaces.iter().any(|row| row.pid == Some(1));
        for ((ns, addrs), found) in asked.netns.iter().zip(of_space) {
            let own = |row: &usize| facts.namespaces[*row].pid == Some(1);
            let by_address = !has_host_row && addrs.iter().any(|ip| self.node_addresses.contains(ip));
            let space = if found.iter().any(own) || by_address {
                Space::Host
            } else if found.is_empty() {
                Space::NoRow
            } else if let Some(route) = found.iter().find_map(|at| self.nested(facts, asked, &routes, *at)) {
                Space::Nested(route)
            } else {
                Space::Row(agree(found.iter().map(|at| routes[*at].clone()).collect()))
            };
            self.spaces.insert(*ns, space);
        }
    }

    /// A nested namespace: its PID lies under a shim whose sandbox has another row, and nothing shows that the runtime
    /// made it: no mount below `/run/netns/cni-`, no pause process.
    fn nested(&self, facts: &Facts, asked: &Asked, routes: &[Route], at: usize) -> Option<Route> {
        let row = &facts.namespaces[at];
        let Route::Pod { sandbox, pod, .. } = &routes[at] else { return None };
        if row.cni || row.is_pause() {
            return None;
        }
        let siblings = || {
            (0..routes.len()).filter(|other| {
                facts.namespaces[*other].ns != row.ns
                    && matches!(&routes[*other], Route::Pod { sandbox: theirs, .. } if theirs == sandbox)
            })
        };
        let made = |other: &usize| facts.namespaces[*other].cni || facts.namespaces[*other].is_pause();
        let own = self.addresses.get(pod);
        let has_pod_address =
            |ns: u64| asked.netns.get(&ns).is_some_and(|seen| own.is_some_and(|own| !own.is_disjoint(seen)));
        // Without NSFS and pause process the one with the pod's address is the sandbox's; without that, the lowest PID.
        let main = siblings().find(made).or_else(|| {
            let other = siblings().find(|other| has_pod_address(facts.namespaces[*other].ns));
            other
                .or_else(|| siblings().find(|other| facts.namespaces[*other].pid < row.pid))
                .filter(|_| !has_pod_address(row.ns))
        });
        main.map(|_| routes[at].clone())
    }

    pub(crate) fn space(&self, netns: Option<u64>) -> &Space {
        netns.and_then(|ns| self.spaces.get(&ns)).unwrap_or(&Space::NoRow)
    }

    pub(crate) fn process(&self, pid: u32) -> Option<&Route> {
        self.processes.get(&pid)
    }

    pub(crate) fn holder(&self, ip: IpAddr) -> Option<&Holder> {
        self.holders.get(&ip)
    }
}

impl Route {
    fn prepend(&mut self, edge: Edge) {
        match self {
            Self::Pod { edges, .. }
            | Self::Outside { edges, .. }
            | Self::Masked { edges }
            | Self::Ambiguous { edges }
            | Self::Nowhere { edges } => edges.insert(0, edge),
        }
    }
}

/// The one answer of several dumps: the best where they agree, ambiguous where two name different pods.
fn agree(routes: Vec<Route>) -> Route {
    let pods: BTreeSet<&PodKey> = routes.iter().filter_map(Route::pod).collect();
    let outside = routes.iter().any(|route| matches!(route, Route::Outside { .. }));
    if pods.len() > 1 || (pods.len() == 1 && outside) {
        return Route::Ambiguous { edges: routes.iter().flat_map(|route| route.edges().to_vec()).collect() };
    }
    let strength = |route: &Route| match route {
        Route::Pod { whole: true, .. } => 6,
        Route::Pod { long: true, .. } => 5,
        Route::Pod { .. } => 4,
        Route::Outside { .. } => 3,
        Route::Ambiguous { .. } => 2,
        Route::Masked { .. } => 1,
        Route::Nowhere { .. } => 0,
    };
    // The first of equal ones, so that the order of the dumps decides nothing but which line is quoted.
    let mut best: Option<Route> = None;
    for route in routes {
        if best.as_ref().is_none_or(|best| strength(&route) > strength(best)) {
            best = Some(route);
        }
    }
    best.unwrap_or(Route::Nowhere { edges: Vec::new() })
}

/// The ways from processes over shims and sandboxes to pods.
struct Ways<'f> {
    /// Every row of every process tree, by PID.
    processes: Keyed<'f>,
    /// For each of those rows what its shim's id resolves to, and the rows of crictl that have it.
    sandboxes: Vec<(Resolved, Vec<usize>)>,
}

impl<'f> Ways<'f> {
    fn join(facts: &'f Facts, keep: &mut impl FnMut(Joined) -> Vec<Vec<usize>>) -> Result<Self, Error> {
        let processes = Keyed::of(facts.processes.iter().map(|row| (Some(row.pid.to_string()), Some(&row.mark))));
        let printed = ids::Printed::of(facts.sandboxes.iter().map(|row| row.id.as_str()));
        // One left row for each shim, not for each process below it.
        let mut shims: BTreeMap<&Mark, (usize, Resolved)> = BTreeMap::new();
        for row in &facts.processes {
            if let Some(shim) = &row.shim {
                let at = shims.len();
                shims.entry(&shim.mark).or_insert_with(|| (at, printed.resolve(&shim.id)));
            }
        }
        let mut left: Vec<(Option<String>, Option<&Mark>)> = vec![(None, None); shims.len()];
        for (mark, (at, resolved)) in &shims {
            let key = match resolved {
                Resolved::Key { key, .. } => Some(key.clone()),
                _ => None,
            };
            left[*at] = (key, Some(mark));
        }
        let right = Keyed::of(facts.sandboxes.iter().map(|row| (ids::short(&row.id), Some(&row.mark))));
        let found = keep(left_join("pid-sandbox", &Keyed::of(left), &right)?);
        let of = |row: &Process| match row.shim.as_ref().and_then(|shim| shims.get(&shim.mark)) {
            Some((at, resolved)) => (resolved.clone(), found.get(*at).cloned().unwrap_or_default()),
            None => (Resolved::Nothing, Vec::new()),
        };
        let sandboxes = facts.processes.iter().map(of).collect();
        let names =
            Keyed::of(facts.sandboxes.iter().map(|row| (row.key().map(|key| key.to_string()), Some(&row.mark))));
        let pods = Keyed::of(facts.pods.iter().map(|row| (Some(row.key.to_string()), Some(&row.mark))));
        keep(left_join("sandbox-pod", &names, &pods)?);
        Ok(Self { processes, sandboxes })
    }

    /// The way of one row of a process tree.
    fn route(&self, facts: &Facts, at: usize) -> Route {
        let process = &facts.processes[at];
        let Some(shim) = &process.shim else {
            let edge = Edge {
                edge: "pid-process",
                from: format!("pid:{}", process.pid),
                to: format!("process:{}", process.name),
                marks: vec![process.mark.clone()],
            };
            let edges = vec![edge];
            return if process.rooted {
                Route::Outside { name: process.name.clone(), edges }
            } else {
                Route::Nowhere { edges }
            };
        };
        let (resolved, rows) = &self.sandboxes[at];
        let step = |to: String| {
            // The shim's line holds the id, so it comes first.
            let marks = vec![shim.mark.clone(), process.mark.clone()];
            Edge { edge: "pid-sandbox", from: format!("pid:{}", process.pid), to, marks }
        };
        let (key, long, whole) = match resolved {
            Resolved::Masked => return Route::Masked { edges: vec![step("sandbox:masked".into())] },
            Resolved::Ambiguous => return Route::Ambiguous { edges: vec![step("sandbox:ambiguous".into())] },
            Resolved::Nothing => return Route::Nowhere { edges: vec![step("sandbox:unknown".into())] },
            Resolved::Key { key, long, whole } => (key, *long, *whole),
        };
        let rows: Vec<&Sandbox> = rows.iter().map(|at| &facts.sandboxes[*at]).collect();
        let mut names: BTreeSet<PodKey> = rows.iter().filter_map(|row| row.key()).collect();
        // An older crictl prints the pod without its namespace.
        if names.iter().any(|name| name.namespace.is_some()) {
            names.retain(|name| name.namespace.is_some());
        }
        let sandbox = step(format!("sandbox:{key}"));
        let Some(pod) = names.pop_first() else { return Route::Nowhere { edges: vec![sandbox] } };
        if !names.is_empty() {
            return Route::Ambiguous { edges: vec![sandbox] };
        }
        // The list of sandboxes says it best, then a container's row; one line is enough to look at.
        let best = rows
            .iter()
            .filter(|row| row.pod.as_ref() == Some(&pod.name))
            .min_by_key(|row| (row.container.is_some(), &row.mark));
        let last = Edge {
            edge: "sandbox-pod",
            from: format!("sandbox:{key}"),
            to: format!("pod:{pod}"),
            marks: best.map(|row| row.mark.clone()).into_iter().collect(),
        };
        Route::Pod { pod, whole, long, sandbox: key.clone(), edges: vec![sandbox, last] }
    }
}

/// Containers of each pod, by the rows of `crictl ps`.
pub(crate) fn containers(facts: &Facts) -> BTreeMap<PodKey, BTreeSet<String>> {
    let mut of_id: BTreeMap<String, PodKey> = BTreeMap::new();
    for row in facts.sandboxes.iter().filter(|row| row.is_sandbox) {
        if let (Some(id), Some(key)) = (ids::short(&row.id), row.key()) {
            let known = of_id.entry(id).or_insert_with(|| key.clone());
            if known.namespace.is_none() {
                *known = key;
            }
        }
    }
    let mut found: BTreeMap<PodKey, BTreeSet<String>> = BTreeMap::new();
    for row in facts.sandboxes.iter().filter(|row| row.is_sandbox) {
        let key = ids::short(&row.id).and_then(|id| of_id.get(&id).cloned()).or_else(|| row.key());
        if let (Some(key), Some(container)) = (key, &row.container) {
            found.entry(key).or_default().insert(container.clone());
        }
    }
    found
}
