//! What an author of a format reads: the trait, the marks of detection, and the sheet that keeps the fates.

use crate::diag::{Diagnostic, Diagnostics, Fate, Reject, Skip, Tally};
use crate::line::{Line, lines};
use crate::noise;
use crate::paste::undress;
use crate::table::{Kind, Table};

/// What is printed about a format.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Meta {
    /// The name that reports, options and fixtures use.
    pub name: &'static str,
    /// The tool and the package that it comes from.
    pub tool: &'static str,
    /// The command that makes a good dump.
    pub command: &'static str,
    /// Names and kinds of the columns.
    pub columns: &'static [(&'static str, Kind)],
}

/// What a format says of one line. Detection asks all formats; an entry is cut where their answers change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Yes: a title, banner or root that starts a dump of this format and of no other.
    Header,
    /// Yes: a row whose shape this format alone prints.
    Row,
    /// Unsure: fits inside a dump of this format that goes on, and proves nothing by itself.
    Inside,
    /// No.
    No,
}

/// A text format of one tool.
pub trait Format: Send + Sync {
    /// Name, tool, command, columns.
    fn meta(&self) -> Meta;

    /// What the line at `at` says about this format; the lines around it may be looked at.
    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark;

    /// Whether a line that [`Format::mark`] does not know is a row under that header: other columns, another order.
    fn fits(&self, _header: &Line<'_>, _line: &Line<'_>) -> bool {
        false
    }

    /// Whether the line starts another dump, although a section of this format goes on: dumps of several pods in one
    /// file must not become one.
    fn restarts(&self, _line: &Line<'_>) -> bool {
        false
    }

    /// Reads the lines of one section. Never fails: what cannot be read is rejected on the sheet.
    fn parse(&self, sheet: &mut Sheet<'_>) -> Table;
}

/// What a section parsed to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parsed {
    /// The rows.
    pub table: Table,
    /// The fate of every line, in their order.
    pub fates: Vec<Fate>,
    /// The fate of every line, counted.
    pub tally: Tally,
    /// Rejected lines and null cells, explained.
    pub diagnostics: Diagnostics,
}

/// The lines of a section and the fate of each. A line without a fate at the end was not read: it is rejected.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// The lines.
    pub lines: &'a [Line<'a>],
    fates: Vec<Option<Fate>>,
    diagnostics: Diagnostics,
}

impl<'a> Sheet<'a> {
    /// A sheet on which no line has a fate yet.
    pub fn new(lines: &'a [Line<'a>]) -> Self {
        Self { lines, fates: vec![None; lines.len()], diagnostics: Diagnostics::default() }
    }

    fn set(&mut self, at: usize, fate: Fate) {
        if let Some(slot) = self.fates.get_mut(at) {
            debug_assert!(slot.is_none(), "line {at} has two fates");
            *slot = Some(fate);
        }
    }

    /// The line starts a row.
    pub fn data(&mut self, at: usize) {
        self.set(at, Fate::Data);
    }

    /// The line goes on with a row.
    pub fn continuation(&mut self, at: usize) {
        self.set(at, Fate::Continuation);
    }

    /// The line holds no data.
    pub fn skip(&mut self, at: usize, reason: Skip) {
        self.set(at, Fate::Skipped(reason));
    }

    /// The line could not be read; `message` says what was found and what was expected.
    pub fn reject(&mut self, at: usize, reason: Reject, message: impl Into<String>) {
        self.set(at, Fate::Rejected(reason));
        self.note(at, reason.name(), message);
    }

    /// Something about the line that does not change its fate.
    pub fn note(&mut self, at: usize, code: &'static str, message: impl Into<String>) {
        if let Some(line) = self.lines.get(at) {
            self.diagnostics.push(Diagnostic::new(line.number, code, message));
        }
    }

    /// Gives a line that no grammar of the format takes its fate: named noise is skipped, the cut last line and
    /// everything else is rejected.
    pub fn not_a_row(&mut self, at: usize, reason: Reject, message: impl Into<String>) {
        let Some(line) = self.lines.get(at) else { return };
        match noise::name(line.body()) {
            _ if line.overlong => self.reject(at, Reject::LineTooLong, "longer than any line that this tool prints"),
            Some(skip) => self.skip(at, skip),
            None if !line.ended => self.reject(at, Reject::CutLine, "the entry ends within this line"),
            None => self.reject(at, reason, message),
        }
    }

    /// The fate of every line, and diagnostics in the order of their lines.
    pub fn finish(mut self) -> (Vec<Fate>, Diagnostics) {
        for at in 0..self.fates.len() {
            if self.fates[at].is_none() {
                self.not_a_row(at, Reject::NotARow, "not read by any grammar of this format");
            }
        }
        self.diagnostics.sort();
        (self.fates.into_iter().flatten().collect(), self.diagnostics)
    }
}

/// Reads a text as one section of `format`, whatever it looks like.
pub fn parse_text(format: &'static dyn Format, text: &[u8]) -> Parsed {
    let mut lines = lines(text);
    undress(&mut lines, &[format]);
    parse_section(format, &lines)
}

/// Reads `lines` as one section of `format`.
pub fn parse_section(format: &dyn Format, lines: &[Line<'_>]) -> Parsed {
    let mut sheet = Sheet::new(lines);
    let table = format.parse(&mut sheet);
    let (fates, diagnostics) = sheet.finish();
    debug_assert_eq!(fates.len(), lines.len());
    Parsed { table, tally: Tally::of(&fates), fates, diagnostics }
}
