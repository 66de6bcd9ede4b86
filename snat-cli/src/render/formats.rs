//! `formats`: the registry as a table and as JSON. Nothing is kept by hand here.

use std::io::{self, Write};

use serde::Serialize;
use snat_parse::formats::FORMATS;

use crate::render::style::{Screen, left, wrap};

/// One format.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    name: &'static str,
    tool: &'static str,
    command: &'static str,
    columns: Vec<ListedColumn>,
}

/// One column of its rows.
#[derive(Debug, Serialize)]
struct ListedColumn {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// All formats, in the order of the registry.
pub(crate) fn list() -> Vec<Listed> {
    let row = |meta: snat_parse::Meta| Listed {
        name: meta.name,
        tool: meta.tool,
        command: meta.command,
        columns: meta.columns.iter().map(|(name, kind)| ListedColumn { name, kind: kind.name() }).collect(),
    };
    FORMATS.iter().map(|format| row(format.meta())).collect()
}

/// Writes them for people.
pub(crate) fn table(screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let indent = 14;
    for format in list() {
        writeln!(out, "{}{}", left(format.name, indent), format.tool)?;
        writeln!(out, "{}$ {}", " ".repeat(indent), format.command)?;
        let columns: Vec<&str> = format.columns.iter().map(|column| column.name).collect();
        for line in wrap(&columns.join(" "), screen.width.saturating_sub(indent)) {
            writeln!(out, "{}{line}", " ".repeat(indent))?;
        }
    }
    Ok(())
}
