//! Options of `timeline`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::number::whole;
use super::{Asked, Formats, LimitArgs, NatArgs, RuleArgs, ThreadArgs, WindowArgs};

#[derive(Args, Debug)]
pub(crate) struct TimelineArgs {
    /// Archives, folders, single files, or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How it is written, and where: without a path on standard output (repeatable) [default: table]
    #[arg(short, long, value_name = "FORMAT[=PATH]", value_parser = Formats::<TimelineOutput>::default())]
    pub(crate) output: Vec<Asked<TimelineOutput>>,

    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Only this node
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Destinations in the table, and owners of each; 0 = all [default: 3]
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) top: Option<usize>,

    /// Which connections take a port
    #[command(flatten)]
    pub(crate) _rules: RuleArgs,

    #[command(flatten)]
    pub(crate) nat: NatArgs,

    #[command(flatten)]
    pub(crate) window: WindowArgs,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) threads: ThreadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineOutput {
    /// For people: drawn
    Table,
    /// For programs: whole, with a schema version
    Json,
    /// For spreadsheets and plots: a row for each time, destination and owner
    Csv,
}
