//! The plain rows are read by their layout; here they are read by the grammar as well, and nothing may differ. One
//! reader gets whole texts, with enough behind every line for the layout to be tried. The other gets each line alone:
//! a row that nothing follows is never tried by its layout.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "plain/both.rs"]
mod both;

use std::path::{Path, PathBuf};

use fixtures::Random;

use both::Both;

/// Plain rows: more than what the layout looks ahead.
const TAIL: &str = "\
1000          connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
2000          close        77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
3000          connect      1201   http-nio-8080-e  6  [fd00:10:244::5] [2603:1030::9]   40116  8443   4026533088
";

/// One row by its cells.
#[derive(Clone)]
struct Row {
    time: String,
    kind: &'static str,
    pid: String,
    comm: Vec<u8>,
    ip: &'static str,
    saddr: String,
    daddr: String,
    sport: String,
    dport: String,
    netns: String,
    end: &'static str,
}

impl Row {
    /// As the tool prints it, and where its cells start and end.
    fn print(&self) -> (Vec<u8>, Vec<(usize, usize)>) {
        let mut line = Vec::new();
        let mut places = Vec::new();
        let mut cell = |cell: &[u8], width: usize, gap: usize| {
            places.push((line.len(), line.len() + cell.len()));
            line.extend_from_slice(cell);
            line.resize(line.len() + width.saturating_sub(cell.len()) + gap, b' ');
        };
        cell(self.time.as_bytes(), 14, 0);
        cell(self.kind.as_bytes(), 12, 1);
        cell(self.pid.as_bytes(), 6, 1);
        cell(&self.comm, 16, 1);
        cell(self.ip.as_bytes(), 2, 1);
        cell(self.saddr.as_bytes(), 16, 1);
        cell(self.daddr.as_bytes(), 16, 1);
        cell(self.sport.as_bytes(), 6, 1);
        cell(self.dport.as_bytes(), 6, 1);
        cell(self.netns.as_bytes(), 8, 0);
        line.extend_from_slice(self.end.as_bytes());
        line.push(b'\n');
        (line, places)
    }
}

const COMMS: [&[u8]; 28] = [
    b"curl",
    b"java",
    b".NET TP Worker",
    b"OkHttp https://",
    b"http-nio-8080-e",
    b"my app  (v2)",
    b"nginx 4",
    b"w 4 1.2.3.4 1 2",
    b"4 10.0.0.1",
    b"4",
    b"4  4",
    b"6 [fd00::1] 1 2",
    b"12345",
    b"1 2 3 4 5 6 7 8",
    b"connect",
    b" lead",
    b"\tlead",
    b"a\tb",
    b"tab\t",
    b"tab and\t ",
    b"gr\xc3\xb6\xc3\x9fe",
    b"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c",
    b"cut\xe6\x97",
    b"\xff\xfe",
    b"nul\0in it",
    b"x\rx",
    b"exactly sixteen.",
    b"",
];
const V4: [&str; 10] = [
    "10.244.3.9",
    "20.51.14.8",
    "192.168.100.200",
    "1.2.3.4",
    "255.255.255.255",
    "0.0.0.0",
    "010.001.002.003",
    "256.1.1.1",
    "10.x.x.x",
    "1.2.3.4.5.6.7.8.",
];
const V6: [&str; 12] = [
    "[fd00::5]",
    "[fd00:10:244::5]",
    "[fd00:10:2445::5]",
    "[::ffff:10.244.3.9]",
    "[::ffff:255.255.255.255]",
    "[2603:1030:20e:3::1f]",
    "[2001:db8:1111:2222:3333:4444:5555:6666]",
    "[0000:0000:0000:0000:0000:ffff:192.168.100.200]",
    "[fe80::1%eth0]",
    "[fe80::1111:2222:3333:4444%cali12345]",
    "::1",
    "[2603:xxxx::1]",
];
const NETNS: [&str; 11] = [
    "4026533011",
    "4026533088",
    "4026531840",
    "40265330",
    "4026533",
    "04026533011",
    "402653301100000",
    "4026533011000000",
    "18446744073709551615",
    "40265xxxxx",
    "",
];
const PORTS: [&str; 16] = [
    "443", "53", "8443", "40112", "65535", "65536", "99999", "0", "00443", "000443", "0000443", "123456", "1234567",
    "", "4x3", "5432",
];
const KINDS: [&str; 6] = ["connect", "close", "accept", "unknown", "C", "connects"];

