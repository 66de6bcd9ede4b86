//! What is found depends neither on the number of threads nor on the pieces that a log comes in.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write;
use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use snat_analyze::{Analysis, EntryName, Error, Observe, Options, Progress, Quiet, Report, Source};

mod support;

use support::{LSNS, PODS, gzip, tar};

/// Numbers of threads: none asked for, one, one more, one for each post but one, and more than there are things to do.
const THREADS: [usize; 6] = [0, 1, 2, 3, 4, 16];
/// Those that are not one.
const OTHERS: [usize; 5] = [0, 2, 3, 4, 16];

/// A log that is long enough for a thread of its own: closes, accepts and their strangers, connects that are reused,
/// IPv4 addresses on IPv6 sockets, masked cells, and a proxy that begins in the middle.
fn log(rows: usize) -> String {
    let mut text = String::from("Tracing TCP established connections. Ctrl-C to end.\n");
    let mut state = 1_u64;
    for at in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |below: u64, shift: u32| (state >> shift) % below;
        let kind = ["connect", "close", "connect", "close", "accept"][draw(5, 33) as usize];
        let (pod, sport, dest) = (draw(40, 36), 1_024 + draw(900, 40), draw(60, 50));
        let comm = if at > rows / 2 && pod == 3 { "envoy" } else { "OkHttp https:" };
        let (ip, prefix) = if draw(50, 24) == 0 { (6, "::ffff:") } else { (4, "") };
        let port = if draw(400, 20) == 0 { "xxx".to_owned() } else { (443 + dest % 3).to_string() };
        writeln!(
            text,
            "{} {kind} {} {comm} {ip} {prefix}10.244.0.{pod} {prefix}20.60.{dest}.4 {sport} {port} {}",
            at as u64 * 2_500_000,
            100 + pod,
            4_026_533_000 + pod
        )
        .unwrap();
    }
    text
}

/// Gives so many bytes at once at most.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

/// Gives nothing more behind the text but what `end` says.
struct Broken<F>(Cursor<Vec<u8>>, F);

impl<F: FnMut() -> io::Error> Read for Broken<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(self.1()),
            got => Ok(got),
        }
    }
}

fn observed(reader: impl Read + Send + 'static, threads: usize, observer: &mut dyn Observe) -> Result<Report, Error> {
    let mut options = Options::default();
    options.threads = threads;
    Analysis::observed(vec![Source::reader("tcptracer.log", reader)], &options, observer)
}

fn json(reader: impl Read + Send + 'static, threads: usize) -> String {
    serde_json::to_string(&observed(reader, threads, &mut Quiet).unwrap()).unwrap()
}

fn report(text: &str, piece: usize, threads: usize) -> String {
    json(Pieces(Cursor::new(text.as_bytes().to_vec()), piece), threads)
}

/// Two logs that are parsed apart where there are threads enough, and what stands beside them: also a long text that is
/// no log.
fn archive() -> Vec<u8> {
    let (text, words) = (log(40_000), "words without a meaning\n".repeat(60_000));
    assert!(text.len() > 3 << 20 && words.len() > 1 << 20, "{} {}", text.len(), words.len());
    gzip(&tar(&[
        ("a/tcptracer.log", text.as_bytes()),
        ("a/lsns.txt", LSNS.as_bytes()),
        ("a/words.txt", words.as_bytes()),
        ("a/again.log", log(15_000).replace("OkHttp https:", "curl").as_bytes()),
        ("a/pods.txt", PODS.as_bytes()),
    ]))
}

#[test]
fn threads_and_pieces_change_no_byte() {
    let text = log(70_000);
    let whole = report(&text, 64 << 20, 1);
    for threads in THREADS {
        for piece in [64, 4_099, 1 << 18, 64 << 20] {
            // The smallest pieces take long, and once is enough.
            if piece > 64 || threads == 2 {
                assert!(report(&text, piece, threads) == whole, "{threads} threads, pieces of {piece}");
            }
        }
    }
}

/// Three runs, so that a ledger is waited for where the next one begins, on whichever thread that is.
#[test]
fn several_runs_of_one_log_are_kept_apart() {
    let runs = [log(24_000), log(22_000).replace("10.244.", "10.245."), log(23_000).replace("20.60.", "20.61.")];
    let text = runs.concat();
    let one = json(Cursor::new(text.clone().into_bytes()), 1);
    assert!(one.contains("\"runs\":3"), "three runs");
    for threads in OTHERS {
        assert!(report(&text, 1 << 18, threads) == one, "{threads} threads");
    }
}

