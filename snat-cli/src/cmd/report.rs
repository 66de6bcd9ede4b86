//! `report`: the ranked report.

use snat_analyze::Analysis;

use crate::args::Output;
use crate::config::{Plan, Shared};
use crate::exit::Failure;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(plan: Plan, shared: &Shared) -> Result<(), Failure> {
    let rejects = Rejects::to(plan.rejects.as_deref(), plan.force, &plan.read, plan.outputs.files())?;
    let mut watch = Watch::new(rejects, shared.progress);
    let report = Analysis::observed(plan.sources, &plan.options, &mut watch);
    let rejects = watch.finish();
    let report = report?;
    rejects.finish()?;
    plan.view.check(&report)?;
    if plan.outputs.formats().any(|format| format == Output::Csv) {
        super::beside(&report.notices, &report.inputs, shared);
    }
    plan.outputs.write(|format, file, out| {
        let screen = if file { plan.screen.of_file() } else { plan.screen };
        render::report(format, &report, &plan.view, screen, out)
    })
}
