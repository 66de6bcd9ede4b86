//! `schema`: JSON Schema of what the commands write.

use std::io::{self, Write};

use snat_analyze::graph::GraphReport;
use snat_analyze::{Inspection, Report, TimelineReport};

use crate::args::SchemaOf;
use crate::exit::Failure;
use crate::render;

pub(crate) fn run(of: SchemaOf) -> Result<(), Failure> {
    let schema = match of {
        SchemaOf::Report => Report::schema(),
        SchemaOf::Inspect => Inspection::schema(),
        SchemaOf::Graph => GraphReport::schema(),
        SchemaOf::Timeline => TimelineReport::schema(),
    };
    let mut out = io::stdout().lock();
    render::json::write(&schema, &mut out)?;
    out.flush()?;
    Ok(())
}
