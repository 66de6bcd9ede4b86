//! `timeline`: one file an output format.

mod chart;
mod csv;
mod table;

use std::io::{self, Write};

use snat_analyze::report::Series;
use snat_analyze::report::SeriesKind;
use snat_analyze::timeline::TimelineReport;

use crate::args::TimelineOutput;
use crate::render::style::Screen;
use crate::render::{json, words};

/// Writes the timeline in one format.
pub(crate) fn write(
    format: TimelineOutput,
    report: &TimelineReport,
    top: usize,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        TimelineOutput::Table => table::write(report, top, screen, out),
        TimelineOutput::Json => json::write(report, out),
        TimelineOutput::Csv => csv::write(report, out),
    }
}

/// What a series is of.
fn name(series: &Series) -> String {
    match series.kind {
        SeriesKind::Ipv4 => "all IPv4 together".to_owned(),
        SeriesKind::Ipv6 => "all IPv6 together".to_owned(),
        _ => words::dest_name(series.addr.as_deref().unwrap_or("?"), series.port),
    }
}
