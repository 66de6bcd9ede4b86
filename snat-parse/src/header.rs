//! Tables with padded cells: where the titles stand, and rows cut by them or by their shape.
//!
//! A header may lie: a paste loses its leading blanks, `watch` prints the next one with other widths, `grep` takes it
//! away. So a row is cut by the offsets of the header only where every cell starts (or, right-aligned, ends) exactly
//! at its title and holds what its column holds; else the row's own shape decides; a row that fits neither is a reject.

use crate::diag::{Reject, Skip};
use crate::format::{Mark, Sheet};
use crate::lex::{Addr, is_cut_addr, text_addr};
use crate::line::Line;
use crate::table::{Extra, Record, Table, Take};

/// One title of a header line, in characters of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) name: String,
    start: usize,
    end: usize,
    right: bool,
}

/// A header line: which columns there are, in which order, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) titles: Vec<Title>,
    /// Whether one tab stands between any two titles: rows are cut at their tabs then.
    tabbed: bool,
}

/// What stands for columns that somebody left out of a table.
const ELLIPSES: [&str; 3] = ["...", "…", "[...]"];

/// The line without an ellipsis at its end, where it has one.
fn left_out(line: &str) -> Option<&str> {
    let before = ELLIPSES.iter().find_map(|dots| line.strip_suffix(dots))?;
    let shorter = before.trim_end();
    (shorter.len() < before.len() && !shorter.is_empty()).then_some(shorter)
}

/// A longer line is no header: the widest that the tools print has a path as wide as a screen in it.
const HEADER_BYTES: usize = 4096;
/// More titles than this are not glued together.
const GLUED_BYTES: usize = 96;

/// A cell and the title of its column.
pub(crate) type CellText<'t, 'l> = (&'t str, &'l str);

