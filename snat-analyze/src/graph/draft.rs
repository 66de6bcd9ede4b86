//! Vertices and edges while they are gathered: each once, in the order in which the model has them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::model::{Broken, GraphEdge, Vertex, VertexKind};
use crate::fold::Mark;
use crate::rank::place;
use crate::report::{Confidence, Place};

/// Lines that are quoted for one vertex, and for one edge.
const PLACES: usize = 3;

/// A vertex's id; its order is that of the vertices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    kind: VertexKind,
    /// Of namespaces and PIDs. What has none comes first.
    number: Option<u64>,
    text: String,
}

impl Id {
    pub(super) fn named(kind: VertexKind, text: impl Into<String>) -> Self {
        Self { kind, number: None, text: text.into() }
    }

    pub(super) fn netns(inode: u64) -> Self {
        Self { kind: VertexKind::Netns, number: Some(inode), text: inode.to_string() }
    }

    pub(super) fn pid(pid: u32) -> Self {
        Self { kind: VertexKind::Pid, number: Some(pid.into()), text: pid.to_string() }
    }

    pub(super) fn spelled(&self) -> String {
        format!("{}:{}", self.kind.name(), self.text)
    }
}

/// A vertex before its places are resolved to entries.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) vertex: Vertex,
    marks: Vec<Mark>,
}

impl Point {
    /// Adds a line that shows it.
    pub(super) fn seen(&mut self, mark: &Mark) {
        note(&mut self.marks, mark);
    }

    /// Adds a line that shows it where nothing else does.
    pub(super) fn seen_at_least(&mut self, mark: &Mark) {
        if self.marks.is_empty() {
            self.seen(mark);
        }
    }

    /// Gives a reason, unless there is one.
    pub(super) fn broken(&mut self, reason: Broken) {
        self.vertex.reason.get_or_insert(reason);
    }
}

/// An edge before its places are resolved to entries.
#[derive(Debug)]
struct Step {
    confidence: Confidence,
    counts: Option<Counts>,
    marks: Vec<Mark>,
}

/// Connect rows of the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) connects: u64,
    pub(super) public: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.connects += other.connects;
        self.public += other.public;
    }

    /// Adds to the counts of a vertex.
    pub(super) fn into_vertex(self, vertex: &mut Vertex) {
        *vertex.connects.get_or_insert(0) += self.connects;
        *vertex.connects_public.get_or_insert(0) += self.public;
    }
}

/// The graph of one node while it is gathered.
#[derive(Debug, Default)]
pub(super) struct Draft {
    points: BTreeMap<Id, Point>,
    steps: BTreeMap<(Id, Id, &'static str), Step>,
}

impl Draft {
    /// The vertex of that id, made where it is new.
    pub(super) fn point(&mut self, id: &Id, label: impl FnOnce() -> String) -> &mut Point {
        self.points.entry(id.clone()).or_insert_with(|| Point { vertex: empty(id, label()), marks: Vec::new() })
    }

    pub(super) fn get(&self, id: &Id) -> Option<&Vertex> {
        self.points.get(id).map(|point| &point.vertex)
    }

    /// Adds a step, or its lines and counts to the one that is there. The surest line makes its confidence.
    pub(super) fn step<'m>(
        &mut self,
        edge: &'static str,
        ends: (&Id, &Id),
        confidence: Confidence,
        counts: Option<Counts>,
        marks: impl IntoIterator<Item = &'m Mark>,
    ) {
        let new = || Step { confidence, counts: None, marks: Vec::new() };
        let step = self.steps.entry((ends.0.clone(), ends.1.clone(), edge)).or_insert_with(new);
        step.confidence = step.confidence.max(confidence);
        if let Some(counts) = counts {
            step.counts.get_or_insert_default().add(counts);
        }
        for mark in marks {
            note(&mut step.marks, mark);
        }
    }

    /// Marks the addresses of nodes, and those that only a socket shows and no pod has.
    pub(super) fn addresses(&mut self, of_nodes: &BTreeSet<IpAddr>) {
        let ids: Vec<Id> = self.points.keys().filter(|id| id.kind == VertexKind::Addr).cloned().collect();
        for id in ids {
            let leads_on = self.leads_on(&id);
            let Some(point) = self.points.get_mut(&id) else { continue };
            point.vertex.node = id.text.parse().is_ok_and(|ip| of_nodes.contains(&ip));
            if !leads_on && !point.vertex.node && point.vertex.events.is_none() {
                point.broken(Broken::NoAddress);
            }
        }
    }

    /// Whether anything leads on from there.
    fn leads_on(&self, from: &Id) -> bool {
        let start = (from.clone(), Id::named(VertexKind::Netns, ""), "");
        self.steps.range(start..).next().is_some_and(|((id, _, _), _)| id == from)
    }

    /// The model; `entries` are the paths of the entries by index.
    pub(super) fn finish(self, entries: &[Arc<str>]) -> (Vec<Vertex>, Vec<GraphEdge>) {
        let places = |marks: Vec<Mark>| -> Vec<Place> { marks.iter().map(|mark| place(entries, mark)).collect() };
        let vertices = self.points.into_values().map(|point| {
            let mut vertex = point.vertex;
            vertex.places = places(point.marks);
            vertex
        });
        let edges = self.steps.into_iter().map(|((from, to, edge), step)| GraphEdge {
            edge: edge.to_owned(),
            from: from.spelled(),
            to: to.spelled(),
            confidence: step.confidence,
            connects: step.counts.map(|counts| counts.connects),
            connects_public: step.counts.map(|counts| counts.public),
            places: places(step.marks),
        });
        (vertices.collect(), edges.collect())
    }
}

fn note(marks: &mut Vec<Mark>, mark: &Mark) {
    if marks.len() < PLACES && !marks.contains(mark) {
        marks.push(mark.clone());
    }
}

fn empty(id: &Id, label: String) -> Vertex {
    Vertex {
        id: id.spelled(),
        kind: id.kind,
        label,
        node: false,
        nested: false,
        name: None,
        comm: None,
        processes: None,
        command: None,
        state: None,
        image: None,
        attempt: None,
        host_network: None,
        finished: None,
        confidence: None,
        events: None,
        connects: None,
        connects_public: None,
        candidates: Vec::new(),
        reason: None,
        places: Vec::new(),
    }
}
