//! What lsns, the log and the snapshots of sockets show: namespaces, local addresses and processes in them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use snat_parse::Addr;

use super::draft::{Counts, Draft, Id};
use super::lists;
use super::model::{Broken, VertexKind};
use crate::egress::{Class, Rule, classify};
use crate::fold::{Cell, Group, GroupKey, Map, Mark, PidKey};
use crate::ledger::{Socket, is_same_name};
use crate::owner::{Facts, Graph, PodKey, Space};
use crate::report::Confidence;

/// The vertex of an address. Loopback and masked ones are another one in each namespace.
pub(super) fn address(ip: IpAddr, netns: Option<u64>) -> Id {
    local(&Addr::Ip(ip), netns)
}

pub(super) fn local(addr: &Addr, netns: Option<u64>) -> Id {
    let apart = addr.ip().is_none_or(|ip| ip.is_loopback() || ip.is_unspecified());
    match netns.filter(|_| apart) {
        Some(netns) => Id::named(VertexKind::Addr, format!("{addr}@{netns}")),
        None => Id::named(VertexKind::Addr, addr.to_string()),
    }
}

/// Adds the rows of lsns.
pub(super) fn namespaces(draft: &mut Draft, facts: &Facts, graph: &Graph) {
    for row in &facts.namespaces {
        let id = Id::netns(row.ns);
        let point = draft.point(&id, || row.ns.to_string());
        point.seen(&row.mark);
        if point.vertex.command.is_none() {
            point.vertex.command.clone_from(&row.command);
        }
        // Of several rows the one of the node is enough; the graph knows those that the log has or lsns lists.
        point.vertex.node |= matches!(graph.space(Some(row.ns)), Space::Host);
        point.vertex.nested |= matches!(graph.space(Some(row.ns)), Space::Nested(_));
        match row.pid {
            Some(pid) => {
                let to = Id::pid(pid);
                draft.point(&to, || pid.to_string()).seen_at_least(&row.mark);
                draft.step("netns-pid", (&id, &to), Confidence::Certain, None, [&row.mark]);
            }
            None => point.broken(Broken::NoProcess),
        }
    }
}

/// The groups of the log.
pub(super) struct Log<'a> {
    pub(super) groups: &'a Map<GroupKey, Group>,
    pub(super) graph: &'a Graph,
    pub(super) rules: &'a [Rule],
}

/// So many processes of one name that no tree has stay apart in one namespace; more are one vertex. A script's children
/// live shorter than the time between two dumps.
const APART: usize = 3;

/// Processes of one name in one namespace, or at one address.
type Named = (String, Option<String>);

impl Log<'_> {
    /// Adds them. PIDs that stay apart are added to `pids`.
    pub(super) fn add(&self, draft: &mut Draft, facts: &Facts, pids: &mut BTreeSet<u32>) {
        let together = self.together(facts, pids);
        for (key, group) in self.groups {
            let addr = local(&key.saddr, key.netns);
            let mut all = Counts::default();
            for (pid, cell) in &group.cells {
                let counts = counts(cell, self.rules);
                all.add(counts);
                let of_name = together.get(&named(key, cell)).filter(|few| few.len() > APART);
                let to = process(draft, key, *pid, cell, of_name);
                counts.into_vertex(&mut draft.point(&to, String::new).vertex);
                let (edge, from) = match key.netns {
                    Some(netns) => ("netns-pid", Id::netns(netns)),
                    None => ("address-pid", addr.clone()),
                };
                draft.step(edge, (&from, &to), Confidence::Certain, Some(counts), [&cell.first]);
                if let PidKey::Pid(pid) = pid
                    && to == Id::pid(*pid)
                {
                    pids.insert(*pid);
                }
            }
            let point = draft.point(&addr, || key.saddr.to_string());
            point.seen(&group.first);
            *point.vertex.events.get_or_insert(0) += group.rows;
            all.into_vertex(&mut point.vertex);
            if let Some(netns) = key.netns {
                self.namespace(draft, netns, group, all);
                let from = Id::netns(netns);
                draft.step("netns-address", (&from, &addr), Confidence::Certain, Some(all), [&group.first]);
            }
        }
    }

    fn namespace(&self, draft: &mut Draft, netns: u64, group: &Group, all: Counts) {
        let point = draft.point(&Id::netns(netns), || netns.to_string());
        *point.vertex.events.get_or_insert(0) += group.rows;
        all.into_vertex(&mut point.vertex);
        match self.graph.space(Some(netns)) {
            Space::Host => point.vertex.node = true,
            Space::Nested(_) => point.vertex.nested = true,
            Space::NoRow => {
                point.seen(&group.first);
                point.broken(Broken::NoNamespaceRow);
            }
            Space::Row(_) => {}
        }
        point.seen_at_least(&group.first);
    }

    /// PIDs of the log that neither a tree nor another dump has, by name.
    fn together(&self, facts: &Facts, listed: &BTreeSet<u32>) -> BTreeMap<Named, BTreeSet<u32>> {
        let trees: BTreeSet<u32> = facts.processes.iter().map(|row| row.pid).collect();
        let mut found: BTreeMap<Named, BTreeSet<u32>> = BTreeMap::new();
        for (key, group) in self.groups {
            for (pid, cell) in &group.cells {
                if let PidKey::Pid(pid) = pid
                    && !trees.contains(pid)
                    && !listed.contains(pid)
                {
                    found.entry(named(key, cell)).or_default().insert(*pid);
                }
            }
        }
        found
    }
}

