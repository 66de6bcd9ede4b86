//! `parse`: one dump to rows.

use std::io::{self, BufWriter, IsTerminal, Read, Write};

use snat_analyze::{EntryName, Observe, Visit, walk};
use snat_parse::formats::tcptracer::{self, Batch, Sink};
use snat_parse::formats::{FORMATS, by_name};
use snat_parse::{Entry, EntryReader, Keep, Skip, Tally};

use crate::args::ParseArgs;
use crate::config::Shared;
use crate::exit::Failure;
use crate::progress::Meter;
use crate::rejects::Rejects;
use crate::render::{self, printable};

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 18;
/// Diagnostics that are listed on standard error.
const LISTED: usize = 20;

pub(crate) fn run(args: ParseArgs, shared: &Shared) -> Result<(), Failure> {
    let only = match args.format.as_deref() {
        None => None,
        Some(name) => Some(by_name(name).ok_or_else(|| {
            let names: Vec<&str> = FORMATS.iter().map(|format| format.meta().name).collect();
            Failure::Usage(format!("--format {name:?} is none that is read: there is {}", names.join(", ")))
        })?),
    };
    if args.file.is_dir() {
        let folder = printable(&args.file.display().to_string());
        return Err(Failure::Usage(format!("parse reads one dump, and {folder} is a folder: see inspect")));
    }
    let limits = shared.limits(&args.limits);
    let mut keep = Keep::default();
    (keep.line, keep.only) = (limits.line, only);
    (keep.alone, keep.beside_log) = (keep.alone.min(limits.dumps), keep.beside_log.min(limits.dumps));
    let mut rejects =
        Rejects::to(args.rejects.as_deref(), args.force, std::slice::from_ref(&args.file), std::iter::empty())?;
    keep.rejects = rejects.wants_lines();
    let mut reading = Reading {
        keep,
        rejects: &mut rejects,
        meter: Meter::new(shared.progress && !io::stdout().is_terminal()),
        bytes: 0,
        entries: 0,
        out: BufWriter::new(io::stdout().lock()),
        read: None,
        failed: None,
    };
    let sources = vec![super::source(args.file)];
    let format = args.format.as_deref().unwrap_or("told by the content");
    shared.plan(&sources, &limits, &[("format", format.to_owned(), String::new())]);
    let notices = walk(sources, &limits, &mut reading)?;
    let Reading { meter, entries, mut out, read, failed, .. } = reading;
    drop(meter);
    if let Some(error) = failed {
        return Err(Failure::Output(error));
    }
    out.flush()?;
    drop(out);
    rejects.finish()?;
    if entries > 1 {
        return Err(Failure::Usage(format!("parse reads one dump, and this holds {entries} entries: see inspect")));
    }
    let mut err: Box<dyn Write> = if shared.quiet { Box::new(io::sink()) } else { Box::new(io::stderr()) };
    for notice in &notices {
        let entry = notice.entry.as_deref().unwrap_or(&notice.bundle);
        let _ = writeln!(err, "{}", printable(&format!("{entry}: {}: {}", notice.code, notice.message)));
    }
    let Some((name, entry)) = read else {
        return Err(Failure::Usage("nothing to read there".to_owned()));
    };
    let (tally, rows) = said(&name, &entry, &mut err);
    let recognised = entry.sections.iter().any(|section| {
        let titled = [Skip::Header, Skip::Banner].iter().any(|reason| section.tally.skipped.contains_key(reason));
        match only {
            Some(only) => section.format == Some(only.meta().name) && (section.rows > 0 || titled),
            None => section.format.is_some(),
        }
    });
    if !recognised {
        let what = only.map_or("nothing recognised", |_| "nothing of that format");
        return Err(Failure::Usage(format!("{what} in {name}: `snat-analyze formats` lists what is read")));
    }
    let _ = writeln!(err, "{}", summary(rows, &tally));
    if args.strict && tally.rejected_lines() > 0 { Err(Failure::Rejected) } else { Ok(()) }
}

