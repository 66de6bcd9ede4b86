//! `inspect`: the bundle doctor.

use snat_analyze::{Inspection, Options};

use crate::args::{InspectArgs, PlainOutput};
use crate::config::Shared;
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(args: InspectArgs, shared: &Shared) -> Result<(), Failure> {
    let mut options = Options::default();
    options.node = args.node;
    options.threads = args.threads.count();
    options.limits = shared.limits(&args.limits);
    let outputs = Outputs::of(args.output, PlainOutput::Table, args.force, &args.bundles)?;
    let sources = super::sources(args.bundles.clone())?;
    let mut more = super::plan_of(&outputs);
    more.push(("node", options.node.clone().unwrap_or_else(|| "all".to_owned()), String::new()));
    shared.plan(&sources, &options.limits, &more);
    let mut watch =
        Watch::new(Rejects::to(args.rejects.as_deref(), args.force, &args.bundles, outputs.files())?, shared.progress);
    let inspection = Inspection::of(sources, &options, &mut watch);
    let rejects = watch.finish();
    let inspection = inspection?;
    rejects.finish()?;
    let screen = shared.screen();
    outputs.write(|format, file, out| match format {
        PlainOutput::Json => render::json::write(&inspection, out),
        PlainOutput::Table => {
            let screen = if file { screen.of_file() } else { screen };
            render::inspect::write(&inspection, screen, out)
        }
    })?;
    if inspection.nodes.is_empty() { Err(Failure::Nothing) } else { Ok(()) }
}
