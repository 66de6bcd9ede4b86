//! `inspect`: the bundle doctor.

use std::io::{self, BufWriter, Write};

use snat_analyze::{Inspection, Options};

use crate::args::{InspectArgs, Output};
use crate::exit::Failure;
use crate::rejects::Rejects;
use crate::render::{self, Screen};

pub(crate) fn run(args: InspectArgs, screen: Screen) -> Result<(), Failure> {
    let mut options = Options::default();
    options.node = args.node;
    let mut rejects = Rejects::to(args.rejects.as_deref())?;
    let inspection = Inspection::of(super::sources(args.bundles)?, &options, &mut rejects)?;
    rejects.finish()?;
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Json => render::json::write(&inspection, &mut out)?,
        Output::Table => render::inspect::write(&inspection, screen, &mut out)?,
    }
    out.flush()?;
    if inspection.nodes.is_empty() { Err(Failure::Nothing) } else { Ok(()) }
}
