//! What a log costs in memory once it runs: a row of known cells allocates nothing, and what is remembered of the cells
//! is bounded. In a file of its own, because the counter takes the place of the allocator.

use std::hint::black_box;

use allocation_counter::{AllocationInfo, measure};
use snat_parse::{EntryReader, Ignore, Keep};

const HEAD: &str = "Tracing TCP established connections. Ctrl-C to end.\n\
TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS   \n";

/// Rows from number `first` on, in the tool's layout, of 200 processes and 300 addresses.
fn rows(first: u64, count: u64) -> Vec<u8> {
    use std::io::Write;
    let mut text = Vec::new();
    for at in first..first + count {
        let (process, dest) = (at % 200, at % 300);
        let kind = ["connect", "close", "accept"][(at % 3) as usize];
        let comm = ["curl", ".NET TP Worker", "http-nio-8080-e", "my app  (v2)"][(process % 4) as usize];
        let (ip, saddr, daddr) = match process % 10 {
            0 => (6, format!("[fd00:10:244::{process:x}]"), format!("[2603:1030:20e:3::{dest:x}]")),
            1 => (6, format!("[::ffff:10.244.3.{process}]"), format!("[::ffff:20.60.1.{}]", dest % 256)),
            _ => (4, format!("10.244.3.{process}"), format!("20.60.{}.{}", dest / 256, dest % 256)),
        };
        let (time, pid, netns) = (1_000_000_000 + at * 250_000, 99_900 + process, 4_026_532_000 + process);
        let (sport, dport) = (32_768 + at % 28_000, [443, 8443, 53][(dest % 3) as usize]);
        let _ = writeln!(
            text,
            "{time:<14}{kind:<12} {pid:<6} {comm:<16} {ip:<2} {saddr:<16} {daddr:<16} {sport:<6} {dport:<6} {netns:<8}"
        );
    }
    text
}

/// The same with a cell that the layout does not take: no namespace, a negative time, an empty thread name.
fn odd_rows(first: u64, count: u64) -> Vec<u8> {
    let text = String::from_utf8(rows(first, count)).unwrap_or_default();
    let lines = text.lines().enumerate().map(|(at, line)| match at % 3 {
        0 => line.rsplit_once(' ').map_or(String::new(), |(before, _)| format!("{before}        \n")),
        1 => format!("-{}\n", line.replacen(" ", "", 1)),
        _ => line.replace("http-nio-8080-e", "               ") + "\n",
    });
    lines.collect::<String>().into_bytes()
}

/// What is allocated while a reader that has seen such chunks reads two more.
fn allocated(make: impl Fn(u64, u64) -> Vec<u8>, size: Option<usize>) -> AllocationInfo {
    const ROWS: u64 = 6_000;
    let chunks: Vec<Vec<u8>> = (0..4).map(|at| make(at * ROWS, ROWS)).collect();
    let mut reader = EntryReader::new(Keep::default());
    let feed = |reader: &mut EntryReader, chunk: &[u8]| match size {
        Some(size) => chunk.chunks(size).for_each(|piece| reader.feed(piece, &mut Ignore)),
        None => reader.feed(chunk, &mut Ignore),
    };
    reader.feed(HEAD.as_bytes(), &mut Ignore);
    chunks[..2].iter().for_each(|chunk| feed(&mut reader, chunk));
    let info = measure(|| chunks[2..].iter().for_each(|chunk| feed(&mut reader, chunk)));
    let entry = reader.finish(&mut Ignore);
    let data: u64 = entry.sections.iter().map(|section| section.tally.data).sum();
    assert_eq!((data, entry.lines), (4 * ROWS, 4 * ROWS + 2), "these are all rows");
    info
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(black_box(vec![black_box(0_u8); 100]))).count_total, 1);
}

#[test]
fn a_plain_row_allocates_nothing() {
    assert_eq!(allocated(rows, None).count_total, 0);
}

#[test]
fn a_row_that_the_grammar_reads_allocates_nothing() {
    assert_eq!(allocated(odd_rows, None).count_total, 0);
}

#[test]
fn a_row_across_two_pieces_allocates_nothing() {
    for size in [100, 1_000, 65_536] {
        assert_eq!(allocated(rows, Some(size)).count_total, 0, "in pieces of {size}");
    }
}

#[test]
fn what_is_remembered_of_the_cells_is_bounded() {
    let held = |processes: u64| {
        let info = measure(|| {
            let mut reader = EntryReader::new(Keep::default());
            for at in 0..processes {
                let (high, mid, low) = (at >> 16, at >> 8 & 255, at & 255);
                let pid = 1_000_000 + at;
                let row = format!(
                    "{:<14}connect      {pid:<6} worker {at:<9} 4  10.{high}.{mid}.{low:<8} 20.{high}.{mid}.{low:<8} 40112  443    {}\n",
                    at * 1_000,
                    4_026_000_000 + at,
                );
                reader.feed(row.as_bytes(), &mut Ignore);
            }
            black_box(&reader);
        });
        info.bytes_max
    };
    let (some, many) = (held(70_000), held(280_000));
    assert!(many < some + some / 8, "{many} bytes for 280,000 processes, {some} for 70,000");
    assert!(many < 64 << 20, "{many} bytes");
}
