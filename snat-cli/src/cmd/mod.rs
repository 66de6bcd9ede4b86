//! One file a command.

mod parse;
mod report;

use std::path::PathBuf;

use snat_analyze::Source;

use crate::args::{Cli, Command};
use crate::config::Plan;
use crate::exit::Failure;
use crate::render::Screen;

/// Runs what was typed.
pub(crate) fn run(cli: Cli, rules: Vec<(String, bool)>) -> Result<(), Failure> {
    let args = match cli.command {
        Some(Command::Report(args)) => args,
        Some(Command::Parse(args)) => return parse::run(args),
        Some(_) => todo!(),
        None => cli.report.ok_or_else(|| Failure::Usage("no bundle given; see --help".to_owned()))?,
    };
    report::run(Plan::of(args, rules, Screen::of_terminal())?)
}

/// A path, or `-` for standard input.
pub(crate) fn source(path: PathBuf) -> Source {
    match path.as_os_str() == "-" {
        true => Source::Reader { name: "-".to_owned(), reader: Box::new(std::io::stdin()) },
        false => Source::Path(path),
    }
}
