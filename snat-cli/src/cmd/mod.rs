//! One file a command.

mod report;

use crate::args::{Cli, Command};
use crate::config::Plan;
use crate::exit::Failure;
use crate::render::Screen;

/// Runs what was typed.
pub(crate) fn run(cli: Cli, rules: Vec<(String, bool)>) -> Result<(), Failure> {
    let args = match cli.command {
        Some(Command::Report(args)) => args,
        None => cli.report.ok_or_else(|| Failure::Usage("no bundle given; see --help".to_owned()))?,
    };
    report::run(Plan::of(args, rules, Screen::of_terminal())?)
}
