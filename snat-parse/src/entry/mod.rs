//! One entry, from bytes as they arrive to sections: tcptracer while reading, everything else from a side buffer.
//!
//! A log may be of any length, so its events go to a [`Sink`] chunk by chunk. Lines that tcptracer does not claim are
//! kept, numbered, and looked at when the entry ends: they may be other dumps pasted into the same file.

mod section;

pub use self::section::{Cut, Section};
use self::section::{section, unknown};
use crate::detect;
use crate::diag::{Diagnostic, Diagnostics, Fate, Reject, Skip, Tally};
use crate::format::Format;
use crate::formats::FORMATS;
use crate::formats::tcptracer::{Batch, Columns, Fates, LineFormat, Reader, Sink};
use crate::line::Line;
use crate::noise;
use crate::paste::undress;

/// Sizes at which tools cut what they give back, from its beginning: Azure's run-command at 4,096 bytes, the log
/// collector of AKS at 10 MiB. A line feed more or less may have been added since.
const CAPS: [u64; 2] = [4096, 10 << 20];

/// What an entry turned out to hold.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Entry {
    /// Its sections, in order; they tile the entry.
    pub sections: Vec<Section>,
    /// Lines of the entry.
    pub lines: u64,
    /// Bytes of the entry.
    pub bytes: u64,
    /// Samples that the tracer said it lost.
    pub lost_samples: u64,
    /// Runs of tcptracer with at least one event.
    pub runs: u32,
    /// Host name in the first shell prompt.
    pub prompt_host: Option<String>,
}

/// How much is kept of lines that tcptracer does not claim.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Keep {
    /// Bytes beside a log: each line counts 64 more, and fourfold where it is no UTF-8, as it is then kept twice.
    pub beside_log: usize,
    /// Bytes of an entry without any event.
    pub alone: usize,
    /// Bytes of one line; a longer one is rejected.
    pub line: usize,
    /// Whether the sink is told of every line that was not understood.
    pub rejects: bool,
    /// The one format that the entry is said to be of; what other formats claim is skipped, what none claims is read
    /// as this one.
    pub only: Option<&'static dyn Format>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { beside_log: 4 << 20, alone: 64 << 20, line: 1 << 20, rejects: false, only: None }
    }
}

impl std::fmt::Debug for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keep")
            .field("beside_log", &self.beside_log)
            .field("alone", &self.alone)
            .field("line", &self.line)
            .field("rejects", &self.rejects)
            .field("only", &self.only.map(|format| format.meta().name))
            .finish()
    }
}

/// Why lines beside a log are not looked at.
const TOO_MANY: &str = "more foreign lines than are kept beside a log";

/// A side-buffered line.
#[derive(Clone, Copy, Debug)]
struct Kept {
    number: u64,
    start: usize,
    len: usize,
    bytes: u64,
    ended: bool,
    overlong: bool,
}

/// A run of lines that tcptracer claimed.
#[derive(Clone, Debug)]
struct Segment {
    first_line: u64,
    last_line: u64,
    bytes: u64,
    rows: u64,
    tally: Tally,
    diagnostics: Diagnostics,
    headed: bool,
    cut: bool,
}

impl Segment {
    fn at(line: u64) -> Self {
        Self {
            first_line: line,
            last_line: line - 1,
            bytes: 0,
            rows: 0,
            tally: Tally::default(),
            diagnostics: Diagnostics::default(),
            headed: false,
            cut: false,
        }
    }

    /// Lines of one fate, their bytes together.
    fn lines(&mut self, first: u64, lines: u64, bytes: u64, fate: Fate) {
        self.last_line = first + lines - 1;
        self.bytes += bytes;
        self.rows += if fate == Fate::Data { lines } else { 0 };
        self.tally.add(fate, lines);
        self.headed |= matches!(fate, Fate::Skipped(Skip::Header | Skip::Banner)) && self.rows == 0;
    }
}

