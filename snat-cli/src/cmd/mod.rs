//! One file a command.

mod completions;
mod explain;
mod formats;
mod graph;
mod inspect;
mod man;
mod parse;
mod profiles;
mod report;
mod schema;
mod timeline;

use std::path::PathBuf;

use clap::{ArgMatches, ValueEnum};
use snat_analyze::Source;
use snat_analyze::report::{Input, Notice};

use crate::args::{Command, CommonArgs};
use crate::config::{self, Line, Plan, Shared};
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::render;
use crate::settings;

/// Runs what was typed.
pub(crate) fn run(common: &CommonArgs, command: Command, matches: ArgMatches) -> Result<(), Failure> {
    let shared = Shared::of(common, matches)?;
    for name in settings::strays() {
        shared.say(&format!("{name} is no setting of this program, and does nothing"));
    }
    match command {
        Command::Report(args) => report::run(Plan::of(args, &shared)?, &shared),
        Command::Parse(args) => parse::run(args, &shared),
        Command::Inspect(args) => inspect::run(args, &shared),
        Command::Graph(args) => graph::run(args, &shared),
        Command::Timeline(args) => timeline::run(args, &shared),
        Command::Formats(args) => formats::run(args, &shared),
        Command::Explain(args) => explain::run(args.code.as_deref(), &shared),
        Command::Profiles(args) => profiles::run(args.name.as_deref(), &shared),
        Command::Schema(args) => schema::run(args.of),
        Command::Completions(args) => completions::run(args.shell),
        Command::Man(args) => man::run(args.command.as_deref()),
    }
}

/// Paths, or `-` for standard input, which can be read only once.
pub(crate) fn sources(paths: Vec<PathBuf>) -> Result<Vec<Source>, Failure> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Usage("standard input can be read only once: - is given more than once".to_owned()));
    }
    Ok(paths.into_iter().map(source).collect())
}

/// A path, or `-` for standard input.
pub(crate) fn source(path: PathBuf) -> Source {
    match path.as_os_str() == "-" {
        true => Source::Reader { name: "-".to_owned(), reader: Box::new(std::io::stdin()) },
        false => Source::Path(path),
    }
}

/// What a table of owners or a picture has no place for, on standard error: what was left unread, and what was not
/// understood.
fn beside(notices: &[Notice], inputs: &[Input], shared: &Shared) {
    for notice in notices.iter().filter(|notice| render::is_loss(notice)) {
        if let Some(entry) = &notice.entry {
            shared.say(&format!("{entry}: {}", notice.message));
        }
    }
    let rejected: u64 = inputs.iter().map(|input| input.rejected).sum();
    if rejected > 0 {
        shared.say(&format!("{rejected} lines were not understood: --rejects FILE lists them"));
    }
}

/// Lines of the plan for the outputs.
fn plan_of<F: ValueEnum + Copy>(outputs: &Outputs<F>) -> Vec<Line> {
    let line = |(format, place): (F, String)| ("output", format!("{} → {place}", config::name(format)), String::new());
    outputs.places().map(line).collect()
}
