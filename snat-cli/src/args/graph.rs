//! Options of `graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Asked, Formats, LimitArgs, RuleArgs, ThreadArgs};

#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    /// Archives, folders, single files, or - for standard input
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// How the graph is written, and where: without a path on standard output (repeatable) [default: tree]
    #[arg(short, long, value_name = "FORMAT[=PATH]", value_parser = Formats::<GraphOutput>::default())]
    pub(crate) output: Vec<Asked<GraphOutput>>,

    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Only this node; the beginning or the end of its name is enough where it is one node's
    #[arg(long, value_name = "NAME|IP")]
    pub(crate) node: Option<String>,

    /// Only the ways through this pod; without its namespace, the pods of that name in every one; the beginning of a name
    /// is enough where it is one pod's
    #[arg(long, value_name = "NS/NAME")]
    pub(crate) pod: Option<String>,

    /// Only the ways through this network namespace
    #[arg(long, value_name = "INODE")]
    pub(crate) netns: Option<u64>,

    /// Write every line that was not understood to FILE: entry:line, reason, text, with tabs between; - for standard
    /// error
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    /// Which connections take a port
    #[command(flatten)]
    pub(crate) _rules: RuleArgs,

    #[command(flatten)]
    pub(crate) threads: ThreadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphOutput {
    /// For people: from each namespace and address to its pod, with the line of each step
    Tree,
    /// For programs: vertices and edges
    Json,
    /// For Graphviz
    Dot,
    /// For Markdown pages that draw it
    Mermaid,
}
