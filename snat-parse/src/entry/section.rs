//! What the reader makes of a run of lines: rows, tally, diagnostics, and where it was cut.

use crate::diag::{Diagnostics, Fate, Reject, Skip, Tally};
use crate::foreign::looks_like;
use crate::format::{Format, parse_section};
use crate::line::Line;
use crate::table::Table;

/// Where a section was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cut {
    /// No header or banner: the dump may have lost its beginning.
    NoHeader,
    /// The last line of the entry does not end.
    LastLine,
    /// Lines were left unread, because they are too many.
    NotLookedAt,
    /// The entry is as large as what some tools give back at most: its beginning is lost.
    SizeAtCap,
}

impl Cut {
    /// The name that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoHeader => "no-header",
            Self::LastLine => "last-line",
            Self::NotLookedAt => "not-looked-at",
            Self::SizeAtCap => "size-at-cap",
        }
    }
}

/// A run of lines of an entry that one format claims, or nobody.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Section {
    /// Format name; `None` is unknown.
    pub format: Option<&'static str>,
    /// 1-based number of its first line in the entry.
    pub first_line: u64,
    /// The tool that an unknown section looks like it is from, by its first lines: one that is not read.
    pub looks_like: Option<&'static str>,
    /// How many lines it has.
    pub lines: u64,
    /// Their bytes, with line ends.
    pub bytes: u64,
    /// Rows; not the same as lines.
    pub rows: u64,
    /// The fate of every line, counted.
    pub tally: Tally,
    /// Rejected lines and null cells, explained.
    pub diagnostics: Diagnostics,
    /// The rows; `None` for tcptracer, whose events went to the sink, and for unknown sections.
    pub table: Option<Table>,
    /// Where it was cut off.
    pub cut: Vec<Cut>,
}

impl Section {
    /// Leaves the section aside, whatever its lines were.
    pub(super) fn skip_all(&mut self, reason: Skip) {
        let unread = self.tally.rejected.get(&Reject::NotLookedAt).copied().unwrap_or(0);
        self.tally = Tally::default();
        self.tally.add(Fate::Skipped(reason), self.lines - unread);
        self.tally.add(Fate::Rejected(Reject::NotLookedAt), unread);
        self.rows = 0;
        self.table = None;
        self.diagnostics = Diagnostics::default();
    }
}

/// A section that no format claims.
pub(super) fn unknown(first_line: u64, lines: u64, bytes: u64, cut: Vec<Cut>) -> Section {
    let mut tally = Tally::default();
    tally.add(Fate::Skipped(Skip::UnknownFormat), lines);
    let diagnostics = Diagnostics::default();
    Section { format: None, first_line, looks_like: None, lines, bytes, rows: 0, tally, diagnostics, table: None, cut }
}

/// A section held in memory, and the fates of its lines; none where no format reads it.
pub(super) fn section(format: Option<&'static dyn Format>, lines: &[Line<'_>]) -> (Section, Vec<Fate>) {
    let first_line = lines.first().map_or(1, |line| line.number);
    let bytes = lines.iter().map(|line| line.bytes).sum();
    let count = lines.len() as u64;
    let Some(format) = format else {
        let unknown = unknown(first_line, count, bytes, Vec::new());
        return (Section { looks_like: looks_like(lines), ..unknown }, Vec::new());
    };
    let parsed = parse_section(format, lines);
    let mut cut = Vec::new();
    let titled = parsed.tally.skipped.contains_key(&Skip::Header) || format.meta().name == "pstree";
    if !titled {
        cut.push(Cut::NoHeader);
    }
    if lines.last().is_some_and(|line| !line.ended) {
        cut.push(Cut::LastLine);
    }
    let section = Section {
        format: Some(format.meta().name),
        first_line,
        looks_like: None,
        lines: count,
        bytes,
        rows: parsed.table.len() as u64,
        tally: parsed.tally,
        diagnostics: parsed.diagnostics,
        table: Some(parsed.table),
        cut,
    };
    (section, parsed.fates)
}
