//! `parse -o ndjson`: rows as JSON objects, one a line.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use snat_parse::{Column, Table};

use crate::render::json;

/// Writes all rows of a table.
pub(crate) fn write(format: &str, table: &Table, out: &mut dyn Write) -> io::Result<()> {
    (0..table.len()).try_for_each(|at| json::write_line(&Row { format, table, at }, out))
}

/// One row: `format`, `line`, then its columns; `extra` where the header has columns that the format does not know.
struct Row<'a> {
    format: &'a str,
    table: &'a Table,
    at: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", self.format)?;
        map.serialize_entry("line", &self.table.lines()[self.at])?;
        for (name, column) in self.table.columns() {
            map.serialize_entry(name, &Cell { column, at: self.at })?;
        }
        let extra = &self.table.extra()[self.at];
        if !extra.is_empty() {
            map.serialize_entry("extra", &Extra(extra))?;
        }
        map.end()
    }
}

struct Cell<'a> {
    column: &'a Column,
    at: usize,
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.column {
            Column::I64(cells) => cells[self.at].serialize(serializer),
            Column::U64(cells) => cells[self.at].serialize(serializer),
            Column::Bool(cells) => cells[self.at].serialize(serializer),
            Column::Text(cells) => cells[self.at].serialize(serializer),
            Column::Addr(cells) => match &cells[self.at] {
                Some(addr) => serializer.collect_str(addr),
                None => serializer.serialize_none(),
            },
            Column::List(cells) => match &cells[self.at] {
                Some(list) => {
                    let mut seq = serializer.serialize_seq(Some(list.len()))?;
                    list.iter().try_for_each(|item| seq.serialize_element(item))?;
                    seq.end()
                }
                None => serializer.serialize_none(),
            },
            _ => serializer.serialize_none(),
        }
    }
}

/// Titles and cells. A title that stands twice keeps its last cell.
struct Extra<'a>(&'a [(String, String)]);

impl Serialize for Extra<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last = |at: usize, title: &str| !self.0[at + 1..].iter().any(|(other, _)| other == title);
        let shown: Vec<_> = self.0.iter().enumerate().filter(|(at, (title, _))| last(*at, title)).collect();
        let mut map = serializer.serialize_map(Some(shown.len()))?;
        for (_, (title, cell)) in shown {
            map.serialize_entry(title, cell)?;
        }
        map.end()
    }
}