impl Layout {
    /// Reads a line as titles. `known` are titles with blanks in them (`POD ID`), `right` the right-aligned ones.
    /// `None` where a word is not in capitals.
    /// Titles that are glued together are told apart where `all` holds both.
    pub(crate) fn read(line: &str, known: &[&str], right: &[&str], all: &[&str]) -> Option<Self> {
        if line.len() > HEADER_BYTES {
            return None;
        }
        let mut titles = Vec::new();
        let mut at = 0;
        let mut rest = line;
        loop {
            let trimmed = rest.trim_start();
            at += rest[..rest.len() - trimmed.len()].chars().count();
            if trimmed.is_empty() {
                break;
            }
            let whole = |name: &&&str| {
                trimmed
                    .strip_prefix(**name)
                    .is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
            };
            let name = match known.iter().find(whole) {
                Some(name) => name,
                None => trimmed.split_whitespace().next()?,
            };
            let letter =
                |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '-' | '_' | '/' | '%');
            let is_title = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(letter);
            if !is_title && !ELLIPSES.contains(&name) {
                return None;
            }
            // The screen's edge cut the last title; what is left tells it.
            if trimmed.len() == name.len() && !all.contains(&name) && name.len() > 1 {
                let whole: Vec<_> = all.iter().filter(|title| title.starts_with(name)).collect();
                if let [title] = whole[..] {
                    titles.push(Title { name: (*title).to_owned(), start: at, end: at + name.len(), right: false });
                    break;
                }
            }
            for name in unglued(name, all) {
                let end = at + name.chars().count();
                titles.push(Title { name: name.to_owned(), start: at, end, right: right.contains(&name) });
                at = end;
            }
            rest = &trimmed[name.len()..];
        }
        let tabbed = line.contains('\t') && line.trim().split('\t').count() == titles.len();
        if titles.is_empty() { None } else { Some(Self { titles, tabbed }) }
    }

    /// Whether the titles, in this order, stand at the start of the header.
    pub(crate) fn starts_with(&self, names: &[&str]) -> bool {
        self.titles.len() >= names.len() && self.titles.iter().zip(names).all(|(title, name)| title.name == *name)
    }

    /// Whether the known titles stand in the order in which the tool prints them: only then a row can be cut by shape.
    pub(crate) fn is_in_order(&self, titles: &[&str]) -> bool {
        let mut rest = titles.iter();
        let mut known = self.titles.iter().filter(|title| titles.contains(&title.name.as_str()));
        known.all(|title| rest.any(|name| *name == title.name))
    }

    /// Whether there are all of these columns, in whatever order.
    pub(crate) fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// Whether there is such a column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.titles.iter().any(|title| title.name == name)
    }

    /// Cuts a row at the titles. `None` where a cell does not start or end at its title, so that the header cannot be
    /// trusted for this row.
    pub(crate) fn cut<'l>(&self, line: &'l str) -> Option<Vec<CellText<'_, 'l>>> {
        let offsets: Vec<usize> = line.char_indices().map(|(at, _)| at).chain(std::iter::once(line.len())).collect();
        let length = offsets.len() - 1;
        let slice = |from: usize, to: usize| &line[offsets[from.min(length)]..offsets[to.min(length)]];
        let mut cells = Vec::with_capacity(self.titles.len());
        let mut from = 0;
        for (at, title) in self.titles.iter().enumerate() {
            let next = self.titles.get(at + 1);
            // A right-aligned cell ends under its title; a left-aligned one reaches to the next title's start, or, if
            // that one is right-aligned, through its own run of characters.
            let to = match next {
                // A row that ends before its last title has an empty cell there.
                None => length.max(title.start),
                Some(_) if title.right => title.end,
                Some(next) if !next.right => next.start,
                // The right-aligned neighbour is the last run of characters before its end; what is before is this cell.
                Some(next) => {
                    let both = slice(title.start, next.end);
                    let run = both.chars().rev().take_while(|c| !c.is_whitespace()).count();
                    let full = length >= next.end && run > 0;
                    if full { next.end.saturating_sub(run) } else { next.end.min(length) }
                }
            };
            let start = if title.right { from } else { title.start };
            if start < from || to < start {
                return None;
            }
            let between = slice(from, start);
            let cell = slice(start, to);
            let aligned = if title.right {
                cell.trim().is_empty() || (!cell.ends_with(char::is_whitespace) && cell.chars().count() == to - start)
            } else {
                cell.trim().is_empty() || !cell.starts_with(char::is_whitespace)
            };
            let last = next.is_none();
            let separated = last
                || to >= length
                || cell.ends_with(char::is_whitespace)
                || slice(to, to + 1).starts_with(char::is_whitespace);
            if !between.trim().is_empty() || !aligned || !separated {
                return None;
            }
            cells.push((title.name.as_str(), cell.trim()));
            from = to;
        }
        Some(cells)
    }

    /// Cuts a row at its tabs, where there are as many cells as titles, or fewer at the row's end.
    fn tabs<'l>(&self, line: &'l str) -> Option<Vec<CellText<'_, 'l>>> {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let fits = cells.len() == self.titles.len() || (self.tabbed && cells.len() < self.titles.len());
        let cells = cells.into_iter().chain(std::iter::repeat(""));
        (line.contains('\t') && fits).then(|| self.titles.iter().map(|title| title.name.as_str()).zip(cells).collect())
    }

    /// Cuts a row that has as many cells as there are titles: cells two blanks or a tab apart, else single words.
    fn count<'l>(&self, line: &'l str) -> Option<Vec<CellText<'_, 'l>>> {
        let whole = |cells: Vec<&'l str>| {
            (cells.len() == self.titles.len())
                .then(|| self.titles.iter().map(|title| title.name.as_str()).zip(cells).collect())
        };
        let apart = line.split("  ").flat_map(|part| part.split('\t')).map(str::trim).filter(|cell| !cell.is_empty());
        whole(apart.collect()).or_else(|| whole(line.split_whitespace().collect()))
    }
}

/// `RESTARTSAGE` as `RESTARTS` and `AGE`; a word that is no chain of known titles stays whole.
fn unglued<'w>(word: &'w str, all: &[&str]) -> Vec<&'w str> {
    if all.contains(&word) || word.len() > GLUED_BYTES {
        return vec![word];
    }
    for title in all {
        if let Some(rest) = word.strip_prefix(title) {
            let rest = unglued(rest, all);
            if rest.iter().all(|part| all.contains(part)) {
                return std::iter::once(&word[..title.len()]).chain(rest).collect();
            }
        }
    }
    vec![word]
}

/// Why a cell could not be read: the reason and what was found.
pub(crate) type CellError = (Reject, String);