/// Common values most of the time, so that rows share them; the odd ones now and then.
fn mostly<T: Copy>(random: &mut Random, values: &[T], common: usize) -> T {
    if random.one_in(12) { *random.of(values) } else { values[random.index(common)] }
}

fn number(random: &mut Random, digits: usize) -> String {
    let mut text: String = (0..digits).map(|_| char::from(b'0' + random.index(10) as u8)).collect();
    if !random.one_in(4) && text.starts_with('0') {
        text.replace_range(..1, "1");
    }
    text
}

fn row(random: &mut Random) -> Row {
    let v6 = random.one_in(3);
    let addr = |random: &mut Random| {
        let v6 = v6 != random.one_in(12);
        if v6 { mostly(random, &V6, 5) } else { mostly(random, &V4, 4) }.to_owned()
    };
    let digits = if random.one_in(8) { random.index(19) + 1 } else { random.index(6) + 9 };
    let pid_digits = if random.one_in(8) { random.index(10) + 1 } else { random.index(7) + 1 };
    let comm = if random.one_in(8) {
        (0..random.index(17)).map(|_| random.index(256) as u8).filter(|b| *b != b'\n').collect()
    } else {
        mostly(random, &COMMS, 12).to_vec()
    };
    Row {
        time: number(random, digits),
        kind: mostly(random, &KINDS, 3),
        pid: number(random, pid_digits),
        comm,
        ip: if v6 { "6" } else { "4" },
        saddr: addr(random),
        daddr: addr(random),
        sport: mostly(random, &PORTS, 5).to_owned(),
        dport: mostly(random, &PORTS, 5).to_owned(),
        netns: mostly(random, &NETNS, 3).to_owned(),
        end: if random.one_in(8) { "\r" } else { "" },
    }
}

/// Another event of the same process, and perhaps to the same address, whose time has as many digits.
fn sibling(random: &mut Random, row: &Row, dests: &[String]) -> Row {
    let mut next = row.clone();
    next.time = number(random, row.time.len());
    next.sport = PORTS[random.index(5)].to_owned();
    if random.one_in(2) {
        next.daddr = random.of(dests).clone();
    }
    if random.one_in(4) {
        next.kind = KINDS[random.index(3)];
    }
    next
}

/// One change to a line. The same change to two lines that share their cells changes both alike.
#[derive(Clone, Debug)]
enum Change {
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Double(usize),
    Swap(usize, usize),
    /// Moves a cell by a blank: to the right, or to the left.
    Right(usize),
    Left(usize),
    Cut(usize),
    CutFront(usize),
    Glue,
}

const BYTES: &[u8] = b"0123456789 \t  .:[]%xX*-acC4\r\x00\x0b\x0c\n\x80\xc2\xe6\xff";

impl Change {
    fn any(random: &mut Random, length: usize, cells: usize) -> Self {
        let at = random.index(length);
        let byte = if random.one_in(8) { random.index(256) as u8 } else { *random.of(BYTES) };
        match random.index(20) {
            0..=5 => Self::Replace(at, byte),
            6..=8 => Self::Insert(at, byte),
            9..=11 => Self::Delete(at),
            12 => Self::Double(at),
            13 => Self::Swap(random.index(cells), random.index(cells)),
            14 | 15 => Self::Right(random.index(cells)),
            16 => Self::Left(random.index(cells)),
            17 => Self::Cut(at),
            18 => Self::CutFront(at),
            _ => Self::Glue,
        }
    }

