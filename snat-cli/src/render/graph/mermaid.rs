//! `graph -o mermaid`: a flowchart for Markdown pages that draw one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use snat_analyze::graph::{GraphReport, VertexKind};
use snat_analyze::report::Confidence;

use super::{details, title};
use crate::render::style::printable;
use crate::render::words;

/// Writes all nodes in one flowchart.
pub(crate) fn write(report: &GraphReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (at, node) in report.nodes.iter().enumerate() {
        writeln!(out, "  subgraph g{at}[\"{}\"]", safe(&words::node_name(&node.node)))?;
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        for (number, vertex) in node.vertices.iter().enumerate() {
            let name = format!("g{at}v{number}");
            let mut lines = vec![safe(&title(vertex))];
            lines.extend(details(vertex).iter().map(|line| safe(line)));
            let (open, close) = match vertex.kind {
                VertexKind::Pod => ("([", "])"),
                VertexKind::Netns => ("{{", "}}"),
                _ => ("[", "]"),
            };
            let class = if vertex.reason.is_some() { ":::broken" } else { "" };
            writeln!(out, "    {name}{open}\"{}\"{close}{class}", lines.join("<br/>"))?;
            names.insert(&vertex.id, name);
        }
        for edge in &node.edges {
            let (Some(from), Some(to)) = (names.get(edge.from.as_str()), names.get(edge.to.as_str())) else { continue };
            let arrow = match edge.confidence {
                Confidence::Certain => "-->",
                Confidence::Likely | Confidence::Weak => "-.->",
            };
            let label = match edge.confidence {
                Confidence::Certain => edge.edge.clone(),
                sure => format!("{} {}", edge.edge, sure.name()),
            };
            writeln!(out, "    {from} {arrow}|\"{}\"| {to}", safe(&label))?;
        }
        writeln!(out, "  end")?;
    }
    writeln!(out, "  classDef broken stroke:#c00,fill:#fee")
}

/// Text in a quoted label: what is not a plain character is its number, which Mermaid reads as text.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | ':' | '/' | '-' | '_' | '@' | '(' | ')' | '…') {
            out.push(c);
        } else {
            out.push_str(&format!("#{};", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_bundle_ends_no_label() {
        assert_eq!(safe("a\"]<b>"), "a#34;#93;#60;b#62;");
        assert_eq!(safe("pod default/nginx-1"), "pod default/nginx-1");
    }
}
