//! The graph of a node: namespaces, processes, sandboxes, containers and pods, the steps between them, and the lines
//! that each step rests on. Where a way breaks off, the vertex at its end says why.
//!
//! ```text
//! netns ─┬─ pid ─┬─ sandbox ── container ── pod
//!        │       └─ process                  │
//!        └─ addr ────────────────────────────┘
//! ```
//!
//! Everything that the dumps name is in it, not only what the log asks about; of the process trees only what is on a
//! way: PIDs that lsns, the log, the node's sockets or the names of dumps name, and the processes right below a shim.

mod cut;
mod draft;
mod lists;
mod model;
mod processes;
mod seen;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use snat_parse::Addr;

pub use model::{Broken, GraphEdge, GraphReport, NodeGraph, Vertex, VertexKind};

use crate::analysis::{self, Observe};
use crate::bundle::Source;
use crate::capture::captures;
use crate::doctor;
use crate::error::Error;
use crate::inputs::inputs;
use crate::options::Options;
use crate::owner::{Asked, Facts};
use crate::report::{JoinTally, OwnerKind, RankRow, SCHEMA_VERSION, UnknownReason};
use crate::work::{self, Worked};

use draft::{Draft, Id};

impl GraphReport {
    /// Reads the sources and joins what they name.
    ///
    /// # Errors
    /// Those of [`crate::Analysis::of`].
    pub fn of(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Self, Error> {
        let (mut entries, mut notices) = analysis::read(sources, options, observer)?;
        if analysis::is_nothing(&entries) {
            return Err(analysis::nothing(&entries, &notices));
        }
        let chosen = analysis::choose(captures(&entries), options.node.as_deref())?;
        let inputs = inputs(&entries, &chosen);
        let paths: Vec<Arc<str>> = entries.iter().map(|entry| entry.name.path.as_str().into()).collect();
        let bundle = entries.first().map(|entry| entry.name.bundle.clone()).unwrap_or_default();
        let mut nodes = Vec::new();
        for capture in chosen {
            let formats = work::formats(&entries, &capture);
            notices.extend(doctor::notices(&doctor::examine(&entries, &capture), &bundle));
            let worked = work::work(&mut entries, &paths, capture, options, widen)?;
            let name = worked.report.node.name.as_deref();
            notices.extend(work::no_match(name, &asked_by_log(&worked), &formats, &bundle));
            nodes.push(node_graph(worked, &paths, options));
        }
        Ok(Self { schema_version: SCHEMA_VERSION, tool: analysis::tool(), nodes, inputs, notices })
    }
}

/// Asks about all that the dumps name.
fn widen(asked: &mut Asked, facts: &Facts, node: Option<&str>) {
    for row in &facts.namespaces {
        asked.netns.entry(row.ns).or_default();
    }
    asked.addrs.extend(facts.pods_of(node).0.iter().filter_map(|row| row.ip));
    asked.pids.extend(processes::on_a_way(facts));
}

/// What of the log's namespaces and addresses the lists have: the joins of the report.
fn asked_by_log(worked: &Worked) -> [JoinTally; 2] {
    let Worked { report, facts, groups, .. } = worked;
    let spaces: BTreeSet<u64> = groups.keys().filter_map(|key| key.netns).collect();
    let rows: BTreeSet<u64> = facts.namespaces.iter().map(|row| row.ns).collect();
    let addrs: BTreeSet<IpAddr> = groups.keys().filter_map(|key| key.saddr.ip()).collect();
    let (pods, _) = facts.pods_of(report.node.name.as_deref());
    let listed: BTreeSet<IpAddr> = pods.iter().filter_map(|row| row.ip).collect();
    let tally = |join: &str, left: usize, matched: usize| JoinTally {
        join: join.to_owned(),
        left: left as u64,
        matched: matched as u64,
        unmatched: (left - matched) as u64,
        missing: Vec::new(),
    };
    [
        tally("netns-pid", spaces.len(), spaces.intersection(&rows).count()),
        tally("address-pod", addrs.len(), addrs.intersection(&listed).count()),
    ]
}

fn node_graph(worked: Worked, paths: &[Arc<str>], options: &Options) -> NodeGraph {
    let Worked { report, facts, groups, graph, .. } = worked;
    let mut draft = Draft::default();
    let mut pids = processes::on_a_way(&facts);
    seen::namespaces(&mut draft, &facts, &graph);
    seen::Log { groups: &groups, graph: &graph, rules: &options.rules }.add(&mut draft, &facts, &mut pids);
    seen::sockets(&mut draft, &facts, &graph, &mut pids);
    processes::add(&mut draft, &facts, &graph, &pids);
    lists::crictl(&mut draft, &facts);
    // Last: a list of the whole cluster adds only what something else leads to.
    lists::kubectl(&mut draft, &facts, &graph, report.node.name.as_deref());
    let has_log = report.capture.events > 0;
    for row in &report.ranking {
        owner(&mut draft, row, has_log);
    }
    draft.addresses(&graph.node_addresses);
    let mut contradictions: Vec<_> = report.ranking.into_iter().flat_map(|row| row.contradictions).collect();
    contradictions.sort();
    contradictions.dedup();
    let (vertices, edges) = draft.finish(paths);
    NodeGraph {
        node: report.node,
        verdict: report.verdict,
        call: report.call,
        vertices,
        edges,
        contradictions,
        joins: report.capture.joins,
    }
}

/// What the report says of an owner: how much is a pod's, and why an address is nobody's.
fn owner(draft: &mut Draft, row: &RankRow, has_log: bool) {
    let owner = &row.owner;
    match (owner.kind, &owner.pod) {
        (OwnerKind::Pod, Some(name)) => {
            let text = owner.namespace.as_ref().map_or_else(|| name.clone(), |space| format!("{space}/{name}"));
            let id = Id::named(VertexKind::Pod, text.clone());
            let vertex = &mut draft.point(&id, || text).vertex;
            vertex.confidence = Some(row.confidence);
            vertex.host_network = owner.host_network.or(vertex.host_network);
            if has_log {
                vertex.connects = Some(row.destinations.iter().map(|dest| dest.connects).sum());
                vertex.connects_public = row.connects_public;
            }
        }
        (OwnerKind::Unknown, _) => {
            let reason = row.owner.reason.map_or(Broken::NoAddress, |reason| match reason {
                UnknownReason::NoAddress => Broken::NoAddress,
                UnknownReason::ReusedNamespace => Broken::ReusedNamespace,
                UnknownReason::IdMasked => Broken::IdMasked,
                UnknownReason::AmbiguousId => Broken::AmbiguousId,
                UnknownReason::NoNamespaceRow => Broken::NoNamespaceRow,
            });
            for text in &owner.addrs {
                let addr = text.parse().map_or_else(|_| Addr::Printed(text.as_str().into()), Addr::Ip);
                let id = seen::local(&addr, owner.netns.first().copied());
                draft.point(&id, || text.clone()).broken(reason);
            }
        }
        _ => {}
    }
}