    /// `line` has its line feed, which stays, unless the change is to glue the next line to it.
    fn apply(&self, line: &mut Vec<u8>, cells: &[(usize, usize)]) {
        let last = line.len().saturating_sub(1);
        match *self {
            Self::Replace(at, byte) if at < last => line[at] = byte,
            Self::Insert(at, byte) => line.insert(at.min(last), byte),
            Self::Delete(at) if at < last => drop(line.remove(at)),
            Self::Double(at) if at < last => line.insert(at, line[at]),
            Self::Swap(a, b) if a != b => {
                let (first, second) = (cells[a.min(b)], cells[a.max(b)]);
                if let (Some(before), Some(one), Some(between), Some(two), Some(after)) = (
                    line.get(..first.0),
                    line.get(first.0..first.1),
                    line.get(first.1..second.0),
                    line.get(second.0..second.1),
                    line.get(second.1..),
                ) {
                    *line = [before, two, between, one, after].concat();
                }
            }
            Self::Right(cell) => {
                let (start, end) = cells[cell];
                if line.get(end) == Some(&b' ') {
                    line.remove(end);
                    line.insert(start, b' ');
                }
            }
            Self::Left(cell) => {
                let (start, end) = cells[cell];
                if start > 0 && line.get(start - 1) == Some(&b' ') && end <= last {
                    line.insert(end, b' ');
                    line.remove(start - 1);
                }
            }
            Self::Cut(at) if at < last => drop(line.drain(at..last)),
            Self::CutFront(at) if at < last => drop(line.drain(..at)),
            Self::Glue => line.truncate(last),
            _ => {}
        }
    }
}

/// Feeds `changed` lines that are not as the tool prints them, among others that are and that share their cells.
fn changed_lines(seed: u64, changed: u64) -> Both {
    const BATCH: u64 = 2_000;
    let mut random = Random::new(seed);
    let mut both = Both::default();
    let (mut text, mut done) = (Vec::new(), 0);
    while done < changed {
        text.clear();
        let rows: Vec<Row> = (0..12).map(|_| row(&mut random)).collect();
        let dests: Vec<String> = rows.iter().map(|row| row.daddr.clone()).collect();
        let until = (done + BATCH).min(changed);
        while done < until {
            let base = random.of(&rows);
            let (good, places) = sibling(&mut random, base, &dests).print();
            let changes: Vec<Change> = (0..*random.of(&[1, 1, 1, 1, 2, 3]))
                .map(|_| Change::any(&mut random, good.len(), places.len()))
                .collect();
            text.extend(good);
            // What the first of them is taken for would be taken for granted in the other.
            for _ in 0..2 {
                let (mut line, places) = sibling(&mut random, base, &dests).print();
                changes.iter().for_each(|change| change.apply(&mut line, &places));
                text.extend(line);
                done += 1;
            }
        }
        text.extend_from_slice(b"\n");
        text.extend_from_slice(TAIL.as_bytes());
        both.read(&text);
    }
    both.end();
    both
}

#[test]
fn half_a_million_changed_lines_are_read_as_the_grammar_reads_them() {
    let both = changed_lines(1, 500_000);
    assert!(both.plain > 150_000, "only {} rows were taken by their layout", both.plain);
}

#[test]
fn half_a_million_others_are_too() {
    let both = changed_lines(2, 500_000);
    assert!(both.plain > 150_000, "only {} rows were taken by their layout", both.plain);
}

/// A file among rows that are plain: once as it is seen first, once when its cells are known, with line feeds alone and
/// with carriage returns; and at the end of everything.
fn file(path: &Path) -> u64 {
    let text = std::fs::read(path).unwrap();
    let mut followed = text.clone();
    followed.extend_from_slice(b"\n");
    followed.extend_from_slice(TAIL.as_bytes());
    let returned: Vec<u8> = followed
        .iter()
        .flat_map(|b| if *b == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(b) })
        .copied()
        .collect();
    let mut both = Both::default();
    for text in [&followed, &followed, &returned, &text] {
        both.read(text);
    }
    both.end();
    both.plain
}

fn texts(folder: &Path) -> Vec<PathBuf> {
    let is_text = |path: &PathBuf| path.extension().is_some_and(|end| end == "txt" || end == "log");
    fixtures::files(folder).unwrap().into_iter().filter(is_text).collect()
}

#[test]
fn every_fixture_is_read_as_the_grammar_reads_it() {
    let folders = ["formats", "mixed", "none", "bundles"];
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| texts(&fixtures::fixture(folder))).collect();
    let plain: u64 = files.iter().map(|path| file(path)).sum();
    assert!(files.len() > 100 && plain > 1_000, "{plain} plain rows in {} files", files.len());
}

#[test]
fn every_shared_text_is_read_as_the_grammar_reads_it() {
    for (folder, least) in [("corpus", 100), ("captures", 10_000)] {
        let Some(root) = fixtures::shared(folder) else { continue };
        let plain: u64 = texts(&root).iter().map(|path| file(path)).sum();
        assert!(plain > least, "{folder}: only {plain} rows were taken by their layout");
    }
}

