//! Every small fixture, cut at every byte and fed in every kind of piece: no panic, no line without a fate, and the
//! pieces make no difference.

#![expect(clippy::unwrap_used, reason = "a test")]

use snat_parse::formats::tcptracer::{Batch, Sink};
use snat_parse::{Entry, EntryReader, Keep, Reject};

/// Events as text: what a sink was told, without the pieces.
#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn events(&mut self, batch: &Batch<'_>) {
        for at in 0..batch.len() {
            let text = String::from_utf8_lossy(batch.text(at)).into_owned();
            self.0.push(format!("{} {} {:?} {text}", batch.line(at), batch.run(at), batch.event(at)));
        }
    }
}

fn read<'t>(pieces: impl IntoIterator<Item = &'t [u8]>, keep: Keep) -> (Vec<String>, Entry) {
    let mut told = Told::default();
    let mut reader = EntryReader::new(keep);
    for piece in pieces {
        reader.feed(piece, &mut told);
    }
    let entry = reader.finish(&mut told);
    (told.0, entry)
}

fn line_count(text: &[u8]) -> u64 {
    text.iter().filter(|b| **b == b'\n').count() as u64 + u64::from(text.last().is_some_and(|b| *b != b'\n'))
}

/// The fates sum to the lines, the sections tile the entry.
#[track_caller]
fn whole(entry: &Entry, text: &[u8], what: &str) {
    assert_eq!((entry.lines, entry.bytes), (line_count(text), text.len() as u64), "{what}");
    let mut next = 1;
    for section in &entry.sections {
        assert_eq!(section.first_line, next, "{what}: a gap before a section");
        assert_eq!(section.tally.lines(), section.lines, "{what}: fates do not sum to lines");
        next += section.lines;
    }
    assert_eq!(next, entry.lines + 1, "{what}: lines without a section");
    assert_eq!(entry.sections.iter().map(|s| s.bytes).sum::<u64>(), entry.bytes, "{what}: bytes");
}

fn small_fixtures() -> Vec<(String, Vec<u8>)> {
    let cases = fixtures::cases().unwrap();
    let texts = cases.iter().map(|case| (case.path.display().to_string(), case.text().unwrap()));
    texts.filter(|(_, text)| text.len() < 1600).collect()
}

#[test]
fn cut_at_every_byte() {
    for (name, text) in small_fixtures() {
        for end in 0..=text.len() {
            let (_, entry) = read([&text[..end]], Keep::default());
            whole(&entry, &text[..end], &format!("{name} cut at {end}"));
        }
    }
}

#[test]
fn one_piece_reads_like_sixteen() {
    for (name, text) in small_fixtures() {
        let (told, entry) = read([text.as_slice()], Keep::default());
        let sections = format!("{:?}", entry.sections);
        for pieces in 2..=16 {
            let size = text.len().div_ceil(pieces).max(1);
            let (again, other) = read(text.chunks(size), Keep::default());
            assert_eq!(told, again, "{name} in {pieces} pieces");
            assert_eq!(sections, format!("{:?}", other.sections), "{name} in {pieces} pieces");
        }
        let (again, other) = read(text.chunks(1), Keep::default());
        assert_eq!((told, sections), (again, format!("{:?}", other.sections)), "{name} byte by byte");
    }
}

#[test]
fn all_fixtures_in_one_paste_lose_no_line() {
    let all: Vec<u8> = small_fixtures().into_iter().flat_map(|(_, text)| text).collect();
    let (_, entry) = read([all.as_slice()], Keep::default());
    whole(&entry, &all, "all fixtures");
}

#[test]
fn a_line_without_end_costs_no_memory_and_is_named() {
    let mut keep = Keep::default();
    keep.line = 1000;
    let head = "Tracing TCP established connections. Ctrl-C to end.\n\
                0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011\n";
    let tail = "5             connect      77     curl             4  10.244.3.9       20.51.14.8       40115  443    4026533011\n";
    let text = [head.as_bytes(), &[b'x'; 5000], b"\n", tail.as_bytes()].concat();
    for size in [7, 999, 1000, 1001, 6000] {
        let (told, entry) = read(text.chunks(size), keep);
        whole(&entry, &text, "a long line");
        assert_eq!(told.len(), 2, "in pieces of {size}");
        assert_eq!(entry.sections.len(), 1);
        assert_eq!(
            entry.sections[0].tally.rejected.iter().map(|(r, n)| (r.name(), *n)).collect::<Vec<_>>(),
            [("line-too-long", 1)]
        );
    }
}

#[test]
fn what_is_too_much_beside_a_log_is_counted_not_kept() {
    let mut keep = Keep::default();
    (keep.beside_log, keep.alone) = (2000, 3000);
    let row = "0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011\n";
    let junk = "some other words on a line of their own\n";
    let mixed = format!("{row}{}{row}", junk.repeat(200));
    let (told, entry) = read([mixed.as_bytes()], keep);
    whole(&entry, mixed.as_bytes(), "junk beside a log");
    assert_eq!(told.len(), 2);
    let unread: u64 = entry
        .sections
        .iter()
        .flat_map(|s| &s.tally.rejected)
        .filter(|(r, _)| r.name() == "not-looked-at")
        .map(|(_, n)| n)
        .sum();
    assert!((150..200).contains(&unread), "{unread}");
    let alone = junk.repeat(500);
    let (_, entry) = read([alone.as_bytes()], keep);
    whole(&entry, alone.as_bytes(), "junk alone");
    assert!(entry.sections.iter().all(|s| s.tally.rejected_lines() == 0 && s.format.is_none()));
    assert!(entry.sections.iter().any(|s| !s.cut.is_empty()));
}

#[test]
fn what_is_too_much_behind_a_dump_is_a_reject() {
    let mut keep = Keep::default();
    keep.alone = 20_000;
    let row = "tcp        0      0 10.244.3.9:40000        20.51.14.8:443          ESTABLISHED 1/dotnet\n";
    let text = row.repeat(400);
    let (_, entry) = read([text.as_bytes()], keep);
    whole(&entry, text.as_bytes(), "a long dump");
    let rows: u64 = entry.sections.iter().map(|section| section.rows).sum();
    let unread: u64 = entry.sections.iter().filter_map(|s| s.tally.rejected.get(&Reject::NotLookedAt)).sum();
    assert!((50..400).contains(&rows), "{rows}");
    assert_eq!(rows + unread, 400);
}

#[test]
fn bytes_that_are_no_text_are_unknown_lines() {
    let mut state: u64 = 7;
    let noise: Vec<u8> = (0..20_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        })
        .collect();
    let (told, entry) = read(noise.chunks(777), Keep::default());
    whole(&entry, &noise, "noise");
    assert!(told.is_empty() && entry.sections.iter().all(|s| s.format.is_none()));
}