/// The namespace of a group, or its address where the log has no namespaces.
fn within(key: &GroupKey) -> String {
    key.netns.map_or_else(|| key.saddr.to_string(), |netns| netns.to_string())
}

fn named(key: &GroupKey, cell: &Cell) -> Named {
    (within(key), cell.comm.clone())
}

/// The vertex of a process of a group.
fn process(draft: &mut Draft, key: &GroupKey, pid: PidKey, cell: &Cell, of_name: Option<&BTreeSet<u32>>) -> Id {
    let apart = |word: &str| Id::named(VertexKind::Pid, format!("{word}@{}", within(key)));
    let comm = cell.comm.as_deref();
    let (to, label, processes, reason) = match (pid, of_name) {
        (PidKey::Pid(pid), Some(few)) if few.contains(&pid) => {
            let name = comm.unwrap_or("unnamed");
            let label = format!("{name} ({} PIDs)", few.len());
            (apart(name), label, Some(few.len() as u64), Some(Broken::NotInTree))
        }
        (PidKey::Pid(pid), _) => (Id::pid(pid), pid.to_string(), None, None),
        (PidKey::Masked, _) => (apart("masked"), "masked".to_owned(), None, Some(Broken::PidMasked)),
        (PidKey::Other, _) => (apart("others"), "others".to_owned(), None, Some(Broken::TooMany)),
    };
    let point = draft.point(&to, || label);
    if point.vertex.comm.is_none() {
        point.vertex.comm = comm.map(str::to_owned);
    }
    point.vertex.processes = processes;
    match reason {
        Some(reason) => {
            point.seen(&cell.first);
            point.broken(reason);
        }
        None => point.seen_at_least(&cell.first),
    }
    to
}

fn counts(cell: &Cell, rules: &[Rule]) -> Counts {
    let public = |(dest, counts): (&crate::fold::DestKey, &crate::fold::Dest)| {
        (classify(&dest.addr, dest.port, rules) == Some(Class::Public)).then_some(counts.connects)
    };
    Counts { connects: cell.connects, public: cell.dests.iter().filter_map(public).sum() }
}

/// Adds local addresses of the snapshots, and the node's processes that hold sockets there. PIDs in other dumps may be
/// a container's own and lead nowhere.
pub(super) fn sockets(draft: &mut Draft, facts: &Facts, graph: &Graph, pids: &mut BTreeSet<u32>) {
    let mut names: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for row in &facts.processes {
        names.entry(row.pid).or_default().insert(&row.name);
    }
    for dump in &facts.dumps {
        let ips: BTreeSet<IpAddr> = dump.sockets.iter().filter_map(Socket::local_ip).collect();
        let holders: BTreeMap<&PodKey, &Mark> =
            ips.iter().filter_map(|ip| graph.holder(*ip)).map(|holder| (&holder.pod, &holder.mark)).collect();
        // A dump of one namespace: what its pod's list entry does not show is the pod's, too.
        let of_pod = holders.first_key_value().filter(|_| holders.len() == 1 && ips.is_disjoint(&graph.node_addresses));
        for socket in &dump.sockets {
            let Some(ip) = socket.local_ip() else { continue };
            let from = address(ip, None);
            draft.point(&from, || ip.to_string()).seen(&socket.mark);
            if let Some((pod, listed)) = of_pod
                && graph.holder(ip).is_none()
            {
                let to = lists::pod(draft, pod);
                draft.step("netstat-pod", (&from, &to), Confidence::Likely, None, [&socket.mark, *listed]);
            }
            if !graph.node_addresses.contains(&ip) {
                continue;
            }
            let (Some(pid), Some(program)) = (socket.pid, socket.program.as_deref()) else { continue };
            if names.get(&pid).is_some_and(|names| names.iter().any(|name| is_same_name(name, program))) {
                pids.insert(pid);
                let to = Id::pid(pid);
                draft.point(&to, || pid.to_string());
                draft.step("netstat-pid", (&from, &to), Confidence::Likely, None, [&socket.mark]);
            }
        }
    }
}
