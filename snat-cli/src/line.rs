//! The command line, read once.

use std::ffi::OsStr;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, FromArgMatches};

use crate::args::{self, Cli, Command, ReportArgs};
use crate::settings;

/// Parses the command line, with the matches of the command that was called; a mistake ends the program.
pub(crate) fn parse() -> (Cli, Command, ArgMatches) {
    let matches = without_empty(args::command()).color(color()).get_matches();
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

/// A variable that is set and empty counts as not set, as NO_COLOR has it.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg })
        .mut_subcommands(without_empty)
}

/// Colours of help and of mistakes: what `--color` and its variable say, before the line is read.
fn color() -> ColorChoice {
    let typed: Vec<String> = std::env::args().collect();
    let after = |at: usize| typed.get(at + 1).cloned();
    let given = typed.iter().enumerate().find_map(|(at, arg)| match arg.strip_prefix("--color") {
        Some("") => after(at),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    });
    match given.or_else(|| settings::variable("COLOR")).as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
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
