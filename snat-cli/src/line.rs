//! The command line, read once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, FromArgMatches};

use crate::args::{self, Cli, Command, ReportArgs};
use crate::render::printable;
use crate::settings;

/// Parses the command line, with the matches of the command that was called; a mistake ends the program.
pub(crate) fn parse() -> (Cli, Command, ArgMatches) {
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = match definition().try_get_matches_from(&words) {
        Ok(matches) => matches,
        Err(error) => explained(error, &words).exit(),
    };
    if let Some((name, _)) = matches.subcommand()
        && let Some(stray) = stray(&matches)
    {
        if let Some(message) = command_comes_first(&words) {
            args::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
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
        Ok((cli, command)) => {
            if let Command::Report(report) = &command
                && let Some(message) = command_meant(&report.bundles)
            {
                args::command().error(ErrorKind::InvalidSubcommand, message).exit();
            }
            (cli, command, inner)
        }
        Err(error) => error.exit(),
    }
}

fn definition() -> clap::Command {
    without_empty(args::command()).color(color())
}

fn names() -> Vec<String> {
    args::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// A mistake with a tip that helps: clap would have what is no option taken for a value.
fn explained(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return error;
    }
    if let Some(message) = command_comes_first(words) {
        return args::command().color(color()).error(ErrorKind::ArgumentConflict, message);
    }
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return error };
    let typed = typed.clone();
    let Some(command) =
        words.iter().skip(1).filter_map(|word| word.to_str()).find(|word| names().contains(&(*word).to_owned()))
    else {
        if error.get(ContextKind::SuggestedArg).is_none() {
            error.remove(ContextKind::Suggested);
        }
        return error;
    };
    let is_typed = |arg: &clap::Arg| {
        arg.get_long().is_some_and(|long| typed == format!("--{long}"))
            || arg.get_short().is_some_and(|short| typed == format!("-{short}"))
    };
    let own = error.get(ContextKind::SuggestedArg).is_some();
    if args::command().get_arguments().any(is_typed) {
        error.remove(ContextKind::SuggestedArg);
        let pod = if command == "graph" { "; --pod NAMESPACE/NAME cuts the graph" } else { "" };
        let tip =
            format!("{typed} is an option of report; snat-analyze {command} --help lists those of {command}{pod}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    } else if !own {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// What to say where a bundle stands before the word of a command: `case.zip inspect`.
fn command_comes_first(words: &[OsString]) -> Option<String> {
    let names = names();
    let is_name = |word: &OsString| word.to_str().is_some_and(|word| names.iter().any(|name| name == word));
    let at = (2..words.len()).find(|at| is_name(&words[*at]))?;
    let (name, before) = (words[at].to_str()?, &words[..at]);
    let matches = args::command().try_get_matches_from(before).ok().filter(|matches| matches.subcommand().is_none())?;
    let bundles = matches.get_many::<PathBuf>("bundles")?.map(|path| path.as_os_str());
    let rest = bundles.chain(words[at + 1..].iter().map(OsString::as_os_str)).map(quoted);
    let typed = rest.collect::<Vec<_>>().join(" ");
    let file = if Path::new(name).exists() { format!("; the file of that name is ./{name}") } else { String::new() };
    Some(printable(&format!("the command comes first: snat-analyze {name} {typed}{file}")))
}

/// As a shell takes it.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What to say where a bundle is no file and nearly the name of a command: `reports`, `Inspect`.
fn command_meant(bundles: &[PathBuf]) -> Option<String> {
    bundles.iter().find_map(|bundle| {
        let word = bundle.to_str().filter(|word| word.len() >= 3 && !bundle.exists() && *word != "-")?;
        let name = names().into_iter().find(|name| is_near(&word.to_lowercase(), name))?;
        Some(printable(&format!(
            "there is no file {word}: did you mean the command {name}? It comes first: snat-analyze {name} ..."
        )))
    })
}

/// Whether one letter more, less or otherwise, or two that changed places, make one word of the other.
fn is_near(word: &str, name: &str) -> bool {
    let (word, name): (Vec<char>, Vec<char>) = (word.chars().collect(), name.chars().collect());
    let same = word.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let (word, name) = (&word[same..], &name[same..]);
    match (word, name) {
        ([], []) | ([_], []) | ([], [_]) => true,
        ([a, b, word @ ..], [c, d, name @ ..]) if (a, b) == (d, c) && word == name => true,
        ([_, word @ ..], [_, name @ ..]) if word == name => true,
        ([_, word @ ..], name) if word == name => true,
        (word, [_, name @ ..]) => word == name,
        _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_nearly_a_command() {
        for word in ["inspect", "inspct", "inspects", "inspcet", "inzpect", "nspect"] {
            assert!(is_near(word, "inspect"), "{word}");
        }
        for word in ["insp", "report", "inspectors", "case.zip", ""] {
            assert!(!is_near(word, "inspect"), "{word}");
        }
    }
}
