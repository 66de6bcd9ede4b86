//! What was typed.

mod common;
mod format;
mod graph;
mod number;
mod timeline;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use common::{Color, CommonArgs, LimitArgs, NatArgs, RuleArgs, ThreadArgs, WindowArgs};
pub(crate) use format::{Asked, Formats};
pub(crate) use graph::{GraphArgs, GraphOutput};
pub(crate) use number::{SECONDS, WHOLE};
pub(crate) use timeline::{TimelineArgs, TimelineOutput};

/// Which pod uses up the SNAT ports of a Kubernetes node, from the text dumps that were taken on it.
#[derive(Debug, Parser)]
#[command(name = "snat-analyze", version, arg_required_else_help = true)]
#[command(override_usage = USAGE)]
#[command(subcommand_negates_reqs = true, subcommand_precedence_over_arg = true)]
#[command(after_help = AFTER, after_long_help = include_str!("../help/main.txt"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// The whole definition: `report` is the command without its word, too.
pub(crate) fn command() -> clap::Command {
    ReportArgs::augment_args(Cli::command())
}

/// The two ways to call it; what stands before a command would belong to nobody.
const USAGE: &str = "snat-analyze [OPTIONS] <BUNDLE>...\n       snat-analyze <COMMAND> [OPTIONS] ...";

const AFTER: &str = "\
Examples:
  snat-analyze bundle.tar.gz                 the ranked report
  snat-analyze -o json bundle/ > report.json the same, whole, for programs
  zcat log.gz | snat-analyze -               from standard input
  snat-analyze --no-snat 20.60.0.0/16 b.tgz  that range is reached through a service endpoint