/// Where the reader's lines go.
#[derive(Default)]
struct Side {
    keep: Keep,
    segments: Vec<Segment>,
    text: Vec<u8>,
    /// What lines that are no UTF-8 take beyond their bytes.
    lossy: usize,
    kept: Vec<Kept>,
    has_rows: bool,
    /// First line, lines and bytes that were not kept of an entry without any event.
    unread: Option<(u64, u64, u64)>,
    full: bool,
    overlong: bool,
    /// The format that the entry's name speaks of.
    named: Option<&'static dyn Format>,
    /// Lines that were not understood and that the sink is not told of yet.
    told: Vec<(u64, &'static str, Vec<u8>)>,
}

impl Side {
    fn tell(&mut self, line: u64, reason: &'static str, raw: &[u8]) {
        if self.keep.rejects {
            self.told.push((line, reason, raw.to_vec()));
        }
    }

    /// Whether the rows of that format are wanted: all are, unless one format was asked for.
    fn wants(&self, format: &str) -> bool {
        self.keep.only.is_none_or(|only| only.meta().name == format)
    }

    fn tell_sink(&mut self, sink: &mut dyn Sink) {
        for (line, reason, text) in self.told.drain(..) {
            sink.not_understood(line, reason, &text);
        }
    }

    /// Counts a line that is not kept, of an entry without any event so far. Such lines are one run.
    fn pass_unread(&mut self, line: u64, raw: &[u8], bytes: u64) {
        self.count_unread(line, 1, bytes);
        self.tell(line, Reject::NotLookedAt.name(), raw);
    }

    fn count_unread(&mut self, first: u64, lines: u64, bytes: u64) {
        let unread = self.unread.get_or_insert((first, 0, 0));
        unread.1 += lines;
        unread.2 += bytes;
    }

    fn segment(&mut self, line: u64) -> &mut Segment {
        let goes_on = self.segments.last().is_some_and(|segment| segment.last_line + 1 == line);
        if !goes_on {
            self.segments.push(Segment::at(line));
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }
}

impl Fates for Side {
    #[inline]
    fn claim(&mut self, line: u64, raw: &[u8], bytes: u64, fate: Fate, why: Option<&str>) {
        self.has_rows |= fate == Fate::Data;
        // Titles without a row, among lines that nobody reads any more, are no log.
        if self.full && !self.has_rows {
            return self.pass_unread(line, raw, bytes);
        }
        let segment = self.segment(line);
        segment.lines(line, 1, bytes, fate);
        if let Fate::Rejected(reason) = fate {
            segment.cut |= reason == Reject::CutLine;
            segment.diagnostics.push(Diagnostic::new(line, reason.name(), why.unwrap_or_default()));
            if self.wants(TCPTRACER) || reason == Reject::NotLookedAt {
                self.tell(line, reason.name(), raw);
            }
        }
    }

    fn rows(&mut self, first: u64, lines: u64, bytes: u64) {
        self.has_rows = true;
        self.segment(first).lines(first, lines, bytes, Fate::Data);
    }

    fn other(&mut self, line: u64, raw: &[u8], bytes: u64, ended: bool) {
        let room = if self.has_rows { self.keep.beside_log } else { self.keep.alone };
        let lossy = if std::str::from_utf8(raw).is_ok() { 0 } else { 3 * raw.len() };
        let used = self.text.len() + raw.len() + self.lossy + lossy + 64 * (self.kept.len() + 1);
        self.full |= used > room;
        if self.full {
            // A log claims what is too much beside it; else it is an unknown section.
            if self.has_rows {
                self.claim(line, raw, bytes, Fate::Rejected(Reject::NotLookedAt), Some(TOO_MANY));
            } else {
                self.pass_unread(line, raw, bytes);
            }
            return;
        }
        let start = self.text.len();
        let overlong = std::mem::take(&mut self.overlong);
        self.text.extend_from_slice(raw);
        self.lossy += lossy;
        self.kept.push(Kept { number: line, start, len: raw.len(), bytes, ended, overlong });
    }