#[test]
fn more_processes_and_addresses_than_are_remembered() {
    const PROCESSES: usize = 200_000;
    const CHUNK: usize = 5_000;
    let mut both = Both::default();
    let (mut generations, mut last) = (0, 0);
    for first in (0..PROCESSES).step_by(CHUNK) {
        let mut text = Vec::new();
        // A process is learnt from its first row, and looked up for its second.
        for at in (first..first + CHUNK).flat_map(|at| [at, at]) {
            let row = Row {
                time: (text.len() * 1_000).to_string(),
                kind: KINDS[at % 3],
                pid: (1_000_000 + at).to_string(),
                comm: format!("worker {at}").into_bytes(),
                ip: "4",
                saddr: format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255),
                daddr: format!("20.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255),
                sport: (text.len() % 60_000).to_string(),
                dport: "443".to_owned(),
                netns: (4_026_000_000_u64 + at as u64).to_string(),
                end: "",
            };
            text.extend(row.print().0);
        }
        both.read(&text);
        generations += u32::from(both.generation != last);
        last = both.generation;
    }
    both.end();
    assert!(both.plain >= PROCESSES as u64 - 100, "only {} rows were taken by their layout", both.plain);
    assert!(generations >= 2, "nothing was ever forgotten");
    assert!((both.highest as usize) < (1 << 16) + CHUNK, "{} values were kept", both.highest);
}

fn plain_row() -> Row {
    Row {
        time: "1000000".to_owned(),
        kind: "connect",
        pid: "1843217".to_owned(),
        comm: b"curl".to_vec(),
        ip: "4",
        saddr: "10.244.3.9".to_owned(),
        daddr: "20.51.14.8".to_owned(),
        sport: "40112".to_owned(),
        dport: "443".to_owned(),
        netns: "4026533011".to_owned(),
        end: "",
    }
}

/// Every odd cell by itself, in rows that are plain otherwise: where its row is not plain it is learnt by nobody.
#[test]
fn every_odd_cell_in_a_plain_row() {
    let base = plain_row();
    let mut rows = vec![base.clone()];
    let times = (1..=20).flat_map(|digits| ["0", "1", "9"].map(|digit| digit.repeat(digits)));
    rows.extend(times.map(|time| Row { time, ..base.clone() }));
    rows.extend(KINDS.map(|kind| Row { kind, ..base.clone() }));
    let pids = (1..=12).flat_map(|digits| ["0", "1", "9"].map(|digit| digit.repeat(digits)));
    rows.extend(pids.map(|pid| Row { pid, ..base.clone() }));
    for pid in ["1", "12345", "1843217"] {
        rows.extend(COMMS.map(|comm| Row { comm: comm.to_vec(), pid: pid.to_owned(), ..base.clone() }));
    }
    for addr in V4.iter().chain(&V6) {
        rows.push(Row { saddr: (*addr).to_owned(), ..base.clone() });
        rows.push(Row { daddr: (*addr).to_owned(), ..base.clone() });
        rows.push(Row { saddr: (*addr).to_owned(), daddr: (*addr).to_owned(), ip: "6", ..base.clone() });
    }
    for port in PORTS {
        rows.push(Row { sport: port.to_owned(), ..base.clone() });
        rows.push(Row { dport: port.to_owned(), ..base.clone() });
    }
    rows.extend(NETNS.map(|netns| Row { netns: netns.to_owned(), ..base.clone() }));
    rows.extend(["\r", "\r\r", " ", "\t"].map(|end| Row { end, ..base.clone() }));
    let mut both = Both::default();
    for row in rows {
        let lines = row.print().0.repeat(3);
        let tabs: Vec<u8> = lines.iter().map(|b| if *b == b' ' { b'\t' } else { *b }).collect();
        both.read(&[TAIL.as_bytes(), &lines, &lines, &tabs, TAIL.as_bytes()].concat());
    }
    both.end();
    assert!(both.plain > 1_000, "only {} rows were taken by their layout", both.plain);
}

