//! The graph in its formats.

mod dot;
mod mermaid;
mod tree;

use std::io::{self, Write};

use snat_analyze::graph::{GraphReport, Vertex, VertexKind};

use crate::args::GraphOutput;
use crate::render::style::count;
use crate::render::{Screen, json};

/// Writes the graph in one format.
pub(crate) fn write(format: GraphOutput, report: &GraphReport, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    match format {
        GraphOutput::Tree => tree::write(report, screen, out),
        GraphOutput::Json => json::write(report, out),
        GraphOutput::Dot => dot::write(report, out),
        GraphOutput::Mermaid => mermaid::write(report, out),
    }
}

/// What is said about a vertex beside its kind and label, in the order in which people ask for it.
fn details(vertex: &Vertex) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    found.extend(vertex.reason.map(|reason| format!("ends here: {}", reason.name())));
    match (vertex.connects_public, vertex.connects) {
        (Some(public), Some(all)) if all > 0 => {
            found.push(format!("{} of {} public", count(public), count(all)));
        }
        (None, Some(all)) if all > 0 => found.push(format!("{} connects", count(all))),
        _ => {}
    }
    if vertex.node {
        found.push(if vertex.kind == VertexKind::Netns { "the node's own" } else { "of the node" }.to_owned());
    }
    if vertex.nested {
        found.push("made within the pod".to_owned());
    }
    let name = vertex.name.as_ref().filter(|name| !vertex.label.contains(name.as_str()));
    found.extend(name.cloned());
    found.extend(
        vertex.comm.as_ref().filter(|comm| vertex.name.as_ref() != Some(*comm)).map(|comm| format!("thread {comm}")),
    );
    found.extend(vertex.command.clone());
    found.extend(vertex.image.clone());
    found.extend(vertex.state.clone());
    found.extend(vertex.attempt.filter(|attempt| *attempt > 0).map(|attempt| format!("attempt {attempt}")));
    if vertex.host_network == Some(true) {
        found.push("host network".to_owned());
    }
    if vertex.finished == Some(true) {
        found.push("finished".to_owned());
    }
    if !vertex.candidates.is_empty() {
        found.push(format!("may be {}", vertex.candidates.join(", ")));
    }
    found
}

/// A name with its kind, as ids spell it but for what makes them unique.
fn title(vertex: &Vertex) -> String {
    format!("{} {}", vertex.kind.name(), vertex.label)
}
