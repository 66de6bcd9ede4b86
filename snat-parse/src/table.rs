//! What a dump parses to: typed rows for those who embed us, columns for the analysis.

use std::borrow::Cow;

use crate::diag::{Diagnostics, Tally};
use crate::format::{Format, Sheet};
use crate::lex::Addr;
use crate::line::lines;
use crate::paste::undress;

/// What the cells of a column hold. Every cell may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Signed whole numbers.
    I64,
    /// Unsigned whole numbers.
    U64,
    /// Yes or no.
    Bool,
    /// Text as the tool printed it.
    Text,
    /// An IP address.
    Addr,
    /// Several texts in one cell.
    List,
}

impl Kind {
    /// The word for it: `integer`, `boolean`, `text`, `address`, `list`.
    pub fn name(self) -> &'static str {
        match self {
            Self::I64 | Self::U64 => "integer",
            Self::Bool => "boolean",
            Self::Text => "text",
            Self::Addr => "address",
            Self::List => "list",
        }
    }
}

/// The cells of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// Signed whole numbers.
    I64(Vec<Option<i64>>),
    /// Unsigned whole numbers.
    U64(Vec<Option<u64>>),
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// Texts.
    Text(Vec<Option<String>>),
    /// IP addresses.
    Addr(Vec<Option<Addr>>),
    /// Lists of texts.
    List(Vec<Option<Vec<String>>>),
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::I64 => Self::I64(Vec::new()),
            Kind::U64 => Self::U64(Vec::new()),
            Kind::Bool => Self::Bool(Vec::new()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Addr => Self::Addr(Vec::new()),
            Kind::List => Self::List(Vec::new()),
        }
    }

    /// What the cells hold.
    pub fn kind(&self) -> Kind {
        match self {
            Self::I64(_) => Kind::I64,
            Self::U64(_) => Kind::U64,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
            Self::Addr(_) => Kind::Addr,
            Self::List(_) => Kind::List,
        }
    }
}

/// A Rust type that can stand in a column.
pub(crate) trait Cell: Sized {
    const KIND: Kind;
    /// Appends the cell; a column of another kind is left alone, which [`Table::push`] rules out.
    fn push(cell: Option<Self>, column: &mut Column);
}

macro_rules! cells {
    ($($type:ty => $kind:ident),* $(,)?) => {$(
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;
            fn push(cell: Option<Self>, column: &mut Column) {
                if let Column::$kind(cells) = column {
                    cells.push(cell);
                }
            }
        }
    )*};
}

cells! { i64 => I64, u64 => U64, bool => Bool, String => Text, Addr => Addr, Vec<String> => List }

/// Cells of columns that a format does not know, by their title.
pub(crate) type Extra = Vec<(String, String)>;

/// A typed row of one format.
pub(crate) trait Record {
    const COLUMNS: &'static [(&'static str, Kind)];
    /// Moves the cells into columns that [`Table::new`] made from [`Record::COLUMNS`].
    fn store(self, columns: &mut [Column]);
}

/// Declares the row type of a format and with it the names and kinds of its columns, in one place.
macro_rules! columns {
    ($(#[$meta:meta])* $vis:vis struct $row:ident { $( $(#[$fmeta:meta])* $field:ident : $type:ty = $name:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        $vis struct $row { $( $(#[$fmeta])* pub $field: Option<$type> ),* }
        impl $crate::table::Record for $row {
            const COLUMNS: &'static [(&'static str, $crate::table::Kind)] =
                &[$(($name, <$type as $crate::table::Cell>::KIND)),*];
            fn store(self, columns: &mut [$crate::table::Column]) {
                let mut columns = columns.iter_mut();
                $( if let Some(column) = columns.next() {
                    <$type as $crate::table::Cell>::push(self.$field, column);
                } )*
            }
        }
    };
}
pub(crate) use columns;

/// A row and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered<R> {
    /// 1-based line of the row's first line in its entry.
    pub line: u64,
    /// The cells.
    pub row: R,
}

/// Takes the rows of a format as they are read: a [`Table`] for the analysis, a list for those who embed us.
pub(crate) trait Take<R> {
    /// `text` is the line that the row starts on, `extra` the cells of columns that the format does not know.
    fn take(&mut self, line: u64, text: &str, row: R, extra: Extra);
}

impl<R: Record> Take<R> for Table {
    fn take(&mut self, line: u64, text: &str, row: R, extra: Extra) {
        self.push(line, text, row, extra);
    }
}

/// The typed rows of a text that is one dump, and what became of its lines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rows<R> {
    /// The rows in their order.
    pub rows: Vec<Numbered<R>>,
    /// The fate of every line, counted.
    pub tally: Tally,
    /// Rejected lines and null cells, explained.
    pub diagnostics: Diagnostics,
}

