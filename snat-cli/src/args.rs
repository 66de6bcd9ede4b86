//! What was typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Which pod uses up the SNAT ports of a Kubernetes node, from the text dumps that were taken on it.
#[derive(Debug, Parser)]
#[command(name = "snat-analyze", version, about, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  snat-analyze bundle.tar.gz                 the ranked report
  snat-analyze -o json bundle/ > report.json the same, whole, for programs
  zcat log.gz | snat-analyze -               from standard input
  snat-analyze --no-snat 20.60.0.0/16 b.tgz  that range is reached through a service endpoint

Exit codes: 0 it ran, 1 internal error, 2 usage, unreadable input, or nothing recognised.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) report: Option<ReportArgs>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ranked report: who makes the outbound connections, and what that rests on (the default command)
    Report(ReportArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Archives (tar, tar.gz), folders, single files (also .gz), or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How the report is written
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,

    /// Only this node
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later option)
    #[arg(long, value_name = "CIDR[:PORT]")]
    pub(crate) snat: Vec<String>,

    /// Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)
    #[arg(long, value_name = "CIDR[:PORT]")]
    pub(crate) no_snat: Vec<String>,

    /// Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For programs: the whole report, with a schema version
    Json,
}