    fn empty(&mut self, mut first: u64, mut lines: u64, claimed: bool) {
        // Those that are kept, and those that the sink is told of, go one by one.
        while lines > 0 && (self.keep.rejects || !claimed && !self.full) {
            match claimed {
                true => self.claim(first, b"", 1, Fate::Skipped(Skip::Blank), None),
                false => self.other(first, b"", 1, true),
            }
            (first, lines) = (first + 1, lines - 1);
        }
        match (lines, self.full && !self.has_rows, claimed) {
            (0, ..) => {}
            (_, true, _) => self.count_unread(first, lines, lines),
            (_, false, true) => self.segment(first).lines(first, lines, lines, Fate::Skipped(Skip::Blank)),
            (_, false, false) => {
                let segment = self.segment(first);
                segment.lines(first, lines, lines, Fate::Rejected(Reject::NotLookedAt));
                segment.diagnostics.push_each(first, lines, Reject::NotLookedAt.name(), TOO_MANY);
            }
        }
    }

    fn note(&mut self, line: u64, code: &'static str, message: &str) {
        self.segment(line + 1).diagnostics.push(Diagnostic::new(line, code, message));
    }
}

/// Reads one entry as its bytes arrive.
#[derive(Default)]
pub struct EntryReader {
    reader: Reader,
    columns: Columns,
    side: Side,
    carry: Vec<u8>,
    /// Bytes of an overlong line beyond those kept in `carry`.
    dropped: u64,
    bytes: u64,
}

impl std::fmt::Debug for EntryReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryReader").field("bytes", &self.bytes).field("keep", &self.side.keep).finish_non_exhaustive()
    }
}

/// Larger pieces are read in several steps, so that a place in a chunk fits 32 bits.
const CHUNK: usize = 16 << 20;

impl EntryReader {
    /// A reader at the start of an entry.
    pub fn new(keep: Keep) -> Self {
        Self { side: Side { keep, ..Side::default() }, ..Self::default() }
    }

    /// The entry's name breaks ties: content decides first.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.side.named = detect::by_file_name(name, FORMATS);
        self
    }

    /// Takes the next bytes of the entry, in pieces of any size; the pieces make no difference to what is read.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        self.bytes += bytes.len() as u64;
        for piece in bytes.chunks(CHUNK) {
            self.piece(piece, sink);
        }
    }

    fn piece(&mut self, mut piece: &[u8], sink: &mut dyn Sink) {
        if !self.carry.is_empty() || self.dropped > 0 {
            let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
            let (head, rest) = piece.split_at(end);
            self.carry_on(head);
            if !head.ends_with(b"\n") {
                return;
            }
            self.flush_carry(sink);
            piece = rest;
        }
        let Some(last) = memchr::memrchr(b'\n', piece) else { return self.carry_on(piece) };
        let (whole, rest) = piece.split_at(last + 1);
        if whole.len() <= self.side.keep.line {
            self.lines(whole, sink);
        } else {
            // An overlong line may be among them.
            let mut from = 0;
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', whole) {
                if end - start > self.side.keep.line {
                    self.lines(&whole[from..start], sink);
                    self.carry_on(&whole[start..=end]);
                    self.flush_carry(sink);
                    from = end + 1;
                }
                start = end + 1;
            }
            self.lines(&whole[from..], sink);
        }
        self.carry_on(rest);
    }

    fn carry_on(&mut self, bytes: &[u8]) {
        // The limit is for the text; its line feed comes on top.
        let (text, end) = match bytes.split_last() {
            Some((b'\n', text)) => (text, 1),
            _ => (bytes, 0),
        };
        let room = self.side.keep.line.saturating_sub(self.carry.len());
        let (kept, dropped) = text.split_at(text.len().min(room));
        self.carry.extend_from_slice(kept);
        self.dropped += dropped.len() as u64;
        match (end, self.dropped) {
            (1, 0) => self.carry.push(b'\n'),
            (end, _) => self.dropped += end,
        }
    }

    fn flush_carry(&mut self, sink: &mut dyn Sink) {
        let line = std::mem::take(&mut self.carry);
        if self.dropped == 0 {
            self.lines(&line, sink);
        } else {
            self.reader.end(&mut self.columns, &mut self.side);
            let number = self.reader.pass_line();
            let bytes = line.len() as u64 + std::mem::take(&mut self.dropped);
            self.side.overlong = true;
            self.side.other(number, b"", bytes, true);
            self.emit(&[], sink);
        }
        self.carry = line;
        self.carry.clear();
    }

    fn lines(&mut self, text: &[u8], sink: &mut dyn Sink) {
        self.reader.read(text, &mut self.columns, &mut self.side);
        self.emit(text, sink);
    }

    fn emit(&mut self, text: &[u8], sink: &mut dyn Sink) {
        if !self.columns.is_empty() {
            sink.events(&Batch::new(&self.columns, text));
            self.columns.clear();
        }
        if !self.side.told.is_empty() {
            self.side.tell_sink(sink);
        }
    }

    /// The entry has ended: the last line, and what was kept, are read.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Entry {
        if !self.carry.is_empty() || self.dropped > 0 {
            self.flush_carry(sink);
        }
        self.reader.end(&mut self.columns, &mut self.side);
        self.emit(&[], sink);
        let (lines, bytes) = (self.reader.lines(), self.bytes);
        let (lost_samples, runs) = (self.reader.lost_samples(), self.reader.runs());
        let prompt_host = self.side.prompt_host();
        let mut sections = self.side.sections();
        if let Some(first) = sections.first_mut()
            && CAPS.iter().any(|cap| (cap - 1..=cap + 1).contains(&bytes))
        {
            first.cut.push(Cut::SizeAtCap);
        }
        self.side.tell_sink(sink);
        Entry { sections, lines, bytes, lost_samples, runs, prompt_host }
    }
}

