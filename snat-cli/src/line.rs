//! The command line, read once.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use crate::args::{self, Cli, Command, ReportArgs};

/// Parses the command line, with the matches of the command that was called; a mistake ends the program.
pub(crate) fn parse() -> (Cli, Command, ArgMatches) {
    let matches = args::command().get_matches();
    if let Some((name, _)) = matches.subcommand()
        && let Some(stray) = stray(&matches)
    {
        let message = format!("{stray} stands before the word {name}, where only the common options may");
        args::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    for (one, other) in [("quiet", "verbose"), ("config", "no_config")] {
        // One of them from the environment gives way to the other on the command line.
        if typed(&matches, one) && typed(&matches, other) {
            let message = format!("--{one} and --{} exclude each other", other.replace('_', "-"));
            args::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
    }
    let inner = matches.subcommand().map_or(&matches, |(_, inner)| inner).clone();
    match read(&matches) {
        Ok((cli, command)) => (cli, command, inner),
        Err(error) => error.exit(),
    }
}

/// The command is `report` where none is named.
fn read(matches: &ArgMatches) -> Result<(Cli, Command), clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    let command = match cli.command.take() {
        Some(command) => command,
        None => Command::Report(ReportArgs::from_arg_matches(matches)?),
    };
    Ok((cli, command))
}

fn typed(matches: &ArgMatches, id: &str) -> bool {
    matches.ids().any(|own| own.as_str() == id) && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// What was typed before the word of a command and belongs to `report` alone: it would be ignored otherwise.
fn stray(matches: &ArgMatches) -> Option<String> {
    let command = args::command();
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    own.filter(|arg| typed(matches, arg.get_id().as_str()))
        .map(|arg| match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => "a bundle".to_owned(),
        })
        .next()
}
