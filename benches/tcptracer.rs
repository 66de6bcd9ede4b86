//! The ladder of the hot path, on one generated log: lines → rows → columns → entry → report.

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use snat_analyze::{Analysis, Options, Source};
use snat_parse::formats::tcptracer::{Columns, Fates, LineFormat, Reader, event};
use snat_parse::{EntryReader, Fate, Ignore, Keep};

const LINES: u64 = 200_000;
/// As the analysis reads.
const CHUNK: usize = 1 << 18;

/// Counts fates and forgets them.
#[derive(Default)]
struct Counted(u64);

impl Fates for Counted {
    fn claim(&mut self, _: u64, _: &[u8], _: u64, _: Fate, _: Option<&str>) {
        self.0 += 1;
    }

    fn rows(&mut self, _: u64, lines: u64, _: u64) {
        self.0 += lines;
    }

    fn other(&mut self, _: u64, _: &[u8], _: u64, _: bool) {}

    fn note(&mut self, _: u64, _: &'static str, _: &str) {}
}

/// Pieces of about [`CHUNK`] bytes that end with a line.
fn chunks(log: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let end = rest.iter().skip(CHUNK).position(|b| *b == b'\n').map_or(rest.len(), |at| at + CHUNK + 1);
        let (piece, after) = rest.split_at(end);
        found.push(piece);
        rest = after;
    }
    found
}

fn ladder(criterion: &mut Criterion) {
    let mut log = Vec::new();
    if benches::write_log(&mut log, LINES, 1).is_err() {
        return;
    }
    let chunks = chunks(&log);
    let mut group = criterion.benchmark_group("tcptracer");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.sample_size(20);
    group.bench_function("lines", |bench| {
        bench.iter(|| black_box(&log).split(|b| *b == b'\n').map(<[u8]>::len).sum::<usize>());
    });
    group.bench_function("rows", |bench| {
        bench.iter(|| black_box(&log).split(|b| *b == b'\n').filter(|line| black_box(event(line)).is_ok()).count());
    });
    let mut columns = Columns::default();
    group.bench_function("columns", |bench| {
        bench.iter(|| {
            let mut reader = Reader::new();
            let mut fates = Counted::default();
            for chunk in &chunks {
                reader.read(black_box(chunk), &mut columns, &mut fates);
                black_box(&columns);
                columns.clear();
            }
            reader.end(&mut columns, &mut fates);
            fates.0
        });
    });
    group.bench_function("entry", |bench| {
        bench.iter(|| {
            let mut reader = EntryReader::new(Keep::default());
            for chunk in black_box(&log).chunks(CHUNK) {
                reader.feed(chunk, &mut Ignore);
            }
            reader.finish(&mut Ignore).lines
        });
    });
    group.bench_function("report", |bench| {
        bench.iter(|| {
            let reader = Box::new(Cursor::new(log.clone()));
            let source = Source::Reader { name: "log".into(), reader };
            Analysis::of(vec![source], &Options::default()).map(|report| report.inputs.len()).ok()
        });
    });
    group.finish();
}

criterion_group!(benches, ladder);
criterion_main!(benches);