/// Foreign lines between two stretches of a log that are rejects of the log, not a section of their own.
const MAX_FOREIGN: usize = 16;

/// A stretch of the entry: claimed by tcptracer, or kept.
enum Stretch {
    Log(Segment),
    Kept(Vec<Kept>),
    /// Lines and bytes that were not kept.
    Unread(u64, u64),
}

fn is_log(format: &'static dyn Format) -> bool {
    format.meta().name == TCPTRACER
}

impl Side {
    /// Prompts are nobody's rows, so all of them are among the kept lines.
    fn prompt_host(&self) -> Option<String> {
        self.kept.iter().find_map(|kept| noise::prompt_host(&kept.line(&self.text).text).map(str::to_owned))
    }

    fn sections(&mut self) -> Vec<Section> {
        let mut stretches: Vec<(u64, Stretch)> =
            std::mem::take(&mut self.segments).into_iter().map(|s| (s.first_line, Stretch::Log(s))).collect();
        let text = std::mem::take(&mut self.text);
        for kept in std::mem::take(&mut self.kept) {
            match stretches.last_mut() {
                Some((_, Stretch::Kept(run))) if run.last().is_some_and(|last| last.number + 1 == kept.number) => {
                    run.push(kept)
                }
                _ => stretches.push((kept.number, Stretch::Kept(vec![kept]))),
            }
        }
        stretches.extend(self.unread.take().map(|(first, lines, bytes)| (first, Stretch::Unread(lines, bytes))));
        stretches.sort_by_key(|(first, _)| *first);
        let last_log = stretches.iter().rposition(|(_, s)| matches!(s, Stretch::Log(_)));
        let others: Vec<&'static dyn Format> = FORMATS.iter().copied().filter(|f| f.meta().name != TCPTRACER).collect();
        let mut sections: Vec<Section> = Vec::new();
        let mut log: Option<Segment> = None;
        for (at, (first, stretch)) in stretches.into_iter().enumerate() {
            let run = match stretch {
                Stretch::Unread(lines, bytes) => {
                    sections.extend(log.take().map(Segment::into_section));
                    let mut unread = unknown(first, lines, bytes, vec![Cut::NotLookedAt]);
                    // Behind a dump they are most likely more of it.
                    if sections.iter().any(|section| section.format.is_some()) {
                        unread.tally = Tally::default();
                        unread.tally.add(Fate::Rejected(Reject::NotLookedAt), lines);
                        let why = "more lines than are kept of an entry that is no log";
                        unread.diagnostics.push(Diagnostic::new(first, Reject::NotLookedAt.name(), why));
                    }
                    sections.push(unread);
                    continue;
                }
                Stretch::Log(segment) => {
                    match &mut log {
                        Some(open) => open.append(segment),
                        None => log = Some(segment),
                    }
                    continue;
                }
                Stretch::Kept(run) => run,
            };
            let mut lines: Vec<Line<'_>> = run.iter().map(|kept| kept.line(&text)).collect();
            undress(&mut lines, &others);
            let claims = detect::sections(&lines, &others, self.named);
            let unclaimed = claims.iter().all(|claim| claim.format.is_none());
            let neutral = lines.iter().all(|line| noise::is_neutral(line.body()) && !line.overlong);
            let inside = last_log.is_some_and(|last| at < last);
            if let Some(open) = &mut log
                && unclaimed
                && (neutral || inside && lines.len() <= MAX_FOREIGN)
            {
                let wanted = self.wants(TCPTRACER);
                for (line, reason) in open.foreign(&lines).into_iter().filter(|_| wanted) {
                    self.tell(line.number, reason.name(), line.text.as_bytes());
                }
                continue;
            }
            sections.extend(log.take().map(Segment::into_section));
            for claim in claims {
                sections.push(self.section(claim.format, &lines[claim.lines]));
            }
        }
        sections.extend(log.take().map(Segment::into_section));
        if let Some(only) = self.keep.only {
            for section in &mut sections {
                if section.format.is_some_and(|format| format != only.meta().name) {
                    section.skip_all(Skip::OtherFormat);
                }
            }
        }
        sections
    }

