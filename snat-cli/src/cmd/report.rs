//! `report`: the ranked report.

use snat_analyze::{Analysis, Report};

use crate::args::Output;
use crate::config::{Plan, Shared};
use crate::exit::Failure;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(plan: Plan, shared: &Shared) -> Result<(), Failure> {
    let rejects = Rejects::to(plan.rejects.as_deref(), plan.force, &plan.read)?;
    let mut watch = Watch::new(rejects, shared.progress);
    let report = Analysis::observed(plan.sources, &plan.options, &mut watch);
    let rejects = watch.finish();
    let report = report?;
    rejects.finish()?;
    plan.view.check(&report)?;
    if plan.outputs.formats().any(|format| format == Output::Csv) {
        beside(&report, shared);
    }
    plan.outputs.write(|format, file, out| {
        let screen = if file { plan.screen.of_file() } else { plan.screen };
        render::report(format, &report, &plan.view, screen, out)
    })
}

/// What a table of owners has no place for, on standard error: what was left unread, and what was not understood.
fn beside(report: &Report, shared: &Shared) {
    for notice in report.notices.iter().filter(|notice| notice.entry.is_some()) {
        let entry = notice.entry.as_deref().unwrap_or_default();
        shared.say(&format!("{entry}: {}", notice.message));
    }
    let rejected: u64 = report.inputs.iter().map(|input| input.rejected).sum();
    if rejected > 0 {
        shared.say(&format!("{rejected} lines were not understood: --rejects FILE lists them"));
    }
}