Exit codes: 0 it ran, 1 internal error, 2 usage, unreadable input, or nothing recognised; with --fail-on 3 such a
finding, 4 cannot tell. More: --help";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ranked report: who makes the outbound connections, and what that rests on (the default command)
    #[command(after_long_help = include_str!("../help/report.txt"))]
    Report(ReportArgs),
    /// One dump to rows, as JSON, one a line: what this program understood of it
    #[command(after_long_help = include_str!("../help/parse.txt"))]
    Parse(ParseArgs),
    /// The bundle doctor: what is in a bundle, what was cut, what is missing for which step, and how to capture it
    #[command(after_long_help = include_str!("../help/inspect.txt"))]
    Inspect(InspectArgs),
    /// The graph from namespaces and addresses over processes, sandboxes and containers to pods, with what each step rests
    /// on
    #[command(after_long_help = include_str!("../help/graph.txt"))]
    Graph(GraphArgs),
    /// Ports held over time, by destination and owner, against those that there are
    #[command(after_long_help = include_str!("../help/timeline.txt"))]
    Timeline(TimelineArgs),
    /// What is read: formats, their tools, commands and columns
    #[command(after_long_help = include_str!("../help/formats.txt"))]
    Formats(FormatsArgs),
    /// The page of a finding: what it means, how it is computed, what speaks against it, what to do; without a name all of
    /// them
    #[command(after_long_help = include_str!("../help/explain.txt"))]
    Explain(ExplainArgs),
    /// The built-in rules of NATs; with a name its TOML file, to start one of your own from
    #[command(after_long_help = include_str!("../help/profiles.txt"))]
    Profiles(ProfilesArgs),
    /// JSON Schema of `report -o json`, or of what another command writes
    #[command(after_long_help = include_str!("../help/schema.txt"))]
    Schema(SchemaArgs),
    /// Completions of a shell, on standard output
    #[command(after_long_help = include_str!("../help/completions.txt"))]
    Completions(CompletionsArgs),
    /// The manual page, or that of a command, on standard output
    #[command(after_long_help = include_str!("../help/man.txt"))]
    Man(ManArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Archives (tar, zip; packed with gzip, xz, zstd, bzip2; one in another), folders, single files, or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How the report is written, and where: without a path on standard output (repeatable) [default: table]
    #[arg(short, long, value_name = "FORMAT[=PATH]", value_parser = Formats::<Output>::default())]
    pub(crate) output: Vec<Asked<Output>>,

    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Only this node; the beginning or the end of its name is enough where it is one node's
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Only owners of this Kubernetes namespace; ranks and shares stay those of the node
    #[arg(short, long, value_name = "NS", env = "SNAT_ANALYZE_NAMESPACE", hide_env_values = true)]
    pub(crate) namespace: Option<String>,

    /// What the rows are sorted by; ranks stay [default: rank, by ports and hanging connects to what decides]
    #[arg(long, value_name = "COLUMN", value_enum, env = "SNAT_ANALYZE_SORT_BY", hide_env_values = true)]
    pub(crate) sort_by: Option<SortBy>,

    /// Cut the ranking to N owners, in every format; 0 = all [default: what fits the screen in a table, else all]
    #[arg(long, value_name = "N", env = "SNAT_ANALYZE_TOP", hide_env_values = true)]
    #[arg(value_parser = number::whole::<usize>, allow_negative_numbers = true)]
    pub(crate) top: Option<usize>,

    /// Which connections take a port; `config.rs` reads them in the order in which they were typed
    #[command(flatten)]
    pub(crate) _rules: RuleArgs,

    #[command(flatten)]
    pub(crate) nat: NatArgs,

    /// The ledger under the rules of another NAT as well, side by side: a name or a file, as for --profile (repeatable)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) what_if: Vec<String>,

    #[command(flatten)]
    pub(crate) window: WindowArgs,

    /// Exit with 3 where there is a finding so severe or worse, else with 4 where the verdict is cannot-tell
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub(crate) fail_on: Option<FailOn>,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) threads: ThreadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Output {
    /// For people: fits the screen
    Table,
    /// The table with every column and every owner, as wide as it gets
    Wide,
    /// For programs: the whole report, with a schema version
    Json,
    /// The same in one object a line, each with its `kind`
    Ndjson,
    /// The ranking, a row an owner
    Csv,
    /// For a case: short, details folded
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Ports are short or soon will be, or the answer is doubtful
    Warning,
    /// Connects fail
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SortBy {
    /// Connects to public addresses
    Connections,
    /// The same, a second
    Rate,
    /// Rows that the manual recipe would count, the column RECIPE
    #[value(alias = "recipe")]
    #[serde(alias = "recipe")]
    Article,
    /// Ports held to the fullest destination at its peak, then to any one destination
    Ports,
}

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
    /// error
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    /// Overwrite a file that exists
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ParseOutput {
    /// One JSON object a row and line
    Ndjson,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// Archives, folders, single files, or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How it is written, and where: without a path on standard output (repeatable) [default: table]
    #[arg(short, long, value_name = "FORMAT[=PATH]", value_parser = Formats::<PlainOutput>::default())]
    pub(crate) output: Vec<Asked<PlainOutput>>,

    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Only this node; the beginning or the end of its name is enough where it is one node's
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) threads: ThreadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Args, Debug)]
pub(crate) struct FormatsArgs {
    /// How the list is written, and where: without a path on standard output (repeatable) [default: table]
    #[arg(short, long, value_name = "FORMAT[=PATH]", value_parser = Formats::<PlainOutput>::default())]
    pub(crate) output: Vec<Asked<PlainOutput>>,

    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainOutput {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct ProfilesArgs {
    /// The profile whose file is printed [default: a list of all]
    #[arg(value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(snat_analyze::Profile::NAMES))]
    pub(crate) name: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The finding [default: a list of all]
    #[arg(value_name = "CODE", value_parser = codes())]
    pub(crate) code: Option<String>,
}

/// Names of the findings.
fn codes() -> clap::builder::PossibleValuesParser {
    snat_analyze::findings::RULES.iter().map(|rule| rule.code).into()
}

#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// The command whose JSON is meant
    #[arg(value_name = "COMMAND", value_enum, default_value_t = SchemaOf::Report)]
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The ranked report
    Report,
    /// The bundle doctor
    Inspect,
    /// The graph
    Graph,
    /// Ports held over time
    Timeline,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Bash
    Bash,
    /// Z shell
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The command whose page it is [default: that of the program]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
