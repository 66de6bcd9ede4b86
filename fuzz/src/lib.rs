//! What has to be true of every text, whatever stands in it. A target is one call of a function here.
//!
//! The public names of `snat-parse` are all that is used: what holds here, holds for those who embed it.

#![forbid(unsafe_code)]

use std::ops::Range;

use snat_parse::formats::tcptracer::{Batch, Sink};
use snat_parse::formats::{FORMATS, by_name};
use snat_parse::{
    Cut, Diagnostics, Entry, EntryReader, Format, Keep, Parsed, Rows, Section, Skip, Table, lines, parse_section,
    parse_text,
};

const TCPTRACER: &str = "tcptracer";

fn line_count(text: &[u8]) -> u64 {
    text.iter().filter(|b| **b == b'\n').count() as u64 + u64::from(text.last().is_some_and(|b| *b != b'\n'))
}

/// The text as one section of the format of that name.
///
/// # Panics
/// Where a property does not hold; that is what the fuzzer looks for.
pub fn section(format: &str, text: &[u8]) {
    let format = by_name(format).expect("a format of the registry");
    let lines = lines(text);
    let count = line_count(text);
    assert_eq!(lines.len() as u64, count, "lines");
    assert_eq!(lines.iter().map(|line| line.bytes).sum::<u64>(), text.len() as u64, "bytes of the lines");

    parsed(&parse_section(format, &lines), count, format.meta().name);
    parsed(&parse_text(format, text), count, format.meta().name);
}

fn parsed(found: &Parsed, count: u64, format: &str) {
    assert_eq!(found.fates.len() as u64, count, "a line without a fate");
    assert_eq!(found.tally.lines(), count, "fates do not sum to lines");
    let span = 1..count + 1;
    table(&found.table, &span, format);
    diagnostics(&found.diagnostics, &span);
    assert!(found.table.len() as u64 >= found.tally.data, "a data line without a row");
}

/// The text as typed rows.
///
/// # Panics
/// Where a property does not hold; that is what the fuzzer looks for.
pub fn rows<R>(text: &[u8], read: impl Fn(&[u8]) -> Rows<R>) {
    let rows = read(text);
    let count = line_count(text);
    assert_eq!(rows.tally.lines(), count, "fates of typed rows do not sum to lines");
    assert!(rows.rows.iter().all(|row| (1..=count).contains(&row.line)), "a typed row outside the text");
    assert!(rows.rows.len() as u64 >= rows.tally.data, "a data line without a typed row");
    diagnostics(&rows.diagnostics, &(1..count + 1));
}

/// Columns of one length, rows within `span`; in the order of lines, but for tcptracer, whose rows follow the stream.
fn table(table: &Table, span: &Range<u64>, format: &str) {
    let lines = table.lines();
    assert!(lines.iter().all(|line| span.contains(line)), "{format}: a row outside {span:?}: {lines:?}");
    assert!(format == TCPTRACER || lines.is_sorted(), "{format}: rows out of order: {lines:?}");
    assert_eq!((table.texts().len(), table.extra().len()), (lines.len(), lines.len()), "{format}: texts, extra");
    for (name, column) in table.columns() {
        use snat_parse::Column::{Addr, Bool, I64, List, Text, U64};
        let length = match column {
            I64(cells) => cells.len(),
            U64(cells) => cells.len(),
            Bool(cells) => cells.len(),
            Text(cells) => cells.len(),
            Addr(cells) => cells.len(),
            List(cells) => cells.len(),
            _ => continue,
        };
        assert_eq!(length, lines.len(), "{format}: cells of {name}");
    }
}

fn diagnostics(found: &Diagnostics, span: &Range<u64>) {
    let lines = || found.kept().iter().map(|diagnostic| diagnostic.line);
    assert!(lines().all(|line| span.contains(&line)), "a diagnostic outside {span:?}: {found:?}");
    assert!(lines().is_sorted(), "diagnostics out of order: {found:?}");
}

/// What a sink was told, without the pieces that it was told in.
#[derive(Default)]
struct Told {
    events: Vec<String>,
    /// Line, reason, text.
    not_understood: Vec<(u64, &'static str, Vec<u8>)>,
}

impl Sink for Told {
    fn events(&mut self, batch: &Batch<'_>) {
        for at in 0..batch.len() {
            let text = String::from_utf8_lossy(batch.text(at));
            self.events.push(format!("{} {} {:?} {text}", batch.line(at), batch.run(at), batch.event(at)));
        }
    }

    fn not_understood(&mut self, line: u64, reason: &'static str, text: &[u8]) {
        self.not_understood.push((line, reason, text.to_vec()));
    }
}

fn read<'t>(pieces: impl Iterator<Item = &'t [u8]>, keep: Keep, name: &str) -> (Told, Entry) {
    let mut told = Told::default();
    let mut reader = EntryReader::new(keep).named(name);
    for piece in pieces {
        reader.feed(piece, &mut told);
    }
    let entry = reader.finish(&mut told);
    told.not_understood.sort();
    (told, entry)
}

