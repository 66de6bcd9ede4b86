//! One file a command.

mod formats;
mod inspect;
mod parse;
mod report;
mod schema;

use std::path::PathBuf;

use snat_analyze::Source;

use crate::args::{Cli, Command};
use crate::config::Plan;
use crate::exit::Failure;
use crate::render::Screen;

/// Runs what was typed.
pub(crate) fn run(cli: Cli, rules: Vec<(String, bool)>) -> Result<(), Failure> {
    match cli.command {
        Some(Command::Report(args)) => report::run(Plan::of(args, rules, Screen::of_terminal())?),
        Some(Command::Parse(args)) => parse::run(args),
        Some(Command::Inspect(args)) => inspect::run(args, Screen::of_terminal()),
        Some(Command::Formats(args)) => formats::run(&args, Screen::of_terminal()),
        Some(Command::Schema) => schema::run(),
        None => {
            let args = cli.report.ok_or_else(|| Failure::Usage("no bundle given; see --help".to_owned()))?;
            report::run(Plan::of(args, rules, Screen::of_terminal())?)
        }
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
