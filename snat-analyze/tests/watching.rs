//! Somebody watches the reading, and may end it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use snat_analyze::{
    Analysis, EntryName, Error, Inspection, Limits, Observe, Options, Progress, Report, Source, Visit, report, walk,
};

const LOG: &str = "\
0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
";

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Counts what is taken from it.
struct Counting<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.0.read(buffer)?;
        self.1.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// Writes down what it is told, and stops at that call.
struct Stopping {
    at: usize,
    told: Vec<(String, u64)>,
}

impl Observe for Stopping {
    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        self.told.push((at.entry.path.clone(), at.bytes));
        if self.told.len() == self.at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn watched(bytes: Vec<u8>, at: usize) -> (Result<Report, Error>, Stopping, u64) {
    let read = Arc::new(AtomicU64::new(0));
    let reader = Counting(io::Cursor::new(bytes), read.clone());
    let source = Source::Reader { name: "-".into(), reader: Box::new(reader) };
    let mut observer = Stopping { at, told: Vec::new() };
    let report = Analysis::observed(vec![source], &Options::default(), &mut observer);
    (report, observer, read.load(Ordering::Relaxed))
}

#[test]
fn progress_names_entries_and_grows() {
    let long = LOG.repeat(20_000);
    let (report, seen, _) = watched(tar(&[("a.log", long.as_bytes()), ("b.txt", b"words\n")]), 0);
    assert_eq!(report.unwrap().nodes[0].capture.events, 20_000);
    assert_eq!(seen.told.iter().position(|told| *told == ("a.log".into(), 0)), Some(0), "before the first read");
    assert!(seen.told.is_sorted_by_key(|(_, bytes)| *bytes), "{:?}", seen.told);
    assert!(seen.told.contains(&("b.txt".into(), long.len() as u64)));
    assert_eq!(seen.told.last().unwrap().1, long.len() as u64 + 6);
    assert!(seen.told.len() > 8 && seen.told.len() < 1000, "{}", seen.told.len());
}

#[test]
fn whoever_breaks_is_asked_nothing_more_and_nothing_more_is_read() {
    let long = LOG.repeat(20_000);
    let bytes = tar(&[("a.log", long.as_bytes()), ("b.log", long.as_bytes())]);
    let (_, all, _) = watched(bytes.clone(), 0);
    for at in 1..=all.told.len() {
        let (report, seen, read) = watched(bytes.clone(), at);
        assert!(matches!(report, Err(Error::Cancelled)), "at {at}: {report:?}");
        assert_eq!(seen.told.len(), at);
        assert!(read <= seen.told[at - 1].1 + (1 << 19), "at {at}: {read} bytes read");
    }
    // The last word of a bundle that is one entry counts, too.
    let (_, all, _) = watched(LOG.into(), 0);
    for at in 1..=all.told.len() {
        assert!(matches!(watched(LOG.into(), at).0, Err(Error::Cancelled)), "at {at} of {:?}", all.told);
    }
    let (error, _, read) = watched(bytes, 1);
    assert_eq!(error.unwrap_err().to_string(), "cancelled");
    assert!(read <= 1 << 17, "{read}");
}

#[test]
fn a_part_that_is_no_entry_can_be_left_too() {
    // A device with a body, and what follows the end of an archive: both are passed over.
    let mut header = tar::Header::new_gnu();
    header.set_path("device").unwrap();
    header.set_entry_type(tar::EntryType::Block);
    header.set_size(64 << 20);
    header.set_cksum();
    let mut passed = header.as_bytes().to_vec();
    passed.resize(64 << 20, 7);
    let mut behind = tar(&[("a.log", LOG.as_bytes())]);
    behind.resize(64 << 20, 7);
    for bytes in [passed, behind] {
        let (report, seen, read) = watched(bytes, 12);
        assert!(matches!(report, Err(Error::Cancelled)), "{:?}", seen.told);
        assert!(read < 8 << 20, "{read}");
    }
}

#[test]
fn an_inspection_and_a_walk_end_as_well() {
    let bytes = tar(&[("a.log", LOG.as_bytes()), ("b.log", LOG.as_bytes())]);
    let source = || Source::Reader { name: "-".into(), reader: Box::new(io::Cursor::new(bytes.clone())) };
    let inspection = Inspection::of(vec![source()], &Options::default(), &mut Stopping { at: 2, told: Vec::new() });
    assert!(matches!(inspection, Err(Error::Cancelled)));

    struct First(Vec<String>);
    impl Visit for First {
        fn entry(&mut self, name: EntryName, _: &mut dyn Read) -> io::Result<()> {
            self.0.push(name.path);
            Ok(())
        }
        fn progress(&mut self, _: &Progress<'_>) -> ControlFlow<()> {
            if self.0.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    }
    let mut first = First(Vec::new());
    assert!(matches!(walk(vec![source()], &Limits::default(), &mut first), Err(Error::Cancelled)));
    assert_eq!(first.0, ["a.log"]);
}

#[test]
fn what_is_public_goes_between_threads() {
    fn sends<T: Send>() {}
    fn shares<T: Send + Sync>() {}
    sends::<Source>();
    shares::<Report>();
    shares::<Inspection>();
    shares::<Options>();
    shares::<Limits>();
    shares::<Error>();
    shares::<EntryName>();
    shares::<Progress<'_>>();
    shares::<report::Notice>();
    shares::<report::Input>();
    shares::<report::NodeReport>();
    shares::<report::Tool>();
    shares::<Analysis>();
    shares::<snat_analyze::Quiet>();
    shares::<snat_analyze::egress::Rule>();
    shares::<snat_analyze::doctor::Examined>();
}