/// The family stands in the column of the local address and both addresses in that of the remote one: the grammar takes
/// such a row, but what stands before the remote column does not say what the local address is.
#[test]
fn both_addresses_in_one_cell() {
    let row = |pid: &str, daddr: &str| {
        let (pid, saddr, daddr) = (pid.to_owned(), "4".to_owned(), daddr.to_owned());
        Row { pid, ip: "", saddr, daddr, ..plain_row() }.print().0
    };
    let (one, other) = ("1.2.3.4 5.6.7.8", "1.2.3.5 5.6.7.8");
    let mut both = Both::default();
    for _ in 0..2 {
        let rows = [row("77", one), row("78", other), row("77", other), row("78", one)].concat();
        both.read(&[&rows, TAIL.as_bytes(), TAIL.as_bytes()].concat());
    }
    both.end();
}

/// The row as it is printed with one other byte, for every place and every byte: of a row whose cells are known, and
/// with what the grammar made of it known as well.
fn other_bytes(both: &mut Both, base: &Row, places: std::ops::Range<usize>) {
    let (line, _) = base.print();
    for place in places {
        let mut text = Vec::new();
        for byte in 0..=255 {
            let mut changed = line.clone();
            let Some(at) = changed.get_mut(place) else { return };
            *at = byte;
            text.extend_from_slice(&line);
            // The first is what the second is taken for.
            text.extend_from_slice(&changed.repeat(2));
        }
        text.extend_from_slice(b"\n");
        text.extend_from_slice(TAIL.as_bytes());
        both.read(&text);
    }
}

#[test]
fn every_other_byte_at_every_place() {
    let base = plain_row();
    let narrow =
        Row { time: "10000000412733".to_owned(), pid: "77".to_owned(), comm: COMMS[4].to_vec(), ..base.clone() };
    let wide = Row { saddr: V4[2].to_owned(), daddr: V6[1].to_owned(), time: "10000000".to_owned(), ..base };
    let mut both = Both::default();
    for row in [narrow, wide] {
        let length = row.print().0.len();
        other_bytes(&mut both, &row, 0..length);
    }
    both.end();
    assert!(both.plain > 60_000, "only {} rows were taken by their layout", both.plain);
}

/// Widths at which a cell moves those behind it, all with all, each row known and not.
#[test]
fn every_width_at_the_edges() {
    let digits = |count: usize| "4026533011123456789"[..count].to_owned();
    let mut both = Both::default();
    for (time, pid, netns) in
        (5..=16).flat_map(|time| (4..=9).flat_map(move |pid| (7..=12).map(move |ns| (time, pid, ns))))
    {
        let mut text = Vec::new();
        for (saddr, daddr) in [(V4[0], V4[1]), (V4[9], V4[9]), (V6[1], V6[2]), (V6[2], V6[1]), (V6[2], V4[1])] {
            let row = Row { time: digits(time), pid: digits(pid), netns: digits(netns), ..plain_row() };
            let row = Row { saddr: saddr.to_owned(), daddr: daddr.to_owned(), ..row };
            text.extend(row.print().0.repeat(3));
            text.extend(Row { end: "\r", ..row }.print().0.repeat(2));
        }
        text.extend_from_slice(TAIL.as_bytes());
        both.read(&text);
        // A row at the very end of a chunk.
        let last = text.len() - TAIL.len();
        both.read(&text[..last]);
    }
    both.end();
    assert!(both.plain > 2_000, "only {} rows were taken by their layout", both.plain);
}

/// More processes and remote addresses in turn than have a place of their own.
#[test]
fn keys_that_take_each_others_places() {
    let mut both = Both::default();
    for round in 0..3_u64 {
        let mut text = Vec::new();
        for at in 0..12_000_u64 {
            // Another order each round, and each process with many addresses.
            let (process, dest) = (at * (2 * round + 1) % 6_000, at * 7 % 9_000);
            let row = Row {
                time: (10_000_000 + at).to_string(),
                kind: KINDS[at as usize % 3],
                pid: (1_000 + process).to_string(),
                comm: format!("pool-{}-thread", process % 40).into_bytes(),
                saddr: format!("10.244.{}.{}", process >> 8, process & 255),
                daddr: format!("20.51.{}.{}", dest >> 8, dest & 255),
                netns: (4_026_532_000 + process).to_string(),
                ..plain_row()
            };
            text.extend(row.print().0);
        }
        text.extend_from_slice(TAIL.as_bytes());
        both.read(&text);
    }
    both.end();
    assert!(both.plain > 20_000, "only {} rows were taken by their layout", both.plain);
}
