//! The one error of this crate. Dirty captures are no errors: they are counted in the report.

use std::fmt;
use std::io;

/// Why there is no report.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A bundle cannot be opened or is no bundle.
    Unreadable {
        /// The bundle as it was given.
        bundle: String,
        /// What went wrong.
        source: io::Error,
    },
    /// Everything was read, and nothing in it is a dump that we know.
    NothingRecognised {
        /// Entries that were read.
        entries: usize,
        /// What was noticed on the way, one line each.
        notices: Vec<String>,
    },
    /// `--node` names none of the captured nodes.
    NoSuchNode {
        /// What was asked for.
        asked: String,
        /// The nodes that are there.
        nodes: Vec<String>,
    },
    /// A graph is to be cut down to what is not in it.
    NotInGraph {
        /// What was asked for, with its kind: `pod nginx`.
        asked: String,
        /// What is there, nearest first; not all of it where it is much.
        there: Vec<String>,
    },
    /// A graph is to be cut down to one of several.
    SeveralInGraph {
        /// What they have in common: `pods begin like default/api`.
        asked: String,
        /// All of them.
        there: Vec<String>,
    },
    /// A join failed inside polars.
    Join(String),
    /// Whoever watched the reading asked to stop.
    Cancelled,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { bundle, source } => write!(f, "cannot read {bundle}: {source}"),
            Self::NothingRecognised { entries, notices } => {
                // What kept everything from being read is why nothing was recognised.
                if *entries == 0 && !notices.is_empty() {
                    return write!(f, "nothing could be read: {}", notices.join("\n  "));
                }
                let plural = if *entries == 1 { "entry" } else { "entries" };
                write!(
                    f,
                    "nothing recognised in {entries} {plural}: expected text output of tcptracer, lsns, pstree, crictl, kubectl or netstat"
                )?;
                for notice in notices {
                    write!(f, "\n  {notice}")?;
                }
                Ok(())
            }
            Self::NoSuchNode { asked, nodes } if nodes.is_empty() => {
                write!(f, "no node {asked:?} here: the bundle names no node")
            }
            Self::NoSuchNode { asked, nodes } => write!(f, "no node {asked:?} here: there is {}", nodes.join(", ")),
            Self::NotInGraph { asked, there } if there.is_empty() => write!(f, "no {asked} here"),
            Self::NotInGraph { asked, there } => write!(f, "no {asked} here; nearest: {}", there.join(", ")),
            Self::SeveralInGraph { asked, there } => {
                write!(f, "{} {asked}: name one of {}", there.len(), there.join(", "))
            }
            Self::Join(message) => write!(f, "join failed: {message}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}
