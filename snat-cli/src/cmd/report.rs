//! `report`: the ranked report.

use std::io::{self, BufWriter, Write};

use snat_analyze::Analysis;

use crate::args::Output;
use crate::config::Plan;
use crate::exit::Failure;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(plan: Plan) -> Result<(), Failure> {
    let mut rejects = Rejects::to(plan.rejects.as_deref())?;
    let mut report = Analysis::observed(plan.sources, &plan.options, &mut rejects)?;
    rejects.finish()?;
    if let Some(top) = plan.top.filter(|top| *top > 0) {
        for node in &mut report.nodes {
            node.ranking.truncate(top);
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match plan.output {
        Output::Json => render::json::write(&report, &mut out)?,
        Output::Table => render::table::write(&report, plan.screen.rows(plan.top), &mut out)?,
    }
    out.flush()?;
    Ok(())
}
