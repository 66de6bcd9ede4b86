//! What is counted by the reader's numbers is what stands in the log, wherever those begin to mean something else.

use std::fmt::Write;

use fixtures::Random;
use snat_parse::{Addr, EntryReader, Keep};

use super::{CALLERS, DestKey, Fold, GroupKey, PidKey, Run, merge};
use crate::ledger::{Ended, SweepPlace as Place};

/// Rows of the plain layout.
#[derive(Default)]
struct Log {
    text: String,
    rows: i64,
}

impl Log {
    /// Adds a row and returns its line.
    fn row(&mut self, kind: &str, pid: u32, comm: &str, daddr: &str) -> String {
        self.row_of(kind, pid, comm, daddr, (1_024 + self.rows % 60_000, 443))
    }

    /// The same with its local and its remote port.
    fn row_of(&mut self, kind: &str, pid: u32, comm: &str, daddr: &str, (sport, dport): (i64, u16)) -> String {
        let time = self.rows * 1_000_003;
        let (ip, saddr) = if daddr.starts_with('[') { (6, "[::ffff:10.244.0.9]") } else { (4, "10.244.0.9") };
        let line = format!(
            "{time:<14}{kind:<12} {pid:<6} {comm:<16} {ip:<2} {saddr:<16} {daddr:<16} {sport:<6} {dport:<6} {:<8}",
            4_026_532_000_u64
        );
        // As many bytes in a name, which are no character that is printed.
        let line = line.replace("!!", "\u{85}");
        writeln!(self.text, "{line}").unwrap();
        self.rows += 1;
        line
    }

    fn fold(&self, piece: usize) -> Run {
        let (mut reader, mut fold) = (EntryReader::new(Keep::default()), Fold::default());
        self.text.as_bytes().chunks(piece).for_each(|bytes| reader.feed(bytes, &mut fold));
        reader.finish(&mut fold);
        fold.into_runs().pop().unwrap()
    }
}

fn key() -> GroupKey {
    GroupKey { netns: Some(4_026_532_000), saddr: snat_parse::Addr::Ip("10.244.0.9".parse().unwrap()) }
}

#[test]
fn counts_and_last_lines_outlive_the_numbers() {
    let mut log = Log::default();
    let first = log.row("connect", 77, "curl", "20.51.14.8");
    (0..5).for_each(|_| drop(log.row("connect", 77, "curl", "20.51.14.8")));
    // More processes than a dictionary holds.
    (0..140_000).for_each(|at| drop(log.row("close", 100_000 + at, "worker", "20.51.14.9")));
    (0..3).for_each(|_| drop(log.row("connect", 77, "curl", "20.51.14.8")));
    let last = log.row("connect", 77, "curl", "20.51.14.8");
    // There are more processes than are told apart, so these two are one.
    let late = |log: &mut Log| (0..2).for_each(|at| drop(log.row("connect", 600_000 + at, "late", "20.51.14.8")));
    late(&mut log);
    (0..70_000).for_each(|at| drop(log.row("close", 400_000 + at, "worker", "20.51.14.9")));
    late(&mut log);
    let place = Place::Dest { addr: "20.51.14.8".parse().unwrap(), port: 443 };
    for piece in [1 << 14, 1 << 18, 1 << 26] {
        let mut run = log.fold(piece);
        let (replay, _) = run.take_ledgers().and_then(Ended::found).unwrap();
        let group = &run.groups[&key()];
        assert_eq!(group.rows, log.rows as u64);
        let cell = &group.cells[&PidKey::Pid(77)];
        // The ledger is told of each process once, whatever its number is.
        let spot = replay.spot(place).unwrap();
        let cells: Vec<_> = spot.cells.iter().map(|share| (share.of, share.connects)).collect();
        assert_eq!(cells, [(cell.number, 10), (group.cells[&PidKey::Other].number, 4)], "{piece}");
        let dest = cell.dests.values().next().unwrap();
        assert_eq!((cell.connects, dest.connects, cell.dests.len()), (10, 10, 1));
        assert_eq!((&*dest.first.text, &*dest.last().text), (first.as_str(), last.as_str()), "{piece}");
        assert_eq!((dest.first.line, dest.last().line), (1, 140_010));
    }
}

/// Of one address in two spellings and of two threads of one process, the last line is the one that stands last.
#[test]
fn the_last_line_is_the_last_however_it_is_printed() {
    let ways = [("curl", "20.51.14.8"), ("curl", "[::ffff:20.51.14.8]"), ("java", "20.51.14.8")];
    let mut random = Random::new(5);
    for _ in 0..60 {
        let mut log = Log::default();
        let mut last = String::new();
        // What is known before the first connect is read by its layout, so that this gives later ones again.
        let known = random.below(4) as usize;
        ways.iter().take(known).for_each(|(comm, daddr)| drop(log.row("close", 77, comm, daddr)));
        for _ in 0..40 {
            let (comm, daddr) = *random.of(&ways);
            last = log.row("connect", 77, comm, daddr);
        }
        // The scanner wants text behind a row.
        (0..3).for_each(|_| drop(log.row("close", 78, "sh", "20.51.14.9")));
        for piece in [150, 700, 2_000, 1 << 20] {
            let run = log.fold(piece);
            let cell = &run.groups[&key()].cells[&PidKey::Pid(77)];
            let dest = cell.dests.values().next().unwrap();
            assert_eq!((dest.connects, dest.last().line), (40, 40 + known as u64));
            assert_eq!(*dest.last().text, *last, "{piece}\n{}", log.text);
        }
    }
}

