//! `graph -o dot`: for Graphviz. One cluster a node; what is certain is drawn through, what is likely dashed, what is weak
//! dotted; a red box is where a way ends.

use std::io::{self, Write};

use snat_analyze::graph::{GraphReport, NodeGraph, VertexKind};
use snat_analyze::report::Confidence;

use super::{details, title};
use crate::render::style::{middle, printable};
use crate::render::words;

/// Columns of one line of a label.
const LABEL: usize = 44;

/// Writes all nodes in one graph.
pub(crate) fn write(report: &GraphReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph snat {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=10];"
    )?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=8, color=gray40];")?;
    for (at, node) in report.nodes.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{at} {{")?;
        writeln!(out, "    label={};", quoted(&words::node_name(&node.node)))?;
        cluster(node, at, out)?;
        writeln!(out, "  }}")?;
    }
    writeln!(out, "}}")
}

fn cluster(node: &NodeGraph, at: usize, out: &mut dyn Write) -> io::Result<()> {
    // Ids mean something within one node only.
    let id = |id: &str| quoted(&format!("{at}/{id}"));
    for vertex in &node.vertices {
        let mut lines = vec![middle(&title(vertex), LABEL)];
        lines.extend(details(vertex).iter().map(|line| middle(line, LABEL)));
        let label: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
        let (fill, edge) = match vertex.reason {
            Some(_) => ("mistyrose", "red3"),
            None => (fill(vertex.kind), "gray40"),
        };
        writeln!(out, "    {} [label=\"{}\", fillcolor={fill}, color={edge}];", id(&vertex.id), label.join("\\n"))?;
    }
    for edge in &node.edges {
        let style = match edge.confidence {
            Confidence::Certain => "solid",
            Confidence::Likely => "dashed",
            Confidence::Weak => "dotted",
        };
        let place = edge.places.first().map(|place| format!("{}:{}", place.entry, place.line)).unwrap_or_default();
        writeln!(
            out,
            "    {} -> {} [label={}, style={style}, tooltip={}];",
            id(&edge.from),
            id(&edge.to),
            quoted(&edge.edge),
            quoted(&place)
        )?;
    }
    Ok(())
}

fn fill(kind: VertexKind) -> &'static str {
    match kind {
        VertexKind::Netns => "lightyellow",
        VertexKind::Addr => "lightcyan",
        VertexKind::Pod => "palegreen",
        _ => "white",
    }
}

/// Text within quotes: the quote and the backslash mean something there, and entities as in HTML.
fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_bundle_ends_no_string() {
        assert_eq!(quoted("a\"]; evil [\\\" b\n"), "\"a\\\"]; evil [\\\\\\\" b?\"");
    }
}