    /// A section held in memory.
    fn section(&mut self, format: Option<&'static dyn Format>, lines: &[Line<'_>]) -> Section {
        let asked = self.keep.only.filter(|only| !is_log(*only));
        let (section, fates) = section(format.or(asked), lines);
        // Lines of a format that was not asked for are left aside, whatever it says of them.
        if self.keep.rejects && format.is_none_or(|format| self.wants(format.meta().name)) {
            for (at, line) in lines.iter().enumerate() {
                match fates.get(at) {
                    None => self.tell(line.number, Skip::UnknownFormat.name(), line.text.as_bytes()),
                    Some(Fate::Rejected(reason)) => self.tell(line.number, reason.name(), line.text.as_bytes()),
                    Some(_) => {}
                }
            }
        }
        section
    }
}

const TCPTRACER: &str = "tcptracer";

impl Kept {
    fn line<'t>(&self, text: &'t [u8]) -> Line<'t> {
        let mut line = Line::new(self.number, &text[self.start..self.start + self.len], self.ended);
        line.bytes = self.bytes;
        line.overlong = self.overlong;
        line
    }
}

impl Segment {
    fn append(&mut self, next: Segment) {
        self.last_line = next.last_line;
        self.bytes += next.bytes;
        self.rows += next.rows;
        self.tally.merge(&next.tally);
        self.diagnostics.append(next.diagnostics);
        self.cut |= next.cut;
    }

    /// Lines within the log, or neutral ones behind it, that no format claims.
    /// Returns those that were rejected.
    fn foreign<'l, 't>(&mut self, lines: &'l [Line<'t>]) -> Vec<(&'l Line<'t>, Reject)> {
        let mut rejected = Vec::new();
        for line in lines {
            let fate = match noise::name(line.body()) {
                _ if line.overlong => Fate::Rejected(Reject::LineTooLong),
                Some(reason) => Fate::Skipped(reason),
                None => Fate::Rejected(Reject::NotARow),
            };
            self.lines(line.number, 1, line.bytes, fate);
            if let Fate::Rejected(reason) = fate {
                self.diagnostics.push(Diagnostic::new(
                    line.number,
                    reason.name(),
                    format!("no event of this tool: {:.60}", line.text.trim()),
                ));
                rejected.push((line, reason));
            }
        }
        rejected
    }

    fn into_section(mut self) -> Section {
        self.diagnostics.sort();
        let mut cut = Vec::new();
        if !self.headed {
            cut.push(Cut::NoHeader);
        }
        if self.cut {
            cut.push(Cut::LastLine);
        }
        if self.tally.rejected.contains_key(&Reject::NotLookedAt) {
            cut.push(Cut::NotLookedAt);
        }
        Section {
            format: Some(TCPTRACER),
            first_line: self.first_line,
            looks_like: None,
            lines: self.tally.lines(),
            bytes: self.bytes,
            rows: self.rows,
            tally: self.tally,
            diagnostics: self.diagnostics,
            table: None,
            cut,
        }
    }
}

/// A sink for those who do not want the events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

impl Sink for Ignore {
    fn events(&mut self, _: &Batch<'_>) {}
}