/// A format that prints one row a line under one header, with padded cells.
pub(crate) trait Padded {
    type Row: Record;
    /// Titles with blanks in them.
    const SPACED: &'static [&'static str] = &[];
    /// Right-aligned titles.
    const RIGHT: &'static [&'static str] = &[];
    /// All titles of this format, by which glued ones are told apart.
    const TITLES: &'static [&'static str];
    /// Whether `shape` follows the header's order; else it knows that of `TITLES` only.
    const ANY_ORDER: bool = false;

    /// Whether the titles are those of this format.
    fn is_header(layout: &Layout) -> bool;

    /// Cuts a row by its shape, with or without a header; the nom grammar of the format's rows.
    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>>;

    /// Whether a line, without knowing the header, is a row of this format and of no other.
    fn is_row(line: &str) -> bool {
        Self::shape(line, None).is_some_and(|cells| Self::row(&cells, &mut Vec::new()).is_ok())
    }

    /// The typed row; `notes` takes cells that are null for a reason. An error rejects the row.
    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Self::Row, CellError>;

    /// Titles whose cells are the columns of the format; others go to `extra`.
    fn knows(title: &str) -> bool;

    fn header(line: &str) -> Option<Layout> {
        Layout::read(line, Self::SPACED, Self::RIGHT, Self::TITLES).filter(Self::is_header)
    }

    fn mark(lines: &[Line<'_>], at: usize) -> Mark {
        let Some(line) = lines.get(at) else { return Mark::No };
        let text = line.body().trim_end();
        let text = left_out(text).filter(|_| !Self::is_row(text)).unwrap_or(text);
        if Self::header(text).is_some() {
            Mark::Header
        } else if Self::is_row(text) {
            Mark::Row
        } else if Self::shape(text, None).is_some() {
            // Shaped like a row, with a cell that cannot be read: a reject, if rows stand above it.
            Mark::Inside
        } else {
            Mark::No
        }
    }

    fn fits(header: &Line<'_>, line: &Line<'_>) -> bool {
        let text = line.body().trim_end();
        let Some(layout) = Self::header(header.body().trim_end()) else { return false };
        let reads = |text: &str| Self::read_row(text, true, Some(&layout), &mut Vec::new()).is_ok();
        reads(text) || left_out(text).is_some_and(reads)
    }

    /// Whether a cell, cut by the offsets of the header, can stand in that column at all.
    fn plausible(_title: &str, _cell: &str) -> bool {
        true
    }

    /// A record of several lines at the start of these, and how many it takes: the tool's other, long form.
    fn block(_lines: &[Line<'_>]) -> Option<(Self::Row, usize)> {
        None
    }

    /// Adds a line that goes on with the row above it; false where the line is no such.
    fn extend(_row: &mut Self::Row, _line: &str) -> bool {
        false
    }

    /// Reads a section: headers set the layout, rows are cut by it or by their shape.
    fn read(sheet: &mut Sheet<'_>, out: &mut dyn Take<Self::Row>) {
        let mut layout: Option<Layout> = None;
        let mut open: Option<(u64, &str, Self::Row, Extra)> = None;
        let lines = sheet.lines;
        let mut next = 0;
        for (at, line) in lines.iter().enumerate() {
            if at < next {
                continue;
            }
            let text = line.body().trim_end();
            if let Some((row, used)) = Self::block(&lines[at..]) {
                if let Some((number, text, row, extra)) = open.take() {
                    out.take(number, text, row, extra);
                }
                sheet.data(at);
                (at + 1..at + used).for_each(|at| sheet.continuation(at));
                open = Some((line.number, &line.text, row, Vec::new()));
                next = at + used;
                continue;
            }
            if open.as_mut().is_some_and(|(_, _, row, _)| Self::extend(row, text)) {
                sheet.continuation(at);
                continue;
            }
            if let Some((number, text, row, extra)) = open.take() {
                out.take(number, text, row, extra);
            }
            if let Some(found) = Self::header(text) {
                layout = Some(found);
                sheet.skip(at, Skip::Header);
                continue;
            }
            let mut notes = Vec::new();
            let mut found = Self::read_row(text, line.ended, layout.as_ref(), &mut notes);
            // `...` at the end stands for columns that somebody left out.
            if let (Err(_), Some(shorter)) = (&found, left_out(text)) {
                found = Self::read_row(shorter, true, layout.as_ref(), &mut notes).or(found);
                notes.push(("left-out", "columns are left out behind this row's cells".to_owned()));
            }
            match found {
                Ok((row, extra)) => {
                    sheet.data(at);
                    for (code, message) in notes {
                        sheet.note(at, code, message);
                    }
                    open = Some((line.number, &line.text, row, extra));
                }
                Err((reason, message)) => sheet.not_a_row(at, reason, message),
            }
        }
        if let Some((number, text, row, extra)) = open {
            out.take(number, text, row, extra);
        }
    }

    /// The section as a table.
    fn table(sheet: &mut Sheet<'_>) -> Table {
        let mut table = Table::new::<Self::Row>();
        Self::read(sheet, &mut table);
        table
    }

    /// One row: by the header's offsets where they hold, else by shape. The error of the better attempt is kept.
    fn read_row<'r>(
        text: &'r str,
        ended: bool,
        layout: Option<&'r Layout>,
        notes: &mut Vec<(&'static str, String)>,
    ) -> Result<(Self::Row, Extra), CellError> {
        let mut error = (Reject::NotARow, format!("fits no row shape of this table: {:.60}", text.trim()));
        let by_offsets = || {
            // Tabs between cells leave no doubt, empty cells included.
            let cells = layout.and_then(|layout| layout.tabs(text).or_else(|| layout.cut(text)))?;
            cells.iter().all(|(title, cell)| cell.is_empty() || Self::plausible(title, cell)).then_some(cells)
        };
        let by_shape = || {
            let ordered = layout.is_none_or(|layout| Self::ANY_ORDER || layout.is_in_order(Self::TITLES));
            ordered.then(|| Self::shape(text, layout)).flatten()
        };
        let by_count = || layout.and_then(|layout| layout.count(text));
        // Each is tried only where the one before it fails.
        let ways: [&dyn Fn() -> Option<Vec<CellText<'r, 'r>>>; 3] = [&by_offsets, &by_shape, &by_count];
        for mut cells in ways.into_iter().filter_map(|way| way()) {
            notes.clear();
            // The last cell of an open line may go on: `kube-sys` is no namespace. It is null, unless it is free text.
            if !ended
                && let Some((title, cell)) = cells.iter_mut().rfind(|(_, cell)| !cell.is_empty())
                && *title != "COMMAND"
            {
                notes.push(("cut-cell", format!("the entry ends within {title}: {cell:.60}")));
                *cell = "";
            }
            match Self::row(&cells, notes) {
                Ok(row) => {
                    let other = |(title, cell): &CellText<'_, '_>| {
                        (!Self::knows(title) && !ELLIPSES.contains(title))
                            .then(|| (title.to_string(), cell.to_string()))
                    };
                    return Ok((row, cells.iter().filter_map(other).collect()));
                }
                Err(found) => error = found,
            }
        }
        Err(error)
    }
}

/// The cell of a title, without the marks that stand for nothing (`<none>`, `-`, blank).
pub(crate) fn cell<'l>(cells: &[CellText<'_, 'l>], title: &str) -> Option<&'l str> {
    cells
        .iter()
        .find(|(name, _)| *name == title)
        .map(|(_, cell)| *cell)
        .filter(|cell| !matches!(*cell, "" | "<none>" | "-"))
}

/// A text cell.
pub(crate) fn text_cell(cells: &[CellText<'_, '_>], title: &str) -> Option<String> {
    cell(cells, title).map(str::to_owned)
}

/// A cell that must hold a whole number, may be masked, or may be empty.
pub(crate) fn number_cell(
    cells: &[CellText<'_, '_>],
    title: &str,
    notes: &mut Vec<(&'static str, String)>,
) -> Result<Option<u64>, CellError> {
    let Some(found) = cell(cells, title) else { return Ok(None) };
    match crate::lex::int_bytes(found.as_bytes()) {
        Ok(([], value)) => Ok(Some(value)),
        _ if matches!(crate::lex::masked_number(found.as_bytes()), Ok(([], _))) => {
            notes.push(("masked-number", format!("{title} is masked: {found}")));
            Ok(None)
        }
        _ if found.bytes().all(|b| b.is_ascii_digit()) => Err((Reject::NumberTooLarge, format!("{title} is {found}"))),
        _ => Err((Reject::BadCell, format!("{title} is {found:.40}, expected a number"))),
    }
}

/// A cell that must hold an address, may be masked, or may be empty.
pub(crate) fn addr_cell(
    cells: &[CellText<'_, '_>],
    title: &str,
    notes: &mut Vec<(&'static str, String)>,
) -> Result<Option<Addr>, CellError> {
    let Some(found) = cell(cells, title) else { return Ok(None) };
    if "<none>".starts_with(found) {
        notes.push(("cut-cell", format!("{title} is cut: {found}")));
        return Ok(None);
    }
    if text_addr(found).is_none() && is_cut_addr(found) {
        notes.push(("cut-address", format!("{title} is cut: {found}")));
        return Ok(Some(Addr::Printed(found.into())));
    }
    let addr =
        text_addr(found).ok_or_else(|| (Reject::BadCell, format!("{title} is {found:.60}, expected an address")))?;
    if addr.is_cut() {
        notes.push(("masked-address", format!("{title} is masked: {addr}")));
    }
    Ok(Some(addr))
}

/// A cell that must hold what its column holds: `found` is `None` where it does not, or is empty.
pub(crate) fn required<T>(found: Option<T>, cells: &[CellText<'_, '_>], title: &str) -> Result<Option<T>, CellError> {
    match (found, cell(cells, title)) {
        (Some(found), _) => Ok(Some(found)),
        // A header without that column.
        (None, None) if !cells.iter().any(|(name, _)| *name == title) => Ok(None),
        (None, None) => Err((Reject::BadCell, format!("{title} is empty"))),
        (None, Some(text)) => Err((Reject::BadCell, format!("{title} is {text:.60}, which that column never holds"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "        NS TYPE NPROCS   PID USER    NETNSID NSFS COMMAND";
    const RIGHT: &[&str] = &["NS", "NPROCS", "PID", "NETNSID"];

    fn cut(header: &str, row: &str) -> Option<Vec<String>> {
        let layout = Layout::read(header, &["POD ID"], RIGHT, &[]).expect("a header");
        layout.cut(row).map(|cells| cells.iter().map(|(_, cell)| (*cell).to_owned()).collect())
    }

    #[test]
    fn right_aligned_cells_end_under_their_title() {
        let row = "4026532182 net      18     1 root unassigned      /lib/systemd/systemd --system";
        assert_eq!(
            cut(HEADER, row),
            Some(
                ["4026532182", "net", "18", "1", "root", "unassigned", "", "/lib/systemd/systemd --system"]
                    .map(String::from)
                    .to_vec()
            )
        );
        let blank_pid = "4026532182 net       0       root          3      ";
        assert_eq!(
            cut(HEADER, blank_pid),
            Some(["4026532182", "net", "0", "", "root", "3", "", ""].map(String::from).to_vec())
        );
    }

    #[test]
    fn a_header_that_lost_its_blanks_is_not_trusted() {
        let row = "4026532182 net      18     1 root unassigned      /lib/systemd/systemd --system";
        assert_eq!(cut(HEADER.trim_start(), row), None);
    }

    #[test]
    fn empty_left_aligned_cells_stay_empty() {
        let header = "POD ID     NAME   STATE";
        assert_eq!(cut(header, "abc               Ready"), Some(["abc", "", "Ready"].map(String::from).to_vec()));
        assert_eq!(cut(header, "abc          x    Ready"), None);
        assert_eq!(cut(header, "abcdefghijklm  x  Ready"), None);
    }

    #[test]
    fn a_sentence_is_no_header() {
        assert_eq!(Layout::read("The NAME of it", &[], &[], &[]), None);
        assert_eq!(Layout::read("   ", &[], &[], &[]), None);
    }

    #[test]
    fn glued_titles_are_two() {
        let layout = Layout::read("NAME\tREADY\tRESTARTSAGE", &[], &[], &["NAME", "READY", "RESTARTS", "AGE"])
            .expect("a header");
        assert_eq!(
            layout.titles.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(),
            ["NAME", "READY", "RESTARTS", "AGE"]
        );
    }
}
