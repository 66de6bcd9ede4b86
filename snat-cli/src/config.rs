//! What was typed to what will be done: validated, in one place, before any work.

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use snat_analyze::egress::Rule;
use snat_analyze::{Options, Source};

use crate::args::{Cli, Output, ReportArgs};
use crate::exit::Failure;
use crate::render::Screen;

/// A validated plan of `report`.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sources: Vec<Source>,
    pub(crate) options: Options,
    pub(crate) output: Output,
    pub(crate) top: Option<usize>,
    pub(crate) rejects: Option<std::path::PathBuf>,
    pub(crate) screen: Screen,
}

impl Plan {
    /// Validates the arguments; `rules` are `--snat` and `--no-snat` in the order in which they were typed.
    pub(crate) fn of(args: ReportArgs, rules: Vec<(String, bool)>, screen: Screen) -> Result<Self, Failure> {
        let mut options = Options::default();
        options.node = args.node;
        for (text, snat) in rules {
            let option = if snat { "--snat" } else { "--no-snat" };
            let rule = Rule::parse(&text, snat).map_err(|error| Failure::Usage(format!("{option} {error}")))?;
            options.rules.push(rule);
        }
        let sources = crate::cmd::sources(args.bundles)?;
        Ok(Self { sources, options, output: args.output, top: args.top, rejects: args.rejects, screen })
    }
}

/// `--snat` and `--no-snat` in the order of the command line, which decides between equal prefixes.
pub(crate) fn rules_in_order(matches: &ArgMatches) -> Vec<(String, bool)> {
    let mut found: Vec<(usize, String, bool)> = Vec::new();
    // Not every command has them.
    let has = |name: &str| matches.ids().any(|id| id.as_str() == name);
    for (name, snat) in [("snat", true), ("no_snat", false)].into_iter().filter(|(name, _)| has(name)) {
        let at = matches.indices_of(name).into_iter().flatten();
        let values = matches.get_many::<String>(name).into_iter().flatten();
        found.extend(at.zip(values).map(|(at, value)| (at, value.clone(), snat)));
    }
    found.sort();
    found.into_iter().map(|(_, text, snat)| (text, snat)).collect()
}

/// Parses the command line, with the matches of the command that was called.
pub(crate) fn parse() -> (Cli, Vec<(String, bool)>) {
    let matches = Cli::command().get_matches();
    let rules = rules_in_order(matches.subcommand().map_or(&matches, |(_, inner)| inner));
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => (cli, rules),
        Err(error) => error.exit(),
    }
}
