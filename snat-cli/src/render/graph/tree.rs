//! `graph -o tree`: from each namespace, and each address that is in none, down to the pods. What was shown above is
//! named again, and not shown again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use snat_analyze::graph::{GraphEdge, GraphReport, NodeGraph, Vertex};
use snat_analyze::report::{Confidence, main_of};

use super::{details, title};
use crate::render::style::{Screen, Tone, count, end, middle, printable, width, wrap};
use crate::render::{verdict, words};

/// Writes a tree a node.
pub(crate) fn write(report: &GraphReport, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    for (at, node) in report.nodes.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let name = printable(&words::node_name(&node.node));
        writeln!(out, "{}", screen.paint(Tone::Strong, &name))?;
        if let Some(main) = main_of(&node.verdict) {
            let call =
                node.call.as_ref().and_then(|call| verdict::call_by(main, call, snat_analyze::Profile::NAMES[0]));
            let said = call.map(|call| format!(". {call}")).unwrap_or_default();
            let title = verdict::title(main.state);
            for (at, line) in wrap(&printable(&format!("{title}{said}")), screen.prose()).into_iter().enumerate() {
                match line.strip_prefix(title).filter(|_| at == 0) {
                    Some(rest) => writeln!(out, "{}{rest}", screen.paint(verdict::tone(main.state), title))?,
                    None => writeln!(out, "{line}")?,
                }
            }
        }
        Tree::of(node, screen).write(out)?;
    }
    Ok(())
}

struct Tree<'g> {
    vertices: BTreeMap<&'g str, &'g Vertex>,
    /// Edges by what they go from, in the order of the graph.
    below: BTreeMap<&'g str, Vec<&'g GraphEdge>>,
    /// In no edge's end, in the order of the graph.
    roots: Vec<&'g Vertex>,
    node: &'g NodeGraph,
    screen: Screen,
}

/// A line before its room is known.
struct Line<'g> {
    branch: String,
    vertex: &'g Vertex,
    /// The step that leads to it; none at a root.
    step: Option<&'g GraphEdge>,
    /// Shown above, with what is below it.
    again: bool,
}

impl<'g> Tree<'g> {
    fn of(node: &'g NodeGraph, screen: Screen) -> Self {
        let vertices: BTreeMap<&str, &Vertex> =
            node.vertices.iter().map(|vertex| (vertex.id.as_str(), vertex)).collect();
        let mut below: BTreeMap<&str, Vec<&GraphEdge>> = BTreeMap::new();
        for edge in &node.edges {
            below.entry(edge.from.as_str()).or_default().push(edge);
        }
        let ends: BTreeSet<&str> = node.edges.iter().map(|edge| edge.to.as_str()).collect();
        let roots = node.vertices.iter().filter(|vertex| !ends.contains(vertex.id.as_str())).collect();
        Self { vertices, below, roots, node, screen }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.node.vertices.is_empty() {
            return writeln!(out, "nothing that names a namespace, an address, a process or a pod");
        }
        let mut lines = Vec::new();
        let mut seen = BTreeSet::new();
        for root in &self.roots {
            lines.push(Line { branch: String::new(), vertex: root, step: None, again: false });
            self.walk(&root.id, "", &mut seen, &mut lines);
        }
        let places: Vec<String> = lines.iter().map(place).collect();
        let room = self.screen.width;
        let at_width = places.iter().map(|place| width(place)).max().unwrap_or(0).min(room / 3);
        for (line, place) in lines.iter().zip(places) {
            self.line(line, &place, room.saturating_sub(at_width + 2), at_width, out)?;
        }
        for found in &self.node.contradictions {
            let places: Vec<String> =
                found.places.iter().map(|place| format!("{}:{}", place.entry, place.line)).collect();
            let text = format!(
                "but by {} {} instead of {}: {} ({})",
                found.route,
                found.owner,
                found.instead_of,
                found.why,
                places.join(", ")
            );
            for (at, part) in wrap(&printable(&text), self.screen.prose().saturating_sub(2)).iter().enumerate() {
                writeln!(out, "{}{part}", if at == 0 { "" } else { "  " })?;
            }
        }
        Ok(())
    }

    /// What is below a vertex. The graph has no cycle; the depth is that of the way from a namespace to a pod.
    fn walk(&self, id: &'g str, indent: &str, seen: &mut BTreeSet<&'g str>, lines: &mut Vec<Line<'g>>) {
        seen.insert(id);
        let steps = self.below.get(id).map(Vec::as_slice).unwrap_or_default();
        for (at, step) in steps.iter().enumerate() {
            let Some(vertex) = self.vertices.get(step.to.as_str()) else { continue };
            let last = at + 1 == steps.len();
            let again = seen.contains(step.to.as_str()) && self.below.contains_key(step.to.as_str());
            let branch = format!("{indent}{}", if last { "└─ " } else { "├─ " });
            lines.push(Line { branch, vertex, step: Some(step), again });
            if !again {
                self.walk(&step.to, &format!("{indent}{}", if last { "   " } else { "│  " }), seen, lines);
            }
        }
    }

    fn line(&self, line: &Line<'_>, place: &str, room: usize, at_width: usize, out: &mut dyn Write) -> io::Result<()> {
        let screen = self.screen;
        let kind = line.vertex.kind.name();
        let sure = line.step.map(|step| step.confidence).filter(|sure| *sure != Confidence::Certain);
        let sure_width = sure.map_or(0, |sure| sure.name().len() + 2);
        let own = room.saturating_sub(width(&line.branch) + sure_width);
        let name = middle(&printable(&title(line.vertex)), own);
        let mut more: Vec<String> = if line.again { vec!["as above".to_owned()] } else { details(line.vertex) };
        if let Some((public, all)) = line.step.and_then(|step| Some((step.connects_public?, step.connects?)))
            && line.again
        {
            more.push(format!("{} of {} public", count(public), count(all)));
        }
        let more = printable(&more.join(", "));
        let left_over = own.saturating_sub(width(&name) + 2);
        let more = if left_over >= 8 || width(&more) <= left_over { end(&more, left_over) } else { String::new() };
        let painted = name.strip_prefix(kind).map_or(name.clone(), |rest| {
            format!("{}{}", screen.paint(Tone::Dim, kind), screen.paint(Tone::Strong, rest))
        });
        let mut used = width(&line.branch) + width(&name);
        let mut text = format!("{}{painted}", screen.paint(Tone::Dim, &line.branch));
        if !more.is_empty() {
            used += 2 + width(&more);
            let broken = line.vertex.reason.is_some();
            text = format!("{text}  {}", if broken { screen.paint(Tone::Poor, &more) } else { more });
        }
        if let Some(sure) = sure {
            used += sure_width;
            let tone = if sure == Confidence::Likely { Tone::Fair } else { Tone::Poor };
            text = format!("{text}  {}", screen.paint(tone, sure.name()));
        }
        if !place.is_empty() {
            let gap = " ".repeat(room.saturating_sub(used) + 2);
            text = format!("{text}{gap}{}", screen.paint(Tone::Dim, &middle(place, at_width)));
        }
        writeln!(out, "{}", text.trim_end())
    }
}

/// The line that a step rests on, or that shows a root.
fn place(line: &Line<'_>) -> String {
    let places = line.step.map_or(&line.vertex.places, |step| &step.places);
    places.first().map(|place| printable(&format!("{}:{}", place.entry, place.line))).unwrap_or_default()
}