#[test]
fn an_archive_is_read_the_same_by_any_number_of_threads() {
    let bytes = archive();
    let one = json(Cursor::new(bytes.clone()), 1);
    assert!(one.contains("a/again.log") && one.contains("lsns"), "all of it was read");
    for threads in OTHERS {
        assert!(json(Pieces(Cursor::new(bytes.clone()), 4_099), threads) == one, "{threads} threads");
    }
}

#[test]
fn an_archive_that_breaks_off_is_read_up_to_there() {
    let mut bytes = archive();
    bytes.truncate(bytes.len() / 4);
    let one = json(Cursor::new(bytes.clone()), 1);
    assert!(one.contains("after line"), "the log is cut");
    for threads in OTHERS {
        assert!(json(Cursor::new(bytes.clone()), threads) == one, "{threads} threads");
    }
}

#[test]
fn an_error_within_a_long_log_costs_nothing_before_it() {
    let text = log(40_000);
    // In the middle of a row, of the first buffer that goes to another thread, and at the end of one.
    for at in [text.len() - 7, (1 << 20) + 100, 5 << 18] {
        let broken = || {
            let interrupted = io::Error::from(io::ErrorKind::Interrupted);
            let mut errors = vec![io::Error::other("the line went dead"), interrupted];
            Broken(Cursor::new(text.as_bytes()[..at].to_vec()), move || errors.pop().unwrap())
        };
        let one = observed(broken(), 1, &mut Quiet).unwrap();
        let lines = text[..at].bytes().filter(|byte| *byte == b'\n').count();
        let said = one.notices.iter().find(|notice| notice.message.contains("the line went dead")).unwrap();
        let line = said.message.split_once("after line ").unwrap().1.split(':').next().unwrap();
        assert!([lines, lines + 1].contains(&line.parse().unwrap()), "{lines}: {}", said.message);
        assert!(one.nodes[0].capture.events as usize >= lines - 1);
        let one = serde_json::to_string(&one).unwrap();
        for threads in OTHERS {
            assert!(json(broken(), threads) == one, "{threads} threads, cut at {at}");
        }
    }
}

/// Stops once so many bytes are read.
struct Stopping {
    at: u64,
    bytes: u64,
    stops: usize,
}

impl Observe for Stopping {
    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        assert!(at.bytes >= self.bytes, "it grows");
        self.bytes = at.bytes;
        let stop = at.bytes >= self.at;
        self.stops += usize::from(stop);
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn whoever_breaks_within_a_long_entry_is_asked_nothing_more() {
    let bytes = archive();
    for threads in THREADS {
        // In the first buffer that goes to another thread, and behind so many that the first came back.
        for at in [(1 << 20) + 1, 5 << 19] {
            let mut observer = Stopping { at, bytes: 0, stops: 0 };
            let found = observed(Cursor::new(bytes.clone()), threads, &mut observer);
            assert!(matches!(found, Err(Error::Cancelled)), "{threads} threads, at {at}");
            assert_eq!(observer.stops, 1, "{threads} threads, at {at}");
            assert!(observer.bytes <= at + (1 << 18), "{threads} threads, at {at}: {}", observer.bytes);
        }
    }
}

#[test]
fn a_reader_that_panics_within_a_long_log_hangs_nothing() {
    let text = log(40_000);
    for threads in THREADS {
        let reader = Broken(Cursor::new(text.as_bytes().to_vec()), || std::panic::panic_any(7_u8));
        let panic = catch_unwind(AssertUnwindSafe(|| observed(reader, threads, &mut Quiet).is_ok())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&7_u8));
    }
}

/// Keeps what it is told of lines.
#[derive(Default)]
struct Lines(Vec<(EntryName, u64, &'static str, Vec<u8>)>);

impl Observe for Lines {
    fn wants_lines(&self) -> bool {
        true
    }

    fn not_understood(&mut self, entry: &EntryName, line: u64, reason: &'static str, text: &[u8]) {
        self.0.push((entry.clone(), line, reason, text.to_vec()));
    }
}

#[test]
fn lines_that_are_not_understood_are_told_in_the_same_order() {
    let mut text = String::new();
    for (at, row) in log(40_000).lines().enumerate() {
        let row = if at % 1_000 == 999 { "12 connect nothing that is known" } else { row };
        writeln!(text, "{row}").unwrap();
    }
    let told = |threads| {
        let mut lines = Lines::default();
        let found = observed(Cursor::new(text.clone().into_bytes()), threads, &mut lines).unwrap();
        (lines.0, serde_json::to_string(&found).unwrap())
    };
    let one = told(1);
    assert!(one.0.len() >= 40, "{}", one.0.len());
    // Whether somebody asks for the lines changes nothing, either.
    assert!(json(Cursor::new(text.clone().into_bytes()), 4) == one.1);
    for threads in OTHERS {
        assert!(told(threads) == one, "{threads} threads");
    }
}
