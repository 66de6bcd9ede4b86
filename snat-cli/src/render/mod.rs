//! One file an output format. A renderer lays out; it never computes.

mod csv;
pub(crate) mod explain;
pub(crate) mod formats;
pub(crate) mod graph;
pub(crate) mod inspect;
pub(crate) mod json;
mod markdown;
mod ndjson;
pub(crate) mod profiles;
mod ranking;
mod read;
pub(crate) mod rows;
mod style;
mod table;
pub(crate) mod timeline;
mod verdict;
mod what_if;
mod words;

use std::io::{self, Write};

use snat_analyze::Report;

use crate::args::Output;
use crate::view::View;

pub(crate) use read::is_loss;
pub(crate) use style::{Screen, printable};

/// Writes the report in one format.
pub(crate) fn report(
    format: Output,
    report: &Report,
    view: &View,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Output::Table => table::write(report, view, screen, out),
        Output::Wide => table::write(report, view, screen.wide(), out),
        Output::Markdown => markdown::write(report, view, out),
        Output::Json => json::write(view.cut(report).as_ref(), out),
        Output::Ndjson => ndjson::write(&view.cut(report), out),
        Output::Csv => csv::write(&view.cut(report), out),
    }
}