/// Of several runs the last line is the one of the last run, be it given again by the first there or not.
#[test]
fn the_last_line_of_several_runs_is_that_of_the_last_one() {
    let cases = [(1, "curl"), (2, "curl"), (3, "curl"), (1, "cu\u{1b}rl"), (3, "cu\u{1b}rl"), (3, "cu!!rl")];
    for ((connects, comm), known) in cases.into_iter().flat_map(|case| [(case, 0), (case, 1)]) {
        let mut runs = Vec::new();
        let (mut firsts, mut last) = (Vec::new(), String::new());
        for _ in 0..2 {
            let mut log = Log { rows: runs.len() as i64 * 1_000, ..Log::default() };
            let comm = if runs.is_empty() { "java" } else { comm };
            // A row by its layout is one of a process and an address that were seen before.
            (0..known).for_each(|_| drop(log.row("close", 77, comm, "20.51.14.8")));
            let lines: Vec<String> = (0..connects).map(|_| log.row("connect", 77, comm, "20.51.14.8")).collect();
            (0..3).for_each(|_| drop(log.row("close", 78, "sh", "20.51.14.9")));
            let shown = |line: &str| line.replace(['\u{1b}', '\u{85}'], " ");
            firsts.push(shown(&lines[0]));
            last = shown(&lines[connects - 1]);
            runs.push(log.fold(1 << 20));
        }
        let groups = merge(runs);
        let dest = groups[&key()].cells[&PidKey::Pid(77)].dests.values().next().unwrap();
        assert_eq!((&*dest.first.text, &*dest.last().text), (firsts[0].as_str(), last.as_str()), "{connects} {comm}");
        assert_eq!((dest.connects, dest.last().line), (2 * connects as u64, (known + connects) as u64));
    }
}

#[test]
fn a_blank_name_takes_none_away() {
    let mut log = Log::default();
    log.row("close", 77, "curl", "20.51.14.8");
    log.row("connect", 77, "", "20.51.14.8");
    (0..3).for_each(|_| drop(log.row("close", 78, "sh", "20.51.14.9")));
    let name = |log: &Log| log.fold(1 << 20).groups[&key()].cells[&PidKey::Pid(77)].comm.clone();
    assert_eq!(name(&log).as_deref(), Some("curl"));
    log.row("connect", 77, "java", "20.51.14.8");
    log.row("connect", 77, "other", "20.51.14.8");
    assert_eq!(name(&log).as_deref(), Some("java"), "that of the first connect that has one");
}

/// Who called is known by both ends, whether from a public address or not, and whether anybody connects to such a port.
#[test]
fn closes_of_those_who_called_are_known_by_both_ends() {
    let mut log = Log::default();
    let callers = [("20.51.14.8", 443), ("20.51.14.9", 40_000), ("10.1.1.1", 443), ("10.1.1.2", 40_001)];
    log.row("connect", 77, "curl", "20.51.14.8");
    log.row("connect", 77, "curl", "10.1.1.1");
    for kind in ["accept", "close"] {
        callers.iter().for_each(|(daddr, dport)| drop(log.row_of(kind, 77, "curl", daddr, (8_080, *dport))));
    }
    let (replay, _) = log.fold(1 << 18).take_ledgers().and_then(Ended::found).unwrap();
    let counts = replay.counts;
    assert_eq!((counts.accepts, counts.closes, counts.inbound, counts.inbound_guessed), (4, 4, 4, 0));
}

/// Wherever the groups are told of them: the first so many that called, in that order, each as often as it did.
#[test]
fn the_first_callers_are_counted_in_their_order() {
    let mut log = Log::default();
    let mut random = Random::new(11);
    let addr = |at: usize| format!("10.9.{}.{}", at / 200, at % 200 + 1);
    let mut calls = [0_u64; 300];
    for at in 0..300 {
        // Those that called before call again.
        for by in [at, random.below(at as u64 + 1) as usize, at] {
            log.row("accept", 77, "srv", &addr(by));
            calls[by] += 1;
        }
    }
    // More processes than a dictionary holds: numbers mean something else now.
    (0..70_000).for_each(|at| drop(log.row("close", 100_000 + at, "worker", "20.51.14.9")));
    for by in [299, 0, 255, 256] {
        log.row("accept", 77, "srv", &addr(by));
        calls[by] += 1;
    }
    let expected: Vec<(String, u64)> = (0..CALLERS).map(|at| (addr(at), calls[at])).collect();
    for piece in [1 << 14, 1 << 26] {
        let group = &log.fold(piece).groups[&key()];
        let found: Vec<(String, u64)> = group.callers.iter().map(|(by, times)| (by.to_string(), *times)).collect();
        assert_eq!(found, expected);
        assert!(group.accepts.len() > 800 && group.accepts.contains(&1_024), "{}", group.accepts.len());
    }
}

#[test]
fn what_destinations_are_sorted_by_is_their_order() {
    let whole = ["0.0.0.0", "9.255.0.1", "10.0.0.1", "255.0.0.1", "::", "::1", "::ffff:10.0.0.1", "2001:db8::5"];
    let whole = whole.map(|addr| Addr::Ip(addr.parse().unwrap()));
    let masked = ["", "10.x.x.x", "9.x.x.x"].map(|text| Addr::Printed(text.into()));
    let ports = [None, Some(0), Some(443), Some(u16::MAX)];
    let addrs = whole.iter().chain(&masked);
    let keys: Vec<DestKey> = addrs.flat_map(|addr| ports.map(|port| DestKey { addr: addr.clone(), port })).collect();
    for (a, b) in keys.iter().flat_map(|a| keys.iter().map(move |b| (a, b))) {
        assert_eq!(a.order().cmp(&b.order()), a.cmp(b), "{a:?} {b:?}");
    }
}
