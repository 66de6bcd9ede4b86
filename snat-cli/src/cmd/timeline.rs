//! `timeline`: ports held over time.

use snat_analyze::Options;
use snat_analyze::timeline::TimelineReport;

use crate::args::{TimelineArgs, TimelineOutput};
use crate::config::{Line, Nat, Shared, Window};
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

/// Destinations and owners that a table shows where nobody says.
const SHOWN: usize = 3;

pub(crate) fn run(args: TimelineArgs, shared: &Shared) -> Result<(), Failure> {
    let mut options = Options::default();
    options.node = args.node;
    options.limits = shared.limits(&args.limits);
    let (rules, said_rules) = shared.rules()?;
    options.rules = rules;
    let nat = Nat::of(&args.nat, shared)?;
    let window = Window::of(&args.window)?;
    let outputs = Outputs::of(args.output, TimelineOutput::Table, args.force, &args.bundles)?;
    let rejects = Rejects::to(args.rejects.as_deref(), args.force, &args.bundles, outputs.files())?;
    let sources = super::sources(args.bundles)?;
    let mut more: Vec<Line> = super::plan_of(&outputs);
    more.push(("node", options.node.clone().unwrap_or_else(|| "all".to_owned()), String::new()));
    more.push(("top", args.top.unwrap_or(SHOWN).to_string(), String::new()));
    more.extend(said_rules);
    more.extend(nat.said(shared));
    more.extend(window.said());
    shared.plan(&sources, &options.limits, &more);
    nat.into(&mut options);
    window.into(&mut options);
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
