//! Progress on a terminal, for work that takes longer than half a second: bytes, rate, entry. Ctrl-C clears it.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use snat_analyze::{EntryName, Observe, Progress};

use crate::exit::INTERRUPTED;
use crate::rejects::Rejects;
use crate::render::printable;

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows how far the reading is, and passes lines on that were not understood.
pub(crate) struct Watch {
    rejects: Rejects,
    meter: Meter,
}

impl Watch {
    /// `wanted` is what the options say; without a terminal on standard error nothing is shown all the same.
    pub(crate) fn new(rejects: Rejects, wanted: bool) -> Self {
        Self { rejects, meter: Meter::new(wanted) }
    }

    /// The reading is over, one way or another.
    pub(crate) fn finish(self) -> Rejects {
        self.rejects
    }
}

impl Observe for Watch {
    fn wants_lines(&self) -> bool {
        self.rejects.wants_lines()
    }

    fn not_understood(&mut self, entry: &EntryName, line: u64, reason: &'static str, text: &[u8]) {
        self.rejects.not_understood(entry, line, reason, text);
    }

    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        self.meter.at(at.entry, at.bytes);
        ControlFlow::Continue(())
    }
}

/// The line on the terminal; it is gone when this is dropped.
pub(crate) struct Meter {
    start: Instant,
    /// None where nothing is to be shown. The bar within comes after [`PATIENCE`].
    bar: Option<Arc<Mutex<Option<ProgressBar>>>>,
}

impl Meter {
    pub(crate) fn new(wanted: bool) -> Self {
        let shown = wanted && io::stderr().is_terminal();
        let bar = shown.then(|| Arc::new(Mutex::new(None::<ProgressBar>)));
        if let Some(bar) = bar.clone() {
            // Where no handler can be set, the signal ends the program as it would without us.
            let _ = ctrlc::set_handler(move || {
                // The lock is kept up to the end, so that nothing is drawn any more.
                let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                std::process::exit(i32::from(INTERRUPTED));
            });
        }
        Self { start: Instant::now(), bar }
    }

    /// So many bytes were read so far, the last of them of that entry.
    pub(crate) fn at(&self, entry: &EntryName, bytes: u64) {
        let Some(shared) = &self.bar else { return };
        let waited = self.start.elapsed();
        if waited < PATIENCE {
            return;
        }
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = shared.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {binary_bytes} read, {rate}  {wide_msg}")
                .map(|style| style.with_key("rate", rate));
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_elapsed(waited);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        let name = printable(&entry.path);
        if bar.message() != name {
            bar.set_message(name);
        }
        bar.set_position(bytes);
    }
}

/// Bytes a second since the beginning.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let seconds = state.elapsed().as_secs_f64().max(PATIENCE.as_secs_f64());
    let _ = write!(out, "{}/s", BinaryBytes((state.pos() as f64 / seconds) as u64));
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(shared) = &self.bar
            && let Some(bar) = shared.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            bar.finish_and_clear();
        }
    }
}
