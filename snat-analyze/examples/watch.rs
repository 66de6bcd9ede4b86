//! Progress, cancellation, and the lines that were not understood:
//! `cargo run -p snat-analyze --example watch -- BUNDLE [MOST_BYTES]`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use snat_analyze::{Analysis, EntryName, Error, Observe, Options, Progress, Report, Source};

/// Writes down what happens, and stops behind so many bytes.
pub(crate) struct Watcher {
    /// Unpacked bytes that may be read.
    pub(crate) most: u64,
    /// What was told, a line each.
    pub(crate) told: Vec<String>,
    entry: Option<EntryName>,
}

impl Watcher {
    pub(crate) fn new(most: u64) -> Self {
        Self { most, told: Vec::new(), entry: None }
    }
}

impl Observe for Watcher {
    fn wants_lines(&self) -> bool {
        true
    }

    fn not_understood(&mut self, entry: &EntryName, line: u64, reason: &'static str, _text: &[u8]) {
        self.told.push(format!("{}:{line}: {reason}", entry.path));
    }

    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        if self.entry.as_ref() != Some(at.entry) {
            self.told.push(format!("{} from byte {}", at.entry.path, at.bytes));
            self.entry = Some(at.entry.clone());
        }
        if at.bytes > self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The report, unless the watcher stops the work: then it is [`Error::Cancelled`].
pub(crate) fn watched(source: Source, watcher: &mut Watcher) -> Result<Report, Error> {
    Analysis::observed(vec![source], &Options::default(), watcher)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let path = PathBuf::from(args.next().ok_or("usage: watch BUNDLE [MOST_BYTES]")?);
    let most = args.next().and_then(|most| most.to_str()?.parse().ok()).unwrap_or(u64::MAX);
    let mut watcher = Watcher::new(most);
    let report = watched(Source::Path(path), &mut watcher);
    #[expect(clippy::print_stdout, reason = "an example prints")]
    {
        println!("{}", watcher.told.join("\n"));
        match report {
            Ok(report) => println!("{} entries read", report.inputs.len()),
            Err(Error::Cancelled) => println!("stopped"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
