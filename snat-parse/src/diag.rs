//! What became of every line: fates, tallies, named reasons, diagnostics.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! reasons {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$vmeta])* $variant ),* }
        impl $name {
            /// Every reason there is, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// The name that reports print.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }
    };
}

reasons! {
    /// Why a line holds no data, without anything being wrong with it.
    pub enum Skip {
        /// Nothing but blanks.
        Blank = "blank",
        /// The line that a tool prints before its table.
        Banner = "banner",
        /// Column titles.
        Header = "header",
        /// A shell prompt, with or without the command typed at it.
        Prompt = "prompt",
        /// The tracer says that it lost samples; they are counted.
        LostSamples = "lost-samples",
        /// `^C` as the terminal echoed it.
        Interrupt = "interrupt",
        /// A traceback of the tool itself.
        Traceback = "traceback",
        /// A warning, an error or a log line of the tool, its shell or its libraries.
        Message = "message",
        /// `...` where somebody left lines out.
        Elided = "elided",
        /// A Markdown fence.
        Fence = "fence",
        /// A socket of another kind in a netstat dump: a UNIX domain socket, Bluetooth.
        OtherSocket = "other-socket",
        /// A line of another format, where one format was asked for.
        OtherFormat = "other-format",
        /// A line of a section that no format claims.
        UnknownFormat = "unknown-format",
    }
}

reasons! {
    /// Why a line that stands among data could not be read.
    pub enum Reject {
        /// The last line of the entry ends in the middle.
        CutLine = "cut-line",
        /// Fits the row shape of the format nowhere.
        NotARow = "not-a-row",
        /// A warning was written into the middle of a record, and the halves do not fit together again.
        BrokenRecord = "broken-record",
        /// A required cell is missing or does not hold what its column holds.
        BadCell = "bad-cell",
        /// More cells than the header has columns.
        ExtraCells = "extra-cells",
        /// A number does not fit its type.
        NumberTooLarge = "number-too-large",
        /// A PID that the output width cut: its digits are a prefix of the real ones.
        CutPid = "cut-pid",
        /// Longer than any line that the tools print.
        LineTooLong = "line-too-long",
        /// Beyond what is kept for a second look at an entry that is mostly something else.
        NotLookedAt = "not-looked-at",
    }
}

/// The one fate of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The first line of at least one row.
    Data,
    /// A further line of a row.
    Continuation,
    /// No data in it, and nothing wrong.
    Skipped(Skip),
    /// Could not be read.
    Rejected(Reject),
}

/// Lines counted by their fate. The four fates sum to the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that start a row.
    pub data: u64,
    /// Lines that go on with a row.
    pub continuation: u64,
    /// Skipped lines by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// Rejected lines by reason.
    pub rejected: BTreeMap<Reject, u64>,
}

impl Tally {
    /// The fates of lines, counted.
    pub fn of(fates: &[Fate]) -> Self {
        let mut tally = Self::default();
        for fate in fates {
            tally.add(*fate, 1);
        }
        tally
    }

    /// Counts `lines` lines of one fate.
    pub fn add(&mut self, fate: Fate, lines: u64) {
        match fate {
            _ if lines == 0 => {}
            Fate::Data => self.data += lines,
            Fate::Continuation => self.continuation += lines,
            Fate::Skipped(reason) => *self.skipped.entry(reason).or_default() += lines,
            Fate::Rejected(reason) => *self.rejected.entry(reason).or_default() += lines,
        }
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Tally) {
        self.data += other.data;
        self.continuation += other.continuation;
        for (reason, lines) in &other.skipped {
            self.add(Fate::Skipped(*reason), *lines);
        }
        for (reason, lines) in &other.rejected {
            self.add(Fate::Rejected(*reason), *lines);
        }
    }

    /// All skipped lines.
    pub fn skipped_lines(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// All rejected lines.
    pub fn rejected_lines(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// All lines: the sum of the four fates.
    pub fn lines(&self) -> u64 {
        self.data + self.continuation + self.skipped_lines() + self.rejected_lines()
    }
}

/// Something about one line that a reader should know: why it was rejected, or which of its cells is null and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// 1-based line of the entry.
    pub line: u64,
    /// A reason name: one of [`Reject`]'s, or that of a cell (`masked-number`, `masked-address`).
    pub code: &'static str,
    /// What was found and what was expected, as a lower-case fragment.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic for a line; `message` says what was found and what was expected.
    pub fn new(line: u64, code: &'static str, message: impl Into<String>) -> Self {
        Self { line, code, message: message.into() }
    }
}

/// Diagnostics, bounded: the first [`Diagnostics::KEPT`] are kept whole, the others are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    more: u64,
}

impl Diagnostics {
    /// How many diagnostics of one section are kept whole.
    pub const KEPT: usize = 1000;

    /// Adds a diagnostic, or counts it when there are enough.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.kept.len() < Self::KEPT {
            self.kept.push(diagnostic);
        } else {
            self.more += 1;
        }
    }

    /// Adds the same for each of `lines` lines from `first` on.
    pub(crate) fn push_each(&mut self, first: u64, lines: u64, code: &'static str, message: &str) {
        let room = lines.min(Self::KEPT.saturating_sub(self.kept.len()) as u64);
        self.kept.extend((first..first + room).map(|line| Diagnostic::new(line, code, message)));
        self.more += lines - room;
    }

    /// The diagnostics that were kept, in the order of their lines.
    pub fn kept(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// How many there were beyond those.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Takes over those of another run of lines.
    pub fn append(&mut self, other: Diagnostics) {
        self.more += other.more;
        for diagnostic in other.kept {
            self.push(diagnostic);
        }
    }

    /// Puts the kept ones into the order of their lines.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|d| d.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_names_are_unique() {
        let mut names: Vec<_> =
            Skip::ALL.iter().map(|r| r.name()).chain(Reject::ALL.iter().map(|r| r.name())).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_four_fates_sum_to_the_lines() {
        let mut tally = Tally::default();
        tally.add(Fate::Data, 3);
        tally.add(Fate::Continuation, 1);
        tally.add(Fate::Skipped(Skip::Blank), 2);
        tally.add(Fate::Rejected(Reject::NotARow), 1);
        tally.add(Fate::Rejected(Reject::CutLine), 0);
        assert_eq!((tally.lines(), tally.rejected.len()), (7, 1));
    }
}