struct Reading<'a> {
    keep: Keep,
    rejects: &'a mut Rejects,
    /// Nothing where rows go to the same terminal.
    meter: Meter,
    bytes: u64,
    entries: usize,
    out: BufWriter<io::StdoutLock<'static>>,
    read: Option<(String, Entry)>,
    /// Why standard output cannot be written.
    failed: Option<io::Error>,
}

impl Visit for Reading<'_> {
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()> {
        self.entries += 1;
        if self.entries > 1 || self.failed.is_some() {
            return Ok(());
        }
        let mut parser = EntryReader::new(self.keep).named(&name.path);
        let mut rows =
            Rows { out: &mut self.out, keep: self.keep, name: &name, rejects: &mut *self.rejects, failed: None };
        let mut buffer = vec![0; BUFFER];
        let ended = loop {
            match reader.read(&mut buffer) {
                _ if rows.failed.is_some() => break Ok(()),
                Ok(0) => break Ok(()),
                Ok(got) => {
                    self.bytes += got as u64;
                    self.meter.at(&name, self.bytes);
                    parser.feed(&buffer[..got], &mut rows);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let entry = parser.finish(&mut rows);
        for section in &entry.sections {
            if let (Some(format), Some(table)) = (section.format, &section.table) {
                rows.write(format, table);
            }
        }
        self.failed = rows.failed.take();
        self.read = Some((name.path, entry));
        ended
    }
}

/// Writes rows until that fails.
struct Rows<'a> {
    out: &'a mut BufWriter<io::StdoutLock<'static>>,
    keep: Keep,
    name: &'a EntryName,
    rejects: &'a mut Rejects,
    failed: Option<io::Error>,
}

impl Rows<'_> {
    fn write(&mut self, format: &str, table: &snat_parse::Table) {
        if self.failed.is_none() {
            self.failed = render::rows::write(format, table, self.out).err();
        }
    }
}

impl Sink for Rows<'_> {
    fn events(&mut self, batch: &Batch<'_>) {
        if self.keep.only.is_none_or(|only| only.meta().name == "tcptracer") {
            self.write("tcptracer", &tcptracer::table(batch));
        }
    }

    fn not_understood(&mut self, line: u64, reason: &'static str, text: &[u8]) {
        self.rejects.not_understood(self.name, line, reason, text);
    }
}

/// Lists the diagnostics and sums the sections up.
fn said(name: &str, entry: &Entry, err: &mut dyn Write) -> (Tally, u64) {
    let mut tally = Tally::default();
    let (mut rows, mut listed, mut hidden) = (0, 0, 0);
    for section in &entry.sections {
        tally.merge(&section.tally);
        rows += section.rows;
        hidden += section.diagnostics.more();
        for found in section.diagnostics.kept() {
            if listed < LISTED {
                let line = format!("{name}:{}: {}: {}", found.line, found.code, found.message);
                let _ = writeln!(err, "{}", printable(&line));
                listed += 1;
            } else {
                hidden += 1;
            }
        }
    }
    if hidden > 0 {
        let _ = writeln!(err, "… and {hidden} more");
    }
    (tally, rows)
}

/// `387 rows from 389 lines: data 387, skipped 2 (banner 1, header 1), rejected 0`
fn summary(rows: u64, tally: &Tally) -> String {
    let reasons =
        |found: Vec<String>| if found.is_empty() { String::new() } else { format!(" ({})", found.join(", ")) };
    let skipped = reasons(tally.skipped.iter().map(|(reason, lines)| format!("{reason} {lines}")).collect());
    let rejected = reasons(tally.rejected.iter().map(|(reason, lines)| format!("{reason} {lines}")).collect());
    let continuation = match tally.continuation {
        0 => String::new(),
        lines => format!(", continuation {lines}"),
    };
    format!(
        "{rows} rows from {} lines: data {}{continuation}, skipped {}{skipped}, rejected {}{rejected}",
        tally.lines(),
        tally.data,
        tally.skipped_lines(),
        tally.rejected_lines()
    )
}
