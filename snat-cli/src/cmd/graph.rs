//! `graph`: from namespaces and addresses to pods.

use snat_analyze::Options;
use snat_analyze::graph::GraphReport;

use crate::args::{GraphArgs, GraphOutput};
use crate::config::Shared;
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(args: GraphArgs, shared: &Shared) -> Result<(), Failure> {
    let mut options = Options::default();
    options.node = args.node;
    options.limits = shared.limits(&args.limits);
    let outputs = Outputs::of(args.output, GraphOutput::Tree, args.force, &args.bundles)?;
    let sources = super::sources(args.bundles)?;
    shared.plan(&sources, &options.limits, &[]);
    let mut watch = Watch::new(Rejects::default(), shared.progress);
    let report = GraphReport::of(sources, &options, &mut watch);
    drop(watch);
    let mut report = report?;
    let meant = report.only(args.pod.as_deref(), args.netns)?;
    if meant.len() > 1 {
        shared.say(&format!("--pod means several: {}", meant.join(", ")));
    }
    let screen = shared.screen();
    outputs.write(|format, file, out| {
        let screen = if file { screen.of_file() } else { screen };
        render::graph::write(format, &report, screen, out)
    })
}