impl<R> Rows<R> {
    pub(crate) fn read(
        format: &'static dyn Format,
        text: &[u8],
        read: impl FnOnce(&mut Sheet<'_>, &mut dyn Take<R>),
    ) -> Self {
        let mut lines = lines(text);
        undress(&mut lines, &[format]);
        let mut sheet = Sheet::new(&lines);
        let mut list = List(Vec::new());
        read(&mut sheet, &mut list);
        let (fates, diagnostics) = sheet.finish();
        Self { rows: list.0, tally: Tally::of(&fates), diagnostics }
    }
}

struct List<R>(Vec<Numbered<R>>);

impl<R> Take<R> for List<R> {
    fn take(&mut self, line: u64, _: &str, row: R, _: Extra) {
        self.0.push(Numbered { line, row });
    }
}

/// The rows of one section as columns of equal length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    schema: &'static [(&'static str, Kind)],
    columns: Vec<Column>,
    lines: Vec<u64>,
    texts: Vec<String>,
    extra: Vec<Extra>,
}

impl Table {
    pub(crate) fn new<R: Record>() -> Self {
        let columns = R::COLUMNS.iter().map(|(_, kind)| Column::new(*kind)).collect();
        Self { schema: R::COLUMNS, columns, lines: Vec::new(), texts: Vec::new(), extra: Vec::new() }
    }

    /// Appends a row; `text` is the line that it starts on, `extra` the cells of columns that the format does not know.
    pub(crate) fn push<R: Record>(&mut self, line: u64, text: &str, row: R, extra: Extra) {
        debug_assert!(std::ptr::eq(R::COLUMNS, self.schema), "a row of another format");
        row.store(&mut self.columns);
        self.lines.push(line);
        self.texts.push(place_text(text).into_owned());
        self.extra.push(extra);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Names and kinds of the columns, in their order.
    pub fn schema(&self) -> &'static [(&'static str, Kind)] {
        self.schema
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.schema.iter().position(|(own, _)| *own == name).and_then(|at| self.columns.get(at))
    }

    /// The columns with their names.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, &Column)> {
        self.schema.iter().map(|(name, _)| *name).zip(&self.columns)
    }

    /// For each row the 1-based line of the entry that it starts on.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// For each row the cleaned text of that line, at most [`PLACE_CHARS`] characters.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// For each row the cells of columns that the format does not know, by their title.
    pub fn extra(&self) -> &[Vec<(String, String)>] {
        &self.extra
    }
}

/// How many characters of a line are quoted as evidence.
pub const PLACE_CHARS: usize = 200;

/// A line as evidence quotes it: control characters as blanks, cut after [`PLACE_CHARS`] characters, with `…` for
/// the rest.
pub fn place_text(line: &str) -> Cow<'_, str> {
    let line = line.trim_end();
    // Most lines are plain and short.
    if line.len() < PLACE_CHARS && line.bytes().fold(true, |plain, b| plain & (b' '..=b'~').contains(&b)) {
        return Cow::Borrowed(line);
    }
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    match line.char_indices().nth(PLACE_CHARS) {
        None => line.chars().map(printable).collect::<String>().into(),
        Some(_) => {
            let kept = line.chars().take(PLACE_CHARS - 1).map(printable);
            kept.chain(std::iter::once('…')).collect::<String>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    columns! {
        pub(super) struct Row { pid: u64 = "pid", name: String = "name" }
    }

    #[test]
    fn rows_become_columns_of_one_length() {
        let mut table = Table::new::<Row>();
        table.push(3, "7 a\x1b", Row { pid: Some(7), name: Some("a".into()) }, vec![]);
        table.push(4, "-", Row::default(), vec![("NEW".into(), "x".into())]);
        assert_eq!(table.column("pid"), Some(&Column::U64(vec![Some(7), None])));
        assert_eq!(table.column("name"), Some(&Column::Text(vec![Some("a".into()), None])));
        assert_eq!((table.len(), table.lines(), table.texts()[0].as_str()), (2, &[3, 4][..], "7 a "));
        assert_eq!(table.column("none"), None);
    }

    #[test]
    fn evidence_is_cut_at_the_limit_and_says_so() {
        let long = "é".repeat(PLACE_CHARS + 1);
        let text = place_text(&long);
        assert_eq!(text.chars().count(), PLACE_CHARS);
        assert!(text.ends_with('…'));
        assert_eq!(place_text(&"x".repeat(PLACE_CHARS)).len(), PLACE_CHARS);
    }
}
