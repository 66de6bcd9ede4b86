//! `report`: the ranked report.

use snat_analyze::report::{NodeReport, Severity, State};
use snat_analyze::{Analysis, Report};

use crate::args::{FailOn, Output};
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
    })?;
    let told = plan.fail_on.map_or(Ok(()), |least| verdict(&report, least));
    // The process is about to end: freeing it row by row is time that somebody waits.
    std::mem::forget(report);
    told
}

/// How a script is told, once everything is written: a finding of that severity or worse, then a verdict that decides
/// nothing.
fn verdict(report: &Report, least: FailOn) -> Result<(), Failure> {
    let least = match least {
        FailOn::Warning => Severity::Warning,
        FailOn::Critical => Severity::Critical,
    };
    let mut nodes = report.nodes.iter();
    if nodes.clone().flat_map(|node| &node.findings).any(|found| found.severity >= least) {
        return Err(Failure::Finding);
    }
    // Without a log and a snapshot nothing can be told either.
    let open = |node: &NodeReport| node.main_verdict().is_none_or(|main| main.state == State::CannotTell);
    if nodes.any(open) { Err(Failure::CannotTell) } else { Ok(()) }
}
