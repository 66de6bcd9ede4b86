//! What lsns, the log and the snapshots of sockets show: namespaces, local addresses and processes in them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use snat_parse::Addr;

use super::draft::{Counts, Draft, Id};
use super::model::{Broken, VertexKind};
use crate::egress::{Class, Rule, classify};
use crate::fold::{Cell, Group, GroupKey, Map, PidKey};
use crate::ledger::is_same_name;
use crate::owner::{Facts, Graph, Space};
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
                draft.point(&to, || pid.to_string());
                draft.step("netns-pid", (&id, &to), Confidence::Certain, None, [&row.mark]);
            }
            None => point.broken(Broken::NoProcess),
        }
    }
}

/// Adds the groups of the log. PIDs that it names are added to `pids`.
pub(super) fn log(
    draft: &mut Draft,
    groups: &Map<GroupKey, Group>,
    graph: &Graph,
    rules: &[Rule],
    pids: &mut BTreeSet<u32>,
) {
    for (key, group) in groups {
        let addr = local(&key.saddr, key.netns);
        let mut all = Counts::default();
        for (pid, cell) in &group.cells {
            let counts = counts(cell, rules);
            all.add(counts);
            process(draft, key, &addr, *pid, cell, counts);
            if let PidKey::Pid(pid) = pid {
                pids.insert(*pid);
            }
        }
        let point = draft.point(&addr, || key.saddr.to_string());
        point.seen(&group.first);
        *point.vertex.events.get_or_insert(0) += group.rows;
        all.into_vertex(&mut point.vertex);
        let Some(netns) = key.netns else { continue };
        let id = Id::netns(netns);
        let point = draft.point(&id, || netns.to_string());
        *point.vertex.events.get_or_insert(0) += group.rows;
        all.into_vertex(&mut point.vertex);
        match graph.space(Some(netns)) {
            Space::Host => point.vertex.node = true,
            Space::Nested(_) => point.vertex.nested = true,
            Space::NoRow => {
                point.seen(&group.first);
                point.broken(Broken::NoNamespaceRow);
            }
            Space::Row(_) => {}
        }
        draft.step("netns-address", (&id, &addr), Confidence::Certain, Some(all), [&group.first]);
    }
}

/// A process of a group: a step from its namespace, or from its address where the log has no namespaces.
fn process(draft: &mut Draft, key: &GroupKey, addr: &Id, pid: PidKey, cell: &Cell, counts: Counts) {
    let within = || key.netns.map_or_else(|| key.saddr.to_string(), |netns| netns.to_string());
    let (to, label, reason) = match pid {
        PidKey::Pid(pid) => (Id::pid(pid), pid.to_string(), None),
        PidKey::Masked => {
            let id = Id::named(VertexKind::Pid, format!("masked@{}", within()));
            (id, "masked".to_owned(), Some(Broken::PidMasked))
        }
        PidKey::Other => {
            let id = Id::named(VertexKind::Pid, format!("others@{}", within()));
            (id, "others".to_owned(), Some(Broken::TooMany))
        }
    };
    let point = draft.point(&to, || label);
    counts.into_vertex(&mut point.vertex);
    if point.vertex.comm.is_none() {
        point.vertex.comm.clone_from(&cell.comm);
    }
    if let Some(reason) = reason {
        point.seen(&cell.first);
        point.broken(reason);
    }
    match key.netns {
        Some(netns) => {
            draft.step("netns-pid", (&Id::netns(netns), &to), Confidence::Certain, Some(counts), [&cell.first]);
        }
        None => draft.step("address-pid", (addr, &to), Confidence::Certain, Some(counts), [&cell.first]),
    }
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
    for socket in facts.dumps.iter().flat_map(|dump| &dump.sockets) {
        let Some(ip) = socket.local_ip() else { continue };
        let from = address(ip, None);
        let point = draft.point(&from, || ip.to_string());
        point.seen(&socket.mark);
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
