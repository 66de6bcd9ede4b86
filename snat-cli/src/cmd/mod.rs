//! One file a command.

mod completions;
mod formats;
mod graph;
mod inspect;
mod man;
mod parse;
mod report;
mod schema;

use std::path::PathBuf;

use clap::ArgMatches;
use snat_analyze::Source;

use crate::args::{Command, CommonArgs};
use crate::config::{Plan, Shared};
use crate::exit::Failure;
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
        Command::Formats(args) => formats::run(args, &shared),
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
