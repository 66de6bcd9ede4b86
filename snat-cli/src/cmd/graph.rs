//! `graph`: from namespaces and addresses to pods.

use snat_analyze::Options;
use snat_analyze::graph::GraphReport;

use crate::args::{GraphArgs, GraphOutput};
use crate::config::{Line, Shared};
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::progress::Watch;
use crate::rejects::Rejects;
use crate::render;

pub(crate) fn run(args: GraphArgs, shared: &Shared) -> Result<(), Failure> {
    let mut options = Options::default();
    options.node = args.node;
    options.threads = args.threads.count();
    options.limits = shared.limits(&args.limits);
    let (rules, said_rules) = shared.rules()?;
    options.rules = rules;
    let outputs = Outputs::of(args.output, GraphOutput::Tree, args.force, &args.bundles)?;
    let rejects = Rejects::to(args.rejects.as_deref(), args.force, &args.bundles, outputs.files())?;
    let sources = super::sources(args.bundles)?;
    let mut more: Vec<Line> = super::plan_of(&outputs);
    let all = || "all".to_owned();
    more.push(("node", options.node.clone().unwrap_or_else(all), String::new()));
    more.push(("pod", args.pod.clone().unwrap_or_else(all), String::new()));
    more.push(("netns", args.netns.map_or_else(all, |netns| netns.to_string()), String::new()));
    more.extend(said_rules);
    shared.plan(&sources, &options.limits, &more);
    let mut watch = Watch::new(rejects, shared.progress);
    let report = GraphReport::of(sources, &options, &mut watch);
    let rejects = watch.finish();
    let mut report = report?;
    rejects.finish()?;
    if outputs.formats().any(|format| format != GraphOutput::Json) {
        super::beside(&report.notices, &report.inputs, shared);
    }
    let meant = report.only(args.pod.as_deref(), args.netns)?;
    if let ([only], Some(asked)) = (meant.as_slice(), &args.pod)
        && !only.ends_with(asked.rsplit(['/', ':']).next().unwrap_or(asked))
    {
        shared.say(&format!("--pod {asked} is the beginning of one name here: {only}"));
    }
    if meant.len() > 1 {
        shared.say(&format!("--pod means several: {}", meant.join(", ")));
    }
    let screen = shared.screen();
    outputs.write(|format, file, out| {
        let screen = if file { screen.of_file() } else { screen };
        render::graph::write(format, &report, screen, out)
    })
}