/// How an input of the target `entry` begins: how its text is read. The text is what follows.
#[derive(Clone, Copy)]
struct Head {
    /// The format asked for, and that of the entry's name, as two digits to the base of the registry's length + 1. 0 is
    /// none, else they count from 1; the format asked for is the lower digit.
    formats: u8,
    /// 0: the limits of `Keep::default()`; else small ones, so that a small text reaches them.
    limits: u8,
    /// Sizes of the pieces, in turn; 0 is an empty piece, and four of them are byte by byte.
    sizes: [u8; 4],
}

impl Head {
    fn of(input: &[u8]) -> Option<(Self, &[u8])> {
        let (&[formats, limits, a, b, c, d], text) = input.split_first_chunk()?;
        Some((Self { formats, limits, sizes: [a, b, c, d] }, text))
    }

    fn keep(self) -> Keep {
        let mut keep = Keep::default();
        keep.rejects = true;
        keep.only = format_at(usize::from(self.formats));
        if self.limits > 0 {
            let limit = usize::from(self.limits);
            (keep.line, keep.beside_log, keep.alone) = (limit, limit * 8, limit * 16);
        }
        keep
    }

    fn name(self) -> &'static str {
        format_at(usize::from(self.formats) / (FORMATS.len() + 1)).map_or("", |format| format.meta().name)
    }

    fn pieces(self, mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
        let sizes = if self.sizes == [0; 4] { [1; 4] } else { self.sizes };
        let mut sizes = sizes.into_iter().cycle();
        std::iter::from_fn(move || {
            let size = usize::from(sizes.next()?).min(text.len());
            let (piece, rest) = text.split_at(size);
            (!text.is_empty()).then(|| {
                text = rest;
                piece
            })
        })
    }
}

/// The format that a number stands for, from its lowest digit.
fn format_at(number: usize) -> Option<&'static dyn Format> {
    (number % (FORMATS.len() + 1)).checked_sub(1).map(|at| FORMATS[at])
}

/// One entry, whole and in pieces.
///
/// # Panics
/// Where a property does not hold; that is what the fuzzer looks for.
pub fn entry(input: &[u8]) {
    let Some((head, text)) = Head::of(input) else { return };
    let keep = head.keep();
    let (told, found) = read(std::iter::once(text), keep, head.name());
    whole(&found, text);
    accounted(&told, &found, keep);

    let (again, other) = read(head.pieces(text), keep, head.name());
    assert_eq!(told.events, again.events, "events differ by the pieces");
    assert_eq!(told.not_understood, again.not_understood, "lines not understood differ by the pieces");
    assert_eq!(format!("{found:#?}"), format!("{other:#?}"), "the entry differs by the pieces");
}

/// The fates sum to the lines, the sections tile the entry, rows and diagnostics lie within their section.
fn whole(entry: &Entry, text: &[u8]) {
    assert_eq!((entry.lines, entry.bytes), (line_count(text), text.len() as u64), "lines and bytes");
    let mut next = 1;
    for section in &entry.sections {
        assert_eq!(section.first_line, next, "a gap before a section");
        assert_eq!(section.tally.lines(), section.lines, "fates do not sum to lines: {section:?}");
        next += section.lines;
        let span = section.first_line..next;
        diagnostics(&section.diagnostics, &span);
        if let Some(found) = &section.table {
            table(found, &span, section.format.unwrap_or_default());
            assert_eq!(section.rows, found.len() as u64, "rows of a section");
        }
    }
    assert_eq!(next, entry.lines + 1, "lines without a section");
    assert_eq!(entry.sections.iter().map(|section| section.bytes).sum::<u64>(), entry.bytes, "bytes of the sections");
}

/// Every line that was not understood was told, once; every event that was told is a row.
fn accounted(told: &Told, entry: &Entry, keep: Keep) {
    let not_understood = |section: &Section| {
        let unknown = section.tally.skipped.get(&Skip::UnknownFormat).copied().unwrap_or_default();
        section.tally.rejected_lines() + unknown
    };
    let wanted: u64 = entry.sections.iter().map(not_understood).sum();
    assert_eq!(told.not_understood.len() as u64, wanted, "told: {:?}; entry: {entry:#?}", told.not_understood);
    assert!(told.not_understood.windows(2).all(|two| two[0].0 < two[1].0), "told twice: {:?}", told.not_understood);
    assert!(told.not_understood.iter().all(|(line, ..)| (1..=entry.lines).contains(line)), "told of no line");

    let logs = || entry.sections.iter().filter(|section| section.format == Some(TCPTRACER));
    if keep.only.is_none_or(|only| only.meta().name == TCPTRACER) {
        assert_eq!(told.events.len() as u64, logs().map(|section| section.rows).sum(), "events and rows");
    }
    let unread =
        entry.sections.iter().any(|section| section.format.is_none() && section.cut.contains(&Cut::NotLookedAt));
    assert!(!unread || told.not_understood.iter().any(|(_, reason, _)| *reason == "not-looked-at"), "unread, not told");
}
