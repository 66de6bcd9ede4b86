//! Lines to events, chunk by chunk: noise, runs, records that a warning or a line feed tore apart, the cut last line.

use crate::diag::{Fate, Reject, Skip};
use crate::format::Sheet;
use crate::formats::tcptracer::grammar::{Event, event, is_banner, is_head, is_header};
use crate::formats::tcptracer::plain::{Plain, plain};
use crate::formats::tcptracer::{Batch, Columns};
use crate::line::clean;
use crate::paste;

/// Takes events as they are read.
pub trait Sink {
    /// Called with the events of each chunk, in the order of the entry; the batch is gone afterwards.
    fn events(&mut self, batch: &Batch<'_>);

    /// Called with every line that was not understood, if [`Keep::rejects`](crate::Keep) asks for them: 1-based line,
    /// reason name, text as it stands in the entry. Not in the order of the lines.
    fn not_understood(&mut self, _line: u64, _reason: &'static str, _text: &[u8]) {}
}

/// A format whose logs are too long to hold: read chunk by chunk, with a half record carried over the edge.
pub trait LineFormat {
    /// Where rows go; the caller keeps it between chunks.
    type Columns;

    /// Reads whole lines (the very last may lack its line feed) and appends their rows; every line gets its fate.
    fn read(&mut self, text: &[u8], columns: &mut Self::Columns, fates: &mut dyn Fates);

    /// The entry has ended: a half record that is still open gets its fate.
    fn end(&mut self, columns: &mut Self::Columns, fates: &mut dyn Fates);
}

/// What a streaming format tells of its lines, in their order.
pub trait Fates {
    /// The format claims the line. `why` explains a reject, whose text is `raw`; `bytes` are those of the line with its
    /// line end.
    fn claim(&mut self, line: u64, raw: &[u8], bytes: u64, fate: Fate, why: Option<&str>);

    /// The format claims `lines` lines from `first` on, `bytes` together, each of them one row.
    fn rows(&mut self, first: u64, lines: u64, bytes: u64);

    /// The format does not claim the line: it is somebody else's, or noise, or unreadable.
    fn other(&mut self, line: u64, raw: &[u8], bytes: u64, ended: bool);

    /// `lines` lines from `first` on that are a line feed each. The format claims them as blank ones within its log, or
    /// does not claim them.
    fn empty(&mut self, first: u64, lines: u64, claimed: bool) {
        for line in first..first + lines {
            match claimed {
                true => self.claim(line, b"", 1, Fate::Skipped(Skip::Blank), None),
                false => self.other(line, b"", 1, true),
            }
        }
    }

    /// Something about a claimed line that does not change its fate.
    fn note(&mut self, line: u64, code: &'static str, message: &str);
}

/// Reader of tcptracer logs. Keeps one half record and a few facts of the last row, nothing that grows.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    lines: u64,
    claimed: u64,
    run: u32,
    rows_in_run: bool,
    rows: u64,
    lost: u64,
    half: Option<Half>,
    last_netns: Option<u64>,
    last_padded: bool,
}

/// The first half of a record.
#[derive(Clone, Debug)]
struct Half {
    line: u64,
    bytes: u64,
    raw: Vec<u8>,
    /// Without the warning that tore it.
    text: Vec<u8>,
    /// Torn by a warning, or by a line feed within the COMM.
    by_warning: bool,
}

/// One line on its way through the reader.
#[derive(Clone, Copy, Debug)]
struct Current<'a> {
    number: u64,
    raw: &'a [u8],
    text: &'a [u8],
    start: usize,
    bytes: u64,
    ended: bool,
}

impl<'a> Current<'a> {
    /// Number, text as it stands in the entry, bytes.
    fn whole(&self) -> (u64, &'a [u8], u64) {
        (self.number, self.raw, self.bytes)
    }
}

/// Text before `Possibly lost N samples`, and N; or the libbpf tool's words for it.
pub(super) fn lost_samples(line: &[u8]) -> Option<(&[u8], u64)> {
    let text = std::str::from_utf8(line).ok()?;
    let (before, number) = if let Some(at) = text.find("Possibly lost ") {
        (at, text[at + 14..].strip_suffix("samples").or_else(|| text[at + 14..].trim_end().strip_suffix("samples"))?)
    } else {
        let at = text.find("Lost ")?;
        let (number, rest) = text[at + 5..].split_once(' ')?;
        (at, number).1.parse::<u64>().ok().filter(|_| rest.starts_with("events on CPU #"))?;
        (at, number)
    };
    Some((&line[..before], number.trim().parse().ok()?))
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

impl Reader {
    /// A reader at the first line of an entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Samples that the tracer said it lost.
    pub fn lost_samples(&self) -> u64 {
        self.lost
    }

    /// Events so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Runs with at least one event.
    pub fn runs(&self) -> u32 {
        self.run + u32::from(self.rows_in_run)
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Counts lines that this reader is not shown.
    pub(crate) fn pass_line(&mut self) -> u64 {
        self.lines += 1;
        self.lines
    }

    fn claim(&mut self, line: (u64, &[u8], u64), fate: Fate, why: Option<&str>, fates: &mut dyn Fates) {
        let (line, raw, bytes) = line;
        self.claimed = line;
        fates.claim(line, raw, bytes, fate, why);
    }

    /// Whether the line right before this one was claimed: noise and broken lines here belong to the log.
    fn in_log(&self, line: u64) -> bool {
        self.claimed != 0 && self.claimed + 1 == line
    }

    #[inline]
    fn line(&mut self, current: Current<'_>, columns: &mut Columns, fates: &mut dyn Fates) {
        if let Some(half) = self.half.take()
            && self.join(half, current, columns, fates)
        {
            return;
        }
        let Ok((_, event)) = event(current.text) else { return self.odd_line(current, columns, fates) };
        if !current.ended && self.is_cut(&event, current.text) {
            return self.claim(current.whole(), Fate::Rejected(Reject::CutLine), Some(CUT), fates);
        }
        self.took(&event, current.text);
        columns.push(current.number, self.run, &event, current.text, current.start);
        self.claim(current.whole(), Fate::Data, None, fates);
        self.note_masks(current.number, &event, fates);
    }

    /// Takes plain rows from `start` on, as long as there are any that are known; how many bytes they were, and the row
    /// behind them that is plain and not known.
    fn plain_rows(
        &mut self,
        text: &[u8],
        start: usize,
        columns: &mut Columns,
        fates: &mut dyn Fates,
    ) -> (usize, Option<Plain>) {
        if self.half.is_some() {
            return (0, None);
        }
        columns.in_run(self.run);
        let first = self.lines;
        let (mut line, mut at) = (first + 1, start);
        let unknown = loop {
            if let Some(bytes) = columns.even(line, text, at) {
                at += bytes;
            } else {
                let Some(row) = text.get(at..).and_then(plain) else { break None };
                if !columns.plain(line, &row, at) {
                    break Some(row);
                }
                at += row.whole;
            }
            line += 1;
        };
        self.lines = line - 1;
        let (rows, bytes) = (self.lines - first, at - start);
        if rows > 0 {
            self.rows += rows;
            self.rows_in_run = true;
            (self.last_netns, self.last_padded) = (columns.last_netns(), false);
            self.claimed = self.lines;
            fates.rows(first + 1, rows, bytes as u64);
        }
        (bytes, unknown)
    }

    /// Takes line feeds that stand alone; there may be millions of them. How many they were.
    fn empty_lines(&mut self, rest: &[u8], fates: &mut dyn Fates) -> usize {
        if self.half.is_some() {
            return 0;
        }
        let lines = rest.iter().take_while(|b| **b == b'\n').count();
        if lines > 0 {
            let first = self.lines + 1;
            let claimed = self.in_log(first);
            self.lines += lines as u64;
            if claimed {
                self.claimed = self.lines;
            }
            fates.empty(first, lines as u64, claimed);
        }
        lines
    }

    fn note_masks(&self, line: u64, event: &Event<'_>, fates: &mut dyn Fates) {
        if event.masked {
            fates.note(line, "masked-cell", "a cell of this event is masked");
        }
    }

    fn took(&mut self, event: &Event<'_>, text: &[u8]) {
        self.rows += 1;
        self.rows_in_run = true;
        self.last_netns = event.netns;
        self.last_padded = text.last() == Some(&b' ');
    }

    /// Whether the open last line of an entry lost something at its end. Its last number could be the start of a
    /// longer one, so it is trusted only where the row before says that nothing is missing.
    fn is_cut(&self, event: &Event<'_>, text: &[u8]) -> bool {
        let digits = |n: u64| n.checked_ilog10().unwrap_or(0);
        match (self.last_netns, event.netns) {
            _ if self.rows == 0 => false,
            (Some(_), None) => true,
            (Some(before), Some(now)) => digits(now) < digits(before) && !text.ends_with(b" "),
            (None, _) => self.last_padded && !text.ends_with(b" "),
        }
    }

    /// A line that is no plain event.
    #[cold]
    fn odd_line(&mut self, current: Current<'_>, columns: &mut Columns, fates: &mut dyn Fates) {
        let Current { number, raw, bytes, ended, .. } = current;
        // Nothing is to be looked for in it.
        if is_blank(current.text) {
            return match self.in_log(number) {
                true => self.claim(current.whole(), Fate::Skipped(Skip::Blank), None, fates),
                false => fates.other(number, raw, bytes, ended),
            };
        }
        let cleaned = clean(current.text);
        let cleaned = undressed(&cleaned);
        let cleaned = cleaned.strip_prefix(b"^C").unwrap_or(cleaned);
        if is_banner(cleaned) || is_header(cleaned) {
            if self.rows_in_run {
                self.run += 1;
                self.rows_in_run = false;
                self.last_netns = None;
            }
            let reason = if is_banner(cleaned) { Skip::Banner } else { Skip::Header };
            return self.claim(current.whole(), Fate::Skipped(reason), None, fates);
        }
        if let Some((before, lost)) = lost_samples(cleaned) {
            if is_blank(before) {
                self.lost += lost;
                return self.claim(current.whole(), Fate::Skipped(Skip::LostSamples), None, fates);
            }
            if event(before).is_ok() || is_head(before) || is_time(before) {
                self.lost += lost;
                self.half =
                    Some(Half { line: number, bytes, raw: raw.to_vec(), text: before.to_vec(), by_warning: true });
                return;
            }
        }
        if let Ok((_, event)) = event(cleaned) {
            self.took(&event, cleaned);
            columns.push_spilled(number, self.run, &event, cleaned);
            self.claim(current.whole(), Fate::Data, None, fates);
            return self.note_masks(number, &event, fates);
        }
        if self.in_log(number) {
            if is_blank(cleaned) {
                let reason = if current.text.ends_with(b"^C") { Skip::Interrupt } else { Skip::Blank };
                return self.claim(current.whole(), Fate::Skipped(reason), None, fates);
            }
            if !ended {
                return self.claim(current.whole(), Fate::Rejected(Reject::CutLine), Some(CUT), fates);
            }
            if is_head(cleaned) {
                self.half =
                    Some(Half { line: number, bytes, raw: raw.to_vec(), text: cleaned.to_vec(), by_warning: false });
                return;
            }
        }
        fates.other(number, raw, bytes, ended);
    }

    /// Tries to put a record together again. Returns whether the current line was used up by it.
    #[cold]
    fn join(&mut self, half: Half, current: Current<'_>, columns: &mut Columns, fates: &mut dyn Fates) -> bool {
        let mut whole = half.text.clone();
        if !half.by_warning {
            whole.push(b'\n');
        }
        whole.extend_from_slice(current.text);
        let alone = event(&half.text).ok().map(|(_, event)| event);
        let joined = event(&whole).ok().map(|(_, event)| event);
        // A record torn right before its line feed is whole; one torn before its NETNS is not, though it looks so.
        let better = |e: &Event<'_>| {
            alone.is_none_or(|alone| alone.netns.is_none() && e.netns.is_some() && e.dport == alone.dport)
        };
        if let Some(found) = joined.filter(|e| !is_blank(current.text) && better(e)) {
            self.took(&found, &whole);
            columns.push_spilled(half.line, self.run, &found, &whole);
            self.claim((half.line, &half.raw, half.bytes), Fate::Data, None, fates);
            self.claim(current.whole(), Fate::Continuation, None, fates);
            return true;
        }
        self.settle(half, columns, fates);
        false
    }

    /// A half record that nothing follows which fits.
    fn settle(&mut self, half: Half, columns: &mut Columns, fates: &mut dyn Fates) {
        if let Ok((_, event)) = event(&half.text) {
            self.took(&event, &half.text);
            columns.push_spilled(half.line, self.run, &event, &half.text);
            self.claim((half.line, &half.raw, half.bytes), Fate::Data, None, fates);
        } else if half.by_warning {
            let why = "a warning was written into this record and its other half is missing";
            self.claim((half.line, &half.raw, half.bytes), Fate::Rejected(Reject::BrokenRecord), Some(why), fates);
        } else {
            fates.other(half.line, &half.raw, half.bytes, true);
        }
    }
}

/// The line without what a paste put before it (`# `, `> `, `3. `), where only that makes it one of this tool.
fn undressed(line: &[u8]) -> &[u8] {
    let is_ours = |text: &[u8]| is_banner(text) || is_header(text) || event(text).is_ok();
    let front = line.iter().find(|b| !b.is_ascii_whitespace());
    if front.is_none_or(|b| b.is_ascii_alphabetic()) || is_ours(line) {
        return line;
    }
    let Ok(text) = std::str::from_utf8(line) else { return line };
    let ours = paste::lengths(text).find(|length| is_ours(&line[*length..]));
    ours.map_or(line, |length| &line[length..])
}

const CUT: &str = "the entry ends within this line";

/// Nothing but a time: the first piece of a record that the tool writes.
fn is_time(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

impl LineFormat for Reader {
    type Columns = Columns;

    fn read(&mut self, text: &[u8], columns: &mut Columns, fates: &mut dyn Fates) {
        let mut start = 0;
        while start < text.len() {
            let (taken, unknown) = self.plain_rows(text, start, columns, fates);
            start += taken;
            let empty = self.empty_lines(&text[start..], fates);
            if empty > 0 {
                start += empty;
                continue;
            }
            let rest = &text[start..];
            if rest.is_empty() {
                break;
            }
            let (raw, ended) = match memchr::memchr(b'\n', rest) {
                Some(end) => (&rest[..end], true),
                None => (rest, false),
            };
            self.lines += 1;
            let bytes = raw.len() as u64 + u64::from(ended);
            let line = raw.strip_suffix(b"\r").unwrap_or(raw);
            let before = columns.len();
            self.line(Current { number: self.lines, raw, text: line, start, bytes, ended }, columns, fates);
            if let Some(row) = unknown.filter(|_| columns.len() == before + 1) {
                columns.learn(&row, text, start);
            }
            start += raw.len() + 1;
        }
    }

    fn end(&mut self, columns: &mut Columns, fates: &mut dyn Fates) {
        if let Some(half) = self.half.take() {
            self.settle(half, columns, fates);
        }
    }
}

/// Fates of a section that is held in memory.
struct SheetFates<'s, 'a> {
    sheet: &'s mut Sheet<'a>,
    first: u64,
}

impl Fates for SheetFates<'_, '_> {
    fn claim(&mut self, line: u64, _: &[u8], _: u64, fate: Fate, why: Option<&str>) {
        let at = (line - self.first) as usize;
        match fate {
            Fate::Data => self.sheet.data(at),
            Fate::Continuation => self.sheet.continuation(at),
            Fate::Skipped(reason) => self.sheet.skip(at, reason),
            Fate::Rejected(reason) => self.sheet.reject(at, reason, why.unwrap_or_default()),
        }
    }

    fn rows(&mut self, first: u64, lines: u64, _: u64) {
        (first..first + lines).for_each(|line| self.sheet.data((line - self.first) as usize));
    }

    fn other(&mut self, line: u64, _: &[u8], _: u64, _: bool) {
        self.sheet.not_a_row((line - self.first) as usize, Reject::NotARow, "no event of this tool");
    }

    fn note(&mut self, line: u64, code: &'static str, message: &str) {
        self.sheet.note((line - self.first) as usize, code, message);
    }
}

/// A section held in memory, read with the same reader as a stream; `take` gets all its events, once.
pub(super) fn read_sheet(sheet: &mut Sheet<'_>, take: &mut dyn FnMut(&Batch<'_>)) {
    let lines = sheet.lines;
    let Some(first) = lines.first().map(|line| line.number) else { return };
    let mut reader = Reader { lines: first - 1, ..Reader::default() };
    let mut columns = Columns::default();
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(line.body().as_bytes());
        text.extend_from_slice(if line.ended { b"\n" } else { b"" });
    }
    let mut fates = SheetFates { sheet, first };
    reader.read(&text, &mut columns, &mut fates);
    reader.end(&mut columns, &mut fates);
    take(&Batch::new(&columns, &text));
}
