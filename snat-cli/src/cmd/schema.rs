//! `schema`: JSON Schema of the report.

use std::io::{self, Write};

use snat_analyze::Report;

use crate::exit::Failure;
use crate::render;

pub(crate) fn run() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    render::json::write(&Report::schema(), &mut out)?;
    out.flush()?;
    Ok(())
}
