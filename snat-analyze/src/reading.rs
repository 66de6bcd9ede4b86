//! The reading of entries: what their bytes are parsed and folded to. A long entry is parsed by whoever has time, this thread
//! or another. What is found never depends on it.

use std::io::{self, Read};
use std::ops::ControlFlow;

use snat_parse::formats::tcptracer::{Batch, Sink};
use snat_parse::{EntryReader, Keep};

use crate::analysis::Observe;
use crate::bundle::{EntryName, Limits, Progress, Visit};
use crate::capture::EntryData;
use crate::crew::Rank;
use crate::fold::{Fold, Ruling, Run};

/// Bytes of an entry after which a thread is worth its start.
const LONG: u64 = 1 << 17;

/// Bytes of a buffer.
const BUFFER: usize = 1 << 18;

/// Buffers that may wait to be parsed.
const WAITING: usize = 4;

/// A buffer, and how much of it is filled.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    filled: usize,
}

impl Piece {
    fn new() -> Self {
        Self { bytes: vec![0; BUFFER], filled: 0 }
    }

    /// What may still be filled.
    fn rest(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// What was filled; the buffer is an empty one afterwards.
    fn take(&mut self) -> &[u8] {
        &self.bytes[..std::mem::take(&mut self.filled)]
    }
}

/// Reads entries, one after the other.
pub(crate) struct Reading<'a> {
    limits: &'a Limits,
    ruling: Ruling,
    entries: Vec<EntryData>,
    observer: &'a mut dyn Observe,
    /// Empty buffers, kept for the next entry: there may be many, and a heap has as many holes.
    spare: Vec<Piece>,
    /// Unpacked, of all entries.
    bytes: u64,
    /// Of those, the bytes of dumps whose rows are kept.
    dumps: usize,
    /// What the observer last said.
    going: ControlFlow<()>,
}

/// What an entry becomes while it is read.
#[derive(Debug)]
struct Work {
    parser: EntryReader,
    fold: Fold,
}

impl Work {
    /// The next bytes, where nobody wants to hear of lines that are not understood.
    fn feed(&mut self, piece: &mut Piece) {
        self.parser.feed(piece.take(), &mut self.fold);
    }
}

/// Events to the fold, lines that were not understood to the observer.
struct Ears<'a> {
    fold: &'a mut Fold,
    name: &'a EntryName,
    observer: &'a mut dyn Observe,
}

