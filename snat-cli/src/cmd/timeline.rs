//! `timeline`: ports held over time.

use snat_analyze::timeline::TimelineReport;

use crate::args::{TimelineArgs, TimelineOutput};
use crate::config::{Line, Shared};
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

/// Destinations and owners that a table shows where nobody says.
const SHOWN: usize = 3;

pub(crate) fn run(args: TimelineArgs, shared: &Shared) -> Result<(), Failure> {
    let (mut options, said) = shared.measured(args.node, &args.limits, &args.nat, &args.window)?;
    options.threads = args.threads.count();
    let outputs = Outputs::of(args.output, TimelineOutput::Table, args.force, &args.bundles)?;
    let rejects = Rejects::to(args.rejects.as_deref(), args.force, &args.bundles, outputs.files())?;
    let sources = super::sources(args.bundles)?;
    let mut more: Vec<Line> = super::plan_of(&outputs);
    more.push(("node", options.node.clone().unwrap_or_else(|| "all".to_owned()), String::new()));
    more.push(("top", args.top.unwrap_or(SHOWN).to_string(), String::new()));
    more.extend(said);
    shared.plan(&sources, &options.limits, &more);
    let mut watch = Watch::new(rejects, shared.progress);
    let report = TimelineReport::of(sources, &options, &mut watch);
    let rejects = watch.finish();
    let report = report?;
    rejects.finish()?;
    if outputs.formats().any(|format| format != TimelineOutput::Json) {
        super::beside(&report.notices, &report.inputs, shared);
    }
    let top = match args.top {
        Some(0) => usize::MAX,
        Some(top) => top,
        None => SHOWN,
    };
    let screen = shared.screen();
    outputs.write(|format, file, out| {
        let screen = if file { screen.of_file() } else { screen };
        render::timeline::write(format, &report, top, screen, out)
    })
}
