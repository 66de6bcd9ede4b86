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
    /// One dump to rows, as JSON, one a line: what this program understood of it
    #[command(after_help = PARSE_HELP)]
    Parse(ParseArgs),
    /// The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArgs),
    /// What is read: formats, their tools, commands and columns
    Formats(FormatsArgs),
    /// JSON Schema of `report -o json`
    Schema,
}

const INSPECT_HELP: &str = "\
Examples:
  snat-analyze inspect bundle.tar.gz
  snat-analyze inspect --rejects not-understood.tsv bundle/
  snat-analyze inspect -o json bundle/ | jq '.nodes[].steps[] | select(.state != \"ok\")'

Exit code 2 where nothing is recognised; what was read is listed all the same.";

const PARSE_HELP: &str = "\
Every row has all columns of its format, with `format` and `line`. A line on standard error says what became of every
line; with --strict a line that could not be read makes the exit code 3.

Examples:
  snat-analyze parse lsns.txt
  snat-analyze parse pasted.txt --format netstat
  kubectl get pods -A -o wide | snat-analyze parse -";

#[derive(Args, Debug)]
pub(crate) struct ParseArgs {
    /// The dump (may be packed), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The format that it is of [default: told by its content]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// How the rows are written
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ParseOutput::Ndjson)]
    pub(crate) output: ParseOutput,

    /// Exit with 3 where a line could not be read
    #[arg(long)]
    pub(crate) strict: bool,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error. A file with something in it is not overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ParseOutput {
    /// One JSON object a row and line
    Ndjson,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// An archive, a folder, a single file, or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How it is written
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,

    /// Only this node
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error. A file with something in it is not overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct FormatsArgs {
    /// How the list is written
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Archives (tar, zip; packed with gzip, xz, zstd, bzip2; one in another), folders, single files, or - for standard input
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

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error. A file with something in it is not overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

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