impl Sink for Ears<'_> {
    fn events(&mut self, batch: &Batch<'_>) {
        self.fold.events(batch);
    }

    fn not_understood(&mut self, line: u64, reason: &'static str, text: &[u8]) {
        self.observer.not_understood(self.name, line, reason, text);
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn new(limits: &'a Limits, ruling: Ruling, observer: &'a mut dyn Observe) -> Self {
        Self {
            limits,
            ruling,
            entries: Vec::new(),
            observer,
            spare: Vec::new(),
            bytes: 0,
            dumps: 0,
            going: ControlFlow::Continue(()),
        }
    }

    /// All entries, in the order in which they were read.
    pub(crate) fn into_entries(self) -> Vec<EntryData> {
        self.entries
    }

    fn cancelled(&self) -> io::Result<()> {
        if self.going.is_break() { Err(io::Error::other("cancelled")) } else { Ok(()) }
    }

    fn piece(&mut self) -> Piece {
        self.spare.pop().unwrap_or_else(Piece::new)
    }

    /// Asks the observer whether to go on, and reads the next bytes; 0 at the end.
    fn next(&mut self, name: &EntryName, reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.going = self.observer.progress(&Progress::new(name, self.bytes));
            self.cancelled()?;
            match reader.read(buffer) {
                Ok(got) => {
                    self.bytes += got as u64;
                    return Ok(got);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads and parses on this thread, until so many bytes are read; whether the entry is over.
    fn here(&mut self, name: &EntryName, reader: &mut dyn Read, work: &mut Work, most: u64) -> io::Result<bool> {
        let mut piece = self.piece();
        let mut read = 0;
        let ended = loop {
            if read >= most {
                break Ok(false);
            }
            match self.next(name, reader, piece.rest()) {
                Ok(0) => break Ok(true),
                Ok(got) => {
                    read += got as u64;
                    piece.filled = got;
                    let mut ears = Ears { fold: &mut work.fold, name, observer: &mut *self.observer };
                    work.parser.feed(piece.take(), &mut ears);
                }
                Err(error) => break Err(error),
            }
        };
        self.spare.push(piece);
        ended
    }

    /// Reads to the end on this thread, and parses on whichever has time.
    fn apart(&mut self, name: &EntryName, reader: &mut dyn Read, work: Box<Work>) -> (Box<Work>, io::Result<()>) {
        let feed = |work: &mut Box<Work>, piece: &mut Piece| work.feed(piece);
        let post = match self.ruling.crew.post(Rank::Parser, work, WAITING, feed) {
            Ok(post) => post,
            Err(mut work) => {
                let ended = self.here(name, reader, &mut work, u64::MAX);
                return (work, ended.map(|_| ()));
            }
        };
        let mut next = Some(self.piece());
        let ended = loop {
            // The parser panicked: that goes on where it is joined.
            let Some(mut piece) = next else { break Ok(()) };
            match self.next(name, reader, piece.rest()) {
                Ok(got) if got > 0 => {
                    piece.filled += got;
                    next = if piece.is_full() { post.hand_over(piece, || self.piece()) } else { Some(piece) };
                }
                ended => {
                    // What was read before an error counts.
                    let last = post.hand_over(piece, || self.piece());
                    self.spare.extend(last);
                    break ended.map(|_| ());
                }
            }
        };
        let (work, pieces) = post.join();
        self.spare.extend(pieces);
        (work, ended)
    }
}

impl Visit for Reading<'_> {
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()> {
        // Behind the last entry the ledgers are waited for when they are asked.
        self.entries.iter_mut().next_back().into_iter().flat_map(|entry| &mut entry.runs).for_each(Run::settle);
        let mut keep = Keep::default();
        keep.line = self.limits.line;
        let room = self.limits.dumps.saturating_sub(self.dumps);
        (keep.alone, keep.beside_log) = (keep.alone.min(room), keep.beside_log.min(room));
        keep.rejects = self.observer.wants_lines();
        // The observer stays on this thread, and lines go to it while they are parsed. They are asked for rarely.
        let may_part = self.ruling.crew.is_many() && !keep.rejects;
        let parser = EntryReader::new(keep).named(&name.path);
        let mut work = Box::new(Work { parser, fold: Fold::by(self.ruling.clone()) });
        let most = if may_part { LONG } else { u64::MAX };
        let mut ended = self.here(&name, reader, &mut work, most);
        if let Ok(false) = ended {
            let (back, end) = self.apart(&name, reader, work);
            (work, ended) = (back, end.map(|()| true));
        }
        self.cancelled()?;
        // What was read before an error is still a dump, cut at its end.
        let Work { parser, mut fold } = *work;
        let entry = parser.finish(&mut Ears { fold: &mut fold, name: &name, observer: &mut *self.observer });
        let lines = entry.lines;
        let dumps = entry.sections.iter().filter(|section| section.table.is_some()).map(|section| section.bytes);
        self.dumps += usize::try_from(dumps.sum::<u64>()).unwrap_or(usize::MAX).min(room);
        self.entries.push(EntryData {
            name,
            sections: entry.sections,
            runs: fold.into_runs(),
            lost_samples: entry.lost_samples,
            prompt_host: entry.prompt_host,
        });
        let ended = ended.map(|_| ());
        ended.map_err(|error| io::Error::new(error.kind(), format!("after line {lines}: {error}")))
    }

    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        if self.going.is_continue() {
            self.going = self.observer.progress(at);
        }
        self.going
    }
}
